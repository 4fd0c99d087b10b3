package desk_test

import (
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/desk"
)

// reminding is a desk that reminds twice, a day apart, on a Tuesday in January: no clock is put forward in the weeks after it.
func reminding(t *testing.T) (*desk.Desk, *clock) {
	t.Helper()
	d, c := noticing(t)
	n := d.Notices["a"]
	n.Orders = casework.Reminding{Accept: 24 * time.Hour, BeforeDeadline: 24 * time.Hour, AfterDeadline: 24 * time.Hour, Times: 2, Location: n.Location}
	d.Notices["a"] = n
	day := time.Date(c.Now().Year()+1, 1, 8, 9, 0, 0, 0, time.UTC)
	c.forward(day.AddDate(0, 0, (9-int(day.Weekday()))%7).Sub(c.Now()))
	return d, c
}

// reminders are the texts of those that were sent to a supplier.
func reminders(t *testing.T, d *desk.Desk, n casework.CaseNumber) (out []string) {
	t.Helper()
	p, err := d.Entries(t.Context(), "a", n, nil, 200)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range p.Items {
		if e.MailOut != nil && e.MailOut.Auto == casework.AutoReminder {
			out = append(out, e.MailOut.Text)
		}
	}
	return out
}

func run(t *testing.T, d *desk.Desk, want int) {
	t.Helper()
	if n, err := d.RunTimers(t.Context()); err != nil || n != want {
		t.Errorf("%d timers ran, want %d: %v", n, want, err)
	}
}

// timers are the stored ones.
func timers(t *testing.T, d *desk.Desk) (out []casework.Timer) {
	t.Helper()
	err := d.Store.View(t.Context(), func(tx casestore.Tx) error {
		out = nil
		for f, err := range casestore.Timers.Scan(tx, casestore.Query{Prefix: casestore.K("a")}) {
			if err != nil {
				return err
			}
			out = append(out, f.Record)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// An order that nobody answers: two reminders, then it is the orderer's to do; once, however many processes run the timers.
func TestReminders(t *testing.T) {
	d, c := reminding(t)
	cs, _ := supplied(t, d)
	run(t, d, 0)
	for day := range 5 {
		c.forward(24 * time.Hour)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if _, err := d.RunTimers(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got, want := len(reminders(t, d, cs.Number)), min(day+1, 2); got != want {
			t.Errorf("after %d days: %d reminders, want %d", day+1, got, want)
		}
	}
	todo, err := d.Case(t.Context(), "a", cs.Number)
	if err != nil || len(todo.Attention) != 1 || todo.Attention[0].For != "Eva" || !strings.HasSuffix(todo.Attention[0].Why, "was not answered") {
		t.Errorf("to do is %+v, %v", todo.Attention, err)
	}
	if left := timers(t, d); len(left) != 0 {
		t.Errorf("timers are left: %+v", left)
	}
	out := outbox(t, d)
	if last := out[len(out)-1]; last.To.Email != "jour@ror.example" || last.ReturnPath == "" {
		t.Errorf("the reminder goes to %+v", last)
	}
}

// An answer sets another timer, a withdrawal none; another organisation's rules do not count.
func TestTimersFollowTheOrder(t *testing.T) {
	d, c := reminding(t)
	cs, to := supplied(t, d)
	peer(t, d, c, 1, "jour@ror.example", to, "TAR JOBBET", nil)
	if left := timers(t, d); len(left) != 0 {
		t.Errorf("accepted, without a deadline: %+v", left)
	}
	booked := c.Now().In(d.Notices["a"].Location).AddDate(0, 0, 7)
	peer(t, d, c, 2, "jour@ror.example", to, "BOKAT "+booked.Format("2006-01-02")+" 13:00-15:00", nil)
	if left := timers(t, d); len(left) != 1 || left[0].Order != 1 || left[0].DueAt.In(booked.Location()).Format("2006-01-02 15:04") != booked.AddDate(0, 0, -1).Format("2006-01-02")+" 15:00" {
		t.Errorf("booked: %+v", left)
	}
	c.forward(7 * 24 * time.Hour)
	run(t, d, 1)
	if got := reminders(t, d, cs.Number); len(got) != 1 || got[0] != "Ni har bokat "+booked.Format("2006-01-02")+" 13:00." {
		t.Errorf("reminders: %q", got)
	}
	command(t, d, cs.Number, casework.WithdrawOrder{Order: 1})
	if left := timers(t, d); len(left) != 0 {
		t.Errorf("withdrawn: %+v", left)
	}
	c.forward(30 * 24 * time.Hour)
	run(t, d, 0)
}

// Who has had as many mails as he may is reminded later; who takes none is the orderer's business at once.
func TestRemindersKeepToTheCaps(t *testing.T) {
	d, c := reminding(t)
	var all []casework.Case
	for range casework.NotifiedPerHour + 1 {
		cs, _ := supplied(t, d)
		all = append(all, cs)
	}
	c.forward(24 * time.Hour)
	run(t, d, len(all))
	sent := func() (n int) {
		for _, cs := range all {
			n += len(reminders(t, d, cs.Number))
		}
		return n
	}
	if got := sent(); got != casework.NotifiedPerHour {
		t.Errorf("%d were sent within an hour", got)
	}
	c.forward(time.Hour + time.Second)
	run(t, d, 1)
	if got := sent(); got != len(all) {
		t.Errorf("%d were sent after an hour", got)
	}
	err := d.Store.Update(t.Context(), func(tx casestore.Tx) error {
		return casestore.Suspended.Put(tx, &casework.Suspension{Org: "a", Email: "jour@ror.example", At: c.Now()})
	})
	if err != nil {
		t.Fatal(err)
	}
	c.forward(24 * time.Hour)
	run(t, d, len(all))
	cs, err := d.Case(t.Context(), "a", all[0].Number)
	if err != nil || len(cs.Attention) != 1 || !strings.HasSuffix(cs.Attention[0].Why, "no mail reaches the supplier") {
		t.Errorf("to do is %+v, %v", cs.Attention, err)
	}
	if got := sent(); got != len(all) {
		t.Errorf("%d were sent to a suspended address", got-len(all))
	}
}

// Rules that have changed count when the timer is due, and a timer that fails keeps no other from its turn.
func TestTimersThatAreWrong(t *testing.T) {
	d, c := reminding(t)
	d.Log = slog.New(slog.DiscardHandler)
	cs, _ := supplied(t, d)
	err := d.Store.Update(t.Context(), func(tx casestore.Tx) error {
		return casestore.Timers.Put(tx, &casework.Timer{Org: "a", Case: 99, Kind: casework.TimerOrder, Order: 1, DueAt: c.Now()})
	})
	if err != nil {
		t.Fatal(err)
	}
	n := d.Notices["a"]
	n.Orders.Accept = 48 * time.Hour
	d.Notices["a"] = n
	c.forward(24 * time.Hour)
	run(t, d, 1)
	if got := reminders(t, d, cs.Number); len(got) != 0 {
		t.Errorf("reminded by the old rule: %q", got)
	}
	c.forward(24 * time.Hour)
	run(t, d, 1)
	if got := reminders(t, d, cs.Number); len(got) != 1 {
		t.Errorf("not reminded by the new one: %q", got)
	}
}
