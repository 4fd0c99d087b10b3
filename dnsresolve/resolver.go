// Package dnsresolve asks the DNS on behalf of mail authentication and delivery.
//
// A Resolver sends questions to recursive servers over UDP with EDNS0, repeats a truncated answer over TCP, goes on to
// the next server when one fails, and keeps answers for as long as their TTL allows. Equal questions asked at the same
// time share one exchange. What one mail may ask is bounded by a budget that travels in the context.
//
//	mailauth, outbound → Resolver: budget → cache → one flight per question → servers in turn
//
// Invariants:
//   - No answer, positive or negative, is kept longer than its TTL (RFC 2181 section 8, RFC 2308 section 5); trouble of
//     a server is never kept.
//   - An answer is used only when it has the id and the question that were sent, and of its records only those that
//     the question's name leads to.
//   - Every error is a *net.DNSError: IsNotFound for NXDOMAIN and for a name without records of the type, IsTemporary
//     for all that may be otherwise in a while, neither for a spent budget.
//   - An answer is called secure only where a server that is trusted says that it validated it (RFC 4035 section 3.2.3): one on
//     loopback, or all where TrustAD says so. What comes from elsewhere can be forged on its way, the AD bit too.
//   - Time is bounded (Timeout for one exchange, Attempts rounds over the servers), and so is memory (CacheEntries).
package dnsresolve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/sync/singleflight"
)

// Options configure a Resolver. The zero value asks the system's servers.
type Options struct {
	Servers      []string         // addresses, port 53 unless given; empty: those in /etc/resolv.conf
	Timeout      time.Duration    // for one exchange with one server; 0: 2 s
	Attempts     int              // rounds over all servers; 0: 2
	CacheEntries int              // answers kept at most; 0: 10,000
	InFlight     int              // exchanges at the same time at most; 0: 256
	TrustAD      Trust            // whose word counts that an answer was validated; "": TrustLoopback
	Now          func() time.Time // nil: time.Now
	Observe      func(Outcome)    // of each question that was asked of servers; must not block; nil: nobody
}

// Outcome is what came of a question.
type Outcome string

// The outcomes.
const (
	Found  Outcome = "found"
	Absent Outcome = "absent" // there are no such records
	Failed Outcome = "failed" // no server settled it
)

// Trust says which servers are believed when they say that DNSSEC proves an answer.
type Trust string

// The choices.
const (
	TrustLoopback Trust = "loopback" // servers on this host
	TrustAlways   Trust = "always"   // all: the way to them is safe, and they validate
	TrustNever    Trust = "never"
)

// Resolver is a caching stub resolver, safe for use by many goroutines.
type Resolver struct {
	servers   []string
	trust     Trust
	preferred atomic.Int32 // the server that answered last is asked first: a dead one costs its timeout once
	timeout   time.Duration
	attempts  int
	slots     chan struct{}
	cache     *cache
	flights   singleflight.Group
	observe   func(Outcome)
}

// resolvConf is where the system names its servers.
const resolvConf = "/etc/resolv.conf"

// New returns a Resolver. It fails on a server that is not an address, or when the system's configuration is
// needed and can't be read.
func New(o Options) (*Resolver, error) {
	servers := o.Servers
	if len(servers) == 0 {
		conf, err := dns.ClientConfigFromFile(resolvConf)
		if err != nil {
			return nil, fmt.Errorf("read the system's DNS servers: %w", err)
		}
		servers = conf.Servers
	}
	r := &Resolver{
		trust:    cmp.Or(o.TrustAD, TrustLoopback),
		timeout:  cmp.Or(o.Timeout, 2*time.Second),
		attempts: cmp.Or(o.Attempts, 2),
		slots:    make(chan struct{}, cmp.Or(o.InFlight, 256)),
		cache:    newCache(cmp.Or(o.CacheEntries, 10_000), o.Now),
		observe:  o.Observe,
	}
	if r.observe == nil {
		r.observe = func(Outcome) {}
	}
	for _, s := range servers {
		addr, err := serverAddr(s)
		if err != nil {
			return nil, err
		}
		r.servers = append(r.servers, addr)
	}
	if len(r.servers) == 0 {
		return nil, errors.New("no DNS server is configured")
	}
	return r, nil
}

