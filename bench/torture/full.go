package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"smartmail/testrig"
)

const (
	smallDisk = 64 << 20 // bytes
	roomLeft  = 3 << 20  // some mails, and a part of one
)

// full gives the program a small disk, a tmpfs, which is full in the middle of a mail, and then has room again.
func (r *rack) full(ctx context.Context, o *outcome, dir string) (err error) {
	if err := makeDir(dir); err != nil {
		return err
	}
	switch err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0700", smallDisk)); {
	case errors.Is(err, syscall.EPERM):
		o.rounds, o.note = 0, "not tried: mounting a small disk takes root"
		return nil
	case err != nil:
		return fmt.Errorf("mount a tmpfs: %w", err)
	}
	defer func() { err = errors.Join(err, syscall.Unmount(dir, 0)) }()
	i, m, err := r.begin(ctx, testrig.Options{Dir: dir}, "e")
	if err != nil {
		return err
	}
	defer i.Kill()
	filler := filepath.Join(dir, "filler")
	if err := fill(filler, roomLeft); err != nil {
		return err
	}
	if err := r.flow(ctx, o, i, m, 3*time.Second); err != nil {
		return err
	}
	failed := m.putOff()
	if err := os.Remove(filler); err != nil {
		return err
	}
	m.mu.Lock()
	last := m.make(bigMail)
	m.mu.Unlock()
	if err := r.sent(ctx, i, last); err != nil {
		o.fault("when there is room again: %v", err)
	}
	i.Kill()
	o.mails, o.note = m.answered(), fmt.Sprintf("%d answers were 4xx; with room again mail is taken", failed)
	if failed == 0 {
		o.fault("no mail was put off: the disk did not get full")
	}
	return account(ctx, o, filepath.Join(dir, "data"), "afterwards", m.all, answeredOnes)
}

// fill takes all of a disk but so many bytes.
func fill(path string, leave int64) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	var fs syscall.Statfs_t
	err = syscall.Fstatfs(int(f.Fd()), &fs)
	if err == nil {
		err = syscall.Fallocate(int(f.Fd()), 0, 0, int64(fs.Bavail)*fs.Bsize-leave)
	}
	return errors.Join(err, f.Close())
}
