package threading

import (
	"slices"
	"testing"

	"smartmail/casework"
	"smartmail/message"
)

// What a person writes who takes no part in an internal case is not on it, whatever leads there: it opens a case where it came to an intake
// address, and else waits for a person.
func TestInternalCase(t *testing.T) {
	r, _ := rig(t)
	look := stocked()
	c := casework.Case{Org: "a", Number: 9, Subject: "Byt lås", Status: casework.StatusStarted, Internal: true, Reporter: &casework.Reporter{Email: "anna@home.example"}, Lanes: []casework.Lane{
		{ID: "supplier-2", Kind: casework.LaneSupplier, Participants: []casework.Participant{{No: 2, Name: "Rör AB", Email: "jour@ror.example"}}},
		{ID: "internal", Kind: casework.LaneInternal, Participants: []casework.Participant{{No: 3, Email: "nora@landlord.example"}}},
	}}
	late := c
	late.Number, late.Status, late.ClosedAt = 10, casework.StatusClosed, noon.AddDate(0, -1, 0)
	look.cases[9], look.cases[10] = c, late
	look.refs["order@ror.example"] = []casework.Reference{{Org: "a", MessageID: "order@ror.example", Case: 9, Lane: "supplier-2", Received: true, People: []string{"jour@ror.example", "anna@home.example"}}}
	supplier, err := r.Address("a", 9, 2)
	if err != nil {
		t.Fatal(err)
	}
	closed, err := r.Address("a", 10, 2)
	if err != nil {
		t.Fatal(err)
	}
	const intake = "fel@case.a.example"
	answers := func(c *message.Content) { c.InReplyTo = []string{"order@ror.example"} }
	for name, x := range map[string]struct {
		to, from string
		edit     func(*message.Content)
		want     place
	}{
		"the supplier":              {supplier, "jour@ror.example", nil, place{OnCase, 9, "supplier-2", casework.Known, ByToken}},
		"one who writes for him":    {supplier, "montor@firma.example", nil, place{OnCase, 9, "supplier-2", casework.Known, ByToken}},
		"the supplier's copy":       {intake, "jour@ror.example", answers, place{OnCase, 9, "supplier-2", casework.Known, ByReference}},
		"one of the house":          {intake, "nora@landlord.example", func(c *message.Content) { c.Subject = "ärende 9" }, place{OnCase, 9, "internal", casework.Known, BySubject}},
		"the supplier, too late":    {closed, "jour@ror.example", nil, place{NewCase, 10, "", casework.Known, ByToken}},
		"a customer, by token":      {supplier, "anna@home.example", nil, place{Triage, 9, "", casework.Unconfirmed, ByToken}},
		"a customer, token, late":   {closed, "anna@home.example", nil, place{Triage, 10, "", casework.Unconfirmed, ByToken}},
		"a customer, by reference":  {intake, "anna@home.example", answers, place{NewCase, 0, "", casework.Known, ByNew}},
		"a customer, by number":     {intake, "anna@home.example", func(c *message.Content) { c.Subject = "ärende 9" }, place{NewCase, 0, "", casework.Known, ByNew}},
		"a customer, token in Cc":   {intake, "anna@home.example", func(c *message.Content) { c.Cc = []message.Mailbox{{Email: supplier}} }, place{NewCase, 0, "", casework.Known, ByNew}},
		"a customer, to postmaster": {"postmaster@case.a.example", "anna@home.example", answers, place{Triage, 9, "", casework.Known, ByReference}},
		"without From":              {supplier, "", nil, place{Triage, 9, "", casework.Unconfirmed, ByToken}},
		"a machine":                 {supplier, "noreply@ror.example", func(c *message.Content) { c.Class = message.Automatic }, place{OnCase, 9, "supplier-2", casework.Unconfirmed, ByToken}},
		"a bounce":                  {supplier, "mailer-daemon@ror.example", func(c *message.Content) { c.Class = message.Bounce }, place{OnCase, 9, "supplier-2", casework.Unconfirmed, ByToken}},
	} {
		m := message.Content{Class: message.Personal, Subject: "SV: Byt lås", From: message.Mailbox{Email: x.from}}
		if x.edit != nil {
			x.edit(&m)
		}
		route, err := r.Route(x.to)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Resolve(Mail{Org: "a", Content: m, Routes: []Route{route}, At: noon}, r, look)
		if err != nil || len(got) != 1 {
			t.Fatalf("%s: %+v, %v", name, got, err)
		}
		p, n := got[0], got[0].Case
		if p.Target == NewCase {
			n = p.Continues
		}
		if is := (place{p.Target, n, p.Lane, p.Sender, p.Matched.By}); is != x.want || p.Internal != (p.Continues == 10) {
			t.Errorf("%s: %+v", name, p)
		}
		if p.Target == Triage && (p.Why == "" || !slices.Contains(p.Rcpt, x.to)) {
			t.Errorf("%s: nobody is told why: %+v", name, p)
		}
	}
}
