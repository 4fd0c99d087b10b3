package desk_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"smartmail/casework"
	"smartmail/desk"
	"smartmail/message"
)

// choosing is a desk that tells customers of these statuses and of bookings.
func choosing(t *testing.T, change func(*desk.Notices)) (*desk.Desk, *clock) {
	t.Helper()
	d, c := noticing(t)
	n := d.Notices["a"]
	n.Status, n.Booked = []casework.Status{casework.StatusAssigned, casework.StatusDone}, true
	if change != nil {
		change(&n)
	}
	d.Notices = map[casework.OrgID]desk.Notices{"a": n}
	return d, c
}

// news lists what customers were told by themselves: "address: text".
func news(t *testing.T, d *desk.Desk) (out []string) {
	t.Helper()
	for _, o := range outbox(t, d) {
		e, err := d.Entry(t.Context(), "a", o.Entry)
		if err != nil {
			t.Fatal(err)
		}
		if e.MailOut.Auto == casework.AutoNews {
			if e.Actor.Via != casework.ViaRule || o.Lane != casework.LaneID(casework.LaneCustomer) || len(e.Outgoing) != 1 {
				t.Errorf("%+v", e.Entry)
			}
			out = append(out, o.To.Email+": "+e.MailOut.Text)
		}
	}
	return out
}

func setStatus(t *testing.T, d *desk.Desk, n casework.CaseNumber, to casework.Status) {
	t.Helper()
	if _, _, err := d.Do(t.Context(), "a", n, casework.Edit{Status: &to}, eva, 0); err != nil {
		t.Fatal(err)
	}
}

