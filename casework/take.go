package casework

import (
	"fmt"
	"slices"
	"time"

	"smartmail/fault"
)

// Origin is the entry of another case that an entry was taken from.
type Origin struct {
	Case  CaseNumber `json:"case"`
	Entry EntryID    `json:"entry"`
	At    time.Time  `json:"at"` // when that was
}

// Take puts entries of another case onto this one, as entries of its own that point at those. Each lies on the lane of the same people, so
// that nobody sees what he was not shown before.
type Take struct {
	From    Case
	Entries []Entry
	New     bool // this case was opened for them: their lanes have plain names, and their reporter is this one's
}

const maxTaken = 100 // entries at a time

func (k Take) apply(c *Case, t *teller) error {
	switch {
	case k.From.Number == c.Number:
		return fault.New(fault.Invalid, "the entry is on that case")
	case len(k.Entries) == 0 || len(k.Entries) > maxTaken:
		return fault.New(fault.Invalid, fmt.Sprintf("1 to %d entries are taken at a time", maxTaken))
	}
	for _, e := range k.Entries {
		if err := k.take(c, t, e); err != nil {
			return err
		}
	}
	return nil
}

// take puts one entry onto the case.
func (k Take) take(c *Case, t *teller, e Entry) error {
	if e.Case != k.From.Number {
		return fault.New(fault.Invalid, fmt.Sprintf("entry %s is not on case %d", e.ID, k.From.Number))
	}
	if e.Kind != KindMailIn && e.Kind != KindMailOut && e.Kind != KindNote {
		return fault.New(fault.Conflict, fmt.Sprintf("an entry of kind %s stays on its case: mails and notes may go", e.Kind))
	}
	if slices.Contains(k.From.Held, e.ID) || slices.Contains(k.From.Withdrawn, e.ID) {
		return fault.New(fault.Conflict, fmt.Sprintf("entry %s waits for a person, or was withdrawn", e.ID))
	}
	lane, as := LaneID(LaneInternal), map[ParticipantNo]ParticipantNo{}
	if from, ok := k.From.Lane(e.Lane); ok {
		var err error
		if lane, err = c.adopt(t, *from, k.New); err != nil {
			return err
		}
		as = c.as(*from)
	}
	own := Entry{Kind: e.Kind, Actor: e.Actor, Lane: lane, Text: e.Text, Origin: &Origin{Case: e.Case, Entry: e.ID, At: e.At}}
	if e.MailIn != nil {
		in := *e.MailIn
		in.Participant, in.SuggestSplit = as[in.Participant], false
		own.MailIn = &in
	}
	if e.MailOut != nil {
		out := *e.MailOut
		if out.To != 0 {
			if out.To = as[out.To]; out.To == 0 {
				return fault.New(fault.Conflict, fmt.Sprintf("entry %s went to somebody who is on that lane no longer", e.ID))
			}
		}
		out.Visit = nil // of an order of the other case
		own.MailOut = &out
	}
	t.tell(c, own)
	if r := k.From.Reporter; k.New && c.Reporter == nil && r != nil && lane == LaneID(LaneCustomer) {
		if _, on, ok := c.ParticipantByMail(r.Email); ok && on == lane {
			reporter := *r
			c.Reporter = &reporter
		}
	}
	return nil
}
