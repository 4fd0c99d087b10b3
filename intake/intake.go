// Package intake is the way of one mail through the house.
//
//	Route: address → threading.Router
//	Accept: {mailauth ‖ message.Parse ‖ SHA-256} → refusals → Scanner → desk.Receive (threading, one transaction, fsync) → reply
//
// Every way in (SMTP, import) is this one, so that a mail is the same whichever way it came.
//
// Invariants:
//   - A nil error means that the mail is on its case or in triage, durable, once.
//   - A mail is refused for good only for what its sender or his domain did (loop, DMARC reject) or what it holds (spam,
//     a virus); all trouble of ours is fault.Ours, and the peer keeps the mail.
//   - Big mails that come together are parsed a few at a time: neither memory nor the time that one takes grows with their number.
package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"smartmail/casework"
	"smartmail/desk"
	"smartmail/fault"
	"smartmail/mailauth"
	"smartmail/mailauth/verdict"
	"smartmail/message"
	"smartmail/threading"
	"smartmail/trace"
)

// MaxHops is the number of Received lines from which on a mail is in a loop (RFC 5321 section 6.3 asks for a limit of
// at least 100 in general; a mail to a case passes far fewer hosts).
const MaxHops = 50

// Receiver stores mails; desk.Desk is one.
type Receiver interface {
	Receive(ctx context.Context, deliveries []desk.Delivery) ([]desk.Placed, error)
	// SentText returns what a mail of ours says, or fault.NotFound.
	SentText(ctx context.Context, org casework.OrgID, id casework.OutboxID) (string, error)
	// Again returns where a mail that is stored already lies for these recipients; ok is false when any of them is new to it.
	Again(ctx context.Context, deliveries []desk.Delivery) (placed []desk.Placed, ok bool, err error)
}

// Checker finds out who sent a mail; mailauth.Checker is one.
type Checker interface {
	Check(ctx context.Context, in mailauth.Input) (verdict.Verdict, error)
}

// Options of an intake; all but Scanner, Now and Observe are needed.
type Options struct {
	Hostname string // ours, for the trace header
	Router   *threading.Router
	Auth     Checker
	Scanner  Scanner // nil: nobody is asked
	Desk     Receiver
	Limits   message.Limits
	Policy   map[casework.OrgID]Policy
	Now      func() time.Time // nil: time.Now
	// Parsing is how many bytes of big mails are parsed at once, others waiting for their turn; 0: 2 MiB for each processor.
	Parsing int64
	// Observe is told how long a step took: "read" and within it "hash", "parse" and "verify"; "scan"; "commit". May be nil.
	Observe func(step string, took time.Duration)
}

// Intake is safe for concurrent use.
type Intake struct {
	Options
	rates   *rates
	parsing *semaphore.Weighted // bytes; see maxParsed
}

// New returns an intake.
func New(o Options) *Intake {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Observe == nil {
		o.Observe = func(string, time.Duration) {}
	}
	if o.Parsing == 0 {
		o.Parsing = int64(runtime.GOMAXPROCS(0)) * 2 * maxParsed
	}
	return &Intake{Options: o, rates: newRates(o.Now, maxRates), parsing: semaphore.NewWeighted(o.Parsing)}
}

// Route says whether a recipient is ours. It touches no disk.
func (i *Intake) Route(_ context.Context, _ *message.Envelope, rcpt string) error {
	_, err := i.Router.Route(rcpt)
	return err
}

// Accept takes a mail in and returns what the peer is told behind "250 2.0.0 ": the cases and entries, or the triage item.
func (i *Intake) Accept(ctx context.Context, env message.Envelope, raw message.Raw) (string, error) {
	reply, _, err := i.Take(ctx, env, raw)
	return reply, err
}

// Take is Accept for those who also want to know whether the mail was there already.
func (i *Intake) Take(ctx context.Context, env message.Envelope, raw message.Raw) (told string, again bool, err error) {
	ctx = trace.With(ctx, trace.ID(env.Trace))
	at := i.Now()
	routes, err := i.routes(env)
	if err != nil {
		return "", false, err
	}
	m, err := i.read(ctx, env, raw, at)
	if err != nil {
		return "", false, err
	}
	i.Observe("read", i.Now().Sub(at))
	deliveries := i.deliveries(m, raw, routes)
	// A mail that was taken in keeps its answer, whatever is asked of new ones: its peer sends it again because the 250 was
	// lost, and a refusal would be a false bounce.
	if placed, ok, err := i.Desk.Again(ctx, deliveries); err != nil || ok {
		return reply(placed), ok, err
	}
	if err := i.refuse(ctx, m, routes); err != nil {
		return "", false, err
	}
	if err := i.choose(deliveries); err != nil {
		return "", false, err
	}
	if err := i.scan(ctx, env, raw, deliveries); err != nil {
		return "", false, err
	}
	start := i.Now()
	placed, err := i.Desk.Receive(ctx, deliveries)
	if err != nil {
		return "", false, err
	}
	i.Observe("commit", i.Now().Sub(start))
	return reply(placed), false, nil
}

