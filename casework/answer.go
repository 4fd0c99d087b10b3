package casework

import (
	"fmt"
	"math"
	"strings"
	"time"

	"smartmail/fault"
	"smartmail/grammar"
)

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

// AnswerOrder carries out what a supplier's mail says in the reply grammar, as far as the order does not refuse it in the state
// that it was in before the mail.
type AnswerOrder struct {
	Order  OrderNo
	Mail   EntryID // the entry of the mail
	Sender Sender
	Rights Rights // of the organisation; nil: the default
	Said   []grammar.Command
}

func (a AnswerOrder) apply(c *Case, t *teller) error {
	o, ok := c.Order(a.Order)
	if !ok {
		return c.noOrder(a.Order)
	}
	before, total := *o, max(o.Offer, o.Sums.Total())
	for _, said := range a.Said {
		if before.Refuses(said.Kind) == "" {
			a.carryOut(c, o, t, said)
			o.AnsweredAt = t.at
		}
	}
	if now := max(o.Offer, o.Sums.Total()); o.Over() && now > total {
		t.tell(c, Entry{Kind: KindFlag, Lane: o.Lane, Order: o.No, Why: "over the price cap: somebody has to approve it",
			Change: &Change{Field: "price", From: decimal(o.PriceCap), To: decimal(now)}})
		t.attend(c, Attention{Code: CodeApproval, Lane: o.Lane, For: c.ownerOf(o.By), Detail: OrderID(c.Number, o.No)})
	}
	return nil
}

// decimal writes an amount in öre as kronor with two decimals.
func decimal(ore int64) string { return fmt.Sprintf("%d.%02d", ore/100, ore%100) }

func (a AnswerOrder) carryOut(c *Case, o *WorkOrder, t *teller, said grammar.Command) {
	const why = "the supplier answered"
	switch said.Kind {
	case grammar.Accept:
		if o.State == OrderOpen {
			t.move(c, o, OrderAccepted, said.Note, nil)
			t.follow(c, StatusAssigned, why, StatusNew, StatusReturned)
		}
	case grammar.Booked:
		invite := o.book(said.From, said.To)
		t.move(c, o, OrderBooked, period(said.From, said.To), nil)
		if invite {
			t.last().Visit = o.Visit()
		}
		t.follow(c, StatusAssigned, why, StatusNew, StatusReturned)
	case grammar.Done:
		if o.State == OrderDone {
			return
		}
		t.move(c, o, OrderDone, "", nil)
		if !c.awaited() {
			t.follow(c, StatusDone, why, StatusNew, StatusAssigned, StatusStarted, StatusWaiting, StatusReturned)
		}
	case grammar.Decline:
		a.decline(c, o, t, said.Reason)
	default:
		a.line(c, o, t, said)
	}
}

// decline hands the order back. The case is returned to staff where nobody else works on it.
func (a AnswerOrder) decline(c *Case, o *WorkOrder, t *teller, reason string) {
	asked, to := o.State.Priced(), OrderReturned
	if asked || o.State == OrderOpen {
		to = OrderDeclined
	}
	t.move(c, o, to, reason, nil)
	if asked {
		a.allAnswered(c, o, t)
		return
	}
	code := CodeOrderReturned
	if to == OrderDeclined {
		code = CodeOrderDeclined
	}
	t.attend(c, Attention{Code: code, About: a.Mail, Lane: o.Lane, For: c.ownerOf(o.By), Detail: OrderID(c.Number, o.No)})
	if !c.awaited() {
		t.follow(c, StatusReturned, "the supplier answered", StatusNew, StatusAssigned, StatusStarted, StatusWaiting)
	}
}

// allAnswered asks the orderer to choose once nobody is left whose price he waits for.
func (a AnswerOrder) allAnswered(c *Case, o *WorkOrder, t *teller) {
	offers := 0
	for _, other := range c.Orders {
		switch {
		case other.Request != o.Request:
		case other.State == OrderAsked:
			return
		case other.State == OrderOffered:
			offers++
		}
	}
	t.attend(c, Attention{
		Code: CodeOffers, About: a.Mail, Lane: o.Lane, For: c.ownerOf(o.By), Detail: OrderID(c.Number, o.Request),
		Why: fmt.Sprintf("all have answered request %s, with %d offers", OrderID(c.Number, o.Request), offers),
	})
}

