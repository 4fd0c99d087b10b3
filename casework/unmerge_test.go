package casework

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"smartmail/fault"
)

// merge merges a case into another and returns both.
func merge(t *testing.T, from, into Case) (Case, Case) {
	t.Helper()
	into, _ = do(t, into, Absorb{From: from}, noon)
	from, _ = do(t, from, MergeInto{Into: into}, noon)
	return from, into
}

// of is a case with a customer.
func of(t *testing.T, n CaseNumber, customer string) Case {
	t.Helper()
	c, _ := do(t, Case{Org: "a", Number: n}, Open{Subject: "Kran", Priority: "7", Reporter: &Reporter{Email: customer}}, noon)
	return c
}

// A merger that is taken back leaves the case as it stood: what it waited for, and what waits for people.
func TestUnmerge(t *testing.T) {
	waiting, parts := StatusWaiting, WaitParts
	for name, x := range map[string]struct {
		status  Status
		waitFor *WaitFor
	}{"new": {StatusNew, nil}, "started": {StatusStarted, nil}, "done": {StatusDone, nil}, "closed": {StatusClosed, nil}, "waiting": {waiting, &parts}} {
		a, b := of(t, 7, "anna@home.example"), of(t, 8, "bo@home.example")
		a.Attention = []Attention{{Entry: "x", Code: CodeAnswer, Lane: "customer", Why: "Anna"}}
		if x.status != StatusNew {
			a, _, _ = Do(a, Edit{Status: &x.status, WaitFor: x.waitFor, Why: "packning"}, Actor{Via: ViaRule, Name: "r"}, noon, ids())
		}
		closed, due := a.ClosedAt, a.DueAt
		a, b = merge(t, a, b)
		if a.Status != StatusClosed || len(a.Attention) != 0 {
			t.Fatalf("%s: merged it is %+v", name, a)
		}
		b, told := do(t, b, Release{From: a, Came: 2}, noon.Add(time.Hour))
		if len(told) != 1 || told[0].Change.From != "7" || !strings.Contains(told[0].Why, "2 of what came here") || len(b.Links) != 0 {
			t.Errorf("%s: the other case tells %+v, links %+v", name, told, b.Links)
		}
		a, told = do(t, a, Unmerge{Came: 2}, noon.Add(time.Hour))
		if a.Merged != nil || a.Status != x.status || len(a.Links) != 0 || len(a.Attention) != 1 || !a.ClosedAt.Equal(closed) || !a.DueAt.Equal(due) {
			t.Errorf("%s: it is %+v", name, a)
		}
		if !told[0].Unmerged() || !strings.Contains(told[0].Why, "2 of what came there") {
			t.Errorf("%s: it tells %+v", name, told)
		}
		if w := a.Waiting; (w != nil) != (x.waitFor != nil) || w != nil && (w.For != WaitParts || w.Text != "packning") {
			t.Errorf("%s: it waits for %+v", name, w)
		}
		if again, into := merge(t, a, b); again.Merged == nil || len(into.Links) != 1 { // and again
			t.Errorf("%s: merged once more: %+v, %+v", name, again.Merged, into.Links)
		}
	}
}

// Who has a lane for the sake of a merger alone hears nothing by himself when it is taken back; who shares it with another case does.
func TestReleasedLanes(t *testing.T) {
	first, second, b := of(t, 7, "anna@home.example"), of(t, 9, "anna@home.example"), of(t, 8, "bo@home.example")
	first, b = merge(t, first, b)
	second, b = merge(t, second, b)
	b, _ = do(t, b, Release{From: first, Others: []Case{second}}, noon)
	left := func() (out []LaneID) {
		for _, l := range b.Lanes {
			if l.Left {
				out = append(out, l.ID)
			}
		}
		return out
	}
	if got := left(); len(got) != 0 {
		t.Errorf("shared, and left: %v", got)
	}
	b, _ = do(t, b, Release{From: second}, noon)
	if got := left(); fmt.Sprint(got) != "[customer-2]" {
		t.Errorf("left: %v", got)
	}
	first, _ = do(t, first, Unmerge{}, noon)
	if _, b = merge(t, first, b); len(left()) != 0 {
		t.Errorf("merged again, and left: %v", left())
	}
	own, into := merge(t, of(t, 5, "bo@home.example"), of(t, 6, "bo@home.example"))
	if b, _ = do(t, into, Release{From: own}, noon); len(left()) != 0 {
		t.Errorf("it was their lane before: %v", left())
	}
}

func TestUnmergeRefused(t *testing.T) {
	a, b := merge(t, of(t, 7, "anna@home.example"), of(t, 8, "bo@home.example"))
	erased, merged := b, b
	erased.ErasedAt, merged.Merged = noon, &Merger{Into: 9}
	for name, x := range map[string]struct {
		c   Case
		cmd Command
	}{
		"not merged": {b, Unmerge{}}, "erased": {erased, Release{From: a}}, "merged itself": {merged, Release{From: a}}, "another's": {b, Release{From: of(t, 9, "x@y.example")}},
	} {
		if _, _, err := Do(x.c, x.cmd, staff, noon, ids()); !fault.Is(err, fault.Conflict) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := Do(a, Unmerge{}, Actor{Via: ViaMail}, noon, ids()); !fault.Is(err, fault.Forbidden) {
		t.Errorf("by mail: %v", err)
	}
}

// A merger of before it noted how the case stood is completed by what the entries of both tell.
func TestOldMergers(t *testing.T) {
	a, b := of(t, 7, "anna@home.example"), of(t, 8, "bo@home.example")
	b, toldB := do(t, b, Absorb{From: a}, noon)
	a, toldA := do(t, a, MergeInto{Into: b}, noon)
	old := Merger{Into: a.Merged.Into, As: a.Merged.As}
	for _, e := range append(toldA, toldB...) {
		old.Told(7, e)
	}
	if old.Was != StatusNew || old.Seq != a.Merged.Seq {
		t.Errorf("was %s, entry %d, want %d", old.Was, old.Seq, a.Merged.Seq)
	}
}

func TestCame(t *testing.T) {
	a, b := merge(t, of(t, 7, "anna@home.example"), of(t, 8, "bo@home.example"))
	held := b
	held.Held = []EntryID{"m"}
	mail := func(lane LaneID, seq uint64) Entry {
		return Entry{ID: "m", Kind: KindMailIn, Lane: lane, Seq: seq, MailIn: &MailIn{}}
	}
	notice := Entry{Kind: KindMailOut, Lane: "customer-2", Seq: 99, MailOut: &MailOut{Auto: AutoNews}}
	for name, x := range map[string]struct {
		into Case
		e    Entry
		came bool
	}{
		"hers": {b, mail("customer-2", 99), true}, "his": {b, mail("customer", 99), false}, "before": {b, mail("customer-2", a.Merged.Seq), false},
		"held": {held, mail("customer-2", 99), false}, "a notice": {b, notice, false}, "staff's": {b, mail("internal", 99), false},
	} {
		if got := a.Merged.Came(&x.into, x.e); got != x.came {
			t.Errorf("%s: %v", name, got)
		}
	}
}
