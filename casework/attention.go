package casework

import (
	"fmt"
	"slices"
	"time"

	"smartmail/fault"
)

// Attention is something on a case that a person has to see to: it stands in his to-do list until somebody acts on it.
type Attention struct {
	Entry EntryID   `json:"entry"`           // that tells of it; names it
	About EntryID   `json:"about,omitempty"` // the message that it is about, if any
	Lane  LaneID    `json:"lane,omitempty"`  // where to act: what a person writes there settles it
	For   string    `json:"for,omitempty"`   // whose it is, by the name that he acts under; empty: anybody's
	Why   string    `json:"why"`             // in plain words
	Since time.Time `json:"since"`
}

// maxAttention bounds what waits on one case, since its record is read and written whole. What is over it is on the timeline alone.
const maxAttention = 100

// attend asks a person to see to what was told last. One message asks once, whatever the number of its recipients.
func (t *teller) attend(c *Case, a Attention) {
	same := func(b Attention) bool { return a.About != "" && a.About == b.About }
	if len(c.Attention) >= maxAttention || slices.ContainsFunc(c.Attention, same) {
		return
	}
	a.Entry, a.Since = t.entries[len(t.entries)-1].ID, t.at
	c.Attention = append(c.Attention, a)
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
