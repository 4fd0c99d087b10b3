package casework

import (
	"slices"
	"strings"
	"testing"
	"time"

	"smartmail/fault"
)

func status(s Status) *Status { return &s }

// Every pair of statuses, by a person: what the table lets through happens, and nothing else.
func TestTransitions(t *testing.T) {
	for _, from := range Statuses() {
		for _, to := range Statuses() {
			c := Case{Org: "a", Number: 7, Status: from, CreatedAt: noon, LastSeq: 1}
			if from == StatusClosed {
				c.ClosedAt = noon
			}
			needs, ok := Step(from, to)
			next, entries, err := Do(c, Edit{Status: &to}, staff, noon.Add(time.Hour), ids())
			switch {
			case from == to:
				if err != nil || len(entries) != 0 {
					t.Errorf("%s stays: %v, %+v", from, err, entries)
				}
			case !ok:
				if !fault.Is(err, fault.Conflict) {
					t.Errorf("%s to %s, which is not in the table: %v", from, to, err)
				}
			case err != nil || next.Status != to || entries[0].Change.To != string(to):
				t.Errorf("%s to %s: %v, %+v", from, to, err, next)
			}
			if from != to && ok && Closes(Edit{Status: &to}, c) != (needs == NeedsClose) {
				t.Errorf("%s to %s needs %s", from, to, needs)
			}
		}
	}
	if _, _, err := Do(Case{Status: StatusNew}, Edit{Status: status("lost")}, staff, noon, ids()); !fault.Is(err, fault.Invalid) {
		t.Errorf("no status: %v", err)
	}
	old := Case{Status: StatusClosed, ClosedAt: noon, LastSeq: 1}
	if _, _, err := Do(old, Edit{Status: status(StatusStarted)}, staff, noon.Add(ClosedFor), ids()); err != nil {
		t.Errorf("on the last day: %v", err)
	}
	if _, _, err := Do(old, Edit{Status: status(StatusStarted)}, staff, noon.Add(ClosedFor+1), ids()); !fault.Is(err, fault.Conflict) {
		t.Errorf("too late: %v", err)
	}
}

// On a case that was closed too long ago to be opened again nothing is begun with anybody outside; a note may be written, and an order taken back.
func TestClosedLongAgo(t *testing.T) {
	for name, x := range map[string]struct {
		cmd     Command
		refused bool
	}{
		"to the customer":         {Post{Lane: "customer", Text: "Hej"}, true},
		"to a supplier":           {Post{Lane: "supplier-2", Text: "Hej"}, true},
		"to a colleague":          {Post{Lane: "internal-3", Text: "Hej"}, false},
		"a note":                  {Post{Lane: "internal", Text: "Hej"}, false},
		"an order":                {Order{Email: "b@c"}, true},
		"a request for a price":   {Order{Email: "b@c", MailOut: MailOut{Quote: true}}, true},
		"a choice":                {ChooseOffer{Order: 1}, true},
		"an order that ends":      {WithdrawOrder{Order: 2}, false},
		"what is said of it":      {Edit{Fields: map[string]string{"a": "b"}}, false},
		"an answer to a supplier": {ReceiveMail{Lane: "supplier-2"}, false},
	} {
		c := Case{Number: 7, Status: StatusClosed, ClosedAt: noon, LastSeq: 5, LastNo: 3, Fields: map[string]string{}, Lanes: []Lane{
			{ID: "customer", Kind: LaneCustomer, Participants: []Participant{{No: 1, Email: "a@b"}}},
			{ID: "supplier-2", Kind: LaneSupplier, Participants: []Participant{{No: 2, Email: "b@c"}}},
			{ID: "internal-3", Kind: LaneInternal, Participants: []Participant{{No: 3, Email: "c@d"}}},
		}, Orders: []WorkOrder{{No: 1, Lane: "supplier-2", State: OrderOffered, Request: 1}, {No: 2, Lane: "supplier-2", State: OrderOpen}}}
		if _, _, err := Do(c, x.cmd, staff, noon.Add(ClosedFor), ids()); err != nil {
			t.Errorf("%s, on the last day: %v", name, err)
		}
		if _, _, err := Do(c, x.cmd, staff, noon.Add(ClosedFor+1), ids()); fault.Is(err, fault.Conflict) != x.refused || err != nil && !x.refused {
			t.Errorf("%s, too late: %v", name, err)
		} else if x.refused && !strings.Contains(fault.Public(err), "open a new one") {
			t.Errorf("%s: %s", name, fault.Public(err))
		}
	}
}

