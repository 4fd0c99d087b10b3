package desk

import (
	"testing"

	"smartmail/casework"
)

// FuzzIDs reads any text as what callers hand back to us: the place of an erasure, the id of an attachment, of an order, of a visit.
func FuzzIDs(f *testing.F) {
	for _, s := range []string{"", "2.YWJj", "1.", "-1.x", "mail-3", "mail--3", "1042-2", "visit-1042-2-3@case.example", "visit--@"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if stage, after, err := parseSpot(s); err == nil && s != "" {
			again, same, err := parseSpot(spot{stage: stage, after: after}.String())
			if err != nil || again != stage || string(same) != string(after) {
				t.Errorf("%q is %d.%q and then %d.%q, %v", s, stage, after, again, same, err)
			}
		}
		if _, n, ok := parseAttachmentID(s); ok && n < 0 {
			t.Errorf("%q is number %d", s, n)
		}
		if c, no, ok := casework.ParseOrderID(s); ok && casework.OrderID(c, no) != s {
			t.Errorf("%q is order %d of case %d", s, no, c)
		}
		if c, no, ok := casework.ParseVisitUID(s); ok && casework.OrderID(c, no) == "" {
			t.Errorf("%q", s)
		}
	})
}
