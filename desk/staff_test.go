package desk_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"smartmail/casework"
	"smartmail/desk"
	"smartmail/register"
)

// wants gives a contact his notifications.
func wants(t *testing.T, d *desk.Desk, id string, n register.Notify) {
	t.Helper()
	r, err := d.Contacts().Get(t.Context(), "a", id)
	if err != nil {
		t.Fatal(err)
	}
	r.Thing.Notify = &n
	if _, err := d.Contacts().Save(t.Context(), "a", r.Thing, eva, 0); err != nil {
		t.Fatal(err)
	}
}

// Who is given a case hears of it by mail if he wants to, and not if he took it himself; what he answers is for staff alone.
func TestNewCaseByMail(t *testing.T) {
	d, c := staffed(t)
	kase(t, d, "1001", "nora", "")
	if got := outbox(t, d); len(got) != 0 {
		t.Errorf("without asking for it: %+v", got)
	}
	wants(t, d, "nora", register.Notify{NewCase: register.ByMail})
	kase(t, d, "1001", "nora", "")
	got := outbox(t, d)
	if len(got) != 1 || got[0].To.Email != "nora@landlord.example" || got[0].Lane != "internal" || got[0].Case != 2 {
		t.Fatalf("assigned: %+v", got)
	}
	peer(t, d, c, 1, "nora@landlord.example", got[0].ReplyTo, "Jag åker dit", nil)
	all, err := d.Entries(t.Context(), "a", 2, nil, 50)
	if last := all.Items[len(all.Items)-1]; err != nil || last.MailIn == nil || last.Lane != "internal" || len(outbox(t, d)) != 1 {
		t.Errorf("her answer is %+v, %v", last.Entry, err)
	}
	nora, who := casework.Actor{Via: casework.ViaAPI, Name: "Nora Nord"}, "nora"
	other := kase(t, d, "1001", "", "")
	if _, _, err := d.Do(t.Context(), "a", other.Number, casework.Edit{Assignee: &who}, nora, 0); err != nil || len(outbox(t, d)) != 1 {
		t.Errorf("she took it herself: %v, %d mails", err, len(outbox(t, d)))
	}
	// By a route, once; and not of an old mail that is imported.
	if _, err := d.Routes().Save(t.Context(), "a", register.Route{ID: "r", Object: "norr", Assignee: "nora"}, eva, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Open(t.Context(), "a", casework.Open{Subject: "Lås", Object: "1001"}, eva); err != nil || len(outbox(t, d)) != 2 {
		t.Errorf("dispatched: %v, %d mails", err, len(outbox(t, d)))
	}
}

// In the morning of a working day everybody who wants to is written to once, whoever runs the timers, if anything waits for him.
func TestMorning(t *testing.T) {
	d, c := staffed(t)
	n := d.Notices["a"]
	n.Hours = casework.WorkingHours{Location: n.Location, Holiday: func(day casework.Day) bool { return casework.SwedishHoliday(day) != "" }}
	n.Hours.Week, _ = casework.ParseWeek([]string{"mon-fri 08:00-16:30"})
	d.Notices["a"] = n
	at := time.Date(c.Now().Year()+1, 1, 8, 12, 0, 0, 0, n.Location)
	at = at.AddDate(0, 0, (12-int(at.Weekday()))%7) // a Friday
	c.forward(at.Sub(c.Now()))
	run(t, d, 0)
	wants(t, d, "nora", register.Notify{Morning: true})
	wants(t, d, "mats", register.Notify{Morning: true})
	kase(t, d, "1001", "nora", "30")
	c.forward(time.Minute)
	kase(t, d, "kv", "", "30")
	run(t, d, 0)
	c.forward(24 * time.Hour)
	run(t, d, 0) // Saturday
	c.forward(44*time.Hour + time.Minute)
	run(t, d, 3) // Monday at 08:01: two people, and the next day's
	mails := outbox(t, d)
	if len(mails) != 1 || mails[0].To.Email != "nora@landlord.example" || mails[0].Case != 0 || mails[0].ReturnPath != "" || mails[0].ReplyTo != "postmaster@a.example" {
		t.Fatalf("the outbox has %+v", mails)
	}
	var lines []string
	for _, l := range mails[0].Staff.Todo {
		lines = append(lines, l.Why)
	}
	if want := []string{"inte påbörjat", "nytt: ingen har tagit hand om det"}; !slices.Equal(lines, want) {
		t.Errorf("it says %q", lines)
	}
	run(t, d, 0)
	o := report(t, d, claim(t, d, "x", 1)[0], casework.Outcome{State: casework.Failed, Status: "5.1.1", Address: true, Remote: "no such user"})
	if o.State != casework.Failed || o.Staff == nil || o.Staff.Todo != nil {
		t.Errorf("it failed: %+v", o)
	}
	if text, err := d.SentText(t.Context(), "a", o.ID); err != nil || !strings.HasPrefix(text, "Det här väntar") {
		t.Errorf("said %q, %v", text, err)
	}
	if _, err := d.LiftSuspension(t.Context(), "a", "nora@landlord.example", eva); err != nil {
		t.Error(err)
	}
	c.forward(30 * time.Hour) // Tuesday afternoon: the morning is over
	run(t, d, 1)
	c.forward(18 * time.Hour)
	wants(t, d, "nora", register.Notify{})
	wants(t, d, "mats", register.Notify{})
	run(t, d, 1) // nobody wants to know any more
	left := slices.DeleteFunc(timers(t, d), func(t casework.Timer) bool { return t.Kind == casework.TimerDeadline })
	if len(left) != 0 || len(outbox(t, d)) != 1 {
		t.Errorf("timers %+v, %d mails", left, len(outbox(t, d)))
	}
}
