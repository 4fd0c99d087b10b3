package desk

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
)

// OutboxItem returns one outgoing mail, whatever its state. It is how a bounce finds the message that it is about: our
// Message-IDs and bounce addresses bear this id, signed.
func (d *Desk) OutboxItem(ctx context.Context, org casework.OrgID, id casework.OutboxID) (o casework.OutboxItem, err error) {
	err = d.Store.View(ctx, func(tx casestore.Tx) error {
		o, err = casestore.Outbox.Get(tx, casestore.K(string(org)).Str(string(id)))
		return renamed(err, "there is no such outgoing mail")
	})
	return o, err
}

// outgoing returns the mails that an entry caused. Their ids were made at the entry's own time, and sort by it.
func outgoing(tx casestore.Tx, e casework.Entry) (out []casework.OutboxItem, err error) {
	q := casestore.Query{
		Prefix: casestore.K(string(e.Org)),
		After:  casestore.OutboxKey(e.Org, casework.OutboxID(casework.FirstID(e.At))),
		Until:  casestore.OutboxKey(e.Org, casework.OutboxID(casework.FirstID(e.At.Add(time.Millisecond)))),
	}
	for f, err := range casestore.Outbox.Scan(tx, q) {
		if err != nil {
			return nil, fmt.Errorf("mails of entry %s: %w", e.ID, err)
		}
		if f.Record.Entry == e.ID {
			out = append(out, f.Record)
		}
	}
	slices.SortFunc(out, func(a, b casework.OutboxItem) int { return cmp.Compare(a.Participant, b.Participant) })
	return out, nil
}

// SentText returns what an outgoing mail says, without the template around it. Errors: fault.NotFound.
func (d *Desk) SentText(ctx context.Context, org casework.OrgID, id casework.OutboxID) (text string, err error) {
	o, err := d.OutboxItem(ctx, org, id)
	if err != nil {
		return "", err
	}
	if o.Staff != nil {
		return o.Staff.Text, nil
	}
	e, err := d.Entry(ctx, org, o.Entry)
	if err == nil && e.MailOut != nil {
		text = e.MailOut.Text
	}
	return text, err
}

// maxBack bounds how far back NewestMail looks, in entries.
const maxBack = 2000

// NewestMail returns the newest received mail of a lane that stands before an entry of that number and that its people may see; ok is false
// where there is none among the last entries before it.
func (d *Desk) NewestMail(ctx context.Context, org casework.OrgID, n casework.CaseNumber, lane casework.LaneID, before uint64) (m casework.Mail, ok bool, err error) {
	err = d.Store.View(ctx, func(tx casestore.Tx) error {
		c, err := casestore.Cases.Get(tx, casestore.CaseKey(org, n))
		if err != nil {
			return caseError(n, err)
		}
		entries := casestore.EntriesOf(org, n)
		for f, err := range casestore.Entries.Scan(tx, casestore.Query{Prefix: entries, After: entries.Uint(before), Reverse: true, Limit: maxBack}) {
			if err != nil {
				return err
			}
			e := f.Record
			if e.MailIn == nil || e.MailIn.Staff || e.Lane != lane || slices.Contains(c.Held, e.ID) || slices.Contains(c.Withdrawn, e.ID) {
				continue
			}
			m, err = casestore.Mails.Get(tx, casestore.MailKey(org, e.MailIn.Mail))
			ok = err == nil
			return err
		}
		return nil
	})
	return m, ok, err
}
