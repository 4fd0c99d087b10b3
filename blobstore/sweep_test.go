package blobstore_test

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"slices"
	"testing"
	"time"

	"smartmail/blobstore"
	"smartmail/fault"
)

// shelf is a Store in memory that notes what is deleted and cleaned.
type shelf struct {
	blobstore.Store
	blobs     []blobstore.Info
	deleted   []string
	leftovers int
	listErr   error
	deleteErr error
}

func (s *shelf) List(context.Context) iter.Seq2[blobstore.Info, error] {
	return func(yield func(blobstore.Info, error) bool) {
		for _, info := range s.blobs {
			if !yield(info, nil) {
				return
			}
		}
		if s.listErr != nil {
			yield(blobstore.Info{}, s.listErr)
		}
	}
}

func (s *shelf) Delete(_ context.Context, org, id string) error {
	if s.deleteErr != nil {
		return s.deleteErr
	}
	s.deleted = append(s.deleted, org+"/"+id)
	return nil
}

func (s *shelf) Clean(context.Context, time.Time) (int, error) { return s.leftovers, nil }

var (
	line     = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	errBroke = errors.New("broke")
)

func newShelf() *shelf {
	old := line.Add(-time.Minute)
	return &shelf{leftovers: 2, blobs: []blobstore.Info{
		{Org: "a", ID: "orphan", Modified: old},
		{Org: "a", ID: "wanted", Modified: old},
		{Org: "a", ID: "at-the-line", Modified: line},
		{Org: "b", ID: "orphan", Modified: old},
	}}
}

func keep(org, id string) (bool, error) { return id == "wanted", nil }

func TestSweep(t *testing.T) {
	gone := fault.New(fault.NotFound, "no such blob")
	for _, test := range []struct {
		name    string
		change  func(*shelf)
		keep    func(org, id string) (bool, error)
		removed int
		deleted []string
		err     error
	}{
		{name: "orphans and leftovers", removed: 4, deleted: []string{"a/orphan", "b/orphan"}},
		{name: "no row can be read: nothing is deleted", keep: func(string, string) (bool, error) { return false, errBroke }, err: errBroke},
		{name: "list breaks off", change: func(s *shelf) { s.listErr = errBroke }, removed: 2, deleted: []string{"a/orphan", "b/orphan"}, err: errBroke},
		{name: "delete fails", change: func(s *shelf) { s.deleteErr = errBroke }, err: errBroke},
		{name: "another sweeps too", change: func(s *shelf) { s.deleteErr = gone }, removed: 4},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newShelf()
			if test.change != nil {
				test.change(s)
			}
			if test.keep == nil {
				test.keep = keep
			}
			removed, err := blobstore.Sweep(context.Background(), s, line, test.keep)
			if removed != test.removed || !slices.Equal(s.deleted, test.deleted) || !errors.Is(err, test.err) {
				t.Errorf("removed %d, %q: %v", removed, s.deleted, err)
			}
		})
	}
}

var _ blobstore.Source = (*bytes.Reader)(nil) // what is in memory is a source as it stands
