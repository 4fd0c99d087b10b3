package casework

import (
	"fmt"
	"strings"
	"time"

	"smartmail/fault"
	"smartmail/message"
)

// Visit is a booked time as an invitation tells of it (RFC 5546): whoever has it in his calendar takes the one with the highest
// sequence for true.
type Visit struct {
	From      time.Time `json:"from"`
	To        time.Time `json:"to,omitzero"` // zero: no end was given
	Sequence  int       `json:"sequence,omitempty"`
	Cancelled bool      `json:"cancelled,omitempty"`
}

// Visit is the newest invitation of an order; nil where there was none.
func (o WorkOrder) Visit() *Visit {
	if o.Invited == 0 {
		return nil
	}
	return &Visit{From: o.BookedFrom, To: o.BookedTo, Sequence: o.Invited - 1, Cancelled: o.State.Ended()}
}

// VisitUID names a visit in the calendar of one participant, without a domain; it stays the same when the time changes.
func VisitUID(c CaseNumber, no OrderNo, p ParticipantNo) string {
	return fmt.Sprintf("visit-%s-%d", OrderID(c, no), p)
}

// ParseVisitUID finds the order of a UID that begins with one of ours. It is no secret: what it is worth depends on who names it.
func ParseVisitUID(uid string) (CaseNumber, OrderNo, bool) {
	local, _, _ := strings.Cut(uid, "@")
	id, ok := strings.CutPrefix(local, "visit-")
	i := strings.LastIndexByte(id, '-')
	if !ok || i < 0 {
		return 0, 0, false
	}
	return ParseOrderID(id[:i])
}

// book sets the time of an order; another one than before makes a new invitation, which nobody has answered.
func (o *WorkOrder) book(from, to time.Time) (invite bool) {
	if o.Invited > 0 && o.BookedFrom.Equal(from) && o.BookedTo.Equal(to) {
		return false
	}
	o.BookedFrom, o.BookedTo, o.Replies = from, to, nil
	o.Invited++
	return true
}

// AnswerInvitation notes what somebody answers to the invitation to a visit, from his calendar.
type AnswerInvitation struct {
	Order       OrderNo
	Participant ParticipantNo
	Lane        LaneID
	Answer      string    // message.Accepted, Declined, Tentative or Counter
	Sequence    int       // of the invitation that he answers
	From, To    time.Time // of Counter: the time that he proposes
	Sender      Sender
	Rights      Rights // of the organisation; nil: the default
}

func (a AnswerInvitation) apply(c *Case, t *teller) error {
	o, ok := c.Order(a.Order)
	if !ok {
		return c.noOrder(a.Order)
	}
	p, lane, ok := c.Participant(a.Participant)
	if !ok || lane != a.Lane {
		return fault.New(fault.Conflict, fmt.Sprintf("nobody of number %d is on lane %q", a.Participant, a.Lane))
	}
	why := ""
	current := o.Invited > 0 && o.State == OrderBooked && a.Sequence >= o.Invited-1
	switch {
	case !current:
		why = "answers an earlier invitation"
	case !a.Rights.May(a.Sender, MayCommand):
		why = "not carried out: the sender is " + string(a.Sender)
	}
	told := Entry{Kind: KindInvitation, Lane: lane, Order: o.No, Why: why, Change: &Change{Field: "visit", From: o.Replies[p.No], To: a.Answer}}
	if a.Answer == message.Counter {
		told.Visit = &Visit{From: a.From, To: a.To}
	}
	t.tell(c, told)
	if current && why == "" {
		if o.Replies == nil {
			o.Replies = map[ParticipantNo]string{}
		}
		o.Replies[p.No] = a.Answer
	}
	if current && (a.Answer == message.Declined || a.Answer == message.Counter) {
		a.flag(c, o, p, t)
	}
	return nil
}

// flag puts before staff that somebody can't at the time. The booking stays: who comes when is between people.
func (a AnswerInvitation) flag(c *Case, o *WorkOrder, p Participant, t *teller) {
	why := "declines the time of order " + OrderID(c.Number, o.No)
	if a.Answer == message.Counter {
		why = "proposes another time for order " + OrderID(c.Number, o.No)
		if !a.From.IsZero() {
			why += ": " + period(a.From, a.To)
		}
	}
	who := p.Name
	if who == "" {
		who = p.Email
	}
	t.tell(c, Entry{Kind: KindFlag, Lane: a.Lane, Order: o.No, Why: who + " " + why})
	t.attend(c, Attention{Code: CodeInvitation, Lane: a.Lane, For: c.ownerOf(o.By), Detail: who, Why: who + " " + why})
}
