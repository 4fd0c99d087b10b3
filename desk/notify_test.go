package desk_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"smartmail/casework"
	"smartmail/desk"
	"smartmail/fault"
	"smartmail/mailauth/verdict"
	"smartmail/message"
	"smartmail/threading"
)

// peer gives a mail from somebody to an address of ours, as the intake would hand it over; change may spoil it.
func peer(t *testing.T, d *desk.Desk, c *clock, n int, from, to, text string, change func(*casework.Mail)) []desk.Placed {
	t.Helper()
	_, domain, _ := strings.Cut(from, "@")
	m := casework.Mail{
		Org: "a", At: c.Now(), Identity: []byte(fmt.Sprint("mail ", n, from)),
		Envelope: message.Envelope{ReversePath: from, Client: netip.MustParseAddr("192.0.2.1"), Protocol: "ESMTP"},
		Content: message.Content{
			Subject: "Kran", From: message.Mailbox{Email: from}, MessageID: fmt.Sprint(n, "@", domain), Text: text, FullText: text,
			Class: message.Personal, Date: c.Now(),
		},
		Auth: verdict.Verdict{From: from, DMARC: verdict.DMARC{Result: verdict.Pass, Domain: domain}},
	}
	if change != nil {
		change(&m)
	}
	r, err := d.Router.Route(to)
	if err != nil {
		t.Fatal(err)
	}
	placed, err := d.Receive(t.Context(), []desk.Delivery{{Mail: m, Raw: message.InMemory([]byte(text)), Routes: []threading.Route{r}}})
	if err != nil {
		t.Fatal(err)
	}
	return placed
}

// noticing is a desk that acknowledges, with an intake address.
func noticing(t *testing.T) (*desk.Desk, *clock) {
	t.Helper()
	d, c := open(t, t.TempDir())
	loc, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	d.Notices = map[casework.OrgID]desk.Notices{"a": {Acknowledge: true, Language: "sv", Location: loc}}
	d.Router = threading.NewRouter(d.Keys, "", []threading.Organisation{{ID: "a", Domain: "a.example", Intake: []threading.Intake{{Address: "fel@a.example"}}}})
	return d, c
}

func outbox(t *testing.T, d *desk.Desk) []casework.OutboxItem {
	t.Helper()
	p, err := d.OutboxPage(t.Context(), "a", "", nil, 200)
	if err != nil {
		t.Fatal(err)
	}
	return p.Items
}

// A new case is acknowledged once; a machine, an import, an unproved or a denied sender never.
func TestAcknowledgement(t *testing.T) {
	for name, x := range map[string]struct {
		from   string
		change func(*casework.Mail)
		want   int
	}{
		"a person":            {"anna@home.example", nil, 1},
		"vacation reply":      {"anna@home.example", func(m *casework.Mail) { m.Content.Class = message.Automatic }, 0},
		"list":                {"anna@home.example", func(m *casework.Mail) { m.Content.Class = message.List }, 0},
		"bounce":              {"anna@home.example", func(m *casework.Mail) { m.Content.Class = message.Bounce }, 0},
		"null reverse-path":   {"anna@home.example", func(m *casework.Mail) { m.Envelope.ReversePath = "" }, 0},
		"import":              {"anna@home.example", func(m *casework.Mail) { m.Envelope.Protocol, m.Envelope.Client = "", netip.Addr{} }, 0},
		"denied by its owner": {"anna@home.example", func(m *casework.Mail) { m.Auth.DMARC.Result = verdict.Fail }, 0},
		"ourselves":           {"fel@a.example", nil, 0},
		"switched off":        {"anna@home.example", func(*casework.Mail) {}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			d, c := noticing(t)
			if name == "switched off" {
				d.Notices = nil
			}
			peer(t, d, c, 1, x.from, "fel@a.example", "Kranen droppar", x.change)
			peer(t, d, c, 1, x.from, "fel@a.example", "Kranen droppar", x.change)
			out := outbox(t, d)
			if len(out) != x.want {
				t.Fatalf("%d mails went out, want %d", len(out), x.want)
			}
			if x.want == 1 {
				e, err := d.Entry(t.Context(), "a", out[0].Entry)
				if err != nil || out[0].ReturnPath != "" || out[0].To.Email != x.from || e.MailOut.Auto != casework.AutoReceived || e.Actor.Via != casework.ViaRule {
					t.Errorf("%v: %+v of %+v", err, out[0], e.Entry)
				}
			}
		})
	}
}

// Five an hour and forty a day, whatever the number of cases.
func TestNoticesAreCapped(t *testing.T) {
	d, c := noticing(t)
	n := 0
	send := func(times int) {
		for range times {
			n++
			peer(t, d, c, n, "anna@home.example", "fel@a.example", "Kranen droppar", nil)
		}
	}
	send(8)
	if got := len(outbox(t, d)); got != casework.NotifiedPerHour {
		t.Errorf("%d in an hour", got)
	}
	for range 12 {
		c.forward(time.Hour + time.Second)
		send(6)
	}
	if got := len(outbox(t, d)); got != casework.NotifiedPerDay {
		t.Errorf("%d in a day", got)
	}
}

// supplied is a case with an order, and the supplier's address on it.
func supplied(t *testing.T, d *desk.Desk) (casework.Case, string) {
	t.Helper()
	cs := newCase(t, d, "Kran")
	cs, _, err := d.Do(t.Context(), "a", cs.Number, casework.Order{Name: "Rör AB", Email: "jour@ror.example", MailOut: casework.MailOut{Text: "Byt"}}, eva, 0)
	if err != nil {
		t.Fatal(err)
	}
	to, err := d.Router.Address("a", cs.Number, 2)
	if err != nil {
		t.Fatal(err)
	}
	return cs, to
}

