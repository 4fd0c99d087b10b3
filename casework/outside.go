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
// lanes and orders, and nothing of the others, nor of who works on it. Customers who came by a merged case have not reported this one: what it
// was reported with, and where it is, they do not see.
func (c Case) Outside(lanes []LaneID) Case {
	o := Case{
		Org: c.Org, Number: c.Number, Subject: c.Subject, Status: c.Status, Class: c.Class,
		CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt, ClosedAt: c.ClosedAt, Version: c.Version, Partial: true,
	}
	for _, l := range c.Lanes {
		if !slices.Contains(lanes, l.ID) {
			continue
		}
		o.Lanes = append(o.Lanes, l)
		if l.ID == LaneID(LaneCustomer) || l.Kind == LaneSupplier {
			o.Object = c.Object
		}
		if l.ID == LaneID(LaneCustomer) {
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
	if _, merges := cmd.(MergeInto); merges {
		return true
	}
	e, ok := cmd.(Edit)
	if !ok || e.Status == nil || *e.Status == c.Status {
		return false
	}
	needs, known := Step(c.Status, *e.Status)
	return !known && c.Status == StatusClosed || needs == NeedsClose
}
