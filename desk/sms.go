package desk

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
	"smartmail/register"
)

// TextMessages is how text messages go out.
type TextMessages struct {
	Country string // calling code of numbers that begin with 0
	PerDay  int    // segments that each organisation sends on a day at most
}

const (
	smsUseful = 12 * time.Hour   // from when it is due, for a message that somebody is given a case
	smsFirst  = time.Minute      // after which a message is tried again, and then twice as long each time
	smsMost   = 30 * time.Minute // between two attempts
)

// reachable is the number at which a contact gets text messages; ok is false where he gets none.
func (d *Desk) reachable(c register.Contact) (number string, ok bool) {
	if d.SMS == nil {
		return "", false
	}
	for _, p := range c.Phones {
		if number, ok = casework.SMSNumber(p, d.SMS.Country); ok {
			return number, true
		}
	}
	return "", false
}

// text puts into the outbox a text message that somebody has got a case. It waits for the end of his quiet hours, but where the case is due at once.
func (d *Desk) text(tx casestore.Tx, c casework.Case, to register.Contact, number string, at time.Time) error {
	id, err := newID[casework.OutboxID](d, at)
	if err != nil {
		return err
	}
	var secret [16]byte
	if _, err := io.ReadFull(d.Chance, secret[:]); err != nil {
		return err
	}
	n := d.Notices[c.Org]
	text := fmt.Sprintf(inLanguage(n.Language, "Ärende #%d är ditt: %s", "Case #%d is yours: %s"), c.Number, c.Subject)
	if c.Object != "" {
		text += ", " + c.Object
	}
	text = casework.FitSMS(text)
	due := at
	if to.Notify != nil && c.Priority != "0" {
		due = to.Notify.Quiet.Until(at.In(n.location()))
	}
	return casestore.SMS.Put(tx, &casework.SMS{
		Org: c.Org, ID: id, Token: hex.EncodeToString(secret[:]), Contact: to.ID, To: number, Case: c.Number, Text: text, Segments: casework.SMSSegments(text),
		State: casework.SMSQueued, At: at, NextAt: due, GiveUpAt: due.Add(smsUseful),
	})
}

// ClaimSMS takes text messages that are due, limit at most, for owner, who has them to himself until the lease is over. What is of no use any
// more, or over the day's bound, fails here.
func (d *Desk) ClaimSMS(ctx context.Context, owner string, lease time.Duration, limit int) (claimed []casework.SMS, err error) {
	err = d.Store.Update(ctx, func(tx casestore.Tx) error {
		claimed = nil
		for _, org := range d.Orgs {
			now := d.Now()
			q := casestore.Query{Index: "by_due", Prefix: casestore.K(string(org)), Until: casestore.SMSDue(org, now.Add(time.Microsecond)), Limit: limit}
			for f, err := range casestore.SMS.Claim(tx, q) {
				if err != nil {
					return fmt.Errorf("claim SMS: %w", err)
				}
				s := f.Record
				why, err := d.useless(tx, s, now)
				if err != nil {
					return err
				}
				if why != "" {
					if err := d.concludeSMS(tx, s, casework.SMSFailed, why, now); err != nil {
						return err
					}
					continue
				}
				s.Attempts, s.LeasedBy, s.LeasedUntil = s.Attempts+1, owner, now.Add(lease)
				if err := casestore.SMS.Put(tx, &s); err != nil {
					return err
				}
				claimed = append(claimed, s)
			}
		}
		return nil
	})
	return claimed, err
}

// useless tells why a text message is not sent; "" means that it is, and is counted.
func (d *Desk) useless(tx casestore.Tx, s casework.SMS, now time.Time) (why string, err error) {
	c, err := casestore.Cases.Get(tx, casestore.CaseKey(s.Org, s.Case))
	switch {
	case err != nil:
		return "", caseError(s.Case, err)
	case c.Assignee != s.Contact || c.Status == casework.StatusDone || c.Status == casework.StatusClosed:
		return "the case is not his any more, or done", nil
	case now.After(s.GiveUpAt):
		return "it came too late to be of use: " + s.Words, nil
	case s.Attempts > 0:
		return "", nil // counted before
	}
	day := now.In(d.Notices[s.Org].location()).Format(time.DateOnly)
	count, err := casestore.SMSDays.Get(tx, casestore.SMSDayKey(s.Org, day))
	if ignoreNotFound(err) != nil {
		return "", err
	}
	count.Org, count.Day, count.Segments = s.Org, day, count.Segments+s.Segments
	if d.SMS == nil || count.Segments > d.SMS.PerDay {
		d.Log.Warn("the day's bound of SMS is reached", "org", s.Org, "day", day)
		return "the day's bound of SMS is reached", nil
	}
	return "", casestore.SMSDays.Put(tx, &count)
}

