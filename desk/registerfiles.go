package desk

import (
	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
	"smartmail/property"
	"smartmail/register"
)

// filed is what an import has to know of a kind.
type filed[T casework.Thing] struct {
	name     func(thing *T, id string)
	archived func(thing *T) *bool
	above    func(thing T) string                                                 // what it lies in, of its own kind; nil: nothing does
	refer    func(tx casestore.Tx, org casework.OrgID, of lookUp, thing *T) error // puts ids for what the thing calls by external keys
}

// lookUp returns the id of what a table has under a name; find asks the store.
type lookUp func(table, name string, find func() (string, error)) (string, error)

func objectFiles() *filed[property.Object] {
	return &filed[property.Object]{
		name:     func(o *property.Object, id string) { o.ID = property.ID(id) },
		archived: func(o *property.Object) *bool { return &o.Archived },
		above:    func(o property.Object) string { return string(o.Parent) },
		refer: func(tx casestore.Tx, org casework.OrgID, of lookUp, o *property.Object) error {
			id, err := byName(tx, casestore.Objects, org, of, string(o.Parent))
			o.Parent = property.ID(id)
			return err
		},
	}
}

func contactFiles() *filed[register.Contact] {
	return &filed[register.Contact]{
		name:     func(c *register.Contact, id string) { c.ID = id },
		archived: func(c *register.Contact) *bool { return &c.Archived },
		refer: func(tx casestore.Tx, org casework.OrgID, of lookUp, c *register.Contact) (err error) {
			areas := make([]string, len(c.Areas)) // not in place: the list may be that of the stored thing
			for i, area := range c.Areas {
				if areas[i], err = byName(tx, casestore.Objects, org, of, area); err != nil {
					return err
				}
			}
			if len(areas) > 0 {
				c.Areas = areas
			}
			return nil
		},
	}
}

func tenancyFiles() *filed[register.Tenancy] {
	return &filed[register.Tenancy]{
		name:     func(t *register.Tenancy, id string) { t.ID = id },
		archived: func(t *register.Tenancy) *bool { return &t.Archived },
		refer: func(tx casestore.Tx, org casework.OrgID, of lookUp, t *register.Tenancy) (err error) {
			if t.Customer, err = byName(tx, casestore.Contacts, org, of, t.Customer); err != nil {
				return err
			}
			t.Object, err = byName(tx, casestore.Objects, org, of, t.Object)
			return err
		},
	}
}

// byName finds a thing by its id or else by its external key.
func byName[T casework.Thing](tx casestore.Tx, table *casestore.Table[casework.Registered[T]], org casework.OrgID, of lookUp, name string) (string, error) {
	return of(table.Schema().Name, name, func() (string, error) {
		there, err := table.Get(tx, casestore.ThingKey(org, name))
		if fault.Is(err, fault.NotFound) {
			there, err = table.Find(tx, "by_external", casestore.ThingKey(org, name))
		}
		return there.Thing.Key(), err
	})
}