// story tells what came of an answer: kinds of entries, states, and what the supplier was told.
func story(t *testing.T, d *desk.Desk, n casework.CaseNumber) (kinds string, c casework.Case, told string) {
	t.Helper()
	c, err := d.Case(t.Context(), "a", n)
	if err != nil {
		t.Fatal(err)
	}
	p, err := d.Entries(t.Context(), "a", n, nil, 100)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range p.Items[2:] { // created, order
		all = append(all, string(e.Kind))
		if e.MailOut != nil && e.MailOut.Auto == casework.AutoUnderstood {
			told = e.MailOut.Text
		}
	}
	return strings.Join(all, " "), c, told
}

func TestAnswersToAnOrder(t *testing.T) {
	unproved := func(m *casework.Mail) { m.Auth = verdict.Verdict{} }
	for name, x := range map[string]struct {
		text   string
		from   string
		change func(*casework.Mail)
		kinds  string
		order  casework.OrderState
		status casework.Status
		told   string
	}{
		"accepted":  {text: "TAR JOBBET", kinds: "mail_in change status mail_out", order: casework.OrderAccepted, status: casework.StatusAssigned, told: "- Ni tar jobbet"},
		"declined":  {text: "NEJ TACK fullt", kinds: "mail_in change status mail_out", order: casework.OrderDeclined, status: casework.StatusReturned, told: "- Ni tackar nej: fullt"},
		"done":      {text: "KLAR, tid 1,5 h, material 2 st packning à 45,50 kr, resa 3,4 mil", kinds: "mail_in change status time material cost mail_out", order: casework.OrderDone, status: casework.StatusDone, told: "- Jobbet är klart\n- Tid 1 h 30 min\n- Material 2 st packning à 45,50 kr\n- Resa 34 km"},
		"flagged":   {text: "KLAR imorgon", kinds: "mail_in flag", order: casework.OrderOpen, status: casework.StatusNew},
		"text":      {text: "Vem har nyckeln?", kinds: "mail_in", order: casework.OrderOpen, status: casework.StatusNew},
		"no proof":  {text: "KLAR", change: unproved, kinds: "mail_in flag", order: casework.OrderOpen, status: casework.StatusNew},
		"stranger":  {text: "KLAR", from: "x@evil.example", kinds: "mail_in", order: casework.OrderOpen, status: casework.StatusNew},
		"automatic": {text: "KLAR", change: func(m *casework.Mail) { m.Content.Class = message.Automatic }, kinds: "mail_in", order: casework.OrderOpen, status: casework.StatusNew},
	} {
		t.Run(name, func(t *testing.T) {
			d, c := noticing(t)
			cs, to := supplied(t, d)
			if x.from == "" {
				x.from = "jour@ror.example"
			}
			peer(t, d, c, 1, x.from, to, x.text, x.change)
			kinds, cs, told := story(t, d, cs.Number)
			o, _ := cs.Order(1)
			if kinds != x.kinds || o.State != x.order || cs.Status != x.status || told != x.told {
				t.Errorf("entries %q, order %s, case %s, told %q", kinds, o.State, cs.Status, told)
			}
		})
	}
}

// A booking is kept with its times, and a confirmation goes to him who wrote alone.
func TestBooking(t *testing.T) {
	d, c := noticing(t)
	cs, to := supplied(t, d)
	before := len(outbox(t, d))
	day := c.Now().AddDate(0, 0, 7).Format("2006-01-02")
	peer(t, d, c, 1, "jour@ror.example", to, "BOKAT "+day+" 08:00-10:00", nil)
	_, cs, told := story(t, d, cs.Number)
	o, _ := cs.Order(1)
	if o.State != casework.OrderBooked || o.BookedTo.Sub(o.BookedFrom) != 2*time.Hour || told != "- Bokat "+day+" 08:00-10:00" {
		t.Errorf("order is %+v, told %q", o, told)
	}
	out := outbox(t, d)
	if len(out) != before+1 || out[len(out)-1].To.Email != "jour@ror.example" {
		t.Errorf("outbox is %+v", out)
	}
}

// The newest mail of a lane that its people may see: not a later one, another lane's, nor one that is held.
func TestNewestMail(t *testing.T) {
	d, c := noticing(t)
	cs, to := supplied(t, d)
	if _, ok, err := d.NewestMail(t.Context(), "a", cs.Number, "supplier-2", 100); ok || err != nil {
		t.Errorf("before any mail: %v, %v", ok, err)
	}
	customer, err := d.Router.Address("a", cs.Number, 1)
	if err != nil {
		t.Fatal(err)
	}
	peer(t, d, c, 1, "jour@ror.example", to, "Hej", nil)
	peer(t, d, c, 2, "jour@ror.example", to, "Hej igen", nil)
	peer(t, d, c, 3, "anna@home.example", customer, "Hej", nil)
	peer(t, d, c, 4, "mallory@bad.example", to, "Hej", nil)
	for before, want := range map[uint64]string{3: "", 4: "1@ror.example", 5: "2@ror.example", 100: "2@ror.example"} {
		m, ok, err := d.NewestMail(t.Context(), "a", cs.Number, "supplier-2", before)
		if err != nil || ok != (want != "") || m.Content.MessageID != want {
			t.Errorf("before %d: %q, %v; want %q", before, m.Content.MessageID, err, want)
		}
	}
	if _, _, err := d.NewestMail(t.Context(), "b", cs.Number, "supplier-2", 100); !fault.Is(err, fault.NotFound) {
		t.Errorf("another organisation: %v", err)
	}
}
