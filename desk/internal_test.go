package desk_test

import (
	"slices"
	"testing"

	"smartmail/access"
	"smartmail/casework"
	"smartmail/desk"
	"smartmail/fault"
	"smartmail/message"
	"smartmail/search"
)

// lockwork is an internal case that Anna is said to have reported, with the order of a supplier, whose address on it is returned.
func lockwork(t *testing.T, d *desk.Desk) (casework.Case, string) {
	t.Helper()
	cs, err := d.Open(t.Context(), "a", casework.Open{Subject: "Byt lås", Internal: true, Reporter: &casework.Reporter{Email: "anna@home.example"}}, eva)
	if err != nil {
		t.Fatal(err)
	}
	command(t, d, cs.Number, casework.Order{Email: "jour@ror.example", MailOut: casework.MailOut{Text: "Byt"}})
	to, err := d.Router.Address("a", cs.Number, 1)
	if err != nil {
		t.Fatal(err)
	}
	return cs, to
}

// Nothing of an internal case goes to a customer, and nothing that one writes lies on it or is lost.
func TestInternalCase(t *testing.T) {
	d, c := noticing(t)
	n := d.Notices["a"]
	n.Status, n.Booked = casework.Statuses(), true
	d.Notices["a"] = n
	cs, supplier := lockwork(t, d)
	copied := func(m *casework.Mail) { m.Content.Cc = []message.Mailbox{{Email: "anna@home.example"}} }
	if got := peer(t, d, c, 1, "jour@ror.example", supplier, "BOKAT 2026-12-01 09:00", copied); got[0].Case != cs.Number {
		t.Fatalf("the supplier's mail is at %+v", got)
	}
	setStatus(t, d, cs.Number, casework.StatusDone)
	answer := func(m *casework.Mail) { m.Content.InReplyTo = []string{"1@ror.example"} }
	own := peer(t, d, c, 2, "anna@home.example", "fel@a.example", "Jag kan inte då", answer)
	if own[0].Case == cs.Number || own[0].Case == 0 {
		t.Errorf("what she answers is at %+v", own)
	}
	held := peer(t, d, c, 3, "anna@home.example", supplier, "Jag kan inte då heller", answer)
	if held[0].Triage == "" || held[0].Case != 0 {
		t.Fatalf("what she writes to the supplier's address is at %+v", held)
	}
	for _, o := range outbox(t, d) {
		if o.Case == cs.Number && o.To.Email != "jour@ror.example" {
			t.Errorf("%s hears of it", o.To.Email)
		}
	}
	// A person may put it there: for the house alone.
	if _, err := d.Triage(t.Context(), "a", held[0].Triage, desk.TriageOrder{Action: desk.Attach, Case: cs.Number, By: eva}); err != nil {
		t.Fatal(err)
	}
	p, err := d.Entries(t.Context(), "a", cs.Number, nil, 200)
	if err != nil {
		t.Fatal(err)
	}
	if e := p.Items[len(p.Items)-1]; e.Kind != casework.KindMailIn || e.Lane != "internal" {
		t.Errorf("it lies at %+v", e.Entry)
	}
	if _, err := d.Merge(t.Context(), "a", own[0].Case, cs.Number, eva); !fault.Is(err, fault.Conflict) {
		t.Errorf("merged with a customer's case: %v", err)
	}
	if _, err := d.MoveEntry(t.Context(), "a", own[0].Entry, cs.Number, eva); !fault.Is(err, fault.Conflict) {
		t.Errorf("her mail is moved there: %v", err)
	}
}

