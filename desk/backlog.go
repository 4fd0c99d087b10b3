package desk

import (
	"context"
	"fmt"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
)

// Backlog is what waits, of all organisations together. Ages are 0 where nothing waits.
type Backlog struct {
	Outbox map[casework.OutboxState]time.Duration // age of the oldest mail, by state: queued, deferred
	Triage time.Duration                          // age of the oldest mail that waits for a person
	Timers time.Duration                          // how long the timer that is due first is late
}

// Backlog tells how old what waits has become.
func (d *Desk) Backlog(ctx context.Context) (b Backlog, err error) {
	err = d.Store.View(ctx, func(tx casestore.Tx) error {
		now := d.Now()
		b = Backlog{Outbox: map[casework.OutboxState]time.Duration{casework.Queued: 0, casework.Deferred: 0}}
		for _, org := range d.Orgs {
			for state, age := range b.Outbox {
				at, err := first(tx, casestore.Outbox, casestore.Query{Index: "by_state", Prefix: casestore.K(string(org)).Str(string(state))})
				if err != nil {
					return err
				}
				b.Outbox[state] = older(age, now, at.At)
			}
			item, err := first(tx, casestore.Triage, casestore.Query{Index: "by_state", Prefix: casestore.K(string(org)).Str(string(casework.TriageOpen))})
			if err != nil {
				return err
			}
			timer, err := first(tx, casestore.Timers, casestore.Query{Index: "by_due", Prefix: casestore.K(string(org))})
			if err != nil {
				return err
			}
			b.Triage, b.Timers = older(b.Triage, now, item.At), older(b.Timers, now, timer.DueAt)
		}
		return nil
	})
	return b, err
}

// first is the first record of a query, or a zero one. Ids sort by time: the first of a state is its oldest.
func first[T any](tx casestore.Tx, table *casestore.Table[T], q casestore.Query) (record T, err error) {
	q.Limit = 1
	for f, err := range table.Scan(tx, q) {
		if err != nil {
			return record, fmt.Errorf("what waits: %w", err)
		}
		record = f.Record
	}
	return record, nil
}

// older is the greater of an age and that of a moment, unless that is none or yet to come.
func older(age time.Duration, now, at time.Time) time.Duration {
	if at.IsZero() {
		return age
	}
	return max(age, now.Sub(at))
}
