package fill

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

// Area is the id of one of the two.
func Area(n int) string { return fmt.Sprintf("omrade-%d", n) }

// Technician is the name of one who takes on cases.
func Technician(n int) string { return fmt.Sprintf("tekniker-%d", n) }

// Caretaker is the contact whose an area is.
func Caretaker(area int) string { return fmt.Sprintf("skotare-%d", area) }

// Everywhere is the contact whose both areas are.
func Everywhere() string { return "forvaltare" }

func estate(n int) string     { return fmt.Sprintf("kv-%s-%d", name(n), n) }
func unit(n, no int) string   { return fmt.Sprintf("%s-lgh-%d", estate(n), 1001+no) }
func areaOf(n int) (area int) { return n % areas }

// Object is the id of a flat.
func (g *Generator) Object(r *rand.Rand) string { return unit(r.IntN(properties), r.IntN(units)) }

// settle stores the property tree and the people who work in it: a caretaker of each area, and a manager of all.
func (g *Generator) settle(ctx context.Context, store casestore.Store) error {
	objects := []property.Object{}
	people := []register.Contact{{ID: Everywhere(), Name: "Förvaltare", Parts: []register.Part{register.Manager}}}
	for a := range areas {
		objects = append(objects, property.Object{ID: property.ID(Area(a)), Kind: property.Area, Name: Area(a)})
		people = append(people, register.Contact{ID: Caretaker(a), Name: Caretaker(a), Parts: []register.Part{register.Technician}, Areas: []string{Area(a)}})
		people[0].Areas = append(people[0].Areas, Area(a))
	}
	for n := range properties {
		objects = append(objects, property.Object{ID: property.ID(estate(n)), Kind: property.Property, Parent: property.ID(Area(areaOf(n))), Name: "Kv " + name(n)})
		for no := range units {
			objects = append(objects, property.Object{ID: property.ID(unit(n, no)), Kind: property.Unit, Parent: property.ID(estate(n)), Name: fmt.Sprint("Lgh ", 1001+no)})
		}
	}
	return store.Update(ctx, func(tx casestore.Tx) error {
		for _, o := range objects {
			if err := casestore.Objects.Put(tx, &casework.Registered[property.Object]{Org: g.Org, Thing: o}); err != nil {
				return err
			}
		}
		for _, c := range people {
			if err := casestore.Contacts.Put(tx, &casework.Registered[register.Contact]{Org: g.Org, Thing: c}); err != nil {
				return err
			}
		}
		return nil
	})
}
