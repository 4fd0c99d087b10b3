package desk

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
)

// Retry says when a mail is tried again: after First, then after twice as long each time, up to Max; GiveUp after it was
// written it fails. The zero value stands for one minute, four hours and five days (RFC 5321 section 4.5.4.1).
type Retry struct{ First, Max, GiveUp time.Duration }

func (r Retry) orDefault() Retry {
	if r.First <= 0 {
		r.First = time.Minute
	}
	if r.Max <= 0 {
		r.Max = 4 * time.Hour
	}
	if r.GiveUp <= 0 {
		r.GiveUp = 5 * 24 * time.Hour
	}
	return r
}

// pause is how long to wait after that many attempts: a quarter more or less by chance (0 to 1), so that mails that were
// deferred together do not come back together.
func (r Retry) pause(attempts int, chance float64) time.Duration {
	p := r.First
	for i := 1; i < attempts && p < r.Max; i++ {
		p *= 2
	}
	return time.Duration(float64(min(p, r.Max)) * (0.75 + chance/2))
}

// delivery is the actor of what became of our mail.
func delivery() casework.Actor { return casework.Actor{Via: casework.ViaRule, Name: "delivery"} }

// ClaimOutbox takes mails that are due, limit at most, for owner, who has them to himself until the lease is over; after that
// they are due again, since he may be dead. Mail to a suspended address fails here and is not handed out. The number
// of attempts of a claimed mail counts the one that begins now.
func (d *Desk) ClaimOutbox(ctx context.Context, owner string, lease time.Duration, limit int) ([]casework.OutboxItem, error) {
	var claimed []casework.OutboxItem
	err := d.Store.Update(ctx, func(tx casestore.Tx) error {
		claimed = nil
		for i, org := range d.Orgs {
			left := len(d.Orgs) - i
			share := (limit - len(claimed) + left - 1) / left // one organisation's flood does not keep another's mail
			if share <= 0 {
				break
			}
			items, err := d.claim(tx, org, owner, lease, share)
			if err != nil {
				return fmt.Errorf("claim outbox: %w", err)
			}
			claimed = append(claimed, items...)
		}
		return nil
	})
	return claimed, err
}

func (d *Desk) claim(tx casestore.Tx, org casework.OrgID, owner string, lease time.Duration, limit int) (claimed []casework.OutboxItem, err error) {
	now := d.Now()
	due := casestore.Query{Index: "by_due", Prefix: casestore.K(string(org)), Until: casestore.OutboxDue(org, now.Add(time.Microsecond)), Limit: limit}
	for f, err := range casestore.Outbox.Claim(tx, due) {
		if err != nil {
			return nil, err
		}
		o := f.Record
		s, err := casestore.Suspended.Get(tx, casestore.PartyKey(org, o.To.Email))
		if ignoreNotFound(err) != nil {
			return nil, err
		}
		if err == nil {
			out := casework.Outcome{State: casework.Failed, Status: s.Status, Remote: "the address is suspended since a message to it failed: " + s.Remote}
			if err := d.conclude(tx, o, out, now); err != nil {
				return nil, err
			}
			continue
		}
		o.Attempts++
		o.LeasedBy, o.LeasedUntil = owner, now.Add(lease)
		if err := casestore.Outbox.Put(tx, &o); err != nil {
			return nil, err
		}
		claimed = append(claimed, o)
	}
	return claimed, nil
}