// ReportSMS notes what came of a claimed text message: SMSSent, SMSDeferred or SMSFailed, with the provider's words and his name for it.
func (d *Desk) ReportSMS(ctx context.Context, s casework.SMS, state casework.SMSState, words, remoteID string) error {
	return d.Store.Update(ctx, func(tx casestore.Tx) error {
		now := d.Now()
		row, err := casestore.SMS.Get(tx, casestore.SMSKey(s.Org, s.ID))
		if err != nil {
			return fmt.Errorf("report SMS: %w", err)
		}
		if !row.Waits() || state != casework.SMSSent && (row.LeasedBy != s.LeasedBy || row.Attempts != s.Attempts) {
			return nil
		}
		row.RemoteID = clip(remoteID, 200)
		if state == casework.SMSDeferred {
			row.NextAt = now.Add(min(smsFirst<<min(row.Attempts-1, 10), smsMost))
		}
		return d.concludeSMS(tx, row, state, words, now)
	})
}

// SMSStatus notes what the provider tells later of a text message that it has. What it tells of another one, or again, changes nothing. Error:
// fault.NotFound where there is no such token.
func (d *Desk) SMSStatus(ctx context.Context, org casework.OrgID, token string, state casework.SMSState, words string) error {
	return d.update(ctx, func(tx casestore.Tx) error {
		s, err := casestore.SMS.Find(tx, "by_token", casestore.K(string(org)).Str(token))
		if err != nil || token == "" {
			return fault.New(fault.NotFound, "there is no such message")
		}
		// Word of it may come before the answer to our own request is noted.
		if s.State == casework.SMSDelivered || s.State == casework.SMSFailed || state != casework.SMSDelivered && state != casework.SMSFailed || s.Attempts == 0 {
			return nil
		}
		return d.concludeSMS(tx, s, state, words, d.Now())
	})
}

// concludeSMS writes what became of a text message into its row. Who did not get it is written to by mail, if he was not yet.
func (d *Desk) concludeSMS(tx casestore.Tx, s casework.SMS, state casework.SMSState, words string, now time.Time) error {
	s.State, s.Words, s.ChangedAt = state, clip(words, maxRemote), now
	s.LeasedBy, s.LeasedUntil = "", time.Time{}
	if err := casestore.SMS.Put(tx, &s); err != nil || state != casework.SMSFailed {
		return err
	}
	d.Log.Warn("a text message did not arrive", "org", s.Org, "sms", s.ID, "contact", s.Contact, "case", s.Case)
	c, err := casestore.Cases.Get(tx, casestore.CaseKey(s.Org, s.Case))
	if err != nil || c.Assignee != s.Contact {
		return ignoreNotFound(err)
	}
	r, err := casestore.Contacts.Get(tx, casestore.ThingKey(s.Org, s.Contact))
	if n := r.Thing.Notify; err != nil || n == nil || n.NewCase != register.BySMS {
		return ignoreNotFound(err)
	}
	_, err = d.mailAssignee(tx, c, r.Thing, now)
	return err
}

// fallBack tells by text message who was given a case and did not get the mail about it.
func (d *Desk) fallBack(tx casestore.Tx, c casework.Case, o casework.OutboxItem, now time.Time) error {
	r, err := casestore.Contacts.Get(tx, casestore.ThingKey(c.Org, c.Assignee))
	to := r.Thing
	if err != nil || len(to.Emails) == 0 || casework.Address(to.Emails[0]) != casework.Address(o.To.Email) || to.Notify == nil || to.Notify.NewCase != register.ByMail {
		return ignoreNotFound(err)
	}
	if number, ok := d.reachable(to); ok {
		return d.text(tx, c, to, number, now)
	}
	return nil
}

// SMSPage returns text messages in a state, oldest first; an empty state means all.
func (d *Desk) SMSPage(ctx context.Context, org casework.OrgID, state casework.SMSState, after casestore.Key, limit int) (Page[casework.SMS], error) {
	q := casestore.Query{Prefix: casestore.K(string(org)), After: after}
	if state != "" {
		q.Index, q.Prefix = "by_state", q.Prefix.Str(string(state))
	}
	return page(ctx, d, limit, func(tx casestore.Tx) iter.Seq2[casestore.Found[casework.SMS], error] {
		return casestore.SMS.Scan(tx, q)
	}, func(_ casestore.Tx, s casework.SMS) (casework.SMS, bool, error) { return s, true, nil })
}
