package desk

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
	"smartmail/register"
)

// retainNight bounds how many cases are looked at in a night; the next one goes on behind them.
const retainNight = 5000

// retain takes people out of the next cases that rules are about, and sets the timer behind itself, or for the next night: each portion has a
// transaction of its own, whoever runs it.
func (d *Desk) retain(tx casestore.Tx, t casework.Timer, now time.Time) error {
	rules, err := d.retention(tx, t.Org)
	if err != nil {
		return err
	}
	if len(rules.Rules()) == 0 {
		return dropTimer(tx, t)
	}
	after, err := base64.RawURLEncoding.DecodeString(t.After)
	if err != nil {
		return fmt.Errorf("retention of %s: %w", t.Org, err)
	}
	n := night{desk: d, tx: tx, org: t.Org, rules: rules, now: now}
	if err := n.read(t.Count == 0); err != nil {
		return err
	}
	next, err := n.portion(after)
	if err != nil {
		return err
	}
	t.After, t.Count = base64.RawURLEncoding.EncodeToString(next), t.Count+n.looked
	over := next == nil || t.Count >= retainNight
	if t.DueAt = t.DueAt.Add(time.Microsecond); over { // behind itself, so that it is next
		t.Count, t.DueAt = 0, casework.NextNight(now, d.Notices[t.Org].location())
	}
	if err := n.write(over); err != nil {
		return err
	}
	return setTimer(tx, t)
}

// night is one portion of the work of a night.
type night struct {
	desk   *Desk
	tx     casestore.Tx
	org    casework.OrgID
	rules  register.Retention
	now    time.Time
	states []casework.Retention // of the rules that may work
	looked int
}

// read finds the rules that somebody has confirmed as they are. A night that begins counts anew.
func (n *night) read(begins bool) error {
	for _, r := range n.rules.Rules() {
		s, err := casestore.Retention.Get(n.tx, casestore.ThingKey(n.org, r.Class))
		if ignoreNotFound(err) != nil {
			return err
		}
		if s.Confirmed != r.Edition() {
			continue
		}
		if begins {
			s.Ran = 0
		}
		n.states = append(n.states, s)
	}
	return nil
}

// portion erases up to eraseCases cases behind a position in by_closed, and returns where to go on; nil: that was all.
func (n *night) portion(after casestore.Key) (casestore.Key, error) {
	var classes []string
	for class, err := range closedClasses(n.tx, n.org, after) {
		if err != nil {
			return nil, err
		}
		classes = append(classes, class)
	}
	for _, class := range classes {
		rule, months := n.rules.For(class)
		i := slices.IndexFunc(n.states, func(s casework.Retention) bool { return s.Class == rule })
		if i < 0 || months == 0 {
			continue
		}
		q := casestore.Query{
			Index: "by_closed", Prefix: casestore.ClosedOf(n.org, class), After: after, Limit: eraseCases - n.looked,
			Until: casestore.ClosedUntil(n.org, class, casework.ClosedBefore(n.now, months)),
		}
		next, err := some(n.tx, casestore.Cases, q, func(c casework.Case) error {
			n.looked++
			erased, err := n.expire(c)
			if erased {
				n.states[i].Ran++
				n.states[i].Total++
			}
			return err
		})
		if next != nil || err != nil {
			return next, err
		}
	}
	return nil, nil
}

// write stores what was done, and when the night is over tells of it in the audit trail: a line for each rule.
func (n *night) write(over bool) error {
	for _, s := range n.states {
		s.RanAt = n.now
		if err := casestore.Retention.Put(n.tx, &s); err != nil {
			return err
		}
		if !over {
			continue
		}
		id, err := newID[string](n.desk, n.now)
		if err != nil {
			return err
		}
		l := casework.Look{ID: id, Org: n.org, At: n.now, Who: "retention", Token: "retention", Call: "retention", Kind: "retention", Item: s.Class, Count: s.Ran, Status: http.StatusOK}
		if err := casestore.Looks.Put(n.tx, &l); err != nil {
			return err
		}
	}
	return nil
}

// expire takes everybody outside out of a case, and reports whether it did. One that was merged waits until the case is erased in which it goes on.
func (n *night) expire(c casework.Case) (bool, error) {
	goesOn, err := onward(n.tx, c)
	if err != nil || goesOn.Number != c.Number && goesOn.ErasedAt.IsZero() {
		return false, ignoreNotFound(err)
	}
	e := eraser{desk: n.desk, tx: n.tx, org: n.org, at: n.now, expires: c.Number, order: Erasure{Why: "kept for as long as the retention rule says", By: rule("retention")}}
	e.person = casework.Outsiders(c)
	ids, err := e.strangers(c)
	if err != nil {
		return false, err
	}
	if err := e.numbers(); err != nil {
		return false, err
	}
	if err := e.sent(c); err != nil {
		return false, err
	}
	if err := e.kase(c, casework.Erase{Person: e.person, Why: e.order.Why, All: true}); err != nil {
		return false, err
	}
	if err := e.counts(); err != nil {
		return false, err
	}
	return true, e.referencesOf(c, ids)
}

