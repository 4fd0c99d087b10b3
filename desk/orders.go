package desk

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
	"smartmail/register"
)

// OrderView is an order with what it was about and what the supplier stated.
type OrderView struct {
	casework.WorkOrder
	Case     casework.CaseNumber
	Supplier casework.Participant
	Text     string           // of the mail that it went out by
	Lines    []casework.Entry // its draft lines, oldest first
}

// Orders returns every order of a case in the order of their numbers.
func (d *Desk) Orders(ctx context.Context, org casework.OrgID, n casework.CaseNumber) (views []OrderView, err error) {
	err = d.Store.View(ctx, func(tx casestore.Tx) error {
		views = []OrderView{}
		c, err := casestore.Cases.Get(tx, casestore.CaseKey(org, n))
		if err != nil {
			return caseError(n, err)
		}
		for _, o := range c.Orders {
			v, err := viewOrder(tx, c, o)
			if err != nil {
				return err
			}
			views = append(views, v)
		}
		return nil
	})
	return views, err
}

// Order returns one order. Error: fault.NotFound.
func (d *Desk) Order(ctx context.Context, org casework.OrgID, n casework.CaseNumber, no casework.OrderNo) (v OrderView, err error) {
	err = d.Store.View(ctx, func(tx casestore.Tx) error {
		c, err := casestore.Cases.Get(tx, casestore.CaseKey(org, n))
		if err != nil {
			return renamed(err, "there is no such order")
		}
		o, ok := c.Order(no)
		if !ok {
			return fault.New(fault.NotFound, "there is no such order")
		}
		v, err = viewOrder(tx, c, *o)
		return err
	})
	return v, err
}

// addressed fills in the addresses and names of suppliers whom an order names by their contacts.
func addressed(tx casestore.Tx, org casework.OrgID, o casework.Order) (casework.Order, error) {
	all := o.Suppliers()
	for i, s := range all {
		if s.Contact == "" {
			continue
		}
		if s.Email != "" {
			return o, fault.New(fault.Invalid, "supplier: an address or a contact, and not both")
		}
		c, err := mustBe(tx, casestore.Contacts, org, "supplier", s.Contact)
		switch {
		case err != nil:
			return o, err
		case !slices.Contains(c.Parts, register.Supplier):
			return o, fault.New(fault.Invalid, fmt.Sprintf("supplier: %q is none", s.Contact))
		case c.Archived:
			return o, fault.New(fault.Invalid, fmt.Sprintf("supplier: %q is archived", s.Contact))
		case len(c.Emails) == 0:
			return o, fault.New(fault.Invalid, fmt.Sprintf("supplier: %q has no e-mail address", s.Contact))
		}
		all[i].Name, all[i].Email = cmp.Or(s.Name, c.Name), c.Emails[0]
	}
	return o.To(all), nil
}

// knowsSuppliers refuses an order that names suppliers by contacts whom its giver does not see.
func (g *Guarded) knowsSuppliers(ctx context.Context, org casework.OrgID, cmd casework.Command) error {
	o, ok := cmd.(casework.Order)
	if !ok {
		return nil
	}
	for _, s := range o.Suppliers() {
		if s.Contact == "" {
			continue
		}
		if _, err := g.Contacts().Get(ctx, org, s.Contact); fault.Is(err, fault.NotFound) {
			return fault.New(fault.Invalid, fmt.Sprintf("supplier: there is no %q", s.Contact))
		} else if err != nil {
			return err
		}
	}
	return nil
}

func viewOrder(tx casestore.Tx, c casework.Case, o casework.WorkOrder) (OrderView, error) {
	v := OrderView{WorkOrder: o, Case: c.Number, Supplier: c.Supplier(o), Lines: []casework.Entry{}}
	if o.Entry != "" {
		e, err := entryOf(tx, c.Org, o.Entry)
		if err != nil {
			return v, err
		}
		if e.MailOut != nil {
			v.Text = e.MailOut.Text
		}
	}
	for _, id := range o.Lines {
		e, err := entryOf(tx, c.Org, id)
		if err != nil {
			return v, err
		}
		v.Lines = append(v.Lines, e)
	}
	return v, nil
}

func entryOf(tx casestore.Tx, org casework.OrgID, id casework.EntryID) (casework.Entry, error) {
	e, err := casestore.Entries.Find(tx, "by_id", casestore.K(string(org)).Str(string(id)))
	if err != nil {
		return e, fmt.Errorf("entry %s of an order: %w", id, err)
	}
	return e, nil
}
