package desk

import (
	"context"
	"fmt"

	"smartmail/casestore"
	"smartmail/casework"
)

// listed is the cursor of CompleteTodo: it stands on the last case that was stored anew. Its edition is that of the indexes for which all are:
// 1 for by_todo, 2 for by_closed as well.
const (
	listed        = "to-do complete"
	listedEdition = 2
)

// CompleteTodo stores anew what was stored before by_todo and by_closed were indexes, so that it is found there. It must end before the first change
// of a start; where it has ended once it costs one read for each organisation.
func (d *Desk) CompleteTodo(ctx context.Context) error {
	const portion = 500 // cases in a transaction
	for _, org := range d.Orgs {
		for done := false; !done; {
			err := d.Store.Update(ctx, func(tx casestore.Tx) (err error) {
				done, err = listSome(tx, org, portion)
				return err
			})
			if err != nil {
				return fmt.Errorf("complete the to-do lists of %s: %w", org, err)
			}
		}
	}
	return nil
}

// listSome stores the next cases anew, and with the last ones what is in triage.
func listSome(tx casestore.Tx, org casework.OrgID, limit int) (done bool, err error) {
	at, err := casestore.Cursors.Get(tx, casestore.CursorKey(org, listed))
	if ignoreNotFound(err) != nil {
		return false, err
	}
	switch at.Edition {
	case listedEdition:
		return true, nil
	case 1:
		at.Edition, at.Seq = 0, 0 // begins anew
	}
	at.Org, at.Name = org, listed
	n := 0
	for f, err := range casestore.Cases.Scan(tx, casestore.Query{Prefix: casestore.K(string(org)), After: casestore.CaseKey(org, casework.CaseNumber(at.Seq)), Limit: limit}) {
		if err != nil {
			return false, err
		}
		n, at.Seq = n+1, uint64(f.Record.Number)
		if err := casestore.Cases.Put(tx, &f.Record); err != nil {
			return false, err
		}
	}
	if n < limit {
		at.Edition = listedEdition
		for f, err := range casestore.Triage.Scan(tx, casestore.Query{Index: "by_state", Prefix: casestore.K(string(org)).Str(string(casework.TriageOpen))}) {
			if err == nil {
				err = casestore.Triage.Put(tx, &f.Record)
			}
			if err != nil {
				return false, err
			}
		}
	}
	return at.Edition > 0, casestore.Cursors.Put(tx, &at)
}
