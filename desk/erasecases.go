package desk

import (
	"slices"

	"smartmail/casestore"
	"smartmail/casework"
)

// cases erases him from the cases that his i-th address takes part in.
func (e *eraser) cases(i int, after casestore.Key) (casestore.Key, error) {
	q := casestore.Query{Index: "by_mail", Prefix: casestore.K(string(e.org)).Str(e.person.Emails[i]), After: after, Limit: eraseCases}
	return some(e.tx, casestore.Cases, q, func(c casework.Case) error {
		if slices.ContainsFunc(c.Mails(), func(a string) bool { return slices.Contains(e.person.Emails[:i], a) }) {
			return nil // it was counted with that one
		}
		return e.kase(c, casework.Erase{Person: e.person, Why: e.order.Why})
	})
}

// kase erases from a case, and from what was said on it. One entry tells so, where anything changed.
func (e *eraser) kase(c casework.Case, x casework.Erase) error {
	if e.holds(c) {
		return nil
	}
	before := e.did
	for f, err := range casestore.Entries.Scan(e.tx, casestore.Query{Prefix: casestore.EntriesOf(c.Org, c.Number)}) {
		if err != nil {
			return err
		}
		entry, files := x.Person.Entry(c, f.Record)
		if err := put(e, casestore.Entries, f.Record, entry, &e.did.Entries); err != nil {
			return err
		}
		for _, file := range files { // the bytes go with the next sweep
			if err := drop(e, casestore.Files, casestore.K(string(c.Org)).Str(file.ID), &e.did.Files); err != nil {
				return err
			}
		}
		if err := e.texted(c, x, f.Record); err != nil {
			return err
		}
		if entry.MailIn == nil {
			continue
		}
		m, err := casestore.Mails.Get(e.tx, casestore.MailKey(c.Org, entry.MailIn.Mail))
		if err == nil {
			err = e.mail(m, x.Person, true)
		}
		if ignoreNotFound(err) != nil {
			return err
		}
	}
	is := x.Case(c)
	if err := e.retitled(c, is); err != nil {
		return err
	}
	changed, err := differ(c, is)
	if err != nil || !changed && e.did.same(before) && !x.All {
		return err
	}
	e.did.Cases++
	if c.Status != casework.StatusClosed {
		e.did.Open++
	}
	if e.order.DryRun {
		return nil
	}
	if x.All || slices.ContainsFunc(c.LanesOf(e.person.Emails), func(l casework.LaneID) bool { at, ok := c.Lane(l); return ok && at.Kind == casework.LaneCustomer }) {
		var codes int // of his door
		if err := drop(e, casestore.Codes, casestore.CaseKey(c.Org, c.Number), &codes); err != nil {
			return err
		}
	}
	if x.Segment, err = casestore.ReporterSegment(e.tx, c); err != nil {
		return err
	}
	_, _, err = e.desk.act(e.tx, c, x, e.order.By, e.at)
	return err
}

// mail erases from a mail and the triage items that it is in, and removes the raw bytes of one that he wrote. Those in a blob go with the next
// sweep, which keeps what a row names.
func (e *eraser) mail(m casework.Mail, p casework.Person, parts bool) error {
	is := p.Mail(m, parts, e.at)
	if kept, err := e.keptMail(m); kept || err != nil {
		return err
	}
	if err := put(e, casestore.Mails, m, is, &e.did.Mails); err != nil {
		return err
	}
	for _, place := range m.Places {
		if place.Triage == "" {
			continue
		}
		t, err := casestore.Triage.Get(e.tx, casestore.K(string(m.Org)).Str(string(place.Triage)))
		if err == nil {
			var items int // it is the mail's
			err = put(e, casestore.Triage, t, p.Triage(t), &items)
		}
		if err == nil {
			err = e.untriaged(m, is)
		}
		if ignoreNotFound(err) != nil {
			return err
		}
	}
	if e.order.DryRun || is.Raw.Erased.Equal(m.Raw.Erased) || m.Raw.Blob {
		return nil
	}
	raw, err := casestore.Raws.Get(e.tx, casestore.MailKey(m.Org, m.ID))
	if err != nil {
		return ignoreNotFound(err)
	}
	raw.Org, raw.ID = m.Org, m.ID // the bytes alone are stored
	return casestore.Raws.Delete(e.tx, &raw)
}

// mails goes through all mails: his own may lie in triage, or on a case as somebody else's, and others' may name him.
func (e *eraser) mails(after casestore.Key) (casestore.Key, error) {
	q := casestore.Query{Prefix: casestore.K(string(e.org)), After: after, Limit: eraseRows}
	return some(e.tx, casestore.Mails, q, func(m casework.Mail) error {
		wrote := e.person.Wrote(m)
		if !wrote && !e.person.Points(m.Content.Subject, m.Content.FullText, m.Content.HTML, m.Content.Text) && !e.person.Addressed(m) {
			return nil
		}
		for _, place := range m.Places {
			if place.Case == 0 || !wrote {
				continue
			}
			c, err := casestore.Cases.Get(e.tx, casestore.CaseKey(m.Org, place.Case))
			if err != nil {
				return err
			}
			if slices.ContainsFunc(c.Mails(), e.person.Has) { // of a dry run: it was counted
				return nil
			}
			if err := e.kase(c, casework.Erase{Person: e.person, Why: e.order.Why}); err != nil {
				return err
			}
		}
		now, err := casestore.Mails.Get(e.tx, casestore.MailKey(m.Org, m.ID))
		if err != nil || !now.Raw.Erased.IsZero() {
			return err
		}
		return e.mail(now, e.person, false)
	})
}

// references takes his addresses out of who a Message-ID speaks for.
func (e *eraser) references(after casestore.Key) (casestore.Key, error) {
	q := casestore.Query{Prefix: casestore.K(string(e.org)), After: after, Limit: eraseRows}
	return some(e.tx, casestore.References, q, func(r casework.Reference) error {
		is := r
		is.People = slices.DeleteFunc(slices.Clone(r.People), e.person.Has)
		if kept, err := e.kept(r.Case); kept || err != nil || len(is.People) == len(r.People) {
			return err
		}
		return put(e, casestore.References, r, is, &e.did.References)
	})
}

// outgoing takes him out of mails of ours.
func (e *eraser) outgoing(after casestore.Key) (casestore.Key, error) {
	q := casestore.Query{Prefix: casestore.K(string(e.org)), After: after, Limit: eraseRows}
	return some(e.tx, casestore.Outbox, q, func(o casework.OutboxItem) error {
		is := e.person.Outgoing(o)
		if changed, err := differ(o, is); err != nil || !changed {
			return err
		}
		if kept, err := e.kept(o.Case); kept || err != nil {
			return err
		}
		return put(e, casestore.Outbox, o, is, &e.did.Outgoing)
	})
}
