package desk

import (
	"bytes"
	"slices"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/threading"
)

// placeOf finds where the mail lies for a recipient, or -1.
func placeOf(m casework.Mail, rcpt string) int {
	return slices.IndexFunc(m.Places, func(p casework.Place) bool {
		return slices.ContainsFunc(p.Rcpt, func(r string) bool { return casework.Address(r) == casework.Address(rcpt) })
	})
}

func addPlace(places []casework.Place, p casework.Place) []casework.Place {
	if slices.ContainsFunc(places, func(q casework.Place) bool {
		return q.Case == p.Case && q.Entry == p.Entry && q.Triage == p.Triage
	}) {
		return places
	}
	return append(places, p)
}

// place carries out one placement and notes it on the mail.
func (d *Desk) place(tx casestore.Tx, m *casework.Mail, p threading.Placement, isNew bool, rights casework.Rights) (casework.Place, error) {
	// The same mail to a further address of ours adds the recipient, not an entry.
	for i := range m.Places {
		again := p.Target == threading.OnCase && m.Places[i].Case == p.Case ||
			p.Target != threading.OnCase && !isNew
		if again {
			m.Places[i].Rcpt = append(m.Places[i].Rcpt, p.Rcpt...)
			return m.Places[i], nil
		}
	}
	var (
		place casework.Place
		err   error
	)
	switch p.Target {
	case threading.OnCase:
		place, err = d.placeOnCase(tx, *m, p, rights)
	case threading.NewCase:
		place, err = d.placeOnNewCase(tx, *m, p, rights)
	default:
		place, err = d.placeInTriage(tx, *m, p, casework.Place{})
	}
	if err != nil {
		return place, err
	}
	place.Rcpt = p.Rcpt
	m.Places = append(m.Places, place)
	return place, nil
}

// author is the actor of a mail: who it says it is from; Sender tells what that is worth.
func author(m casework.Mail) casework.Actor {
	return casework.Actor{Via: casework.ViaMail, Name: m.Content.From.Name, Mail: m.Content.From.Email}
}

func received(m casework.Mail, p threading.Placement, lane casework.LaneID, rights casework.Rights) casework.ReceiveMail {
	return casework.ReceiveMail{
		Lane: lane, Class: m.Content.Class, Rights: rights,
		MailIn: casework.MailIn{
			Mail: m.ID, Sender: p.Sender, Participant: p.Participant, Matched: p.Matched, SuggestSplit: p.Split,
			Held: p.Held, Staff: p.Staff, Marks: threading.Marks(m.Content),
		},
	}
}

func (d *Desk) placeOnCase(tx casestore.Tx, m casework.Mail, p threading.Placement, rights casework.Rights) (casework.Place, error) {
	c, err := casestore.Cases.Get(tx, casestore.CaseKey(m.Org, p.Case))
	if err != nil {
		return casework.Place{}, caseError(p.Case, err)
	}
	if p.Held && len(c.Held) >= casework.MaxHeld {
		return d.placeInTriage(tx, m, p, casework.Place{})
	}
	c, entries, err := d.act(tx, c, received(m, p, p.Lane, rights), author(m), m.At)
	if err != nil {
		return casework.Place{}, err
	}
	if err := d.answered(tx, c, m, entries[0], rights); err != nil {
		return casework.Place{}, err
	}
	place := casework.Place{Case: p.Case, Entry: entries[0].ID}
	if !p.Staff { // nobody answers a bounce
		if err := d.remember(tx, m, p.Case, p.Lane, p.Sender); err != nil {
			return place, err
		}
	}
	if p.Why != "" {
		if _, err := d.placeInTriage(tx, m, p, place); err != nil {
			return place, err
		}
	}
	return place, nil
}

func (d *Desk) placeOnNewCase(tx casestore.Tx, m casework.Mail, p threading.Placement, rights casework.Rights) (casework.Place, error) {
	c, err := d.open(tx, m.Org, casework.Open{
		Subject: subject(m), Description: clip(m.Content.FullText, maxDescription), Class: p.Class, Kind: p.Kind, Internal: p.Internal, Quiet: true,
		Reporter: &casework.Reporter{Name: m.Content.From.Name, Email: m.Content.From.Email},
	}, author(m), m.At, nil)
	if err != nil {
		return casework.Place{}, err
	}
	lane, no := casework.LaneID(casework.LaneInternal), casework.ParticipantNo(0)
	if writer, l, ok := c.ParticipantByMail(m.Content.From.Email); ok {
		lane, no = l, writer.No
	}
	p.Participant = no
	c, entries, err := d.act(tx, c, received(m, p, lane, rights), author(m), m.At)
	if err != nil {
		return casework.Place{}, err
	}
	if err := d.remember(tx, m, c.Number, lane, p.Sender); err != nil {
		return casework.Place{}, err
	}
	if p.Continues != 0 {
		if c, err = d.link(tx, c, p.Continues, m.At); err != nil {
			return casework.Place{}, err
		}
	}
	if c, err = d.dispatch(tx, c, m.At); err == nil && !imported(m) {
		c, err = d.tellAssignee(tx, c, author(m), m.At)
	}
	if err != nil {
		return casework.Place{}, err
	}
	return casework.Place{Case: c.Number, Entry: entries[0].ID}, d.acknowledge(tx, c, m, p.Sender)
}

// link ties a new case and the closed one that it continues, both ways.
func (d *Desk) link(tx casestore.Tx, c casework.Case, old casework.CaseNumber, at time.Time) (casework.Case, error) {
	const why = "mail for a case that was closed too long ago"
	closed, err := casestore.Cases.Get(tx, casestore.CaseKey(c.Org, old))
	if err != nil {
		return c, caseError(old, err)
	}
	return d.tie(tx, c, closed, casework.Continues, why, rule("late reply"), at)
}

// placeInTriage puts the mail before a person; where it lies already as a held entry, beside that.
func (d *Desk) placeInTriage(tx casestore.Tx, m casework.Mail, p threading.Placement, at casework.Place) (casework.Place, error) {
	id, err := newID[casework.TriageID](d, m.At)
	if err != nil {
		return casework.Place{}, err
	}
	if p.Case == 0 {
		p.Case = p.Matched.Suggest
	}
	item := casework.TriageItem{
		Org: m.Org, ID: id, At: m.At, Why: p.Why, Mail: m.ID, Sender: p.Sender, Matched: p.Matched,
		Case: p.Case, Lane: p.Lane, Entry: at.Entry, Participant: p.Participant, Class: p.Class, State: casework.TriageOpen,
	}
	return casework.Place{Triage: id}, casestore.Triage.Put(tx, &item)
}

// Limits of what a case takes over from the mail that opens it, in bytes.
const (
	maxDescription = 4000
	noSubject      = "(no subject)"
)

func subject(m casework.Mail) string {
	if s := clip(m.Content.Subject, 900); s != "" {
		return s
	}
	return noSubject
}

// clip cuts a text at a rune's boundary.
func clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return string(bytes.ToValidUTF8([]byte(s[:limit]), nil))
}
