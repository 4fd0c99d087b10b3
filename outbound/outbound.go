// Package outbound sends what is in the outbox: to a smarthost, or to the mail exchangers of each recipient's domain.
//
//	outbox: claim → compose → DKIM → line of a destination → connection (reused) → remote's answer → outbox: report
//
// The mails of one destination stand in one line, which a bounded number of connections serves. A destination that can't be
// reached costs its line one attempt, and nobody else anything.
//
// Invariants:
//   - A mail is begun only by him who has claimed it, and only if the claim outlasts the longest delivery: two senders
//     on one outbox never send a mail twice.
//   - A mail whose last octet has left is never given up for a shutdown: its answer is awaited for a while, and reported.
//   - Where the remote's answer was lost, the mail goes again with the same Message-ID: better twice than never.
//   - Nothing but the remote's 5xx, or what will be as wrong the next time, makes a mail fail; all else defers it.
//   - Every wait for the network has a deadline, and every reply a bounded length.
//   - No mail has a bare CR or LF in it, and none is changed on its way but for dot-stuffing.
//
// In mx mode the first of these decides how a host is spoken to:
//   - DANE (RFC 7672): DNSSEC proves the way to the host, and it has TLSA records. TLS is a must, and the certificate fits one of the
//     records; where none of them is usable any certificate will do.
//   - MTA-STS (RFC 8461): the domain's policy enforces. The policy names the host, and its certificate holds for its name.
//   - Nothing: STARTTLS where it is offered, without a check of the certificate (RFC 7435), and in the clear where that fails.
package outbound

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"smartmail/casework"
	"smartmail/message"
	"smartmail/outbound/dane"
	"smartmail/outbound/mtasts"
)

// Outbox is the desk as the sender sees it.
type Outbox interface {
	ClaimOutbox(ctx context.Context, owner string, lease time.Duration, limit int) ([]casework.OutboxItem, error)
	ReportOutbox(ctx context.Context, item casework.OutboxItem, out casework.Outcome) error
	ReleaseOutbox(ctx context.Context, item casework.OutboxItem, dueAt time.Time) error
}

// Mail is what goes over the wire for one item.
type Mail struct {
	From string      // reverse-path; empty: the null reverse-path
	To   string      // the recipient
	Body message.Raw // header and body, CRLF at the end of each line
}

// Composer makes the mail of an item. It makes the same again when asked again. An error of a kind other than fault.Ours and
// fault.Busy is as true the next time, and makes the mail fail.
type Composer interface {
	Compose(ctx context.Context, item casework.OutboxItem) (Mail, error)
}

// Signer gives the DKIM-Signature fields to put before a mail; dkimsign.Signer is one.
type Signer interface {
	Sign(raw message.Raw) ([]byte, error)
}

