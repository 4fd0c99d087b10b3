package casework

import (
	"fmt"
	"slices"
	"time"

	"smartmail/fault"
)

// Need is the permission that a change of status takes, by the name that package access has for it.
type Need string

// The permissions.
const (
	NeedsEdit  Need = "cases.edit"
	NeedsClose Need = "cases.close"
)

// Transition is a row of the table of statuses: from one status people may bring a case to some others.
type Transition struct {
	From  Status
	To    []Status
	Needs Need
}

// Transitions is the table, also shown in docs/flow.md. Suppliers' answers bring a case to assigned, done and returned alone: an order closes
// no case.
func Transitions() []Transition {
	open := []Status{StatusNew, StatusAssigned, StatusStarted, StatusWaiting, StatusDone, StatusReturned}
	var table []Transition
	for _, from := range open {
		others := slices.DeleteFunc(slices.Clone(open), func(s Status) bool { return s == from })
		table = append(table, Transition{from, others, NeedsEdit}, Transition{from, []Status{StatusClosed}, NeedsClose})
	}
	// What is opened again nobody has handed back.
	return append(table, Transition{StatusClosed, []Status{StatusNew, StatusAssigned, StatusStarted, StatusWaiting, StatusDone}, NeedsClose})
}

// Step is the permission that a change of status takes; ok is false where there is no such change.
func Step(from, to Status) (n Need, ok bool) {
	for _, t := range Transitions() {
		if t.From == from && slices.Contains(t.To, to) {
			return t.Needs, true
		}
	}
	return "", false
}

// mayCome tells why a person may not bring the case to another status.
func (c *Case) mayCome(to Status, at time.Time) error {
	if !slices.Contains(Statuses(), to) {
		return fault.New(fault.Invalid, fmt.Sprintf("there is no status %q", to))
	}
	if _, ok := Step(c.Status, to); !ok && to != c.Status {
		return fault.New(fault.Conflict, fmt.Sprintf("a case that is %s does not become %s", c.Status, to))
	}
	if to != StatusClosed && c.ClosedLongAgo(at) {
		return c.closedLongAgo("")
	}
	return nil
}

// closedLongAgo is why something is not done any more on a case that can't be opened again.
func (c *Case) closedLongAgo(what string) error {
	return fault.New(fault.Conflict, fmt.Sprintf("case %d was closed more than %d days ago%s: open a new one", c.Number, int(ClosedFor.Hours()/24), what))
}

// over refuses what begins something with a customer or a supplier on a case that can't be opened again: his answer would open another one, of which
// nobody here knows. Notes, and taking an order back, are no beginning.
func (c *Case) over(cmd Command, at time.Time) error {
	if !c.ClosedLongAgo(at) {
		return nil
	}
	switch x := cmd.(type) {
	case Post:
		if l, ok := c.Lane(x.Lane); ok && l.Kind != LaneInternal {
			return c.closedLongAgo(", and nobody is written to on it")
		}
	case Order:
		return c.closedLongAgo(", and nothing is ordered on it")
	case ChooseOffer:
		return c.closedLongAgo(", and no offer is chosen on it")
	}
	return nil
}

// WaitFor is what a case waits for.
type WaitFor string

// What cases wait for.
const (
	WaitParts    WaitFor = "parts"
	WaitCustomer WaitFor = "customer"
	WaitAccess   WaitFor = "access" // somebody has to be let in
	WaitOther    WaitFor = "other"
)

// Waiting says what a case of that status waits for, and since when.
type Waiting struct {
	For   WaitFor   `json:"for"`
	Text  string    `json:"text,omitempty"`
	Since time.Time `json:"since"`
}

// waits notes what the case waits for. Who does not say what it is for says so in words, or not at all.
func (t *teller) waits(c *Case, why WaitFor, text string) error {
	if !slices.Contains([]WaitFor{WaitParts, WaitCustomer, WaitAccess, WaitOther}, why) {
		return fault.New(fault.Invalid, fmt.Sprintf("no case waits for %q: parts, customer, access or other", why))
	}
	if c.Status != StatusWaiting {
		return fault.New(fault.Conflict, fmt.Sprintf("case %d does not wait", c.Number))
	}
	if c.Waiting == nil {
		c.Waiting = &Waiting{Since: t.at}
	}
	if from := c.Waiting.For; from != why {
		t.tell(c, Entry{Kind: KindChange, Why: text, Change: &Change{Field: "waiting_for", From: string(from), To: string(why)}})
	}
	c.Waiting.For, c.Waiting.Text = why, text
	return nil
}

// come brings the case to a status, with all that hangs on it, and tells of it by e: when it was closed, what it waits for, and its deadline, which
// waits as long as the case does.
func (t *teller) come(c *Case, to Status, e Entry) {
	from := c.Status
	c.Status = to
	switch {
	case to == StatusClosed:
		c.ClosedAt = t.at
	case from == StatusClosed:
		c.ClosedAt = time.Time{}
	}
	e.Kind, e.Change = KindStatus, &Change{Field: "status", From: string(from), To: string(to)}
	t.tell(c, e)
	if to == StatusDone || to == StatusClosed {
		c.Attention = slices.DeleteFunc(c.Attention, func(a Attention) bool { return a.Code == CodeEscalated })
	}
	if to == StatusWaiting {
		c.Waiting = &Waiting{For: WaitOther, Since: t.at}
		return
	}
	if w := c.Waiting; w != nil {
		waited := t.at.Sub(w.Since)
		c.Waiting, c.Waited = nil, c.Waited+waited
		if !c.DueAt.IsZero() {
			t.setDue(c, t.rules.Hours.Next(c.DueAt.Add(waited)), "it has waited")
		}
	}
}

// setDue gives the case another deadline and tells of it.
func (t *teller) setDue(c *Case, due time.Time, why string) {
	if due.Equal(c.DueAt) {
		return
	}
	told := func(at time.Time) string {
		if at.IsZero() {
			return ""
		}
		return at.UTC().Format(time.RFC3339)
	}
	from := c.DueAt
	c.DueAt = due
	t.tell(c, Entry{Kind: KindChange, Why: why, Actor: Actor{Via: ViaRule, Name: "deadline"}, Change: &Change{Field: "due_at", From: told(from), To: told(due)}})
}
