package desk

import (
	"context"
	"slices"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/property"
	"smartmail/search"
)

// within is what an index knows of the grant's scope: no case of the scope is outside of it. What lies in an object and who has
// an address is asked now, so that no change of the register makes an index stale. Segments are decided on the case alone.
func (g *Guarded) within(ctx context.Context, org casework.OrgID) (all []search.Condition, err error) {
	s := g.grant.Scope
	err = g.desk.Store.View(ctx, func(tx casestore.Tx) (err error) {
		if all, err = g.desk.lyingIn(tx, org, s.Objects); err != nil {
			return err
		}
		own, err := alsoContacts(tx, org, s.Own)
		for _, c := range []search.Condition{{Field: search.Person, Values: own}, {Field: search.Person, Values: s.Suppliers}, {Field: search.Class, Values: s.Classes}} {
			if len(c.Values) > 0 {
				all = append(all, c)
			}
		}
		return err
	})
	return all, err
}

// alsoContacts adds to addresses the contacts that have them: cases are assigned to contacts.
func alsoContacts(tx casestore.Tx, org casework.OrgID, emails []string) ([]string, error) {
	all := slices.Clone(emails)
	for _, email := range emails {
		for f, err := range casestore.Contacts.Scan(tx, casestore.Query{Index: "by_email", Prefix: casestore.PartyKey(org, email)}) {
			if err != nil {
				return nil, err
			}
			all = append(all, f.Record.Thing.ID)
		}
	}
	return all, nil
}

// maxLying is how many objects an index is asked for. Where more lie in a part of the property tree, that part does not narrow.
const maxLying = 20_000

// lyingIn is the condition that a case's object is one of those, or lies in one.
func (d *Desk) lyingIn(tx casestore.Tx, org casework.OrgID, roots []property.ID) ([]search.Condition, error) {
	if len(roots) == 0 {
		return nil, nil
	}
	estate, err := d.estates.of(tx, org)
	if err != nil {
		return nil, err
	}
	below := estate.Below(roots, maxLying)
	if below == nil {
		return nil, nil
	}
	values := make([]string, len(below))
	for i, id := range below {
		values[i] = string(id)
	}
	return []search.Condition{{Field: search.Object, Values: values}}, nil
}
