package stats

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"smartmail/casework"
)

// fact is what figures know of a case. Instants are seconds since 1970, 0 is none; names are codes, 0 is none.
type fact struct {
	number                             casework.CaseNumber
	class, object, segment, technician code // segment: the reporter's own, which goes before that of where he lives
	status                             casework.Status
	merged                             bool  // it goes on in another case: only its orders count, and that it was reported
	opened, done, closed, due          int64 // done and closed: for the last time, and not since reopened
	reopened                           []int64
	parties                            []code // suppliers who take part in any way
	orders                             []order
}

// order is what figures know of a work order, or of a request for a price.
type order struct {
	supplier                        code
	state                           casework.OrderState
	price                           bool  // was asked for a price first
	offered                         bool  // and gave one
	chosen                          bool  // and got the order
	over                            bool  // the cap
	asked, accepted, done, deadline int64 // asked: to do the work
	at                              int64 // when its costs count: when it was done, or else answered, or asked
	cost                            Cost
}

// work reports whether it is, or became, an order to do the work.
func (o order) work() bool { return !o.price || o.chosen }

// Cost is what the lines of orders come to. Amounts are in öre.
type Cost struct {
	Price    int64
	Material int64
	Minutes  int64
	Metres   int64 // of travel
}

// Total is the amount in öre; time and travel apart, which a price list prices.
func (c Cost) Total() int64 { return c.Price + c.Material }

func (c *Cost) add(o Cost) {
	c.Price, c.Material, c.Minutes, c.Metres = c.Price+o.Price, c.Material+o.Material, c.Minutes+o.Minutes, c.Metres+o.Metres
}

// code stands for a name within one organisation.
type code uint32

// name is one that facts have a code for.
type name struct {
	dim  dimension
	text string
	seen casework.CaseNumber // a case on which the name can be read where the text is a digest
}

type dimension byte

const (
	dimClass dimension = iota + 1
	dimObject
	dimSegment
	dimPerson
)

// maxName is how many bytes of a name are told apart.
const maxName = 1000

// reading is a fact while it is read: its codes are the places of names, from 1.
type reading struct {
	fact
	gone  bool
	names []name
}

func (r *reading) code(d dimension, text string) code {
	if text == "" {
		return 0
	}
	n := name{d, text[:min(len(text), maxName)], r.number}
	if i := slices.Index(r.names, n); i >= 0 {
		return code(i + 1)
	}
	r.names = append(r.names, n)
	return code(len(r.names))
}

// Person is the digest of an address, or of what stands for whoever a case is assigned to: it tells one from others without saying who it is.
func Person(text string) string {
	if text = casework.Address(text); text == "" {
		return ""
	}
	sum := sha256.Sum256([]byte("figures\x00" + text))
	return hex.EncodeToString(sum[:8])
}

func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// finished reports whether a case of that status is no longer open.
func finished(s casework.Status) bool { return s == casework.StatusDone || s == casework.StatusClosed }

// maxReopened bounds the instants that are kept of one case.
const maxReopened = 100

// read begins the fact of a case; its entries follow in order, and then end.
func read(c *casework.Case, segment string) *reading {
	r := &reading{fact: fact{number: c.Number, status: c.Status, merged: c.Merged != nil, opened: seconds(c.CreatedAt), due: seconds(c.DueAt)}}
	r.class, r.object = r.code(dimClass, c.Class), r.code(dimObject, c.Object)
	r.segment, r.technician = r.code(dimSegment, segment), r.code(dimPerson, Person(c.Assignee))
	for _, l := range c.Lanes {
		if l.Kind != casework.LaneSupplier {
			continue
		}
		for _, p := range l.Participants {
			if who := r.code(dimPerson, Person(p.Email)); who != 0 && !slices.Contains(r.parties, who) {
				r.parties = append(r.parties, who)
			}
		}
	}
	for _, o := range c.Orders {
		f := order{
			supplier: r.code(dimPerson, Person(c.Supplier(o).Email)), state: o.State, price: o.Request != 0, offered: o.Offer > 0, chosen: o.Chosen, over: o.Over(),
			asked: seconds(o.AskedAt), deadline: seconds(o.Deadline),
			cost: Cost{Price: o.Sums.Price, Material: o.Sums.Material, Minutes: int64(o.Sums.Minutes), Metres: o.Sums.Metres},
		}
		f.at = cmp.Or(seconds(o.AnsweredAt), f.asked, r.opened)
		r.orders = append(r.orders, f)
	}
	return r
}

// entry adds what an entry of the case tells of its course.
func (r *reading) entry(e *casework.Entry) {
	switch at := seconds(e.At); {
	case e.Change == nil:
	case e.Kind == casework.KindStatus && e.Change.Field == "status":
		r.moved(casework.Status(e.Change.From), casework.Status(e.Change.To), at)
	case e.Kind == casework.KindChange && e.Change.Field == "order" && e.Order > 0 && int(e.Order) <= len(r.orders):
		r.orders[e.Order-1].moved(casework.OrderState(e.Change.From), casework.OrderState(e.Change.To), at)
	}
}

func (r *reading) moved(from, to casework.Status, at int64) {
	switch {
	case finished(from) && !finished(to):
		r.done = 0
		if len(r.reopened) < maxReopened {
			r.reopened = append(r.reopened, at)
		}
	case !finished(from) && finished(to):
		r.done = at
	}
	r.closed = 0
	if to == casework.StatusClosed {
		r.closed = at
	}
}

func (o *order) moved(from, to casework.OrderState, at int64) {
	switch to {
	case casework.OrderAccepted, casework.OrderBooked, casework.OrderDone:
		if from == casework.OrderOffered { // his offer was chosen: he has accepted by offering
			o.asked, o.accepted = at, at
		} else if o.accepted == 0 {
			o.accepted = at
		}
	}
	if to == casework.OrderDone {
		o.done, o.at = at, at
	}
}

// end fills in what no entry told.
func (r *reading) end(c *casework.Case) {
	if finished(r.status) && r.done == 0 {
		r.done = cmp.Or(seconds(c.ClosedAt), seconds(c.UpdatedAt))
	}
	if r.status == casework.StatusClosed && r.closed == 0 {
		r.closed = cmp.Or(seconds(c.ClosedAt), r.done)
	}
	for i := range r.orders {
		if o := &r.orders[i]; o.state != casework.OrderDone {
			o.done = 0
		}
	}
}

// recode exchanges every code of the fact.
func (f *fact) recode(to func(code) code) {
	f.class, f.object, f.segment, f.technician = to(f.class), to(f.object), to(f.segment), to(f.technician)
	for i, c := range f.parties {
		f.parties[i] = to(c)
	}
	for i := range f.orders {
		f.orders[i].supplier = to(f.orders[i].supplier)
	}
}
