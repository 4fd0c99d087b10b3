package main

import (
	"context"
	"fmt"
	"math/rand/v2"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/property"
	"smartmail/register"
)

// The landlord's property: two areas of 100 properties, each with 100 units.
const (
	areas      = 2
	properties = 200
	units      = 100
)

func area(n int) string         { return fmt.Sprintf("omrade-%d", n) }
func estate(n int) string       { return fmt.Sprintf("kv-%s-%d", name(n), n) }
func unit(n, no int) string     { return fmt.Sprintf("%s-lgh-%d", estate(n), 1001+no) }
func technician(n int) string   { return fmt.Sprintf("tekniker-%d", n) }
func areaOf(n int) (area int)   { return n % areas }
func caretaker(area int) string { return fmt.Sprintf("skotare-%d", area) }
func everywhere() string        { return "forvaltare" }

func (g *generator) object(r *rand.Rand) string { return unit(r.IntN(properties), r.IntN(units)) }

// settle stores the property tree and the people who work in it: a caretaker of each area, and a manager of all.
func (g *generator) settle(ctx context.Context, store casestore.Store) error {
	objects := []property.Object{}
	people := []register.Contact{{ID: everywhere(), Name: "Förvaltare", Parts: []register.Part{register.Manager}}}
	for a := range areas {
		objects = append(objects, property.Object{ID: property.ID(area(a)), Kind: property.Area, Name: area(a)})
		people = append(people, register.Contact{ID: caretaker(a), Name: caretaker(a), Parts: []register.Part{register.Technician}, Areas: []string{area(a)}})
		people[0].Areas = append(people[0].Areas, area(a))
	}
	for n := range properties {
		objects = append(objects, property.Object{ID: property.ID(estate(n)), Kind: property.Property, Parent: property.ID(area(areaOf(n))), Name: "Kv " + name(n)})
		for no := range units {
			objects = append(objects, property.Object{ID: property.ID(unit(n, no)), Kind: property.Unit, Parent: property.ID(estate(n)), Name: fmt.Sprint("Lgh ", 1001+no)})
		}
	}
	return store.Update(ctx, func(tx casestore.Tx) error {
		for _, o := range objects {
			if err := casestore.Objects.Put(tx, &casework.Registered[property.Object]{Org: org, Thing: o}); err != nil {
				return err
			}
		}
		for _, c := range people {
			if err := casestore.Contacts.Put(tx, &casework.Registered[register.Contact]{Org: org, Thing: c}); err != nil {
				return err
			}
		}
		return nil
	})
}
