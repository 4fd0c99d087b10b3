package casework

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"smartmail/fault"
)

// Attention is something on a case that a person has to see to: it stands in his to-do list until somebody acts on it.
type Attention struct {
	Entry  EntryID   `json:"entry"`            // that tells of it; names it
	Code   Code      `json:"code,omitempty"`   // empty: it is older than codes
	Detail string    `json:"detail,omitempty"` // what the code is about: an order, a recipient, who wrote
	About  EntryID   `json:"about,omitempty"`  // the message that it is about, if any
	Lane   LaneID    `json:"lane,omitempty"`   // where to act: what a person writes there settles it
	For    string    `json:"for,omitempty"`    // whose it is, by the name that he acts under; empty: anybody's, of an answer who has the case
	Why    string    `json:"why"`              // in plain English; Words has other languages
	Since  time.Time `json:"since"`
}

// maxAttention bounds what waits on one case, since its record is read and written whole. What is over it is on the timeline alone.
const maxAttention = 100

// attend asks a person to see to what was told last. One message asks once, whatever the number of its recipients.
func (t *teller) attend(c *Case, a Attention) {
	// What a mail says is more than that it came.
	c.Attention = slices.DeleteFunc(c.Attention, func(b Attention) bool { return b.Code == CodeAnswer && a.About != "" && b.Entry == a.About })
	same := func(b Attention) bool { return a.About != "" && a.About == b.About && b.Code != CodeWatched }
	if len(c.Attention) >= maxAttention || slices.ContainsFunc(c.Attention, same) {
		return
	}
	a.Entry, a.Since = t.entries[len(t.entries)-1].ID, t.at
	if a.Why == "" {
		a.Why = a.Words("en")
	}
	c.Attention = append(c.Attention, a)
}

// answered asks who has the case to read an answer, once until somebody of the house has written on its lane.
func (t *teller) answered(c *Case, lane LaneID, who Participant) {
	waits := func(a Attention) bool { return a.Code == CodeAnswer && a.Lane == lane }
	if !slices.ContainsFunc(c.Attention, waits) {
		t.attend(c, Attention{Code: CodeAnswer, Lane: lane, Detail: cmp.Or(oneLine(who.Name), who.Email)})
	}
}

// attended settles what waited on a lane, where a person has acted there.
func (t *teller) attended(c *Case, lane LaneID) {
	if t.by.Via == ViaAPI {
		c.Attention = slices.DeleteFunc(c.Attention, func(a Attention) bool { return a.Lane == lane })
	}
}

// ownerOf is whose business is what somebody did: his own, or where a rule did it that of who has the case.
func (c *Case) ownerOf(by Actor) string {
	if by.Via == ViaAPI {
		return by.Name
	}
	return c.Assignee
}

// Attend says that a person has seen to what an entry asks for.
type Attend struct{ Entry EntryID }

func (a Attend) apply(c *Case, t *teller) error {
	i := slices.IndexFunc(c.Attention, func(b Attention) bool { return b.Entry == a.Entry })
	if i < 0 {
		return fault.New(fault.Conflict, fmt.Sprintf("entry %s of case %d asks nothing of anybody, or was seen to", a.Entry, c.Number))
	}
	c.Attention = slices.Delete(c.Attention, i, i+1)
	t.tell(c, Entry{Kind: KindAttended, Change: &Change{Field: "entry", To: string(a.Entry)}})
	return nil
}
