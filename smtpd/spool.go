package smtpd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// spoolFile is a file that holds a body: an *os.File, or a failing one in tests.
type spoolFile interface {
	Write(p []byte) (int, error)
	ReadAt(p []byte, off int64) (int, error)
	Name() string
	Close() error
}

// spool is the folder of one run inside the shared spool folder. The run holds a lock on its folder for as long as it
// lives, so that other runs can tell whether what lies there is still in use.
type spool struct {
	dir  string
	lock *os.File
}

const (
	runPrefix = "run-" // a locked folder: unlocked, its run is dead
	newPrefix = "new-" // a folder not yet locked: dead when it is old
	staleAge  = 24 * time.Hour
)

// openSpool makes the folder of this run, and sweeps what dead runs left behind.
func openSpool(root string, now time.Time) (*spool, error) {
	if err := os.MkdirAll(root, 0o700); err != nil {
		return nil, fmt.Errorf("smtpd: spool folder: %w", err)
	}
	if err := sweep(root, now); err != nil {
		return nil, fmt.Errorf("smtpd: sweep spool folder: %w", err)
	}
	fresh, err := os.MkdirTemp(root, newPrefix)
	if err != nil {
		return nil, fmt.Errorf("smtpd: spool folder: %w", err)
	}
	lock, err := lockDir(fresh)
	if err != nil {
		return nil, fmt.Errorf("smtpd: lock spool folder: %w", errors.Join(err, os.Remove(fresh)))
	}
	// Under its final name only once it is locked: no sweep can take a living run for a dead one.
	dir := filepath.Join(root, runPrefix+strings.TrimPrefix(filepath.Base(fresh), newPrefix))
	if err := os.Rename(fresh, dir); err != nil {
		return nil, fmt.Errorf("smtpd: spool folder: %w", errors.Join(err, lock.Close(), os.Remove(fresh)))
	}
	return &spool{dir: dir, lock: lock}, nil
}

// create makes an empty file for one body.
func (s *spool) create() (spoolFile, error) {
	return os.CreateTemp(s.dir, "body-")
}

// close removes the folder of this run.
func (s *spool) close() error {
	return errors.Join(os.RemoveAll(s.dir), s.lock.Close())
}

// sweep removes the folders of dead runs. A folder that another process sweeps at the same time is no error.
func sweep(root string, now time.Time) error {
	entries, err := os.ReadDir(root)
	if err != nil {
		return err
	}
	for _, e := range entries {
		dir := filepath.Join(root, e.Name())
		switch {
		case !e.IsDir():
			continue
		case strings.HasPrefix(e.Name(), newPrefix):
			info, err := e.Info()
			if err != nil || now.Sub(info.ModTime()) < staleAge {
				continue
			}
		case strings.HasPrefix(e.Name(), runPrefix):
			lock, err := lockDir(dir)
			if err != nil {
				continue // in use, or gone
			}
			defer func() { _ = lock.Close() }() // the lock goes with it
		default:
			continue
		}
		if err := os.RemoveAll(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// lockDir locks a folder against other open files, of this process or others. The lock ends when the file is
// closed, or with the process.
func lockDir(dir string) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
