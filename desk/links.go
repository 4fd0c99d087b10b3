package desk

import (
	"context"
	"fmt"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
)

// Link ties two cases by hand and returns the first. Errors: fault.NotFound, Conflict, Invalid.
func (d *Desk) Link(ctx context.Context, org casework.OrgID, n casework.CaseNumber, link casework.Link, by casework.Actor) (after casework.Case, err error) {
	err = d.update(ctx, func(tx casestore.Tx) error {
		c, other, err := both(tx, org, n, link.Case)
		if err == nil {
			err = casework.MayLink(link.Kind, c, other)
		}
		if err != nil {
			return err
		}
		after, err = d.tie(tx, c, other, link.Kind, "", by, d.Now())
		return err
	})
	return after, err
}

// Unlink takes a link away that was made by hand, both ends of it, and returns the first case. Errors: fault.NotFound, Conflict.
func (d *Desk) Unlink(ctx context.Context, org casework.OrgID, n casework.CaseNumber, link casework.Link, by casework.Actor) (after casework.Case, err error) {
	err = d.update(ctx, func(tx casestore.Tx) error {
		c, other, err := both(tx, org, n, link.Case)
		if err != nil {
			return err
		}
		now := d.Now()
		if after, _, err = d.act(tx, c, casework.Unlink{Link: link}, by, now); err != nil {
			return err
		}
		_, _, err = d.act(tx, other, casework.Unlink{Link: casework.Link{Kind: casework.Inverse(link.Kind), Case: n}}, by, now)
		return err
	})
	return after, err
}

// TellChildren writes to the customers of every open case under an incident, on each case by itself, and returns the note of it on the incident
// and the cases. Errors: fault.NotFound, Invalid; Conflict where there is nobody to write to.
func (d *Desk) TellChildren(ctx context.Context, org casework.OrgID, n casework.CaseNumber, text string, by casework.Actor) (casework.Entry, []casework.CaseNumber, error) {
	return d.tellChildren(ctx, org, n, text, by, func(casestore.Tx, casework.Case) (bool, error) { return true, nil })
}

// tellChildren is TellChildren, of those cases that may be written to.
func (d *Desk) tellChildren(ctx context.Context, org casework.OrgID, n casework.CaseNumber, text string, by casework.Actor, may func(casestore.Tx, casework.Case) (bool, error)) (note casework.Entry, told []casework.CaseNumber, err error) {
	err = d.update(ctx, func(tx casestore.Tx) error {
		told = nil
		incident, err := casestore.Cases.Get(tx, casestore.CaseKey(org, n))
		if err != nil {
			return caseError(n, err)
		}
		now := d.Now()
		post := casework.Post{Text: text, Why: fmt.Sprintf("an update of case %d", n)}
		for _, child := range incident.Linked(casework.ParentOf) {
			c, err := casestore.Cases.Get(tx, casestore.CaseKey(org, child))
			if err != nil {
				return caseError(child, err)
			}
			ok, err := may(tx, c)
			if err != nil {
				return err
			}
			if !ok || c.Status == casework.StatusClosed {
				continue
			}
			spoken, err := d.tellCustomers(tx, c, post, by, now)
			if err != nil {
				return err
			}
			if spoken {
				told = append(told, child)
			}
		}
		_, entries, err := d.act(tx, incident, casework.TellAll{Text: text, To: told}, by, now)
		if err == nil {
			note = entries[0]
		}
		return err
	})
	return note, told, err
}

// tellCustomers posts on every customer lane of a case, and tells whether there is any.
func (d *Desk) tellCustomers(tx casestore.Tx, c casework.Case, post casework.Post, by casework.Actor, at time.Time) (spoken bool, err error) {
	for _, l := range c.Lanes {
		if l.Kind != casework.LaneCustomer || l.Left {
			continue
		}
		post.Lane, spoken = l.ID, true
		if c, _, err = d.act(tx, c, post, by, at); err != nil {
			return false, err
		}
	}
	return spoken, nil
}
