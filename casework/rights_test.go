package casework

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"smartmail/fault"
)

// The table of what each may do, row by row as the documentation shows it.
func TestWhatEachMayDo(t *testing.T) {
	want := map[Sender]string{
		//           read attach reopen command bank account
		Verified:    "yes yes yes yes no",
		Known:       "yes yes yes no no",
		Unconfirmed: "no no no no no",
		Unknown:     "no yes no no no",
	}
	docs, err := os.ReadFile("../docs/flow.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range Senders() {
		var row []string
		for _, right := range AllRights() {
			word := map[bool]string{true: "yes", false: "no"}[DefaultRights().May(s, right)]
			if (Rights)(nil).May(s, right) != DefaultRights().May(s, right) {
				t.Errorf("no table and the default differ on %s %s", s, right)
			}
			row = append(row, word)
		}
		if got := strings.Join(row, " "); got != want[s] {
			t.Errorf("%s: %s, want %s", s, got, want[s])
		}
		if line := fmt.Sprintf("| `%s` | %s |", s, strings.Join(row, " | ")); !strings.Contains(string(docs), line) {
			t.Errorf("docs/flow.md lacks the row %s", line)
		}
	}
}

func TestTighten(t *testing.T) {
	r, err := Tighten(map[Sender][]Right{Known: {MayRead}, Unknown: {}})
	if err != nil || r.May(Known, MayReopen) || !r.May(Known, MayRead) || r.May(Unknown, MayAttach) || !r.May(Verified, MayCommand) {
		t.Errorf("tightened table is %v, %v", r, err)
	}
	if !DefaultRights().May(Known, MayReopen) {
		t.Error("tightening changed the default")
	}
	for _, more := range []map[Sender][]Right{{Known: {MayCommand}}, {Unconfirmed: {MayRead}}, {Verified: {MayAccount}}, {"nobody": nil}} {
		if _, err := Tighten(more); !fault.Is(err, fault.Invalid) {
			t.Errorf("%v gives %v", more, err)
		}
	}
}

// What somebody outside is shown of a case: his lane, without what waits for a person or was withdrawn, whoever looks.
func TestShownTo(t *testing.T) {
	c := opened(t)
	rogue := MailIn{Mail: "m", Sender: Unconfirmed, Held: true}
	c, held := do(t, c, ReceiveMail{Lane: "supplier-2", MailIn: rogue}, noon)
	c, good := do(t, c, ReceiveMail{Lane: "supplier-2", MailIn: MailIn{Mail: "n", Sender: Verified}}, noon)
	c, note := do(t, c, Post{Lane: "internal", Text: "obs"}, noon)
	c, other := do(t, c, Post{Lane: "customer", Text: "hej"}, noon)
	held[0].ID, good[0].ID, note[0].ID, other[0].ID = "held", "good", "note", "other"
	c.Held = []EntryID{"held"}
	shown := func(c Case) string {
		var ids []string
		for _, e := range []Entry{held[0], good[0], note[0], other[0]} {
			if c.ShownTo("supplier-2", e) {
				ids = append(ids, string(e.ID))
			}
		}
		return strings.Join(ids, " ")
	}
	if got := shown(c); got != "good" {
		t.Errorf("while it waits: %q", got)
	}
	c, _ = do(t, c, Confirm{Entry: "held"}, noon)
	if got := shown(c); got != "held good" || len(c.Held) != 0 {
		t.Errorf("confirmed: %q, held %v", got, c.Held)
	}
	c, _ = do(t, c, Withdraw{Entry: "held", Hold: true}, noon)
	if got := shown(c); got != "good" || !slices.Contains(c.Held, "held") {
		t.Errorf("confirmation withdrawn: %q, held %v", got, c.Held)
	}
	c, entries := do(t, c, Withdraw{Entry: "good"}, noon)
	if got := shown(c); got != "" || entries[0].Kind != KindWithdrawal {
		t.Errorf("withdrawn: %q, %+v", got, entries)
	}
	if _, _, err := Do(c, Confirm{Entry: "good"}, staff, noon, ids()); !fault.Is(err, fault.Conflict) {
		t.Errorf("confirming what does not wait gives %v", err)
	}
}
