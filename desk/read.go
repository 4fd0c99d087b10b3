package desk

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
	"smartmail/message"
)

// Page is part of a list. Next is where the following page starts; nil at the end.
type Page[T any] struct {
	Items []T
	Next  casestore.Key
}

// EntryView is an entry with the mail that it tells of, if any.
type EntryView struct {
	casework.Entry
	Mail      *casework.Mail
	Outgoing  []casework.OutboxItem // of a message: a mail to each recipient, and what became of it
	Held      bool                  // waits for a person to vouch for it: nobody outside sees it
	Withdrawn bool                  // was taken back: nobody outside sees it
}

// TriageView is a triage item with its mail.
type TriageView struct {
	casework.TriageItem
	Mail casework.Mail
}

// Case returns one case.
func (d *Desk) Case(ctx context.Context, org casework.OrgID, n casework.CaseNumber) (c casework.Case, err error) {
	err = d.Store.View(ctx, func(tx casestore.Tx) error {
		c, err = casestore.Cases.Get(tx, casestore.CaseKey(org, n))
		return caseError(n, err)
	})
	return c, err
}

// page collects limit items from a scan, with the position to go on from.
func page[R, V any](ctx context.Context, d *Desk, limit int, scan func(casestore.Tx) iter.Seq2[casestore.Found[R], error], view func(casestore.Tx, R) (V, bool, error)) (p Page[V], err error) {
	err = d.Store.View(ctx, func(tx casestore.Tx) error {
		p = Page[V]{Items: []V{}}
		var last casestore.Key
		for f, err := range scan(tx) {
			if err == nil {
				err = ctx.Err() // a filter that finds little must not outlive its caller
			}
			if err != nil {
				return err
			}
			v, ok, err := view(tx, f.Record)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			if len(p.Items) == limit {
				p.Next = last
				return nil
			}
			p.Items, last = append(p.Items, v), bytes.Clone(f.Pos)
		}
		return nil
	})
	return p, err
}

// Entries returns a case's timeline, oldest first.
func (d *Desk) Entries(ctx context.Context, org casework.OrgID, n casework.CaseNumber, after casestore.Key, limit int) (Page[EntryView], error) {
	return d.entries(ctx, org, n, after, limit, func(_ casestore.Tx, _ casework.Case, e casework.Entry) (casework.Entry, bool, error) {
		return e, true, nil
	})
}

// reader leaves of an entry what somebody may see; ok is false where that is nothing.
type reader func(casestore.Tx, casework.Case, casework.Entry) (e casework.Entry, ok bool, err error)

// entries is Entries as a reader sees them.
func (d *Desk) entries(ctx context.Context, org casework.OrgID, n casework.CaseNumber, after casestore.Key, limit int, read reader) (Page[EntryView], error) {
	c, err := d.Case(ctx, org, n)
	if err != nil {
		return Page[EntryView]{}, err
	}
	return page(ctx, d, limit, func(tx casestore.Tx) iter.Seq2[casestore.Found[casework.Entry], error] {
		return casestore.Entries.Scan(tx, casestore.Query{Prefix: casestore.EntriesOf(org, n), After: after})
	}, func(tx casestore.Tx, e casework.Entry) (EntryView, bool, error) {
		e, ok, err := read(tx, c, e)
		if err != nil || !ok {
			return EntryView{}, false, err
		}
		v, err := viewEntry(tx, c, e)
		return v, true, err
	})
}

func viewEntry(tx casestore.Tx, c casework.Case, e casework.Entry) (EntryView, error) {
	v := EntryView{Entry: e, Held: slices.Contains(c.Held, e.ID), Withdrawn: slices.Contains(c.Withdrawn, e.ID)}
	if e.MailIn != nil {
		m, err := casestore.Mails.Get(tx, casestore.MailKey(e.Org, e.MailIn.Mail))
		if err != nil {
			return v, fmt.Errorf("mail of entry %s: %w", e.ID, err)
		}
		v.Mail = &m
	}
	var err error
	if e.Kind == casework.KindMailOut || e.Kind == casework.KindOrder {
		v.Outgoing, err = outgoing(tx, e)
	}
	return v, err
}

// Entry returns one entry.
func (d *Desk) Entry(ctx context.Context, org casework.OrgID, id casework.EntryID) (v EntryView, err error) {
	err = d.Store.View(ctx, func(tx casestore.Tx) error {
		e, err := casestore.Entries.Find(tx, "by_id", casestore.K(string(org)).Str(string(id)))
		if err != nil {
			return renamed(err, "there is no such entry")
		}
		c, err := casestore.Cases.Get(tx, casestore.CaseKey(org, e.Case))
		if err != nil {
			return err
		}
		v, err = viewEntry(tx, c, e)
		return err
	})
	return v, err
}

