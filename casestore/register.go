package casestore

import (
	"smartmail/access"
	"smartmail/casework"
	"smartmail/property"
	"smartmail/register"
)

// The register: what an organisation says of itself. Every table has by_external, for what is imported.
var (
	// Objects of the property tree; by_parent finds what lies in one.
	Objects = declareThing("objects",
		Index[casework.Registered[property.Object]]{Name: "by_parent", Keys: func(r *casework.Registered[property.Object]) []Key {
			return []Key{ThingKey(r.Org, string(r.Thing.Parent))}
		}})
	// Contacts are people and companies; by_email finds whose an address is, by_part all suppliers and so on,
	// by_morning who is written to in the morning.
	Contacts = declareThing("contacts",
		Index[casework.Registered[register.Contact]]{Name: "by_email", Keys: func(r *casework.Registered[register.Contact]) (keys []Key) {
			for _, email := range r.Thing.Emails {
				keys = append(keys, PartyKey(r.Org, email))
			}
			return keys
		}},
		Index[casework.Registered[register.Contact]]{Name: "by_part", Keys: func(r *casework.Registered[register.Contact]) (keys []Key) {
			for _, p := range r.Thing.Parts {
				keys = append(keys, ThingKey(r.Org, string(p)))
			}
			return keys
		}},
		Index[casework.Registered[register.Contact]]{Name: "by_morning", Keys: func(r *casework.Registered[register.Contact]) []Key {
			if n := r.Thing.Notify; n == nil || !n.Morning || r.Thing.Archived {
				return nil
			}
			return []Key{ThingKey(r.Org, r.Thing.ID)}
		}})
	// Tenancies; found by their customer and by their object.
	Tenancies = declareThing("tenancies",
		Index[casework.Registered[register.Tenancy]]{Name: "by_customer", Keys: func(r *casework.Registered[register.Tenancy]) []Key {
			return []Key{ThingKey(r.Org, r.Thing.Customer)}
		}},
		Index[casework.Registered[register.Tenancy]]{Name: "by_object", Keys: func(r *casework.Registered[register.Tenancy]) []Key {
			return []Key{ThingKey(r.Org, r.Thing.Object)}
		}})
	Segments = declareThing[register.Segment]("segments")
	Classes  = declareThing("classes", byRetention)
	Routes   = declareThing[register.Route]("routes")
	// Schedules open cases; by_object finds those of an object.
	Schedules = declareThing("schedules",
		Index[casework.Registered[register.Schedule]]{Name: "by_object", Keys: func(r *casework.Registered[register.Schedule]) []Key {
			return []Key{ThingKey(r.Org, r.Thing.Object)}
		}})
	// Turns say how far the schedules have come; by_next has those that go on, by the day of their next case.
	Turns = Declare("turns", 1,
		func(t *casework.Turn) Key { return ThingKey(t.Org, t.Schedule) },
		func(t *casework.Turn) *uint64 { return &t.Version },
		Index[casework.Turn]{Name: "by_next", Keys: func(t *casework.Turn) []Key {
			if t.Next == (casework.Day{}) {
				return nil
			}
			return []Key{TurnsFrom(t.Org, t.Next)}
		}},
	)
	Roles = declareThing[access.Role]("roles") // beside those that every organisation has

	// Editions of things, oldest first: what the register was like at any time, and who made it so.
	Editions = Declare("editions", 1,
		func(e *casework.Edition) Key { return EditionsOf(e.Org, e.Kind, e.ID).Uint(e.Number) },
		func(e *casework.Edition) *uint64 { return &e.Version },
	)
)

// registerSchemas lists the register's tables.
func registerSchemas() []*Schema {
	return []*Schema{Objects.Schema(), Contacts.Schema(), Tenancies.Schema(), Segments.Schema(), Classes.Schema(), Routes.Schema(), Schedules.Schema(), Roles.Schema(), Editions.Schema()}
}

// ThingKey is the key of a thing in the table of its kind, and of what an index says of it.
func ThingKey(org casework.OrgID, id string) Key { return K(string(org)).Str(id) }

// TurnsFrom is the position of a day in by_next.
func TurnsFrom(org casework.OrgID, d casework.Day) Key {
	return K(string(org)).Uint(uint64(d.Year)*10_000 + uint64(d.Month)*100 + uint64(d.Day))
}

// EditionsOf is the prefix of a thing's editions.
func EditionsOf(org casework.OrgID, kind, id string) Key { return K(string(org)).Str(kind).Str(id) }

func declareThing[T casework.Thing](name string, indexes ...Index[casework.Registered[T]]) *Table[casework.Registered[T]] {
	external := Index[casework.Registered[T]]{Name: "by_external", Unique: true, Keys: func(r *casework.Registered[T]) []Key {
		if r.Thing.External() == "" {
			return nil
		}
		return []Key{ThingKey(r.Org, r.Thing.External())}
	}}
	return Declare(name, 1,
		func(r *casework.Registered[T]) Key { return ThingKey(r.Org, r.Thing.Key()) },
		func(r *casework.Registered[T]) *uint64 { return &r.Version },
		append([]Index[casework.Registered[T]]{external}, indexes...)...)
}
