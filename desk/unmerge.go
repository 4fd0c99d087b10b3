package desk

import (
	"context"
	"time"

	"smartmail/access"
	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
)

// Unmerge takes the merger of a case back, and returns the case. What came to the other one meanwhile stays there. Errors: fault.NotFound;
// Conflict where it was not merged, where the other case was merged itself, or its people were erased.
func (d *Desk) Unmerge(ctx context.Context, org casework.OrgID, n casework.CaseNumber, by casework.Actor) (after casework.Case, err error) {
	err = d.update(ctx, func(tx casestore.Tx) error {
		from, err := casestore.Cases.Get(tx, casestore.CaseKey(org, n))
		if err != nil {
			return caseError(n, err)
		}
		now := d.Now()
		if from.Merged == nil { // refused in its own words
			_, _, err := d.act(tx, from, casework.Unmerge{}, by, now)
			return err
		}
		into, err := casestore.Cases.Get(tx, casestore.CaseKey(org, from.Merged.Into))
		if err != nil {
			return caseError(from.Merged.Into, err)
		}
		if from.Merged, err = asItWas(tx, from, into); err != nil {
			return err
		}
		release := casework.Release{From: from}
		if release.Others, err = alsoMerged(tx, into, n); err != nil {
			return err
		}
		if release.Came, err = cameTo(tx, *from.Merged, into); err != nil {
			return err
		}
		if into, _, err = d.act(tx, into, release, by, now); err != nil {
			return err
		}
		if err := d.leaveIncident(tx, into, from.Merged.Part, by, now); err != nil {
			return err
		}
		after, _, err = d.act(tx, from, casework.Unmerge{Came: release.Came}, by, now)
		return err
	})
	return after, err
}

// asItWas is a case's merger with how the case stood; where that was not noted its entries are read.
func asItWas(tx casestore.Tx, from, into casework.Case) (*casework.Merger, error) {
	m := *from.Merged
	if !m.At.IsZero() {
		return &m, nil
	}
	for _, n := range []casework.CaseNumber{from.Number, into.Number} {
		for f, err := range casestore.Entries.Scan(tx, casestore.Query{Prefix: casestore.EntriesOf(from.Org, n)}) {
			if err != nil {
				return nil, err
			}
			m.Told(from.Number, f.Record)
		}
	}
	return &m, nil
}

// alsoMerged are the other cases that were merged into one.
func alsoMerged(tx casestore.Tx, into casework.Case, but casework.CaseNumber) (others []casework.Case, err error) {
	for _, n := range into.Linked(casework.MergedFrom) {
		if n == but {
			continue
		}
		o, err := casestore.Cases.Get(tx, casestore.CaseKey(into.Org, n))
		if err != nil {
			return nil, caseError(n, err)
		}
		others = append(others, o)
	}
	return others, nil
}

// cameTo counts what came to a case from those who were merged into it, since they were.
func cameTo(tx casestore.Tx, m casework.Merger, into casework.Case) (n int, err error) {
	all := casestore.EntriesOf(into.Org, into.Number)
	for f, err := range casestore.Entries.Scan(tx, casestore.Query{Prefix: all, After: casestore.EntriesOf(into.Org, into.Number).Uint(m.Seq)}) {
		if err != nil {
			return 0, err
		}
		if m.Came(&into, f.Record) {
			n++
		}
	}
	return n, nil
}

// leaveIncident takes a case out of the incident that it became part of by a merger, where it still is.
func (d *Desk) leaveIncident(tx casestore.Tx, c casework.Case, part casework.CaseNumber, by casework.Actor, at time.Time) error {
	_, _, err := d.act(tx, c, casework.Unlink{Link: casework.Link{Kind: casework.ChildOf, Case: part}}, by, at)
	if err != nil {
		return ignoreNotFound(err)
	}
	incident, err := casestore.Cases.Get(tx, casestore.CaseKey(c.Org, part))
	if err != nil {
		return caseError(part, err)
	}
	_, _, err = d.act(tx, incident, casework.Unlink{Link: casework.Link{Kind: casework.ParentOf, Case: c.Number}}, by, at)
	return ignoreNotFound(err)
}

// Unmerge is Desk.Unmerge: for who may merge the two.
func (g *Guarded) Unmerge(ctx context.Context, org casework.OrgID, n casework.CaseNumber, by casework.Actor) (casework.Case, error) {
	err := g.desk.Store.View(ctx, func(tx casestore.Tx) error {
		c, err := g.may(tx, access.EditCases, org, n)
		if err == nil {
			err = g.need(access.CloseCases)
		}
		if err == nil && c.Merged != nil {
			_, err = g.may(tx, access.EditCases, org, c.Merged.Into)
			if fault.Is(err, fault.NotFound) {
				err = fault.New(fault.Forbidden, "the case into which it was merged is not within the scope of this token")
			}
		}
		return err
	})
	if err != nil {
		return casework.Case{}, err
	}
	c, err := g.desk.Unmerge(ctx, org, n, by)
	return g.show(c), err
}
