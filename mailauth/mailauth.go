// Package mailauth finds out who sent a mail: SPF for the path it came, DKIM for what was signed, DMARC for whether
// either speaks for the domain in From, ARC for what forwarders say. It decides nothing; it gives a verdict.
//
//	Input{client, envelope, raw mail} → admission → header ─┬→ SPF ─────┐
//	                                                        ├→ DKIM ────┼→ DMARC → verdict.Verdict
//	                                                        ├→ policy ──┘
//	                                                        └→ ARC
//
// Invariants:
//   - A pass is never given on a doubt: a From that two parsers could read differently, a header beyond the limits, or
//     a failed look-up gives another result word.
//   - Check ends within its time budget, asks at most 200 DNS questions, and reads a body only when something signed it.
//   - A temporary failure is an error of the caller's concern only where the DMARC result hangs on it.
//   - One client's mails occupy at most a quarter of the places; a signature costs no look-up and no arithmetic before
//     its body hash is right, and a key is fetched once a mail.
//   - Nothing that the mail itself says about its authentication is believed.
package mailauth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net"
	"net/netip"
	"sync"
	"time"

	"smartmail/dnsresolve"
	"smartmail/fault"
	"smartmail/mailauth/verdict"
	"smartmail/message"
)

// Resolver is the DNS as mailauth needs it; dnsresolve.Resolver and net.Resolver are such. Errors are *net.DNSError.
// One that also has LookupNetIP is asked for the client's address family alone.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
	LookupIPAddr(ctx context.Context, host string) ([]net.IPAddr, error)
	LookupAddr(ctx context.Context, addr string) ([]string, error)
}

// Options configure a Checker. Only Resolver is required.
type Options struct {
	Resolver      Resolver
	Now           func() time.Time // for signatures that expire; nil: time.Now
	Timeout       time.Duration    // for all of one mail, waiting for a place included; 0: 10 s
	MaxSignatures int              // DKIM signatures verified, from the top; 0: 10
	Places        int              // mails checked at the same time, of which one client has a quarter; 0: 256
	// Chance picks the sample of DMARC's pct tag: a number from 0 to 99. Nil: taken from the header itself, so that
	// the same mail meets the same policy when it comes again.
	Chance func() int
}

// What one mail may ask the DNS, in all and for each purpose. A key for each signature and seal, and the policies, are
// bounded by themselves. SPF, where one record leads to a hundred more, gets what remains: a mail that spends its budget
// on purpose harms its own SPF alone, and never gets round the policy of the domain that it claims.
const (
	maxLookups  = 200
	heloLookups = 30
)

func (c *Checker) spfLookups() int {
	return max(0, maxLookups-heloLookups-c.maxSignatures-(maxSets+1)-2*maxClaimed)
}

// Checker checks mails, many at a time.
type Checker struct {
	resolver      Resolver
	now           func() time.Time
	timeout       time.Duration
	maxSignatures int
	chance        func() int
	admission     *admission
}

// New returns a Checker.
func New(o Options) *Checker {
	c := &Checker{
		resolver:      o.Resolver,
		now:           o.Now,
		timeout:       cmp.Or(o.Timeout, 10*time.Second),
		maxSignatures: cmp.Or(o.MaxSignatures, 10),
		chance:        o.Chance,
		admission:     newAdmission(cmp.Or(o.Places, 256)),
	}
	if c.now == nil {
		c.now = time.Now
	}
	return c
}

// Input is a mail with what the session knows about it.
type Input struct {
	Client      netip.Addr // the peer; invalid for an import, which has no path to check
	Helo        string     // as the peer gave it
	ReversePath string     // without angle brackets; empty for <>
	Raw         message.Raw
}

// Check returns what is known about the mail's origin. The error is of kind fault.Ours, and comes together with the
// verdict as far as it got: when the raw mail can't be read, or when a temporary failure leaves open whether the
// domain in From sent the mail. No other failure of a look-up is an error, since nothing hangs on it.
func (c *Checker) Check(ctx context.Context, in Input) (verdict.Verdict, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	leave, err := c.admission.enter(ctx, in.Client)
	if err != nil {
		return undecided(), fault.Wrap(fault.Ours, "too much to do at the moment, try again later", fmt.Errorf("wait to check a mail: %w", err))
	}
	defer leave()
	h, err := readHeader(in.Raw)
	if err != nil {
		return undecided(), fault.Wrap(fault.Ours, "local error, try again later", fmt.Errorf("read mail header: %w", err))
	}
	from := readIdentity(h)
	mail := &signed{header: h, raw: in.Raw}
	v := verdict.Verdict{From: from.address}
	policies := c.ask(ctx, in, mail, from, &v)

	if err := mail.readError(); err != nil {
		return v, fault.Wrap(fault.Ours, "local error, try again later", fmt.Errorf("read mail body: %w", err))
	}
	chance := func() int { return c.sample(h) }
	if from.problem == "" {
		v.DMARC = evaluate(from.domain, policies[0], v.SPF, v.DKIM, chance)
	} else {
		v.DMARC = evaluateClaims(from, policies, v, chance)
	}
	if v.DMARC.Result == verdict.Temperror {
		cause := errors.New("temporary DNS failure in SPF or DKIM of an aligned domain")
		for _, p := range policies {
			cause = cmp.Or(p.err, cause)
		}
		return v, fault.Wrap(fault.Ours, "temporary failure in checking the sender, try again later", cause)
	}
	return v, nil
}

// ask asks all questions side by side, writes the answers into the verdict, and returns the policies of the domains
// that From names.
func (c *Checker) ask(ctx context.Context, in Input, mail *signed, from identity, v *verdict.Verdict) []discovery {
	keys := newKeyring(c.resolver)
	domains := from.claimed
	if from.problem == "" {
		domains = []string{from.domain}
	}
	policies := make([]discovery, len(domains))
	var wg sync.WaitGroup
	for i, domain := range domains {
		wg.Go(func() { policies[i] = c.discover(ctx, domain) })
	}
	budget := heloLookups
	if in.ReversePath == "" {
		budget = c.spfLookups()
	}
	wg.Go(func() { v.SPFHelo = c.spf(dnsresolve.WithBudget(ctx, budget), Input{Client: in.Client, Helo: in.Helo}) })
	if in.ReversePath != "" {
		wg.Go(func() { v.SPF = c.spf(dnsresolve.WithBudget(ctx, c.spfLookups()), in) })
	}
	if sets, err := arcSets(mail.header); err != nil || len(sets) == 0 {
		v.ARC = unchained(err)
	} else {
		wg.Go(func() { v.ARC, v.Chain = c.arc(ctx, mail, sets, keys) })
	}
	v.DKIM = c.dkim(ctx, mail, keys)
	wg.Wait()
	if in.ReversePath == "" {
		v.SPF = v.SPFHelo
	}
	return policies
}

// undecided is the verdict on a mail that can't be read at the moment.
func undecided() verdict.Verdict {
	return verdict.Verdict{
		SPF:   verdict.SPF{Result: verdict.None},
		DMARC: verdict.DMARC{Result: verdict.Temperror},
		ARC:   verdict.None,
	}
}

// sample is the mail's number for DMARC's pct tag.
func (c *Checker) sample(h header) int {
	if c.chance != nil {
		return c.chance()
	}
	sum := fnv.New32a()
	for _, f := range h.fields {
		sum.Write([]byte(f.text)) // a hash.Hash never fails
	}
	return int(sum.Sum32() % 100)
}