// A case becomes internal until a customer has heard of it.
func TestBecomesInternal(t *testing.T) {
	d, c := noticing(t)
	cs := newCase(t, d, "Kran")
	edit(t, d, cs.Number, casework.Edit{Internal: new(true)})
	edit(t, d, cs.Number, casework.Edit{Internal: new(false)})
	command(t, d, cs.Number, casework.AddParticipant{Kind: casework.LaneCustomer, Email: "anna@home.example"})
	edit(t, d, cs.Number, casework.Edit{Internal: new(true)})
	edit(t, d, cs.Number, casework.Edit{Internal: new(false)})
	command(t, d, cs.Number, casework.AddParticipant{Kind: casework.LaneCustomer, Email: "anna@home.example"})
	command(t, d, cs.Number, casework.Post{Lane: "customer", Text: "Hej"})
	mailed, _ := reported(t, d, c, 1, "bo@home.example")
	for _, n := range []casework.CaseNumber{cs.Number, mailed.Number} {
		if _, _, err := d.Do(t.Context(), "a", n, casework.Edit{Internal: new(true)}, eva, 0); !fault.Is(err, fault.Conflict) {
			t.Errorf("case %d, of which a customer has heard: %v", n, err)
		}
	}
}

// What is split off an internal case is internal, and so is what goes on from one that was closed long ago.
func TestInternalGoesOn(t *testing.T) {
	d, c := noticing(t)
	cs, supplier := lockwork(t, d)
	got := peer(t, d, c, 1, "jour@ror.example", supplier, "En sak till", nil)
	split, err := d.Split(t.Context(), "a", cs.Number, desk.SplitOrder{Entries: []casework.EntryID{got[0].Entry}, Open: casework.Open{Subject: "Till"}, By: eva})
	if err != nil || !split.Internal {
		t.Errorf("%+v, %v", split, err)
	}
	setStatus(t, d, cs.Number, casework.StatusClosed)
	c.forward(casework.ClosedFor + 1)
	got = peer(t, d, c, 2, "jour@ror.example", supplier, "Faktura?", nil)
	if on, err := d.Case(t.Context(), "a", got[0].Case); err != nil || on.Number == cs.Number || !on.Internal {
		t.Errorf("%+v, %v", on, err)
	}
}

// From outside an internal case is seen by its suppliers alone, whatever the scope.
func TestWhoSeesInternalCases(t *testing.T) {
	d, _ := noticing(t)
	cs, _ := lockwork(t, d)
	roles := append(access.Roles(), access.Role{ID: "titles", Permissions: []access.Permission{access.ReadCases}})
	for _, x := range []struct {
		role  string
		scope access.Scope
		want  bool
	}{
		{"customer", access.Scope{Own: []string{"anna@home.example"}}, false},
		{"titles", access.Scope{}, false},
		{"supplier", access.Scope{Own: []string{"jour@ror.example"}}, true},
		{"supplier", access.Scope{Suppliers: []string{"jour@ror.example"}}, true},
		{"supplier", access.Scope{Own: []string{"other@ror.example"}}, false},
		{"reader", access.Scope{}, true},
		{"technician", access.Scope{Own: []string{"anna@home.example"}}, true},
	} {
		role := roles[slices.IndexFunc(roles, func(r access.Role) bool { return r.ID == x.role })]
		g := d.For(access.Grant{Role: role, Scope: x.scope})
		seen, err := g.Case(t.Context(), "a", cs.Number)
		if (err == nil) != x.want || err != nil && !fault.Is(err, fault.NotFound) {
			t.Errorf("%s %+v: %v", x.role, x.scope, err)
		}
		if x.role == "supplier" && seen.Internal {
			t.Errorf("a supplier is told that it is internal")
		}
		for _, q := range []search.Query{{}, {Internal: new(true)}} {
			page, err := g.Cases(t.Context(), "a", desk.CaseFilter{Query: q}, nil, 10)
			if want := x.want && (q.Internal == nil || x.role != "supplier"); err != nil || slices.ContainsFunc(page.Items, func(c casework.Case) bool { return c.Number == cs.Number }) != want {
				t.Errorf("%s %+v lists %+v, %v", x.role, x.scope, page.Items, err)
			}
		}
	}
}
