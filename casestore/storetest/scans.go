package storetest

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"smartmail/casestore"
	"smartmail/fault"
)

// positions are where the items stand in an order, ascending.
type positions []struct {
	pos casestore.Key
	id  string
}

// testScans tries every combination of order, prefix, After, Until, Reverse and Limit
// against a plain reading of what Query says.
func testScans(t *testing.T, s casestore.Store) {
	var items []Item
	for i := range 6 {
		items = append(items,
			Item{Org: "o", ID: fmt.Sprintf("i%d", i), Name: fmt.Sprintf("n%d", 9-i), Tags: []string{"all", fmt.Sprint("t", i%2)}, Due: uint64(i / 2)},
			Item{Org: "other", ID: fmt.Sprintf("i%d", i), Name: fmt.Sprintf("n%d", i), Due: uint64(i)})
	}
	half := len(items) / 2
	put(t, s, items[:half]...)
	update(t, s, func(tx casestore.Tx) error { // the second half: seen from inside the transaction, and after it
		for _, item := range items[half:] {
			if err := Items().Put(tx, &item); err != nil {
				return err
			}
		}
		return tryAll(t, tx)
	})
	view(t, s, func(tx casestore.Tx) error { return tryAll(t, tx) })
	wantClean(t, s)
}

func tryAll(t *testing.T, tx casestore.Tx) error {
	for _, index := range []string{"", "name", "tag", "due"} {
		all, err := everything(tx, index)
		if err != nil {
			return err
		}
		bounds := []casestore.Key{nil, casestore.Key(nil).Str(""), all[0].pos, all[2].pos, all[2].pos[:len(all[2].pos)-1],
			append(slices.Clone(all[3].pos), 0), all[len(all)-1].pos, casestore.K("zz")}
		prefixes := []casestore.Key{nil, casestore.K("o"), casestore.K("other"), casestore.K("none"), all[1].pos[:6], all[4].pos}
		for _, prefix := range prefixes {
			for _, after := range bounds {
				for _, until := range bounds {
					for _, limit := range []int{0, 1, 3} {
						for _, reverse := range []bool{false, true} {
							q := casestore.Query{Index: index, Prefix: prefix, After: after, Until: until, Reverse: reverse, Limit: limit}
							found, err := ids(tx, q)
							if err != nil {
								return err
							}
							wantSame(t, fmt.Sprintf("%+v", q), found, expected(all, q))
						}
					}
				}
			}
		}
	}
	return nil
}

// everything scans a whole index and checks that the positions ascend.
func everything(tx casestore.Tx, index string) (positions, error) {
	var all positions
	for f, err := range Items().Scan(tx, casestore.Query{Index: index}) {
		if err != nil {
			return nil, err
		}
		if n := len(all); n > 0 && slices.Compare(all[n-1].pos, f.Pos) >= 0 {
			return nil, fmt.Errorf("index %q: %x comes before %x", index, all[n-1].pos, f.Pos)
		}
		all = append(all, positions{{f.Pos, f.Record.ID}}...)
	}
	if len(all) < 12 {
		return nil, fmt.Errorf("index %q: %d positions", index, len(all))
	}
	return all, nil
}

// expected is what the query should give, by the words of casestore.Query.
func expected(all positions, q casestore.Query) []string {
	found := []string{}
	if q.Reverse {
		all = slices.Clone(all)
		slices.Reverse(all)
	}
	for _, p := range all {
		order := func(bound casestore.Key) int { // of p against the bound, in the scan's direction
			c := slices.Compare(p.pos, bound)
			if q.Reverse {
				return -c
			}
			return c
		}
		if len(q.Prefix) > len(p.pos) || !slices.Equal(p.pos[:len(q.Prefix)], q.Prefix) {
			continue
		}
		if len(q.After) > 0 && order(q.After) <= 0 {
			continue
		}
		if len(q.Until) > 0 && !q.Reverse && order(q.Until) >= 0 || len(q.Until) > 0 && q.Reverse && order(q.Until) > 0 {
			continue
		}
		if q.Limit > 0 && len(found) == q.Limit {
			break
		}
		found = append(found, p.id)
	}
	return found
}

