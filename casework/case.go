package casework

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"smartmail/fault"
)

// Status is where a case stands.
type Status string

// The statuses, in the order of a case's life.
const (
	StatusNew      Status = "new"
	StatusAssigned Status = "assigned"
	StatusStarted  Status = "started"
	StatusWaiting  Status = "waiting"
	StatusDone     Status = "done"
	StatusClosed   Status = "closed"
	StatusReturned Status = "returned"
)

// Statuses lists every status.
func Statuses() []Status {
	return []Status{StatusNew, StatusAssigned, StatusStarted, StatusWaiting, StatusDone, StatusClosed, StatusReturned}
}

// ClosedFor is how long after closing a reply still belongs to its case: later mail opens a linked case, so
// that an old thread that is used for a new fault does not vanish in a closed one.
const ClosedFor = 14 * 24 * time.Hour

// LaneKind is the kind of counterpart that a lane speaks with.
type LaneKind string

// The kinds of lanes.
const (
	LaneCustomer LaneKind = "customer"
	LaneSupplier LaneKind = "supplier"
	LaneInternal LaneKind = "internal"
)

// Participant is one counterpart on a lane, with the number that is part of his own reply address.
type Participant struct {
	No    ParticipantNo `json:"no"`
	Name  string        `json:"name"`
	Email string        `json:"email"`
}

// Lane is the conversation with one counterpart. What is said on one lane never reaches another.
type Lane struct {
	ID           LaneID        `json:"id"`
	Kind         LaneKind      `json:"kind"`
	Participants []Participant `json:"participants"`
	Left         bool          `json:"left,omitempty"` // its people came by a merger that was taken back: they hear nothing by themselves
}

// Reporter is who reported the case.
type Reporter struct {
	Name     string `json:"name,omitempty"`
	Email    string `json:"email,omitempty"`
	Phone    string `json:"phone,omitempty"`
	Language string `json:"language,omitempty"` // BCP 47
	Segment  string `json:"segment,omitempty"`  // that he was of, once he is erased: until then the register says so
	Withheld bool   `json:"withheld,omitempty"` // what the register has of him is not here: who opened the case does not see his contact
}

// Priority is the deadline class in days, or a word of the organisation's own. It is a number or a string in
// JSON and comes back as it was given.
type Priority string

// Days returns the deadline in days, where the priority is a deadline class (0 to 365).
func (p Priority) Days() (int, bool) {
	n, err := strconv.Atoi(string(p))
	return n, err == nil && n >= 0 && n <= 365 && strconv.Itoa(n) == string(p) // "-0" and "007" are words
}

// MarshalJSON gives a deadline class as a number.
func (p Priority) MarshalJSON() ([]byte, error) {
	if n, ok := p.Days(); ok {
		return json.Marshal(n)
	}
	return json.Marshal(string(p))
}

// UnmarshalJSON takes a number or a string.
func (p *Priority) UnmarshalJSON(b []byte) error {
	var n int
	if json.Unmarshal(b, &n) == nil {
		*p = Priority(strconv.Itoa(n))
		return nil
	}
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("priority is a whole number of days or a word: %w", err)
	}
	*p = Priority(s)
	return nil
}

// Link ties a case to another one of the same organisation.
type Link struct {
	Kind string     `json:"kind"` // Continues and its like
	Case CaseNumber `json:"case"`
}

// Case is a case as it is now; how it came to be so is in its entries.
type Case struct {
	Org         OrgID             `json:"org"`
	Number      CaseNumber        `json:"number"`
	Subject     string            `json:"subject"`
	Description string            `json:"description,omitempty"`
	Status      Status            `json:"status"`
	Class       string            `json:"class,omitempty"`
	Priority    Priority          `json:"priority,omitempty"`
	Object      string            `json:"object,omitempty"`
	Assignee    string            `json:"assignee,omitempty"`
	Fields      map[string]string `json:"fields,omitempty"`
	Proposed    string            `json:"proposed,omitempty"` // contact of the supplier whom a route proposes for the order
	Ruled       Ruled             `json:"ruled,omitzero"`
	Schedule    string            `json:"schedule,omitempty"` // that opened it; empty: none did
	Reporter    *Reporter         `json:"reporter,omitempty"`
	Lanes       []Lane            `json:"lanes"`
	Orders      []WorkOrder       `json:"orders,omitempty"`
	Access      *Access           `json:"access,omitempty"`   // nil: nobody has said how one gets in
	Internal    bool              `json:"internal,omitempty"` // the house's own business: no customer takes part
	Links       []Link            `json:"links,omitempty"`
	Merged      *Merger           `json:"merged,omitempty"` // nil: the case does not go on in another
	CreatedAt   time.Time         `json:"created_at"`
	UpdatedAt   time.Time         `json:"updated_at"`
	DueAt       time.Time         `json:"due_at,omitzero"`
	Escalated   time.Time         `json:"escalated,omitzero"` // the deadline after which whoever answers for the case was told; zero: none
	Waiting     *Waiting          `json:"waiting,omitempty"`  // nil: it does not wait, or began to before this was noted
	Waited      time.Duration     `json:"waited,omitempty"`   // in all, nanoseconds: the deadline was moved by it
	ClosedAt    time.Time         `json:"closed_at,omitzero"`
	AssignedAt  time.Time         `json:"assigned_at,omitzero"` // to who has it now; zero: to nobody, or before this was noted
	Held        []EntryID         `json:"held,omitempty"`       // mails that wait for a person to vouch for them
	Withdrawn   []EntryID         `json:"withdrawn,omitempty"`  // entries that were taken back
	Attention   []Attention       `json:"attention,omitempty"`  // what a person has to see to, oldest first
	Watchers    []Watcher         `json:"watchers,omitempty"`   // maxWatchers at most
	Hold        *Hold             `json:"hold,omitempty"`       // nil: it may be erased
	ErasedAt    time.Time         `json:"erased_at,omitzero"`   // when everybody outside was taken out of it; zero: he was not
	LastSeq     uint64            `json:"last_seq"`
	LastNo      ParticipantNo     `json:"last_no"`
	Version     uint64            `json:"-"`

	Partial bool `json:"-"` // it is what somebody from outside sees: see Outside
}

