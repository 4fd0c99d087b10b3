// Package smtpd is mail in: listener, sessions, limits and replies.
//
// The command grammar (paths, parameters, the state of a transaction) is go-smtp's. Between it and the socket sits a
// gate, a net.Conn of ours which owns the wire: it hands go-smtp one checked command line at a time, collects the
// reply, and does by itself all that needs care with bytes and time: message data (DATA and BDAT), STARTTLS, line and
// size limits, deadlines, the error limit, and the end of a session. A body grows in memory as far as a budget shared
// by all sessions gives, else in a spool file, and goes to the Receiver, which is all that smtpd knows of the house.
//
//	listener → admit (limits, PROXY) → gate ⇄ go-smtp → session → Receiver.Route, Receiver.Accept → reply
//
// Invariants:
//   - 250 behind the data means that Accept returned nil; every other outcome is a 4xx or 5xx, or a closed connection.
//   - Only CRLF.CRLF ends DATA, only the octets of a LAST chunk end BDAT. A mail that was cut off is never handed on,
//     and no octet of message data is ever read as a command.
//   - The first error of a connection is its last word: nothing is read after it.
//   - Memory does not grow with peers times message size; every wait has a deadline.
//   - What the peer is told comes from fault.Public and the one table in replies.go, never from a private error.
package smtpd

import (
	"context"
	"time"

	"smartmail/message"
)

// Receiver is the rest of the house, as far as mail coming in needs it. Both methods are called by many sessions at
// once. Errors carry a fault.Kind; one without is our trouble and answered 451. A panic is answered 451 as well.
type Receiver interface {
	// Route says whether rcpt is ours: nil, or a fault (NotFound, Forbidden, Busy, Ours). It touches no disk.
	// env holds what the peer said so far, with the recipients accepted before this one; it is not to be kept.
	Route(ctx context.Context, env *message.Envelope, rcpt string) error
	// Accept returns once the mail is durable where it belongs. The Receipt's text goes behind "250 2.0.0 ".
	// It must return soon after ctx ends (Options.AcceptTimeout, or the end of a shutdown's drain). raw is valid until
	// Accept returns. In memory it also has Bytes() []byte; as a spool file it also has Path() string, a name
	// that may be hard-linked, and SHA256() [32]byte, taken as the mail came. Neither the bytes nor the file may be
	// changed.
	Accept(ctx context.Context, env message.Envelope, raw message.Raw) (Receipt, error)
}

// Receipt is what the peer is told about a mail that was accepted.
type Receipt struct {
	Text string // one line, such as "OK case=1234 entry=ID"
}

// Reason says why a connection was refused before SMTP began.
type Reason string

// The reasons for refusing a connection.
const (
	RefusedTotal Reason = "total"  // over Options.MaxConnections
	RefusedPerIP Reason = "per_ip" // over Options.MaxPerIP
	RefusedProxy Reason = "proxy"  // a trusted proxy sent no PROXY header, or a broken one
)

// Observer is told what happens, for metrics. Its methods are called from many goroutines and must not block.
type Observer interface {
	Opened()
	Closed(open time.Duration)
	Refused(why Reason)
	// Mail reports a mail that was answered: the reply's code, its size in bytes (of what was read), and the time
	// from its last octet to the reply.
	Mail(code int, size int64, took time.Duration)
	// Turned reports a 4xx or 5xx reply to any command, with its code of three digits.
	Turned(code string, why Refusal)
}

// unobserved is the Observer where none is given.
type unobserved struct{}

func (unobserved) Opened()                        {}
func (unobserved) Closed(time.Duration)           {}
func (unobserved) Refused(Reason)                 {}
func (unobserved) Mail(int, int64, time.Duration) {}
func (unobserved) Turned(string, Refusal)         {}
