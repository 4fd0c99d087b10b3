package desk

import (
	"context"
	"slices"

	"smartmail/access"
	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/property"
	"smartmail/register"
)

// guarded adds to a register what the grant says of it.
func guarded[T casework.Thing](g *Guarded, r Register[T], edit access.Permission) Register[T] {
	r.guard.read, r.guard.edit = g.need(access.ReadThings), g.need(edit)
	return r
}

func veilObject(to *property.Object, from property.Object) { to.Access = from.Access }

func veilContact(to *register.Contact, from register.Contact) {
	to.PersonalNumber = from.PersonalNumber
}

// Objects is Desk.Objects: those within the scope, and what they lie in.
func (g *Guarded) Objects() Register[property.Object] {
	r := guarded(g, g.desk.Objects(), access.EditThings)
	if scope := g.grant.Scope.Objects; len(scope) > 0 {
		r.guard.seen = func(tx casestore.Tx, org casework.OrgID, o property.Object) (bool, error) {
			if within, err := inside(tx, org, o.ID, scope); within || err != nil {
				return within, err
			}
			for _, id := range scope { // what the scope's own objects lie in says where they are
				path, err := objectPath(tx, org, id)
				if err != nil || slices.ContainsFunc(path, func(p property.Object) bool { return p.ID == o.ID }) {
					return err == nil, err
				}
			}
			return false, nil
		}
	}
	if !g.grant.May(access.Restricted) {
		r.guard.restricted = r.veil
	}
	return r
}

// inside reports whether an object is one of the scope's, or lies in one.
func inside(tx casestore.Tx, org casework.OrgID, id property.ID, scope []property.ID) (bool, error) {
	path, err := objectPath(tx, org, id)
	return slices.ContainsFunc(path, func(p property.Object) bool { return slices.Contains(scope, p.ID) }), err
}

// Contacts is Desk.Contacts. Whoever sees a part of the organisation sees its staff and suppliers, and of the customers those who rent
// within his part, or are himself.
func (g *Guarded) Contacts() Register[register.Contact] {
	r := guarded(g, g.desk.Contacts(), access.EditThings)
	if !g.grant.Scope.Whole() {
		r.guard.seen = func(tx casestore.Tx, org casework.OrgID, c register.Contact) (bool, error) {
			if !slices.Contains(c.Parts, register.Customer) || slices.ContainsFunc(c.Emails, func(e string) bool { return slices.Contains(g.grant.Scope.Own, casework.Address(e)) }) {
				return true, nil
			}
			return g.rents(tx, org, c)
		}
	}
	if !g.grant.May(access.Restricted) {
		r.guard.restricted = r.veil
	}
	return r
}

// rents reports whether a customer rents, or rented, something within the scope's objects and segments.
func (g *Guarded) rents(tx casestore.Tx, org casework.OrgID, c register.Contact) (bool, error) {
	for f, err := range casestore.Tenancies.Scan(tx, casestore.Query{Index: "by_customer", Prefix: casestore.ThingKey(org, c.ID)}) {
		if err != nil {
			return false, err
		}
		if within, err := g.lets(tx, org, f.Record.Thing, c.Segment); within || err != nil {
			return within, err
		}
	}
	return false, nil
}

// lets reports whether a tenancy lies within the scope's objects and segments; a scope that limits neither has none.
func (g *Guarded) lets(tx casestore.Tx, org casework.OrgID, t register.Tenancy, segment string) (bool, error) {
	s := g.grant.Scope
	if len(s.Objects) == 0 && len(s.Segments) == 0 {
		return false, nil
	}
	path, err := objectPath(tx, org, property.ID(t.Object))
	if err != nil {
		return false, err
	}
	if segment == "" {
		segment = property.Segment(path)
	}
	w := access.Whereabouts{Segment: segment}
	for _, o := range path {
		w.Objects = append(w.Objects, o.ID)
	}
	return access.Scope{Objects: s.Objects, Segments: s.Segments}.Holds(w), nil
}

// Tenancies is Desk.Tenancies: those within the scope.
func (g *Guarded) Tenancies() Register[register.Tenancy] {
	r := guarded(g, g.desk.Tenancies(), access.EditThings)
	if !g.grant.Scope.Whole() {
		r.guard.seen = func(tx casestore.Tx, org casework.OrgID, t register.Tenancy) (bool, error) {
			c, err := casestore.Contacts.Get(tx, casestore.ThingKey(org, t.Customer))
			if err != nil {
				return false, err
			}
			return g.lets(tx, org, t, c.Thing.Segment)
		}
	}
	return r
}

// Segments is Desk.Segments.
func (g *Guarded) Segments() Register[register.Segment] {
	return guarded(g, g.desk.Segments(), access.EditThings)
}

// Classes is Desk.Classes.
func (g *Guarded) Classes() Register[register.Class] {
	return guarded(g, g.desk.Classes(), access.EditThings)
}

// Routes is Desk.Routes.
func (g *Guarded) Routes() Register[register.Route] {
	return guarded(g, g.desk.Routes(), access.EditThings)
}

// Schedules is Desk.Schedules: those whose cases are within the scope.
func (g *Guarded) Schedules() Register[register.Schedule] {
	r := guarded(g, g.desk.Schedules(), access.EditThings)
	if !g.grant.Scope.Whole() {
		r.guard.seen = func(tx casestore.Tx, org casework.OrgID, s register.Schedule) (bool, error) {
			return g.sees(tx, access.ReadThings, casework.Case{Org: org, Class: s.Class, Object: s.Object, Assignee: s.Assignee})
		}
	}
	return r
}

// ScheduleState is Desk.ScheduleState.
func (g *Guarded) ScheduleState(ctx context.Context, org casework.OrgID, id string) (ScheduleState, error) {
	if _, err := g.Schedules().Get(ctx, org, id); err != nil {
		return ScheduleState{}, err
	}
	return g.desk.ScheduleState(ctx, org, id)
}

// Coming is Desk.Coming, of those that Schedules shows.
func (g *Guarded) Coming(ctx context.Context, org casework.OrgID, until casework.Day, after casestore.Key, limit int) (Page[Coming], error) {
	return coming(ctx, g.Schedules(), org, until, after, limit)
}

// Roles is Desk.Roles.
func (g *Guarded) Roles() Register[access.Role] {
	r := guarded(g, g.desk.Roles(), access.Administer)
	r.guard.read = r.guard.edit
	return r
}
