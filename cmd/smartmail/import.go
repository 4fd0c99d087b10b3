package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"smartmail/config"
	"smartmail/control"
	"smartmail/mailbox"
)

type importCmd struct {
	configFlag
	Org   string   `required:"" placeholder:"ID" help:"Organisation that the mail belongs to."`
	Paths []string `arg:"" name:"path" help:"mbox file, Maildir, .eml file, or a folder of these."`
}

// Run takes every mail in, one after the other; one that cannot be taken in is named and does not stop the others.
func (c *importCmd) Run(ctx context.Context, std streams) error {
	return c.with(ctx, std, c.has(c.Org), func(cfg *config.Config, target control.Service) error {
		return c.take(ctx, std, cfg, target)
	})
}

func (c *importCmd) take(ctx context.Context, std streams, cfg *config.Config, target control.Service) error {
	bar := progress(std, mailbox.Count(c.Paths))
	taken, there, failed, passed := 0, 0, 0, 0
	err := mailbox.Walk(ctx, c.Paths, cfg.SMTP.MaxMessageBytes, func(m mailbox.Mail) error {
		err, again := m.Err, false
		if err == nil {
			_, again, err = target.Import(ctx, c.Org, m.Bytes)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, mailbox.ErrNoMail) {
			passed++
			_, _ = fmt.Fprintf(std.err, "%s: passed over: %v\n", m.Source, err)
			return nil
		}
		if err != nil {
			failed++
			_, _ = fmt.Fprintf(std.err, "%s: %v\n", m.Source, err)
			return nil
		}
		if again {
			there++
		} else {
			taken++
		}
		bar(len(m.Bytes))
		return nil
	})
	_, _ = fmt.Fprintf(std.out, "%d mails taken in, %d were there already, %d failed, %d files passed over\n", taken, there, failed, passed)
	if failed > 0 {
		err = errors.Join(err, fmt.Errorf("%d mails were not taken in", failed))
	}
	return err
}

// progress shows a bar on a terminal and nothing elsewhere.
func progress(std streams, total int64) func(bytes int) {
	f, ok := std.err.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return func(int) {}
	}
	bar := progressbar.DefaultBytes(total, "import")
	return func(n int) { _ = bar.Add(n) } // a bar that cannot be drawn stops nothing
}
