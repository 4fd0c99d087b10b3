package casework

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"smartmail/register"
)

// landlord works from Monday to Friday in Stockholm, on no Swedish holiday.
func landlord(t *testing.T) WorkingHours {
	t.Helper()
	week, err := ParseWeek([]string{"mon-thu 08:00-12:00 13:00-16:30", "fri 08:00-24:00"})
	if err != nil {
		t.Fatal(err)
	}
	loc := daily(t).Location
	return WorkingHours{Location: loc, Week: week, Holiday: func(d Day) bool { return SwedishHoliday(d) != "" }}
}

// When cases are opened and due: within the hours, and on the day itself where somebody works then.
func TestMorningAndEvening(t *testing.T) {
	nobody := landlord(t)
	nobody.Holiday = func(Day) bool { return true }
	for name, x := range map[string]struct {
		hours WorkingHours
		day   Day
		want  string
	}{
		"a Tuesday":      {landlord(t), Day{2026, 11, 24}, "2026-11-24 08:00 2026-11-24 16:30"},
		"until midnight": {landlord(t), Day{2026, 11, 27}, "2026-11-27 08:00 2026-11-27 23:59"},
		"a Saturday":     {landlord(t), Day{2026, 11, 28}, "2026-11-30 08:00 2026-11-30 16:30"},
		"Christmas":      {landlord(t), Day{2026, 12, 24}, "2026-12-28 08:00 2026-12-28 16:30"},
		"always":         {WorkingHours{Location: landlord(t).Location}, Day{2026, 11, 28}, "2026-11-28 07:00 2026-11-28 23:59"},
		"clocks go back": {WorkingHours{Location: landlord(t).Location}, Day{2026, 10, 25}, "2026-10-25 07:00 2026-10-25 23:59"},
		"nobody, ever":   {nobody, Day{2026, 11, 24}, "2026-11-24 07:00 2026-11-24 23:59"},
	} {
		const layout = "2006-01-02 15:04"
		if got := x.hours.Morning(x.day).Format(layout) + " " + x.hours.Evening(x.day).Format(layout); got != x.want {
			t.Errorf("%s: %s, want %s", name, got, x.want)
		}
	}
}

func TestFollow(t *testing.T) {
	today := Day{2026, 11, 25}
	yearly := register.Schedule{ID: "s", First: "2020-12-01", Every: 1, Unit: register.Years}
	change := func(f func(*register.Schedule)) register.Schedule {
		s := yearly
		f(&s)
		return s
	}
	paused := change(func(s *register.Schedule) { s.Paused = true })
	for name, x := range map[string]struct {
		turn   Turn
		was, s register.Schedule
		want   string
	}{
		"new: the past is not made up for":    {Turn{}, register.Schedule{}, yearly, "2026-12-01"},
		"today":                               {Turn{}, register.Schedule{}, change(func(s *register.Schedule) { s.First = "2026-11-25" }), "2026-11-25"},
		"ended":                               {Turn{}, register.Schedule{}, change(func(s *register.Schedule) { s.Until = "2026-11-30" }), "none"},
		"another title":                       {Turn{Next: Day{2025, 12, 1}}, yearly, change(func(s *register.Schedule) { s.Title = "x" }), "2025-12-01"},
		"paused":                              {Turn{Next: Day{2026, 12, 1}}, yearly, paused, "none"},
		"archived":                            {Turn{Next: Day{2026, 12, 1}}, yearly, change(func(s *register.Schedule) { s.Archived = true }), "none"},
		"goes on after a rest":                {Turn{Last: Day{2023, 12, 1}}, paused, yearly, "2026-12-01"},
		"goes on behind a case that is there": {Turn{Last: Day{2026, 12, 1}}, paused, yearly, "2027-12-01"},
		"more often":                          {Turn{Last: Day{2026, 12, 1}, Next: Day{2027, 12, 1}}, yearly, change(func(s *register.Schedule) { s.Unit = register.Months }), "2027-01-01"},
	} {
		got, err := x.turn.Follow(x.was, x.s, today)
		if err != nil || orNone(got.Next) != x.want || got.Last != x.turn.Last {
			t.Errorf("%s: %s, want %s, %v", name, orNone(got.Next), x.want, err)
		}
	}
	if _, err := (Turn{}).Follow(register.Schedule{}, register.Schedule{First: "x"}, today); err == nil {
		t.Error("no error for a series without a first day")
	}
}

