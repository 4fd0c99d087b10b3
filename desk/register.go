package desk

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"math"
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
	fits  func(tx casestore.Tx, org casework.OrgID, thing T) error                    // checks what the thing refers to
	then  func(tx casestore.Tx, org casework.OrgID, was, thing T, at time.Time) error // what follows from a change; was is the zero value of a new thing. nil: nothing
	files *filed[T]                                                                   // nil: the kind is not imported
	fixed []T                                                                         // that are there without being stored; Check lets nobody store one
	veil  func(to *T, from T)                                                         // copies the restricted fields; nil: the kind has none
	keeps bool                                                                        // Save leaves them as they are
	guard guard[T]
}

// guard says what the holder of a grant may do with a register. The zero value lets everything through.
type guard[T casework.Thing] struct {
	read, edit error                                                        // why he may not; nil: he may
	seen       func(tx casestore.Tx, org casework.OrgID, t T) (bool, error) // whether he may see a thing; nil: all
	restricted func(to *T, from T)                                          // copies the restricted fields, which he may neither see nor change; nil: he may
}

// sees reports whether a thing may be seen.
func (g guard[T]) sees(tx casestore.Tx, org casework.OrgID, t T) (bool, error) {
	if g.seen == nil {
		return true, nil
	}
	return g.seen(tx, org, t)
}

// show empties what is restricted.
func (g guard[T]) show(t T) T {
	if g.restricted != nil {
		var nothing T
		g.restricted(&t, nothing)
	}
	return t
}

// Objects is the property tree.
func (d *Desk) Objects() Register[property.Object] {
	return Register[property.Object]{desk: d, kind: "object", table: casestore.Objects, fits: objectFits, files: objectFiles(), veil: veilObject}
}

// Contacts is the register of people and companies.
func (d *Desk) Contacts() Register[register.Contact] {
	return Register[register.Contact]{desk: d, kind: "contact", table: casestore.Contacts, fits: contactFits, files: contactFiles(), veil: veilContact}
}

// Tenancies says who rents what.
func (d *Desk) Tenancies() Register[register.Tenancy] {
	return Register[register.Tenancy]{desk: d, kind: "tenancy", table: casestore.Tenancies, fits: tenancyFits, files: tenancyFiles()}
}

// Segments is the register of customer segments.
func (d *Desk) Segments() Register[register.Segment] {
	return Register[register.Segment]{desk: d, kind: "segment", table: casestore.Segments}
}

// Classes is the tree of classes.
func (d *Desk) Classes() Register[register.Class] {
	return Register[register.Class]{desk: d, kind: "class", table: casestore.Classes, fits: classFits}
}

// Routes says who takes care of which cases.
func (d *Desk) Routes() Register[register.Route] {
	return Register[register.Route]{desk: d, kind: "route", table: casestore.Routes, fits: routeFits}
}

// Roles are access.Roles and those that the organisation made beside them.
func (d *Desk) Roles() Register[access.Role] {
	return Register[access.Role]{desk: d, kind: "role", table: casestore.Roles, fixed: access.Roles()}
}

// Get returns a thing.
func (r Register[T]) Get(ctx context.Context, org casework.OrgID, id string) (thing casework.Registered[T], err error) {
	if r.guard.read != nil {
		return thing, r.guard.read
	}
	for _, t := range r.fixed {
		if t.Key() == id {
			return unstored(org, t), nil
		}
	}
	none := fmt.Sprintf("there is no %s %q", r.kind, id)
	err = r.desk.Store.View(ctx, func(tx casestore.Tx) error {
		if thing, err = r.table.Get(tx, casestore.ThingKey(org, id)); err != nil {
			return renamed(err, none)
		}
		seen, err := r.guard.sees(tx, org, thing.Thing)
		if err == nil && !seen {
			err = fault.New(fault.NotFound, none)
		}
		return err
	})
	if err != nil {
		return casework.Registered[T]{}, err
	}
	thing.Thing = r.guard.show(thing.Thing)
	return thing, nil
}

// List returns things in the order of their ids, those only that an index has under value; an empty index means all.
func (r Register[T]) List(ctx context.Context, org casework.OrgID, index, value string, after casestore.Key, limit int) (Page[casework.Registered[T]], error) {
	if r.guard.read != nil {
		return Page[casework.Registered[T]]{}, r.guard.read
	}
	q := casestore.Query{Index: index, Prefix: casestore.K(string(org)), After: after}
	if index != "" {
		q.Prefix = casestore.ThingKey(org, value)
	}
	return page(ctx, r.desk, limit, func(tx casestore.Tx) iter.Seq2[casestore.Found[casework.Registered[T]], error] {
		return r.withFixed(org, q, r.table.Scan(tx, q))
	}, func(tx casestore.Tx, t casework.Registered[T]) (casework.Registered[T], bool, error) {
		seen, err := r.guard.sees(tx, org, t.Thing)
		t.Thing = r.guard.show(t.Thing)
		return t, seen, err
	})
}

// unstored is a thing that has always been there.
func unstored[T casework.Thing](org casework.OrgID, t T) casework.Registered[T] {
	return casework.Registered[T]{Org: org, Thing: t, At: time.Unix(0, 0), Version: 1}
}

