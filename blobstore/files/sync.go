package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// makeDir makes the folder, and those above it, and syncs the parent of each: a name is durable once the folder that
// holds it is synced. It does so once for each folder, even for one that is there: who made it may not have synced yet.
func (s *Store) makeDir(dir string) error {
	if _, known := s.durable.Load(dir); known {
		return nil
	}
	parent := filepath.Dir(dir)
	if dir != s.dir {
		if err := s.makeDir(parent); err != nil {
			return err
		}
	} else if err := os.MkdirAll(parent, 0o700); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if info, err := os.Stat(dir); err != nil {
		return err
	} else if !info.IsDir() {
		return fmt.Errorf("%s: %w", dir, syscall.ENOTDIR)
	}
	if err := syncDir(parent); err != nil {
		return err
	}
	s.durable.Store(dir, true)
	return nil
}

func syncDir(dir string) error { return syncFile(dir) }

// syncFile syncs a file or folder, which may have been written through another handle.
func syncFile(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
