// Package register is what an organisation says of itself and of those whom it deals with: people and companies, tenancies,
// segments, classes of cases with their own fields, and the rules by which a case finds who takes care of it.
//
//	record → Check (by itself) → the desk checks what it refers to, stores it, and keeps what it was
//
// Pure. Objects of the property tree are in package property.
//
// Invariants:
//   - A record that passes Check can be stored, exported and imported again as it is.
//   - What is restricted (personal numbers, door codes) lies in fields of its own, so that it can be left out.
package register

import (
	"fmt"

	"smartmail/fault"
)

// Segment is a group of customers that a manager answers for.
type Segment struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Archived bool   `json:"archived,omitempty"`
}

// Key is the segment's name in the register.
func (s Segment) Key() string { return s.ID }

// External is "": segments are not imported.
func (s Segment) External() string { return "" }

// Check finds what is wrong with a segment by itself.
func (s Segment) Check() error { return named(s.ID, s.Name) }

func invalid(format string, args ...any) error {
	return fault.New(fault.Invalid, fmt.Sprintf(format, args...))
}
