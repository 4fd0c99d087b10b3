package desk_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/desk"
)

// A case that can't be erased keeps no other from its turn. The rule, the log's counter and the audit trail tell of it, and the next night tries it again.
func TestRetentionGoesOnBehindWhatFails(t *testing.T) {
	d, c := retaining(t)
	told := 0
	d.NotErased = func() { told++ }
	first, broken, torn, last := closedCase(t, d, c, 1, "VVS"), closedCase(t, d, c, 2, "VVS"), closedCase(t, d, c, 3, "El"), closedCase(t, d, c, 4, "VVS")
	c.forward(400 * 24 * time.Hour)
	rule(t, d, "El", 12)
	confirm(t, d, "VVS")
	confirm(t, d, "El")
	mendEntry := damage(t, d, casestore.Entries, casestore.EntriesOf("a", broken))
	mendCase := damage(t, d, casestore.Cases, casestore.CaseKey("a", torn))
	runTimers(t, d)
	c.forward(casework.NextNight(c.Now(), d.Notices["a"].Location).Add(time.Hour).Sub(c.Now()))
	runTimers(t, d)
	if !erasedCase(t, d, first) || !erasedCase(t, d, last) {
		t.Errorf("erased: the one before %v, the one behind %v", erasedCase(t, d, first), erasedCase(t, d, last))
	}
	if c, err := d.Case(t.Context(), "a", broken); err != nil || !c.ErasedAt.IsZero() || c.Subject == casework.Erased {
		t.Errorf("what could not be erased is %+v, %v", c, err)
	}
	for class, want := range map[string]casework.CaseNumber{"VVS": broken, "El": torn} {
		if v := dryRun(t, d, class); v.State.Failures != 1 || !slices.Equal(v.State.Failed, []casework.CaseNumber{want}) || len(v.Classes) != 1 || v.Classes[0].Cases != 1 {
			t.Errorf("%s shows %+v", class, v)
		}
	}
	looks, err := d.Looks(t.Context(), "a", desk.LookFilter{Who: "retention"}, nil, 10)
	if err != nil || len(looks.Items) != 2 || looks.Items[0].Status != http.StatusInternalServerError || told != 2 {
		t.Errorf("the audit trail has %+v, %v; %d were told", looks.Items, err, told)
	}
	c.forward(24 * time.Hour)
	runTimers(t, d)
	if told != 4 {
		t.Errorf("the next night told of %d in all", told)
	}
	mendEntry()
	mendCase()
	night(t, d, c)
	if !erasedCase(t, d, broken) || !erasedCase(t, d, torn) || dryRun(t, d, "VVS").State.Failures != 0 || len(dryRun(t, d, "VVS").State.Failed) != 0 {
		t.Errorf("what can be erased again is left, or still told: %+v", dryRun(t, d, "VVS").State)
	}
}

// damage makes the first record with a prefix unreadable, and returns what mends it.
func damage[R any](t *testing.T, d *desk.Desk, table *casestore.Table[R], prefix casestore.Key) (mend func()) {
	t.Helper()
	var whole caught
	write := func(doc []byte) {
		if err := d.Store.Update(t.Context(), func(tx casestore.Tx) error {
			for f, err := range table.Scan(tx, casestore.Query{Prefix: prefix, Limit: 1}) {
				if err == nil {
					whole.Tx = tx
					err = table.Put(&whole, &f.Record)
				}
				if err != nil && whole.row.Doc == nil {
					return err
				}
			}
			row := whole.row
			if doc != nil {
				row.Doc = doc
			} else {
				row.Version++
			}
			return tx.Put(table.Schema(), row)
		}); err != nil {
			t.Fatal(err)
		}
	}
	write([]byte("{"))
	return func() { write(nil) }
}

// caught is a transaction that keeps the row that would be written.
type caught struct {
	casestore.Tx
	row casestore.Row
}

func (c *caught) Put(_ *casestore.Schema, row casestore.Row) error {
	c.row = row
	return nil
}
