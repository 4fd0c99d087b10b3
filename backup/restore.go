package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"smartmail/blobstore"
	"smartmail/fault"
)

// Putter takes the blobs of a copy.
type Putter interface {
	Put(ctx context.Context, org, id string, src blobstore.Source) error
}

// Restored counts what a restore made.
type Restored struct {
	Head
	Blobs int
}

// Restore makes a store of a copy and of the earlier ones that it builds upon, in any order: its blobs in blobs, its database at path, where
// there must be none. The database gets its name when everything else is there and right.
func Restore(ctx context.Context, copied io.Reader, earlier []io.Reader, blobs Putter, path string) (done Restored, err error) {
	if _, err := os.Lstat(path); err == nil {
		return done, fault.New(fault.Conflict, "there is a database already: "+path)
	} else if !errors.Is(err, os.ErrNotExist) {
		return done, fmt.Errorf("restore: %w", err)
	}
	temp := path + ".restoring"
	defer func() {
		if rmErr := os.Remove(temp); !errors.Is(rmErr, os.ErrNotExist) {
			err = errors.Join(err, rmErr)
		}
	}()
	placed := Sums{}
	var sums Sums
	for _, r := range append(slices.Clone(earlier), copied) { // the newest last: its database stays
		if done.Head, sums, err = unpack(ctx, r, blobs, temp, placed); err != nil {
			return done, fmt.Errorf("restore: %w", err)
		}
	}
	for name, sum := range sums {
		if !strings.HasPrefix(name, blobPrefix) {
			continue
		}
		done.Blobs++
		if placed[name] != sum {
			return done, fault.New(fault.Invalid, fmt.Sprintf("%s is in an earlier backup, which is not given", name))
		}
	}
	if err := os.Link(temp, path); err != nil { // unlike a rename, never over another file
		return done, fmt.Errorf("restore: %w", err)
	}
	return done, syncDir(filepath.Dir(path))
}

// unpack writes the database of a copy to temp and its blobs into the store, and notes the sums of the blobs.
func unpack(ctx context.Context, r io.Reader, blobs Putter, temp string, placed Sums) (Head, Sums, error) {
	var names []string
	head, sums, err := Read(ctx, r, func(c Content) error {
		if c.Org == "" {
			return save(temp, c)
		}
		names = append(names, blobPrefix+c.Org+"/"+c.ID)
		return put(ctx, blobs, temp+".blob", c)
	})
	for _, name := range names {
		placed[name] = sums[name]
	}
	return head, sums, err
}

// save writes a file of a copy and makes it durable.
func save(path string, c Content) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, fileMode)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	_, err = io.Copy(f, c)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// put stores a blob of a copy, by way of a file: a blob store wants to know the whole before it begins.
func put(ctx context.Context, blobs Putter, temp string, c Content) (err error) {
	defer func() {
		if rmErr := os.Remove(temp); !errors.Is(rmErr, os.ErrNotExist) {
			err = errors.Join(err, rmErr)
		}
	}()
	if err := save(temp, c); err != nil {
		return err
	}
	f, err := os.Open(temp)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return errors.Join(blobs.Put(ctx, c.Org, c.ID, file{f, c.Size}), f.Close())
}

type file struct {
	*os.File
	size int64
}

func (f file) Size() int64 { return f.size }

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
