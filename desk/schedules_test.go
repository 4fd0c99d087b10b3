package desk_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"smartmail/casework"
	"smartmail/desk"
	"smartmail/fault"
	"smartmail/register"
)

// filter is changed each quarter from 1 March 2027 on; its case opens a week before.
var filter = register.Schedule{ID: "filter", Title: "Byt filter", Class: "El", Object: "kv", First: "2027-03-01", Every: 3, Unit: register.Months, OpenBefore: 7}

// planning is a desk in January 2027, with a register, that works from Monday to Friday from 8 o'clock on.
func planning(t *testing.T) (*desk.Desk, *clock) {
	t.Helper()
	d, c := noticing(t)
	n := d.Notices["a"]
	week, err := casework.ParseWeek([]string{"mon-fri 08:00-16:30"})
	if err != nil {
		t.Fatal(err)
	}
	n.Hours = casework.WorkingHours{Location: n.Location, Week: week}
	d.Notices["a"] = n
	until(c, time.Date(2027, 1, 11, 12, 0, 0, 0, time.UTC))
	settle(t, d)
	return d, c
}

// until moves the clock to an instant.
func until(c *clock, at time.Time) { c.forward(at.Sub(c.Now())) }

// schedule saves a schedule.
func schedule(t *testing.T, d *desk.Desk, s register.Schedule) {
	t.Helper()
	if _, err := d.Schedules().Save(t.Context(), "a", s, eva, 0); err != nil {
		t.Fatal(err)
	}
}

// state is how far the filter's schedule has come.
func state(t *testing.T, d *desk.Desk) (next, last string, s desk.ScheduleState) {
	t.Helper()
	s, err := d.ScheduleState(t.Context(), "a", "filter")
	if err != nil {
		t.Fatal(err)
	}
	return dated(s.Next), dated(s.Last), s
}

func dated(d casework.Day) string {
	if d == (casework.Day{}) {
		return "none"
	}
	return d.String()
}