// ReportOutbox notes what came of a claimed mail. A mail whose fate is known already keeps it. That a mail was taken
// counts whoever has it now; other outcomes count only from him who has it.
func (d *Desk) ReportOutbox(ctx context.Context, item casework.OutboxItem, out casework.Outcome) error {
	chance, err := d.fraction()
	if err != nil {
		return fmt.Errorf("report outbox: %w", err)
	}
	return d.Store.Update(ctx, func(tx casestore.Tx) error {
		o, err := casestore.Outbox.Get(tx, casestore.OutboxKey(item.Org, item.ID))
		if err != nil {
			return fmt.Errorf("report outbox: %w", err)
		}
		open := o.State == casework.Queued || o.State == casework.Deferred
		if !open || out.State != casework.Sent && !holds(item, o) {
			return nil
		}
		now := d.Now()
		if retry := d.Retry.orDefault(); out.State == casework.Deferred {
			end := o.At.Add(retry.GiveUp)
			if now.Before(end) {
				o.NextAt = now.Add(retry.pause(o.Attempts, chance))
				if o.NextAt.After(end) {
					o.NextAt = end // the last attempt
				}
			} else {
				// RFC 3463 section 3.5: X.4.7, delivery time expired.
				out = casework.Outcome{State: casework.Failed, Status: "5.4.7", Remote: fmt.Sprintf("given up after %v; the last answer: %s", retry.GiveUp, out.Remote)}
			}
		}
		return d.conclude(tx, o, out, now)
	})
}

// holds reports whether the row is still in the hands of him who claimed it as item.
func holds(item, now casework.OutboxItem) bool {
	return now.LeasedBy == item.LeasedBy && now.Attempts == item.Attempts && now.LeasedBy != ""
}

// ReleaseOutbox gives a claimed mail back untried; it is due again at that time, at once where that is zero.
func (d *Desk) ReleaseOutbox(ctx context.Context, item casework.OutboxItem, dueAt time.Time) error {
	return d.Store.Update(ctx, func(tx casestore.Tx) error {
		o, err := casestore.Outbox.Get(tx, casestore.OutboxKey(item.Org, item.ID))
		if err != nil {
			return fmt.Errorf("release outbox: %w", err)
		}
		if !holds(item, o) {
			return nil
		}
		o.Attempts--
		o.LeasedBy, o.LeasedUntil = "", time.Time{}
		if dueAt.After(o.NextAt) {
			o.NextAt = dueAt
		}
		return casestore.Outbox.Put(tx, &o)
	})
}

// FreeOutbox gives back every mail that somebody has claimed, untried, and tells how many. It is for the start of a process that
// has its store to itself: whoever claimed them is dead.
func (d *Desk) FreeOutbox(ctx context.Context) (freed int, err error) {
	for _, org := range d.Orgs {
		err := d.Store.Update(ctx, func(tx casestore.Tx) error {
			for f, err := range casestore.Outbox.Scan(tx, casestore.Query{Index: "by_due", Prefix: casestore.K(string(org))}) {
				if err != nil {
					return err
				}
				o := f.Record
				if o.LeasedBy == "" {
					continue
				}
				o.LeasedBy, o.LeasedUntil = "", time.Time{}
				if err := casestore.Outbox.Put(tx, &o); err != nil {
					return err
				}
				freed++
			}
			return nil
		})
		if err != nil {
			return freed, fmt.Errorf("free outbox: %w", err)
		}
	}
	return freed, nil
}

