package casework

import "time"

// Ruled says what a case has from the register and nobody chose, so that it follows another class or object.
type Ruled struct {
	Priority bool `json:"priority,omitempty"`
	Assignee bool `json:"assignee,omitempty"`
}

// Dispatch is what the organisation's routes and classes say of a case: who takes care of it, how soon, and which supplier is proposed. It is
// for rules alone. What a person chose stays; so does, of what a rule chose, that about which the register says nothing now.
type Dispatch struct {
	Assignee, Supplier string   // contacts; empty: nobody
	Priority           Priority // of the class; empty: it says nothing
	Why                string   // in words, which rule said so
}

// classSays is why a case has what its class says.
const classSays = "the class says so"

// ByClass is what a class says of its cases, where no route says otherwise.
func ByClass(assignee string, p Priority) Dispatch {
	return Dispatch{Assignee: assignee, Priority: p, Why: classSays}
}

func (d Dispatch) apply(c *Case, t *teller) error {
	if d.Supplier != c.Proposed {
		why := d.Why
		if d.Supplier == "" {
			why = "no route proposes one"
		}
		t.tell(c, Entry{Kind: KindChange, Why: why, Change: &Change{Field: "proposed_supplier", From: c.Proposed, To: d.Supplier}})
		c.Proposed = d.Supplier
	}
	if d.Priority != "" && d.Priority != c.Priority && (c.Priority == "" || c.Ruled.Priority) {
		due := c.DueAt
		t.prioritise(c, d.Priority, classSays)
		if c.Ruled.Priority = true; c.Schedule != "" {
			c.DueAt = due // its schedule says when
		}
	}
	// Who has begun goes on, whatever the case is called now.
	passes := c.Ruled.Assignee && (c.Status == StatusNew || c.Status == StatusAssigned)
	if d.Assignee == "" || d.Assignee == c.Assignee || c.Assignee != "" && !passes {
		return nil
	}
	t.assign(c, d.Assignee, d.Why)
	c.Ruled.Assignee = true
	return nil
}

// assign gives the case to a contact; one that waited to be taken on is taken on thereby.
func (t *teller) assign(c *Case, to, why string) {
	if t.give(c, to, why); c.Status == StatusNew && to != "" {
		t.come(c, StatusAssigned, Entry{Why: why})
	}
}

// give notes whose the case is, and since when.
func (t *teller) give(c *Case, to, why string) {
	from := c.Assignee
	c.Assignee, c.AssignedAt, c.Ruled.Assignee = to, t.at, false
	t.tell(c, Entry{Kind: KindAssignment, Why: why, Change: &Change{Field: "assignee", From: from, To: to}})
}

// prioritise gives the case a priority, and the deadline that goes with it.
func (t *teller) prioritise(c *Case, p Priority, why string) {
	t.tell(c, Entry{Kind: KindChange, Why: why, Change: &Change{Field: "priority", From: string(c.Priority), To: string(p)}})
	c.Priority, c.DueAt, c.Ruled.Priority = p, time.Time{}, false
	if days, ok := p.Days(); ok {
		c.DueAt = t.rules.due(c.CreatedAt, days, c.Waited)
	}
}
