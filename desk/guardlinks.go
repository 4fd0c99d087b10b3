package desk

import (
	"context"

	"smartmail/access"
	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
)

// What is done with two cases needs the right on both.

// mayBoth checks a permission on two cases.
func (g *Guarded) mayBoth(ctx context.Context, p access.Permission, org casework.OrgID, a, b casework.CaseNumber) error {
	return g.desk.Store.View(ctx, func(tx casestore.Tx) error {
		if _, err := g.may(tx, p, org, a); err != nil {
			return err
		}
		_, err := g.may(tx, p, org, b)
		return err
	})
}

// Merge is Desk.Merge.
func (g *Guarded) Merge(ctx context.Context, org casework.OrgID, from, into casework.CaseNumber, by casework.Actor) (casework.Case, error) {
	err := g.mayBoth(ctx, access.EditCases, org, from, into)
	if err == nil {
		err = g.need(access.CloseCases)
	}
	if err != nil {
		return casework.Case{}, err
	}
	c, err := g.desk.Merge(ctx, org, from, into, by)
	return g.shown(ctx, c, err)
}

// Split is Desk.Split: into a case within the scope only.
func (g *Guarded) Split(ctx context.Context, org casework.OrgID, n casework.CaseNumber, o SplitOrder) (casework.Case, error) {
	err := g.desk.Store.View(ctx, func(tx casestore.Tx) error {
		from, err := g.may(tx, access.EditCases, org, n)
		if err != nil {
			return err
		}
		for _, id := range o.Entries {
			if _, _, err := g.entry(tx, org, id); err != nil {
				return err
			}
		}
		open := o.open(from)
		c := casework.Case{Org: org, Object: open.Object, Class: open.Class, Internal: open.Internal, Reporter: from.Reporter, Lanes: from.Lanes, CreatedAt: g.desk.Now()}
		within, err := g.sees(tx, access.EditCases, c)
		if err == nil && !within {
			err = fault.New(fault.Forbidden, "such a case is not within the scope of this token")
		}
		return err
	})
	if err != nil {
		return casework.Case{}, err
	}
	c, err := g.desk.Split(ctx, org, n, o)
	return g.shown(ctx, c, err)
}

// MoveEntry is Desk.MoveEntry.
func (g *Guarded) MoveEntry(ctx context.Context, org casework.OrgID, id casework.EntryID, to casework.CaseNumber, by casework.Actor) (casework.Entry, error) {
	err := g.desk.Store.View(ctx, func(tx casestore.Tx) error {
		if _, _, err := g.entry(tx, org, id); err != nil {
			return err
		}
		_, err := g.may(tx, access.EditCases, org, to)
		return err
	})
	if err != nil {
		return casework.Entry{}, err
	}
	return g.desk.MoveEntry(ctx, org, id, to, by)
}

// Link is Desk.Link.
func (g *Guarded) Link(ctx context.Context, org casework.OrgID, n casework.CaseNumber, link casework.Link, by casework.Actor) (casework.Case, error) {
	if err := g.mayBoth(ctx, access.EditCases, org, n, link.Case); err != nil {
		return casework.Case{}, err
	}
	c, err := g.desk.Link(ctx, org, n, link, by)
	return g.shown(ctx, c, err)
}

// Unlink is Desk.Unlink.
func (g *Guarded) Unlink(ctx context.Context, org casework.OrgID, n casework.CaseNumber, link casework.Link, by casework.Actor) (casework.Case, error) {
	if err := g.mayBoth(ctx, access.EditCases, org, n, link.Case); err != nil {
		return casework.Case{}, err
	}
	c, err := g.desk.Unlink(ctx, org, n, link, by)
	return g.shown(ctx, c, err)
}

// TellChildren is Desk.TellChildren, of the cases within the scope.
func (g *Guarded) TellChildren(ctx context.Context, org casework.OrgID, n casework.CaseNumber, text string, by casework.Actor) (casework.Entry, []casework.CaseNumber, error) {
	if err := g.check(ctx, access.EditCases, org, n); err != nil {
		return casework.Entry{}, nil, err
	}
	return g.desk.tellChildren(ctx, org, n, text, by, func(tx casestore.Tx, c casework.Case) (bool, error) { return g.sees(tx, access.EditCases, c) })
}
