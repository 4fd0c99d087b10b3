package desk_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"smartmail/casework"
	"smartmail/desk"
	"smartmail/message"
)

// A booking invites the supplier; his calendar's answer is noted, and none of its words is taken for an answer to the order.
func TestInvitationAndItsAnswer(t *testing.T) {
	d, c := noticing(t)
	cs, to := supplied(t, d)
	c.forward(time.Second) // ids of one instant have no order
	day := c.Now().In(d.Notices["a"].Location).AddDate(0, 0, 7).Format("2006-01-02")
	peer(t, d, c, 1, "jour@ror.example", to, "BOKAT "+day+" 08:00-10:00", nil)
	out := outbox(t, d)
	e, err := d.Entry(t.Context(), "a", out[len(out)-1].Entry)
	if err != nil || e.MailOut.Visit == nil || e.MailOut.Visit.To.Sub(e.MailOut.Visit.From) != 2*time.Hour || e.Order != 1 {
		t.Fatalf("confirmed by %+v, %v", e.Entry, err)
	}
	replies := func(answer, uid, from string, class message.Class) string {
		t.Helper()
		peer(t, d, c, len(answer)+len(uid)+len(from)+len(class)*100, from, to, "Accepted", func(m *casework.Mail) {
			m.Content.Class = class
			m.Content.Calendar = &message.Calendar{Method: "REPLY", Answer: answer, UID: uid, Start: c.Now().AddDate(0, 0, 8)}
		})
		o, err := d.Order(t.Context(), "a", cs.Number, 1)
		if err != nil || o.State != casework.OrderBooked {
			t.Errorf("%s: the order is %s, %v", answer, o.State, err)
		}
		return o.Replies[2]
	}
	uid := casework.VisitUID(cs.Number, 1, 2) + "@a.example"
	for _, x := range []struct{ answer, uid, from, want string }{
		{message.Tentative, "x@y", "jour@ror.example", ""},
		{message.Tentative, casework.VisitUID(cs.Number+1, 1, 2), "jour@ror.example", ""},
		{message.Tentative, casework.VisitUID(cs.Number, 2, 2), "jour@ror.example", ""},
		{message.Tentative, uid, "x@evil.example", ""},
		{message.Accepted, uid, "jour@ror.example", "accepted"},
		{message.Counter, uid, "jour@ror.example", "counter"},
	} {
		if got := replies(x.answer, x.uid, x.from, message.Personal); got != x.want {
			t.Errorf("%+v: %q is kept", x, got)
		}
	}
	if got := replies(message.Declined, uid, "jour@ror.example", message.List); got != "counter" {
		t.Errorf("a list answers: %q", got)
	}
	if got := replies(message.Declined, uid, "jour@ror.example", message.Automatic); got != "declined" {
		t.Errorf("a calendar that answers by itself: %q", got)
	}
	if got := flagged(t, d, cs.Number); !strings.HasPrefix(got, "1: Rör AB declines the time") {
		t.Errorf("flag is %q", got)
	}
	c.forward(time.Second)
	command(t, d, cs.Number, casework.WithdrawOrder{Order: 1})
	out = outbox(t, d)
	e, err = d.Entry(t.Context(), "a", out[len(out)-1].Entry)
	if err != nil || e.MailOut.Visit == nil || !e.MailOut.Visit.Cancelled || e.MailOut.Visit.Sequence != 1 {
		t.Errorf("withdrawn by %+v, %v", e.Entry, err)
	}
}

// Customers who hear of a booking are invited as well, each time that it is another, and hear when it is off.
func TestCustomersAreInvited(t *testing.T) {
	d, c := choosing(t, func(n *desk.Notices) { n.Status = nil })
	cs, to := supplied(t, d)
	var got []string
	newest := func() {
		t.Helper()
		for _, o := range outbox(t, d) {
			e, err := d.Entry(t.Context(), "a", o.Entry)
			if err != nil {
				t.Fatal(err)
			}
			if v := e.MailOut.Visit; o.To.Email == "anna@home.example" && e.At.Equal(c.Now()) && v != nil && e.Order == 1 {
				got = append(got, fmt.Sprintf("%d %v: %s", v.Sequence, v.Cancelled, e.MailOut.Text))
			}
		}
		c.forward(time.Second)
	}
	day := c.Now().In(d.Notices["a"].Location).AddDate(0, 0, 7).Format("2006-01-02")
	c.forward(time.Second)
	peer(t, d, c, 1, "jour@ror.example", to, "BOKAT "+day+" 08:00-10:00", nil)
	newest()
	peer(t, d, c, 2, "jour@ror.example", to, "BOKAT "+day+" 13:00-15:00", nil)
	newest()
	command(t, d, cs.Number, casework.WithdrawOrder{Order: 1})
	newest()
	want := []string{
		"0 false: Rör AB kommer " + day + " 08:00-10:00.", "1 false: Rör AB kommer " + day + " 13:00-15:00.", "2 true: Besöket " + day + " 13:00 blir inte av.",
	}
	if !slices.Equal(got, want) {
		t.Errorf("invited by %q, want %q", got, want)
	}
}
