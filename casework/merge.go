package casework

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"smartmail/fault"
)

// Merger says that a case goes on in another one, and as whom its participants take part there. Addresses never end: what comes to one of
// theirs belongs to that case.
type Merger struct {
	Into CaseNumber                      `json:"into"`
	As   map[ParticipantNo]ParticipantNo `json:"as,omitempty"`

	// How it was by then, for Unmerge. At is zero in records of before this was noted: of those the entries tell (Told).
	At        time.Time   `json:"at,omitzero"`
	Seq       uint64      `json:"seq,omitempty"` // of the last entry of the other case
	Was       Status      `json:"was,omitempty"`
	Waiting   *Waiting    `json:"waiting,omitempty"`   // what the case waited for
	Attention []Attention `json:"attention,omitempty"` // what waited for people on it
	Part      CaseNumber  `json:"part,omitempty"`      // incident that the other case became part of by the merger
}

// people are the addresses on a lane, in order, as they are compared.
func (l Lane) people() []string {
	var all []string
	for _, p := range l.Participants {
		if p.Email != "" { // else he was erased
			all = append(all, Address(p.Email))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// counterpart is the lane on which the talk with the same people goes on. Another lane of the kind will not do: whoever is on it would
// read what was never said to him.
func (c *Case) counterpart(from Lane) (*Lane, bool) {
	for i := range c.Lanes {
		l := &c.Lanes[i]
		if l.Kind == from.Kind && (l.Kind == LaneInternal || slices.Equal(l.people(), from.people())) {
			return l, true
		}
	}
	return nil, false
}

// adopt finds the counterpart of another case's lane, or makes it. plain lets a new lane have the plain name of its kind: whoever is on the plain
// customer lane sees the description of the case.
func (c *Case) adopt(t *teller, from Lane, plain bool) (LaneID, error) {
	if from.Kind == LaneInternal {
		for _, p := range from.Participants {
			if err := (AddParticipant{Kind: LaneInternal, Name: p.Name, Email: p.Email}).apply(c, t); err != nil {
				return "", err
			}
		}
		return LaneID(LaneInternal), nil
	}
	if err := c.admits(from.Kind); err != nil {
		return "", err
	}
	if l, ok := c.counterpart(from); ok {
		l.Left = false
		return l.ID, nil
	}
	l := Lane{ID: LaneID(from.Kind), Kind: from.Kind}
	if _, taken := c.Lane(l.ID); taken || !plain || l.Kind == LaneSupplier {
		l.ID = LaneID(fmt.Sprintf("%s-%d", l.Kind, c.LastNo+1))
	}
	for _, p := range from.Participants {
		if c.LastNo >= maxParticipants {
			return "", c.full()
		}
		c.LastNo++
		l.Participants = append(l.Participants, Participant{No: c.LastNo, Name: p.Name, Email: p.Email})
	}
	c.Lanes = append(c.Lanes, l)
	for _, p := range l.Participants {
		t.tell(c, Entry{Kind: KindParticipant, Lane: l.ID, Change: &Change{Field: "participant", To: p.Email}})
	}
	return l.ID, nil
}

// as finds as whom the participants of another case's lane take part here.
func (c *Case) as(from Lane) map[ParticipantNo]ParticipantNo {
	all := map[ParticipantNo]ParticipantNo{}
	l, ok := c.counterpart(from)
	if !ok {
		return all
	}
	for _, p := range from.Participants {
		for _, q := range l.Participants {
			if Address(p.Email) == Address(q.Email) {
				all[p.No] = q.No
			}
		}
	}
	return all
}

// Absorb takes in another case: all who take part in it take part here, each lane by itself. MergeInto is the other half.
type Absorb struct{ From Case }

func (a Absorb) apply(c *Case, t *teller) error {
	conflict := func(format string, args ...any) error { return fault.New(fault.Conflict, fmt.Sprintf(format, args...)) }
	from := a.From
	waits := func(o WorkOrder) bool { return o.State.Work() || o.State.Priced() }
	switch {
	case from.Number == c.Number:
		return fault.New(fault.Invalid, "a case is not merged into itself")
	case from.Merged != nil:
		return conflict("case %d was merged into case %d already", from.Number, from.Merged.Into)
	case c.Status == StatusClosed:
		return conflict("case %d is closed: open it first", c.Number)
	case len(from.Linked(ParentOf)) > 0:
		return conflict("case %d has cases under it: merge the other way round", from.Number)
	case slices.ContainsFunc(from.Orders, waits):
		return conflict("suppliers still work on orders of case %d: merge the other way round, or withdraw them", from.Number)
	}
	for _, l := range from.Lanes {
		if _, err := c.adopt(t, l, false); err != nil {
			return err
		}
	}
	if err := c.follow(t, from); err != nil {
		return err
	}
	return LinkTo{Link: Link{Kind: MergedFrom, Case: from.Number}}.apply(c, t)
}

// MergeInto closes the case, which goes on in the one that has absorbed it. Its entries stay where they are.
type MergeInto struct {
	Into Case       // as it is by then
	Part CaseNumber // incident that it became part of by that
}

func (m MergeInto) apply(c *Case, t *teller) error {
	c.Merged = &Merger{
		Into: m.Into.Number, As: map[ParticipantNo]ParticipantNo{},
		At: t.at, Seq: m.Into.LastSeq, Was: c.Status, Waiting: c.Waiting, Attention: c.Attention, Part: m.Part,
	}
	for _, l := range c.Lanes {
		maps.Copy(c.Merged.As, m.Into.as(l))
	}
	why := mergedWhy(m.Into.Number)
	if err := (LinkTo{Link: Link{Kind: MergedInto, Case: m.Into.Number}, Why: why}).apply(c, t); err != nil {
		return err
	}
	if c.Status != StatusClosed {
		t.come(c, StatusClosed, Entry{Why: why})
	}
	c.Attention = nil // who merges a case has seen what is on it
	return nil
}

// elsewhere refuses what is to be done on the case that this one was merged into.
func (c *Case) elsewhere(cmd Command) error {
	if c.Merged == nil {
		return nil
	}
	switch x := cmd.(type) {
	case Post:
		if x.Lane == LaneID(LaneInternal) {
			return nil
		}
	case Edit:
		if (x.Status == nil || *x.Status == c.Status) && x.Internal == nil {
			return nil
		}
	case Watch:
		if x.Stop {
			return nil
		}
	case Order, AddParticipant, Absorb, MergeInto, Release, Take:
	default:
		return nil
	}
	return fault.New(fault.Conflict, fmt.Sprintf("case %d was merged into case %d: it goes on there", c.Number, c.Merged.Into))
}