// routes asks again what RCPT asked, since a mail may be long on its way and a key may have expired meanwhile.
func (i *Intake) routes(env message.Envelope) ([]threading.Route, error) {
	var routes []threading.Route
	for _, rcpt := range env.Recipients {
		r, err := i.Router.Route(rcpt)
		if err != nil {
			return nil, err
		}
		routes = append(routes, r)
	}
	if len(routes) == 0 {
		return nil, fault.New(fault.Invalid, "no recipient")
	}
	return routes, nil
}

// read finds out everything about the mail, each part by itself.
func (i *Intake) read(ctx context.Context, env message.Envelope, raw message.Raw, at time.Time) (casework.Mail, error) {
	m := casework.Mail{At: at, Envelope: env, Trace: i.trace(env, at)}
	m.Raw.Size = raw.Size()
	err := together(ctx, raw.Size() > aloneBytes,
		i.timed("hash", func(context.Context) (err error) {
			m.Raw.SHA256, err = digest(raw)
			return err
		}),
		i.timed("parse", func(ctx context.Context) error {
			leave, err := i.enterParsing(ctx, raw.Size())
			if err != nil {
				return err
			}
			defer leave()
			limits := i.Limits
			limits.NullReversePath = env.ReversePath == "" && env.Protocol != ""
			m.Content = message.Parse(ctx, raw, limits)
			// Parse never fails for what a mail contains. Time that ran out and a medium that cannot be read are ours.
			if m.Content.Identity == ([32]byte{}) {
				return errors.New("the mail cannot be read back")
			}
			return ctx.Err()
		}),
		i.timed("verify", func(ctx context.Context) (err error) {
			m.Auth, err = i.Auth.Check(ctx, mailauth.Input{Client: env.Client, Helo: env.Helo, ReversePath: env.ReversePath, Raw: raw})
			return err
		}))
	if err != nil {
		return m, fmt.Errorf("read mail: %w", err)
	}
	m.Identity = m.Content.Identity[:]
	m.AuthResults = mailauth.AuthenticationResults(i.Hostname, m.Auth)
	return m, nil
}

// aloneBytes is the size of a mail up to which its parts are read one after the other: that takes less time than to wake
// other threads for it, which have mails of their own.
const aloneBytes = 32 << 10

// maxParsed is what a mail counts among those that are parsed, at most: of a text no more is shown, and an attachment passes
// through. Parsing takes up to some twenty times that in memory and waits for nothing, so more than keep the processors busy
// would cost memory alone, and the time that each has.
const maxParsed = 1 << 20

// enterParsing waits until there is room to parse a mail of that size. A small one need not wait. Whoever enters must call leave.
func (i *Intake) enterParsing(ctx context.Context, size int64) (leave func(), err error) {
	if size <= aloneBytes {
		return func() {}, nil
	}
	weight := min(size, maxParsed, i.Parsing)
	if err := i.parsing.Acquire(ctx, weight); err != nil {
		return nil, fault.Wrap(fault.Busy, "too much mail at once, try again later", err)
	}
	return func() { i.parsing.Release(weight) }, nil
}

// together runs all steps, side by side or one after the other, and returns the first error.
func together(ctx context.Context, aside bool, steps ...func(context.Context) error) error {
	if !aside {
		for _, step := range steps {
			if err := step(ctx); err != nil {
				return err
			}
		}
		return nil
	}
	g, ctx := errgroup.WithContext(ctx)
	for _, step := range steps {
		g.Go(func() error { return step(ctx) })
	}
	return g.Wait()
}

// timed has it observed how long a step takes.
func (i *Intake) timed(name string, step func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		start := i.Now()
		err := step(ctx)
		i.Observe(name, i.Now().Sub(start))
		return err
	}
}

