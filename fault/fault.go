// Package fault gives an error a kind and a text that may leave the house.
//
// Inside the house errors wrap with %w. Where an error crosses a boundary (SMTP reply, API answer)
// it carries a Kind, which the boundary's one table turns into a code, and a Public text that says
// nothing about our inside. An error without a kind is ours: 451 and 500.
//
//	casework, desk, intake → fault.Error → smtpd, admin
//
// Invariant: Error() holds the private reason for the log, Public() never does.
package fault

import (
	"context"
	"errors"
)

// Kind is the class of an error as the other side must treat it.
type Kind int

// The kinds. The zero value is Ours: what nobody classified is our trouble, and a peer keeps its mail.
const (
	Ours            Kind = iota // our trouble: try again later
	NotFound                    // no such thing, or a forged reference to one
	Forbidden                   // the thing exists and is not for you; a recipient outside our domains
	Conflict                    // a stale version, or a state that does not allow it
	Invalid                     // the input is wrong and will be wrong again
	Busy                        // too many or too fast: slow down and try again
	TooBig                      // over a size limit
	Unauthenticated             // the sender's own domain says that this mail is not his (DMARC p=reject)
	Loop                        // the mail goes round in circles
	BareNewline                 // a bare CR or LF where the policy refuses them
	Content                     // what the mail holds is refused: spam, a virus
	Exists                      // what was to be new is there already
)

// Error is an error with a kind, a public text, and a private cause.
type Error struct {
	Kind   Kind
	Public string // one line, fit for the other side
	Err    error  // private cause; may be nil
}

// New returns an error of the kind with a text for the other side.
func New(kind Kind, public string) *Error { return &Error{Kind: kind, Public: public} }

// Wrap adds a kind and a public text to a private cause.
func Wrap(kind Kind, public string, err error) *Error {
	return &Error{Kind: kind, Public: public, Err: err}
}

// Error is the private form, for logs.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Public
	}
	return e.Public + ": " + e.Err.Error()
}

// Unwrap gives errors.Is and errors.As the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the first classified error in the chain; a deadline or a
// cancellation that nobody classified is Ours like everything else.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Ours
}

// Is reports whether err is of the kind.
func Is(err error, kind Kind) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == kind
}

// Public returns the text for the other side, or a neutral one where nothing better is known.
func Public(err error) string {
	var e *Error
	switch {
	case errors.As(err, &e) && e.Public != "":
		return e.Public
	case errors.Is(err, context.DeadlineExceeded):
		return "timed out, try again later"
	default:
		return "local error, try again later"
	}
}
