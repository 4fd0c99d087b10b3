package casework

import (
	"fmt"
	"strings"

	"smartmail/fault"
	"smartmail/grammar"
)

// OrderState is how far the order on a supplier's lane has come.
type OrderState string

// The states of an order; a lane without one has none.
const (
	OrderOpen     OrderState = "open"
	OrderAccepted OrderState = "accepted"
	OrderBooked   OrderState = "booked"
	OrderDone     OrderState = "done"
	OrderDeclined OrderState = "declined"
)

// Takes reports whether a supplier's answer to the order still acts. After done it does: time and material are often sent later.
func (s OrderState) Takes() bool { return s != "" && s != OrderDeclined }

// Line is a draft line of time, material or cost on an order, as the supplier stated it. A person approves it.
type Line struct {
	Mail     EntryID `json:"mail"` // the mail that says so
	Minutes  int     `json:"minutes,omitempty"`
	Who      string  `json:"who,omitempty"`
	Quantity int64   `json:"quantity,omitempty"` // thousandths
	Unit     string  `json:"unit,omitempty"`
	Article  string  `json:"article,omitempty"`
	Metres   int64   `json:"metres,omitempty"` // of travel
	Ore      int64   `json:"ore,omitempty"`    // price of one unit, or of the whole job where nothing else is told
	Note     string  `json:"note,omitempty"`
}

// AnswerOrder carries out what a supplier's mail says in the reply grammar.
type AnswerOrder struct {
	Lane   LaneID
	Mail   EntryID // the entry of the mail
	Sender Sender
	Rights Rights // of the organisation; nil: the default
	Said   []grammar.Command
}

func (a AnswerOrder) apply(c *Case, t *teller) error {
	l, ok := c.Lane(a.Lane)
	if !ok || l.Kind != LaneSupplier || !l.Order.Takes() {
		return fault.New(fault.Conflict, fmt.Sprintf("case %d has no order on lane %q that could be answered", c.Number, a.Lane))
	}
	for _, said := range a.Said {
		a.carryOut(c, l, t, said)
	}
	return nil
}

func (a AnswerOrder) carryOut(c *Case, l *Lane, t *teller, said grammar.Command) {
	line := func(kind EntryKind) {
		t.tell(c, Entry{Kind: kind, Lane: a.Lane, Line: &Line{
			Mail: a.Mail, Minutes: said.Minutes, Who: said.Who, Quantity: said.Quantity, Unit: said.Unit, Article: said.Article,
			Metres: said.Metres, Ore: said.Ore, Note: said.Note,
		}})
	}
	switch said.Kind {
	case grammar.Accept:
		if l.Order == OrderOpen {
			a.order(c, l, t, OrderAccepted, said.Note)
			a.status(c, t, StatusAssigned, StatusNew, StatusReturned)
		}
	case grammar.Booked:
		when := said.From.Format("2006-01-02 15:04")
		if !said.To.IsZero() {
			when += said.To.Format("-15:04")
		}
		l.BookedFrom, l.BookedTo = said.From, said.To
		a.order(c, l, t, OrderBooked, when)
		a.status(c, t, StatusAssigned, StatusNew, StatusReturned)
	case grammar.Done:
		a.order(c, l, t, OrderDone, "")
		if !c.awaited() {
			a.status(c, t, StatusDone, StatusNew, StatusAssigned, StatusStarted, StatusWaiting, StatusReturned)
		}
	case grammar.Decline:
		a.order(c, l, t, OrderDeclined, said.Reason)
		if !c.awaited() {
			a.status(c, t, StatusReturned, StatusNew, StatusAssigned, StatusStarted, StatusWaiting)
		}
	case grammar.Time:
		line(KindTime)
	case grammar.Material:
		line(KindMaterial)
	case grammar.Travel, grammar.Price:
		line(KindCost)
	}
}

// order tells how far the order has come.
func (a AnswerOrder) order(c *Case, l *Lane, t *teller, to OrderState, why string) {
	from := l.Order
	l.Order = to
	t.tell(c, Entry{Kind: KindChange, Lane: a.Lane, Why: why, Change: &Change{Field: "order", From: string(from), To: string(to)}})
}

// status changes that of the case, where it is one of from. A supplier closes nothing.
func (a AnswerOrder) status(c *Case, t *teller, to Status, from ...Status) {
	for _, f := range from {
		if c.Status == f {
			c.Status = to
			t.tell(c, Entry{Kind: KindStatus, Why: "the supplier answered", Change: &Change{Field: "status", From: string(f), To: string(to)}})
			return
		}
	}
}

// awaited reports whether any supplier still has work on the case.
func (c *Case) awaited() bool {
	for _, l := range c.Lanes {
		if l.Order == OrderOpen || l.Order == OrderAccepted || l.Order == OrderBooked {
			return true
		}
	}
	return false
}

// Flag puts before staff what looks like an answer to an order and was not carried out.
type Flag struct {
	Lane   LaneID
	Pieces []string
	Why    string
}

func (f Flag) apply(c *Case, t *teller) error {
	if len(f.Pieces) == 0 {
		return fault.New(fault.Invalid, "there is nothing to flag")
	}
	t.tell(c, Entry{Kind: KindFlag, Lane: f.Lane, Why: f.Why, Text: strings.Join(f.Pieces, "\n")})
	return nil
}

// Notify writes to one participant what no person wrote. It is for rules alone.
type Notify struct {
	Participant ParticipantNo
	Auto, Text  string
}

func (n Notify) apply(c *Case, t *teller) error {
	_, lane, ok := c.Participant(n.Participant)
	if !ok {
		return fault.New(fault.NotFound, fmt.Sprintf("case %d has no participant %d", c.Number, n.Participant))
	}
	t.tell(c, Entry{Kind: KindMailOut, Lane: lane, MailOut: &MailOut{Text: n.Text, Auto: n.Auto, To: n.Participant}})
	return nil
}

// Notified counts what an address was sent by rules, so that two machines do not write to each other for ever.
type Notified struct {
	Org     OrgID   `json:"org"`
	Email   string  `json:"email"` // as Address has it
	At      []int64 `json:"at"`    // Unix seconds of the newest, oldest first
	Version uint64  `json:"-"`
}

// Caps of mail that rules send to one address.
const (
	NotifiedPerHour = 5
	NotifiedPerDay  = 40
)

// Another counts one more at that instant; false means that it would be one too many, and counts nothing.
func (n *Notified) Another(unix int64) bool {
	hour, day := 0, n.At[:0:0]
	for _, at := range n.At {
		if unix-at < 24*3600 {
			day = append(day, at)
		}
		if unix-at < 3600 {
			hour++
		}
	}
	if hour >= NotifiedPerHour || len(day) >= NotifiedPerDay {
		return false
	}
	day = append(day, unix)
	n.At = day
	return true
}
