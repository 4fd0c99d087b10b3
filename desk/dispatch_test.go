package desk_test

import (
	"testing"
	"time"

	"smartmail/access"
	"smartmail/casework"
	"smartmail/desk"
	"smartmail/fault"
	"smartmail/property"
	"smartmail/register"
)

// settle registers a tenant with a home, classes and routes.
func settle(t *testing.T, d *desk.Desk) {
	t.Helper()
	week := 7
	save := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, o := range []property.Object{
		{ID: "norr", Kind: property.Area, Name: "Norr"}, {ID: "kv", Kind: property.Property, Parent: "norr", Name: "Ekorren"}, {ID: "1001", Kind: property.Unit, Parent: "kv", Name: "Lgh 1001"},
	} {
		_, err := d.Objects().Save(t.Context(), "a", o, eva, 0)
		save(err)
	}
	for _, c := range []register.Contact{
		{ID: "anna", Parts: []register.Part{register.Customer}, Name: "Anna Ek", Emails: []string{"anna@home.example"}, Phones: []string{"070-1"}, Language: "en"},
		{ID: "nora", Parts: []register.Part{register.Technician}, Name: "Nora", Emails: []string{"nora@landlord.example"}},
		{ID: "ror", Parts: []register.Part{register.Supplier}, Name: "Rör AB"},
	} {
		_, err := d.Contacts().Save(t.Context(), "a", c, eva, 0)
		save(err)
	}
	_, err := d.Tenancies().Save(t.Context(), "a", register.Tenancy{ID: "t", Customer: "anna", Object: "1001", From: "2020-01-01"}, eva, 0)
	save(err)
	for _, c := range []register.Class{
		{Path: "VVS", Days: &week, Fields: []register.Field{{Name: "Orsak", Type: register.Text, Required: "done"}}},
		{Path: "VVS > Blandare", Template: "Var droppar det?", Fields: []register.Field{{Name: "Byten", Type: register.Number, Required: "closed"}}},
		{Path: "El", Assignee: "nora"},
	} {
		_, err := d.Classes().Save(t.Context(), "a", c, eva, 0)
		save(err)
	}
	_, err = d.Routes().Save(t.Context(), "a", register.Route{ID: "vvs-norr", Class: "VVS", Object: "norr", Assignee: "nora", Supplier: "ror"}, eva, 0)
	save(err)
}

// A new case knows its home, its deadline, and who takes care of it.
func TestDispatch(t *testing.T) {
	d, _ := open(t, t.TempDir())
	settle(t, d)
	anna := &casework.Reporter{Email: "Anna@home.example"}
	for name, x := range map[string]struct {
		cmd      casework.Open
		assignee string
		proposed string
		object   string
		days     int
		text     string
	}{
		"route":          {casework.Open{Subject: "Kran", Class: "VVS > Blandare", Reporter: anna}, "nora", "ror", "1001", 7, "Var droppar det?"},
		"elsewhere":      {casework.Open{Subject: "Kran", Class: "VVS", Object: "syd", Description: "x"}, "", "", "syd", 7, "x"},
		"by class":       {casework.Open{Subject: "Lampa", Class: "El", Reporter: anna, Priority: "1"}, "nora", "", "1001", 1, ""},
		"unknown class":  {casework.Open{Subject: "Lås", Class: "Låssmed", Reporter: anna}, "", "", "1001", 0, ""},
		"unknown person": {casework.Open{Subject: "Lås", Reporter: &casework.Reporter{Email: "bo@home.example"}}, "", "", "", 0, ""},
	} {
		c, err := d.Open(t.Context(), "a", x.cmd, eva)
		if err != nil {
			t.Fatal(err)
		}
		due := time.Time{}
		if x.days > 0 {
			due = c.CreatedAt.AddDate(0, 0, x.days)
		}
		status := casework.StatusNew
		if x.assignee != "" {
			status = casework.StatusAssigned
		}
		if c.Assignee != x.assignee || c.Proposed != x.proposed || c.Object != x.object || !c.DueAt.Equal(due) || c.Description != x.text || c.Status != status {
			t.Errorf("%s: %+v", name, c)
		}
		if x.cmd.Reporter == anna && (c.Reporter.Name != "Anna Ek" || c.Reporter.Phone != "070-1" || c.Reporter.Language != "en") {
			t.Errorf("%s: reporter %+v", name, c.Reporter)
		}
	}
	found, err := d.Cases(t.Context(), "a", desk.CaseFilter{Area: "norr"}, nil, 10)
	if err != nil || len(found.Items) != 3 {
		t.Errorf("in the area: %d cases, %v", len(found.Items), err)
	}
}

// What the class requires is filled in before the case is done, or closed, and is what the class takes.
func TestRequiredFields(t *testing.T) {
	d, _ := open(t, t.TempDir())
	settle(t, d)
	c, err := d.Open(t.Context(), "a", casework.Open{Subject: "Kran", Class: "VVS > Blandare"}, eva)
	if err != nil {
		t.Fatal(err)
	}
	done, closed, lamp := casework.StatusDone, casework.StatusClosed, "El"
	for _, x := range []struct {
		edit casework.Edit
		kind fault.Kind
		ok   bool
	}{
		{casework.Edit{Status: &done}, fault.Conflict, false},
		{casework.Edit{Fields: map[string]string{"Byten": "två"}}, fault.Invalid, false},
		{casework.Edit{Status: &done, Fields: map[string]string{"Orsak": "packning"}}, 0, true},
		{casework.Edit{Status: &closed}, fault.Conflict, false},
		{casework.Edit{Status: &closed, Fields: map[string]string{"Byten": "2", "Orsak": ""}}, fault.Conflict, false},
		{casework.Edit{Status: &closed, Fields: map[string]string{"Byten": "2"}, Why: "allt klart"}, 0, true},
	} {
		_, entries, err := d.Do(t.Context(), "a", c.Number, x.edit, eva, 0)
		if x.ok != (err == nil) || !x.ok && !fault.Is(err, x.kind) {
			t.Errorf("%+v: %v", x.edit, err)
		}
		if last := len(entries) - 1; x.ok && (entries[last].Kind != casework.KindStatus || entries[last].Why != x.edit.Why) {
			t.Errorf("%+v tells %+v", x.edit, entries)
		}
	}
	other, err := d.Open(t.Context(), "a", casework.Open{Subject: "Kran", Class: "VVS"}, eva)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.Do(t.Context(), "a", other.Number, casework.Edit{Status: &done, Class: &lamp}, eva, 0); err != nil {
		t.Errorf("the class that it has after the change counts: %v", err)
	}
}

