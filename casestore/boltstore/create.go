package boltstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
)

// create makes an empty database at path where nothing is. It gets its name when it is whole and on the disk: what a power cut left half
// made would be taken for a damaged one, and the program would not start with it.
func create(path string, opt Options) (err error) {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	temp := f.Name()
	defer func() { err = errors.Join(err, os.Remove(temp)) }()
	if err := f.Close(); err != nil {
		return err
	}
	db, err := bbolt.Open(temp, 0o600, &bbolt.Options{FreelistType: bbolt.FreelistArrayType, NoStatistics: true, NoSync: opt.NoSync})
	if err != nil {
		return fmt.Errorf("make a database: %w", err)
	}
	if err := errors.Join(checkFormat(db), db.Close()); err != nil {
		return fmt.Errorf("make a database: %w", err)
	}
	// Not a rename: another process may have been first, and mail may be in its database. Where a file system has no second names, the
	// database is made in its place.
	if err := os.Link(temp, path); err != nil && !errors.Is(err, fs.ErrExist) && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}
