package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"smartmail/testrig"
)

// disk lets calls on the program's files fail for a while.
func (r *rack) disk(ctx context.Context, tell func(outcome)) error {
	for n, f := range []struct{ name, calls, errno, file string }{
		{"database: sync fails", "fdatasync", "EIO", "smartmail.db"},
		{"database: write fails", "pwrite64", "EIO", "smartmail.db"},
		{"database: no space", "pwrite64,ftruncate", "ENOSPC", "smartmail.db"},
		{"big mails: no space", "write,openat,linkat,mkdirat", "ENOSPC", ""},
		{"big mails: sync fails", "fsync", "EIO", ""},
	} {
		o := outcome{trial: f.name, rounds: 1}
		if err := r.failing(ctx, &o, filepath.Join(r.dir, fmt.Sprint("disk-", n)), f.calls, f.errno, f.file); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		tell(o)
	}
	return nil
}

// failing sends mail while some calls fail, and afterwards: then each mail is taken.
func (r *rack) failing(ctx context.Context, o *outcome, dir, calls, errno, file string) error {
	if err := makeDir(dir); err != nil {
		return err
	}
	data := filepath.Join(dir, "data")
	i, m, err := r.begin(ctx, testrig.Options{Dir: dir}, "d") // makes the folders, so that their paths can be named
	if err != nil {
		return err
	}
	before, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	m.load(before, i.SMTP, 2)
	if err := i.Stop(ctx); err != nil {
		return err
	}
	paths := "-P " + filepath.Join(data, file)
	if file == "" {
		paths = ""
		for _, p := range []string{"spool", "blobs", "blobs/" + testrig.Org} {
			paths += " -P " + filepath.Join(data, p)
		}
		for b := range 256 {
			paths += fmt.Sprintf(" -P %s/blobs/%s/%02x", data, testrig.Org, b)
		}
	}
	script := filepath.Join(dir, "failing")
	// From the third such call of a thread on, twenty fail.
	if err := r.tracer(script, fmt.Sprintf("-o %s -e trace=%s -e inject=%s:error=%s:when=3..23 %s", filepath.Join(dir, "calls"), calls, calls, errno, paths)); err != nil {
		return err
	}
	if i, err = r.start(ctx, testrig.Options{Dir: dir, Binary: script}); err != nil {
		return err
	}
	defer i.Kill()
	during, cancel := context.WithTimeout(ctx, 4*time.Second)
	defer cancel()
	m.load(during, i.SMTP, 4)
	failed := m.putOff()
	m.mu.Lock()
	last := m.make(bigMail)
	m.mu.Unlock()
	if err := r.sent(ctx, i, last); err != nil {
		o.fault("when the trouble is over: %v", err)
	}
	for _, refused := range m.refused {
		o.fault("refused for good: %s", refused)
	}
	i.Kill()
	o.mails, o.note = m.answered(), fmt.Sprintf("%d answers were 4xx; afterwards mail is taken", failed)
	if failed == 0 {
		o.fault("no mail was put off: nothing failed")
	}
	return account(ctx, o, data, "afterwards", m.all, answeredOnes)
}

// sent sends one mail until it is taken, for some time.
func (r *rack) sent(ctx context.Context, i *testrig.Instance, letter *mail) error {
	limited, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		p, err := testrig.Dial(limited, i.SMTP)
		if err == nil {
			letter.answer, err = p.Send("anna@home.example", letter.to, letter.raw)
			_ = p.Close() // the mail has its answer
		}
		if err == nil || testrig.Permanent(err) || limited.Err() != nil {
			return err
		}
		select {
		case <-limited.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}
