package desk

import (
	"context"
	"fmt"

	"smartmail/access"
	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
)

// EventView is an event with what it points to.
type EventView struct {
	casework.Event
	Entry *EntryView // nil: the event tells of no entry, or of one that is not there any more
}

// Feed returns what happened after an event of the log (0: from the beginning), each with its entry, limit at most. Errors:
// fault.Conflict where the log ends before that event: it is another log than the one that was read, of a store that was restored.
func (d *Desk) Feed(ctx context.Context, org casework.OrgID, after uint64, limit int) (feed []EventView, err error) {
	err = d.Store.View(ctx, func(tx casestore.Tx) error {
		feed = nil
		for f, err := range casestore.Log.Scan(tx, casestore.Query{Prefix: casestore.K(string(org)), After: casestore.LogKey(org, after), Limit: limit}) {
			if err != nil {
				return err
			}
			v := EventView{Event: f.Record}
			if v.Entry, err = told(tx, f.Record); err != nil {
				return err
			}
			feed = append(feed, v)
		}
		if len(feed) > 0 || after == 0 {
			return nil
		}
		there, err := casestore.Log.Has(tx, casestore.LogKey(org, after))
		if err == nil && !there {
			err = fault.New(fault.Conflict, fmt.Sprintf("the log ends before event %d: begin again from 0", after))
		}
		return err
	})
	return feed, err
}

// told is the entry that an event tells of.
func told(tx casestore.Tx, e casework.Event) (*EntryView, error) {
	if e.Kind != casework.EventEntry {
		return nil, nil
	}
	c, err := casestore.Cases.Get(tx, casestore.CaseKey(e.Org, e.Case))
	if err != nil {
		return nil, ignoreNotFound(err)
	}
	entry, err := casestore.Entries.Get(tx, casestore.EntriesOf(e.Org, e.Case).Uint(e.Entry))
	if err != nil {
		return nil, ignoreNotFound(err)
	}
	v, err := viewEntry(tx, c, entry)
	return &v, err
}

// Feed is Desk.Feed. Who may not read every lane is told what happened, and not what was said.
func (g *Guarded) Feed(ctx context.Context, org casework.OrgID, after uint64, limit int) ([]EventView, error) {
	if err := g.need(access.Events); err != nil {
		return nil, err
	}
	feed, err := g.desk.Feed(ctx, org, after, limit)
	if !g.grant.May(access.ReadLanes) {
		for i := range feed {
			feed[i].Entry = nil
		}
	}
	return feed, err
}
