package casework

import (
	"fmt"
	"slices"
	"strconv"

	"smartmail/fault"
)

// An internal case is the house's own business: no customer takes part in it, ever. Since whoever is written to is on a lane, that no
// customer lane can be made is all that keeps confirmations, news and pages from customers. Its reporter is on no lane either: he may be one.

// customers are the lanes with customers.
func (c *Case) customers() (lanes []Lane) {
	for _, l := range c.Lanes {
		if l.Kind == LaneCustomer {
			lanes = append(lanes, l)
		}
	}
	return lanes
}

// admits refuses a lane of that kind where the case may not have it.
func (c *Case) admits(kind LaneKind) error {
	if c.Internal && kind == LaneCustomer {
		return fault.New(fault.Conflict, fmt.Sprintf("case %d is internal: no customer takes part in it", c.Number))
	}
	return nil
}

// ToldCustomers reports whether an entry was said to a customer, or by one.
func (c *Case) ToldCustomers(e Entry) bool {
	l, ok := c.Lane(e.Lane)
	return ok && l.Kind == LaneCustomer && (e.Kind == KindMailIn || e.Kind == KindMailOut || e.Kind == KindOrder)
}

// editInternal makes the case internal or no longer so. What a customer has heard of can't be taken from him; where nothing was said yet,
// those who stood ready to hear it leave.
func (e Edit) editInternal(c *Case, t *teller) error {
	if e.Internal == nil || *e.Internal == c.Internal {
		return nil
	}
	if lanes := c.customers(); *e.Internal && len(lanes) > 0 {
		if e.Told || len(c.Linked(MergedFrom)) > 0 { // addresses of a merged case lead here
			return fault.New(fault.Conflict, fmt.Sprintf("a customer has heard of case %d: it can't become internal", c.Number))
		}
		for _, l := range lanes {
			for _, p := range l.Participants {
				t.tell(c, Entry{Kind: KindParticipant, Lane: l.ID, Change: &Change{Field: "participant", From: p.Email}})
			}
		}
		c.Lanes = slices.DeleteFunc(c.Lanes, func(l Lane) bool { return l.Kind == LaneCustomer })
	}
	t.tell(c, Entry{Kind: KindChange, Change: &Change{Field: "internal", From: strconv.FormatBool(c.Internal), To: strconv.FormatBool(*e.Internal)}})
	c.Internal = *e.Internal
	return nil
}
