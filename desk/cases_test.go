package desk_test

import (
	"context"
	"fmt"
	"testing"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/desk"
	"smartmail/search"
)

// hints is an index that names cases which are not there, or not as it thinks.
type hints []casework.CaseNumber

func (hints) Wait(context.Context, casework.OrgID) error { return nil }

func (h hints) Find(_ context.Context, _ casework.OrgID, _ search.Query, after casestore.Key, limit int) (hits []search.Hit, err error) {
	from := 0
	if after != nil {
		if _, err := fmt.Sscan(string(after), &from); err != nil {
			return nil, err
		}
	}
	for i := from; i < min(from+limit, len(h)); i++ {
		hits = append(hits, search.Hit{Case: h[i], At: casestore.Key(fmt.Sprint(i + 1))})
	}
	return hits, nil
}

// What an index names is shown only if it is so, in its order, on full pages, however much it is mistaken.
func TestHitsAreHints(t *testing.T) {
	d, _ := open(t, t.TempDir())
	for range 9 {
		newCase(t, d, "Kran")
	}
	closed := casework.StatusClosed
	if _, _, err := d.Do(t.Context(), "a", 5, casework.Edit{Status: &closed}, eva, 0); err != nil {
		t.Fatal(err)
	}
	index := hints{9, 3, 5}
	for n := range casework.CaseNumber(7000) {
		index = append(index, 100+n)
	}
	d.Finder = append(index, 1, 5, 8, 2)
	f := desk.CaseFilter{Query: search.Query{Where: []search.Condition{{Field: search.Status, Values: []string{"new"}}}}}
	for limit, want := range map[int]string{1: "[9][3][1][8][2]", 2: "[9 3][1 8][2]", 4: "[9 3 1 8][2]", 5: "[9 3 1 8 2]", 50: "[9 3 1 8 2]"} {
		got := ""
		for after := casestore.Key(nil); ; {
			p, err := d.Cases(t.Context(), "a", f, after, limit)
			if err != nil {
				t.Fatal(err)
			}
			var numbers []casework.CaseNumber
			for _, c := range p.Items {
				numbers = append(numbers, c.Number)
			}
			got += fmt.Sprint(numbers)
			if after = p.Next; after == nil {
				break
			}
		}
		if got != want {
			t.Errorf("pages of %d: %s, want %s", limit, got, want)
		}
	}
	f.Seen = func(casestore.Tx, casework.Case) (bool, error) { return false, nil }
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Cases(gone, "a", f, nil, 1); err == nil {
		t.Error("a caller who has gone is answered")
	}
	if p, err := d.Cases(t.Context(), "a", f, nil, 1); err != nil || len(p.Items) != 0 || p.Next != nil {
		t.Errorf("who may see nothing sees %+v, %v", p, err)
	}
}
