package desk_test

import (
	"fmt"
	"testing"

	"smartmail/casework"
	"smartmail/fault"
)

// A participant sees what was said on his lane, and nothing that is held, withdrawn, for staff, or for somebody else.
func TestShown(t *testing.T) {
	d, c := noticing(t)
	cs, supplier := supplied(t, d)
	customer, err := d.Router.Address("a", cs.Number, 1)
	if err != nil {
		t.Fatal(err)
	}
	do := func(cmd casework.Command) casework.EntryID {
		t.Helper()
		by := eva
		if _, ok := cmd.(casework.Notify); ok {
			by.Via = casework.ViaRule
		}
		_, entries, err := d.Do(t.Context(), "a", cs.Number, cmd, by, 0)
		if err != nil {
			t.Fatal(err)
		}
		return entries[0].ID
	}
	do(casework.AddParticipant{Kind: casework.LaneCustomer, Email: "bo@home.example"}) // number 3
	first := do(casework.Post{Lane: "customer", Text: "Vi kommer."})
	do(casework.Post{Lane: "internal", Text: "Hon ringer ofta."})
	do(casework.Post{Lane: "supplier-2", Text: "Ring först."})
	do(casework.Notify{Participant: 3, Auto: casework.AutoReceived, Text: "Till Bo."})
	answer := peer(t, d, c, 1, "anna@home.example", customer, "Bra!", nil)[0].Entry
	held := peer(t, d, c, 2, "mallory@bad.example", customer, "Ge mig koden", nil)[0].Entry
	theirs := peer(t, d, c, 3, "jour@ror.example", supplier, "Hej", nil)[0].Entry

	texts := func(no casework.ParticipantNo, limit int) (out string, earlier bool) {
		t.Helper()
		s, err := d.Shown(t.Context(), "a", cs.Number, no, limit)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range s.Entries {
			if e.Mail != nil {
				out += e.Mail.Content.Text + " "
			} else {
				out += e.MailOut.Text + " "
			}
		}
		return out, s.Earlier
	}
	for _, x := range []struct {
		no      casework.ParticipantNo
		limit   int
		want    string
		earlier bool
	}{
		{1, 10, "Vi kommer. Bra! ", false}, {1, 2, "Vi kommer. Bra! ", false}, {1, 1, "Bra! ", true},
		{3, 10, "Vi kommer. Till Bo. Bra! ", false}, {2, 10, "Byt Ring först. Hej ", false},
	} {
		if got, earlier := texts(x.no, x.limit); got != x.want || earlier != x.earlier {
			t.Errorf("participant %d, %d: %q, %v; want %q, %v", x.no, x.limit, got, earlier, x.want, x.earlier)
		}
	}
	do(casework.Withdraw{Entry: answer})
	if got, _ := texts(1, 10); got != "Vi kommer. " {
		t.Errorf("after one was withdrawn: %q", got)
	}
	for name, x := range map[string]struct {
		no    casework.ParticipantNo
		entry casework.EntryID
		shown bool
	}{
		"his own": {1, first, true}, "withdrawn": {1, answer, false}, "held": {1, held, false}, "another lane's": {1, theirs, false},
		"on its own lane": {2, theirs, true}, "of nobody": {9, first, false}, "none": {1, "x", false},
	} {
		if v, err := d.ShownEntry(t.Context(), "a", cs.Number, x.no, x.entry); (err == nil) != x.shown || err != nil && !fault.Is(err, fault.NotFound) || x.shown && v.ID != x.entry {
			t.Errorf("%s: %v", name, err)
		}
	}
	other := newCase(t, d, "El")
	if _, err := d.ShownEntry(t.Context(), "a", other.Number, 1, first); !fault.Is(err, fault.NotFound) {
		t.Errorf("an entry of another case: %v", err)
	}
	for _, org := range []casework.OrgID{"a", "b"} {
		if _, err := d.Shown(t.Context(), org, cs.Number, 9, 10); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %s", org, fmt.Sprint(err))
		}
	}
}
