package casework

import (
	"encoding/json"
	"time"
)

// Thing is a record of an organisation's register: an object, a contact, a class ...
type Thing interface {
	Key() string      // its name within its kind
	External() string // its name in the system that it is imported from; empty: it is not
	Check() error     // what is wrong with it by itself, of kind fault.Invalid
}

// Registered is a thing as it is stored.
type Registered[T Thing] struct {
	Org     OrgID     `json:"org"`
	Thing   T         `json:"thing"`
	At      time.Time `json:"at"` // of the last change
	By      Actor     `json:"by"`
	Version uint64    `json:"-"`
}

// Edition is what a thing was like after one of its changes. Editions are never changed, but to take a person out.
type Edition struct {
	Org     OrgID           `json:"org"`
	Kind    string          `json:"kind"`
	ID      string          `json:"id"`
	Number  uint64          `json:"number"` // from 1, without gaps
	At      time.Time       `json:"at"`
	By      Actor           `json:"by"`
	Thing   json.RawMessage `json:"thing"`
	Version uint64          `json:"-"`
}
