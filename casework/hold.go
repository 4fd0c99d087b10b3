package casework

import (
	"fmt"
	"strings"
	"time"

	"smartmail/fault"
)

// KindHold tells that a case is kept as it is, or is not any more.
const KindHold EntryKind = "hold"

// Hold is a legal hold: while a case has one, no retention rule and no erasure of a person takes anything out of it.
type Hold struct {
	Reason string    `json:"reason"`
	By     Actor     `json:"by"`
	At     time.Time `json:"at"`
}

// SetHold puts a legal hold on a case, or lifts the one that is on it. Both want a reason, which is on the timeline.
type SetHold struct {
	On     bool
	Reason string
}

func (h SetHold) apply(c *Case, t *teller) error {
	reason := oneLine(h.Reason)
	switch {
	case strings.TrimSpace(reason) == "":
		return fault.New(fault.Invalid, "reason: say why")
	case len(h.Reason) > maxField:
		return fault.New(fault.Invalid, fmt.Sprintf("reason is longer than %d bytes", maxField))
	case !h.On && c.Hold == nil:
		return fault.New(fault.Conflict, fmt.Sprintf("case %d is not on hold", c.Number))
	case h.On && c.Hold != nil && c.Hold.Reason == reason:
		return nil // as it is
	}
	told := Entry{Kind: KindHold, Lane: LaneID(LaneInternal), Why: reason, Change: &Change{Field: "hold"}}
	if c.Hold != nil {
		told.Change.From = c.Hold.Reason
	}
	c.Hold = nil
	if h.On {
		c.Hold, told.Change.To = &Hold{Reason: reason, By: t.by, At: t.at}, reason
	}
	t.tell(c, told)
	return nil
}
