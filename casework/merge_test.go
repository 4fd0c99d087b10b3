package casework

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"smartmail/fault"
)

// crowd is a case with random people on random lanes.
func crowd(r *rapid.T, n CaseNumber) Case {
	c := Case{Org: "a", Number: n, Status: StatusNew, CreatedAt: noon, Description: "said by its reporter"}
	people := rapid.SliceOfN(rapid.SampledFrom([]string{"anna@x.example", "Bo@x.example", "ror@x.example"}), 0, 5).Draw(r, "people")
	for i, p := range people {
		kind := rapid.SampledFrom([]LaneKind{LaneCustomer, LaneSupplier, LaneInternal}).Draw(r, fmt.Sprint("kind ", i))
		next, _, err := Do(c, AddParticipant{Kind: kind, Email: p}, staff, noon, ids())
		if err != nil {
			r.Fatal(err)
		}
		c = next
	}
	return c
}

// Whoever is merged into a case comes onto no lane that has been talked on without him, and everybody finds those that he talked with.
func TestMergersDoNotLeak(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		a, b := crowd(r, 1), crowd(r, 2)
		after, _, err := Do(b, Absorb{From: a}, staff, noon, ids())
		if err != nil {
			r.Fatal(err)
		}
		for _, had := range b.Lanes {
			now, ok := after.Lane(had.ID)
			if !ok || had.Kind != LaneInternal && !slices.Equal(now.Participants, had.Participants) {
				r.Fatalf("lane %s: %+v, was %+v", had.ID, now, had)
			}
		}
		merged, _, err := Do(a, MergeInto{Into: after}, staff, noon, ids())
		if err != nil {
			r.Fatal(err)
		}
		for _, l := range a.Lanes {
			onto := map[LaneID]bool{}
			for _, p := range l.Participants {
				q, lane, ok := after.Participant(merged.Merged.As[p.No])
				if !ok || Address(q.Email) != Address(p.Email) {
					r.Fatalf("%+v goes on as %+v", p, q)
				}
				onto[lane] = true
				now, _ := after.Lane(lane)
				if now.Kind != l.Kind || l.Kind != LaneInternal && !slices.Equal(now.people(), l.people()) {
					r.Fatalf("lane %+v goes on as %+v", l, now)
				}
				if shown := after.Outside([]LaneID{lane}); l.Kind == LaneCustomer && shown.Description != "" && lane != LaneID(LaneCustomer) {
					r.Fatalf("%s sees the description of a case that he did not report", p.Email)
				}
			}
			if len(onto) != 1 {
				r.Fatalf("lane %+v is torn apart: %v", l, onto)
			}
		}
	})
}

