package files

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"smartmail/blobstore"
)

// List implements blobstore.Store. Files that are no blobs are passed over.
func (s *Store) List(ctx context.Context) iter.Seq2[blobstore.Info, error] {
	return func(yield func(blobstore.Info, error) bool) {
		for f, err := range s.walk(ctx) {
			if err != nil {
				yield(blobstore.Info{}, err)
				return
			}
			_, place, invalid := s.place(f.org, f.Name())
			if invalid != nil || place != f.path {
				continue
			}
			if !yield(blobstore.Info{Org: f.org, ID: f.Name(), Size: f.Size(), Modified: f.ModTime()}, nil) {
				return
			}
		}
	}
}

// Clean implements blobstore.Cleaner: it removes what Puts that did not end have left.
func (s *Store) Clean(ctx context.Context, olderThan time.Time) (removed int, err error) {
	for f, err := range s.walk(ctx) {
		if err != nil {
			return removed, err
		}
		if !strings.HasPrefix(f.Name(), tempPrefix) || !f.ModTime().Before(olderThan) {
			continue
		}
		if err := os.Remove(f.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return removed, ours("clean blobs", err)
		}
		removed++
	}
	return removed, nil
}

type found struct {
	fs.FileInfo
	org, path string
}

// walk yields the regular files two folders down.
func (s *Store) walk(ctx context.Context) iter.Seq2[found, error] {
	return func(yield func(found, error) bool) {
		stop := errors.New("stopped")
		err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil // removed since its folder was read
			}
			if err = errors.Join(err, ctx.Err()); err != nil {
				return err
			}
			rel, err := filepath.Rel(s.dir, path)
			if err != nil {
				return err
			}
			parts := strings.Split(rel, string(filepath.Separator))
			if d.IsDir() && len(parts) == 3 {
				return fs.SkipDir
			}
			if len(parts) != 3 || !d.Type().IsRegular() {
				return nil
			}
			info, err := d.Info()
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil {
				return err
			}
			if !yield(found{info, parts[0], path}, nil) {
				return stop
			}
			return nil
		})
		if err != nil && !errors.Is(err, stop) {
			yield(found{}, ours("list blobs", err))
		}
	}
}
