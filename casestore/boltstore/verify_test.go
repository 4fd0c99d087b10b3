package boltstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"smartmail/casestore"
	"smartmail/casestore/storetest"
)

// problems opens the file and returns what Verify finds.
func problems(t *testing.T, path string) []string {
	t.Helper()
	s := openAt(t, path, Options{})
	defer s.Close()
	var found []string
	if err := s.Verify(context.Background(), func(p string) { found = append(found, p) }); err != nil {
		t.Fatal(err)
	}
	return found
}

// filled makes a closed store with the rows a, b and some more, enough for several pages.
func filled(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "cases.db")
	s := openAt(t, path, Options{})
	err := s.Update(context.Background(), func(tx casestore.Tx) error {
		for i := range 100 {
			if err := items.Put(tx, &storetest.Item{Org: "o", ID: fmt.Sprint("more", i)}); err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(err, putItem(s, "a"), putItem(s, "b"), s.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestVerifyFinds(t *testing.T) {
	a, b := casestore.K("o").Str("a"), casestore.K("o").Str("b")
	name := casestore.K("o").Str("na")
	for _, test := range []struct {
		name   string
		damage func(bucket func(string) *bbolt.Bucket) error
		want   []string // a part of each problem, in order
	}{
		{"nothing", func(func(string) *bbolt.Bucket) error { return nil }, nil},
		{"lost entry", func(in func(string) *bbolt.Bucket) error { return in("items.name").Delete(name) },
			[]string{"has no entry"}},
		{"entry of another row", func(in func(string) *bbolt.Bucket) error { return in("items.name").Put(name, b) },
			[]string{"has no entry", "is none of row"}},
		{"entry too many", func(in func(string) *bbolt.Bucket) error { return in("items.tag").Put(casestore.K("o"), a) },
			[]string{"is none of row"}},
		{"lost row", func(in func(string) *bbolt.Bucket) error { return in("items").Delete(a) },
			[]string{"items.due", "items.name", "items.tag", "items.tag"}},
		{"row cut off", func(in func(string) *bbolt.Bucket) error { return in("items").Put(a, []byte{rowLayout}) },
			[]string{"damaged row"}},
		{"row of the future", func(in func(string) *bbolt.Bucket) error { return in("items").Put(a, []byte{9, 0, 0, 0, 0, 1}) },
			[]string{"layout 9"}},
		{"changed document", func(in func(string) *bbolt.Bucket) error {
			return in("items").Put(a, bytes.Replace(in("items").Get(a), []byte(`"na"`), []byte(`"nA"`), 1))
		}, []string{"checksum"}},
		{"row under another key", func(in func(string) *bbolt.Bucket) error {
			return in("items").Put(a, in("items").Get(b))
		}, []string{"checksum"}},
		{"series", func(in func(string) *bbolt.Bucket) error { return in(seriesBucket).Put(a, []byte("7")) },
			[]string{"series"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filled(t)
			db, err := bbolt.Open(path, 0o600, nil)
			if err != nil {
				t.Fatal(err)
			}
			err = db.Update(func(tx *bbolt.Tx) error {
				return test.damage(func(name string) *bbolt.Bucket {
					b, err := tx.CreateBucketIfNotExists([]byte(name))
					if err != nil {
						t.Fatal(err)
					}
					return b
				})
			})
			if err = errors.Join(err, db.Close()); err != nil {
				t.Fatal(err)
			}
			found := problems(t, path)
			if len(found) != len(test.want) {
				t.Fatalf("found %q, want %q", found, test.want)
			}
			for i, part := range test.want {
				if part, isIndex := strings.CutPrefix(part, "items."); isIndex {
					part = "index " + part + " points to"
					test.want[i] = part
				}
				if !strings.Contains(found[i], test.want[i]) {
					t.Errorf("found %q, want %q", found[i], test.want[i])
				}
			}
		})
	}
}

// A damaged row is an error to those who read it, not a wrong record.
func TestDamagedRowIsNotRead(t *testing.T) {
	s := openAt(t, filled(t), Options{})
	key := casestore.K("o").Str("a")
	err := s.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte("items"))
		return b.Put(key, bytes.Replace(b.Get(key), []byte(`"na"`), []byte(`"nA"`), 1))
	})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Update(context.Background(), func(tx casestore.Tx) error {
		_, getErr := items.Get(tx, key)
		item := storetest.Item{Org: "o", ID: "a", Version: 1}
		for name, err := range map[string]error{"get": getErr, "put": items.Put(tx, &item), "delete": items.Delete(tx, &item)} {
			if !errors.Is(err, errRow) {
				t.Errorf("%s: %v", name, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// However a page in use is damaged, Open or Verify says so, and the process lives.
func TestDamagedPages(t *testing.T) {
	path := filled(t)
	pages := usedPages(t, path)
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		damaged := bytes.Clone(sound)
		content := damaged[page*os.Getpagesize():][:os.Getpagesize()]
		for i := range content {
			content[i] ^= 0xFF
		}
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(path, Options{Log: quiet})
		if err != nil {
			continue
		}
		n := 0
		err = s.Verify(context.Background(), func(string) { n++ })
		if err == nil && n == 0 {
			t.Errorf("the damage of page %d went unnoticed", page)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// usedPages returns the numbers of the file's pages that hold data.
func usedPages(t *testing.T, path string) (used []int) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.View(func(tx *bbolt.Tx) error {
		for id := 2; ; id++ { // behind the two meta pages
			page, err := tx.Page(id)
			if page == nil || err != nil {
				return err
			}
			if page.Type != "free" {
				used = append(used, id)
			}
		}
	})
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	if len(used) < 3 {
		t.Fatalf("pages in use: %v", used)
	}
	return used
}

func TestVerifyCutFile(t *testing.T) {
	path := filled(t)
	s := openAt(t, path, Options{})
	if err := s.Update(context.Background(), func(tx casestore.Tx) error {
		return tx.Put(&casestore.Schema{Name: "raw"}, casestore.Row{Key: casestore.K("o"), Format: 1, Doc: make([]byte, 1<<20)})
	}); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 1<<16); err != nil {
		t.Fatal(err)
	}
	n := 0
	if err := s.Verify(context.Background(), func(string) { n++ }); err != nil || n == 0 {
		t.Errorf("%d problems with a file that was cut off: %v", n, err)
	}
}
