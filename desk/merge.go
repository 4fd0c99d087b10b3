package desk

import (
	"context"
	"fmt"
	"slices"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
)

// both reads two cases of an organisation.
func both(tx casestore.Tx, org casework.OrgID, a, b casework.CaseNumber) (ca, cb casework.Case, err error) {
	if ca, err = casestore.Cases.Get(tx, casestore.CaseKey(org, a)); err != nil {
		return ca, cb, caseError(a, err)
	}
	cb, err = casestore.Cases.Get(tx, casestore.CaseKey(org, b))
	return ca, cb, caseError(b, err)
}

// onward is the case in which one goes on that was merged; itself where it was not.
func onward(tx casestore.Tx, c casework.Case) (casework.Case, error) {
	for c.Merged != nil {
		next, err := casestore.Cases.Get(tx, casestore.CaseKey(c.Org, c.Merged.Into))
		if err != nil {
			return c, caseError(c.Merged.Into, err)
		}
		c = next
	}
	return c, nil
}

// tie links two cases, each with its own end, and returns the first.
func (d *Desk) tie(tx casestore.Tx, c, other casework.Case, kind, why string, by casework.Actor, at time.Time) (casework.Case, error) {
	c, _, err := d.act(tx, c, casework.LinkTo{Link: casework.Link{Kind: kind, Case: other.Number}, Why: why}, by, at)
	if err != nil {
		return c, err
	}
	_, _, err = d.act(tx, other, casework.LinkTo{Link: casework.Link{Kind: casework.Inverse(kind), Case: c.Number}, Why: why}, by, at)
	return c, err
}

// Merge closes a case, which goes on in another from then on, and returns that one. Entries stay where they are; mail to the case's
// addresses comes to the other. Errors: fault.NotFound, Conflict, Invalid.
func (d *Desk) Merge(ctx context.Context, org casework.OrgID, from, into casework.CaseNumber, by casework.Actor) (after casework.Case, err error) {
	err = d.update(ctx, func(tx casestore.Tx) error {
		a, b, err := both(tx, org, from, into)
		if err != nil {
			return err
		}
		now := d.Now()
		if b, _, err = d.act(tx, b, casework.Absorb{From: a}, by, now); err != nil {
			return err
		}
		var part casework.CaseNumber
		if b, part, err = d.inherit(tx, a, b, by, now); err != nil {
			return err
		}
		after = b
		_, _, err = d.act(tx, a, casework.MergeInto{Into: b, Part: part}, by, now)
		return err
	})
	return after, err
}

// inherit makes the case that has absorbed a report part of that one's incident, where that can be, and returns the incident.
func (d *Desk) inherit(tx casestore.Tx, from, into casework.Case, by casework.Actor, at time.Time) (casework.Case, casework.CaseNumber, error) {
	for _, n := range from.Linked(casework.ChildOf) {
		incident, err := casestore.Cases.Get(tx, casestore.CaseKey(into.Org, n))
		if err != nil {
			return into, 0, caseError(n, err)
		}
		if len(into.Linked(casework.ChildOf)) == 0 && casework.MayLink(casework.ChildOf, into, incident) == nil {
			into, err = d.tie(tx, into, incident, casework.ChildOf, "", by, at)
			return into, n, err
		}
	}
	return into, 0, nil
}

// SplitOrder says what becomes a case of its own.
type SplitOrder struct {
	Entries []casework.EntryID // of the case that is split, in the order in which they shall stand
	Open    casework.Open      // the new case; class, object and priority that are empty are those of the first
	By      casework.Actor
}

// Split opens a case with entries of another one, where they stay as well. Errors: fault.NotFound, Conflict, Invalid.
func (d *Desk) Split(ctx context.Context, org casework.OrgID, n casework.CaseNumber, o SplitOrder) (split casework.Case, err error) {
	err = d.update(ctx, func(tx casestore.Tx) error {
		from, err := casestore.Cases.Get(tx, casestore.CaseKey(org, n))
		if err != nil {
			return caseError(n, err)
		}
		if err := living(tx, org, o.Open.Class, o.Open.Object); err != nil {
			return err
		}
		now := d.Now()
		open := o.open(from)
		if split, err = d.open(tx, org, open, o.By, now, nil); err != nil {
			return err
		}
		if split, _, err = d.take(tx, split, from, o.Entries, true, o.By, now); err != nil {
			return err
		}
		if split, err = d.tie(tx, split, from, casework.SplitFrom, "", o.By, now); err != nil {
			return err
		}
		split, err = d.dispatch(tx, split, now)
		return err
	})
	return split, err
}