// withFixed puts the fixed things where they belong among those that are stored.
func (r Register[T]) withFixed(org casework.OrgID, q casestore.Query, stored iter.Seq2[casestore.Found[casework.Registered[T]], error]) iter.Seq2[casestore.Found[casework.Registered[T]], error] {
	if len(r.fixed) == 0 || q.Index != "" {
		return stored
	}
	var fixed []casestore.Found[casework.Registered[T]]
	for _, t := range r.fixed {
		if pos := casestore.ThingKey(org, t.Key()); bytes.Compare(pos, q.After) > 0 {
			fixed = append(fixed, casestore.Found[casework.Registered[T]]{Record: unstored(org, t), Pos: pos})
		}
	}
	slices.SortFunc(fixed, func(a, b casestore.Found[casework.Registered[T]]) int { return bytes.Compare(a.Pos, b.Pos) })
	return func(yield func(casestore.Found[casework.Registered[T]], error) bool) {
		for f, err := range stored {
			for ; err == nil && len(fixed) > 0 && bytes.Compare(fixed[0].Pos, f.Pos) < 0; fixed = fixed[1:] {
				if !yield(fixed[0], nil) {
					return
				}
			}
			if !yield(f, err) || err != nil {
				return
			}
		}
		for _, f := range fixed {
			if !yield(f, nil) {
				return
			}
		}
	}
}

// Conceals reports whether restricted fields are neither shown nor changed.
func (r Register[T]) Conceals() bool { return r.guard.restricted != nil }

// Absent is the version of a thing that is not there.
const Absent = math.MaxUint64

// Keeping is the register for a caller who did not say what the restricted fields shall be: Save leaves them as they are.
func (r Register[T]) Keeping() Register[T] {
	r.keeps = r.veil != nil
	return r
}

// Save stores a thing: a new one, or another edition of one that is there. expect is the version that the caller saw, Absent, or 0 for
// whichever is there. A thing that is stored as it is already keeps its edition. Errors: fault.Invalid, Conflict; Exists for what was to be Absent.
func (r Register[T]) Save(ctx context.Context, org casework.OrgID, thing T, by casework.Actor, expect uint64) (saved casework.Registered[T], err error) {
	if r.guard.edit != nil {
		return saved, r.guard.edit
	}
	err = r.desk.update(ctx, func(tx casestore.Tx) error {
		saved, _, err = r.save(tx, org, thing, by, r.desk.Now(), expect)
		return err
	})
	saved.Thing = r.guard.show(saved.Thing)
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
	saved, err = r.table.Get(tx, casestore.ThingKey(org, thing.Key()))
	if ignoreNotFound(err) != nil {
		return saved, "", err
	}
	if expect == Absent && saved.Version != 0 {
		return saved, "", fault.New(fault.Exists, fmt.Sprintf("there is a %s %q already", r.kind, thing.Key()))
	}
	if expect != 0 && expect != Absent && expect != saved.Version {
		return saved, "", fault.New(fault.Conflict, fmt.Sprintf("the %s %q has changed meanwhile", r.kind, thing.Key()))
	}
	return r.replace(tx, org, saved, thing, by, at)
}

// replace stores a thing in place of the one that was read in the same transaction; the zero value where there was none.
func (r Register[T]) replace(tx casestore.Tx, org casework.OrgID, saved casework.Registered[T], thing T, by casework.Actor, at time.Time) (_ casework.Registered[T], did Change, err error) {
	if r.keeps {
		r.veil(&thing, saved.Thing)
	}
	if err := thing.Check(); err != nil {
		return saved, "", err
	}
	if r.guard.restricted != nil {
		r.guard.restricted(&thing, saved.Thing) // as they are
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
	was := saved.Thing
	saved.Org, saved.Thing, saved.At, saved.By = org, thing, at, by
	if err := r.table.Put(tx, &saved); err != nil {
		return saved, "", err
	}
	edition := casework.Edition{Org: org, Kind: r.kind, ID: thing.Key(), Number: saved.Version, At: at, By: by, Thing: doc}
	if err := casestore.Editions.Put(tx, &edition); err != nil {
		return saved, "", err
	}
	if r.then != nil {
		if err := r.then(tx, org, was, thing, at); err != nil {
			return saved, "", err
		}
	}
	return saved, did, record(tx, casework.Event{Org: org, At: at, Kind: casework.EventRegister, Thing: r.kind + "/" + thing.Key()})
}

// Editions returns what a thing was like after each of its changes, oldest first.
func (r Register[T]) Editions(ctx context.Context, org casework.OrgID, id string, after casestore.Key, limit int) (Page[casework.Edition], error) {
	_, err := r.Get(ctx, org, id)
	if err != nil {
		return Page[casework.Edition]{}, err
	}
	return page(ctx, r.desk, limit, func(tx casestore.Tx) iter.Seq2[casestore.Found[casework.Edition], error] {
		return casestore.Editions.Scan(tx, casestore.Query{Prefix: casestore.EditionsOf(org, r.kind, id), After: after})
	}, func(_ casestore.Tx, e casework.Edition) (casework.Edition, bool, error) {
		if r.guard.restricted == nil {
			return e, true, nil
		}
		var thing T
		if err := json.Unmarshal(e.Thing, &thing); err != nil {
			return e, false, fmt.Errorf("edition of %s %s: %w", r.kind, id, err)
		}
		e.Thing, err = json.Marshal(r.guard.show(thing))
		return e, true, err
	})
}
