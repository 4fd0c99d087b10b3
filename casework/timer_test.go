package casework

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"smartmail/fault"
)

// daily reminds twice of everything, a day apart.
func daily(t *testing.T) Reminding {
	t.Helper()
	loc, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	return Reminding{Accept: 24 * time.Hour, BeforeDeadline: 24 * time.Hour, AfterDeadline: 24 * time.Hour, Times: 2, Location: loc}
}

var robot = Actor{Via: ViaRule, Name: "reminder"}

// What happens to an order by itself until nothing more does: each time when it is due, by the weekday in Stockholm.
func TestReminders(t *testing.T) {
	friday := time.Date(2026, 11, 27, 11, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	for name, x := range map[string]struct {
		order WorkOrder
		start time.Time
		want  []string
	}{
		"no answer":              {WorkOrder{State: OrderOpen}, noon, []string{"Wed 25 answer", "Thu 26 answer", "Fri 27 over"}},
		"no answer, on a Friday": {WorkOrder{State: OrderOpen, Deadline: friday.Add(30 * day)}, friday, []string{"Mon 30 answer", "Tue 01 answer", "Wed 02 over"}},
		"no price":               {WorkOrder{State: OrderAsked}, noon, []string{"Wed 25 answer", "Thu 26 answer", "Fri 27 over"}},
		"accepted":               {WorkOrder{State: OrderAccepted, Deadline: noon.Add(6 * day)}, noon, []string{"Sun 29 before", "Tue 01 after", "Wed 02 after", "Thu 03 over"}},
		"accepted too late":      {WorkOrder{State: OrderAccepted, Deadline: noon.Add(time.Hour)}, noon, []string{"Wed 25 after", "Thu 26 after", "Fri 27 over"}},
		"booked":                 {WorkOrder{State: OrderBooked, Deadline: noon.Add(20 * day), BookedFrom: noon.Add(7 * day), BookedTo: noon.Add(7*day + time.Hour)}, noon, []string{"Mon 30 before", "Wed 02 after", "Thu 03 after", "Fri 04 over"}},
		"booked without end":     {WorkOrder{State: OrderBooked, BookedFrom: noon.Add(7 * day)}, noon, []string{"Mon 30 before", "Wed 02 after", "Thu 03 after", "Fri 04 over"}},
		"accepted, no deadline":  {WorkOrder{State: OrderAccepted}, noon, nil},
		"offered":                {WorkOrder{State: OrderOffered, Deadline: noon.Add(day)}, noon, nil},
		"done":                   {WorkOrder{State: OrderDone, Deadline: noon.Add(day)}, noon, nil},
		"withdrawn":              {WorkOrder{State: OrderWithdrawn, Deadline: noon.Add(day)}, noon, nil},
		"of an earlier format":   {WorkOrder{State: OrderOpen}, time.Time{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c, r := opened(t), daily(t)
			x.order.No, x.order.Lane, x.order.Since, x.order.By = 1, "supplier-2", x.start, staff
			c.Orders[0] = x.order
			var got []string
			for timers := orderTimers(c, r); len(timers) > 0 && len(got) < 20; timers = orderTimers(c, r) {
				at := timers[0].DueAt
				if what, _, ok := c.DueReminder(1, r, at.Add(-time.Second)); what != "" || !ok {
					t.Fatalf("%s before its time", what)
				}
				what, _, _ := c.DueReminder(1, r, at)
				got = append(got, at.Format("Mon 02 ")+string(what))
				next, entries, err := Do(c, Remind{Order: 1, By: r, Text: "Hej"}, robot, at, ids())
				if err != nil || len(entries) != 1 || entries[0].Order != 1 {
					t.Fatalf("%v: %+v", err, entries)
				}
				if mails := Outgoing(next, entries[0]); (len(mails) == 1) != (what != RemindNoMore) || len(next.Attention) == len(mails) {
					t.Errorf("%s: %d mails, to do %q", what, len(mails), waits(next))
				}
				c = next
			}
			if !slices.Equal(got, x.want) {
				t.Errorf("reminded %q, want %q", got, x.want)
			}
		})
	}
}

// Whoever could not be asked in time is not overrun: after a long stop reminders keep their distance.
func TestRemindersAfterALongStop(t *testing.T) {
	c, r := opened(t), daily(t)
	late := noon.AddDate(0, 1, 0) // Thursday
	for i := range 2 {
		next, entries, err := Do(c, Remind{Order: 1, By: r}, robot, late, ids())
		if err != nil || (len(entries) == 1) != (i == 0) {
			t.Fatalf("reminder %d at the same time: %v, %+v", i, err, entries)
		}
		c = next
	}
	if at := orderTimers(c, r)[0].DueAt; !at.Equal(late.AddDate(0, 0, 1)) {
		t.Errorf("the next is due at %v", at)
	}
	c.Orders[0] = WorkOrder{No: 1, Lane: "supplier-2", State: OrderBooked, Since: noon, BookedFrom: noon.AddDate(0, 0, 7)}
	if what, _, _ := c.DueReminder(1, r, late); what != RemindAfter {
		t.Errorf("he is reminded of what is over: %s", what)
	}
}

func TestRemindersSkipHolidays(t *testing.T) {
	c, r := opened(t), daily(t)
	r.Holiday = func(d Day) bool { return d == Day{2026, time.November, 25} || d == Day{2026, time.November, 26} }
	if at := orderTimers(c, r)[0].DueAt; !at.Equal(noon.AddDate(0, 0, 3)) {
		t.Errorf("due at %v", at)
	}
}

func TestRemindersStop(t *testing.T) {
	c, r := opened(t), daily(t)
	next, entries, err := Do(c, Remind{Order: 1, By: r, Useless: true}, robot, noon.AddDate(0, 0, 1), ids())
	if err != nil || len(Outgoing(next, entries[0])) != 0 || len(orderTimers(next, r)) != 0 {
		t.Errorf("%v: %+v", err, entries)
	}
	if got := waits(next); fmt.Sprint(got) != "[Eva: order 7-1 was not answered, and no mail reaches the supplier]" {
		t.Errorf("to do: %q", got)
	}
	closed, _ := do(t, c, Edit{Status: ptr(StatusClosed)}, noon)
	off := r
	off.Times = 0
	if got := append(orderTimers(closed, r), orderTimers(c, off)...); len(got) != 0 {
		t.Errorf("timers of a closed case, or by no rule: %+v", got)
	}
	if _, _, err := Do(c, Remind{Order: 1, By: r}, staff, noon.AddDate(0, 0, 1), ids()); !fault.Is(err, fault.Forbidden) {
		t.Errorf("staff remind: %v", err)
	}
	if _, entries, err := Do(c, Remind{Order: 9, By: r}, robot, noon.AddDate(0, 0, 1), ids()); err != nil || len(entries) != 0 {
		t.Errorf("of no order: %v, %+v", err, entries)
	}
}

// orderTimers are the timers of the case's orders.
func orderTimers(c Case, r Reminding) []Timer {
	return slices.DeleteFunc(Timers(c, Rules{Orders: r}), func(t Timer) bool { return t.Kind != TimerOrder })
}
