// Package storetest is the suite that every engine of casestore must pass.
//
//	engine's test → Run(t, open) → casestore.Store
//
// It tests through the typed tables, as the program uses them, and knows nothing of any engine. Where engines may
// differ (an Update may run its function twice) it accepts either.
package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"smartmail/casestore"
	"smartmail/fault"
)

// Run runs the suite. open returns an empty store; it closes it in t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) casestore.Store) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, casestore.Store)
	}{
		{"put, get, delete", testCRUD},
		{"a stale write is a conflict", testVersions},
		{"unique index", testUnique},
		{"several keys in an index", testMultiKey},
		{"scans", testScans},
		{"scan sees its own transaction", testScanOwnWrites},
		{"scan stands still", testScanStandsStill},
		{"scan breaks off", testScanBreaksOff},
		{"a View does not write", testViewReadOnly},
		{"a View is a snapshot", testViewSnapshot},
		{"organisations", testOrganisations},
		{"refused rows", testRefusedRows},
		{"failing functions", testFailing},
		{"series", testSeries},
		{"claim", testClaim},
		{"counter", testCounter},
		{"bystanders of failures", testBystanders},
		{"cancelled", testCancelled},
		{"closed", testClosed},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
	t.Run("model", func(t *testing.T) { testModel(t, open) })
}

// Item is the record that the suite stores.
type Item struct {
	Org, ID string
	Name    string   `json:",omitempty"` // unique, where it is not empty
	Tags    []string `json:",omitempty"`
	Due     uint64
	Version uint64 `json:"-"`
}

// Items is the suite's table: a unique index, one with several keys, and one of numbers.
func Items() *casestore.Table[Item] {
	return casestore.Declare("items", 1,
		func(i *Item) casestore.Key { return itemKey(i.Org, i.ID) },
		func(i *Item) *uint64 { return &i.Version },
		casestore.Index[Item]{Name: "name", Unique: true, Keys: func(i *Item) []casestore.Key {
			if i.Name == "" {
				return nil
			}
			return []casestore.Key{itemKey(i.Org, i.Name)}
		}},
		casestore.Index[Item]{Name: "tag", Keys: func(i *Item) (keys []casestore.Key) {
			for _, tag := range i.Tags {
				keys = append(keys, itemKey(i.Org, tag))
			}
			return keys
		}},
		casestore.Index[Item]{Name: "due", Keys: func(i *Item) []casestore.Key {
			return []casestore.Key{casestore.K(i.Org).Uint(i.Due)}
		}},
	)
}

func itemKey(org, part string) casestore.Key { return casestore.K(org).Str(part) }

func update(t testing.TB, s casestore.Store, fn func(casestore.Tx) error) {
	t.Helper()
	if err := s.Update(context.Background(), fn); err != nil {
		t.Fatalf("update: %v", err)
	}
}

func view(t testing.TB, s casestore.Store, fn func(casestore.Tx) error) {
	t.Helper()
	if err := s.View(context.Background(), fn); err != nil {
		t.Fatalf("view: %v", err)
	}
}

// put stores new items and returns them as stored.
func put(t testing.TB, s casestore.Store, items ...Item) []Item {
	t.Helper()
	var stored []Item
	update(t, s, func(tx casestore.Tx) error {
		stored = nil
		for _, item := range items {
			if err := Items().Put(tx, &item); err != nil {
				return err
			}
			stored = append(stored, item)
		}
		return nil
	})
	return stored
}

// get returns the item, or nil where there is none.
func get(t testing.TB, s casestore.Store, org, id string) *Item {
	t.Helper()
	var found *Item
	view(t, s, func(tx casestore.Tx) error {
		item, err := Items().Get(tx, itemKey(org, id))
		switch {
		case fault.Is(err, fault.NotFound):
			return nil
		case err != nil:
			return err
		}
		found = &item
		return nil
	})
	return found
}