// open is the new case, with what it has of the first.
func (o SplitOrder) open(from casework.Case) casework.Open {
	cmd := o.Open
	if cmd.Class == "" {
		cmd.Class = from.Class
	}
	cmd.Internal = cmd.Internal || from.Internal
	if cmd.Object == "" {
		cmd.Object = from.Object
	}
	if cmd.Priority == "" && cmd.Class == from.Class {
		cmd.Priority, cmd.ByClass = from.Priority, from.Ruled.Priority
	}
	return cmd
}

// MoveEntry puts a mail or a note onto another case, and withdraws it where it was. It returns the new entry. Errors: fault.NotFound,
// Conflict, Invalid.
func (d *Desk) MoveEntry(ctx context.Context, org casework.OrgID, id casework.EntryID, to casework.CaseNumber, by casework.Actor) (moved casework.Entry, err error) {
	err = d.update(ctx, func(tx casestore.Tx) error {
		e, err := casestore.Entries.Find(tx, "by_id", casestore.K(string(org)).Str(string(id)))
		if err != nil {
			return renamed(err, "there is no such entry")
		}
		from, target, err := both(tx, org, e.Case, to)
		if err != nil {
			return err
		}
		now := d.Now()
		if _, moved, err = d.take(tx, target, from, []casework.EntryID{id}, false, by, now); err != nil {
			return err
		}
		_, _, err = d.act(tx, from, casework.Withdraw{Entry: id, Why: fmt.Sprintf("moved to case %d", to)}, by, now)
		if err != nil || e.MailIn == nil {
			return err
		}
		return d.forget(tx, e)
	})
	return moved, err
}

// take puts entries of one case onto another, and returns the last of the new ones.
func (d *Desk) take(tx casestore.Tx, onto, from casework.Case, ids []casework.EntryID, opened bool, by casework.Actor, at time.Time) (casework.Case, casework.Entry, error) {
	cmd := casework.Take{From: from, New: opened}
	for _, id := range ids {
		e, err := casestore.Entries.Find(tx, "by_id", casestore.K(string(from.Org)).Str(string(id)))
		if err != nil {
			return onto, e, renamed(err, "there is no such entry")
		}
		if slices.ContainsFunc(cmd.Entries, func(had casework.Entry) bool { return had.ID == id }) {
			return onto, e, fault.New(fault.Invalid, "an entry is named twice")
		}
		cmd.Entries = append(cmd.Entries, e)
	}
	onto, entries, err := d.act(tx, onto, cmd, by, at)
	if err != nil {
		return onto, casework.Entry{}, err
	}
	for _, e := range entries {
		if e.MailIn == nil {
			continue
		}
		m, err := casestore.Mails.Get(tx, casestore.MailKey(e.Org, e.MailIn.Mail))
		if err != nil {
			return onto, e, err
		}
		m.Places = append(m.Places, casework.Place{Case: e.Case, Entry: e.ID})
		if err := casestore.Mails.Put(tx, &m); err != nil {
			return onto, e, err
		}
		if e.MailIn.Staff {
			continue
		}
		if err := d.remember(tx, m, e.Case, e.Lane, e.MailIn.Sender); err != nil {
			return onto, e, err
		}
	}
	return onto, entries[len(entries)-1], nil
}

// forget makes answers to a mail that was moved find its new case alone.
func (d *Desk) forget(tx casestore.Tx, e casework.Entry) error {
	m, err := casestore.Mails.Get(tx, casestore.MailKey(e.Org, e.MailIn.Mail))
	if err != nil || m.Content.MessageID == "" {
		return err
	}
	ref, err := casestore.References.Get(tx, casestore.ReferencesOf(e.Org, m.Content.MessageID).Uint(uint64(e.Case)).Str(string(e.Lane)))
	if err != nil {
		return ignoreNotFound(err)
	}
	return casestore.References.Delete(tx, &ref)
}
