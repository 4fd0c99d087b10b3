package casework

import (
	"fmt"
	"slices"

	"smartmail/fault"
)

// The kinds of links. Each case of a pair has its own end.
const (
	Continues   = "continues" // where a closed one ended
	ContinuedBy = "continued_by"
	ParentOf    = "parent_of" // an incident of its reports
	ChildOf     = "child_of"
	RelatesTo   = "relates_to"
	MergedInto  = "merged_into"
	MergedFrom  = "merged_from"
	SplitInto   = "split_into"
	SplitFrom   = "split_from"
)

// Inverse is the kind of a link as it stands on the other case.
func Inverse(kind string) string {
	pairs := [][2]string{{Continues, ContinuedBy}, {ParentOf, ChildOf}, {RelatesTo, RelatesTo}, {MergedInto, MergedFrom}, {SplitInto, SplitFrom}}
	for _, p := range pairs {
		switch kind {
		case p[0]:
			return p[1]
		case p[1]:
			return p[0]
		}
	}
	return ""
}

// maxLinks bounds the links that people make on one case, whose record is read and written whole.
const maxLinks = 500

// MayLink tells why a person may not tie two cases: a report has one incident, an incident is no report, and nothing is its own.
func MayLink(kind string, c, other Case) error {
	conflict := func(format string, args ...any) error { return fault.New(fault.Conflict, fmt.Sprintf(format, args...)) }
	if kind == ChildOf {
		kind, c, other = ParentOf, other, c
	}
	switch {
	case kind != ParentOf && kind != RelatesTo:
		return fault.New(fault.Invalid, fmt.Sprintf("a link of kind %q is not made by hand: parent_of, child_of or relates_to", kind))
	case c.Number == other.Number:
		return fault.New(fault.Invalid, "a case is not linked to itself")
	case max(len(c.Links), len(other.Links)) >= maxLinks:
		return conflict("a case has at most %d links", maxLinks)
	case kind == RelatesTo:
		return nil
	case len(c.Linked(ChildOf)) > 0:
		return conflict("case %d is itself part of case %d", c.Number, c.Linked(ChildOf)[0])
	case len(other.Linked(ParentOf)) > 0:
		return conflict("case %d has cases of its own", other.Number)
	}
	if parents := other.Linked(ChildOf); len(parents) > 0 && parents[0] != c.Number {
		return conflict("case %d is part of case %d already", other.Number, parents[0])
	}
	return nil
}

// Linked lists the cases at the other ends of a kind of links, in the order in which they were linked.
func (c *Case) Linked(kind string) (cases []CaseNumber) {
	for _, l := range c.Links {
		if l.Kind == kind {
			cases = append(cases, l.Case)
		}
	}
	return cases
}

// LinkTo ties the case to another. The other end is a command of its own on that one.
type LinkTo struct {
	Link
	Why string
}

func (l LinkTo) apply(c *Case, t *teller) error {
	if slices.Contains(c.Links, l.Link) {
		return nil
	}
	c.Links = append(c.Links, l.Link)
	t.tell(c, Entry{Kind: KindLink, Why: l.Why, Change: &Change{Field: l.Kind, To: fmt.Sprint(l.Case)}})
	return nil
}

// Unlink takes a link away. What tells where mail goes, or where a case came from, stays.
type Unlink struct{ Link }

func (l Unlink) apply(c *Case, t *teller) error {
	i := slices.Index(c.Links, l.Link)
	switch {
	case i < 0:
		return fault.New(fault.NotFound, "there is no such link")
	case l.Kind != ParentOf && l.Kind != ChildOf && l.Kind != RelatesTo:
		return fault.New(fault.Conflict, fmt.Sprintf("a link of kind %q stays", l.Kind))
	}
	c.Links = slices.Delete(c.Links, i, i+1)
	t.tell(c, Entry{Kind: KindLink, Change: &Change{Field: l.Kind, From: fmt.Sprint(l.Case)}})
	return nil
}

// TellAll notes on an incident what was said to the customers of its reports. Each report has its own entry and its own mails.
type TellAll struct {
	Text string
	To   []CaseNumber
}

func (a TellAll) apply(c *Case, t *teller) error {
	if err := (Post{Lane: LaneID(LaneInternal), Text: a.Text}).apply(c, t); err != nil {
		return err
	}
	if len(a.To) == 0 {
		return fault.New(fault.Conflict, fmt.Sprintf("case %d has no open cases with customers under it", c.Number))
	}
	t.last().Why = fmt.Sprintf("sent to the customers of cases %v", a.To)
	return nil
}