func digest(raw message.Raw) (string, error) {
	if hashed, ok := raw.(interface{ SHA256() [sha256.Size]byte }); ok {
		sum := hashed.SHA256() // taken while the mail came in
		return hex.EncodeToString(sum[:]), nil
	}
	h := sha256.New()
	if mem, ok := raw.(interface{ Bytes() []byte }); ok {
		h.Write(mem.Bytes())
	} else if n, err := io.Copy(h, io.NewSectionReader(raw, 0, raw.Size())); err != nil || n != raw.Size() {
		return "", fmt.Errorf("hash mail: %d of %d bytes: %w", n, raw.Size(), err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// refuse turns away what no person here could do anything with.
func (i *Intake) refuse(ctx context.Context, m casework.Mail, routes []threading.Route) error {
	if m.Content.Hops > MaxHops {
		return fault.New(fault.Loop, fmt.Sprintf("too many hops: %d Received lines", m.Content.Hops))
	}
	for _, r := range routes {
		if err := i.refuseOwn(ctx, m, r.Org); err != nil {
			return err
		}
		if err := refuseSpoofed(m, i.Policy[r.Org]); err != nil {
			return err
		}
	}
	return nil
}

// refuseOwn turns away a mail that we sent and that comes back as it was: some program sends on what it gets, and would do so
// with every answer of ours. Where somebody put words of his own under our Message-ID it is a mail like any other.
func (i *Intake) refuseOwn(ctx context.Context, m casework.Mail, org casework.OrgID) error {
	t, ours := i.Router.Own(org, m.Content.MessageID)
	if !ours || t.Kind != threading.MessageToken {
		return nil
	}
	sent, err := i.Desk.SentText(ctx, org, casework.OutboxID(t.Unique))
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	words := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	if strings.Contains(words(m.Content.FullText), words(sent)) {
		return fault.New(fault.Loop, "this mail is ours and has come back unchanged")
	}
	return nil
}

// refuseSpoofed does what the domain in From asks for (RFC 7489 section 6.3), unless a forwarder whom the organisation trusts
// vouches that the mail passed there. Where only a look-up that failed stands between the two, the mail is to come again.
func refuseSpoofed(m casework.Mail, p Policy) error {
	d := m.Auth.DMARC
	imported := m.Envelope.Protocol == "" // asks nobody whether it may come in: it has been somebody's mail for long
	if d.Result != verdict.Fail || d.Policy != verdict.PolicyReject || !p.EnforceDMARC || imported {
		return nil
	}
	if _, ok := m.Auth.ForwardedBy(p.TrustedSealers); ok {
		return nil
	}
	if m.Auth.ForwardUndecided(p.TrustedSealers) {
		return fault.New(fault.Ours, "the seal of the forwarder cannot be checked at the moment")
	}
	domain := d.Domain
	if domain == "" { // From names several, or none beyond doubt
		domain = "the sender's domain"
	}
	return fault.New(fault.Unauthenticated, domain+" asks to reject mail that fails DMARC, and this one does")
}

// deliveries splits the recipients by organisation: what one stores never meets another's.
func (i *Intake) deliveries(m casework.Mail, raw message.Raw, routes []threading.Route) []desk.Delivery {
	var out []desk.Delivery
	index := map[casework.OrgID]int{}
	for _, r := range routes {
		n, ok := index[r.Org]
		if !ok {
			n = len(out)
			index[r.Org] = n
			mine := m
			mine.Org = r.Org
			mine.Envelope.Recipients = nil
			out = append(out, desk.Delivery{Mail: mine, Raw: raw})
		}
		out[n].Routes = append(out[n].Routes, r)
		out[n].Mail.Envelope.Recipients = append(out[n].Mail.Envelope.Recipients, r.Address)
	}
	return out
}

// choose lets each organisation's policy decide about its delivery.
func (i *Intake) choose(deliveries []desk.Delivery) (err error) {
	for n := range deliveries {
		d := &deliveries[n]
		if d.Policy, err = i.apply(i.Policy[d.Mail.Org], d.Mail.Org, d.Mail); err != nil {
			return err
		}
	}
	return nil
}

// reply tells where the mail lies. A reply line is at most 512 octets (RFC 5321 section 4.5.3.1.5), so a mail on very many
// cases names as many as fit.
func reply(placed []desk.Placed) string {
	var b strings.Builder
	b.WriteString("OK")
	for _, p := range placed {
		pair := fmt.Sprintf(" case=%d entry=%s", p.Case, p.Entry)
		if p.Triage != "" {
			pair = " triage=" + string(p.Triage)
		}
		if b.Len()+len(pair) > 450 {
			break
		}
		b.WriteString(pair)
	}
	return b.String()
}

// trace is our Received line (RFC 5321 section 4.4). It is kept apart from the raw mail, whose bytes stay the sender's. It
// names no recipient: there may be several, who need not know of each other.
func (i *Intake) trace(env message.Envelope, at time.Time) string {
	if env.Protocol == "" {
		return fmt.Sprintf("Received: by %s (import); %s", i.Hostname, at.UTC().Format(time.RFC1123Z))
	}
	tls := ""
	if env.TLS != "" {
		tls = fmt.Sprintf(" (using %s)", env.TLS)
	}
	id := ""
	if env.Trace != "" {
		id = " id " + env.Trace
	}
	literal := env.Client.String()
	if env.Client.Is6() {
		literal = "IPv6:" + literal // RFC 5321 section 4.1.3
	}
	return fmt.Sprintf("Received: from %s ([%s]) by %s%s with %s%s; %s",
		env.Helo, literal, i.Hostname, tls, env.Protocol, id, at.UTC().Format(time.RFC1123Z))
}
