package desk

import (
	"context"
	"slices"

	"smartmail/access"
	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
)

// holder is the contact of the house whose a token is: by its name, or by an address that it is for. "" where it is nobody's, or several
// people's.
func holder(tx casestore.Tx, org casework.OrgID, by casework.Actor, own []string) (string, error) {
	if by.Via != casework.ViaAPI {
		return "", nil
	}
	r, err := casestore.Contacts.Get(tx, casestore.ThingKey(org, by.Name))
	if err == nil && ofHouse(r.Thing) {
		return r.Thing.ID, nil
	}
	if ignoreNotFound(err) != nil {
		return "", err
	}
	found := ""
	for _, email := range append(slices.Clone(own), by.Name) {
		for f, err := range casestore.Contacts.Scan(tx, casestore.Query{Index: "by_email", Prefix: casestore.PartyKey(org, email)}) {
			if err != nil {
				return "", err
			}
			switch c := f.Record.Thing; {
			case !ofHouse(c):
			case found != "" && found != c.ID:
				return "", nil
			default:
				found = c.ID
			}
		}
	}
	return found, nil
}

// Watch is Desk.Watch: of the contact whose the token is, where none is named. Another's takes the right to change the case.
func (g *Guarded) Watch(ctx context.Context, org casework.OrgID, n casework.CaseNumber, w casework.Watch, by casework.Actor) (casework.Case, error) {
	err := g.desk.Store.View(ctx, func(tx casestore.Tx) error {
		self, err := holder(tx, org, by, g.grant.Scope.Own)
		if err != nil {
			return err
		}
		needs := access.ReadLanes
		if w.Contact != "" && w.Contact != self {
			needs = access.EditCases
		}
		if _, err := g.may(tx, needs, org, n); err != nil {
			return err
		}
		if w.Contact == "" {
			w.Contact = self
		}
		if w.Contact == "" {
			return fault.New(fault.Invalid, "this token is nobody's of the house: say which contact watches")
		}
		return nil
	})
	if err != nil {
		return casework.Case{}, err
	}
	c, err := g.desk.Watch(ctx, org, n, w, by)
	return g.shown(ctx, c, err)
}
