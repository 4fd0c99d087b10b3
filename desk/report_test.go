package desk_test

import (
	"testing"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/desk"
)

// A report opens a case with its pictures and is acknowledged once, to the address that it gave and no other.
func TestReport(t *testing.T) {
	d, _ := open(t, t.TempDir())
	d.Notices = map[casework.OrgID]desk.Notices{"a": {Acknowledge: true, Language: "en"}}
	f, err := d.KeepFile(t.Context(), "a", "kran.jpg", "image/jpeg", []byte("picture"))
	if err != nil {
		t.Fatal(err)
	}
	who := &casework.Reporter{Name: "Anna", Email: "anna@home.example"}
	c, err := d.Report(t.Context(), "a", casework.Open{Subject: "Kranen", Description: "Den droppar.", Class: "fault", Reporter: who}, []casework.File{f})
	if err != nil {
		t.Fatal(err)
	}
	page, err := d.Entries(t.Context(), "a", c.Number, nil, 10)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[casework.EntryKind]int{}
	for _, e := range page.Items {
		kinds[e.Kind]++
		if e.Kind == casework.KindNote && (len(e.MailOut.Files) != 1 || e.Actor.Name != desk.Reporting) {
			t.Errorf("the note is %+v", e)
		}
	}
	if kinds[casework.KindCreated] != 1 || kinds[casework.KindNote] != 1 || kinds[casework.KindMailOut] != 1 {
		t.Errorf("entries: %v", kinds)
	}
	var to []string
	err = d.Store.View(t.Context(), func(tx casestore.Tx) error {
		for o, err := range casestore.Outbox.Scan(tx, casestore.Query{Prefix: casestore.K("a")}) {
			if err != nil {
				return err
			}
			to = append(to, o.Record.To.Email)
		}
		return nil
	})
	if err != nil || len(to) != 1 || to[0] != "anna@home.example" {
		t.Errorf("mails went to %v, %v", to, err)
	}
	if c, err = d.Report(t.Context(), "a", casework.Open{Subject: "Lås", Reporter: &casework.Reporter{Phone: "070"}}, nil); err != nil || c.Number == 0 {
		t.Errorf("by telephone: %+v, %v", c, err)
	}
}