// serverAddr completes a server's address with the port.
func serverAddr(s string) (string, error) {
	if ip, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return netip.AddrPortFrom(ip, 53).String(), nil
	}
	ap, err := netip.ParseAddrPort(s)
	if err != nil {
		return "", fmt.Errorf("DNS server %q is not an address with an optional port", s)
	}
	return ap.String(), nil
}

// LookupTXT returns the name's TXT records, the strings of each joined (RFC 7208 section 3.3, RFC 6376 section 3.6.2.2).
func (r *Resolver) LookupTXT(ctx context.Context, name string) ([]string, error) {
	records, err := r.lookup(ctx, name, dns.TypeTXT)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, rr := range records {
		if txt, ok := rr.(*dns.TXT); ok {
			out = append(out, unescapeTXT(txt.Txt))
		}
	}
	return out, nil
}

// LookupMX returns the name's mail exchangers, the most preferred first; the host "." is a null MX (RFC 7505).
func (r *Resolver) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	records, err := r.lookup(ctx, name, dns.TypeMX)
	if err != nil {
		return nil, err
	}
	return exchangers(records), nil
}

func exchangers(records []dns.RR) (out []*net.MX) {
	for _, rr := range records {
		if mx, ok := rr.(*dns.MX); ok {
			out = append(out, &net.MX{Host: unescapeName(mx.Mx), Pref: mx.Preference})
		}
	}
	slices.SortStableFunc(out, func(a, b *net.MX) int { return cmp.Compare(a.Pref, b.Pref) })
	return out
}

// LookupIPAddr returns the host's addresses of both families. A temporary failure for one family is an error even
// where the other has addresses: a caller that compares addresses must not take half for all.
func (r *Resolver) LookupIPAddr(ctx context.Context, host string) ([]net.IPAddr, error) {
	addrs, err := r.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	out := make([]net.IPAddr, len(addrs))
	for i, a := range addrs {
		out[i] = net.IPAddr{IP: a.AsSlice()}
	}
	return out, nil
}

// LookupNetIP returns the host's addresses; network is "ip4", "ip6", or "ip" for both families, asked side by side.
func (r *Resolver) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	switch network {
	case "ip4":
		return r.addrs(ctx, host, dns.TypeA)
	case "ip6":
		return r.addrs(ctx, host, dns.TypeAAAA)
	}
	type answer struct {
		addrs []netip.Addr
		err   error
	}
	six := make(chan answer, 1)
	go func() {
		addrs, err := r.addrs(ctx, host, dns.TypeAAAA)
		six <- answer{addrs, err}
	}()
	a4, err4 := r.addrs(ctx, host, dns.TypeA)
	a6 := <-six
	all := slices.Concat(a4, a6.addrs)
	for _, err := range []error{err4, a6.err} {
		if err != nil && (!isNotFound(err) || len(all) == 0) {
			return nil, err
		}
	}
	return all, nil
}

func (r *Resolver) addrs(ctx context.Context, host string, qtype uint16) ([]netip.Addr, error) {
	records, err := r.lookup(ctx, host, qtype)
	if err != nil {
		return nil, err
	}
	return addresses(records), nil
}

func addresses(records []dns.RR) (out []netip.Addr) {
	for _, rr := range records {
		var ip net.IP
		switch rr := rr.(type) {
		case *dns.A:
			ip = rr.A
		case *dns.AAAA:
			ip = rr.AAAA
		}
		if a, ok := netip.AddrFromSlice(ip); ok {
			out = append(out, a.Unmap())
		}
	}
	return out
}

// LookupAddr returns the names of an address, by its PTR records.
func (r *Resolver) LookupAddr(ctx context.Context, addr string) ([]string, error) {
	reverse, err := dns.ReverseAddr(addr)
	if err != nil {
		return nil, notFound(addr, "not an address")
	}
	records, err := r.lookup(ctx, reverse, dns.TypePTR)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, rr := range records {
		if ptr, ok := rr.(*dns.PTR); ok {
			out = append(out, unescapeName(ptr.Ptr))
		}
	}
	return out, nil
}
