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

// reported opens a case by a mail, and returns it with the address of who wrote.
func reported(t *testing.T, d *desk.Desk, c *clock, n int, from string) (casework.Case, string) {
	t.Helper()
	placed := peer(t, d, c, n, from, "fel@a.example", "Kranen droppar", nil)
	cs, err := d.Case(t.Context(), "a", placed[0].Case)
	if err != nil {
		t.Fatal(err)
	}
	to, err := d.Router.Address("a", cs.Number, 1)
	if err != nil {
		t.Fatal(err)
	}
	return cs, to
}

// seen is what a participant reads of a case.
func seen(t *testing.T, d *desk.Desk, n casework.CaseNumber, no casework.ParticipantNo) (out []string) {
	t.Helper()
	s, err := d.Shown(t.Context(), "a", n, no, 50)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range s.Entries {
		switch {
		case e.Mail != nil:
			out = append(out, e.Mail.Content.Text)
		case e.MailOut.Auto == "":
			out = append(out, e.MailOut.Text)
		}
	}
	return out
}

// mails are those that an entry caused.
func mails(t *testing.T, d *desk.Desk, entry casework.EntryID) (out []casework.OutboxItem) {
	t.Helper()
	for _, o := range outbox(t, d) {
		if o.Entry == entry {
			out = append(out, o)
		}
	}
	return out
}

// Mail to a case that was merged is on the case in which it goes on, on a lane of the same people, and those who reported that one read none of it.
func TestMerge(t *testing.T) {
	d, c := noticing(t)
	a, anna := reported(t, d, c, 1, "anna@home.example")
	b, bo := reported(t, d, c, 2, "bo@home.example")
	again, again1 := reported(t, d, c, 3, "anna@home.example")
	after, err := d.Merge(t.Context(), "a", a.Number, b.Number, eva)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Merge(t.Context(), "a", again.Number, b.Number, eva); err != nil {
		t.Fatal(err)
	}
	p, lane, ok := after.ParticipantByMail("anna@home.example")
	if !ok || lane == "customer" || len(after.Lanes) != 2 {
		t.Fatalf("lanes: %+v", after.Lanes)
	}
	n := 10
	for name, x := range map[string]struct {
		from, to string
		change   func(*casework.Mail)
		lane     casework.LaneID
		sender   casework.Sender
	}{
		"a participant":      {"anna@home.example", anna, nil, lane, casework.Verified},
		"the second case":    {"anna@home.example", again1, nil, lane, casework.Verified},
		"whom it came to":    {"bo@home.example", bo, nil, "customer", casework.Verified},
		"somebody else":      {"mallory@bad.example", anna, nil, lane, casework.Unconfirmed},
		"by the subject":     {"anna@home.example", "fel@a.example", func(m *casework.Mail) { m.Content.Subject = fmt.Sprintf("Re: Kran [#%d]", a.Number) }, lane, casework.Verified},
		"by a Message-ID":    {"anna@home.example", "fel@a.example", func(m *casework.Mail) { m.Content.InReplyTo = []string{"1@home.example"} }, lane, casework.Verified},
		"who is away":        {"anna@home.example", anna, func(m *casework.Mail) { m.Content.Class = message.Automatic }, lane, casework.Verified},
		"quoted in the text": {"anna@home.example", "fel@a.example", func(m *casework.Mail) { m.Content.FullText = "> " + anna }, lane, casework.Verified},
	} {
		n++
		placed := peer(t, d, c, n, x.from, x.to, "Från "+name, x.change)
		e, err := d.Entry(t.Context(), "a", placed[0].Entry)
		if err != nil || placed[0].Case != b.Number || e.Lane != x.lane || e.MailIn.Sender != x.sender {
			t.Errorf("%s: %v: %+v on %s by %s, %v", name, err, placed, e.Lane, e.MailIn.Sender, e.MailIn.Matched)
		}
	}
	if old, err := d.Case(t.Context(), "a", a.Number); err != nil || old.Status != casework.StatusClosed || old.Links[0] != (casework.Link{Kind: casework.MergedInto, Case: b.Number}) {
		t.Errorf("%v: the merged case is %s, %+v", err, old.Status, old.Links)
	}
	for _, text := range seen(t, d, b.Number, 1) {
		if strings.Contains(text, "Från") && text != "Från whom it came to" {
			t.Errorf("Bo reads %q", text)
		}
	}
	for _, text := range seen(t, d, b.Number, p.No) {
		if text == "Kranen droppar" || text == "Från whom it came to" {
			t.Errorf("Anna reads %q", text)
		}
	}
	_, entries, err := d.Do(t.Context(), "a", b.Number, casework.Post{Lane: lane, Text: "Till Anna"}, eva, 0)
	if err != nil {
		t.Fatal(err)
	}
	if out := mails(t, d, entries[0].ID); len(out) != 1 || out[0].To.Email != "anna@home.example" || out[0].Case != b.Number {
		t.Errorf("a message to the lane went to %+v", out)
	}
}