func testScanOwnWrites(t *testing.T, s casestore.Store) {
	stored := put(t, s, Item{Org: "o", ID: "b", Due: 2}, Item{Org: "o", ID: "d", Due: 4}, Item{Org: "o", ID: "f", Due: 6})
	update(t, s, func(tx casestore.Tx) error {
		for _, id := range []string{"a", "c", "g"} {
			if err := Items().Put(tx, &Item{Org: "o", ID: id, Due: 5}); err != nil {
				return err
			}
		}
		changed, gone := stored[0], stored[1]
		changed.Due = 9
		if err := Items().Put(tx, &changed); err != nil {
			return err
		}
		if err := Items().Delete(tx, &gone); err != nil {
			return err
		}
		for _, want := range []struct {
			q   casestore.Query
			ids []string
		}{
			{casestore.Query{}, []string{"a", "b", "c", "f", "g"}},
			{casestore.Query{Reverse: true}, []string{"g", "f", "c", "b", "a"}},
			{casestore.Query{Index: "due"}, []string{"a", "c", "g", "f", "b"}},
			{casestore.Query{Index: "due", Reverse: true, Limit: 3}, []string{"b", "f", "g"}},
		} {
			found, err := ids(tx, want.q)
			if err != nil {
				return err
			}
			wantSame(t, fmt.Sprintf("%+v", want.q), found, want.ids)
		}
		return nil
	})
	wantClean(t, s)
}

// testScanStandsStill moves every row to the end of the index that it scans: each is met once.
func testScanStandsStill(t *testing.T, s casestore.Store) {
	for i := range 5 {
		put(t, s, Item{Org: "o", ID: fmt.Sprint("stored", i), Due: uint64(i)})
	}
	update(t, s, func(tx casestore.Tx) error {
		for i := range 5 {
			if err := Items().Put(tx, &Item{Org: "o", ID: fmt.Sprint("pending", i), Due: uint64(i)}); err != nil {
				return err
			}
		}
		met := map[string]int{}
		for f, err := range Items().Scan(tx, casestore.Query{Index: "due", Prefix: casestore.K("o")}) {
			if err != nil {
				return err
			}
			met[f.Record.ID]++
			f.Record.Due += 100
			if err := Items().Put(tx, &f.Record); err != nil {
				return err
			}
		}
		for id, n := range met {
			if n != 1 {
				t.Errorf("%s was met %d times", id, n)
			}
		}
		wantSame(t, "rows met", len(met), 10)
		return nil
	})
	wantSame(t, "moved", len(scan(t, s, casestore.Query{Index: "due", Prefix: casestore.K("o"), After: casestore.K("o").Uint(100)})), 10)
	wantClean(t, s)
}

func testScanBreaksOff(t *testing.T, s casestore.Store) {
	put(t, s, Item{Org: "o", ID: "a"}, Item{Org: "o", ID: "b"}, Item{Org: "o", ID: "c"})
	ctx, cancel := context.WithCancel(context.Background())
	err := s.View(ctx, func(tx casestore.Tx) error {
		for f, err := range Items().Scan(tx, casestore.Query{Prefix: casestore.K("o")}) {
			if err != nil {
				return err
			}
			if f.Record.ID == "c" {
				t.Error("the scan went on after its context ended")
			}
			cancel()
		}
		return nil
	})
	wantKind(t, err, fault.Ours)
	view(t, s, func(tx casestore.Tx) error {
		_, err := ids(tx, casestore.Query{Index: "nonsense"})
		if err == nil {
			t.Error("an index that does not exist was scanned")
		}
		return nil
	})
}

func testOrganisations(t *testing.T, s casestore.Store) {
	orgs := []string{"", "a", "a\x00", "a\x00b", "aa", "b"}
	for _, org := range orgs {
		put(t, s, Item{Org: org, ID: "same", Name: "same", Tags: []string{"same"}, Due: 1}) // no conflict between them
	}
	for _, org := range orgs {
		for _, index := range []string{"", "name", "tag", "due"} {
			for _, reverse := range []bool{false, true} {
				view(t, s, func(tx casestore.Tx) error {
					n := 0
					for f, err := range Items().Scan(tx, casestore.Query{Index: index, Prefix: casestore.K(org), Reverse: reverse}) {
						if err != nil {
							return err
						}
						n++
						wantSame(t, "organisation of a row", f.Record.Org, org)
					}
					wantSame(t, fmt.Sprintf("rows of %q in %q", org, index), n, 1)
					return nil
				})
			}
		}
		var n uint64
		update(t, s, func(tx casestore.Tx) (err error) { n, err = tx.Next(casestore.K(org).Str("s")); return err })
		wantSame(t, fmt.Sprintf("series of %q", org), n, uint64(1))
	}
	wantClean(t, s)
}
