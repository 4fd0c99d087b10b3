package sample

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"smartmail/property"
	"smartmail/register"
)

// Estate is the register of the organisation.
type Estate struct {
	Objects   []property.Object // what others lie in comes first
	Contacts  []register.Contact
	Tenancies []register.Tenancy
	Classes   []register.Class
	Routes    []register.Route

	properties []string            // ids
	homes      []home              // of those who rent now
	shared     map[string]string   // by building: a space
	technician map[string]string   // by property
	manager    string              //
	suppliers  map[string][]string // by top class
	byID       map[string]register.Contact
	since      time.Time // when all of it was entered
}

// home is a flat with who lives there, since when, and who did before.
type home struct {
	property, building, unit, tenant, before string
	since                                    time.Time
}

// at is who lived there then.
func (h home) at(t time.Time) string {
	if t.Before(h.since) && h.before != "" {
		return h.before
	}
	return h.tenant
}

// ascii makes a part of an id or a mail address of a name.
func ascii(s string) string {
	return strings.NewReplacer("å", "a", "ä", "a", "ö", "o", "Å", "A", "Ä", "A", "Ö", "O", "č", "c", " ", "-").Replace(s)
}

func newEstate(r *rand.Rand, size Size, until time.Time) Estate {
	e := Estate{since: until.AddDate(-size.Years, 0, -1), shared: map[string]string{}, technician: map[string]string{}, suppliers: map[string][]string{}, byID: map[string]register.Contact{}}
	units := e.houses(size)
	e.staff(r)
	e.tenants(r, size, units, until)
	e.firms(r, size)
	e.rules()
	for _, c := range e.Contacts {
		e.byID[c.ID] = c
	}
	return e
}

// houses makes the tree, and returns the flats without tenants.
func (e *Estate) houses(size Size) (units []home) {
	e.Objects = append(e.Objects, property.Object{ID: "Ekstad", Kind: property.Area, Name: "Ekstad"})
	for i := range size.Properties {
		name := quarters()[i%len(quarters())]
		id := fmt.Sprintf("%s-%d", ascii(name), i+1)
		e.properties = append(e.properties, id)
		e.Objects = append(e.Objects, property.Object{ID: property.ID(id), Kind: property.Property, Parent: "Ekstad", Name: fmt.Sprintf("%s %d", name, i+1)})
	}
	for i := range size.Buildings {
		p := i % size.Properties
		street, number := streets()[p%len(streets())], 2*(i/size.Properties)+1
		at := property.Address{Street: fmt.Sprintf("%s %d", street, number), PostalCode: fmt.Sprintf("123 %02d", 40+p), City: "Ekstad"}
		id := fmt.Sprintf("%s-%d", ascii(street), number)
		e.Objects = append(e.Objects, property.Object{ID: property.ID(id), Kind: property.Building, Parent: property.ID(e.properties[p]), Name: at.Street, Address: at, Year: 1938 + 7*i})
		for _, space := range []string{"Trapphus", "Tvättstuga"} {
			e.Objects = append(e.Objects, property.Object{ID: property.ID(id + "-" + ascii(strings.ToLower(space))), Kind: property.Space, Parent: property.ID(id), Name: space, Address: at})
		}
		e.shared[id] = id + "-trapphus"
		const perFloor = 4
		for n := range size.Units*(i+1)/size.Buildings - size.Units*i/size.Buildings {
			floor := n/perFloor + 1
			at.Floor = fmt.Sprint(floor)
			code := fmt.Sprintf("1%d%02d", floor, n%perFloor+1) // as the land survey numbers flats
			u := property.Object{ID: property.ID(id + "-" + code), Kind: property.Unit, Parent: property.ID(id), Name: fmt.Sprintf("%s, lgh %s", at.Street, code), Code: code,
				Address: at, SquareMetres: []float64{34.5, 52, 61.5, 78, 92}[n%5], ExternalKey: fmt.Sprintf("%02d-%s", i+1, code)}
			e.Objects = append(e.Objects, u)
			units = append(units, home{property: e.properties[p], building: id, unit: string(u.ID)})
		}
	}
	return units
}

// staff are a technician of each property and a manager.
func (e *Estate) staff(r *rand.Rand) {
	for i, p := range e.properties {
		c := e.person(r, fmt.Sprintf("tekniker-%d", i+1), "demobostad.example", register.Technician)
		e.technician[p] = c.ID
	}
	e.manager = e.person(r, "forvaltare-1", "demobostad.example", register.Manager).ID
}

