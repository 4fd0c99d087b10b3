package casework

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"smartmail/grammar"
	"smartmail/message"
)

// say again, at another time.
func bookAt(t *testing.T, c Case, from time.Time) (Case, []Entry) {
	t.Helper()
	c, entries, err := Do(c, AnswerOrder{Order: 1, Sender: Verified, Said: []grammar.Command{{Kind: grammar.Booked, From: from}}}, Actor{Via: ViaMail}, noon, ids())
	if err != nil {
		t.Fatal(err)
	}
	return c, entries
}

// The sequence of an invitation grows with each time that is another, and once more when the visit is off.
func TestVisits(t *testing.T) {
	c := opened(t)
	var got []string
	for _, from := range []time.Time{noon.AddDate(0, 0, 1), noon.AddDate(0, 0, 1), noon.AddDate(0, 0, 2)} {
		var entries []Entry
		c, entries = bookAt(t, c, from)
		got = append(got, fmt.Sprint(entries[0].Visit != nil && entries[0].Visit.From.Equal(from), " ", c.Orders[0].Visit().Sequence))
	}
	if strings.Join(got, ", ") != "true 0, false 0, true 1" {
		t.Errorf("invitations: %v", got)
	}
	want := Visit{From: noon.AddDate(0, 0, 2), Sequence: 2, Cancelled: true}
	off, entries := do(t, c, WithdrawOrder{Order: 1}, noon)
	if v := entries[1].MailOut.Visit; v == nil || *v != want || *off.Orders[0].Visit() != want {
		t.Errorf("withdrawn: %+v", v)
	}
	back, entries := answer(t, c, 1, grammar.Decline)
	if v := entries[0].Visit; v == nil || *v != want || back.Orders[0].State != OrderReturned {
		t.Errorf("returned: %+v", entries[0])
	}
	done, entries := answer(t, c, 1, grammar.Done)
	if entries[0].Visit != nil || done.Orders[0].Visit().Cancelled {
		t.Errorf("done: %+v", entries[0])
	}
	_, entries = do(t, opened(t), WithdrawOrder{Order: 1}, noon)
	if entries[1].MailOut.Visit != nil {
		t.Errorf("a visit that nobody was invited to is cancelled: %+v", entries[1])
	}
}

// What calendars answer is told; it counts for the invitation that it is about, from whom it is proved to be.
func TestAnswersToAnInvitation(t *testing.T) {
	booked, _ := bookAt(t, opened(t), noon.AddDate(0, 0, 1))
	booked, _ = bookAt(t, booked, noon.AddDate(0, 0, 2))
	for name, x := range map[string]struct {
		who    ParticipantNo
		lane   LaneID
		answer string
		seq    int
		sender Sender
		why    string
		reply  string // that is kept
		todo   string
	}{
		"accepted":           {1, "customer", message.Accepted, 1, Verified, "", "accepted", ""},
		"tentative":          {2, "supplier-2", message.Tentative, 1, Verified, "", "tentative", ""},
		"declined":           {1, "customer", message.Declined, 1, Verified, "", "declined", "Eva: Anna declines the time of order 7-1"},
		"another time":       {2, "supplier-2", message.Counter, 1, Verified, "", "counter", "Eva: Rör AB proposes another time for order 7-1: 2026-11-27 12:00-14:00"},
		"to an earlier one":  {1, "customer", message.Declined, 0, Verified, "answers an earlier invitation", "", ""},
		"accepted, unproved": {1, "customer", message.Accepted, 1, Known, "not carried out: the sender is known", "", ""},
		"declined, unproved": {1, "customer", message.Declined, 1, Known, "not carried out: the sender is known", "", "Eva: Anna declines the time of order 7-1"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := AnswerInvitation{Order: 1, Participant: x.who, Lane: x.lane, Answer: x.answer, Sequence: x.seq, Sender: x.sender, From: noon.AddDate(0, 0, 3), To: noon.AddDate(0, 0, 3).Add(2 * time.Hour)}
			c, entries, err := Do(booked, cmd, Actor{Via: ViaMail, Name: "x"}, noon, ids())
			if err != nil {
				t.Fatal(err)
			}
			e := entries[0]
			if e.Kind != KindInvitation || e.Lane != x.lane || e.Order != 1 || e.Change.To != x.answer || e.Why != x.why || (e.Visit != nil) != (x.answer == message.Counter) {
				t.Errorf("entry is %+v", e)
			}
			if got := c.Orders[0].Replies[x.who]; got != x.reply || strings.Join(waits(c), "") != x.todo || c.Orders[0].State != OrderBooked {
				t.Errorf("kept %q, to do %q", got, waits(c))
			}
			if len(booked.Orders[0].Replies) != 0 {
				t.Error("the case before was changed")
			}
			if c, _ = bookAt(t, c, noon.AddDate(0, 0, 9)); len(c.Orders[0].Replies) != 0 {
				t.Error("an answer counts for another time")
			}
		})
	}
	for name, cmd := range map[string]AnswerInvitation{
		"no order": {Order: 9, Participant: 1, Lane: "customer"}, "nobody": {Order: 1, Participant: 9, Lane: "customer"}, "another lane": {Order: 1, Participant: 1, Lane: "supplier-2"},
	} {
		if _, _, err := Do(booked, cmd, Actor{Via: ViaMail}, noon, ids()); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestVisitUIDs(t *testing.T) {
	if n, no, ok := ParseVisitUID(VisitUID(7, 2, 3) + "@a.example"); !ok || n != 7 || no != 2 {
		t.Errorf("%q is read as %d, %d, %v", VisitUID(7, 2, 3), n, no, ok)
	}
	for _, uid := range []string{"", "visit-", "visit-7", "visit-7-2", "visit--7-2-3", "x@y", "040000008200E00074C5B7101A82E008"} {
		if _, _, ok := ParseVisitUID(uid); ok {
			t.Errorf("%q is one of ours", uid)
		}
	}
}
