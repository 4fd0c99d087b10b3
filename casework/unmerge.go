package casework

import (
	"cmp"
	"fmt"
	"slices"

	"smartmail/fault"
)

// Unmerge takes the merger of a case back: mail to its addresses comes to it again, and it stands where it stood. Release is the other half.
type Unmerge struct {
	Came int // mails, messages and notes that came to the other case meanwhile: see Merger.Came
}

func (u Unmerge) apply(c *Case, t *teller) error {
	m := c.Merged
	if m == nil {
		return c.notMerged()
	}
	c.Merged = nil
	why := fmt.Sprintf("the merger into case %d is taken back", m.Into)
	if u.Came > 0 {
		why += fmt.Sprintf("; %d of what came there since is from its people, stays there and may be moved", u.Came)
	}
	c.untie(t, Link{MergedInto, m.Into}, why)
	if to := cmp.Or(m.Was, c.Status); to != c.Status {
		t.come(c, to, Entry{Why: why})
	}
	if w := m.Waiting; w != nil && c.Waiting != nil {
		c.Waiting.For, c.Waiting.Text = w.For, w.Text
	}
	for _, a := range m.Attention { // who takes a merger back has seen that it was none
		again := slices.ContainsFunc(c.Attention, func(b Attention) bool { return b.Entry == a.Entry && b.For == a.For })
		if !again && len(c.Attention) < maxAttention {
			c.Attention = append(c.Attention, a)
		}
	}
	return nil
}

func (c *Case) notMerged() error {
	return fault.New(fault.Conflict, fmt.Sprintf("case %d was not merged into another", c.Number))
}

// Release lets a case go that was merged into this one. Its people stay on their lanes, where what was said to them stands and may be
// answered; where they have a lane here for its sake alone, they hear nothing by themselves any more.
type Release struct {
	From   Case   // as it was merged
	Others []Case // that were merged into this one too
	Came   int
}

func (r Release) apply(c *Case, t *teller) error {
	switch {
	case r.From.Merged == nil || r.From.Merged.Into != c.Number:
		return r.From.notMerged()
	case !c.ErasedAt.IsZero():
		return fault.New(fault.Conflict, fmt.Sprintf("the people of case %d were erased: what was merged into it stays there", c.Number))
	}
	why := fmt.Sprintf("the merger of case %d is taken back", r.From.Number)
	if r.Came > 0 {
		why += fmt.Sprintf("; %d of what came here since is from its people, stays here and may be moved", r.Came)
	}
	c.untie(t, Link{MergedFrom, r.From.Number}, why)
	for _, l := range r.From.Lanes {
		if own, ok := c.counterpart(l); ok && own.Kind == LaneCustomer && own.ID != LaneID(LaneCustomer) && !r.shared(c, own.ID) {
			own.Left = true
		}
	}
	return nil
}

// shared reports whether another case that was merged has people of its own on a lane.
func (r Release) shared(c *Case, lane LaneID) bool {
	return slices.ContainsFunc(r.Others, func(o Case) bool {
		return slices.ContainsFunc(o.Lanes, func(l Lane) bool {
			on, ok := c.counterpart(l)
			return ok && on.ID == lane
		})
	})
}

// untie takes a link of any kind away, and tells of it.
func (c *Case) untie(t *teller, l Link, why string) {
	c.Links = slices.DeleteFunc(c.Links, func(had Link) bool { return had == l })
	t.tell(c, Entry{Kind: KindLink, Why: why, Change: &Change{Field: l.Kind, From: fmt.Sprint(l.Case)}})
}

// Unmerged reports whether an entry tells that the merger of its case was taken back.
func (e Entry) Unmerged() bool {
	return e.Kind == KindLink && e.Change.Field == MergedInto && e.Change.From != ""
}

// Came reports whether an entry of the case that was merged into came there after that, on a lane of those who were merged, and may be moved.
func (m Merger) Came(into *Case, e Entry) bool {
	if e.Seq <= m.Seq || e.Kind != KindMailIn && e.Kind != KindMailOut || e.Lane == LaneID(LaneInternal) || e.MailOut != nil && e.MailOut.Auto != "" {
		return false
	}
	if slices.Contains(into.Held, e.ID) || slices.Contains(into.Withdrawn, e.ID) {
		return false
	}
	for _, no := range m.As {
		if _, lane, ok := into.Participant(no); ok && lane == e.Lane {
			return true
		}
	}
	return false
}

// Told completes a merger of before it noted how the case stood, by an entry of one of the two cases.
func (m *Merger) Told(from CaseNumber, e Entry) {
	switch {
	case e.Change == nil || !m.At.IsZero():
	case e.Case == from && e.Kind == KindStatus && e.Change.To == string(StatusClosed) && e.Why == mergedWhy(m.Into):
		m.Was = Status(e.Change.From)
	case e.Case == m.Into && e.Kind == KindLink && e.Change.Field == MergedFrom && e.Change.To == fmt.Sprint(from):
		m.Seq = e.Seq
	}
}

// mergedWhy is what the entries of a case that is merged say.
func mergedWhy(into CaseNumber) string { return fmt.Sprintf("merged into case %d", into) }