// A deadline falls within the hours, and waits as long as the case does.
func TestDeadlineWaits(t *testing.T) {
	week, err := ParseWeek([]string{"mon-fri 08:00-16:00"})
	if err != nil {
		t.Fatal(err)
	}
	office := Rules{Hours: WorkingHours{Week: week, Holiday: func(d Day) bool { return d == Day{2026, 11, 30} }}}
	parts, lost := WaitParts, WaitFor("lost")
	at := func(day, hour int) time.Time { return time.Date(2026, 11, day, hour, 0, 0, 0, time.UTC) }
	run := func(c Case, cmd Command, when time.Time) (Case, []Entry) {
		t.Helper()
		next, entries, err := office.Do(c, cmd, staff, when, ids())
		if err != nil {
			t.Fatal(err)
		}
		return next, entries
	}
	c, _ := run(Case{Org: "a", Number: 7}, Open{Subject: "Kran", Priority: "5"}, at(24, 12)) // a Tuesday
	if want := at(31, 8); !c.DueAt.Equal(want) {                                             // it would be Sunday, and Monday is a holiday
		t.Errorf("due at %s, want %s", c.DueAt, want)
	}
	c, entries := run(c, Edit{Status: status(StatusWaiting), WaitFor: &parts, Why: "packning"}, at(25, 12))
	if *c.Waiting != (Waiting{WaitParts, "packning", at(25, 12)}) || entries[0].Why != "packning" || entries[1].Change.Field != "waiting_for" {
		t.Errorf("waits: %+v, %+v", c.Waiting, entries)
	}
	if _, ok := c.EscalatesAt(office); ok || len(Timers(c, office)) != 0 {
		t.Error("a case that waits is escalated")
	}
	c, _ = run(c, Edit{Status: status(StatusStarted)}, at(26, 15)) // 27 hours
	if want := at(31, 8).Add(27 * time.Hour); !c.DueAt.Equal(want) || c.Waiting != nil {
		t.Errorf("due at %s, want %s", c.DueAt, want)
	}
	p := Priority("0")
	if c, _ := run(c, Edit{Priority: &p}, at(27, 12)); !c.DueAt.Equal(at(25, 15)) { // the day of its opening, and what it has waited
		t.Errorf("another priority: due at %s", c.DueAt)
	}
	for _, e := range []Edit{{WaitFor: &lost, Status: status(StatusWaiting)}, {WaitFor: &parts}} {
		if _, _, err := Do(c, e, staff, noon, ids()); err == nil {
			t.Errorf("%+v is let through", e)
		}
	}
	if c, _ := run(c, Edit{Status: status(StatusWaiting)}, at(27, 12)); c.Waiting.For != WaitOther {
		t.Errorf("without a reason: %+v", c.Waiting)
	}
	waits := Case{Org: "a", Number: 8, Status: StatusWaiting, LastSeq: 1} // stored before reasons were
	if c, _ := run(waits, Edit{WaitFor: &parts}, at(27, 12)); c.Waiting.For != WaitParts || !slices.Equal([]time.Time{c.Waiting.Since}, []time.Time{at(27, 12)}) {
		t.Errorf("an old one: %+v", c.Waiting)
	}
}

func TestEscalate(t *testing.T) {
	r, robot := Rules{Escalate: time.Hour}, Actor{Via: ViaRule, Name: "deadline"}
	c := opened(t) // due in seven days
	late := noon.AddDate(0, 0, 7).Add(time.Hour)
	if at, ok := c.EscalatesAt(r); !ok || !at.Equal(late) {
		t.Fatalf("%v, %v", at, ok)
	}
	if _, entries, err := Do(c, Escalate{To: "nora", By: r}, robot, late.Add(-1), ids()); err != nil || len(entries) != 0 {
		t.Errorf("too early: %v, %+v", err, entries)
	}
	c, entries, err := Do(c, Escalate{To: "nora", By: r}, robot, late, ids())
	if err != nil || entries[0].Kind != KindFlag || c.Attention[0].For != "nora" || c.Attention[0].Words("sv") != "sista dagen har passerat; ärendet har: –" {
		t.Errorf("%v: %+v, %+v", err, entries, c.Attention)
	}
	if _, ok := c.EscalatesAt(r); ok {
		t.Error("it is escalated again")
	}
	if _, _, err := Do(c, Escalate{To: "nora", By: r}, staff, late, ids()); !fault.Is(err, fault.Forbidden) {
		t.Errorf("by hand: %v", err)
	}
	p := Priority("28")
	if c, _ := do(t, c, Edit{Priority: &p}, late); len(orderless(Timers(c, r))) != 1 {
		t.Error("another deadline is not watched")
	}
	if c, _ := do(t, c, Edit{Status: status(StatusDone)}, late); len(c.Attention) != 0 {
		t.Errorf("done, and yet: %+v", c.Attention)
	}
}

// orderless are the timers of the case itself.
func orderless(all []Timer) []Timer {
	return slices.DeleteFunc(all, func(t Timer) bool { return t.Kind == TimerOrder })
}

// A case presses from so long before its deadline as the organisation says, and two days where it says nothing.
func TestPressing(t *testing.T) {
	c := opened(t) // due in seven days
	for _, x := range []struct {
		warn, before time.Duration
		want         bool
	}{
		{0, 48 * time.Hour, false}, {0, 48*time.Hour - 1, true}, {0, 49 * time.Hour, false}, {0, -time.Hour, true},
		{time.Hour, 61 * time.Minute, false}, {time.Hour, 59 * time.Minute, true}, {6 * 24 * time.Hour, 143 * time.Hour, true},
	} {
		if got := c.Pressing(Rules{Warn: x.warn}, c.DueAt.Add(-x.before)); got != x.want {
			t.Errorf("warned %v before, %v before: %v", x.warn, x.before, got)
		}
	}
	if done, _ := do(t, c, Edit{Status: status(StatusDone)}, noon); done.Pressing(Rules{}, done.DueAt) {
		t.Error("what is done presses")
	}
}
