package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"smartmail/testrig"
)

// backup copies the store while mail comes in. The copy, made a store again, has all that was answered before it was begun.
func (r *rack) backup(ctx context.Context, tell func(outcome)) error {
	o := outcome{trial: "backup while mail comes in", rounds: 1}
	dir, back := filepath.Join(r.dir, "backup"), filepath.Join(r.dir, "restored")
	i, m, err := r.begin(ctx, testrig.Options{Dir: dir}, "b")
	if err != nil {
		return err
	}
	defer i.Kill()
	loading, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan struct{})
	go func() { defer close(ended); m.load(loading, i.SMTP, 4) }()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Second):
	}
	before := m.answeredNow()
	file := filepath.Join(r.dir, "copy")
	if told, err := i.Command(ctx, "backup", "--to", file).CombinedOutput(); err != nil {
		o.fault("backup: %v: %s", err, told)
	}
	stop()
	<-ended
	i.Kill()
	if err := makeDir(back); err != nil {
		return err
	}
	config, err := testrig.Write(testrig.Options{Dir: back, DNS: r.zone.Addr})
	if err != nil {
		return err
	}
	restore := i.Command(ctx, "restore", "--from", file)
	restore.Args = []string{restore.Args[0], "restore", "--config", config, "--from", file}
	if told, err := restore.CombinedOutput(); err != nil {
		o.fault("restore: %v: %s", err, told)
	}
	o.mails, o.note = len(before), "what was answered before it was begun is in it"
	if err := account(ctx, &o, filepath.Join(back, "data"), "restored", m.all, func(m *mail) bool { return before[m.id] }); err != nil {
		return err
	}
	if err := os.Remove(file); err != nil {
		return fmt.Errorf("the copy: %w", err)
	}
	tell(o)
	return nil
}
