package casework

// Dispatch is what the organisation's routes and classes say of a new case: who takes care of it, and which supplier is proposed. It is for
// rules alone.
type Dispatch struct {
	Assignee, Supplier string // contacts; empty: nobody
	Why                string // in words, which rule said so
}

func (d Dispatch) apply(c *Case, t *teller) error {
	if d.Supplier != "" && d.Supplier != c.Proposed {
		t.tell(c, Entry{Kind: KindChange, Why: d.Why, Change: &Change{Field: "proposed_supplier", From: c.Proposed, To: d.Supplier}})
		c.Proposed = d.Supplier
	}
	if d.Assignee == "" || c.Assignee != "" {
		return nil
	}
	c.Assignee, c.AssignedAt = d.Assignee, t.at
	t.tell(c, Entry{Kind: KindAssignment, Why: d.Why, Change: &Change{Field: "assignee", To: d.Assignee}})
	if c.Status == StatusNew {
		t.come(c, StatusAssigned, Entry{Why: d.Why})
	}
	return nil
}
