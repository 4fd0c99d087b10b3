package main

import (
	"context"
	"fmt"

	"smartmail/config"
	"smartmail/control"
)

type replayCmd struct {
	configFlag
	Org   string `required:"" placeholder:"ID" help:"Organisation whose mail is read again."`
	Apply bool   `help:"Tell of each change on the cases, as new entries; without it nothing is written."`
}

// Run reads stored mail by the rules of today and shows what they would read another way.
func (c *replayCmd) Run(ctx context.Context, std streams) error {
	return c.with(ctx, std, hasData, func(_ *config.Config, target control.Service) error {
		summary, err := target.Replay(ctx, c.Org, c.Apply, func(line string) { _, _ = fmt.Fprintln(std.out, line) })
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(std.out, summary)
		return err
	})
}
