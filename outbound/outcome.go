package outbound

import (
	"errors"
	"fmt"
	"strings"

	"smartmail/casework"
	"smartmail/fault"
	"smartmail/mailauth/dkimsign"
)

// stage is how far a mail had come.
type stage string

const (
	atMail stage = "MAIL"
	atRcpt stage = "RCPT"
	atData stage = "DATA"
	atEnd  stage = "the end of the mail"
)

// refused is the remote's negative answer to one mail; the connection is good for another.
type refused struct {
	reply
	at stage
}

func (r *refused) Error() string { return fmt.Sprintf("at %s: %s", r.at, r.reply) }

// hopeless is an error that will be as true the next time.
type hopeless struct {
	status string // enhanced code
	words  string
}

func (h *hopeless) Error() string { return h.words }

// broken is trouble with the connection or its host, none with the mail: others on the same line would meet it too.
type broken struct {
	err        error
	host       string
	status     string // enhanced code; empty: 4.4.2
	connecting bool   // before a mail could be offered
	tls        bool   // on the way to TLS
	busy       bool   // the server said 421
	afterEnd   bool   // after a mail's last octet: it may have been taken
}

func (b *broken) Error() string {
	if b.host == "" {
		return b.err.Error()
	}
	return b.host + ": " + b.err.Error()
}

func (b *broken) Unwrap() error { return b.err }

// tooFast reports whether a domain's server wants less of our mail for now: 421 on a connection that was not used before, or a
// temporary refusal for reasons of policy (RFC 3463 section 3.8). What a smarthost says of one mail says nothing about the others.
func (s *Sender) tooFast(err error) bool {
	var (
		trouble *broken
		no      *refused
	)
	return errors.As(err, &trouble) && trouble.busy || s.Smarthost == nil && errors.As(err, &no) && no.code/100 == 4 && strings.HasPrefix(no.status, "4.7.")
}

// errStopping is why a delivery ends when the sender must stop.
var errStopping = errors.New("the sender stops")

// outcomeOf classifies what deliver returned: by the enhanced code where there is one, else by the first digit
// (RFC 5321 section 4.2.1).
func outcomeOf(err error) casework.Outcome {
	var (
		no    *refused
		never *hopeless
	)
	switch {
	case errors.As(err, &no):
		return no.outcome()
	case errors.As(err, &never):
		return casework.Outcome{State: casework.Failed, Status: never.status, Remote: never.words, Address: casework.AddressAtFault(never.status)}
	case errors.Is(err, dkimsign.ErrHeader):
		return casework.Outcome{State: casework.Failed, Status: "5.6.0", Remote: "the mail can't be signed"}
	}
	out := casework.Outcome{State: casework.Deferred, Status: "4.4.2", Remote: err.Error()} // RFC 3463 section 3.5: bad connection
	var trouble *broken
	if errors.As(err, &trouble) && trouble.status != "" {
		out.Status = trouble.status
	}
	return out
}

// outcome of a refusal. A server may say 5xx and an enhanced code of class 4, or the reverse: the enhanced code is the one
// that its author thought about. A code of the basic form alone tells at RCPT that it is the address.
func (r *refused) outcome() casework.Outcome {
	out := casework.Outcome{State: casework.Deferred, Status: r.status, Remote: r.String()}
	class := r.code / 100
	if r.status != "" {
		class = int(r.status[0] - '0')
	}
	if class != 5 {
		return out
	}
	out.State = casework.Failed
	out.Address = casework.AddressAtFault(r.status) && (r.at == atRcpt || r.status != "")
	return out
}

// prepareOutcome is the outcome of a mail that could not be made ready to be sent.
func prepareOutcome(err error) casework.Outcome {
	var never *hopeless
	if errors.As(err, &never) || errors.Is(err, dkimsign.ErrHeader) {
		return outcomeOf(err)
	}
	switch fault.KindOf(err) {
	case fault.Ours, fault.Busy:
		return casework.Outcome{State: casework.Deferred, Status: "4.3.0", Remote: "the mail could not be written for the moment"}
	default:
		return casework.Outcome{State: casework.Failed, Status: "5.6.0", Remote: "the mail can't be written: " + fault.Public(err)}
	}
}
