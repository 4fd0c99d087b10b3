// Package mtasts finds and remembers what domains ask of those who send them mail (MTA-STS, RFC 8461).
//
//	domain → TXT _mta-sts → same id as in the store? → that policy
//	                      → another id, or none kept → https://mta-sts.DOMAIN/.well-known/mta-sts.txt → store → policy
//
// Invariants:
//   - A policy that was fetched counts for its max_age, whatever the DNS and the web say meanwhile but for a newer policy: an
//     attacker who can hide both gains nothing (section 10.2). It lies in the store, so neither a restart nor another process
//     forgets it.
//   - A fetch is bounded in time and octets, follows no redirect, asks no proxy, and takes text/plain over checked TLS only.
//   - A domain whose policy can't be fetched and is not kept has none: mail goes as without MTA-STS (section 3.3).
//   - A domain whose fetch failed is left alone for retryAfter, and fetches of one domain at the same time are one.
package mtasts

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

const (
	retryAfter = 5 * time.Minute // RFC 8461 section 3.3
	refresh    = 24 * time.Hour  // section 3.3: a policy is fetched again now and then, before it runs out
	maxFailed  = 10_000          // domains whose failed fetch is remembered
)

// Kept is a policy as the store has it.
type Kept struct {
	Domain  string    `json:"domain"`
	ID      string    `json:"id"` // of the TXT record that led to it
	Policy  Policy    `json:"policy"`
	Fetched time.Time `json:"fetched"`
}

// until is when a policy counts no longer.
func (k Kept) until() time.Time { return k.Fetched.Add(k.Policy.MaxAge) }

// Store keeps policies.
type Store interface {
	// LoadPolicy returns what is kept of a domain; false where that is nothing.
	LoadPolicy(ctx context.Context, domain string) (Kept, bool, error)
	SavePolicy(ctx context.Context, k Kept) error
}

// Resolver is the DNS as far as it is needed. Errors are *net.DNSError.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Options of a client. Store and Resolver are needed.
type Options struct {
	Store    Store
	Resolver Resolver
	RootCAs  *x509.CertPool // nil: the system's
	Timeout  time.Duration  // of a fetch; 0: 30 s

	Dial func(ctx context.Context, network, address string) (net.Conn, error) // nil: net.Dialer; address is an IP address and port
	Now  func() time.Time                                                     // nil: time.Now
	Log  *slog.Logger                                                         // nil: slog.Default
}

// Client finds policies. It is safe for concurrent use.
type Client struct {
	Options
	http    *http.Client
	flights singleflight.Group

	mu     sync.Mutex
	failed map[string]time.Time // domain → until when it is not asked
}

// New returns a client.
func New(o Options) (*Client, error) {
	if o.Store == nil || o.Resolver == nil {
		return nil, errors.New("mtasts: store and resolver are needed")
	}
	o.Timeout = cmp.Or(o.Timeout, 30*time.Second)
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	c := &Client{Options: o, failed: map[string]time.Time{}}
	c.http = &http.Client{
		Timeout: o.Timeout,
		Transport: &http.Transport{
			DialContext: c.dial, DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: o.RootCAs, MinVersion: tls.VersionTLS12},
			MaxResponseHeaderBytes: maxPolicy, DisableCompression: true,
		},
		// RFC 8461 section 3.3: redirects are not followed.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

// Policy returns what the domain, in A-labels and lower case, asks for; mode none where it asks for nothing. An error is trouble
// with the store: what the domain asks for is not known then.
func (c *Client) Policy(ctx context.Context, domain string) (Policy, error) {
	kept, ok, err := c.Store.LoadPolicy(ctx, domain)
	if err != nil {
		return Policy{}, fmt.Errorf("MTA-STS policy of %s: %w", domain, err)
	}
	now := c.Now()
	if ok && !now.Before(kept.until()) {
		kept, ok = Kept{}, false
	}
	txts, _ := c.Resolver.LookupTXT(ctx, "_mta-sts."+domain) // trouble with the DNS is as good as no record: what is kept counts
	id, published := recordID(txts)
	stale := !ok || kept.ID != id || now.Sub(kept.Fetched) >= refresh
	if !published || !stale || c.resting(domain, now) {
		return kept.orNone(), nil
	}
	got, err, _ := c.flights.Do(domain+" "+id, func() (any, error) { return c.renew(ctx, domain, id) })
	if err != nil {
		c.rest(domain, now)
		c.Log.Warn("MTA-STS policy could not be fetched", "domain", domain, "kept", ok, "err", err)
		return kept.orNone(), nil
	}
	return got.(Policy), nil
}

func (k Kept) orNone() Policy {
	if k.Policy.Mode == "" {
		return Policy{Mode: None}
	}
	return k.Policy
}

// renew fetches a policy and keeps it. Others may wait for it: it does not end with him who began it.
func (c *Client) renew(ctx context.Context, domain, id string) (Policy, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.Timeout)
	defer cancel()
	if k, ok, err := c.Store.LoadPolicy(ctx, domain); err == nil && ok && k.ID == id && c.Now().Sub(k.Fetched) < min(refresh, k.Policy.MaxAge) {
		return k.Policy, nil // a flight that has just ended brought it
	}
	p, err := c.fetch(ctx, domain)
	if err != nil {
		return Policy{}, err
	}
	if err := c.Store.SavePolicy(ctx, Kept{Domain: domain, ID: id, Policy: p, Fetched: c.Now()}); err != nil {
		c.Log.Error("MTA-STS policy was not kept", "domain", domain, "err", err) // it counts now all the same
	}
	return p, nil
}

// fetch asks the domain's policy host (RFC 8461 section 3.3).
func (c *Client) fetch(ctx context.Context, domain string) (Policy, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://mta-sts."+domain+"/.well-known/mta-sts.txt", nil)
	if err != nil {
		return Policy{}, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return Policy{}, err
	}
	defer func() { _ = resp.Body.Close() }() // read only
	if resp.StatusCode != http.StatusOK {
		return Policy{}, fmt.Errorf("the policy host answers %d", resp.StatusCode)
	}
	if kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type")); err != nil || kind != "text/plain" {
		return Policy{}, errors.New("the policy is not text/plain")
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxPolicy+1))
	if err != nil {
		return Policy{}, err
	}
	return ParsePolicy(text)
}

// dial connects to a host by the resolver's answers and none of the system's.
func (c *Client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	const most = 4
	addrs, err := c.Resolver.LookupNetIP(ctx, "ip", host)
	for _, a := range addrs[:min(len(addrs), most)] {
		var conn net.Conn
		if conn, err = c.Dial(ctx, network, net.JoinHostPort(a.String(), port)); err == nil {
			return conn, nil
		}
	}
	if err == nil {
		err = fmt.Errorf("%s has no address", host)
	}
	return nil, err
}

// resting reports whether a fetch failed so recently that none is tried.
func (c *Client) resting(domain string, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	until, ok := c.failed[domain]
	if ok && !now.Before(until) {
		delete(c.failed, domain)
		return false
	}
	return ok
}

func (c *Client) rest(domain string, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.failed) >= maxFailed {
		clear(c.failed) // they are asked a little early
	}
	c.failed[domain] = now.Add(retryAfter)
}
