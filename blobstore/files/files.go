// Package files keeps blobs as files in a folder, for one machine.
//
//	Put → org/xx/.tmp-* (link of the spool file, or a copy) → fsync → rename to org/xx/id → fsync of the folders
//
// xx is two hexadecimal digits of the id's hash, so that no folder holds too many files.
//
// Invariants:
//   - A name without the prefix .tmp- is a whole blob that was synced before it got that name.
//   - Put returns nil after the file, its name, and each folder that is new on the way to it are on disk.
//   - An organisation or id is a plain file name (CheckName): nothing outside the folder is ever touched.
//   - What a crash leaves is a .tmp- file, which Sweep removes.
package files

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"smartmail/blobstore"
	"smartmail/fault"
)

const tempPrefix = ".tmp-"

// Store is a blobstore.Store in a folder.
type Store struct {
	dir     string
	durable sync.Map // folders whose names are known to be on disk

	// Replaced by tests.
	now  func() time.Time
	link func(from, to string) error
	copy func(to io.Writer, from io.Reader) (int64, error)
}

var (
	_ blobstore.Store   = (*Store)(nil)
	_ blobstore.Cleaner = (*Store)(nil)
)

// Open opens the store in dir, which is made if need be. The folder belongs to one machine; processes may share it.
func Open(dir string) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, ours("open blobs", err)
	}
	s := &Store{dir: dir, now: time.Now, link: os.Link, copy: io.Copy}
	if err := s.makeDir(dir); err != nil {
		return nil, ours("open blobs", err)
	}
	return s, nil
}

// CheckName checks an organisation or an id: 1 to 128 lower case letters, digits, hyphens
// and dots, of which a dot is not the first. An error is of kind fault.Invalid.
func CheckName(name string) error {
	const allowed = "abcdefghijklmnopqrstuvwxyz0123456789-."
	foreign := func(r rune) bool { return !strings.ContainsRune(allowed, r) }
	if name == "" || len(name) > 128 || name[0] == '.' || strings.ContainsFunc(name, foreign) {
		return fault.Wrap(fault.Invalid, "invalid name of a blob", fmt.Errorf("%.200q", name))
	}
	return nil
}

// place returns the folder and the path of a blob.
func (s *Store) place(org, id string) (dir, path string, err error) {
	if err := errors.Join(CheckName(org), CheckName(id)); err != nil {
		return "", "", err
	}
	sum := sha256.Sum256([]byte(id))
	dir = filepath.Join(s.dir, org, hex.EncodeToString(sum[:1]))
	return dir, filepath.Join(dir, id), nil
}

// Put implements blobstore.Store. A blob that is there under the key, of the same size, is left as it is; of
// another size, the error is of kind fault.Conflict.
func (s *Store) Put(ctx context.Context, org, id string, src blobstore.Source) error {
	dir, path, err := s.place(org, id)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("put blob: %w", err)
	}
	if err := s.makeDir(dir); err != nil {
		return ours("put blob", err)
	}
	there, err := s.there(path, src.Size())
	if err != nil {
		return err
	}
	if !there {
		if err := s.write(dir, path, src); err != nil {
			return ours("put blob", err)
		}
	}
	if err := syncDir(dir); err != nil { // also for a blob to which another process is just giving its name
		return ours("put blob", err)
	}
	return nil
}

// there reports whether the blob is stored. Its time is renewed, so that it is not taken for an old orphan
// before the row that will name it is written.
func (s *Store) there(path string, size int64) (bool, error) {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, ours("put blob", err)
	case info.Size() != size:
		return false, fault.Wrap(fault.Conflict, "a blob of this name is stored already",
			fmt.Errorf("%s has %d bytes, not %d", path, info.Size(), size))
	}
	switch err := s.touch(path); {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, ours("put blob", err)
	}
	return true, nil
}

func (s *Store) touch(path string) error {
	now := s.now()
	return os.Chtimes(path, now, now)
}

// write makes the file. The temporary name is removed at the end: a rename does nothing where both
// names are links of one file, as after two Puts of one source.
func (s *Store) write(dir, path string, src blobstore.Source) error {
	temp, err := s.temp(dir, src)
	if err != nil {
		return err
	}
	err = os.Rename(temp, path)
	if rmErr := os.Remove(temp); !errors.Is(rmErr, fs.ErrNotExist) {
		err = errors.Join(err, rmErr)
	}
	return err
}

// temp makes a synced temporary file with the content of src in dir; on error there is none.
func (s *Store) temp(dir string, src blobstore.Source) (name string, err error) {
	if name, err = s.linked(dir, src); err != nil || name != "" {
		return name, err
	}
	f, err := os.CreateTemp(dir, tempPrefix+"*")
	if err != nil {
		return "", err
	}
	n, err := s.copy(f, io.NewSectionReader(src, 0, src.Size()))
	if err == nil && n != src.Size() {
		err = fmt.Errorf("source of %d bytes ended after %d", src.Size(), n)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// linked makes a hard link of the source's file, with the time of now. It returns "" where that cannot be: src is
// no file, is on another file system, or has changed its size since.
func (s *Store) linked(dir string, src blobstore.Source) (string, error) {
	file, ok := src.(interface{ Path() string })
	if !ok {
		return "", nil
	}
	name := filepath.Join(dir, tempPrefix+rand.Text())
	if s.link(file.Path(), name) != nil {
		return "", nil //nolint:nilerr // another file system, or one without links: Put copies instead
	}
	info, err := os.Lstat(name)
	if err == nil && (!info.Mode().IsRegular() || info.Size() != src.Size()) {
		return "", os.Remove(name)
	}
	if err == nil {
		err = s.touch(name)
	}
	if err == nil {
		err = syncFile(name)
	}
	if err != nil {
		return "", errors.Join(err, os.Remove(name))
	}
	return name, nil
}

// Open implements blobstore.Store.
func (s *Store) Open(ctx context.Context, org, id string) (blobstore.Blob, error) {
	_, path, err := s.place(org, id)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("open blob: %w", err)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, missing("open blob", err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, ours("open blob", errors.Join(err, f.Close()))
	}
	return blob{f, info.Size()}, nil
}

type blob struct {
	*os.File
	size int64
}

func (b blob) Size() int64 { return b.size }

// Delete implements blobstore.Store. It is durable when it returns: a blob that came back would be an orphan only.
func (s *Store) Delete(ctx context.Context, org, id string) error {
	dir, path, err := s.place(org, id)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("delete blob: %w", err)
	}
	if err := os.Remove(path); err != nil {
		return missing("delete blob", err)
	}
	if err := syncDir(dir); err != nil {
		return ours("delete blob", err)
	}
	return nil
}

func missing(doing string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fault.Wrap(fault.NotFound, "no such blob", fmt.Errorf("%s: %w", doing, err))
	}
	return ours(doing, err)
}

func ours(doing string, err error) error {
	return fault.Wrap(fault.Ours, "the store has trouble, try again later", fmt.Errorf("%s: %w", doing, err))
}
