package fill

import (
	"fmt"
	"math/rand/v2"

	"smartmail/casestore"
	"smartmail/casework"
)

// history is a case with all that belongs to it.
type history struct {
	c       casework.Case
	entries []casework.Entry
	mails   []casework.Mail
	raws    []casework.RawMail
	refs    []casework.Reference
	outbox  []casework.OutboxItem
}

// tell adds an entry, whose time is set.
func (h *history) tell(r *rand.Rand, e casework.Entry) casework.Entry {
	h.c.LastSeq++
	e.Org, e.Case, e.Seq = h.c.Org, h.c.Number, h.c.LastSeq
	e.ID = newID[casework.EntryID](r, e.At)
	h.entries = append(h.entries, e)
	return e
}

// put stores all of it.
func (h history) put(tx casestore.Tx) error {
	n, err := tx.Next(casestore.CaseSeries(h.c.Org))
	if err == nil && casework.CaseNumber(n) != h.c.Number {
		err = fmt.Errorf("the store's next case is %d", n)
	}
	if err != nil {
		return err
	}
	if err := casestore.Cases.Put(tx, &h.c); err != nil {
		return err
	}
	for i := range h.entries {
		e := &h.entries[i]
		if err := casestore.Entries.Put(tx, e); err != nil {
			return err
		}
		seq, err := tx.Next(casestore.LogSeries(e.Org))
		if err == nil {
			err = casestore.Log.Put(tx, &casework.Event{Org: e.Org, Seq: seq, At: e.At, Kind: casework.EventEntry, Case: e.Case, Entry: e.Seq})
		}
		if err != nil {
			return err
		}
	}
	for _, err := range []error{putAll(tx, casestore.Mails, h.mails), putAll(tx, casestore.Raws, h.raws), putAll(tx, casestore.References, h.refs), putAll(tx, casestore.Outbox, h.outbox)} {
		if err != nil {
			return err
		}
	}
	return nil
}

func putAll[T any](tx casestore.Tx, table *casestore.Table[T], records []T) error {
	for i := range records {
		if err := table.Put(tx, &records[i]); err != nil {
			return err
		}
	}
	return nil
}
