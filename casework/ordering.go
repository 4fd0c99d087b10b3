package casework

import (
	"fmt"
	"slices"
	"time"

	"smartmail/fault"
)

// Supplier is whom an order goes to: an address, or a contact of the register, whose address and name the desk fills in.
type Supplier struct{ Name, Email, Contact string }

// Order sends the case to a supplier, on a lane of his own. A request for a price (MailOut.Quote) may go to others as well, each
// on his own lane, where none sees that others were asked.
type Order struct {
	Name, Email string
	Contact     string // see Supplier
	Others      []Supplier
	Request     OrderNo // an earlier request that this one belongs to: the offers are compared; 0: a new one
	MailOut
}

// maxAsked bounds how many suppliers one command may ask.
const maxAsked = 20

func (o Order) apply(c *Case, t *teller) error {
	suppliers := o.Suppliers()
	if err := o.check(c, suppliers, t.at); err != nil {
		return err
	}
	request := o.Request
	for _, s := range suppliers {
		no, err := o.place(c, t, s, request)
		if err != nil {
			return err
		}
		if request == 0 && o.Quote {
			request = no
		}
		t.attended(c, c.Orders[len(c.Orders)-1].Lane)
	}
	for _, had := range c.Orders { // who orders anew has seen what was handed back
		if had.State == OrderDeclined || had.State == OrderReturned {
			t.attended(c, had.Lane)
		}
	}
	return nil
}

// Suppliers are all whom the order goes to.
func (o Order) Suppliers() []Supplier {
	return append([]Supplier{{o.Name, o.Email, o.Contact}}, o.Others...)
}

// To is the order with others in their places.
func (o Order) To(suppliers []Supplier) Order {
	o.Name, o.Email, o.Contact, o.Others = suppliers[0].Name, suppliers[0].Email, suppliers[0].Contact, suppliers[1:]
	return o
}

func (o Order) check(c *Case, suppliers []Supplier, at time.Time) error {
	switch {
	case !o.Deadline.IsZero() && o.Deadline.Before(at):
		return fault.New(fault.Invalid, "deadline: it has gone by")
	case len(o.Text) > maxText:
		return fault.New(fault.Invalid, fmt.Sprintf("the order is longer than %d bytes", maxText))
	case o.PriceCap < 0:
		return fault.New(fault.Invalid, "price_cap is negative")
	case len(suppliers) > 1 && !o.Quote:
		return fault.New(fault.Invalid, "an order goes to one supplier; several can be asked for a price")
	case len(suppliers) > maxAsked:
		return fault.New(fault.Invalid, fmt.Sprintf("at most %d suppliers are asked at a time", maxAsked))
	case len(c.Orders)+len(suppliers) > maxOrders:
		return fault.New(fault.Conflict, fmt.Sprintf("case %d has %d orders, and %d is the most", c.Number, len(c.Orders), maxOrders))
	}
	if first, ok := c.Order(o.Request); o.Request != 0 && (!ok || !o.Quote || first.Request != o.Request) {
		return fault.New(fault.Invalid, fmt.Sprintf("%s is no request for a price that another supplier can be asked within", OrderID(c.Number, o.Request)))
	}
	for i, s := range suppliers {
		if err := validAddress(s.Email); err != nil {
			return err
		}
		if slices.ContainsFunc(suppliers[:i], func(had Supplier) bool { return Address(had.Email) == Address(s.Email) }) {
			return fault.New(fault.Invalid, fmt.Sprintf("%s is there twice", s.Email))
		}
	}
	return nil
}

// place adds one order to one supplier, and the mail to him.
func (o Order) place(c *Case, t *teller, s Supplier, request OrderNo) (OrderNo, error) {
	_, lane, err := c.join(LaneSupplier, oneLine(s.Name), s.Email)
	if err != nil {
		return 0, err
	}
	out := o.MailOut
	placed := WorkOrder{
		No: OrderNo(len(c.Orders)) + 1, Lane: lane, State: OrderOpen, Since: t.at, AskedAt: t.at, By: t.by, Deadline: o.Deadline, PriceCap: o.PriceCap,
	}
	if o.Quote {
		placed.State, placed.Request = OrderAsked, request
		if request == 0 {
			placed.Request = placed.No
		}
	}
	t.tell(c, Entry{Kind: KindOrder, Lane: lane, Order: placed.No, MailOut: &out})
	placed.Entry = t.entries[len(t.entries)-1].ID
	c.Orders = append(c.Orders, placed)
	return placed.No, nil
}

// WithdrawOrder takes an order or a request back, and tells the supplier. What he answers after that is flagged.
type WithdrawOrder struct {
	Order OrderNo
	Text  string // to the supplier; may be empty
}

func (w WithdrawOrder) apply(c *Case, t *teller) error {
	o, ok := c.Order(w.Order)
	if !ok {
		return c.noOrder(w.Order)
	}
	if !o.State.Work() && !o.State.Priced() {
		return fault.New(fault.Conflict, fmt.Sprintf("order %s is %s and can't be withdrawn", OrderID(c.Number, o.No), o.State))
	}
	if len(w.Text) > maxText {
		return fault.New(fault.Invalid, fmt.Sprintf("the text is longer than %d bytes", maxText))
	}
	t.move(c, o, OrderWithdrawn, "", nil)
	t.write(c, o, MailOut{About: AboutWithdrawn, Text: w.Text, Visit: t.last().Visit})
	t.attended(c, o.Lane)
	return nil
}

// ChooseOffer accepts what a supplier offered: his request becomes an order that he has accepted, and those who were asked
// beside him are thanked.
type ChooseOffer struct {
	Order OrderNo
	Text  string // to him who is chosen; may be empty
}

func (h ChooseOffer) apply(c *Case, t *teller) error {
	o, ok := c.Order(h.Order)
	if !ok {
		return c.noOrder(h.Order)
	}
	if o.State != OrderOffered {
		return fault.New(fault.Conflict, fmt.Sprintf("order %s is %s: there is no offer to accept", OrderID(c.Number, o.No), o.State))
	}
	if len(h.Text) > maxText {
		return fault.New(fault.Invalid, fmt.Sprintf("the text is longer than %d bytes", maxText))
	}
	o.Chosen, o.PriceCap = true, o.Offer // what was agreed; more needs approval
	t.move(c, o, OrderAccepted, "his offer was chosen", nil)
	t.write(c, o, MailOut{About: AboutChosen, Text: h.Text, Deadline: o.Deadline, PriceCap: o.Offer})
	t.follow(c, StatusAssigned, "an offer was chosen", StatusNew, StatusReturned)
	for i := range c.Orders {
		other := &c.Orders[i]
		if other.Request != o.Request {
			continue
		}
		t.attended(c, other.Lane)
		if other.State.Priced() {
			t.move(c, other, OrderThanked, "another offer was chosen", nil)
			t.write(c, other, MailOut{About: AboutThanked})
		}
	}
	return nil
}

// write mails the supplier of an order about it.
func (t *teller) write(c *Case, o *WorkOrder, out MailOut) {
	t.tell(c, Entry{Kind: KindMailOut, Lane: o.Lane, Order: o.No, MailOut: &out})
}
