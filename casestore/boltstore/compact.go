package boltstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"

	"smartmail/fault"
)

// compactSuffix is what the new file is called until it is whole. A kill leaves it; the next Compact begins with removing it.
const compactSuffix = ".compact"

// maxCompactTx is how many bytes are copied in one transaction.
const maxCompactTx = 16 << 20

// Compact writes the database at path anew, without the space that was freed in it, and returns its size before and after, in bytes.
// It takes a file that nobody has open, as Open does, and room on the disk for the new file beside the old one. At any moment of it
// the path names a whole database: the old one until the new one is synced.
func Compact(ctx context.Context, path string) (before, after int64, err error) {
	s, err := Open(path, Options{})
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, s.Close()) }() // only now: whoever waits for the lock finds the file replaced (openFile)
	temp := path + compactSuffix
	if err := os.Remove(temp); err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, 0, ours("compact", err)
	}
	if err := s.copyTo(ctx, temp); err != nil {
		return 0, 0, errors.Join(ours("compact", err), ignoreMissing(os.Remove(temp)))
	}
	sizes := [2]int64{}
	for i, name := range []string{path, temp} {
		info, err := os.Stat(name)
		if err != nil {
			return 0, 0, ours("compact", err)
		}
		sizes[i] = info.Size()
	}
	if err := errors.Join(os.Rename(temp, path), syncDir(filepath.Dir(path))); err != nil {
		return 0, 0, ours("compact", err)
	}
	return sizes[0], sizes[1], nil
}

// copyTo writes what is in the store into a new file, and syncs it.
func (s *Store) copyTo(ctx context.Context, path string) (err error) {
	to, err := bbolt.Open(path, 0o600, &bbolt.Options{NoSync: true, NoGrowSync: true, PageSize: int(s.pageSize), FreelistType: bbolt.FreelistArrayType, NoStatistics: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	if err := guard(func() error { return bbolt.Compact(to, s.db, maxCompactTx) }); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return to.Sync()
}

func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// replaced reports that path names another file than the one that was opened: it was compacted while one waited for the lock.
func replaced(path string, f *os.File) error {
	mine, err := f.Stat()
	if err != nil {
		return err
	}
	now, err := os.Stat(path)
	if err == nil && !os.SameFile(mine, now) {
		return fault.Wrap(fault.Conflict, "another process uses "+path, fmt.Errorf("%s was replaced", path))
	}
	return err
}