// conclude writes an outcome into the row, and what follows from it: the entry that tells of a mail that did not arrive,
// and the suspension of an address that takes none.
func (d *Desk) conclude(tx casestore.Tx, o casework.OutboxItem, out casework.Outcome, now time.Time) error {
	o.State, o.Status, o.Remote, o.RemoteID = out.State, out.Status, clip(out.Remote, maxRemote), clip(out.RemoteID, maxRemote)
	o.LeasedBy, o.LeasedUntil, o.ChangedAt = "", time.Time{}, now
	if out.State == casework.Sent {
		o.SentAt = now
	}
	if o.Staff != nil && out.State != casework.Deferred {
		staff := *o.Staff
		staff.Todo, o.Staff = nil, &staff // they are many, and were written or never will be
	}
	if err := casestore.Outbox.Put(tx, &o); err != nil {
		return err
	}
	if out.State != casework.Failed && out.State != casework.Bounced {
		return nil
	}
	if out.Address {
		if err := suspend(tx, o, now); err != nil {
			return err
		}
	}
	if o.Staff != nil {
		d.Log.Warn("a mail to somebody of the house did not arrive", "org", o.Org, "outbox", o.ID, "contact", o.Staff.Contact, "status", o.Status)
		return nil
	}
	c, err := casestore.Cases.Get(tx, casestore.CaseKey(o.Org, o.Case))
	if err != nil {
		return caseError(o.Case, err)
	}
	message, err := casestore.Entries.Find(tx, "by_id", casestore.K(string(o.Org)).Str(string(o.Entry)))
	if err != nil {
		return fmt.Errorf("message of outgoing mail %s: %w", o.ID, err)
	}
	c, _, err = d.act(tx, c, casework.Undelivered{Lane: o.Lane, Why: "a message did not arrive", Author: message.Actor, Delivery: casework.Delivery{
		Outbox: o.ID, Entry: o.Entry, Recipient: o.To.Email, State: o.State, Status: o.Status, Remote: o.Remote, Suspended: out.Address,
	}}, delivery(), now)
	if err == nil && message.MailOut != nil && message.MailOut.Auto == casework.AutoNewCase {
		err = d.fallBack(tx, c, o, now)
	}
	return err
}

// maxRemote bounds what is kept of a remote's words, in bytes.
const maxRemote = 2000

func suspend(tx casestore.Tx, o casework.OutboxItem, now time.Time) error {
	s := casework.Suspension{
		Org: o.Org, Email: casework.Address(o.To.Email), At: now, Status: o.Status, Remote: o.Remote, Case: o.Case, Outbox: o.ID,
	}
	known, err := casestore.Suspended.Has(tx, casestore.PartyKey(s.Org, s.Email))
	if known || err != nil {
		return err
	}
	return casestore.Suspended.Put(tx, &s)
}

// QueueAge is how long the oldest mail that is neither delivered nor given up has waited; 0 where none waits.
func (d *Desk) QueueAge(ctx context.Context) (age time.Duration, err error) {
	err = d.Store.View(ctx, func(tx casestore.Tx) error {
		age = 0
		for _, org := range d.Orgs {
			for _, state := range []casework.OutboxState{casework.Queued, casework.Deferred} {
				// Ids sort by time: the first of a state is its oldest.
				q := casestore.Query{Index: "by_state", Prefix: casestore.K(string(org)).Str(string(state)), Limit: 1}
				for f, err := range casestore.Outbox.Scan(tx, q) {
					if err != nil {
						return err
					}
					age = max(age, d.Now().Sub(f.Record.At))
				}
			}
		}
		return nil
	})
	return age, err
}

// maxCounted bounds what OutboxWaiting counts of each state.
const maxCounted = 10_000

// OutboxWaiting counts the mails that are neither delivered nor given up, by state, up to 10,000 of each.
func (d *Desk) OutboxWaiting(ctx context.Context) (waiting map[casework.OutboxState]int, err error) {
	err = d.Store.View(ctx, func(tx casestore.Tx) error {
		waiting = map[casework.OutboxState]int{casework.Queued: 0, casework.Deferred: 0}
		for _, org := range d.Orgs {
			for state, n := range waiting {
				q := casestore.Query{Index: "by_state", Prefix: casestore.K(string(org)).Str(string(state)), Limit: maxCounted - n}
				if q.Limit == 0 {
					continue
				}
				for _, err := range tx.Scan(casestore.Outbox.Schema(), q) { // the rows as they lie: they are many
					if err != nil {
						return fmt.Errorf("count outbox: %w", err)
					}
					waiting[state]++
				}
			}
		}
		return nil
	})
	return waiting, err
}

// fraction is a number from 0 to 1 by chance.
func (d *Desk) fraction() (float64, error) {
	var b [4]byte
	if _, err := io.ReadFull(d.Chance, b[:]); err != nil {
		return 0, err
	}
	return float64(binary.BigEndian.Uint32(b[:])) / (1 << 32), nil
}