// The organisation chose of what customers hear; each in his language, and nobody else on the case.
func TestCustomersHearWhatWasChosen(t *testing.T) {
	d, c := choosing(t, nil)
	cs, err := d.Open(t.Context(), "a", casework.Open{Subject: "Kran", Reporter: &casework.Reporter{Email: "anna@home.example", Language: "en-GB"}}, eva)
	if err != nil {
		t.Fatal(err)
	}
	for _, cmd := range []casework.Command{
		casework.AddParticipant{Kind: casework.LaneCustomer, Email: "bo@home.example"},
		casework.AddParticipant{Kind: casework.LaneCustomer, Email: "no-reply@firm.example"},
		casework.AddParticipant{Kind: casework.LaneInternal, Email: "vakt@home.example"},
		casework.Order{Name: "Rör AB", Email: "jour@ror.example", MailOut: casework.MailOut{Text: "Byt"}},
	} {
		if cs, _, err = d.Do(t.Context(), "a", cs.Number, cmd, eva, 0); err != nil {
			t.Fatal(err)
		}
	}
	p, _, ok := cs.ParticipantByMail("jour@ror.example")
	to, err := d.Router.Address("a", cs.Number, p.No)
	if !ok || err != nil {
		t.Fatal(err)
	}
	day := c.Now().AddDate(0, 0, 7).Format("2006-01-02")
	peer(t, d, c, 1, "jour@ror.example", to, "BOKAT "+day+" 08:00-10:00", nil) // assigned and booked at once: one mail each
	setStatus(t, d, cs.Number, casework.StatusStarted)
	setStatus(t, d, cs.Number, casework.StatusDone)
	setStatus(t, d, cs.Number, casework.StatusDone) // it is so already
	got := news(t, d)
	slices.Sort(got)
	want := []string{
		"anna@home.example: Rör AB comes " + day + " 08:00-10:00.\nSomebody has taken on your case.",
		"anna@home.example: The work on your case is done.",
		"bo@home.example: Arbetet i ditt ärende är klart.",
		"bo@home.example: Rör AB kommer " + day + " 08:00-10:00.\nNågon har tagit hand om ditt ärende.",
	}
	if !slices.Equal(got, want) {
		t.Errorf("told:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Nobody is told who must not be, or who knows already.
func TestCustomersDoNotHear(t *testing.T) {
	for name, x := range map[string]struct {
		choose func(*desk.Notices)
		open   func(*casework.Mail) // the mail that opens the case; nil: the API does
		change func(t *testing.T, d *desk.Desk, c *clock, n casework.CaseNumber)
		want   int
	}{
		"chosen":     {want: 1},
		"not chosen": {choose: func(n *desk.Notices) { n.Status = nil }},
		"suspended": {change: func(t *testing.T, d *desk.Desk, _ *clock, n casework.CaseNumber) {
			post(t, d, n)
			report(t, d, claim(t, d, "one", 1)[0], casework.Outcome{State: casework.Failed, Status: "5.1.1", Address: true})
		}},
		"opened by a person's mail":  {open: func(*casework.Mail) {}, want: 1},
		"opened by a machine's mail": {open: func(m *casework.Mail) { m.Content.Class = message.Automatic }},
		"opened by a list's mail":    {open: func(m *casework.Mail) { m.Content.Class = message.List }},
	} {
		t.Run(name, func(t *testing.T) {
			d, c := choosing(t, x.choose)
			n := casework.CaseNumber(1)
			if x.open == nil {
				n = newCase(t, d, "Kran").Number
			} else if at := peer(t, d, c, 1, "anna@home.example", "fel@a.example", "Kranen droppar", x.open)[0]; at.Triage != "" {
				if _, err := d.Triage(t.Context(), "a", at.Triage, desk.TriageOrder{Action: desk.NewCase, By: eva}); err != nil {
					t.Fatal(err)
				}
			}
			if x.change != nil {
				x.change(t, d, c, n)
			}
			setStatus(t, d, n, casework.StatusDone)
			if got := news(t, d); len(got) != x.want {
				t.Errorf("told %q", got)
			}
		})
	}
}

// Who wakes a case by his answer is not told so.
func TestWakingIsNoNews(t *testing.T) {
	d, c := choosing(t, func(n *desk.Notices) { n.Status = casework.Statuses() })
	peer(t, d, c, 1, "anna@home.example", "fel@a.example", "Kranen droppar", nil)
	setStatus(t, d, 1, casework.StatusDone)
	to, err := d.Router.Address("a", 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	peer(t, d, c, 2, "anna@home.example", to, "Den droppar igen", nil)
	if cs, err := d.Case(t.Context(), "a", 1); err != nil || cs.Status != casework.StatusNew {
		t.Fatalf("%s, %v", cs.Status, err)
	}
	if got := news(t, d); len(got) != 1 {
		t.Errorf("told %q", got)
	}
}

// One acknowledgement for a case, whatever comes later and to which of our addresses.
func TestAcknowledgedOnce(t *testing.T) {
	d, c := noticing(t)
	peer(t, d, c, 1, "anna@home.example", "fel@a.example", "Kranen droppar", nil)
	to, err := d.Router.Address("a", 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.Do(t.Context(), "a", 1, casework.AddParticipant{Kind: casework.LaneCustomer, Email: "bo@home.example"}, eva, 0); err != nil {
		t.Fatal(err)
	}
	peer(t, d, c, 1, "anna@home.example", "postmaster@a.example", "Kranen droppar", nil) // the same mail to a further address
	peer(t, d, c, 2, "anna@home.example", to, "Och den låter", nil)
	peer(t, d, c, 3, "bo@home.example", to, "Här med", nil)
	c.forward(48 * time.Hour)
	peer(t, d, c, 4, "anna@home.example", to, "Hallå?", nil)
	if got := outbox(t, d); len(got) != 1 || got[0].To.Email != "anna@home.example" {
		t.Errorf("%d mails went out: %+v", len(got), got)
	}
}

// A report that comes when nobody works is told so, in the reporter's language or the organisation's own words.
func TestOutOfHours(t *testing.T) {
	week, err := casework.ParseWeek([]string{"mon-fri 08:00-16:30"})
	if err != nil {
		t.Fatal(err)
	}
	open := func(n *desk.Notices) {
		n.Hours = casework.WorkingHours{Location: n.Location, Week: week, Holiday: func(d casework.Day) bool { return casework.SwedishHoliday(d) != "" }}
	}
	for name, x := range map[string]struct {
		at     string
		choose func(*desk.Notices)
		want   string // behind the acknowledgement
	}{
		"open":      {at: "2026-11-24 09:00"},
		"no hours":  {at: "2026-11-28 03:00", choose: func(n *desk.Notices) { n.Hours = casework.WorkingHours{} }},
		"night":     {at: "2026-11-24 20:00", want: "\n\nVi har stängt nu och öppnar onsdag 2026-11-25 08:00."},
		"Christmas": {at: "2026-12-23 16:30", want: "\n\nVi har stängt nu och öppnar måndag 2026-12-28 08:00."},
		"emergency": {at: "2026-11-28 03:00", choose: func(n *desk.Notices) { n.Emergency = "Ring 08-123 45." }, want: "\n\nVi har stängt nu och öppnar måndag 2026-11-30 08:00.\nÄr det akut? Ring 08-123 45."},
		"own words": {at: "2026-11-28 03:00", choose: func(n *desk.Notices) { n.Closed = "Vi vilar." }, want: "\n\nVi vilar."},
		"English":   {at: "2026-11-28 03:00", choose: func(n *desk.Notices) { n.Language, n.Emergency = "en", "Call 08-123 45." }, want: "\n\nWe are closed now and open on Monday 30 November at 08:00.\nIs it urgent? Call 08-123 45."},
	} {
		t.Run(name, func(t *testing.T) {
			d, c := choosing(t, func(n *desk.Notices) {
				open(n)
				if x.choose != nil {
					x.choose(n)
				}
			})
			at, err := time.ParseInLocation("2006-01-02 15:04", x.at, d.Notices["a"].Location)
			if err != nil {
				t.Fatal(err)
			}
			c.forward(at.Sub(c.Now()))
			peer(t, d, c, 1, "anna@home.example", "fel@a.example", "Kranen droppar", nil)
			out := outbox(t, d)
			if len(out) != 1 {
				t.Fatalf("%d mails", len(out))
			}
			e, err := d.Entry(t.Context(), "a", out[0].Entry)
			if err != nil {
				t.Fatal(err)
			}
			_, got, ok := strings.Cut(e.MailOut.Text, "#1.")
			if !ok || got != x.want {
				t.Errorf("told %q", e.MailOut.Text)
			}
		})
	}
}
