package desk_test

import (
	"fmt"
	"testing"
	"time"

	"smartmail/access"
	"smartmail/casework"
	"smartmail/desk"
	"smartmail/fault"
	"smartmail/property"
	"smartmail/register"
)

// watches has contacts watch a case.
func watches(t *testing.T, d *desk.Desk, n casework.CaseNumber, contacts ...string) {
	t.Helper()
	for _, who := range contacts {
		if _, err := d.Watch(t.Context(), "a", n, casework.Watch{Contact: who}, eva); err != nil {
			t.Fatal(err)
		}
	}
}

// hears is who has news of a watched case before him, by his own list.
func hears(t *testing.T, d *desk.Desk, contacts ...string) (out []string) {
	t.Helper()
	for _, who := range contacts {
		p, err := d.Todos(t.Context(), "a", who, nil, 50)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range p.Items {
			if i.Code == casework.CodeWatched {
				out = append(out, fmt.Sprintf("%s: %d", who, i.Case.Number))
			}
		}
	}
	return out
}

// seenTo says that everything that waits on a case was seen to.
func seenTo(t *testing.T, d *desk.Desk, n casework.CaseNumber) {
	t.Helper()
	c, err := d.Case(t.Context(), "a", n)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range c.Attention {
		if _, err := d.Attend(t.Context(), "a", a.Entry, eva); err != nil {
			t.Fatal(err)
		}
	}
}

// Who watches a case is told of mails, messages, statuses and assignments, once until he has seen to it; never of what he does himself.
func TestWatch(t *testing.T) {
	d, c := staffed(t)
	cs, anna := reported(t, d, c, 1, "anna@home.example")
	watches(t, d, cs.Number, "nora", "mats")
	wants(t, d, "mats", register.Notify{Watched: true})
	nora, mats, started := casework.Actor{Via: casework.ViaAPI, Name: "nora"}, "mats", casework.StatusStarted
	before := len(outbox(t, d))
	for name, happens := range map[string]func() error{
		"mail": func() error { peer(t, d, c, 2, "anna@home.example", anna, "Hallå?", nil); return nil },
		"message": func() error {
			_, _, err := d.Do(t.Context(), "a", cs.Number, casework.Post{Lane: "customer", Text: "Vi kommer"}, eva, 0)
			return err
		},
		"status": func() error {
			_, _, err := d.Do(t.Context(), "a", cs.Number, casework.Edit{Status: &started}, eva, 0)
			return err
		},
	} {
		if err := happens(); err != nil {
			t.Fatal(name, err)
		}
		if got := hears(t, d, "nora", "mats"); fmt.Sprint(got) != fmt.Sprintf("[nora: %d mats: %d]", cs.Number, cs.Number) {
			t.Errorf("%s: %v", name, got)
		}
		seenTo(t, d, cs.Number)
	}
	staff := 0
	for _, o := range outbox(t, d) {
		if o.Lane == "internal" {
			staff++
			if o.To.Email != "mats@landlord.example" {
				t.Errorf("a mail to %+v", o.To)
			}
		}
	}
	if staff != 3 {
		t.Errorf("%d mails to who wants them", staff)
	}
	for range 2 { // twice, and told once
		if _, _, err := d.Do(t.Context(), "a", cs.Number, casework.Post{Lane: "internal", Text: "Jag ser på det"}, nora, 0); err != nil {
			t.Fatal(err)
		}
	}
	if got := hears(t, d, "nora", "mats"); fmt.Sprint(got) != fmt.Sprintf("[mats: %d]", cs.Number) || len(outbox(t, d)) != before+5 {
		t.Errorf("she did it herself: %v, %d mails", got, len(outbox(t, d))-before)
	}
	seenTo(t, d, cs.Number)
	edit(t, d, cs.Number, casework.Edit{Assignee: &mats})
	if got := hears(t, d, "nora", "mats"); fmt.Sprint(got) != fmt.Sprintf("[nora: %d]", cs.Number) {
		t.Errorf("he is given the case, and hears of it by that: %v", got)
	}
}

