package desk_test

import (
	"slices"
	"testing"
	"time"

	"smartmail/casework"
	"smartmail/register"
)

// A case that is not done in time is put once before the one whom its class names, else before the manager.
func TestEscalation(t *testing.T) {
	d, c := reminding(t)
	n := d.Notices["a"]
	n.Manager, n.Escalate = "nora", time.Hour
	d.Notices["a"] = n
	if _, err := d.Contacts().Save(t.Context(), "a", register.Contact{ID: "vera", Name: "Vera", Parts: []register.Part{register.Staff}}, eva, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Classes().Save(t.Context(), "a", register.Class{Path: "El", Escalate: "vera"}, eva, 0); err != nil {
		t.Fatal(err)
	}
	opened := func(class string) casework.CaseNumber {
		cs, err := d.Open(t.Context(), "a", casework.Open{Subject: "Kran", Class: class, Priority: "1"}, eva)
		if err != nil {
			t.Fatal(err)
		}
		return cs.Number
	}
	plain, electric, done, waits := opened("VVS"), opened("El"), opened("VVS"), opened("VVS")
	setStatus(t, d, done, casework.StatusDone)
	setStatus(t, d, waits, casework.StatusWaiting)
	c.forward(24 * time.Hour)
	run(t, d, 0)
	c.forward(time.Hour)
	run(t, d, 2)
	run(t, d, 0)
	told := func(n casework.CaseNumber) string {
		cs, err := d.Case(t.Context(), "a", n)
		if err != nil || len(cs.Attention) > 1 {
			t.Fatal(err, cs.Attention)
		}
		for _, a := range cs.Attention {
			return a.For
		}
		return ""
	}
	for n, want := range map[casework.CaseNumber]string{plain: "nora", electric: "vera", done: "", waits: ""} {
		if got := told(n); got != want {
			t.Errorf("case %d is put before %q, want %q", n, got, want)
		}
	}
	setStatus(t, d, waits, casework.StatusStarted) // its day begins where it stopped
	c.forward(24 * time.Hour)
	run(t, d, 0)
	c.forward(time.Hour)
	run(t, d, 1)
	if got := told(waits); got != "nora" {
		t.Errorf("after it has waited: %q", got)
	}
	n.Manager = ""
	d.Notices["a"] = n
	nobody := opened("VVS")
	c.forward(48 * time.Hour)
	run(t, d, 1)
	if got := told(nobody); got != "" || len(timers(t, d)) != 0 {
		t.Errorf("nobody answers for it: %q, %+v", got, timers(t, d))
	}
}

// A note calls for those of the house whom it mentions, and for nobody else.
func TestMentions(t *testing.T) {
	d, _ := noticing(t)
	cs := newCase(t, d, "Kran")
	for id, part := range map[string]register.Part{"nora": register.Manager, "anna": register.Customer} {
		if _, err := d.Contacts().Save(t.Context(), "a", register.Contact{ID: id, Name: id, Parts: []register.Part{part}}, eva, 0); err != nil {
			t.Fatal(err)
		}
	}
	command(t, d, cs.Number, casework.Post{Lane: "internal", Text: "@nora, ring @anna eller @nobody", Mentions: []string{"made up"}})
	cs, err := d.Case(t.Context(), "a", cs.Number)
	if err != nil || len(cs.Attention) != 1 || cs.Attention[0].For != "nora" || cs.Attention[0].Code != casework.CodeMention {
		t.Errorf("%v: %+v", err, cs.Attention)
	}
}

// How long before its deadline a case is near is the organisation's choice: 48 hours where it makes none.
func TestDeadlineIsNear(t *testing.T) {
	d, c := staffed(t)
	kase(t, d, "1001", "nora", "3")
	far, near := []string{"normal not_started 1"}, []string{"soon deadline 1"}
	c.forward(20 * time.Hour) // 52 before
	for _, x := range []struct {
		warn time.Duration
		want []string
	}{{0, far}, {53 * time.Hour, near}, {51 * time.Hour, far}} {
		n := d.Notices["a"]
		n.Warn = x.warn
		d.Notices["a"] = n
		if got := todos(t, d, "nora", 10); !slices.Equal(got, x.want) {
			t.Errorf("warned %v before: %q", x.warn, got)
		}
	}
}
