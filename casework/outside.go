package casework

import "slices"

// LanesOf returns the lanes that one of the addresses is on, the internal one aside.
func (c *Case) LanesOf(emails []string) (lanes []LaneID) {
	for _, l := range c.Lanes {
		on := slices.ContainsFunc(l.Participants, func(p Participant) bool { return slices.Contains(emails, Address(p.Email)) })
		if on && l.Kind != LaneInternal {
			lanes = append(lanes, l.ID)
		}
	}
	return lanes
}

// Outside is the case as somebody sees it who is on those lanes and not of the house: what it is about and where it stands, his own
// lanes and orders, and nothing of the others, nor of who works on it.
func (c Case) Outside(lanes []LaneID) Case {
	o := Case{
		Org: c.Org, Number: c.Number, Subject: c.Subject, Status: c.Status, Class: c.Class, Object: c.Object,
		CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt, ClosedAt: c.ClosedAt, Version: c.Version,
	}
	for _, l := range c.Lanes {
		if !slices.Contains(lanes, l.ID) {
			continue
		}
		o.Lanes = append(o.Lanes, l)
		if l.Kind == LaneCustomer {
			o.Description, o.Reporter = c.Description, c.Reporter
		}
	}
	for _, w := range c.Orders {
		if slices.Contains(lanes, w.Lane) {
			o.Orders = append(o.Orders, w)
		}
	}
	return o
}

// Closes reports whether the command closes the case, or opens it again.
func Closes(cmd Command, c Case) bool {
	e, ok := cmd.(Edit)
	return ok && e.Status != nil && *e.Status != c.Status && (*e.Status == StatusClosed || c.Status == StatusClosed)
}
