package desk_test

import (
	"strings"
	"testing"
	"time"

	"smartmail/casework"
	"smartmail/desk"
	"smartmail/register"
)

// digest has Nora's morning mail wait in the outbox, with a case of Anna's, a mail of hers in triage, and a case of somebody else.
func digest(t *testing.T) (*desk.Desk, *clock, casework.CaseNumber) {
	t.Helper()
	d, c := staffed(t)
	n := d.Notices["a"]
	n.Hours = casework.WorkingHours{Location: n.Location}
	n.Hours.Week, _ = casework.ParseWeek([]string{"mon-sun 08:00-16:30"})
	d.Notices["a"] = n
	wants(t, d, "nora", register.Notify{Morning: true})
	if _, err := d.Contacts().Save(t.Context(), "a", register.Contact{ID: "chef", Parts: []register.Part{register.Manager}, Name: "Chefen", Emails: []string{"chef@landlord.example"}, Notify: &register.Notify{Morning: true}}, eva, 0); err != nil {
		t.Fatal(err)
	}
	nora, closed, vvs := "nora", casework.StatusClosed, "VVS"
	old := peer(t, d, c, 1, "anna@home.example", "fel@a.example", "Kran hos Hemligs", func(m *casework.Mail) { m.Content.Subject = "Hemligs kran" })[0].Case
	edit(t, d, old, casework.Edit{Assignee: &nora, Class: &vvs})
	peer(t, d, c, 2, "anna@home.example", "fel@a.example", "Frånvarande", func(m *casework.Mail) {
		m.Content.Subject, m.Content.Class = "Hemligs semester", "automatic"
	})
	other, err := d.Open(t.Context(), "a", casework.Open{Subject: "Droppande kran", Reporter: &casework.Reporter{Email: "bo@home.example"}}, eva)
	if err != nil {
		t.Fatal(err)
	}
	edit(t, d, other.Number, casework.Edit{Assignee: &nora})
	runTimers(t, d)
	c.forward(n.Hours.NextOpening(c.Now()).Add(time.Minute).Sub(c.Now()))
	runTimers(t, d)
	lines := ""
	for _, o := range outbox(t, d) {
		if o.Staff != nil {
			for _, l := range o.Staff.Todo {
				lines += l.Subject + "\n"
			}
		}
	}
	for _, want := range []string{"Hemligs kran", "Hemligs semester", "Droppande kran"} {
		if !strings.Contains(lines, want) {
			t.Fatalf("the digests have no %q: %q", want, lines)
		}
	}
	edit(t, d, old, casework.Edit{Status: &closed})
	return d, c, old
}

// leftIn tells where a text is left in the store.
func leftIn(t *testing.T, d *desk.Desk, text string) {
	t.Helper()
	all := everything(t, d)
	if i := strings.Index(all, text); i >= 0 {
		t.Errorf("%q is left: …%s", text, all[max(0, i-300):min(len(all), i+100)])
	}
}

// What was to be written to people of the house in the morning calls a case as it is called once its reporter was erased.
func TestErasureOfDigests(t *testing.T) {
	d, _, _ := digest(t)
	if _, err := d.Erase(t.Context(), "a", desk.Erasure{Whose: desk.Whose{Email: "anna@home.example"}, By: eva}); err != nil {
		t.Fatal(err)
	}
	leftIn(t, d, "Hemligs")
	if !strings.Contains(everything(t, d), `"subject":"Droppande kran","why"`) {
		t.Error("the line of another case is gone")
	}
}

// So it is after a retention rule has worked.
func TestRetentionOfDigests(t *testing.T) {
	d, c, old := digest(t)
	rule(t, d, "VVS", 1)
	c.forward(40 * 24 * time.Hour)
	confirm(t, d, "VVS")
	runTimers(t, d)
	c.forward(24 * time.Hour)
	runTimers(t, d)
	if !erasedCase(t, d, old) {
		t.Fatal("the case is not erased")
	}
	leftIn(t, d, "Hemligs kran")
}