// grants gives a contact's token a scope.
func grants(t *testing.T, d *desk.Desk, name, role string, s access.Scope) casework.APIToken {
	t.Helper()
	token, _, err := d.CreateToken(t.Context(), casework.APIToken{Org: "a", Name: name, Role: role, Scope: s}, eva)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// Who may not see a case cannot watch it, and who may see it no longer is told nothing and watches no more.
func TestWatchNeedsSight(t *testing.T) {
	d, c := staffed(t)
	cs := kase(t, d, "1001", "", "")
	if _, err := d.Classes().Save(t.Context(), "a", register.Class{Path: "El"}, eva, 0); err != nil {
		t.Fatal(err)
	}
	grants(t, d, "mats", "manager", access.Scope{Classes: []string{"El"}})
	if _, err := d.Contacts().Save(t.Context(), "a", register.Contact{ID: "anna", Parts: []register.Part{register.Customer}, Name: "Anna"}, eva, 0); err != nil {
		t.Fatal(err)
	}
	for _, who := range []string{"mats", "anna", "nobody"} {
		if _, err := d.Watch(t.Context(), "a", cs.Number, casework.Watch{Contact: who}, eva); !fault.Is(err, fault.Conflict) {
			t.Errorf("%s watches: %v", who, err)
		}
	}
	if _, err := d.Watch(t.Context(), "a", 99, casework.Watch{Contact: "nora"}, eva); !fault.Is(err, fault.NotFound) {
		t.Errorf("no case: %v", err)
	}
	lost := map[string]func(){
		"revoked": func() {
			token := grants(t, d, "Nora Nord", "technician", access.Scope{Objects: []property.ID{"norr"}})
			watches(t, d, cs.Number, "nora")
			if _, err := d.RevokeToken(t.Context(), "a", token.ID); err != nil {
				t.Fatal(err)
			}
		},
		"elsewhere": func() {
			grants(t, d, "N", "technician", access.Scope{Own: []string{"nora@landlord.example"}, Objects: []property.ID{"norr"}})
			nora, nobody := "nora", ""
			edit(t, d, cs.Number, casework.Edit{Assignee: &nora})
			watches(t, d, cs.Number, "nora")
			edit(t, d, cs.Number, casework.Edit{Assignee: &nobody})
		},
		"left": func() {
			watches(t, d, cs.Number, "mats")
			r, err := d.Contacts().Get(t.Context(), "a", "mats")
			if err != nil {
				t.Fatal(err)
			}
			r.Thing.Archived = true
			if _, err := d.Contacts().Save(t.Context(), "a", r.Thing, eva, 0); err != nil {
				t.Fatal(err)
			}
		},
	}
	grants(t, d, "mats@landlord.example", "manager", access.Scope{})
	for i, name := range []string{"revoked", "elsewhere", "left"} {
		lost[name]()
		command(t, d, cs.Number, casework.Post{Lane: "internal", Text: name})
		if after, err := d.Case(t.Context(), "a", cs.Number); err != nil || len(after.Watchers) != 0 || len(hears(t, d, "nora", "mats")) != 0 {
			t.Errorf("%s: %v, %+v, %v", name, err, after.Watchers, hears(t, d, "nora", "mats"))
		}
		all, err := d.Entries(t.Context(), "a", cs.Number, nil, 100)
		if err != nil {
			t.Fatal(err)
		}
		ended := 0
		for _, e := range all.Items {
			if e.Kind == casework.KindWatch && e.Actor.Via == casework.ViaRule && e.Why != "" {
				ended++
			}
		}
		if ended != i+1 {
			t.Errorf("%s: the timeline has %d watches that a rule ended", name, ended)
		}
		c.forward(time.Minute)
	}
}

// A token's own contact watches by himself; another's watch takes the right to change the case.
func TestWatchByToken(t *testing.T) {
	d, _ := staffed(t)
	cs := kase(t, d, "1001", "", "")
	roles := map[string]access.Role{}
	for _, r := range access.Roles() {
		roles[r.ID] = r
	}
	reader := func(own ...string) *desk.Guarded {
		return d.For(access.Grant{Role: roles["reader"], Scope: access.Scope{Own: own}})
	}
	by := func(name string) casework.Actor { return casework.Actor{Via: casework.ViaAPI, Name: name} }
	for name, x := range map[string]struct {
		desk    *desk.Guarded
		by      casework.Actor
		contact string
		want    fault.Kind
		watches string
	}{
		"by name": {reader(), by("nora"), "", 0, "nora"}, "by address": {reader(), by("mats@landlord.example"), "", 0, "mats"},
		"her own scope": {reader("anna@home.example"), by("nora"), "nora", 0, "nora"}, "another's": {reader(), by("nora"), "mats", fault.Forbidden, ""},
		"nobody's": {reader(), by("frontend"), "", fault.Invalid, ""}, "by a manager": {d.For(access.Grant{Role: roles["manager"]}), by("frontend"), "mats", 0, "mats"},
		"a customer":   {d.For(access.Grant{Role: roles["customer"], Scope: access.Scope{Own: []string{"anna@home.example"}}}), by("nora"), "", fault.Forbidden, ""},
		"out of scope": {reader("bo@home.example"), by("nora"), "", fault.NotFound, ""},
	} {
		got, err := x.desk.Watch(t.Context(), "a", cs.Number, casework.Watch{Contact: x.contact}, x.by)
		if (err == nil) != (x.watches != "") || err != nil && fault.KindOf(err) != x.want {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if x.watches != "" && !got.Watches(x.watches) {
			t.Errorf("%s: %+v", name, got.Watchers)
		}
		if err == nil {
			if got, err = x.desk.Watch(t.Context(), "a", cs.Number, casework.Watch{Contact: x.contact, Stop: true}, x.by); err != nil || len(got.Watchers) != 0 {
				t.Errorf("%s stops: %v, %+v", name, err, got.Watchers)
			}
		}
	}
}

// An erased person watches nothing any more.
func TestErasedWatchNothing(t *testing.T) {
	d, _ := staffed(t)
	for range 3 {
		watches(t, d, kase(t, d, "1001", "", "").Number, "nora", "mats")
	}
	for _, dry := range []bool{true, false} {
		did, err := d.Erase(t.Context(), "a", desk.Erasure{Whose: desk.Whose{Contact: "nora"}, DryRun: dry, By: eva})
		if err != nil || did.Watches != 3 {
			t.Fatalf("%v: %+v", err, did)
		}
	}
	for n := casework.CaseNumber(1); n <= 3; n++ {
		if cs, err := d.Case(t.Context(), "a", n); err != nil || cs.Watches("nora") || !cs.Watches("mats") {
			t.Errorf("%v: case %d is watched by %+v", err, n, cs.Watchers)
		}
	}
}
