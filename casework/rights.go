package casework

import (
	"fmt"
	"slices"

	"smartmail/fault"
)

// Right is something that a mail may do, as far as its sender is known.
type Right string

// The rights of a mail.
const (
	MayRead    Right = "read"         // its sender is sent what is said on his lane
	MayAttach  Right = "attach"       // it is shown to the others on its lane at once
	MayReopen  Right = "reopen"       // it wakes a finished case
	MayCommand Right = "command"      // what it says in the reply grammar is carried out
	MayAccount Right = "bank_account" // it changes where money goes
)

// AllRights lists every right, in the order of the table.
func AllRights() []Right { return []Right{MayRead, MayAttach, MayReopen, MayCommand, MayAccount} }

// Senders lists every standing of a sender, from full proof to none.
func Senders() []Sender { return []Sender{Verified, Known, Unconfirmed, Unknown} }

// Rights says what a mail may do by the standing of its sender.
type Rights map[Sender][]Right

// DefaultRights is the table, also shown in docs/flow.md. A bank account is changed by nobody's mail: that a mail asks for
// it is an alarm.
func DefaultRights() Rights {
	return Rights{
		Verified:    {MayRead, MayAttach, MayReopen, MayCommand},
		Known:       {MayRead, MayAttach, MayReopen},
		Unconfirmed: {},
		Unknown:     {MayAttach}, // of the case that it opens
	}
}

// May reports whether a mail of that standing has the right. A nil table is the default one.
func (r Rights) May(s Sender, right Right) bool {
	if r == nil {
		r = DefaultRights()
	}
	return slices.Contains(r[s], right)
}

// Tighten returns the default table with the rows of less in place of its own. A row may take rights away and never
// give any: the error (fault.Invalid) names the first that would.
func Tighten(less map[Sender][]Right) (Rights, error) {
	table := DefaultRights()
	for s, rights := range less {
		if !slices.Contains(Senders(), s) {
			return nil, fault.New(fault.Invalid, fmt.Sprintf("there is no sender %q", s))
		}
		for _, right := range rights {
			if !table.May(s, right) {
				return nil, fault.New(fault.Invalid, fmt.Sprintf("a sender that is %s cannot be given the right %q", s, right))
			}
		}
		table[s] = rights
	}
	return table, nil
}
