package desk

import (
	"context"
	"fmt"

	"smartmail/casestore"
	"smartmail/casework"
)

// entryEvent is the event that tells of a new entry.
func entryEvent(e casework.Entry) casework.Event {
	return casework.Event{Org: e.Org, At: e.At, Kind: casework.EventEntry, Case: e.Case, Entry: e.Seq}
}

// record adds an event to the organisation's log. The number comes from a series without gaps, and the transaction holds
// the series until it is committed: whoever has read up to an event has missed none before it.
func record(tx casestore.Tx, e casework.Event) error {
	seq, err := tx.Next(casestore.LogSeries(e.Org))
	if err != nil {
		return fmt.Errorf("log: %w", err)
	}
	e.Seq = seq
	if err := casestore.Log.Put(tx, &e); err != nil {
		return fmt.Errorf("log: %w", err)
	}
	return nil
}

// Events returns what happened after an event of the log (0: from the beginning), limit at most.
func (d *Desk) Events(ctx context.Context, org casework.OrgID, after uint64, limit int) (events []casework.Event, err error) {
	err = d.Store.View(ctx, func(tx casestore.Tx) error {
		events = nil
		for f, err := range casestore.Log.Scan(tx, casestore.Query{Prefix: casestore.K(string(org)), After: casestore.LogKey(org, after), Limit: limit}) {
			if err != nil {
				return err
			}
			events = append(events, f.Record)
		}
		return nil
	})
	return events, err
}

// logged is the cursor of CompleteLog: it stands on the last case whose old entries are in the log.
const logged = "log complete"

// CompleteLog enters into the log what was stored before there was one, case after case. It must end before the first
// change of a start; on a log that is complete it costs one read for each organisation.
func (d *Desk) CompleteLog(ctx context.Context) error {
	const portion = 200 // cases in a transaction
	for _, org := range d.Orgs {
		for done := false; !done; {
			err := d.Store.Update(ctx, func(tx casestore.Tx) (err error) {
				done, err = completeSome(tx, org, portion)
				return err
			})
			if err != nil {
				return fmt.Errorf("complete the log of %s: %w", org, err)
			}
		}
	}
	return nil
}

// completeSome enters the next cases; done is true when there are no more. The cursor's edition 1 says so for good.
func completeSome(tx casestore.Tx, org casework.OrgID, limit int) (done bool, err error) {
	at, err := casestore.Cursors.Get(tx, casestore.CursorKey(org, logged))
	if ignoreNotFound(err) != nil {
		return false, err
	}
	if at.Edition > 0 {
		return true, nil
	}
	at.Org, at.Name = org, logged
	n := 0
	for f, err := range casestore.Cases.Scan(tx, casestore.Query{Prefix: casestore.K(string(org)), After: casestore.CaseKey(org, casework.CaseNumber(at.Seq)), Limit: limit}) {
		if err != nil {
			return false, err
		}
		n++
		at.Seq = uint64(f.Record.Number)
		for e, err := range casestore.Entries.Scan(tx, casestore.Query{Prefix: casestore.EntriesOf(org, f.Record.Number)}) {
			if err != nil {
				return false, err
			}
			if err := record(tx, entryEvent(e.Record)); err != nil {
				return false, err
			}
		}
	}
	if n < limit {
		at.Edition = 1
	}
	return at.Edition > 0, casestore.Cursors.Put(tx, &at)
}
