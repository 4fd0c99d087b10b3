package desk

import (
	"slices"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
	"smartmail/register"
)

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
