package casework

import "time"

// TimerKind is what happens when a timer is due.
type TimerKind string

// The kinds of timers.
const (
	TimerOrder   TimerKind = "order"   // reminds the supplier of an order, and at last the orderer
	TimerMorning TimerKind = "morning" // of an organisation: writes to its people what waits for them
)

// Timer is something that is to happen to a case by itself. There is one of a kind for each thing, and the case alone decides
// whether and when: a timer that comes too early or too often does nothing.
type Timer struct {
	Org      OrgID      `json:"org"`
	Case     CaseNumber `json:"case"`
	Kind     TimerKind  `json:"kind"`
	Order    OrderNo    `json:"order,omitempty"`
	After    string     `json:"after,omitempty"`    // of TimerMorning: the contact who was written to last; of TimerRetention: where it goes on
	Count    int        `json:"count,omitempty"`    // of TimerRetention: cases that were looked at tonight
	Schedule string     `json:"schedule,omitempty"` // of TimerSchedule
	DueAt    time.Time  `json:"due_at"`

	Skip    []CaseNumber `json:"skip,omitempty"` // of TimerRetention: cases of the next portion that could not be erased
	Version uint64       `json:"-"`
}

// Timers are those that a case wants by an organisation's rules, none of them stored yet.
func Timers(c Case, r Rules) (out []Timer) {
	if at, ok := c.EscalatesAt(r); ok {
		out = append(out, Timer{Org: c.Org, Case: c.Number, Kind: TimerDeadline, DueAt: at})
	}
	for _, o := range c.Orders {
		if _, at, ok := c.nextStep(o, r.Orders); ok {
			out = append(out, Timer{Org: c.Org, Case: c.Number, Kind: TimerOrder, Order: o.No, DueAt: at})
		}
	}
	return out
}

// Reminding is when an organisation reminds its suppliers. The zero value never does.
type Reminding struct {
	Accept         time.Duration // without an answer, and then each time again
	BeforeDeadline time.Duration // once; 0: not
	AfterDeadline  time.Duration // and then each time again, until he is done
	Times          int           // how often, of each; then the orderer has it to do
	Location       *time.Location
	Holiday        func(Day) bool // days on which nobody works, beside weekends; nil: none
}

// workday is the same time of the next day on which people work: Saturday, Sunday and holidays are none.
func (r Reminding) workday(t time.Time) time.Time {
	loc := r.Location
	if loc == nil {
		loc = time.UTC
	}
	t = t.In(loc)
	for t.Weekday() == time.Saturday || t.Weekday() == time.Sunday || r.Holiday != nil && r.Holiday(dayOf(t)) {
		t = t.AddDate(0, 0, 1)
	}
	return t
}

// nextStep is the next reminder about an order, counted from 0 in its state, and when it is due. ok is false where none follows.
func (c *Case) nextStep(o WorkOrder, r Reminding) (step int, at time.Time, ok bool) {
	if r.Times <= 0 || c.Status == StatusClosed || o.Since.IsZero() {
		return 0, at, false
	}
	step = o.Reminded
	switch o.State {
	case OrderOpen, OrderAsked:
		last := o.Since
		if step > 0 {
			last = o.RemindedAt
		}
		return step, r.workday(last.Add(r.Accept)), r.Accept > 0 && step <= r.Times
	case OrderAccepted, OrderBooked:
		due := o.due()
		if due.IsZero() || r.AfterDeadline <= 0 {
			return 0, at, false
		}
		if before := due.Add(-r.BeforeDeadline); step == 0 && r.BeforeDeadline > 0 && before.After(o.Since) {
			return 0, before, true
		}
		step = max(step, 1)
		last := due
		if o.RemindedAt.After(last) {
			last = o.RemindedAt
		}
		return step, r.workday(last.Add(r.AfterDeadline)), step <= r.Times+1
	}
	return 0, at, false
}

// due is when the work has to be done: when the visit that he booked is over, else by the deadline.
func (o WorkOrder) due() time.Time {
	switch {
	case !o.BookedTo.IsZero():
		return o.BookedTo
	case !o.BookedFrom.IsZero():
		return o.BookedFrom
	}
	return o.Deadline
}

// Occasion is why a supplier is reminded.
type Occasion string

// The occasions.
const (
	RemindAnswer Occasion = "answer" // he has not answered
	RemindBefore Occasion = "before" // the time has almost come
	RemindAfter  Occasion = "after"  // it is over
	RemindNoMore Occasion = "over"   // he was reminded enough: the orderer has it to do
)

// DueReminder tells what is due about an order at that time, and when the next thing will be where nothing is yet; ok is false
// where nothing ever will be.
func (c *Case) DueReminder(no OrderNo, r Reminding, now time.Time) (what Occasion, at time.Time, ok bool) {
	o, there := c.Order(no)
	if !there {
		return "", at, false
	}
	step, at, ok := c.nextStep(*o, r)
	if !ok || at.After(now) {
		return "", at, ok
	}
	waits := o.State == OrderOpen || o.State == OrderAsked
	switch {
	case waits && step >= r.Times, step > r.Times:
		return RemindNoMore, at, true
	case waits:
		return RemindAnswer, at, true
	case step == 0 && now.Before(o.due()):
		return RemindBefore, at, true
	}
	return RemindAfter, at, true
}

// Remind reminds the supplier of an order, or the orderer when that is over. It is for rules alone.
type Remind struct {
	Order   OrderNo
	By      Reminding
	Text    string // to the supplier
	Useless bool   // no mail reaches him: the orderer has it to do at once
}

func (m Remind) apply(c *Case, t *teller) error {
	what, _, ok := c.DueReminder(m.Order, m.By, t.at)
	if !ok || what == "" {
		return nil // somebody was quicker
	}
	o, _ := c.Order(m.Order)
	o.Reminded, _, _ = c.nextStep(*o, m.By)
	o.Reminded, o.RemindedAt = o.Reminded+1, t.at
	if what != RemindNoMore && !m.Useless {
		t.tell(c, Entry{Kind: KindMailOut, Lane: o.Lane, Order: o.No, MailOut: &MailOut{
			About: AboutReminder, Auto: AutoReminder, Text: m.Text, To: c.Supplier(*o).No, Deadline: o.Deadline, PriceCap: o.PriceCap, Quote: o.State == OrderAsked,
		}})
		return nil
	}
	o.Reminded = m.By.Times + 2 // nothing follows
	a := Attention{Code: CodeOrderLate, Lane: o.Lane, For: c.ownerOf(o.By), Detail: OrderID(c.Number, o.No)}
	if o.State == OrderOpen || o.State == OrderAsked {
		a.Code = CodeOrderUnanswered
	}
	a.Why = a.Words("en")
	if m.Useless {
		a.Why += ", and no mail reaches the supplier"
	}
	t.tell(c, Entry{Kind: KindFlag, Lane: o.Lane, Order: o.No, Why: a.Why})
	t.attend(c, a)
	return nil
}
