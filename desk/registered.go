package desk

import (
	"context"
	"fmt"

	"smartmail/access"
	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
)

// living refuses a class or an object that was archived for a case: nothing new refers to it. Names that the register does not know are taken, since
// cases may be classed before there is a register; empty ones say nothing.
func living(tx casestore.Tx, org casework.OrgID, class, object string) error {
	if class != "" {
		c, err := casestore.Classes.Get(tx, casestore.ThingKey(org, class))
		if ignoreNotFound(err) != nil {
			return err
		}
		if c.Thing.Archived {
			return fault.New(fault.Invalid, fmt.Sprintf("class: %q is archived", class))
		}
	}
	if object == "" {
		return nil
	}
	o, err := casestore.Objects.Get(tx, casestore.ThingKey(org, object))
	if err == nil && o.Thing.Archived {
		return fault.New(fault.Invalid, fmt.Sprintf("object: %q is archived", object))
	}
	return ignoreNotFound(err)
}

// livingAfter is living of what an edit gives a case that it did not have.
func livingAfter(tx casestore.Tx, c casework.Case, cmd casework.Command) error {
	e, ok := cmd.(casework.Edit)
	if !ok {
		return nil
	}
	return living(tx, c.Org, news(e.Class, c.Class), news(e.Object, c.Object))
}

// news is what an edit changes something to; empty: nothing, or it is taken away.
func news(to *string, from string) string {
	if to == nil || *to == from {
		return ""
	}
	return *to
}

// Unregistered tells which of a class and an object the register does not have. Empty ones are not asked about.
func (d *Desk) Unregistered(ctx context.Context, org casework.OrgID, class, object string) (noClass, noObject bool, err error) {
	err = d.Store.View(ctx, func(tx casestore.Tx) error {
		there, err := casestore.Classes.Has(tx, casestore.ThingKey(org, class))
		if err != nil {
			return err
		}
		noClass = class != "" && !there
		there, err = casestore.Objects.Has(tx, casestore.ThingKey(org, object))
		noObject = object != "" && !there
		return err
	})
	return noClass, noObject, err
}

// Unregistered is Desk.Unregistered, for those who may read the register; others are told nothing.
func (g *Guarded) Unregistered(ctx context.Context, org casework.OrgID, class, object string) (noClass, noObject bool, err error) {
	if !g.grant.May(access.ReadThings) {
		return false, false, nil
	}
	return g.desk.Unregistered(ctx, org, class, object)
}
