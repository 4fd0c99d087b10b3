package desk_test

import (
	"fmt"
	"strings"
	"testing"

	"smartmail/casework"
	"smartmail/desk"
	"smartmail/fault"
	"smartmail/message"
)

// command lets Eva do something to a case.
func command(t *testing.T, d *desk.Desk, n casework.CaseNumber, cmd casework.Command) {
	t.Helper()
	if _, _, err := d.Do(t.Context(), "a", n, cmd, eva, 0); err != nil {
		t.Fatal(err)
	}
}

// states are those of a case's orders, in order.
func states(t *testing.T, d *desk.Desk, n casework.CaseNumber) string {
	t.Helper()
	orders, err := d.Orders(t.Context(), "a", n)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, o := range orders {
		out = append(out, string(o.State))
	}
	return strings.Join(out, " ")
}

// flagged is the newest flag of a case, as "order: why: text".
func flagged(t *testing.T, d *desk.Desk, n casework.CaseNumber) (last string) {
	t.Helper()
	p, err := d.Entries(t.Context(), "a", n, nil, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range p.Items {
		if e.Kind == casework.KindFlag {
			last = fmt.Sprintf("%d: %s: %s", e.Order, e.Why, e.Text)
		}
	}
	return last
}

// What is answered to an order that was withdrawn is put before staff, and not carried out.
func TestAnswerAfterWithdrawal(t *testing.T) {
	d, c := noticing(t)
	cs, to := supplied(t, d)
	command(t, d, cs.Number, casework.WithdrawOrder{Order: 1})
	before := len(outbox(t, d))
	peer(t, d, c, 1, "jour@ror.example", to, "KLAR, tid 2 h", nil)
	if got := states(t, d, cs.Number); got != "withdrawn" {
		t.Errorf("orders are %s", got)
	}
	if got := flagged(t, d, cs.Number); got != "1: not carried out: the order is withdrawn: Jobbet är klart\nTid 2 h 00 min" {
		t.Errorf("flag is %q", got)
	}
	if got := len(outbox(t, d)); got != before {
		t.Errorf("he was told that %d things were understood", got-before)
	}
	peer(t, d, c, 2, "jour@ror.example", to, "Tid för kaffe? Klar i morgon", nil)
	if got := flagged(t, d, cs.Number); strings.Contains(got, "kaffe") {
		t.Errorf("talk is flagged: %q", got)
	}
}

// Two orders of one supplier: his mail counts for the one that its subject names, and for none where it names none.
func TestSeveralOrdersOfOneSupplier(t *testing.T) {
	d, c := noticing(t)
	cs, to := supplied(t, d)
	command(t, d, cs.Number, casework.Order{Email: "jour@ror.example", MailOut: casework.MailOut{Text: "Byt även i badrummet"}})
	peer(t, d, c, 1, "jour@ror.example", to, "TAR JOBBET", nil)
	if got := states(t, d, cs.Number); got != "open open" {
		t.Errorf("orders are %s", got)
	}
	if got := flagged(t, d, cs.Number); !strings.HasPrefix(got, "0: not carried out: the supplier has several orders") || !strings.HasSuffix(got, ": Ni tar jobbet") {
		t.Errorf("flag is %q", got)
	}
	peer(t, d, c, 2, "jour@ror.example", to, "TAR JOBBET", func(m *casework.Mail) {
		m.Content.Subject = fmt.Sprintf("SV: Arbetsorder: Kran [#%s]", casework.OrderID(cs.Number, 2))
	})
	if got := states(t, d, cs.Number); got != "open accepted" {
		t.Errorf("orders are %s", got)
	}
}

// A request to several: each hears of his own alone, offers are kept, and an answer that is no price is flagged.
func TestRequestForAPrice(t *testing.T) {
	d, c := noticing(t)
	cs := newCase(t, d, "Tak")
	command(t, d, cs.Number, casework.Order{Email: "a@tak.example", Others: []casework.Supplier{{Email: "b@tak.example"}}, MailOut: casework.MailOut{Text: "Lägg om", Quote: true}})
	to := make([]string, 2)
	for i := range to {
		var err error
		if to[i], err = d.Router.Address("a", cs.Number, casework.ParticipantNo(i+2)); err != nil {
			t.Fatal(err)
		}
	}
	peer(t, d, c, 1, "a@tak.example", to[0], "PRIS 12000 kr", nil)
	peer(t, d, c, 2, "b@tak.example", to[1], "TAR JOBBET", nil)
	if got := states(t, d, cs.Number); got != "offered asked" {
		t.Errorf("orders are %s", got)
	}
	if got := flagged(t, d, cs.Number); got != "2: not carried out: he was asked for a price, not to do the work: Ni tar jobbet" {
		t.Errorf("flag is %q", got)
	}
	command(t, d, cs.Number, casework.ChooseOffer{Order: 1})
	if got := states(t, d, cs.Number); got != "accepted thanked" {
		t.Errorf("orders are %s", got)
	}
	peer(t, d, c, 3, "a@tak.example", to[0], "KLAR", nil)
	o, err := d.Order(t.Context(), "a", cs.Number, 1)
	if err != nil || o.State != casework.OrderDone || o.Offer != 1200000 || o.Text != "Lägg om" || o.Supplier.Email != "a@tak.example" {
		t.Errorf("%+v, %v", o, err)
	}
	if _, err := d.Order(t.Context(), "b", cs.Number, 1); !fault.Is(err, fault.NotFound) {
		t.Errorf("another organisation: %v", err)
	}
	if _, err := d.Order(t.Context(), "a", cs.Number, 3); !fault.Is(err, fault.NotFound) {
		t.Errorf("no such order: %v", err)
	}
}

// Photos and lines of an answer: the mail's entry has the files, the order the lines.
func TestAnswerWithPhotosAndLines(t *testing.T) {
	d, c := noticing(t)
	cs, to := supplied(t, d)
	peer(t, d, c, 1, "jour@ror.example", to, "KLAR\nTID 2,5 h Andersson\nMATERIAL 2 st packning à 45 kr", func(m *casework.Mail) {
		m.Content.Attachments = []message.Attachment{{Name: "kran.jpg", Type: "image/jpeg", Size: 9}}
	})
	o, err := d.Order(t.Context(), "a", cs.Number, 1)
	if err != nil || len(o.Lines) != 2 || o.Sums.Minutes != 150 || o.Sums.Material != 9000 || o.Lines[0].Line.Who != "Andersson" {
		t.Fatalf("%+v, %v", o, err)
	}
	e, err := d.Entry(t.Context(), "a", o.Lines[0].Line.Mail)
	if err != nil || e.Mail == nil || len(e.Mail.Content.Attachments) != 1 {
		t.Errorf("the mail of a line is %+v, %v", e, err)
	}
}
