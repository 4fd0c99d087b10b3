package desk

import (
	"fmt"
	"slices"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
	"smartmail/property"
	"smartmail/register"
)

// What a thing refers to must be there. Archived things may be referred to still: they were right once.

// mustBe looks up what a field of a thing refers to.
func mustBe[T casework.Thing](tx casestore.Tx, table *casestore.Table[casework.Registered[T]], org casework.OrgID, field, id string) (T, error) {
	found, err := table.Get(tx, casestore.ThingKey(org, id))
	if fault.Is(err, fault.NotFound) {
		err = fault.New(fault.Invalid, fmt.Sprintf("%s: there is no %q", field, id))
	}
	return found.Thing, err
}

func mustBeIfAny[T casework.Thing](tx casestore.Tx, table *casestore.Table[casework.Registered[T]], org casework.OrgID, field, id string) error {
	if id == "" {
		return nil
	}
	_, err := mustBe(tx, table, org, field, id)
	return err
}

func objectFits(tx casestore.Tx, org casework.OrgID, o property.Object) error {
	if err := mustBeIfAny(tx, casestore.Segments, org, "segment", o.Segment); err != nil || o.Parent == "" {
		return err
	}
	parent, err := mustBe(tx, casestore.Objects, org, "parent", string(o.Parent))
	if err != nil {
		return err
	}
	if err := o.Fits(parent); err != nil {
		return err
	}
	_, err = property.Path(o.ID, func(id property.ID) (property.Object, error) {
		if id == o.ID {
			return o, nil
		}
		return mustBe(tx, casestore.Objects, org, "parent", string(id))
	})
	return err
}

func contactFits(tx casestore.Tx, org casework.OrgID, c register.Contact) error {
	for _, area := range c.Areas {
		if _, err := mustBe(tx, casestore.Objects, org, "areas", area); err != nil {
			return err
		}
	}
	return mustBeIfAny(tx, casestore.Segments, org, "segment", c.Segment)
}

func tenancyFits(tx casestore.Tx, org casework.OrgID, t register.Tenancy) error {
	if _, err := mustBe(tx, casestore.Contacts, org, "customer", t.Customer); err != nil {
		return err
	}
	_, err := mustBe(tx, casestore.Objects, org, "object", t.Object)
	return err
}

func classFits(tx casestore.Tx, org casework.OrgID, c register.Class) error {
	for _, above := range register.Above(c.Path) {
		if _, err := mustBe(tx, casestore.Classes, org, "path", above); err != nil {
			return err
		}
	}
	if err := worksHere(tx, org, "assignee", c.Assignee); err != nil {
		return err
	}
	return mustBeIfAny(tx, casestore.Contacts, org, "escalate", c.Escalate)
}

// worksHere refuses as assignee a contact who is a customer or a supplier and no more: a case that is his would be nobody's. A name that
// is no contact's says nothing of who that is.
func worksHere(tx casestore.Tx, org casework.OrgID, field, id string) error {
	if id == "" {
		return nil
	}
	c, err := casestore.Contacts.Get(tx, casestore.ThingKey(org, id))
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err == nil && !houseParts(c.Thing) {
		err = fault.New(fault.Invalid, fmt.Sprintf("%s: %q does not work here", field, id))
	}
	return err
}

func scheduleFits(tx casestore.Tx, org casework.OrgID, s register.Schedule) error {
	if err := mustBeIfAny(tx, casestore.Classes, org, "class", s.Class); err != nil {
		return err
	}
	if err := mustBeIfAny(tx, casestore.Objects, org, "object", s.Object); err != nil || s.Assignee == "" {
		return err
	}
	works, err := ofTheHouse(tx, org, []string{s.Assignee})
	if err == nil && len(works) == 0 && s.Runs() {
		err = fault.New(fault.Invalid, fmt.Sprintf("assignee: nobody called %q works here", s.Assignee))
	}
	return err
}

func routeFits(tx casestore.Tx, org casework.OrgID, r register.Route) error {
	if err := mustBeIfAny(tx, casestore.Classes, org, "class", r.Class); err != nil {
		return err
	}
	if err := mustBeIfAny(tx, casestore.Objects, org, "object", r.Object); err != nil {
		return err
	}
	if err := mustBeIfAny(tx, casestore.Contacts, org, "assignee", r.Assignee); err != nil {
		return err
	}
	if err := worksHere(tx, org, "assignee", r.Assignee); err != nil || r.Supplier == "" {
		return err
	}
	supplier, err := mustBe(tx, casestore.Contacts, org, "supplier", r.Supplier)
	if err == nil && !slices.Contains(supplier.Parts, register.Supplier) {
		err = fault.New(fault.Invalid, fmt.Sprintf("supplier: %q is none", r.Supplier))
	}
	return err
}
