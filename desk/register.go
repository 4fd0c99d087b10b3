package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"time"

	"smartmail/access"
	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
	"smartmail/property"
	"smartmail/register"
)

// Register is the part of an organisation's register that holds things of one kind. Every change is an edition, with who made
// it and when; what is archived stays.
type Register[T casework.Thing] struct {
	desk  *Desk
	kind  string
	table *casestore.Table[casework.Registered[T]]
	fits  func(tx casestore.Tx, org casework.OrgID, thing T) error // checks what the thing refers to
}

// Objects is the property tree.
func (d *Desk) Objects() Register[property.Object] {
	return Register[property.Object]{d, "object", casestore.Objects, objectFits}
}

// Contacts is the register of people and companies.
func (d *Desk) Contacts() Register[register.Contact] {
	return Register[register.Contact]{d, "contact", casestore.Contacts, contactFits}
}

// Tenancies says who rents what.
func (d *Desk) Tenancies() Register[register.Tenancy] {
	return Register[register.Tenancy]{d, "tenancy", casestore.Tenancies, tenancyFits}
}

// Segments is the register of customer segments.
func (d *Desk) Segments() Register[register.Segment] {
	return Register[register.Segment]{d, "segment", casestore.Segments, nil}
}

// Classes is the tree of classes.
func (d *Desk) Classes() Register[register.Class] {
	return Register[register.Class]{d, "class", casestore.Classes, classFits}
}

// Routes says who takes care of which cases.
func (d *Desk) Routes() Register[register.Route] {
	return Register[register.Route]{d, "route", casestore.Routes, routeFits}
}

// Roles are those that the organisation made beside access.Roles.
func (d *Desk) Roles() Register[access.Role] {
	return Register[access.Role]{d, "role", casestore.Roles, nil}
}

// Get returns a thing.
func (r Register[T]) Get(ctx context.Context, org casework.OrgID, id string) (thing casework.Registered[T], err error) {
	err = r.desk.Store.View(ctx, func(tx casestore.Tx) error {
		thing, err = r.get(tx, org, id)
		return err
	})
	return thing, err
}

func (r Register[T]) get(tx casestore.Tx, org casework.OrgID, id string) (casework.Registered[T], error) {
	thing, err := r.table.Get(tx, casestore.ThingKey(org, id))
	return thing, renamed(err, fmt.Sprintf("there is no %s %q", r.kind, id))
}

// List returns things in the order of their ids, those only that an index has under value; an empty index means all.
func (r Register[T]) List(ctx context.Context, org casework.OrgID, index, value string, after casestore.Key, limit int) (Page[casework.Registered[T]], error) {
	q := casestore.Query{Index: index, Prefix: casestore.K(string(org)), After: after}
	if index != "" {
		q.Prefix = casestore.ThingKey(org, value)
	}
	return page(ctx, r.desk, limit, func(tx casestore.Tx) iter.Seq2[casestore.Found[casework.Registered[T]], error] {
		return r.table.Scan(tx, q)
	}, func(_ casestore.Tx, t casework.Registered[T]) (casework.Registered[T], bool, error) {
		return t, true, nil
	})
}

// Save stores a thing: a new one, or another edition of one that is there. expect is the version that the caller saw, or 0 for
// whichever is there. A thing that is stored as it is already keeps its edition. Errors: fault.Invalid, Conflict.
func (r Register[T]) Save(ctx context.Context, org casework.OrgID, thing T, by casework.Actor, expect uint64) (saved casework.Registered[T], err error) {
	err = r.desk.update(ctx, func(tx casestore.Tx) error {
		saved, _, err = r.save(tx, org, thing, by, r.desk.Now(), expect)
		return err
	})
	return saved, err
}

// Change is what Save did with a thing.
type Change string

// What Save does.
const (
	Added     Change = "added"
	Updated   Change = "updated"
	Unchanged Change = "unchanged"
)

// save is Save within a transaction.
func (r Register[T]) save(tx casestore.Tx, org casework.OrgID, thing T, by casework.Actor, at time.Time, expect uint64) (saved casework.Registered[T], did Change, err error) {
	if err := thing.Check(); err != nil {
		return saved, "", err
	}
	saved, err = r.table.Get(tx, casestore.ThingKey(org, thing.Key()))
	if ignoreNotFound(err) != nil {
		return saved, "", err
	}
	if expect != 0 && expect != saved.Version {
		return saved, "", fault.New(fault.Conflict, fmt.Sprintf("the %s %q has changed meanwhile", r.kind, thing.Key()))
	}
	doc, err := json.Marshal(thing)
	if err != nil {
		return saved, "", fmt.Errorf("save %s: %w", r.kind, err)
	}
	did = Added
	if saved.Version != 0 {
		did = Updated
		old, err := json.Marshal(saved.Thing)
		if err != nil {
			return saved, "", fmt.Errorf("save %s: %w", r.kind, err)
		}
		if slices.Equal(old, doc) {
			return saved, Unchanged, nil
		}
	}
	if r.fits != nil {
		if err := r.fits(tx, org, thing); err != nil {
			return saved, "", err
		}
	}
	saved.Org, saved.Thing, saved.At, saved.By = org, thing, at, by
	if err := r.table.Put(tx, &saved); err != nil {
		return saved, "", err
	}
	edition := casework.Edition{Org: org, Kind: r.kind, ID: thing.Key(), Number: saved.Version, At: at, By: by, Thing: doc}
	if err := casestore.Editions.Put(tx, &edition); err != nil {
		return saved, "", err
	}
	return saved, did, record(tx, casework.Event{Org: org, At: at, Kind: casework.EventRegister, Thing: r.kind + "/" + thing.Key()})
}

// Editions returns what a thing was like after each of its changes, oldest first.
func (r Register[T]) Editions(ctx context.Context, org casework.OrgID, id string, after casestore.Key, limit int) (Page[casework.Edition], error) {
	if _, err := r.Get(ctx, org, id); err != nil {
		return Page[casework.Edition]{}, err
	}
	return page(ctx, r.desk, limit, func(tx casestore.Tx) iter.Seq2[casestore.Found[casework.Edition], error] {
		return casestore.Editions.Scan(tx, casestore.Query{Prefix: casestore.EditionsOf(org, r.kind, id), After: after})
	}, func(_ casestore.Tx, e casework.Edition) (casework.Edition, bool, error) { return e, true, nil })
}
