package desk

import (
	"slices"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/mailauth/verdict"
	"smartmail/threading"
)

// provesMore tells whether a copy of a mail comes with the proof of its sender that the stored one lacks: the first came by
// a forwarder, or from somebody who had seen the mail and was quicker.
func provesMore(m, copied casework.Mail) bool {
	return threading.Proves(copied.Content, copied.Auth) && !threading.Proves(m.Content, m.Auth)
}

// better is the verdict that speaks for a mail: its own, or that of a copy that proves more.
func better(m, copied casework.Mail) verdict.Verdict {
	if provesMore(m, copied) {
		return copied.Auth
	}
	return m.Auth
}

// vouch lets a copy that proves more speak for a mail that is held: as a person would, on the timeline, and the item in
// triage is closed. What the first copy proved stays as it was told.
func (d *Desk) vouch(tx casestore.Tx, m casework.Mail, del Delivery) error {
	if !provesMore(m, del.Mail) {
		return nil
	}
	found, err := threading.Resolve(threading.Mail{
		Org: m.Org, Content: m.Content, Auth: del.Mail.Auth, Routes: del.Routes, At: del.Mail.At, Policy: del.Policy, Hold: m.Scan.Hold(),
	}, d.Router, lookup{tx, m.Org})
	if err != nil {
		return err
	}
	rule := casework.Actor{Via: casework.ViaRule, Name: "a copy of the mail came with proof"}
	for _, p := range found {
		if p.Target != threading.OnCase || p.Held {
			continue
		}
		c, err := casestore.Cases.Get(tx, casestore.CaseKey(m.Org, p.Case))
		if err != nil {
			return caseError(p.Case, err)
		}
		for _, place := range m.Places {
			if place.Case != p.Case || !slices.Contains(c.Held, place.Entry) {
				continue
			}
			if c, _, err = d.act(tx, c, casework.Confirm{Entry: place.Entry}, rule, del.Mail.At); err != nil {
				return err
			}
			if err := d.settle(tx, m, place, rule, del); err != nil {
				return err
			}
		}
	}
	return nil
}

// settle closes what triage still asks about an entry that needs no person any more.
func (d *Desk) settle(tx casestore.Tx, m casework.Mail, at casework.Place, by casework.Actor, del Delivery) error {
	for f, err := range casestore.Triage.Scan(tx, casestore.Query{Index: "by_mail", Prefix: casestore.K(string(m.Org)).Str(string(m.ID))}) {
		if err != nil {
			return err
		}
		t := f.Record
		if t.State != casework.TriageOpen || t.Entry != at.Entry {
			continue
		}
		t.State, t.DecidedAt, t.DecidedBy = casework.TriageAttached, del.Mail.At, &by
		t.Decisions = append(t.Decisions, casework.Decision{Action: string(Attach), At: del.Mail.At, By: by, Case: at.Case, Entry: at.Entry})
		if err := casestore.Triage.Put(tx, &t); err != nil {
			return err
		}
	}
	return nil
}
