package main

import (
	"context"
	"fmt"

	"smartmail/config"
)

type replayCmd struct {
	configFlag
	Org   string `required:"" placeholder:"ID" help:"Organisation whose mail is read again."`
	Apply bool   `help:"Tell of each change on the cases, as new entries; without it nothing is written."`
}

// Run reads stored mail by the rules of today and shows what they would read another way.
func (c *replayCmd) Run(ctx context.Context, std streams) error {
	cfg, err := config.Load(c.Config)
	if err != nil {
		return err
	}
	if err := hasData(cfg); err != nil {
		return err
	}
	target, done, err := connect(ctx, cfg, std)
	if err != nil {
		return err
	}
	defer done()
	summary, err := target.Replay(ctx, c.Org, c.Apply, func(line string) { _, _ = fmt.Fprintln(std.out, line) })
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(std.out, summary)
	return err
}
