package desk

import (
	"context"
	"fmt"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
	"smartmail/message"
	"smartmail/threading"
)

// TriageAction is what a person decides about a triage item.
type TriageAction string

// The actions.
const (
	Attach  TriageAction = "attach"   // onto a case; where the mail lies there unconfirmed, vouch for it
	NewCase TriageAction = "new_case" // open a case with it
	Discard TriageAction = "discard"  // nothing comes of it; the mail is kept
)

// Triage carries out a person's decision and returns the item as it is then. Errors: fault.NotFound, Conflict when the item
// was decided already, Invalid.
func (d *Desk) Triage(ctx context.Context, org casework.OrgID, id casework.TriageID, action TriageAction, n casework.CaseNumber, by casework.Actor) (TriageView, error) {
	err := d.Store.Update(ctx, func(tx casestore.Tx) error {
		t, err := casestore.Triage.Get(tx, casestore.K(string(org)).Str(string(id)))
		if err != nil {
			return renamed(err, "there is no such triage item")
		}
		if t.State != casework.TriageOpen {
			return fault.New(fault.Conflict, fmt.Sprintf("this mail was decided on already: %s", t.State))
		}
		m, err := casestore.Mails.Get(tx, casestore.MailKey(org, t.Mail))
		if err != nil {
			return err
		}
		if err := d.decide(tx, &t, &m, action, n, by); err != nil {
			return err
		}
		t.DecidedAt, t.DecidedBy = d.Now(), &by
		if err := casestore.Mails.Put(tx, &m); err != nil {
			return err
		}
		return casestore.Triage.Put(tx, &t)
	})
	if err != nil {
		return TriageView{}, err
	}
	return d.TriageItem(ctx, org, id)
}

func (d *Desk) decide(tx casestore.Tx, t *casework.TriageItem, m *casework.Mail, action TriageAction, n casework.CaseNumber, by casework.Actor) error {
	switch action {
	case Discard:
		t.State = casework.TriageDiscarded
		return nil
	case Attach:
		if n == 0 {
			n = t.Case
		}
		if n == 0 {
			return fault.New(fault.Invalid, "attach needs a case")
		}
		t.State = casework.TriageAttached
		return d.attach(tx, t, m, n, by)
	case NewCase:
		p := threading.Placement{
			Kind: casework.LaneCustomer, Sender: t.Sender,
			Matched: casework.Matched{By: threading.ByNew, Reasons: []string{by.Name + " opened a case with it"}},
		}
		place, err := d.placeOnNewCase(tx, *m, p)
		if err != nil {
			return err
		}
		t.State, t.Case, t.Entry = casework.TriageNewCase, place.Case, place.Entry
		m.Places = append(m.Places, place)
		return nil
	default:
		return fault.New(fault.Invalid, fmt.Sprintf("there is no action %q: attach, new_case or discard", action))
	}
}

// attach puts the mail on case n, on the suggested lane, or the customer's, or among the internal notes.
func (d *Desk) attach(tx casestore.Tx, t *casework.TriageItem, m *casework.Mail, n casework.CaseNumber, by casework.Actor) error {
	c, err := casestore.Cases.Get(tx, casestore.CaseKey(t.Org, n))
	if err != nil {
		return caseError(n, err)
	}
	if t.Entry != "" && t.Case == n {
		_, _, err := d.act(tx, c, casework.Confirm{Entry: t.Entry}, by, d.Now())
		return err
	}
	lane, no := casework.LaneID(casework.LaneInternal), casework.ParticipantNo(0)
	if p, l, ok := c.ParticipantByMail(m.Content.From.Email); ok {
		lane, no = l, p.No
	} else if _, ok := c.Lane(t.Lane); ok && t.Case == n {
		lane = t.Lane
	} else if _, ok := c.Lane(casework.LaneID(casework.LaneCustomer)); ok {
		lane = casework.LaneID(casework.LaneCustomer)
	}
	cmd := casework.ReceiveMail{Lane: lane, Class: message.Automatic, MailIn: casework.MailIn{
		Mail: m.ID, Sender: t.Sender, Participant: no,
		Matched: casework.Matched{By: t.Matched.By, Reasons: append(t.Matched.Reasons, by.Name+" attached it")},
	}}
	_, entries, err := d.act(tx, c, cmd, by, d.Now())
	if err != nil {
		return err
	}
	t.Case, t.Entry = n, entries[0].ID
	m.Places = append(m.Places, casework.Place{Case: n, Entry: entries[0].ID})
	return d.remember(tx, *m, n, lane, t.Sender)
}