// counts removes what is counted of their addresses and counts no more.
func (e *eraser) counts() error {
	for _, email := range e.person.Emails {
		n, err := casestore.Notified.Get(e.tx, casestore.PartyKey(e.org, email))
		if ignoreNotFound(err) != nil {
			return err
		}
		if err == nil && n.Spent(e.at.Unix()) {
			if err := casestore.Notified.Delete(e.tx, &n); err != nil {
				return err
			}
		}
	}
	return nil
}

// strangers adds to whom is erased who wrote to the case without taking part in it, but people of the house and suppliers. It returns the
// Message-IDs that the case's mails bear and name.
func (e *eraser) strangers(c casework.Case) (ids []string, err error) {
	for f, err := range casestore.Entries.Scan(e.tx, casestore.Query{Prefix: casestore.EntriesOf(c.Org, c.Number)}) {
		if err != nil {
			return nil, err
		}
		if f.Record.MailIn == nil {
			continue
		}
		m, err := casestore.Mails.Get(e.tx, casestore.MailKey(c.Org, f.Record.MailIn.Mail))
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		ids = append(append(append(ids, m.Content.MessageID), m.Content.References...), m.Content.InReplyTo...)
		for _, from := range append(slices.Clone(m.Content.FromAll), m.Content.From) {
			ours, err := e.ours(c, from.Email)
			if err != nil {
				return nil, err
			}
			if ours || e.person.Has(from.Email) {
				continue
			}
			e.person.Emails = append(e.person.Emails, casework.Address(from.Email))
			if from.Name != "" && from.Name != casework.Erased {
				e.person.Names = append(e.person.Names, from.Name)
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// ours reports whether an address is nobody's whom a retention rule is about: there is none, or it is a supplier's or one of the house.
func (e *eraser) ours(c casework.Case, email string) (bool, error) {
	if email == "" {
		return true, nil
	}
	for _, l := range c.Lanes {
		if l.Kind != casework.LaneCustomer && slices.ContainsFunc(l.Participants, func(p casework.Participant) bool { return casework.Address(p.Email) == casework.Address(email) }) {
			return true, nil
		}
	}
	for f, err := range casestore.Contacts.Scan(e.tx, casestore.Query{Index: "by_email", Prefix: casestore.PartyKey(e.org, email)}) {
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(f.Record.Thing.Parts, func(p register.Part) bool { return p != register.Customer }) {
			return true, nil
		}
	}
	return false, nil
}

// numbers adds the telephone and personal numbers that the register has of them.
func (e *eraser) numbers() error {
	for _, email := range e.person.Emails {
		for f, err := range casestore.Contacts.Scan(e.tx, casestore.Query{Index: "by_email", Prefix: casestore.PartyKey(e.org, email)}) {
			if err != nil {
				return err
			}
			e.person.Numbers = append(e.person.Numbers, f.Record.Thing.Phones...)
			if n := f.Record.Thing.PersonalNumber; n != "" {
				e.person.Numbers = append(e.person.Numbers, n)
			}
		}
	}
	return nil
}

// sent takes them out of the mails that went out for the case.
func (e *eraser) sent(c casework.Case) error {
	for f, err := range casestore.Entries.Scan(e.tx, casestore.Query{Prefix: casestore.EntriesOf(c.Org, c.Number)}) {
		if err != nil {
			return err
		}
		if f.Record.MailOut == nil {
			continue
		}
		mails, err := outgoing(e.tx, f.Record)
		if err != nil {
			return err
		}
		for _, o := range mails {
			if err := put(e, casestore.Outbox, o, e.person.Outgoing(o), &e.did.Outgoing); err != nil {
				return err
			}
		}
	}
	return nil
}

// referencesOf takes them out of who the case's Message-IDs speak for.
func (e *eraser) referencesOf(c casework.Case, ids []string) error {
	for _, id := range ids {
		q := casestore.Query{Prefix: casestore.ReferencesOf(c.Org, id).Uint(uint64(c.Number))}
		if _, err := some(e.tx, casestore.References, q, func(r casework.Reference) error {
			is := r
			is.People = slices.DeleteFunc(slices.Clone(r.People), e.person.Has)
			return put(e, casestore.References, r, is, &e.did.References)
		}); err != nil {
			return err
		}
	}
	return nil
}
