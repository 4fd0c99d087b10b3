package desk_test

import (
	"strings"
	"testing"

	"smartmail/casework"
	"smartmail/desk"
	"smartmail/fault"
)

// A merger that is taken back: mail to the case's addresses comes to it again, what came meanwhile stays, and its customers hear of nothing.
func TestUnmerge(t *testing.T) {
	d, c := noticing(t)
	n := d.Notices["a"]
	n.Status = casework.Statuses()
	d.Notices["a"] = n
	a, anna := reported(t, d, c, 1, "anna@home.example")
	b, bo := reported(t, d, c, 2, "bo@home.example")
	incident := newCase(t, d, "Inget vatten")
	if _, err := d.Link(t.Context(), "a", incident.Number, casework.Link{Kind: casework.ParentOf, Case: a.Number}, eva); err != nil {
		t.Fatal(err)
	}
	setStatus(t, d, a.Number, casework.StatusStarted)
	after, err := d.Merge(t.Context(), "a", a.Number, b.Number, eva)
	if err != nil || len(after.Linked(casework.ChildOf)) != 1 {
		t.Fatal(err, after.Links)
	}
	stays := peer(t, d, c, 3, "anna@home.example", anna, "Meanwhile", nil)[0]
	peer(t, d, c, 4, "bo@home.example", bo, "Mitt", nil)
	_, lane, _ := after.ParticipantByMail("anna@home.example")
	command(t, d, b.Number, casework.Post{Lane: lane, Text: "Till Anna"})
	before := len(outbox(t, d))

	own, err := d.Unmerge(t.Context(), "a", a.Number, eva)
	if err != nil || own.Number != a.Number || own.Status != casework.StatusStarted || own.Merged != nil || len(own.Links) != 1 {
		t.Fatalf("%v: %+v", err, own)
	}
	if got := len(outbox(t, d)); got != before {
		t.Errorf("%d mails tell of it", got-before)
	}
	other, err := d.Case(t.Context(), "a", b.Number)
	if err != nil || len(other.Links) != 0 {
		t.Errorf("%v: the other case is tied to %+v", err, other.Links)
	}
	for _, number := range []casework.CaseNumber{a.Number, b.Number} {
		p, err := d.Entries(t.Context(), "a", number, nil, 100)
		if err != nil {
			t.Fatal(err)
		}
		told := false
		for _, e := range p.Items {
			told = told || e.Kind == casework.KindLink && strings.Contains(e.Why, "taken back; 2 of what came")
		}
		if !told {
			t.Errorf("case %d does not tell of it", number)
		}
	}
	if got := peer(t, d, c, 5, "anna@home.example", anna, "Åter", nil); got[0].Case != a.Number {
		t.Errorf("her mail is at %+v", got)
	}
	if _, err := d.MoveEntry(t.Context(), "a", stays.Entry, a.Number, eva); err != nil || stays.Case != b.Number {
		t.Errorf("what came meanwhile, on case %d, is moved: %v", stays.Case, err)
	}
	before = len(outbox(t, d))
	setStatus(t, d, b.Number, casework.StatusDone)
	news := 0
	for _, o := range outbox(t, d) {
		if o.To.Email == "anna@home.example" && o.Case == b.Number && o.Lane == lane {
			news++
		}
	}
	if news != 1 || len(outbox(t, d)) == before { // what staff wrote
		t.Errorf("%d mails to Anna about a case that is not hers", news)
	}
	if _, err := d.Unmerge(t.Context(), "a", a.Number, eva); !fault.Is(err, fault.Conflict) {
		t.Errorf("twice: %v", err)
	}
	if _, err := d.Unmerge(t.Context(), "a", 99, eva); !fault.Is(err, fault.NotFound) {
		t.Errorf("no case: %v", err)
	}
}

// Mergers are taken back in turn, the last one first, and never from a case whose people were erased.
func TestUnmergeInTurn(t *testing.T) {
	d, c := noticing(t)
	a, anna := reported(t, d, c, 1, "anna@home.example")
	b, _ := reported(t, d, c, 2, "bo@home.example")
	last, _ := reported(t, d, c, 3, "cia@home.example")
	for _, m := range [][2]casework.CaseNumber{{a.Number, b.Number}, {b.Number, last.Number}} {
		if _, err := d.Merge(t.Context(), "a", m[0], m[1], eva); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.Unmerge(t.Context(), "a", a.Number, eva); !fault.Is(err, fault.Conflict) || !strings.Contains(fault.Public(err), "case 2 was merged into case 3") {
		t.Errorf("out of turn: %v", err)
	}
	if _, err := d.Unmerge(t.Context(), "a", b.Number, eva); err != nil {
		t.Fatal(err)
	}
	if got := peer(t, d, c, 9, "anna@home.example", anna, "Hej", nil); got[0].Case != b.Number {
		t.Errorf("placed at %+v", got)
	}
	if _, err := d.Erase(t.Context(), "a", desk.Erasure{Whose: desk.Whose{Email: "bo@home.example"}, By: eva}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Unmerge(t.Context(), "a", a.Number, eva); err != nil { // of one person, whose case it is not
		t.Error(err)
	}
}
