package desk

import (
	"context"
	"slices"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
)

// Shown is a case as one of its participants gets to see it.
type Shown struct {
	Case        casework.Case
	Participant casework.Participant
	Lane        casework.Lane // his own
	Entries     []EntryView   // what was said on it that he may see, oldest first
	Earlier     bool          // there is more before them
}

// Shown returns a case with the newest entries of a participant's lane, limit at most, that he may see. Error: fault.NotFound, also where he takes
// part no longer.
func (d *Desk) Shown(ctx context.Context, org casework.OrgID, n casework.CaseNumber, no casework.ParticipantNo, limit int) (s Shown, err error) {
	err = d.Store.View(ctx, func(tx casestore.Tx) error {
		if s, err = participation(tx, org, n, no); err != nil {
			return err
		}
		back := casestore.Query{Prefix: casestore.EntriesOf(org, n), Reverse: true, Limit: maxBack}
		for f, err := range casestore.Entries.Scan(tx, back) {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				return err
			}
			if !s.shows(f.Record) {
				continue
			}
			if s.Earlier = len(s.Entries) == limit; s.Earlier {
				break
			}
			v, err := viewEntry(tx, s.Case, f.Record)
			if err != nil {
				return err
			}
			s.Entries = append(s.Entries, v)
		}
		slices.Reverse(s.Entries)
		return nil
	})
	return s, err
}

// ShownEntry returns one entry of the case that the participant may see. Error: fault.NotFound, also where he may not see it any more.
func (d *Desk) ShownEntry(ctx context.Context, org casework.OrgID, n casework.CaseNumber, no casework.ParticipantNo, id casework.EntryID) (v EntryView, err error) {
	err = d.Store.View(ctx, func(tx casestore.Tx) error {
		s, err := participation(tx, org, n, no)
		if err != nil {
			return err
		}
		e, err := casestore.Entries.Find(tx, "by_id", casestore.K(string(org)).Str(string(id)))
		if err == nil && (e.Case != n || !s.shows(e)) {
			err = fault.New(fault.NotFound, "")
		}
		if err != nil {
			return renamed(err, "there is no such entry")
		}
		v, err = viewEntry(tx, s.Case, e)
		return err
	})
	return v, err
}

func participation(tx casestore.Tx, org casework.OrgID, n casework.CaseNumber, no casework.ParticipantNo) (Shown, error) {
	c, err := casestore.Cases.Get(tx, casestore.CaseKey(org, n))
	if err != nil {
		return Shown{}, caseError(n, err)
	}
	p, id, ok := c.Participant(no)
	lane, there := c.Lane(id)
	if !ok || !there {
		return Shown{}, fault.New(fault.NotFound, "there is no such participant")
	}
	return Shown{Case: c, Participant: p, Lane: *lane}, nil
}

// shows reports whether the participant may see an entry: what was written to somebody else alone, though on his lane, he may not.
func (s Shown) shows(e casework.Entry) bool {
	alone := e.MailOut != nil && e.MailOut.To != 0 && e.MailOut.To != s.Participant.No
	return s.Case.ShownTo(s.Lane.ID, e) && !alone
}
