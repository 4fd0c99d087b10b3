package desk_test

import (
	"slices"
	"strings"
	"testing"

	"smartmail/casework"
	"smartmail/desk"
)

// What is on legal hold stays word for word, with its mails, whoever is erased; the contact stays with it, and goes when the hold is lifted.
func TestEraseKeepsWhatIsHeld(t *testing.T) {
	d, _ := known(t)
	other := newCase(t, d, "Anna har en till")
	if _, err := d.SetHold(t.Context(), "a", 1, casework.SetHold{On: true, Reason: "tvist"}, eva); err != nil {
		t.Fatal(err)
	}
	o := desk.Erasure{Whose: desk.Whose{Contact: "k1"}, DryRun: true, By: eva}
	dry, err := d.Erase(t.Context(), "a", o)
	if err != nil {
		t.Fatal(err)
	}
	before := heldRows(everything(t, d))
	o.DryRun = false
	did, err := d.Erase(t.Context(), "a", o)
	if err != nil || !slices.Equal(did.Held, []casework.CaseNumber{1}) || !slices.Equal(dry.Held, did.Held) || did.Contacts != 0 || dry.Contacts != 0 || did.Cases != 1 {
		t.Fatalf("counted %+v, erased %+v, %v", dry, did, err)
	}
	after := everything(t, d)
	if now := heldRows(after); now != before {
		t.Errorf("the held case was\n%s\nand is\n%s", before, now)
	}
	if !strings.Contains(after, "droppar") || !strings.Contains(after, "19811228-9874") || !strings.Contains(after, "raws ") {
		t.Error("the mail on hold, or the contact, is gone")
	}
	if c, err := d.Case(t.Context(), "a", other.Number); err != nil || c.Subject != casework.Erased {
		t.Errorf("the other case is %+v, %v", c, err)
	}
	if _, err := d.SetHold(t.Context(), "a", 1, casework.SetHold{Reason: "avgjort"}, eva); err != nil {
		t.Fatal(err)
	}
	if did, err = d.Erase(t.Context(), "a", o); err != nil || len(did.Held) != 0 || did.Contacts != 1 || did.Cases != 1 {
		t.Errorf("after it was lifted: %+v, %v", did, err)
	}
	if after := everything(t, d); strings.Contains(after, "anna@") || strings.Contains(after, "droppar") {
		t.Error("she is left")
	}
}

// heldRows are the rows of the first case and its entries.
func heldRows(all string) string {
	var out []string
	for row := range strings.SplitSeq(all, "\n") {
		if strings.HasPrefix(row, "cases ") && strings.Contains(row, `"number":1,`) || strings.HasPrefix(row, "entries ") && strings.Contains(row, `"case":1,`) {
			out = append(out, row)
		}
	}
	return strings.Join(out, "\n")
}
