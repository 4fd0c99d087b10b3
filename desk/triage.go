package desk

import (
	"context"
	"fmt"
	"slices"
	"time"

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
	Attach  TriageAction = "attach"   // onto a case; where the mail lies there already, held, vouch for it
	NewCase TriageAction = "new_case" // open a case with it
	Discard TriageAction = "discard"  // nothing comes of it; the mail is kept for DiscardedFor
	Undo    TriageAction = "undo"     // take the last decision back
)

// DiscardedFor is how long a discarded mail can be brought back.
const DiscardedFor = 30 * 24 * time.Hour

// TriageOrder is a person's decision.
type TriageOrder struct {
	Action TriageAction
	Case   casework.CaseNumber // of Attach; 0: the suggested one
	Trust  bool                // of Attach and NewCase: this sender is trusted from now on
	By     casework.Actor
}

// Triage carries out a decision and returns the item as it is then. Every decision is kept on the item, and on the timeline of the
// case that it touched. Errors: fault.NotFound, Invalid, and Conflict when the item was decided already.
func (d *Desk) Triage(ctx context.Context, org casework.OrgID, id casework.TriageID, o TriageOrder) (TriageView, error) {
	err := d.update(ctx, func(tx casestore.Tx) error {
		t, err := casestore.Triage.Get(tx, casestore.K(string(org)).Str(string(id)))
		if err != nil {
			return renamed(err, "there is no such triage item")
		}
		m, err := casestore.Mails.Get(tx, casestore.MailKey(org, t.Mail))
		if err != nil {
			return err
		}
		if o.Action == Undo {
			err = d.undo(tx, &t, &m, o.By)
		} else {
			err = d.decide(tx, &t, &m, o)
		}
		if err != nil {
			return err
		}
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

// decide carries out attach, new_case and discard.
func (d *Desk) decide(tx casestore.Tx, t *casework.TriageItem, m *casework.Mail, o TriageOrder) error {
	if t.State != casework.TriageOpen {
		return fault.New(fault.Conflict, fmt.Sprintf("this mail was decided on already: %s", t.State))
	}
	now := d.Now()
	done := casework.Decision{Action: string(o.Action), At: now, By: o.By}
	var err error
	switch o.Action {
	case Discard:
		t.State = casework.TriageDiscarded
	case Attach:
		t.State = casework.TriageAttached
		err = d.attach(tx, t, m, o, &done)
	case NewCase:
		t.State = casework.TriageNewCase
		err = d.openWith(tx, t, m, o, &done)
	default:
		return fault.New(fault.Invalid, fmt.Sprintf("there is no action %q: attach, new_case, discard or undo", o.Action))
	}
	if err != nil {
		return err
	}
	if o.Trust && o.Action != Discard {
		if done.Trusted, err = d.trust(tx, *t, *m, o.By, now); err != nil {
			return err
		}
	}
	t.DecidedAt, t.DecidedBy, t.Decisions = now, &o.By, append(t.Decisions, done)
	return nil
}

// attach vouches for a mail that lies on the case already, or puts it there: on the lane of its sender, else the suggested one, else
// the customer's, else among the internal notes.
func (d *Desk) attach(tx casestore.Tx, t *casework.TriageItem, m *casework.Mail, o TriageOrder, done *casework.Decision) error {
	n := o.Case
	if n == 0 {
		n = t.Case
	}
	if n == 0 {
		return fault.New(fault.Invalid, "attach needs a case")
	}
	c, err := casestore.Cases.Get(tx, casestore.CaseKey(t.Org, n))
	if err != nil {
		return caseError(n, err)
	}
	if t.Entry != "" && t.Case == n && slices.Contains(c.Held, t.Entry) {
		done.Case, done.Entry = n, t.Entry
		_, _, err := d.act(tx, c, casework.Confirm{Entry: t.Entry}, o.By, done.At)
		return err
	}
	if c, err = onward(tx, c); err != nil {
		return err
	}
	n = c.Number
	bounce := m.Content.Class == message.Bounce
	if t.Entry != "" && t.Case == n && bounce {
		return nil // it lies there for staff alone, and stays so
	}
	lane, no := casework.LaneID(casework.LaneInternal), casework.ParticipantNo(0)
	if p, l, ok := c.ParticipantByMail(m.Content.From.Email); ok {
		lane, no = l, p.No
	} else if _, ok := c.Lane(t.Lane); ok && t.Case == n {
		lane = t.Lane
	} else if _, ok := c.Lane(casework.LaneID(casework.LaneCustomer)); ok {
		lane = casework.LaneID(casework.LaneCustomer)
	}
	if !slices.ContainsFunc(m.Places, onCase) {
		if err := d.readAnswer(tx, &m.Content, t.Org, n, lane, nil); err != nil {
			return err
		}
	}
	// Whether the case wakes is for the person to say, not for a mail that could not say for itself who sent it.
	cmd := casework.ReceiveMail{Lane: lane, Class: message.Automatic, MailIn: casework.MailIn{
		Mail: m.ID, Sender: t.Sender, Participant: no, Staff: bounce, Marks: threading.Marks(m.Content),
		Matched: casework.Matched{By: t.Matched.By, Reasons: append(slices.Clone(t.Matched.Reasons), o.By.Name+" attached it")},
	}}
	_, entries, err := d.act(tx, c, cmd, o.By, done.At)
	if err != nil {
		return err
	}
	if err := d.moveAway(tx, *t, n, o.By, done); err != nil {
		return err
	}
	d.placed(t, m, done, casework.Place{Case: n, Entry: entries[0].ID})
	t.Lane = lane
	if bounce {
		return nil
	}
	return d.remember(tx, *m, n, lane, t.Sender)
}

// openWith opens a case with the mail.
func (d *Desk) openWith(tx casestore.Tx, t *casework.TriageItem, m *casework.Mail, o TriageOrder, done *casework.Decision) error {
	p := threading.Placement{
		Kind: casework.LaneCustomer, Class: t.Class, Sender: t.Sender,
		Matched: casework.Matched{By: threading.ByNew, Reasons: []string{o.By.Name + " opened a case with it"}},
	}
	place, err := d.placeOnNewCase(tx, *m, p, nil)
	if err != nil {
		return err
	}
	if err := d.moveAway(tx, *t, place.Case, o.By, done); err != nil {
		return err
	}
	d.placed(t, m, done, place)
	return nil
}

// moveAway withdraws the held entry from the case that the mail lay on, since it was decided to belong to another.
func (d *Desk) moveAway(tx casestore.Tx, t casework.TriageItem, to casework.CaseNumber, by casework.Actor, done *casework.Decision) error {
	if t.Entry == "" || t.Case == to {
		return nil
	}
	c, err := casestore.Cases.Get(tx, casestore.CaseKey(t.Org, t.Case))
	if err != nil {
		return caseError(t.Case, err)
	}
	done.FromCase, done.FromEntry = t.Case, t.Entry
	_, _, err = d.act(tx, c, casework.Withdraw{Entry: t.Entry, Why: fmt.Sprintf("it belongs to case %d", to)}, by, done.At)
	return err
}

// placed notes where a decision put the mail.
func (d *Desk) placed(t *casework.TriageItem, m *casework.Mail, done *casework.Decision, at casework.Place) {
	t.Case, t.Entry = at.Case, at.Entry
	done.Case, done.Entry, done.Placed = at.Case, at.Entry, true
	m.Places = append(m.Places, at)
}

// trust makes the sender a party that is known from now on, and that may use the reply address of the participant to which this mail
// came. It reports whether anything is new.
func (d *Desk) trust(tx casestore.Tx, t casework.TriageItem, m casework.Mail, by casework.Actor, now time.Time) (bool, error) {
	from := casework.Address(m.Content.From.Email)
	if from == "" {
		return false, fault.New(fault.Invalid, "From names nobody who could be trusted")
	}
	p, err := casestore.Parties.Get(tx, casestore.PartyKey(m.Org, from))
	if fault.Is(err, fault.NotFound) {
		p, err = casework.Party{Org: m.Org, Email: from, By: by, At: now}, nil
	}
	if err != nil {
		return false, err
	}
	owner, err := d.ownerOf(tx, t)
	if err != nil {
		return false, err
	}
	if p.Version != 0 && (owner == "" || owner == from || slices.Contains(p.SpeaksFor, owner)) {
		return false, nil
	}
	if owner != "" && owner != from && !slices.Contains(p.SpeaksFor, owner) {
		p.SpeaksFor = append(p.SpeaksFor, owner)
	}
	return true, casestore.Parties.Put(tx, &p)
}

// ownerOf returns the address of the participant whose reply address the mail was sent to, or "".
func (d *Desk) ownerOf(tx casestore.Tx, t casework.TriageItem) (string, error) {
	if t.Case == 0 || t.Participant == 0 {
		return "", nil
	}
	c, err := casestore.Cases.Get(tx, casestore.CaseKey(t.Org, t.Case))
	if err != nil {
		return "", ignoreNotFound(err)
	}
	p, _, _ := c.Participant(t.Participant)
	return casework.Address(p.Email), nil
}

// undo takes the last decision back. What it put on a case is withdrawn there, since the past does not change; a case that it
// opened is closed.
func (d *Desk) undo(tx casestore.Tx, t *casework.TriageItem, m *casework.Mail, by casework.Actor) error {
	if t.State == casework.TriageOpen || len(t.Decisions) == 0 {
		return fault.New(fault.Conflict, "there is no decision to take back")
	}
	last := t.Decisions[len(t.Decisions)-1]
	now := d.Now()
	if last.Case != 0 {
		if err := d.takeBack(tx, t.Org, last, by, now); err != nil {
			return err
		}
	}
	if last.Trusted {
		if err := d.distrust(tx, *t, *m); err != nil {
			return err
		}
	}
	if last.Placed {
		m.Places = slices.DeleteFunc(m.Places, func(p casework.Place) bool { return p.Entry == last.Entry })
		t.Case, t.Lane, t.Entry = last.FromCase, "", last.FromEntry
		if !slices.ContainsFunc(m.Places, onCase) {
			m.Content.ReadAgain(nil, nil)
		}
	}
	if last.FromCase != 0 {
		c, err := casestore.Cases.Get(tx, casestore.CaseKey(t.Org, last.FromCase))
		if err != nil {
			return caseError(last.FromCase, err)
		}
		if _, _, err := d.act(tx, c, casework.Withdraw{Entry: last.FromEntry, Hold: true, Why: "the decision in triage was taken back"}, by, now); err != nil {
			return err
		}
	}
	t.State, t.DecidedAt, t.DecidedBy = casework.TriageOpen, time.Time{}, nil
	t.Decisions = append(t.Decisions, casework.Decision{Action: string(Undo), At: now, By: by, Case: last.Case, Entry: last.Entry})
	return nil
}

// takeBack undoes on a case what a decision did there.
func (d *Desk) takeBack(tx casestore.Tx, org casework.OrgID, last casework.Decision, by casework.Actor, now time.Time) error {
	c, err := casestore.Cases.Get(tx, casestore.CaseKey(org, last.Case))
	if err != nil {
		return caseError(last.Case, err)
	}
	c, _, err = d.act(tx, c, casework.Withdraw{Entry: last.Entry, Hold: !last.Placed, Why: "the decision in triage was taken back"}, by, now)
	if err != nil || TriageAction(last.Action) != NewCase || c.Status == casework.StatusClosed {
		return err
	}
	closed := casework.StatusClosed
	_, _, err = d.act(tx, c, casework.Edit{Status: &closed}, by, now)
	return err
}

// distrust takes back what trust did for this mail.
func (d *Desk) distrust(tx casestore.Tx, t casework.TriageItem, m casework.Mail) error {
	p, err := casestore.Parties.Get(tx, casestore.PartyKey(m.Org, m.Content.From.Email))
	if err != nil {
		return ignoreNotFound(err)
	}
	owner, err := d.ownerOf(tx, t)
	if err != nil {
		return err
	}
	p.SpeaksFor = slices.DeleteFunc(p.SpeaksFor, func(a string) bool { return a == owner })
	if len(p.SpeaksFor) > 0 {
		return casestore.Parties.Put(tx, &p)
	}
	return casestore.Parties.Delete(tx, &p)
}
