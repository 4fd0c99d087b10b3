package boltstore

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"smartmail/casestore"
	"smartmail/fault"
)

// A file from which much was removed gets smaller, and what is in it stays; one that is open is left alone.
func TestCompact(t *testing.T) {
	path := filepath.Join(t.TempDir(), "smartmail.db")
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	schema := &casestore.Schema{Name: "things", Format: 1}
	key := func(i int) casestore.Key { return casestore.K("a").Uint(uint64(i)) }
	update := func(fn func(casestore.Tx) error) {
		t.Helper()
		if err := s.Update(t.Context(), fn); err != nil {
			t.Fatal(err)
		}
	}
	update(func(tx casestore.Tx) error {
		for i := range 2000 {
			if err := tx.Put(schema, casestore.Row{Key: key(i), Format: 1, Doc: fmt.Appendf(nil, "%01000d", i)}); err != nil {
				return err
			}
		}
		return nil
	})
	update(func(tx casestore.Tx) error {
		for i := 10; i < 2000; i++ {
			if err := tx.Delete(schema, key(i), 1); err != nil {
				return err
			}
		}
		return nil
	})
	if _, _, err := Compact(t.Context(), path); !fault.Is(err, fault.Conflict) {
		t.Errorf("while it is open: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+compactSuffix, []byte("of a run that was killed"), 0o600); err != nil {
		t.Fatal(err)
	}
	before, after, err := Compact(t.Context(), path)
	if err != nil || after*4 > before {
		t.Errorf("%d to %d bytes: %v", before, after, err)
	}
	if _, err := os.Stat(path + compactSuffix); err == nil {
		t.Error("the new file lies beside the old one")
	}
	if s, err = Open(path, Options{}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if err := s.Verify(t.Context(), func(problem string) { t.Error(problem) }); err != nil {
		t.Error(err)
	}
	n := 0
	if err := s.View(t.Context(), func(tx casestore.Tx) error {
		for row, err := range tx.Scan(schema, casestore.Query{Prefix: casestore.K("a")}) {
			if err != nil {
				return err
			}
			if want := fmt.Sprintf("%01000d", n); string(row.Doc) != want {
				t.Errorf("row %d is %.20q", n, row.Doc)
			}
			n++
		}
		return nil
	}); err != nil || n != 10 {
		t.Errorf("%d rows, %v", n, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Compact(ended, path); err == nil {
		t.Error("a run that was cancelled has replaced the file")
	}
}

// Whoever waited for the lock of a file that was replaced meanwhile must not go on to write into it.
func TestReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if err := replaced(path, f); err != nil {
		t.Errorf("the same file: %v", err)
	}
	other := path + "2"
	if err := os.WriteFile(other, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(other, path); err != nil {
		t.Fatal(err)
	}
	if err := replaced(path, f); !fault.Is(err, fault.Conflict) {
		t.Errorf("another file: %v", err)
	}
}

// What comes in the order of its keys fills its pages; so does an index that grows with time. What comes anywhere finds room.
func TestPagesAreFilled(t *testing.T) {
	const rows, size = 3000, 500
	fileOf := func(number func(n int) int) int64 {
		path := filepath.Join(t.TempDir(), "smartmail.db")
		s, err := Open(path, Options{NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		schema := &casestore.Schema{Name: "things", Format: 1}
		for n := 0; n < rows; n += 10 {
			err := s.Update(t.Context(), func(tx casestore.Tx) error {
				for i := n; i < n+10; i++ {
					if err := tx.Put(schema, casestore.Row{Key: casestore.K("a").Uint(uint64(number(i))), Format: 1, Doc: make([]byte, size)}); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	const data = rows * size
	if got := fileOf(func(n int) int { return n }); got > data*3/2 {
		t.Errorf("%d bytes in order take %d", data, got)
	}
	if got := fileOf(func(n int) int { return n * 1009 % rows }); got > data*5/2 {
		t.Errorf("%d bytes in disorder take %d", data, got)
	}
}
