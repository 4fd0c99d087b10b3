package casework

import (
	"fmt"
	"strings"
	"time"

	"smartmail/fault"
)

// DoorCodes are what opens the doors of a case by itself, in the words of whoever wrote them down. They are a record of their own: whatever
// shows a case, finds it, or tells of it to others cannot show what it does not have.
type DoorCodes struct {
	Org     OrgID      `json:"org"`
	Case    CaseNumber `json:"case"`
	Text    string     `json:"text"`
	By      Actor      `json:"by"`
	At      time.Time  `json:"at"`
	Version uint64     `json:"-"`
}

// maxCodes bounds door codes, in bytes.
const maxCodes = 2000

// Check finds what is wrong with door codes; empty ones say that there are none.
func (d DoorCodes) Check() error {
	if len(d.Text) > maxCodes {
		return fault.New(fault.Invalid, fmt.Sprintf("the codes are longer than %d bytes", maxCodes))
	}
	if strings.ToValidUTF8(d.Text, "") != d.Text {
		return fault.New(fault.Invalid, "the codes are no text")
	}
	return nil
}

// ChangeCodes tells that the door codes of a case are others, and never what they are. Suppliers at work get a link to the new ones.
type ChangeCodes struct{ Had, Has bool }

func (h ChangeCodes) apply(c *Case, t *teller) error {
	word := map[bool]string{true: "there are some", false: ""}
	t.tell(c, Entry{Kind: KindChange, Lane: LaneID(LaneInternal), Change: &Change{Field: "access.codes", From: word[h.Had], To: word[h.Has]}})
	t.tellAccess(c)
	return nil
}

// MayOpenDoors reports whether a participant may see the door codes of a case by an order: his own, that he still has work on.
func (c *Case) MayOpenDoors(no ParticipantNo, order OrderNo) bool {
	o, ok := c.Order(order)
	_, lane, on := c.Participant(no)
	return ok && on && o.Lane == lane && o.State.Work() && c.Status != StatusClosed
}

// OpenDoors tells the house that the supplier of an order has looked at the door codes.
type OpenDoors struct {
	Participant ParticipantNo
	Order       OrderNo
}

func (d OpenDoors) apply(c *Case, t *teller) error {
	if !c.MayOpenDoors(d.Participant, d.Order) {
		return fault.New(fault.NotFound, "he has no work for which doors are to be opened")
	}
	t.tell(c, Entry{Kind: KindDoors, Lane: LaneID(LaneInternal), Order: d.Order})
	return nil
}