func TestMergersRefused(t *testing.T) {
	a, b := opened(t), Case{Org: "a", Number: 8, Status: StatusNew}
	quiet, _ := do(t, a, WithdrawOrder{Order: 1}, noon)
	incident := quiet
	incident.Links = []Link{{Kind: ParentOf, Case: 9}}
	gone := quiet
	gone.Merged = &Merger{Into: 9}
	closed := b
	closed.Status = StatusClosed
	for name, x := range map[string]struct {
		into, from Case
		want       fault.Kind
	}{
		"itself": {quiet, quiet, fault.Invalid}, "a supplier works on it": {b, a, fault.Conflict}, "an incident": {b, incident, fault.Conflict},
		"twice": {b, gone, fault.Conflict}, "into a closed one": {closed, quiet, fault.Conflict}, "into one that was merged": {gone, b, fault.Conflict},
	} {
		if _, _, err := Do(x.into, Absorb{From: x.from}, staff, noon, ids()); fault.KindOf(err) != x.want || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !Closes(MergeInto{}, quiet) {
		t.Error("a merger does not count as closing")
	}
	open := StatusStarted
	for _, cmd := range []Command{Post{Lane: "customer", Text: "x"}, Order{Email: "a@b"}, AddParticipant{Kind: LaneCustomer, Email: "a@b"}, Edit{Status: &open}} {
		if _, _, err := Do(gone, cmd, staff, noon, ids()); !fault.Is(err, fault.Conflict) {
			t.Errorf("%T on a case that goes on elsewhere: %v", cmd, err)
		}
	}
	if _, _, err := Do(gone, Post{Lane: "internal", Text: "x"}, staff, noon, ids()); err != nil {
		t.Errorf("a note: %v", err)
	}
}

func TestLinksByHand(t *testing.T) {
	at := func(n CaseNumber, links ...Link) Case { return Case{Number: n, Links: links} }
	many := at(1)
	for n := range CaseNumber(maxLinks) {
		many.Links = append(many.Links, Link{Kind: RelatesTo, Case: n + 10})
	}
	for name, x := range map[string]struct {
		kind     string
		c, other Case
		want     fault.Kind // Ours: it may be
	}{
		"incident": {ParentOf, at(1), at(2), fault.Ours}, "report": {ChildOf, at(2), at(1), fault.Ours}, "related": {RelatesTo, at(1), at(2), fault.Ours},
		"again": {ParentOf, at(1, Link{ParentOf, 2}), at(2, Link{ChildOf, 1}), fault.Ours}, "itself": {RelatesTo, at(1), at(1), fault.Invalid},
		"by a rule only": {MergedInto, at(1), at(2), fault.Invalid}, "another incident's": {ParentOf, at(1), at(2, Link{ChildOf, 3}), fault.Conflict},
		"under a report": {ChildOf, at(2), at(1, Link{ChildOf, 3}), fault.Conflict}, "incident of an incident": {ParentOf, at(1), at(2, Link{ParentOf, 3}), fault.Conflict},
		"too many": {RelatesTo, many, at(2), fault.Conflict},
	} {
		if err := MayLink(x.kind, x.c, x.other); (err == nil) != (x.want == fault.Ours) || fault.KindOf(err) != x.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, kind := range []string{Continues, ContinuedBy, ParentOf, ChildOf, RelatesTo, MergedInto, MergedFrom, SplitInto, SplitFrom} {
		if Inverse(Inverse(kind)) != kind {
			t.Errorf("the other end of %s is %s", kind, Inverse(kind))
		}
	}
	c, _ := do(t, opened(t), LinkTo{Link: Link{ParentOf, 9}}, noon)
	if c, entries := do(t, c, Unlink{Link{ParentOf, 9}}, noon); len(c.Links) != 0 || entries[0].Change.From != "9" {
		t.Errorf("taken away: %+v, %+v", c.Links, entries)
	}
	c, _ = do(t, c, LinkTo{Link: Link{MergedInto, 9}}, noon)
	if _, _, err := Do(c, Unlink{Link{MergedInto, 9}}, staff, noon, ids()); !fault.Is(err, fault.Conflict) {
		t.Errorf("a merger taken away: %v", err)
	}
	if _, _, err := Do(c, Unlink{Link{ParentOf, 1}}, staff, noon, ids()); !fault.Is(err, fault.NotFound) {
		t.Errorf("none: %v", err)
	}
}

func TestTakeRefuses(t *testing.T) {
	from := opened(t)
	note := Entry{ID: "n", Case: 7, Kind: KindNote, Lane: "internal", Text: "x"}
	held := from
	held.Held = []EntryID{"n"}
	onto := Case{Org: "a", Number: 8}
	for name, x := range map[string]struct {
		cmd  Take
		want fault.Kind
	}{
		"nothing": {Take{From: from}, fault.Invalid}, "held": {Take{From: held, Entries: []Entry{note}}, fault.Conflict},
		"another's":    {Take{From: from, Entries: []Entry{{ID: "x", Case: 9, Kind: KindNote}}}, fault.Invalid},
		"a status":     {Take{From: from, Entries: []Entry{{ID: "x", Case: 7, Kind: KindStatus}}}, fault.Conflict},
		"who has left": {Take{From: from, Entries: []Entry{{ID: "x", Case: 7, Kind: KindMailOut, Lane: "customer", MailOut: &MailOut{To: 99}}}}, fault.Conflict},
	} {
		if _, _, err := Do(onto, x.cmd, staff, noon, ids()); fault.KindOf(err) != x.want || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := Do(from, Take{From: from, Entries: []Entry{note}}, staff, noon, ids()); !fault.Is(err, fault.Invalid) {
		t.Errorf("onto itself: %v", err)
	}
}