// A merger is followed as far as it goes, and mail that comes late to the last case opens a new one.
func TestMergeAgain(t *testing.T) {
	d, c := noticing(t)
	a, anna := reported(t, d, c, 1, "anna@home.example")
	b, _ := reported(t, d, c, 2, "bo@home.example")
	last, _ := reported(t, d, c, 3, "cia@home.example")
	for _, m := range [][2]casework.CaseNumber{{a.Number, b.Number}, {b.Number, last.Number}} {
		if _, err := d.Merge(t.Context(), "a", m[0], m[1], eva); err != nil {
			t.Fatal(err)
		}
	}
	if got := peer(t, d, c, 10, "anna@home.example", anna, "Hej", nil); got[0].Case != last.Number {
		t.Errorf("placed at %+v", got)
	}
	setStatus(t, d, last.Number, casework.StatusClosed)
	c.forward(casework.ClosedFor + 1)
	placed := peer(t, d, c, 11, "anna@home.example", anna, "Hej igen", nil)
	if cs, err := d.Case(t.Context(), "a", placed[0].Case); err != nil || placed[0].Case <= last.Number || cs.Links[0] != (casework.Link{Kind: casework.Continues, Case: last.Number}) {
		t.Errorf("late: %v, %+v, %+v", err, placed, cs.Links)
	}
}

