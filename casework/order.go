package casework

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"smartmail/fault"
	"smartmail/grammar"
)

// OrderNo counts the orders of one case from 1; a number is never used again.
type OrderNo uint32

// OrderID is how an order is called outside, also on the supplier's invoice: "1042-2" is the second one of case 1042.
func OrderID(c CaseNumber, no OrderNo) string { return fmt.Sprintf("%d-%d", c, no) }

// ParseOrderID is the reverse of OrderID.
func ParseOrderID(s string) (CaseNumber, OrderNo, bool) {
	left, right, _ := strings.Cut(s, "-")
	c, err1 := strconv.ParseUint(left, 10, 64)
	no, err2 := strconv.ParseUint(right, 10, 32)
	return CaseNumber(c), OrderNo(no), err1 == nil && err2 == nil && OrderID(CaseNumber(c), OrderNo(no)) == s
}

// OrderState is how far an order has come.
type OrderState string

// The states of an order. A request for a price is asked, then offered; the offer that is chosen is an accepted order from
// then on, and the other suppliers are thanked.
const (
	OrderAsked     OrderState = "asked"   // for a price
	OrderOffered   OrderState = "offered" // a price
	OrderThanked   OrderState = "thanked" // another offer was chosen
	OrderOpen      OrderState = "open"    // waits for the supplier to accept
	OrderAccepted  OrderState = "accepted"
	OrderBooked    OrderState = "booked"
	OrderDone      OrderState = "done"
	OrderDeclined  OrderState = "declined"  // before he had accepted
	OrderReturned  OrderState = "returned"  // after that
	OrderWithdrawn OrderState = "withdrawn" // by us
)

// OrderStates lists every state.
func OrderStates() []OrderState {
	return []OrderState{OrderAsked, OrderOffered, OrderThanked, OrderOpen, OrderAccepted, OrderBooked, OrderDone, OrderDeclined, OrderReturned, OrderWithdrawn}
}

// Priced reports whether the supplier is asked for a price and no more.
func (s OrderState) Priced() bool { return s == OrderAsked || s == OrderOffered }

// Work reports whether the supplier still has work to do.
func (s OrderState) Work() bool { return s == OrderOpen || s == OrderAccepted || s == OrderBooked }

// Ended reports whether nothing more comes of it.
func (s OrderState) Ended() bool {
	return s == OrderDeclined || s == OrderReturned || s == OrderWithdrawn || s == OrderThanked
}

// Sums adds up the draft lines of an order.
type Sums struct {
	Minutes  int   `json:"minutes,omitempty"`
	Material int64 `json:"material,omitempty"` // öre, of the lines that have a price
	Metres   int64 `json:"metres,omitempty"`   // of travel
	Price    int64 `json:"price,omitempty"`    // öre
}

// Total is what the lines come to in öre, time and travel apart, which the supplier's price list prices.
func (s Sums) Total() int64 { return s.Material + s.Price }

// WorkOrder is one order to one supplier, or a request for a price, as it is now.
type WorkOrder struct {
	No         OrderNo                  `json:"no"`
	Lane       LaneID                   `json:"lane"`
	Entry      EntryID                  `json:"entry,omitempty"`   // of the mail that it went out by; empty: it is older than this record
	Request    OrderNo                  `json:"request,omitempty"` // the first of those asked for a price together; 0: it was no request
	State      OrderState               `json:"state"`
	Since      time.Time                `json:"since,omitzero"` // when it came into this state
	Deadline   time.Time                `json:"deadline,omitzero"`
	PriceCap   int64                    `json:"price_cap,omitempty"` // öre; 0: none
	By         Actor                    `json:"by"`
	AskedAt    time.Time                `json:"asked_at,omitzero"`
	AnsweredAt time.Time                `json:"answered_at,omitzero"` // his newest answer that was carried out
	Offer      int64                    `json:"offer,omitempty"`      // öre: the price that he gave when asked for one
	Chosen     bool                     `json:"chosen,omitempty"`     // his offer was
	BookedFrom time.Time                `json:"booked_from,omitzero"` // when he comes, as he said
	BookedTo   time.Time                `json:"booked_to,omitzero"`   // zero: he gave no end
	Invited    int                      `json:"invited,omitempty"`    // how many invitations and cancellations of the visit there were
	Replies    map[ParticipantNo]string `json:"replies,omitempty"`    // to the newest: see AnswerInvitation
	Lines      []EntryID                `json:"lines,omitempty"`      // draft lines, oldest first
	Sums       Sums                     `json:"sums,omitzero"`
	Reminded   int                      `json:"reminded,omitempty"` // how often about this state: see nextStep
	RemindedAt time.Time                `json:"reminded_at,omitzero"`
}