// Of several days that have come the newest is taken, and the others are named.
func TestTake(t *testing.T) {
	w := landlord(t)
	s := register.Schedule{ID: "filter", Title: "Filter", First: "2026-01-31", Every: 1, Unit: register.Months, OpenBefore: 7, Until: "2026-12-31"}
	turn := Turn{Next: Day{2026, 1, 31}}
	for _, x := range []struct {
		now    string
		ok     bool
		missed int
		last   string
		next   string
		due    string
	}{
		{"2026-01-26T06:59:00Z", false, 0, "none", "2026-01-31", ""}, // 24 January is a Saturday: it opens on Monday at 8
		{"2026-01-26T07:00:00Z", true, 0, "2026-01-31", "2026-02-28", "2026-02-02 16:30"},
		{"2026-01-26T07:00:00Z", false, 0, "2026-01-31", "2026-02-28", ""},
		{"2026-06-30T12:00:00Z", true, 4, "2026-06-30", "2026-07-31", "2026-06-30 16:30"},
		{"2027-06-30T12:00:00Z", true, 5, "2026-12-31", "none", "2027-01-04 16:30"},
		{"2028-06-30T12:00:00Z", false, 0, "2026-12-31", "none", ""},
	} {
		now, err := time.Parse(time.RFC3339, x.now)
		if err != nil {
			t.Fatal(err)
		}
		next, missed, ok, err := turn.Take(s, w, now)
		if err != nil || ok != x.ok || len(missed) != x.missed || orNone(next.Last) != x.last || orNone(next.Next) != x.next {
			t.Errorf("%s: %+v, %v, %v, %v", x.now, next, missed, ok, err)
		}
		if cmd := next.Opening(s, w, missed); ok && cmd.DueAt.Format("2006-01-02 15:04") != x.due {
			t.Errorf("%s: due at %v", x.now, cmd.DueAt)
		}
		turn = next
	}
	s.Paused = true
	if _, _, ok, err := (Turn{Next: Day{2026, 1, 31}}).Take(s, w, noon); ok || err != nil {
		t.Errorf("a schedule that is paused: %v, %v", ok, err)
	}
}

func orNone(d Day) string {
	if d == (Day{}) {
		return "none"
	}
	return d.String()
}

func TestOpening(t *testing.T) {
	s := register.Schedule{ID: "filter", Title: "Filter", Text: "Byt", Class: "VVS", Object: "kv", Assignee: "nora", Internal: true}
	var missed []Day
	for i := range 14 {
		missed = append(missed, Day{2026, 1, 1 + i})
	}
	turn := Turn{Last: Day{2026, 1, 15}}
	if why := turn.Opening(s, landlord(t), nil).Why; why != `the schedule "filter": 2026-01-15` {
		t.Error(why)
	}
	if why := turn.Opening(s, landlord(t), missed).Why; !strings.HasSuffix(why, "; left out: 2026-01-03, 2026-01-04, 2026-01-05, 2026-01-06, 2026-01-07, 2026-01-08, 2026-01-09, 2026-01-10, 2026-01-11, 2026-01-12, 2026-01-13, 2026-01-14 and 2 before that") {
		t.Error(why)
	}
	c, entries, err := Do(Case{Org: "a", Number: 1}, turn.Opening(s, landlord(t), missed[:1]), Actor{Via: ViaRule, Name: "schedule"}, noon, ids())
	if err != nil || c.Assignee != "nora" || !c.Internal || c.Status != StatusAssigned || c.Schedule != "filter" || c.Subject != "Filter" || c.Description != "Byt" || c.Class != "VVS" || c.Object != "kv" || c.DueAt.Day() != 15 {
		t.Errorf("%+v, %v", c, err)
	}
	var told []string
	for _, e := range entries {
		told = append(told, string(e.Kind)+" "+e.Why)
	}
	if got := fmt.Sprint(told); strings.Count(got, `the schedule "filter": 2026-01-15; left out: 2026-01-01`) != 3 || !strings.HasPrefix(got, "[created") {
		t.Error(got)
	}
}
