package casework

import "time"

// EventKind is what an event tells of.
type EventKind string

// The kinds of events.
const (
	EventEntry    EventKind = "entry"    // a new entry on the timeline of a case
	EventRegister EventKind = "register" // a thing of the register has a new edition
)

// Event is a line of an organisation's log: what happened, in the order in which it was committed. It only points: what
// happened stands in the record itself.
type Event struct {
	Org     OrgID      `json:"org"`
	Seq     uint64     `json:"seq"` // from 1, without gaps
	At      time.Time  `json:"at"`
	Kind    EventKind  `json:"kind"`
	Case    CaseNumber `json:"case,omitempty"`
	Entry   uint64     `json:"entry,omitempty"` // Entry.Seq within the case
	Thing   string     `json:"thing,omitempty"` // of the register: kind/id
	Version uint64     `json:"-"`
}

// Cursor remembers how far in the log a reader of it has come.
type Cursor struct {
	Org     OrgID  `json:"org"`
	Name    string `json:"name"`
	Edition int    `json:"edition"` // of what the reader derives: another one begins anew
	Seq     uint64 `json:"seq"`     // the last event that was read
	Version uint64 `json:"-"`
}