// Over reports whether the price is over the cap: what he offers, or what his lines come to.
func (o WorkOrder) Over() bool { return o.PriceCap > 0 && max(o.Offer, o.Sums.Total()) > o.PriceCap }

// Refuses tells why an answer of that kind is not carried out on an order in its state; "" means that it is.
func (o WorkOrder) Refuses(k grammar.Kind) string {
	switch {
	case o.State.Ended():
		return "the order is " + string(o.State)
	case o.State.Priced() && k != grammar.Price && k != grammar.Decline:
		return "he was asked for a price, not to do the work"
	case o.State == OrderDone && (k == grammar.Decline || k == grammar.Booked):
		return "the order is done"
	}
	return ""
}

// Limits of a case, whose record is read and written whole.
const (
	maxOrders = 200
	maxLines  = 200 // of one order
)

// Order returns the order of that number.
func (c *Case) Order(no OrderNo) (*WorkOrder, bool) {
	for i := range c.Orders {
		if c.Orders[i].No == no {
			return &c.Orders[i], true
		}
	}
	return nil, false
}

// Supplier is whom an order went to.
func (c *Case) Supplier(o WorkOrder) Participant {
	if l, ok := c.Lane(o.Lane); ok && len(l.Participants) > 0 {
		return l.Participants[0]
	}
	return Participant{}
}

// Answered finds the order that a mail on a supplier's lane answers: the one that it names (0: none), else the only one that
// waits for him, else the newest. nil with a reason: it can't be told; nil without one: the lane has no order.
func (c *Case) Answered(lane LaneID, named OrderNo) (o *WorkOrder, why string) {
	living := 0
	for i := range c.Orders {
		at := &c.Orders[i]
		waits := at.State.Priced() || at.State.Work()
		switch {
		case at.Lane != lane:
			continue
		case at.No == named:
			return at, ""
		case waits:
			living++
			o = at
		case living == 0:
			o = at
		}
	}
	if living > 1 {
		return nil, "the supplier has several orders on this case, and the mail says of none which it means"
	}
	return o, ""
}

// awaited reports whether any supplier still has work on the case.
func (c *Case) awaited() bool {
	return slices.ContainsFunc(c.Orders, func(o WorkOrder) bool { return o.State.Work() })
}

// noOrder is the error of a command that names an order which is not there.
func (c *Case) noOrder(no OrderNo) error {
	return fault.New(fault.NotFound, fmt.Sprintf("there is no order %s", OrderID(c.Number, no)))
}

// move brings an order into a state and tells of it.
func (t *teller) move(c *Case, o *WorkOrder, to OrderState, why string, line *Line) {
	from := o.State
	o.State, o.Since, o.Reminded = to, t.at, 0
	if !to.Work() {
		c.accessKnown(*o)
	}
	var visit *Visit
	if o.Invited > 0 && to.Ended() && from != to {
		o.Invited++
		visit = o.Visit()
	}
	t.tell(c, Entry{Kind: KindChange, Lane: o.Lane, Order: o.No, Why: why, Line: line, Visit: visit, Change: &Change{Field: "order", From: string(from), To: string(to)}})
}

// follow lets the status of the case follow an order, where it is one of from. An order closes no case.
func (t *teller) follow(c *Case, to Status, why string, from ...Status) {
	if slices.Contains(from, c.Status) {
		t.come(c, to, Entry{Why: why})
	}
}