// person adds somebody.
func (e *Estate) person(r *rand.Rand, id, domain string, part register.Part) register.Contact {
	first, last := pick(r, firstNames()), pick(r, lastNames())
	n := len(e.Contacts) + 1
	c := register.Contact{
		ID: id, Parts: []register.Part{part}, Name: first + " " + last, Language: "sv",
		Emails: []string{fmt.Sprintf("%s.%s.%d@%s", strings.ToLower(ascii(first)), strings.ToLower(ascii(last)), n, domain)},
		Phones: []string{fmt.Sprintf("070-174 %02d %02d", 6+n/100%90, n%100)}, // within the range that is kept for fiction
	}
	if part == register.Customer && r.IntN(12) == 0 {
		c.Language = "en"
	}
	e.Contacts = append(e.Contacts, c)
	return c
}

// tenants fill the flats; who is left over lived there before.
func (e *Estate) tenants(r *rand.Rand, size Size, units []home, until time.Time) {
	lease := func(u home, tenant string, from, to time.Time) {
		t := register.Tenancy{ID: fmt.Sprintf("avtal-%d", len(e.Tenancies)+1), Customer: tenant, Object: u.unit, From: register.Date(from.Format(time.DateOnly)), ExternalKey: fmt.Sprintf("A%05d", len(e.Tenancies)+1)}
		if !to.IsZero() {
			t.To = register.Date(to.Format(time.DateOnly))
		}
		e.Tenancies = append(e.Tenancies, t)
	}
	month := time.Date(until.Year(), until.Month(), 1, 0, 0, 0, 0, time.UTC)
	people := size.People - len(e.Contacts)
	for i := range people {
		c := e.person(r, fmt.Sprintf("hyresgast-%d", i+1), "boende.example", register.Customer)
		e.Contacts[len(e.Contacts)-1].ExternalKey = fmt.Sprintf("K%05d", i+1)
		if i < len(units) {
			before := people > len(units) && i < people-len(units) // somebody lived there before him
			from := month.AddDate(-size.Years-1-r.IntN(15), -r.IntN(12), 0)
			if before {
				from = month.AddDate(0, -1-r.IntN(12*size.Years), 0)
			}
			lease(units[i], c.ID, from, time.Time{})
			units[i].tenant, units[i].since = c.ID, from
			e.homes = append(e.homes, units[i])
			continue
		}
		h := &e.homes[(i-len(units))%len(units)]
		h.before = c.ID
		lease(*h, c.ID, h.since.AddDate(-2-r.IntN(6), 0, 0), h.since.AddDate(0, 0, -1))
	}
}

// firms are the suppliers, some of each trade.
func (e *Estate) firms(r *rand.Rand, size Size) {
	for i := range size.Suppliers {
		t := trades()[i%len(trades())]
		name := fmt.Sprintf("%s %s AB", firms()[i/len(trades())%len(firms())], t[1])
		id := fmt.Sprintf("leverantor-%d", i+1)
		e.Contacts = append(e.Contacts, register.Contact{
			ID: id, Company: true, Parts: []register.Part{register.Supplier}, Name: name, Emails: []string{fmt.Sprintf("order@%s-%d.example", strings.ToLower(ascii(t[1])), i+1)},
			Phones: []string{fmt.Sprintf("08-465 004 %02d", i%100)}, Trades: []string{t[0]}, Areas: []string{"Ekstad"}, ExternalKey: fmt.Sprintf("L%04d", i+1), Language: "sv",
			ReachableFrom: "07:00", ReachableTo: []string{"16:00", "17:00"}[r.IntN(2)],
		})
		e.suppliers[t[2]] = append(e.suppliers[t[2]], id)
	}
}

// rules are the classes with their deadlines, and who gets what.
func (e *Estate) rules() {
	tops := slices.Sorted(maps.Keys(classDays()))
	for _, top := range tops {
		days := classDays()[top]
		e.Classes = append(e.Classes, register.Class{Path: top, Days: &days})
		for i, p := range e.properties {
			route := register.Route{ID: fmt.Sprintf("%s-%s", strings.ToLower(ascii(top)), p), Class: top, Object: p, Assignee: e.technician[p]}
			if s := e.suppliers[top]; len(s) > 0 {
				route.Supplier = s[i%len(s)]
			}
			e.Routes = append(e.Routes, route)
		}
	}
	for _, f := range defects() {
		e.Classes = append(e.Classes, register.Class{Path: f.class})
	}
}