// What is split off stays where it was, is sent to nobody again, and is shown to those who saw it before.
func TestSplit(t *testing.T) {
	d, c := noticing(t)
	cs, supplier := supplied(t, d)
	anna, err := d.Router.Address("a", cs.Number, 1)
	if err != nil {
		t.Fatal(err)
	}
	mail := peer(t, d, c, 1, "anna@home.example", anna, "Och spisen är trasig", nil)[0].Entry
	theirs := peer(t, d, c, 2, "jour@ror.example", supplier, "Kommer i dag", nil)[0].Entry
	_, entries, err := d.Do(t.Context(), "a", cs.Number, casework.Post{Lane: "customer", Text: "Vi ser på det."}, eva, 0)
	if err != nil {
		t.Fatal(err)
	}
	before := len(outbox(t, d))
	split, err := d.Split(t.Context(), "a", cs.Number, desk.SplitOrder{
		Entries: []casework.EntryID{mail, theirs, entries[0].ID}, Open: casework.Open{Subject: "Spis", Description: "Trasig spis"}, By: eva,
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(outbox(t, d)) != before {
		t.Errorf("splitting sent mail: %+v", outbox(t, d)[before:])
	}
	if split.Reporter == nil || split.Reporter.Email != "anna@home.example" || len(split.Lanes) != 2 || split.Lanes[0].ID != "customer" || split.Links[0].Kind != casework.SplitFrom {
		t.Errorf("the new case: %+v", split)
	}
	if got := seen(t, d, split.Number, 1); fmt.Sprint(got) != "[Och spisen är trasig Vi ser på det.]" {
		t.Errorf("Anna reads %q there", got)
	}
	if got := seen(t, d, split.Number, 2); fmt.Sprint(got) != "[Kommer i dag]" {
		t.Errorf("the supplier reads %q there", got)
	}
	if got := seen(t, d, cs.Number, 1); fmt.Sprint(got) != "[Och spisen är trasig Vi ser på det.]" {
		t.Errorf("Anna reads %q on the first case", got)
	}
	p, err := d.Entries(t.Context(), "a", split.Number, nil, 100)
	if err != nil {
		t.Fatal(err)
	}
	points := 0
	for _, e := range p.Items {
		if o := e.Origin; o != nil && o.Case == cs.Number && o.Entry != e.ID && !o.At.IsZero() {
			points++
		}
	}
	if points != 3 {
		t.Errorf("%d entries point at those of the first case", points)
	}
}

// An entry that is moved is gone for those outside where it was; where it comes to it lies with the same people, whoever else is there.
func TestMoveEntry(t *testing.T) {
	d, c := noticing(t)
	a, anna := reported(t, d, c, 1, "anna@home.example")
	b, _ := reported(t, d, c, 2, "bo@home.example")
	mail := peer(t, d, c, 3, "anna@home.example", anna, "Fel ärende", nil)[0].Entry
	moved, err := d.MoveEntry(t.Context(), "a", mail, b.Number, eva)
	if err != nil {
		t.Fatal(err)
	}
	if got := seen(t, d, a.Number, 1); fmt.Sprint(got) != "[Kranen droppar]" {
		t.Errorf("Anna still reads %q", got)
	}
	if got := seen(t, d, b.Number, 1); fmt.Sprint(got) != "[Kranen droppar]" {
		t.Errorf("Bo reads %q", got)
	}
	if got := seen(t, d, b.Number, moved.MailIn.Participant); fmt.Sprint(got) != "[Fel ärende]" || moved.Origin.Entry != mail {
		t.Errorf("Anna reads %q there, %+v", got, moved)
	}
	answer := func(m *casework.Mail) { m.Content.InReplyTo = []string{"3@home.example"} }
	if got := peer(t, d, c, 4, "anna@home.example", "fel@a.example", "Tillägg", answer); got[0].Case != b.Number {
		t.Errorf("an answer to it is at %+v", got)
	}
	if _, err := d.MoveEntry(t.Context(), "a", mail, b.Number, eva); !fault.Is(err, fault.Conflict) {
		t.Errorf("twice: %v", err)
	}
	if _, err := d.MoveEntry(t.Context(), "a", "none", b.Number, eva); !fault.Is(err, fault.NotFound) {
		t.Errorf("none: %v", err)
	}
}

// One update goes to the customers of each report by itself, and to nobody else.
func TestIncident(t *testing.T) {
	d, c := noticing(t)
	incident, err := d.Open(t.Context(), "a", casework.Open{Subject: "Inget vatten i kvarteret"}, eva)
	if err != nil {
		t.Fatal(err)
	}
	var reports []casework.CaseNumber
	for i, who := range []string{"anna@home.example", "bo@home.example", "cia@home.example"} {
		cs, _ := reported(t, d, c, i+1, who)
		command(t, d, cs.Number, casework.Order{Email: "jour@ror.example", MailOut: casework.MailOut{Text: "Se"}})
		link := casework.Link{Kind: casework.ParentOf, Case: cs.Number}
		if _, err := d.Link(t.Context(), "a", incident.Number, link, eva); err != nil {
			t.Fatal(err)
		}
		reports = append(reports, cs.Number)
	}
	setStatus(t, d, reports[2], casework.StatusClosed)
	before := len(outbox(t, d))
	note, told, err := d.TellChildren(t.Context(), "a", incident.Number, "Vattnet är tillbaka.", eva)
	if err != nil || fmt.Sprint(told) != fmt.Sprint(reports[:2]) || note.Kind != casework.KindNote || note.Case != incident.Number {
		t.Fatalf("%v: %v, %+v", err, told, note)
	}
	var out []casework.OutboxItem
	for _, n := range reports {
		p, err := d.Entries(t.Context(), "a", n, nil, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range p.Items {
			if e.MailOut != nil && e.MailOut.Text == "Vattnet är tillbaka." {
				out = append(out, e.Outgoing...)
			}
		}
	}
	if got := len(outbox(t, d)) - before; got != 2 {
		t.Errorf("%d mails in all", got)
	}
	for i, who := range []string{"anna@home.example", "bo@home.example"} {
		if len(out) != 2 || out[i].To.Email != who || out[i].Case != reports[i] {
			t.Fatalf("mails: %+v", out)
		}
	}
	if out[0].ReplyTo == out[1].ReplyTo || out[0].Entry == out[1].Entry {
		t.Errorf("they share what is theirs: %+v", out)
	}
	// A report that is merged takes its incident along.
	other, _ := reported(t, d, c, 9, "dan@home.example")
	if after, err := d.Merge(t.Context(), "a", reports[0], other.Number, eva); err != nil {
		if !fault.Is(err, fault.Conflict) { // the supplier still works on it
			t.Fatal(err)
		}
		command(t, d, reports[0], casework.WithdrawOrder{Order: 1})
		if after, err = d.Merge(t.Context(), "a", reports[0], other.Number, eva); err != nil || fmt.Sprint(after.Linked(casework.ChildOf)) != fmt.Sprint([]casework.CaseNumber{incident.Number}) {
			t.Errorf("%v: %+v", err, after.Links)
		}
	}
	after, err := d.Unlink(t.Context(), "a", incident.Number, casework.Link{Kind: casework.ParentOf, Case: reports[1]}, eva)
	if err != nil || len(after.Linked(casework.ParentOf)) != 3 {
		t.Errorf("%v: %+v", err, after.Links)
	}
	if cs, err := d.Case(t.Context(), "a", reports[1]); err != nil || len(cs.Links) != 0 {
		t.Errorf("%v: the other end stays: %+v", err, cs.Links)
	}
	if _, _, err := d.TellChildren(t.Context(), "a", reports[1], "x", eva); !fault.Is(err, fault.Conflict) {
		t.Errorf("an update to nobody: %v", err)
	}
}