// line notes a draft line, or a price that was asked for.
func (a AnswerOrder) line(c *Case, o *WorkOrder, t *teller, said grammar.Command) {
	l := &Line{
		Mail: a.Mail, Minutes: said.Minutes, Who: said.Who, Quantity: said.Quantity, Unit: said.Unit, Article: said.Article,
		Metres: said.Metres, Ore: said.Ore, Note: said.Note,
	}
	if o.State.Priced() {
		o.Offer = said.Ore
		first := o.State == OrderAsked
		t.move(c, o, OrderOffered, "", l)
		if first {
			a.allAnswered(c, o, t)
		}
		return
	}
	kind := map[grammar.Kind]EntryKind{grammar.Time: KindTime, grammar.Material: KindMaterial, grammar.Travel: KindCost, grammar.Price: KindCost}[said.Kind]
	if len(o.Lines) >= maxLines {
		t.tell(c, Entry{Kind: KindFlag, Lane: o.Lane, Order: o.No, Line: l, Why: fmt.Sprintf("the order has %d lines, which is the most", maxLines)})
		return
	}
	t.tell(c, Entry{Kind: kind, Lane: o.Lane, Order: o.No, Line: l})
	o.Lines = append(o.Lines, t.entries[len(t.entries)-1].ID)
	o.Sums.Minutes += l.Minutes
	o.Sums.Metres += l.Metres
	if said.Kind == grammar.Price {
		o.Sums.Price += l.Ore
	} else {
		o.Sums.Material += times(l.Quantity, l.Ore)
	}
}

// times is the price of a quantity in thousandths, rounded to whole öre; what no integer holds counts as the largest.
func times(thousandths, ore int64) int64 {
	if ore == 0 || thousandths == 0 {
		return 0
	}
	if thousandths > (maxAmount-500)/ore {
		return maxAmount / 1000
	}
	return (thousandths*ore + 500) / 1000
}

// maxAmount is far below the largest integer, so that sums of a full order do not wrap.
const maxAmount = math.MaxInt64 / 2

// period writes when somebody comes, on his own clock.
func period(from, to time.Time) string {
	s := from.Format("2006-01-02 15:04")
	if !to.IsZero() {
		s += to.Format("-15:04")
	}
	return s
}

// Flag puts before staff what looks like an answer to an order and was not carried out.
type Flag struct {
	Lane   LaneID
	Order  OrderNo // that it is about; 0: it can't be told
	Pieces []string
	Why    string
}

func (f Flag) apply(c *Case, t *teller) error {
	if len(f.Pieces) == 0 {
		return fault.New(fault.Invalid, "there is nothing to flag")
	}
	t.tell(c, Entry{Kind: KindFlag, Lane: f.Lane, Order: f.Order, Why: f.Why, Text: strings.Join(f.Pieces, "\n")})
	by := Actor{}
	if o, ok := c.Order(f.Order); ok {
		by = o.By
	}
	t.attend(c, Attention{Code: CodeUnread, Lane: f.Lane, For: c.ownerOf(by)})
	return nil
}

// Notify writes to one participant what no person wrote. It is for rules alone.
type Notify struct {
	Participant ParticipantNo
	Order       OrderNo // that it is about, if any
	Visit       *Visit  // that it invites to, if any
	Auto, Text  string
}

func (n Notify) apply(c *Case, t *teller) error {
	_, lane, ok := c.Participant(n.Participant)
	if !ok {
		return fault.New(fault.NotFound, fmt.Sprintf("case %d has no participant %d", c.Number, n.Participant))
	}
	t.tell(c, Entry{Kind: KindMailOut, Lane: lane, Order: n.Order, MailOut: &MailOut{Text: n.Text, Auto: n.Auto, To: n.Participant, Visit: n.Visit}})
	return nil
}

// Notified counts what an address was sent by rules, so that two machines do not write to each other for ever.
type Notified struct {
	Org     OrgID   `json:"org"`
	Email   string  `json:"email"` // as Address has it
	At      []int64 `json:"at"`    // Unix seconds of the newest, oldest first
	Version uint64  `json:"-"`
}

// Caps of mail that rules send to one address, and to one of the house, whose machines' answers cause no mail.
const (
	NotifiedPerHour = 5
	NotifiedPerDay  = 40
	StaffPerHour    = 60
	StaffPerDay     = 300
)

// Another counts one more at that instant; false means that it would be one too many, and counts nothing.
func (n *Notified) Another(unix int64) bool {
	return n.another(unix, NotifiedPerHour, NotifiedPerDay)
}

// Spent reports whether nothing that is counted counts any more at that instant.
func (n *Notified) Spent(unix int64) bool {
	return len(n.At) == 0 || unix-n.At[len(n.At)-1] >= 24*3600
}

// AnotherToStaff is Another for an address of the house.
func (n *Notified) AnotherToStaff(unix int64) bool { return n.another(unix, StaffPerHour, StaffPerDay) }

func (n *Notified) another(unix int64, perHour, perDay int) bool {
	hour, day := 0, n.At[:0:0]
	for _, at := range n.At {
		if unix-at < 24*3600 {
			day = append(day, at)
		}
		if unix-at < 3600 {
			hour++
		}
	}
	if hour >= perHour || len(day) >= perDay {
		return false
	}
	day = append(day, unix)
	n.At = day
	return true
}