// ids scans and returns the ids in the order found.
func ids(tx casestore.Tx, q casestore.Query) ([]string, error) {
	found := []string{}
	for f, err := range Items().Scan(tx, q) {
		if err != nil {
			return found, err
		}
		found = append(found, f.Record.ID)
	}
	return found, nil
}

func scan(t testing.TB, s casestore.Store, q casestore.Query) []string {
	t.Helper()
	var found []string
	view(t, s, func(tx casestore.Tx) (err error) {
		found, err = ids(tx, q)
		return err
	})
	return found
}

func wantKind(t testing.TB, err error, kind fault.Kind) {
	t.Helper()
	if err == nil || fault.KindOf(err) != kind {
		t.Errorf("error is %v, of kind %v; want kind %v", err, fault.KindOf(err), kind)
	}
}

func wantSame(t testing.TB, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// wantClean fails the test for each problem that the store finds in itself.
func wantClean(t testing.TB, s casestore.Store) {
	t.Helper()
	err := s.Verify(context.Background(), func(problem string) { t.Errorf("verify: %s", problem) })
	if err != nil {
		t.Errorf("verify: %v", err)
	}
}

func testCRUD(t *testing.T, s casestore.Store) {
	if got := get(t, s, "o", "a"); got != nil {
		t.Fatalf("an empty store has %v", got)
	}
	stored := put(t, s, Item{Org: "o", ID: "a", Name: "first", Tags: []string{"x"}, Due: 7})[0]
	wantSame(t, "stored", get(t, s, "o", "a"), &stored)
	wantSame(t, "first version", stored.Version, uint64(1))

	stored.Name, stored.Tags = "second", nil
	stored = put(t, s, stored)[0]
	wantSame(t, "changed", get(t, s, "o", "a"), &stored)
	wantSame(t, "second version", stored.Version, uint64(2))

	update(t, s, func(tx casestore.Tx) error { return Items().Delete(tx, &stored) })
	if got := get(t, s, "o", "a"); got != nil {
		t.Errorf("deleted, but there: %v", got)
	}
	for _, index := range []string{"", "name", "tag", "due"} {
		wantSame(t, "left in index "+index, scan(t, s, casestore.Query{Index: index, Prefix: casestore.K("o")}), []string{})
	}
	put(t, s, Item{Org: "o", ID: "a", Name: "second"}) // key and name are free again
	wantClean(t, s)
}

func testVersions(t *testing.T, s casestore.Store) {
	item := put(t, s, Item{Org: "o", ID: "a", Due: 1})[0]
	try := func(fn func(casestore.Tx) error) error { return s.Update(context.Background(), fn) }
	stale := item
	item.Due = 2
	item = put(t, s, item)[0]

	fresh := Item{Org: "o", ID: "a"}
	absent := Item{Org: "o", ID: "b", Version: 1}
	ahead := item
	ahead.Version++
	for name, r := range map[string]Item{"stale": stale, "new over old": fresh, "absent": absent, "ahead": ahead} {
		t.Run(name, func(t *testing.T) {
			before := r.Version
			wantKind(t, try(func(tx casestore.Tx) error { return Items().Put(tx, &r) }), fault.Conflict)
			wantSame(t, "version of the refused record", r.Version, before)
			wantKind(t, try(func(tx casestore.Tx) error { return Items().Delete(tx, &r) }), fault.Conflict)
		})
	}
	wantSame(t, "stored", get(t, s, "o", "a"), &item)

	update(t, s, func(tx casestore.Tx) error { // within one transaction, too
		first, err := Items().Get(tx, itemKey("o", "a"))
		if err != nil {
			return err
		}
		second := first
		if err := Items().Put(tx, &first); err != nil {
			return err
		}
		wantKind(t, Items().Put(tx, &second), fault.Conflict)
		return Items().Put(tx, &first)
	})
	wantClean(t, s)
}

func testUnique(t *testing.T, s casestore.Store) {
	stored := put(t, s, Item{Org: "o", ID: "a", Name: "x"}, Item{Org: "o", ID: "b", Name: "y"}, Item{Org: "o", ID: "c"}, Item{Org: "o", ID: "d"})
	taken := Item{Org: "o", ID: "e", Name: "x"}
	wantKind(t, s.Update(context.Background(), func(tx casestore.Tx) error { return Items().Put(tx, &taken) }), fault.Conflict)
	moved := stored[1]
	moved.Name = "x"
	wantKind(t, s.Update(context.Background(), func(tx casestore.Tx) error { return Items().Put(tx, &moved) }), fault.Conflict)

	update(t, s, func(tx casestore.Tx) error { // a name given free in this transaction can be taken in it
		a, b := stored[0], stored[1]
		a.Name = "z"
		if err := Items().Put(tx, &a); err != nil {
			return err
		}
		b.Name = "x"
		if err := Items().Put(tx, &b); err != nil {
			return err
		}
		twin := Item{Org: "o", ID: "f", Name: "z"}
		wantKind(t, Items().Put(tx, &twin), fault.Conflict)
		return nil
	})
	view(t, s, func(tx casestore.Tx) error {
		for name, id := range map[string]string{"x": "b", "z": "a"} {
			found, err := Items().Find(tx, "name", itemKey("o", name))
			if err != nil {
				return err
			}
			wantSame(t, "holder of "+name, found.ID, id)
		}
		_, err := Items().Find(tx, "name", itemKey("o", "y"))
		wantKind(t, err, fault.NotFound)
		return nil
	})
	wantClean(t, s)
}

func testMultiKey(t *testing.T, s casestore.Store) {
	stored := put(t, s, Item{Org: "o", ID: "a", Tags: []string{"red", "green", "red"}}, Item{Org: "o", ID: "b", Tags: []string{"green"}})
	tagged := func(tag string) []string {
		return scan(t, s, casestore.Query{Index: "tag", Prefix: itemKey("o", tag)})
	}
	wantSame(t, "red", tagged("red"), []string{"a"})
	wantSame(t, "green", tagged("green"), []string{"a", "b"})
	wantSame(t, "a part of a key", tagged("gre"), []string{})

	stored[0].Tags = []string{"blue", "green"}
	put(t, s, stored[0])
	wantSame(t, "red after", tagged("red"), []string{})
	wantSame(t, "blue after", tagged("blue"), []string{"a"})
	wantSame(t, "green after", tagged("green"), []string{"a", "b"})
	wantClean(t, s)
}

// testRefusedRows gives the engine rows that a table with a mistake in it could produce.
func testRefusedRows(t *testing.T, s casestore.Store) {
	schema := Items().Schema()
	doc, err := json.Marshal(Item{Org: "o", ID: "a"})
	if err != nil {
		t.Fatal(err)
	}
	key, none := itemKey("o", "a"), make([][]casestore.Key, 3)
	for name, row := range map[string]casestore.Row{
		"no key":                     {Index: none, Doc: doc},
		"key without organisation":   {Key: casestore.Key("o"), Index: none, Doc: doc},
		"index key without one":      {Key: key, Index: [][]casestore.Key{{nil}, nil, nil}, Doc: doc},
		"index key of another's":     {Key: key, Index: [][]casestore.Key{nil, {itemKey("oo", "a")}, nil}, Doc: doc},
		"too few indexes":            {Key: key, Index: none[:2], Doc: doc},
		"key longer than sensible":   {Key: itemKey("o", string(make([]byte, 1<<17))), Index: none, Doc: doc},
		"index key longer than that": {Key: key, Index: [][]casestore.Key{nil, {itemKey("o", string(make([]byte, 1<<17)))}, nil}, Doc: doc},
	} {
		t.Run(name, func(t *testing.T) {
			row.Format = 1
			err := s.Update(context.Background(), func(tx casestore.Tx) error {
				if err := tx.Put(schema, row); err == nil {
					return errors.New("the engine took it")
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wantSame(t, "what is there", scan(t, s, casestore.Query{}), []string{})
}
