package desk_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"smartmail/access"
	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/desk"
	"smartmail/fault"
	"smartmail/message"
	"smartmail/property"
	"smartmail/register"
)

// todos are codes and cases of what waits for somebody, read in pages of that many.
func todos(t *testing.T, d *desk.Desk, who string, limit int) (all []string) {
	t.Helper()
	for after := casestore.Key(nil); ; {
		p, err := d.Todos(t.Context(), "a", who, after, limit)
		if err != nil || len(p.Items) > limit {
			t.Fatal(len(p.Items), err)
		}
		for _, i := range p.Items {
			all = append(all, fmt.Sprintf("%s %s %d", i.Urgency, i.Code, i.Case.Number))
		}
		if after = p.Next; after == nil {
			return all
		}
	}
}

// staffed is a desk with an area, its technician Nora, and the manager Mats.
func staffed(t *testing.T) (*desk.Desk, *clock) {
	t.Helper()
	d, c := noticing(t)
	for _, o := range []property.Object{
		{ID: "norr", Kind: property.Area, Name: "Norr"}, {ID: "kv", Kind: property.Property, Parent: "norr", Name: "Ekorren"}, {ID: "1001", Kind: property.Unit, Parent: "kv", Name: "Lgh 1001"},
	} {
		if _, err := d.Objects().Save(t.Context(), "a", o, eva, 0); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range []register.Contact{
		{ID: "nora", Parts: []register.Part{register.Technician}, Name: "Nora Nord", Emails: []string{"nora@landlord.example"}, Phones: []string{"070-174 06 05"}, Areas: []string{"norr"}},
		{ID: "mats", Parts: []register.Part{register.Manager}, Name: "Mats", Emails: []string{"mats@landlord.example"}},
	} {
		if _, err := d.Contacts().Save(t.Context(), "a", p, eva, 0); err != nil {
			t.Fatal(err)
		}
	}
	return d, c
}

// kase opens a case at an object, for somebody.
func kase(t *testing.T, d *desk.Desk, object, assignee string, p casework.Priority) casework.Case {
	t.Helper()
	c, err := d.Open(t.Context(), "a", casework.Open{Subject: "Kran", Object: object, Priority: p, Reporter: &casework.Reporter{Email: "anna@home.example"}}, eva)
	if err != nil {
		t.Fatal(err)
	}
	return edit(t, d, c.Number, casework.Edit{Assignee: &assignee})
}

func edit(t *testing.T, d *desk.Desk, n casework.CaseNumber, e casework.Edit) casework.Case {
	t.Helper()
	c, _, err := d.Do(t.Context(), "a", n, e, eva, 0)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// What waits for a person is the most urgent first, and found in pages of any size.
func TestTodoInOrder(t *testing.T) {
	d, c := staffed(t)
	kase(t, d, "1001", "nora", "1") // 1: overdue
	kase(t, d, "1001", "nora", "3") // 2: due soon
	kase(t, d, "1001", "", "20")    // 3: new in the area
	kase(t, d, "syd", "", "20")     // 4: new elsewhere
	kase(t, d, "kv", "nora", "20")  // 5: not begun
	kase(t, d, "syd", "bo", "20")   // 6: somebody else's
	kase(t, d, "1001", "nora", "")  // 7: begun, and answered
	kase(t, d, "1001", "", "2")     // 8: new, and due soon
	started := casework.StatusStarted
	edit(t, d, 7, casework.Edit{Status: &started})
	c.forward(36 * time.Hour)
	to, err := d.Router.Address("a", 7, 1)
	if err != nil {
		t.Fatal(err)
	}
	peer(t, d, c, 1, "anna@home.example", to, "När kommer ni?", nil)
	peer(t, d, c, 2, "anna@home.example", to, "Hallå?", nil)
	c.forward(time.Minute)
	peer(t, d, c, 3, "x@away.example", "fel@a.example", "Borta", func(m *casework.Mail) { m.Content.Class = message.Automatic })
	kase(t, d, "1001", "", "0") // 9: at once

	want := []string{"now overdue 1", "now new 9", "soon answer 7", "soon deadline 8", "soon deadline 2", "normal new 3", "normal not_started 5"}
	for _, limit := range []int{100, 1, 3, 8} {
		if got := todos(t, d, "nora", limit); !slices.Equal(got, want) {
			t.Errorf("pages of %d: %q", limit, got)
		}
	}
	if got := todos(t, d, "bo", 10); !slices.Equal(got, []string{"normal not_started 6"}) {
		t.Errorf("a name that is no contact: %q", got)
	}
	if got := todos(t, d, "mats", 10); !slices.Equal(got, []string{"soon triage 0"}) {
		t.Errorf("the manager: %q", got)
	}
	if got := todos(t, d, "", 100); len(got) != 10 || !slices.Contains(got, "normal new 4") || !slices.Contains(got, "soon triage 0") {
		t.Errorf("all: %q", got)
	}
	if _, err := d.Todos(t.Context(), "a", "", casestore.Key("nonsense here"), 10); !fault.Is(err, fault.Invalid) {
		t.Errorf("a cursor of another list: %v", err)
	}
}

// It goes with who has the case, and when it is done.
func TestTodoIsSettled(t *testing.T) {
	d, c := staffed(t)
	n := kase(t, d, "1001", "nora", "").Number
	to, err := d.Router.Address("a", n, 1)
	if err != nil {
		t.Fatal(err)
	}
	peer(t, d, c, 1, "anna@home.example", to, "När kommer ni?", nil)
	bo, started, done := "bo", casework.StatusStarted, casework.StatusDone
	for _, x := range []struct {
		name     string
		cmd      casework.Command
		nora, bo []string
	}{
		{"at first", nil, []string{"soon answer 1", "normal not_started 1"}, nil},
		{"handed over", casework.Edit{Assignee: &bo}, nil, []string{"soon answer 1", "normal not_started 1"}},
		{"begun", casework.Edit{Status: &started}, nil, []string{"soon answer 1"}},
		{"a note", casework.Post{Lane: "internal", Text: "x"}, nil, []string{"soon answer 1"}},
		{"answered", casework.Post{Lane: "customer", Text: "I morgon."}, nil, nil},
		{"done", casework.Edit{Status: &done}, nil, nil},
	} {
		if x.cmd != nil {
			if _, _, err := d.Do(t.Context(), "a", n, x.cmd, eva, 0); err != nil {
				t.Fatal(err)
			}
		}
		if nora, bo := todos(t, d, "nora", 10), todos(t, d, "bo", 10); !slices.Equal(nora, x.nora) || !slices.Equal(bo, x.bo) {
			t.Errorf("%s: %q, %q", x.name, nora, bo)
		}
	}
}

// Where a supplier has work, or is asked, it is his turn.
func TestTodoWaitsForTheSupplier(t *testing.T) {
	d, c := staffed(t)
	n := kase(t, d, "1001", "nora", "").Number
	if _, _, err := d.Do(t.Context(), "a", n, casework.Order{Email: "jour@ror.example"}, casework.Actor{Via: casework.ViaAPI, Name: "Nora Nord"}, 0); err != nil {
		t.Fatal(err)
	}
	if got := todos(t, d, "nora", 10); got != nil {
		t.Errorf("ordered: %q", got)
	}
	to, err := d.Router.Address("a", n, 2)
	if err != nil {
		t.Fatal(err)
	}
	peer(t, d, c, 1, "jour@ror.example", to, "NEJ TACK för långt bort", nil)
	if got := todos(t, d, "nora", 10); !slices.Equal(got, []string{"soon order_declined 1", "normal not_started 1"}) {
		t.Errorf("declined: %q", got)
	}
}

// A scope hides what lies outside of it, and triage is for those who may decide there.
func TestTodoWithinAScope(t *testing.T) {
	d, c := staffed(t)
	kase(t, d, "1001", "", "")
	kase(t, d, "syd", "", "")
	peer(t, d, c, 3, "x@away.example", "fel@a.example", "Borta", func(m *casework.Mail) { m.Content.Class = message.Automatic })
	g := access.Grant{Role: access.Role{Permissions: []access.Permission{access.ReadCases, access.EditCases}}, Scope: access.Scope{Objects: []property.ID{"norr"}}}
	p, err := d.For(g).Todos(t.Context(), "a", "", nil, 10)
	if err != nil || len(p.Items) != 1 || p.Items[0].Case.Number != 1 {
		t.Errorf("within the area: %+v, %v", p.Items, err)
	}
	g.Role.Permissions = []access.Permission{access.ReadCases}
	if _, err := d.For(g).Todos(t.Context(), "a", "", nil, 10); !fault.Is(err, fault.Forbidden) {
		t.Errorf("a reader: %v", err)
	}
}

// What was stored before there was the index is found after one pass.
func TestOldCasesAreListed(t *testing.T) {
	d, _ := staffed(t)
	kase(t, d, "1001", "nora", "")
	old := casestore.Declare("cases", 2, func(c *casework.Case) casestore.Key { return casestore.CaseKey(c.Org, c.Number) }, func(c *casework.Case) *uint64 { return &c.Version })
	err := d.Store.Update(t.Context(), func(tx casestore.Tx) error {
		c, err := old.Get(tx, casestore.CaseKey("a", 1))
		if err != nil {
			return err
		}
		return old.Put(tx, &c)
	})
	if got := todos(t, d, "nora", 10); err != nil || got != nil {
		t.Fatalf("as before: %q, %v", got, err)
	}
	for range 2 {
		if err := d.CompleteTodo(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := todos(t, d, "nora", 10); !slices.Equal(got, []string{"normal not_started 1"}) {
		t.Errorf("completed: %q", got)
	}
	if _, err := d.Verify(t.Context(), func(p string) { t.Error(p) }); err != nil {
		t.Error(err)
	}
}
