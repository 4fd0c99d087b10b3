package boltstore

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"smartmail/casestore"
	"smartmail/casestore/storetest"
)

var freeze = flag.Bool("freeze", false, "write testdata/formatN.db of the present format; never over one that was released")

func frozenPath(format int) string {
	return filepath.Join("testdata", fmt.Sprintf("format%d.db", format))
}

// frozenItems is what each frozen file holds; "changed" was stored twice, "gone" was deleted.
func frozenItems() []storetest.Item {
	return []storetest.Item{
		{Org: "a", ID: "changed", Name: "new name", Tags: []string{"x", "y"}, Due: 2, Version: 2},
		{Org: "a", ID: "plain", Version: 1},
		{Org: "a\x00b", ID: "plain", Name: "åäö", Tags: []string{""}, Due: 1 << 63, Version: 1},
	}
}

func writeFrozen(t *testing.T) {
	t.Helper()
	if err := os.MkdirAll("testdata", 0o755); err != nil {
		t.Fatal(err)
	}
	s, err := Open(frozenPath(dbFormat), Options{MmapSize: 1}) // else the file would grow by 16 MiB at once
	if err != nil {
		t.Fatal(err)
	}
	err = s.Update(context.Background(), func(tx casestore.Tx) error {
		for _, item := range frozenItems() {
			want := item.Version
			for item.Version = 0; item.Version < want; {
				if err := items.Put(tx, &item); err != nil {
					return err
				}
			}
		}
		gone := storetest.Item{Org: "a", ID: "gone", Name: "gone"}
		if err := items.Put(tx, &gone); err != nil {
			return err
		}
		for range 3 {
			if _, err := tx.Next(casestore.K("a").Str("case")); err != nil {
				return err
			}
		}
		return items.Delete(tx, &gone)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// A file of every format that was released is opened, read, and written on.
func TestFrozenFiles(t *testing.T) {
	if *freeze {
		writeFrozen(t)
	}
	for format := 1; format <= dbFormat; format++ {
		t.Run(fmt.Sprint("format ", format), func(t *testing.T) {
			old, err := os.ReadFile(frozenPath(format))
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "cases.db")
			if err := os.WriteFile(path, old, 0o600); err != nil {
				t.Fatal(err)
			}
			s := openAt(t, path, Options{})
			wantClean(t, s)
			err = s.Update(context.Background(), func(tx casestore.Tx) error {
				for _, index := range []string{"", "due"} {
					var found []storetest.Item
					for f, err := range items.Scan(tx, casestore.Query{Index: index}) {
						if err != nil {
							return err
						}
						found = append(found, f.Record)
					}
					want := frozenItems()
					if index == "due" {
						want[0], want[1] = want[1], want[0]
					}
					if diff := cmp.Diff(want, found); diff != "" {
						t.Errorf("index %q (-want +got):\n%s", index, diff)
					}
				}
				changed, err := items.Find(tx, "name", casestore.K("a").Str("new name"))
				if err != nil {
					return err
				}
				if n, err := tx.Next(casestore.K("a").Str("case")); n != 4 {
					t.Errorf("series goes on with %d: %v", n, err)
				}
				return items.Delete(tx, &changed)
			})
			if err != nil {
				t.Error(err)
			}
			wantClean(t, s)
		})
	}
}
