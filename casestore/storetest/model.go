package storetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"smartmail/casestore"
	"smartmail/fault"
)

// testModel runs random transactions against the store and against a map.
func testModel(t *testing.T, open func(t *testing.T) casestore.Store) {
	s := open(t)
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++ // each run has organisations of its own in the one store
		m := &model{s: s, orgs: []string{fmt.Sprint("a", run), fmt.Sprint("a", run, "\x00")}, items: map[string]Item{}}
		rt.Repeat(map[string]func(*rapid.T){
			"update": m.update,
			"":       m.compare,
		})
	})
	wantClean(t, s)
}

type model struct {
	s      casestore.Store
	orgs   []string
	items  map[string]Item // by key
	series uint64
}

// update does a few random operations in one transaction, which then commits or fails.
func (m *model) update(t *rapid.T) {
	steps := rapid.SliceOfN(rapid.Custom(m.step), 1, 6).Draw(t, "steps")
	outcome := rapid.SampledFrom([]error{nil, nil, nil, errTest}).Draw(t, "outcome")
	var after *model
	err := m.s.Update(context.Background(), func(tx casestore.Tx) error {
		after = &model{s: m.s, orgs: m.orgs, items: maps.Clone(m.items), series: m.series}
		for _, st := range steps {
			if err := after.do(tx, st); err != nil {
				return err
			}
		}
		if err := after.same(tx); err != nil {
			return err
		}
		return outcome
	})
	if !errors.Is(err, outcome) {
		t.Fatalf("update: %v", err)
	}
	if outcome == nil {
		*m = *after
	}
}

type step struct {
	what string
	item Item // its version counts as an offset from the stored one
}

func (m *model) step(t *rapid.T) step {
	letters := rapid.SampledFrom([]string{"a", "b", "c", "c\x00", "d"})
	return step{
		what: rapid.SampledFrom([]string{"put", "put", "put", "delete", "next"}).Draw(t, "what"),
		item: Item{
			Org:     rapid.SampledFrom(m.orgs).Draw(t, "org"),
			ID:      letters.Draw(t, "id"),
			Name:    rapid.SampledFrom([]string{"", "", "x", "y"}).Draw(t, "name"),
			Tags:    rapid.SliceOfN(letters, 0, 3).Draw(t, "tags"),
			Due:     rapid.Uint64Range(0, 3).Draw(t, "due"),
			Version: uint64(rapid.SampledFrom([]int{0, 0, 0, 0, 1}).Draw(t, "stale")),
		},
	}
}

// do takes the step in the model and in tx, and compares the outcomes.
func (m *model) do(tx casestore.Tx, st step) error {
	item := st.item
	key := string(itemKey(item.Org, item.ID))
	old, exists := m.items[key]
	stale := item.Version != 0
	item.Version += old.Version
	if len(item.Tags) == 0 {
		item.Tags = nil
	}
	var err error
	var refuse bool
	switch st.what {
	case "next":
		m.series++
		n, err := tx.Next(casestore.K(m.orgs[0]).Str("series"))
		if err == nil && n != m.series {
			err = fmt.Errorf("series gave %d, want %d", n, m.series)
		}
		return err
	case "put":
		refuse = stale || m.nameTaken(key, item)
		err = Items().Put(tx, &item)
		if !refuse {
			m.items[key] = item
		}
	case "delete":
		refuse = stale || !exists
		err = Items().Delete(tx, &item)
		if !refuse {
			delete(m.items, key)
		}
	}
	if refuse != fault.Is(err, fault.Conflict) || (err != nil) != refuse {
		return fmt.Errorf("%s %+v over %+v: %w", st.what, item, old, err)
	}
	return nil
}

func (m *model) nameTaken(key string, item Item) bool {
	for k, other := range m.items {
		if k != key && item.Name != "" && other.Org == item.Org && other.Name == item.Name {
			return true
		}
	}
	return false
}

func (m *model) compare(t *rapid.T) {
	if err := m.s.View(context.Background(), m.same); err != nil {
		t.Fatal(err)
	}
}

// same compares every order of each organisation with the model.
func (m *model) same(tx casestore.Tx) error {
	for _, org := range m.orgs {
		for index, keys := range m.orders(org) {
			for _, reverse := range []bool{false, true} {
				if reverse {
					slices.Reverse(keys)
				}
				i := 0
				for f, err := range Items().Scan(tx, casestore.Query{Index: index, Prefix: casestore.K(org), Reverse: reverse}) {
					if err != nil {
						return err
					}
					if i >= len(keys) || keys[i].pos != string(f.Pos) || !equal(m.items[keys[i].key], f.Record) {
						return fmt.Errorf("index %q, reverse %t: place %d has %x %+v; want of %+v", index, reverse, i, f.Pos, f.Record, keys)
					}
					i++
				}
				if i != len(keys) {
					return fmt.Errorf("index %q, reverse %t: %d rows, want %d", index, reverse, i, len(keys))
				}
			}
		}
	}
	return nil
}

func equal(a, b Item) bool {
	return a.Org == b.Org && a.ID == b.ID && a.Name == b.Name && a.Due == b.Due && a.Version == b.Version && slices.Equal(a.Tags, b.Tags)
}

type place struct{ pos, key string }

// orders lists where the organisation's items should stand in each index.
func (m *model) orders(org string) map[string][]place {
	found := map[string]map[place]bool{"": {}, "name": {}, "tag": {}, "due": {}}
	for key, item := range m.items {
		if item.Org != org {
			continue
		}
		found[""][place{key, key}] = true
		if item.Name != "" {
			found["name"][place{string(itemKey(org, item.Name)), key}] = true
		}
		for _, tag := range item.Tags {
			found["tag"][place{string(itemKey(org, tag)) + key, key}] = true
		}
		found["due"][place{string(casestore.K(org).Uint(item.Due)) + key, key}] = true
	}
	orders := map[string][]place{}
	for index, places := range found {
		orders[index] = slices.SortedFunc(maps.Keys(places), func(a, b place) int {
			return slices.Compare([]byte(a.pos), []byte(b.pos))
		})
	}
	return orders
}
