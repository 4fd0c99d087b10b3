package desk_test

import (
	"log/slog"
	"testing"
	"time"

	"smartmail/casework"
	"smartmail/desk"
	"smartmail/fault"
	"smartmail/register"
)

// texting is a staffed desk that sends text messages, on a Tuesday at noon, with Nora told in that way.
func texting(t *testing.T, n register.Notify) (*desk.Desk, *clock) {
	t.Helper()
	d, c := staffed(t)
	d.SMS, d.Log = &desk.TextMessages{Country: "46", PerDay: 3}, slog.New(slog.DiscardHandler)
	loc := d.Notices["a"].Location
	at := time.Date(c.Now().Year()+1, 1, 8, 12, 0, 0, 0, loc)
	c.forward(at.Sub(c.Now()))
	wants(t, d, "nora", n)
	return d, c
}

func claimSMS(t *testing.T, d *desk.Desk, want int) []casework.SMS {
	t.Helper()
	got, err := d.ClaimSMS(t.Context(), "x", time.Minute, 10)
	if err != nil || len(got) != want {
		t.Fatalf("claimed %+v, %v; want %d", got, err, want)
	}
	return got
}

func texts(t *testing.T, d *desk.Desk) []casework.SMS {
	t.Helper()
	p, err := d.SMSPage(t.Context(), "a", "", nil, 100)
	if err != nil {
		t.Fatal(err)
	}
	return p.Items
}

// A case is told by SMS once; what became of the message is noted, from the provider's own word too.
func TestNewCaseBySMS(t *testing.T) {
	d, c := texting(t, register.Notify{NewCase: register.BySMS})
	woken := 0
	d.WakeSMS = func() { woken++ }
	kase(t, d, "1001", "nora", "")
	if woken != 1 || len(outbox(t, d)) != 0 {
		t.Errorf("woken %d times, %d mails", woken, len(outbox(t, d)))
	}
	s := claimSMS(t, d, 1)[0]
	if s.To != "+46701740605" || s.Text != "Ärende #1 är ditt: Kran, 1001" || s.Segments != 1 || s.Case != 1 || len(s.Token) != 32 {
		t.Errorf("%+v", s)
	}
	claimSMS(t, d, 0)
	if err := d.ReportSMS(t.Context(), s, casework.SMSDeferred, "503", ""); err != nil {
		t.Fatal(err)
	}
	claimSMS(t, d, 0)
	c.forward(time.Minute)
	if s = claimSMS(t, d, 1)[0]; s.Attempts != 2 {
		t.Errorf("again: %+v", s)
	}
	if err := d.ReportSMS(t.Context(), s, casework.SMSSent, "OK", "s70"); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		org   casework.OrgID
		token string
		state casework.SMSState
		ok    bool
		want  casework.SMSState
	}{
		{"a", "wrong", casework.SMSDelivered, false, casework.SMSSent},
		{"a", "", casework.SMSDelivered, false, casework.SMSSent},
		{"b", s.Token, casework.SMSDelivered, false, casework.SMSSent},
		{"a", s.Token, casework.SMSSent, true, casework.SMSSent},
		{"a", s.Token, casework.SMSDelivered, true, casework.SMSDelivered},
		{"a", s.Token, casework.SMSFailed, true, casework.SMSDelivered},
	} {
		err := d.SMSStatus(t.Context(), x.org, x.token, x.state, "said")
		if got := texts(t, d)[0]; (err == nil) != x.ok || !x.ok && !fault.Is(err, fault.NotFound) || got.State != x.want || got.RemoteID != "s70" {
			t.Errorf("%+v: %v, %+v", x, err, got)
		}
	}
}

// Quiet hours are waited for, but for what is due at once; and then only what is still true is said.
func TestQuietHours(t *testing.T) {
	d, c := texting(t, register.Notify{NewCase: register.BySMS, Quiet: &register.Quiet{From: "21:00", To: "07:00"}})
	c.forward(10 * time.Hour) // 22:00
	kase(t, d, "1001", "nora", "5")
	taken := kase(t, d, "1001", "nora", "5")
	kase(t, d, "1001", "nora", "0")
	if got := claimSMS(t, d, 1); got[0].Case != 3 {
		t.Errorf("at night: %+v", got)
	}
	bo := "bo"
	edit(t, d, taken.Number, casework.Edit{Assignee: &bo})
	c.forward(9*time.Hour - time.Second)
	for _, s := range claimSMS(t, d, 1) { // the lease of the first is over
		if err := d.ReportSMS(t.Context(), s, casework.SMSSent, "", ""); err != nil || s.Case != 3 {
			t.Errorf("%+v, %v", s, err)
		}
	}
	c.forward(time.Second)
	if got := claimSMS(t, d, 1); got[0].Case != 1 {
		t.Errorf("in the morning: %+v", got)
	}
	for _, s := range texts(t, d) {
		if s.Case == taken.Number && s.State != casework.SMSFailed {
			t.Errorf("what is not hers any more: %+v", s)
		}
	}
	if mails := outbox(t, d); len(mails) != 0 {
		t.Errorf("%d mails", len(mails))
	}
}

// What is over the day's bound, and what the provider does not deliver, is told by mail.
func TestSMSFallsBackToMail(t *testing.T) {
	d, c := texting(t, register.Notify{NewCase: register.BySMS})
	for range 4 {
		kase(t, d, "1001", "nora", "")
		c.forward(time.Second)
	}
	got := claimSMS(t, d, 3)
	if mails := outbox(t, d); len(mails) != 1 || mails[0].Case != 4 {
		t.Errorf("over the bound: %+v", mails)
	}
	if err := d.ReportSMS(t.Context(), got[0], casework.SMSFailed, "no such number", ""); err != nil {
		t.Fatal(err)
	}
	if err := d.ReportSMS(t.Context(), got[1], casework.SMSSent, "", "x"); err != nil {
		t.Fatal(err)
	}
	if err := d.SMSStatus(t.Context(), "a", got[1].Token, casework.SMSFailed, "undelivered"); err != nil {
		t.Fatal(err)
	}
	if mails := outbox(t, d); len(mails) != 3 {
		t.Errorf("not delivered: %d mails", len(mails))
	}
	d.SMS = nil
	kase(t, d, "1001", "nora", "")
	if mails := outbox(t, d); len(mails) != 4 || len(texts(t, d)) != 4 {
		t.Errorf("without SMS: %d mails", len(mails))
	}
}

// A mail about a new case that fails is told by SMS.
func TestMailFallsBackToSMS(t *testing.T) {
	d, _ := texting(t, register.Notify{NewCase: register.ByMail})
	kase(t, d, "1001", "nora", "")
	if len(texts(t, d)) != 0 {
		t.Error("an SMS beside the mail")
	}
	report(t, d, claim(t, d, "x", 1)[0], casework.Outcome{State: casework.Failed, Status: "5.2.2", Remote: "full"})
	if got := texts(t, d); len(got) != 1 || got[0].Contact != "nora" || got[0].Case != 1 {
		t.Errorf("%+v", got)
	}
}

// Who reported a case is taken out of the text message that told of it as well.
func TestEraseFromSMS(t *testing.T) {
	d, _ := texting(t, register.Notify{NewCase: register.BySMS})
	kase(t, d, "1001", "nora", "")
	if _, err := d.Erase(t.Context(), "a", desk.Erasure{Whose: desk.Whose{Email: "anna@home.example"}, By: eva}); err != nil {
		t.Fatal(err)
	}
	if all := texts(t, d); len(all) != 1 || all[0].Text != casework.Erased || all[0].Case != 1 {
		t.Errorf("the text messages are %+v", all)
	}
}