// Of several contacts with one address that one is the reporter who lives and rents today; who is archived hides nobody.
func TestSharedAddress(t *testing.T) {
	d, clock := open(t, t.TempDir())
	settle(t, d)
	today := clock.Now().UTC()
	day := func(days int) register.Date { return register.Date(today.AddDate(0, 0, days).Format(time.DateOnly)) }
	for _, x := range []struct {
		id       string // before and after anna
		archived bool
		from, to int // days of his tenancy of kv; both 0: none
		reporter string
	}{
		{"aaron", true, -9, 9, "Anna Ek"},   // archived though he rents still
		{"zeno", true, 0, 0, "Anna Ek"},     //
		{"abel", false, 0, 0, "Anna Ek"},    // lives, rents nothing
		{"abbe", false, -90, -1, "Anna Ek"}, // moved out
		{"adam", false, -1, 90, "adam"},     // both rent: the first by id
	} {
		c := register.Contact{ID: x.id, Parts: []register.Part{register.Customer}, Name: x.id, Emails: []string{"anna@home.example"}, Segment: "s-" + x.id, Archived: x.archived}
		if _, err := d.Segments().Save(t.Context(), "a", register.Segment{ID: c.Segment, Name: x.id}, eva, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Contacts().Save(t.Context(), "a", c, eva, 0); err != nil {
			t.Fatal(err)
		}
		if x.from != x.to {
			if _, err := d.Tenancies().Save(t.Context(), "a", register.Tenancy{ID: "t-" + x.id, Customer: x.id, Object: "kv", From: day(x.from), To: day(x.to)}, eva, 0); err != nil {
				t.Fatal(err)
			}
		}
		opened, err := d.Open(t.Context(), "a", casework.Open{Subject: "Kran", Reporter: &casework.Reporter{Email: "anna@home.example"}}, eva)
		if err != nil || opened.Reporter.Name != x.reporter {
			t.Errorf("with %s: %+v, %v", x.id, opened.Reporter, err)
		}
		_, err = d.For(access.Grant{Role: access.Full().Role, Scope: access.Scope{Segments: []string{c.Segment}}}).Case(t.Context(), "a", opened.Number)
		if mine := x.reporter == x.id; mine != (err == nil) {
			t.Errorf("who sees the segment of %s sees the case: %v", x.id, err)
		}
	}
	if _, err := d.Contacts().Save(t.Context(), "a", register.Contact{ID: "old", Parts: []register.Part{register.Customer}, Name: "Gone", Emails: []string{"old@home.example"}, Archived: true}, eva, 0); err != nil {
		t.Fatal(err)
	}
	if c, err := d.Open(t.Context(), "a", casework.Open{Subject: "Kran", Reporter: &casework.Reporter{Email: "old@home.example"}}, eva); err != nil || c.Reporter.Name != "" {
		t.Errorf("who is archived reports: %+v, %v", c.Reporter, err)
	}
}

// Who is given cases works here, and has not left; a name that is no contact's is taken as it is.
func TestAssigneesWorkHere(t *testing.T) {
	d, _ := open(t, t.TempDir())
	settle(t, d)
	refused := func(what string, err error) {
		t.Helper()
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err := d.Classes().Save(t.Context(), "a", register.Class{Path: "Lås", Assignee: "anna"}, eva, 0)
	refused("a class of a tenant", err)
	_, err = d.Routes().Save(t.Context(), "a", register.Route{ID: "x", Class: "El", Assignee: "ror"}, eva, 0)
	refused("a route to a supplier as to one of us", err)
	_, err = d.Routes().Save(t.Context(), "a", register.Route{ID: "x", Class: "El", Supplier: "nora"}, eva, 0)
	refused("a route to one of us as to a supplier", err)

	c, err := d.Open(t.Context(), "a", casework.Open{Subject: "Lampa"}, eva)
	if err != nil {
		t.Fatal(err)
	}
	for assignee, works := range map[string]bool{"anna": false, "ror": false, "nora": true, "Vaktmästare 3": true, "": true} {
		_, _, err := d.Do(t.Context(), "a", c.Number, casework.Edit{Assignee: &assignee}, eva, 0)
		if works != (err == nil) || err != nil && !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", assignee, err)
		}
	}

	gone := register.Contact{ID: "nora", Parts: []register.Part{register.Technician}, Name: "Nora", Emails: []string{"nora@landlord.example"}, Archived: true}
	if _, err := d.Contacts().Save(t.Context(), "a", gone, eva, 0); err != nil {
		t.Fatal(err)
	}
	for class, supplier := range map[string]string{"VVS": "ror", "El": ""} {
		c, err := d.Open(t.Context(), "a", casework.Open{Subject: "x", Class: class, Object: "1001"}, eva)
		if err != nil || c.Assignee != "" || c.Proposed != supplier {
			t.Errorf("%s: given to %q, %q proposed, %v", class, c.Assignee, c.Proposed, err)
		}
	}
}
