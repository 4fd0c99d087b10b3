package stats

import (
	"slices"
	"testing"

	"smartmail/property"
)

func TestBelowAndWithin(t *testing.T) {
	e := NewEstate()
	for _, o := range []property.Object{
		{ID: "area", Kind: property.Area}, {ID: "house", Kind: property.Property, Parent: "area"}, {ID: "1001", Kind: property.Unit, Parent: "house"},
		{ID: "1002", Kind: property.Unit, Parent: "house"}, {ID: "other", Kind: property.Area},
	} {
		e.Put(o)
	}
	for _, tt := range []struct {
		roots []property.ID
		most  int
		want  []property.ID
	}{
		{[]property.ID{"area"}, 10, []property.ID{"1001", "1002", "area", "house"}},
		{[]property.ID{"house", "area", "other"}, 10, []property.ID{"1001", "1002", "area", "house", "other"}},
		{[]property.ID{"area"}, 4, []property.ID{"1001", "1002", "area", "house"}},
		{[]property.ID{"area"}, 3, nil},
		{[]property.ID{"unheard of"}, 3, []property.ID{"unheard of"}},
	} {
		got := e.Below(tt.roots, tt.most)
		slices.Sort(got)
		if !slices.Equal(got, tt.want) {
			t.Errorf("below %v, at most %d: %v, want %v", tt.roots, tt.most, got, tt.want)
		}
	}
	for id, want := range map[property.ID]bool{"area": true, "1001": true, "other": false, "unheard of": false, "": false} {
		if got := e.Within(id, []property.ID{"area"}); got != want {
			t.Errorf("%q within the area: %v", id, got)
		}
	}
}