// renamed gives a missing row a public name.
func renamed(err error, public string) error {
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.NotFound, public)
	}
	return err
}

// TriageQueue returns the items in a state, oldest first; an empty state means all.
func (d *Desk) TriageQueue(ctx context.Context, org casework.OrgID, state casework.TriageState, after casestore.Key, limit int) (Page[TriageView], error) {
	q := casestore.Query{Prefix: casestore.K(string(org)), After: after}
	if state != "" {
		q.Index, q.Prefix = "by_state", q.Prefix.Str(string(state))
	}
	return page(ctx, d, limit, func(tx casestore.Tx) iter.Seq2[casestore.Found[casework.TriageItem], error] {
		return casestore.Triage.Scan(tx, q)
	}, viewTriage)
}

func viewTriage(tx casestore.Tx, t casework.TriageItem) (TriageView, bool, error) {
	m, err := casestore.Mails.Get(tx, casestore.MailKey(t.Org, t.Mail))
	return TriageView{TriageItem: t, Mail: m}, true, err
}

// TriageItem returns one item.
func (d *Desk) TriageItem(ctx context.Context, org casework.OrgID, id casework.TriageID) (v TriageView, err error) {
	err = d.Store.View(ctx, func(tx casestore.Tx) error {
		t, err := casestore.Triage.Get(tx, casestore.K(string(org)).Str(string(id)))
		if err != nil {
			return renamed(err, "there is no such triage item")
		}
		v, _, err = viewTriage(tx, t)
		return err
	})
	return v, err
}

// OutboxPage returns outgoing mails in a state, oldest first; an empty state means all.
func (d *Desk) OutboxPage(ctx context.Context, org casework.OrgID, state casework.OutboxState, after casestore.Key, limit int) (Page[casework.OutboxItem], error) {
	q := casestore.Query{Prefix: casestore.K(string(org)), After: after}
	if state != "" {
		q.Index, q.Prefix = "by_state", q.Prefix.Str(string(state))
	}
	return page(ctx, d, limit, func(tx casestore.Tx) iter.Seq2[casestore.Found[casework.OutboxItem], error] {
		return casestore.Outbox.Scan(tx, q)
	}, func(_ casestore.Tx, o casework.OutboxItem) (casework.OutboxItem, bool, error) { return o, true, nil })
}

// RawMail is an open raw mail; close it after use.
type RawMail struct {
	message.Raw
	Ref   casework.RawRef
	close func() error
}

// Close releases the raw mail.
func (r *RawMail) Close() error {
	if r.close == nil {
		return nil
	}
	return r.close()
}

// OpenRaw opens the bytes of a mail as they came in.
func (d *Desk) OpenRaw(ctx context.Context, org casework.OrgID, id casework.MailID) (*RawMail, error) {
	var (
		m     casework.Mail
		bytes []byte
	)
	err := d.Store.View(ctx, func(tx casestore.Tx) (err error) {
		if m, err = casestore.Mails.Get(tx, casestore.MailKey(org, id)); err != nil {
			return renamed(err, "there is no such mail")
		}
		if !m.Raw.Erased.IsZero() {
			return fault.New(fault.NotFound, "the bytes of this mail were erased")
		}
		if m.Raw.Blob {
			return nil
		}
		raw, err := casestore.Raws.Get(tx, casestore.MailKey(org, id))
		bytes = raw.Bytes
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case !m.Raw.Blob:
		return &RawMail{Raw: message.InMemory(bytes), Ref: m.Raw}, nil
	}
	blob, err := d.Blobs.Open(ctx, string(org), string(id))
	if err != nil {
		return nil, fmt.Errorf("open raw mail: %w", err)
	}
	return &RawMail{Raw: blob, Ref: m.Raw, close: blob.Close}, nil
}

// AttachmentID names the attachment of a mail: the mail's id and the attachment's position.
func AttachmentID(mail casework.MailID, index int) string {
	return string(mail) + "-" + strconv.Itoa(index)
}

// parseAttachmentID is the reverse of AttachmentID.
func parseAttachmentID(id string) (casework.MailID, int, bool) {
	mail, n, ok := strings.Cut(id, "-")
	index, err := strconv.Atoi(n)
	return casework.MailID(mail), index, ok && err == nil && index >= 0
}

// Ready reports whether the store can be written: it takes a number of a series of its own.
func (d *Desk) Ready(ctx context.Context) error {
	return d.Store.Update(ctx, func(tx casestore.Tx) error {
		_, err := tx.Next(casestore.K(string(d.Orgs[0])).Str("ready"))
		return err
	})
}
