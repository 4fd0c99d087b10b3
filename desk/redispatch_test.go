package desk_test

import (
	"testing"
	"time"

	"smartmail/casework"
	"smartmail/register"
)

// What the register says of a class or an object holds also when a case gets that later, but for what a person chose.
func TestLaterClassOrObject(t *testing.T) {
	d, _ := open(t, t.TempDir())
	settle(t, d)
	vvs, el, other, home, bo, nobody, soon, done, started := "VVS", "El", "Annat", "1001", "bo", "", casework.Priority("1"), casework.StatusDone, casework.StatusStarted
	day := 1
	if _, err := d.Contacts().Save(t.Context(), "a", register.Contact{ID: "olle", Parts: []register.Part{register.Technician}, Name: "Olle"}, eva, 0); err != nil {
		t.Fatal(err)
	}
	for _, c := range []register.Class{{Path: other}, {Path: "Akut", Days: &day, Assignee: "olle"}} {
		if _, err := d.Classes().Save(t.Context(), "a", c, eva, 0); err != nil {
			t.Fatal(err)
		}
	}
	type edits []casework.Edit
	for name, x := range map[string]struct {
		cmd                casework.Open
		edits              edits
		assignee, proposed string
		days               int
		status             casework.Status
	}{
		"both":               {casework.Open{Class: "fault"}, edits{{Class: &vvs, Object: &home}}, "nora", "ror", 7, casework.StatusAssigned},
		"object later":       {casework.Open{Class: "VVS"}, edits{{Object: &home}}, "nora", "ror", 7, casework.StatusAssigned},
		"class later":        {casework.Open{Object: "1001"}, edits{{Class: &vvs}}, "nora", "ror", 7, casework.StatusAssigned},
		"class alone":        {casework.Open{}, edits{{Class: &el}}, "nora", "", 0, casework.StatusAssigned},
		"chosen with it":     {casework.Open{}, edits{{Class: &vvs, Object: &home, Assignee: &bo, Priority: &soon}}, "bo", "ror", 1, casework.StatusAssigned},
		"chosen before":      {casework.Open{Priority: "1"}, edits{{Assignee: &bo}, {Class: &vvs, Object: &home}}, "bo", "ror", 1, casework.StatusAssigned},
		"nobody, on purpose": {casework.Open{}, edits{{Class: &vvs, Object: &home, Assignee: &nobody}}, "", "ror", 7, casework.StatusNew},
		"another class":      {casework.Open{Class: "Akut", Object: "1001"}, edits{{Class: &vvs}}, "nora", "ror", 7, casework.StatusAssigned},
		"it says nothing":    {casework.Open{Class: "VVS", Object: "1001"}, edits{{Class: &other}}, "nora", "", 7, casework.StatusAssigned},
		"done":               {casework.Open{}, edits{{Status: &done}, {Class: &vvs, Object: &home}}, "", "", 0, casework.StatusDone},
		"begun":              {casework.Open{Class: "Akut"}, edits{{Status: &started}, {Class: &vvs, Object: &home}}, "olle", "ror", 7, casework.StatusStarted},
	} {
		x.cmd.Subject = "Kran"
		c, err := d.Open(t.Context(), "a", x.cmd, eva)
		if err != nil {
			t.Fatal(err)
		}
		var entries []casework.Entry
		for _, e := range x.edits {
			if c, entries, err = d.Do(t.Context(), "a", c.Number, e, eva, 0); err != nil {
				t.Fatal(name, err)
			}
		}
		due := time.Time{}
		if x.days > 0 {
			due = c.CreatedAt.AddDate(0, 0, x.days)
		}
		if c.Assignee != x.assignee || c.Proposed != x.proposed || !c.DueAt.Equal(due) || c.Status != x.status {
			t.Errorf("%s: assignee %q, proposed %q, due %v, %s", name, c.Assignee, c.Proposed, c.DueAt, c.Status)
		}
		for _, e := range entries {
			byRule := e.Change.Field == "proposed_supplier" || e.Change.To == "nora"
			if byRule && (e.Actor.Via != casework.ViaRule || e.Why == "") {
				t.Errorf("%s: %+v is not told as a rule's", name, e)
			}
		}
	}
}