// turn runs all timers, also those that escalate what is late.
func turn(t *testing.T, d *desk.Desk) {
	t.Helper()
	if _, err := d.RunTimers(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// count is how many cases there are.
func count(t *testing.T, d *desk.Desk) int {
	t.Helper()
	p, err := d.Cases(t.Context(), "a", desk.CaseFilter{}, nil, 100)
	if err != nil {
		t.Fatal(err)
	}
	return len(p.Items)
}

// A schedule opens each case once, however many processes run the timers, as its schedule and the register say.
func TestSchedule(t *testing.T) {
	d, c := planning(t)
	schedule(t, d, filter)
	turn(t, d)
	if next, last, s := state(t, d); next != "2027-03-01" || last != "none" || s.Case != 0 || !s.Opens.Equal(time.Date(2027, 2, 22, 7, 0, 0, 0, time.UTC)) {
		t.Errorf("at first: %s %s %+v", next, last, s)
	}
	for i, opens := range []time.Time{time.Date(2027, 2, 22, 7, 0, 0, 0, time.UTC), time.Date(2027, 5, 25, 6, 0, 0, 0, time.UTC)} {
		until(c, opens.Add(-time.Second))
		turn(t, d)
		if got := count(t, d); got != i {
			t.Errorf("%d cases before date %d", got, i+1)
		}
		until(c, opens)
		var wg sync.WaitGroup
		for range 4 {
			process := desk.New(d.Options)
			wg.Go(func() {
				if _, err := process.RunTimers(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got := count(t, d); got != i+1 {
			t.Fatalf("%d cases after %d dates", got, i+1)
		}
	}
	next, last, s := state(t, d)
	if next != "2027-09-01" || last != "2027-06-01" || s.Case != 2 {
		t.Errorf("then: %s %s %+v", next, last, s)
	}
	cs, err := d.Case(t.Context(), "a", 2)
	if err != nil || cs.Subject != "Byt filter" || cs.Object != "kv" || cs.Schedule != "filter" || cs.Assignee != "nora" || !cs.DueAt.Equal(time.Date(2027, 6, 1, 14, 30, 0, 0, time.UTC)) {
		t.Errorf("%+v, %v", cs, err)
	}
	was, err := d.Schedules().Editions(t.Context(), "a", "filter", nil, 10)
	if err != nil || len(was.Items) != 1 {
		t.Errorf("%d editions: only people make them; %v", len(was.Items), err)
	}
}

// After a long stop the newest date alone has a case, which names the others.
func TestScheduleAfterALongStop(t *testing.T) {
	d, c := planning(t)
	schedule(t, d, filter)
	until(c, time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC))
	turn(t, d)
	turn(t, d)
	if next, last, s := state(t, d); next != "2028-03-01" || last != "2027-12-01" || s.Case != 1 || count(t, d) != 1 {
		t.Errorf("%s %s %+v", next, last, s)
	}
	p, err := d.Entries(t.Context(), "a", 1, nil, 1)
	if err != nil || p.Items[0].Why != `the schedule "filter": 2027-12-01; left out: 2027-03-01, 2027-06-01, 2027-09-01` || p.Items[0].Actor.Via != casework.ViaRule {
		t.Errorf("%+v, %v", p.Items, err)
	}
}

// A schedule that waits for its last case opens none while that is open.
func TestScheduleWaits(t *testing.T) {
	d, c := planning(t)
	waiting := filter
	waiting.Wait = true
	schedule(t, d, waiting)
	until(c, time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC))
	turn(t, d)
	until(c, time.Date(2027, 10, 1, 12, 0, 0, 0, time.UTC))
	turn(t, d)
	if next, _, s := state(t, d); next != "2027-06-01" || !s.Waits || !s.Opens.IsZero() || count(t, d) != 1 {
		t.Errorf("while it is open: %s %+v", next, s)
	}
	closed, again := casework.StatusClosed, casework.StatusStarted
	command(t, d, 1, casework.Edit{Status: &closed})
	command(t, d, 1, casework.Edit{Status: &again})
	turn(t, d)
	if _, _, s := state(t, d); !s.Waits || count(t, d) != 1 {
		t.Errorf("opened again: %+v", s)
	}
	command(t, d, 1, casework.Edit{Status: &closed})
	turn(t, d)
	if next, last, s := state(t, d); next != "2027-12-01" || last != "2027-09-01" || s.Case != 2 || !s.Waits {
		t.Errorf("closed: %s %s %+v", next, last, s)
	}
	waiting.Until = "2027-09-01"
	schedule(t, d, waiting)
	if next, _, s := state(t, d); next != "none" || s.Waits {
		t.Errorf("it has ended and waits for nothing: %s %+v", next, s)
	}
	waiting.Until = ""
	waiting.Wait = false
	schedule(t, d, waiting)
	if _, _, s := state(t, d); s.Waits || s.Opens.IsZero() {
		t.Errorf("it waits no more: %+v", s)
	}
}

// Whatever changes a schedule moves its timer, and what went by while it was at rest is not made up for.
func TestScheduleChanges(t *testing.T) {
	d, c := planning(t)
	s := filter
	schedule(t, d, s)
	s.Paused = true
	schedule(t, d, s)
	if left := timers(t, d); len(left) != 0 {
		t.Errorf("paused: %+v", left)
	}
	until(c, time.Date(2027, 7, 1, 12, 0, 0, 0, time.UTC))
	s.Paused, s.Until = false, "2027-09-01"
	schedule(t, d, s)
	turn(t, d)
	if left := timers(t, d); len(left) != 1 || !left[0].DueAt.Equal(time.Date(2027, 8, 25, 6, 0, 0, 0, time.UTC)) {
		t.Errorf("goes on: %+v", left)
	}
	s.OpenBefore = 80
	schedule(t, d, s)
	turn(t, d)
	if next, last, _ := state(t, d); next != "none" || last != "2027-09-01" {
		t.Errorf("the last one: %s %s", next, last)
	}
	until(c, time.Date(2029, 7, 1, 12, 0, 0, 0, time.UTC))
	turn(t, d)
	if got := count(t, d); got != 1 {
		t.Errorf("behind the end: %d cases", got)
	}
	s.Until, s.Archived = "", true
	schedule(t, d, s)
	if next, _, _ := state(t, d); next != "none" {
		t.Errorf("archived, with a next date %s", next)
	}
}

// What a schedule names must be there, and who works here no more is not given its cases.
func TestScheduleFits(t *testing.T) {
	d, c := planning(t)
	for field, change := range map[string]func(*register.Schedule){
		"class": func(s *register.Schedule) { s.Class = "Tak" }, "object": func(s *register.Schedule) { s.Object = "x" },
		"assignee": func(s *register.Schedule) { s.Assignee = "ror" }, "title": func(s *register.Schedule) { s.Title = "" },
	} {
		s := filter
		change(&s)
		if _, err := d.Schedules().Save(t.Context(), "a", s, eva, 0); !fault.Is(err, fault.Invalid) || !strings.HasPrefix(fault.Public(err), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	bo := register.Contact{ID: "bo", Parts: []register.Part{register.Staff}, Name: "Bo"}
	contact := func() {
		t.Helper()
		if _, err := d.Contacts().Save(t.Context(), "a", bo, eva, 0); err != nil {
			t.Fatal(err)
		}
	}
	contact()
	s := filter
	s.Assignee = "bo"
	schedule(t, d, s)
	until(c, time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC))
	turn(t, d)
	bo.Archived = true
	contact()
	until(c, time.Date(2027, 6, 1, 12, 0, 0, 0, time.UTC))
	turn(t, d)
	var whose []string
	for n := range casework.CaseNumber(2) {
		cs, err := d.Case(t.Context(), "a", n+1)
		if err != nil {
			t.Fatal(err)
		}
		whose = append(whose, cs.Assignee)
	}
	if !slices.Equal(whose, []string{"bo", "nora"}) {
		t.Errorf("the cases are %q", whose)
	}
	if _, err := d.ScheduleState(t.Context(), "a", "none"); !fault.Is(err, fault.NotFound) {
		t.Errorf("the state of no schedule: %v", err)
	}
}