// clone returns a copy whose lanes, orders, links and fields can be changed without touching c's.
func (c Case) clone() Case {
	c.Lanes = slices.Clone(c.Lanes)
	for i := range c.Lanes {
		c.Lanes[i].Participants = slices.Clone(c.Lanes[i].Participants)
	}
	c.Orders = slices.Clone(c.Orders)
	for i := range c.Orders {
		c.Orders[i].Lines = slices.Clone(c.Orders[i].Lines)
		c.Orders[i].Replies = maps.Clone(c.Orders[i].Replies)
	}
	c.Links = slices.Clone(c.Links)
	if w := c.Waiting; w != nil {
		own := *w
		c.Waiting = &own
	}
	c.Held = slices.Clone(c.Held)
	c.Withdrawn = slices.Clone(c.Withdrawn)
	c.Attention = slices.Clone(c.Attention)
	c.Watchers = slices.Clone(c.Watchers)
	fields := make(map[string]string, len(c.Fields))
	for k, v := range c.Fields {
		fields[k] = v
	}
	c.Fields = fields
	return c
}

// Lane returns the lane of that id.
func (c *Case) Lane(id LaneID) (*Lane, bool) {
	for i := range c.Lanes {
		if c.Lanes[i].ID == id {
			return &c.Lanes[i], true
		}
	}
	return nil, false
}

// Participant returns the participant of that number and his lane.
func (c *Case) Participant(no ParticipantNo) (Participant, LaneID, bool) {
	for _, l := range c.Lanes {
		for _, p := range l.Participants {
			if p.No == no {
				return p, l.ID, true
			}
		}
	}
	return Participant{}, "", false
}

// ParticipantByMail returns the participant with that address, on whichever lane he is first.
func (c *Case) ParticipantByMail(email string) (Participant, LaneID, bool) {
	email = Address(email)
	for _, l := range c.Lanes {
		for _, p := range l.Participants {
			if email != "" && Address(p.Email) == email {
				return p, l.ID, true
			}
		}
	}
	return Participant{}, "", false
}

// Mails returns every participant's address, and that of who reported an internal case and is on no lane, in the form in which addresses
// are compared.
func (c *Case) Mails() []string {
	var out []string
	if c.Internal && c.Reporter != nil && c.Reporter.Email != "" {
		out = append(out, Address(c.Reporter.Email))
	}
	for _, l := range c.Lanes {
		for _, p := range l.Participants {
			if a := Address(p.Email); a != "" && !slices.Contains(out, a) {
				out = append(out, a)
			}
		}
	}
	return out
}

// ShownTo reports whether somebody outside who is on that lane may see the entry: what was said on his own lane, unless it
// waits for a person to vouch for it, was withdrawn, or is for staff alone.
func (c *Case) ShownTo(lane LaneID, e Entry) bool {
	if e.MailIn != nil && e.MailIn.Staff {
		return false
	}
	switch e.Kind {
	case KindMailIn, KindMailOut, KindOrder:
		return lane != LaneID(LaneInternal) && e.Lane == lane && !slices.Contains(c.Held, e.ID) && !slices.Contains(c.Withdrawn, e.ID)
	default:
		return false
	}
}

// ClosedLongAgo reports whether a reply comes too late to belong to this case.
func (c *Case) ClosedLongAgo(now time.Time) bool {
	return c.Status == StatusClosed && !c.ClosedAt.IsZero() && now.Sub(c.ClosedAt) > ClosedFor
}

// maxParticipants bounds a case's lanes: the record is read and written whole.
const maxParticipants = 200

// join puts a counterpart on a lane of that kind: a supplier and an internal recipient get lanes of their own,
// customers share one. Somebody who is on such a lane already stays where he is.
func (c *Case) join(kind LaneKind, name, email string) (Participant, LaneID, error) {
	if err := c.admits(kind); err != nil {
		return Participant{}, "", err
	}
	for _, l := range c.Lanes {
		for _, p := range l.Participants {
			if l.Kind == kind && Address(p.Email) == Address(email) {
				return p, l.ID, nil
			}
		}
	}
	if c.LastNo >= maxParticipants {
		return Participant{}, "", c.full()
	}
	c.LastNo++
	p := Participant{No: c.LastNo, Name: name, Email: email}
	id := LaneID(kind)
	if kind == LaneSupplier {
		id = LaneID(fmt.Sprintf("%s-%d", kind, p.No))
	}
	if l, ok := c.Lane(id); ok {
		l.Participants = append(l.Participants, p)
	} else {
		c.Lanes = append(c.Lanes, Lane{ID: id, Kind: kind, Participants: []Participant{p}})
	}
	return p, id, nil
}

func (c *Case) full() error {
	return fault.New(fault.Conflict, fmt.Sprintf("case %d has %d participants, which is the most", c.Number, maxParticipants))
}
