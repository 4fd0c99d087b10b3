package dnsresolve

import (
	"context"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// edns0Size is the UDP payload that passes without fragments nearly everywhere (RFC 9715 section 3.2).
const edns0Size = 1232

// lookup answers one question with records; none is an error.
func (r *Resolver) lookup(ctx context.Context, name string, qtype uint16) ([]dns.RR, error) {
	a, err := r.answer(ctx, name, qtype)
	if err != nil {
		return nil, err
	}
	return a.result(name)
}

// answer answers one question: from the cache, from a flight that is on its way, or from the servers.
func (r *Resolver) answer(ctx context.Context, name string, qtype uint16) (answer, error) {
	if err := charge(ctx, name); err != nil {
		return answer{}, err
	}
	q, ok := question(name, qtype)
	if !ok {
		// RFC 7208 section 4.3 treats a name that can't be in the DNS as one that is not.
		return answer{reason: "not a domain name"}, nil
	}
	if a, ok := r.cache.get(q); ok {
		return a, nil
	}
	flight := r.flights.DoChan(cacheKey(q), func() (any, error) {
		// The flight outlives the caller that happened to start it: others may wait for it.
		limit := r.timeout * time.Duration(r.attempts*len(r.servers)+1)
		fctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
		defer cancel()
		a, err := r.ask(fctx, q)
		switch {
		case err != nil:
			r.observe(Failed)
		case len(a.records) == 0:
			r.observe(Absent)
		default:
			r.observe(Found)
		}
		return a, err
	})
	select {
	case <-ctx.Done():
		return answer{}, temporary(name, ctx.Err())
	case res := <-flight:
		if res.Err != nil {
			return answer{}, temporary(name, res.Err)
		}
		return res.Val.(answer), nil
	}
}

// ask goes round the servers until one gives an answer that settles the question, and caches it.
func (r *Resolver) ask(ctx context.Context, q dns.Question) (answer, error) {
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
	var last error
	first := int(r.preferred.Load())
	for i := range r.attempts * len(r.servers) {
		n := (first + i) % len(r.servers)
		m, err := r.exchange(ctx, q, r.servers[n])
		if err != nil {
			last = err
			continue
		}
		a, err := read(m, q)
		if err != nil {
			last = err
			continue
		}
		a.secure = m.AuthenticatedData && r.trusts(r.servers[n])
		r.preferred.Store(int32(n))
		r.cache.put(q, a)
		return a, nil
	}
	return answer{}, last
}

// exchange sends the question to one server, again over TCP where the answer did not fit (RFC 7766 section 5).
func (r *Resolver) exchange(ctx context.Context, q dns.Question, server string) (*dns.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	m := &dns.Msg{Question: []dns.Question{q}}
	m.Id = dns.Id() // from crypto/rand; the kernel picks a fresh source port for each socket (RFC 5452 section 9.2)
	m.RecursionDesired = true
	m.AuthenticatedData = r.trusts(server) // asks for the bit in the answer (RFC 6840 section 5.7)
	m.SetEdns0(edns0Size, false)
	client := dns.Client{Net: "udp", Timeout: r.timeout, UDPSize: edns0Size}
	reply, _, err := client.ExchangeContext(ctx, m, server)
	if reply != nil && reply.Truncated { // even where what did fit can't be read
		client.Net = "tcp"
		reply, _, err = client.ExchangeContext(ctx, m, server)
	}
	return reply, err
}

var (
	errForeign   = errors.New("the answer is to another question")
	errTruncated = errors.New("the answer is truncated")
	errServer    = errors.New("the server failed")
)

// answer is what is known about a question: records, or none for the reason given.
type answer struct {
	records []dns.RR
	reason  string        // why there are no records
	ttl     time.Duration // how long it may be kept; 0: not at all
	name    string        // where the aliases led
	secure  bool          // DNSSEC proves it, also that there is nothing
}

func (a answer) result(name string) ([]dns.RR, error) {
	if len(a.records) == 0 {
		return nil, notFound(name, a.reason)
	}
	return a.records, nil
}

// maxChain bounds the aliases followed within one answer.
const maxChain = 16

// read takes the records that the question leads to out of an answer, along its aliases. An error means that this
// answer settles nothing and another server should be asked.
func read(m *dns.Msg, q dns.Question) (answer, error) {
	if !m.Response || len(m.Question) != 1 || m.Question[0].Qtype != q.Qtype || m.Question[0].Qclass != q.Qclass ||
		!sameName(m.Question[0].Name, q.Name) {
		return answer{}, errForeign
	}
	if m.Truncated {
		return answer{}, errTruncated
	}
	if m.Rcode != dns.RcodeSuccess && m.Rcode != dns.RcodeNameError {
		return answer{}, errServer
	}
	name, ttl := q.Name, uint32(maxTTL/time.Second)
	for range maxChain {
		var found []dns.RR
		var alias *dns.CNAME
		for _, rr := range m.Answer {
			if h := rr.Header(); h.Class != q.Qclass || !sameName(h.Name, name) {
				continue
			}
			if rr.Header().Rrtype == q.Qtype {
				found = append(found, rr)
				ttl = min(ttl, rr.Header().Ttl)
			} else if c, ok := rr.(*dns.CNAME); ok {
				alias = c
			}
		}
		if len(found) > 0 {
			return answer{records: found, ttl: time.Duration(ttl) * time.Second, name: strings.TrimSuffix(unescapeName(name), ".")}, nil
		}
		if alias == nil {
			break
		}
		name, ttl = alias.Target, min(ttl, alias.Hdr.Ttl)
	}
	return absent(m, ttl), nil
}

// absent is the answer that there is nothing, kept as long as the zone says (RFC 2308 section 5: the lesser of the
// SOA's own TTL and its minimum field). Without an SOA it is not kept.
func absent(m *dns.Msg, ttl uint32) answer {
	a := answer{reason: "no records of this type"}
	if m.Rcode == dns.RcodeNameError {
		a.reason = "no such name"
	}
	for _, rr := range m.Ns {
		if soa, ok := rr.(*dns.SOA); ok {
			a.ttl = min(time.Duration(min(ttl, soa.Hdr.Ttl, soa.Minttl))*time.Second, maxNegativeTTL)
		}
	}
	return a
}

func notFound(name, reason string) error {
	return &net.DNSError{Err: reason, Name: name, IsNotFound: true}
}

func temporary(name string, err error) error {
	var ne net.Error
	timeout := errors.Is(err, context.DeadlineExceeded) || errors.As(err, &ne) && ne.Timeout()
	return &net.DNSError{UnwrapErr: err, Err: err.Error(), Name: name, IsTimeout: timeout, IsTemporary: true}
}

func isNotFound(err error) bool {
	var de *net.DNSError
	return errors.As(err, &de) && de.IsNotFound
}

// sameName compares names as the DNS does, in the presentation form of package dns (RFC 4343 section 3).
func sameName(a, b string) bool { return strings.EqualFold(dns.Fqdn(a), dns.Fqdn(b)) }