// Resolver is the DNS as far as it is needed to find mail exchangers. Errors are *net.DNSError.
type Resolver interface {
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// SecureResolver is a Resolver that tells what DNSSEC proves; dnsresolve.Resolver is one, whose documentation says more.
type SecureResolver interface {
	SecureMX(ctx context.Context, name string) (mx []*net.MX, secure bool, err error)
	SecureHost(ctx context.Context, host string) (addrs []netip.Addr, canonical string, secure bool, err error)
	LookupTLSA(ctx context.Context, port int, host string) ([]dane.Record, error)
}

// Policies finds the MTA-STS policy of a domain; mtasts.Client does.
type Policies interface {
	Policy(ctx context.Context, domain string) (mtasts.Policy, error)
}

// TLSMode says how a smarthost is spoken to.
type TLSMode string

// The modes. StartTLS and Implicit insist, and check the certificate.
const (
	NoTLS       TLSMode = "none"
	StartTLS    TLSMode = "starttls"
	ImplicitTLS TLSMode = "implicit"
)

// Smarthost is the one host that takes all mail.
type Smarthost struct {
	Address  string // host:port
	TLS      TLSMode
	Username string                 // empty: no AUTH
	Password func() (string, error) // asked at each connection, so that a changed one needs no restart
}

// Options of a sender. Outbox, Composer and Hostname are needed, and Resolver where there is no Smarthost.
type Options struct {
	Outbox    Outbox
	Composer  Composer
	Signers   map[casework.OrgID]Signer // an organisation without one sends unsigned
	Hostname  string                    // for EHLO
	Smarthost *Smarthost                // nil: to the mail exchangers
	Resolver  Resolver
	DANE      SecureResolver // asked instead of Resolver; nil: without DANE
	STS       Policies       // nil: without MTA-STS
	MXPort    int            // 0: 25
	RootCAs   *x509.CertPool // for the smarthost's certificate and those that MTA-STS asks for; nil: the system's

	Connections    int // in all; 0: 20
	PerDestination int // connections to one smarthost or domain; 0: 4
	PerConnection  int // mails over one connection; 0: 100

	Pause time.Duration // how long a destination is left alone that says 421, or 4.7.x in mx mode; 0: not at all

	Poll           time.Duration // between looks for mail that is due; 0: 5 s
	ConnectTimeout time.Duration // 0: 30 s
	CommandTimeout time.Duration // silence after a command, and while the mail is written; 0: 5 min (RFC 5321 section 4.5.3.2)
	DataTimeout    time.Duration // silence after the mail's end; 0: 10 min
	MailTimeout    time.Duration // one mail from connect to answer; 0: 20 min
	Grace          time.Duration // for answers that are awaited when the sender must stop; 0: 15 s

	Dial    func(ctx context.Context, network, address string) (net.Conn, error) // nil: net.Dialer
	Observe func(casework.Outcome)                                               // of every reported attempt, for metrics; nil: nobody
	Secured func(by Demand, got TLSResult)                                       // of every connection to an exchanger; nil: nobody
	Now     func() time.Time                                                     // nil: time.Now
	Log     *slog.Logger                                                         // nil: slog.Default
}

func (o *Options) defaults() {
	o.MXPort = cmp.Or(o.MXPort, 25)
	o.Connections, o.PerDestination, o.PerConnection = cmp.Or(o.Connections, 20), cmp.Or(o.PerDestination, 4), cmp.Or(o.PerConnection, 100)
	o.Poll, o.Grace = cmp.Or(o.Poll, 5*time.Second), cmp.Or(o.Grace, 15*time.Second)
	o.ConnectTimeout, o.CommandTimeout = cmp.Or(o.ConnectTimeout, 30*time.Second), cmp.Or(o.CommandTimeout, 5*time.Minute)
	o.DataTimeout, o.MailTimeout = cmp.Or(o.DataTimeout, 10*time.Minute), cmp.Or(o.MailTimeout, 20*time.Minute)
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	if o.Observe == nil {
		o.Observe = func(casework.Outcome) {}
	}
	if o.Secured == nil {
		o.Secured = func(Demand, TLSResult) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
}

// Sender sends mail. Make one with New; several may run on one outbox, in one process or in many.
type Sender struct {
	Options
	owner string        // in leases
	wake  chan struct{} // holds a signal that came while nobody waited
}

// New returns a sender.
func New(o Options) (*Sender, error) {
	switch {
	case o.Outbox == nil || o.Composer == nil || o.Hostname == "":
		return nil, errors.New("outbound: outbox, composer and host name are needed")
	case o.Smarthost == nil && o.Resolver == nil && o.DANE == nil:
		return nil, errors.New("outbound: a smarthost or a resolver is needed")
	}
	if o.Smarthost != nil {
		if _, _, err := net.SplitHostPort(o.Smarthost.Address); err != nil {
			return nil, fmt.Errorf("outbound: smarthost: %w", err)
		}
	}
	o.defaults()
	return &Sender{Options: o, owner: rand.Text(), wake: make(chan struct{}, 1)}, nil
}

// Wake makes the sender look for mail now. It never blocks.
func (s *Sender) Wake() {
	select {
	case s.wake <- struct{}{}:
	default: // it will look anyway
	}
}
