package mailauth

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"

	"smartmail/mailauth/verdict"
)

// Limits of RFC 7208 section 4.6.4.
const (
	maxSPFTerms = 10 // terms that ask the DNS, over all records
	maxSPFVoid  = 2  // of their questions, those that may find nothing
	maxSPFNames = 10 // MX hosts, and names of the client, that are resolved
)

// spfEval is one check_host() of RFC 7208 section 4: one client, one sender, and the records that lead on from it.
type spfEval struct {
	dns    guard
	client netip.Addr // unmapped
	helo   string
	local  string // of the sender
	sender string // its domain

	terms, voids int
	named        bool
	names        []string // of the client, each of which resolves to it
}

// check evaluates the record of a domain. The depth is bounded, since what leads here costs a term.
func (e *spfEval) check(ctx context.Context, domain string) string {
	txts, err := e.dns.LookupTXT(ctx, domain)
	if err != nil {
		if isNotFound(err) {
			return verdict.None
		}
		return lookupFailure(err)
	}
	found, n := "", 0
	for _, txt := range txts {
		if terms, ok := cutSPF(txt); ok {
			found = terms
			n++
		}
	}
	if n == 0 {
		return verdict.None
	}
	record, ok := parseSPF(found)
	if n > 1 || !ok {
		return verdict.Permerror
	}
	for _, t := range record.terms {
		match, failure := e.match(ctx, t, domain)
		if failure != "" {
			return failure
		}
		if match {
			return t.result
		}
	}
	if record.redirect == "" {
		return verdict.Neutral
	}
	result := verdict.Permerror
	if target, ok := e.expand(ctx, record.redirect, domain); ok && e.charge() {
		result = e.check(ctx, target)
	}
	if result == verdict.None {
		return verdict.Permerror // section 6.1
	}
	return result
}

// match evaluates one mechanism (RFC 7208 section 5). A failure is the result of the whole check.
func (e *spfEval) match(ctx context.Context, t spfTerm, domain string) (match bool, failure string) {
	switch t.name {
	case "all":
		return true, ""
	case "ip4", "ip6":
		return t.network.Contains(e.client), ""
	}
	if !e.charge() {
		return false, verdict.Permerror
	}
	target, ok := e.expand(ctx, t.domain, domain)
	if !ok {
		return false, ""
	}
	switch t.name {
	case "include":
		return e.include(ctx, target)
	case "exists":
		addrs, failure := e.resolve(ctx, "ip4", target) // section 5.7: A, whatever the client has
		return len(addrs) > 0, e.count(len(addrs), failure)
	case "a":
		addrs, failure := e.resolve(ctx, e.network(), target)
		return e.within(addrs, t), e.count(len(addrs), failure)
	case "mx":
		return e.mx(ctx, t, target)
	default: // ptr
		for _, name := range e.clientNames(ctx, true) {
			if isWithin(name, target) {
				return true, ""
			}
		}
		return false, e.count(1, "")
	}
}

// include is a match where the other record passes; what it says otherwise is its own affair (RFC 7208 section 5.2).
func (e *spfEval) include(ctx context.Context, target string) (match bool, failure string) {
	switch result := e.check(ctx, target); result {
	case verdict.Pass:
		return true, ""
	case verdict.Temperror, verdict.Permerror:
		return false, result
	case verdict.None:
		return false, verdict.Permerror
	}
	return false, ""
}

// mx resolves the hosts in the order of their preference, and fails only where a further one would have to be asked
// for: a match among the first ten is one (RFC 7208 section 4.6.4 forbids the query, not the record).
func (e *spfEval) mx(ctx context.Context, t spfTerm, target string) (match bool, failure string) {
	hosts, err := e.dns.LookupMX(ctx, target)
	if err != nil && !isNotFound(err) {
		return false, lookupFailure(err)
	}
	if failure := e.count(len(hosts), ""); failure != "" {
		return false, failure
	}
	hosts = slices.Clone(hosts)
	slices.SortStableFunc(hosts, func(a, b *net.MX) int { return int(a.Pref) - int(b.Pref) })
	for i, host := range hosts {
		if i == maxSPFNames {
			return false, verdict.Permerror
		}
		addrs, failure := e.resolve(ctx, e.network(), host.Host)
		if failure != "" || e.within(addrs, t) {
			return failure == "", failure
		}
	}
	return false, ""
}

// charge counts a term that asks the DNS.
func (e *spfEval) charge() bool {
	e.terms++
	return e.terms <= maxSPFTerms
}

// count counts a question that found nothing, and passes a failure on.
func (e *spfEval) count(found int, failure string) string {
	if found == 0 && failure == "" {
		e.voids++
	}
	if e.voids > maxSPFVoid && failure == "" {
		return verdict.Permerror
	}
	return failure
}

// network is the family of the client's address, the one that is asked for.
func (e *spfEval) network() string {
	if e.client.Is4() {
		return "ip4"
	}
	return "ip6"
}

func (e *spfEval) resolve(ctx context.Context, network, host string) ([]netip.Addr, string) {
	addrs, err := e.dns.lookupAddrs(ctx, network, host)
	if err != nil && !isNotFound(err) {
		return nil, lookupFailure(err)
	}
	return addrs, ""
}

// within reports whether the client is in the network round one of the addresses.
func (e *spfEval) within(addrs []netip.Addr, t spfTerm) bool {
	bits := t.len6
	if e.client.Is4() {
		bits = t.len4
	}
	return slices.ContainsFunc(addrs, func(a netip.Addr) bool { return netip.PrefixFrom(a.Unmap(), bits).Contains(e.client) })
}

// clientNames are the names of the client that resolve to it, asked for once. A failing look-up finds none (RFC 7208
// section 5.5), and of too many names the rest is left out. For a term, that the client has no name counts as void.
func (e *spfEval) clientNames(ctx context.Context, term bool) []string {
	if e.named {
		return e.names
	}
	e.named = true
	names, err := e.dns.LookupAddr(ctx, e.client.String())
	if term && isNotFound(err) {
		e.voids++
	}
	for _, name := range names[:min(len(names), maxSPFNames)] {
		if addrs, _ := e.resolve(ctx, e.network(), name); slices.Contains(addrs, e.client) {
			e.names = append(e.names, strings.ToLower(strings.TrimSuffix(name, ".")))
		}
	}
	return e.names
}

// clientName is the macro p: the client's name within the domain if it has one there (RFC 7208 section 7.3).
func (e *spfEval) clientName(ctx context.Context, domain string) string {
	names := e.clientNames(ctx, false)
	if slices.Contains(names, strings.ToLower(domain)) {
		return domain
	}
	for _, name := range names {
		if isWithin(name, domain) {
			return name
		}
	}
	if len(names) > 0 {
		return names[0]
	}
	return "unknown"
}

// isWithin reports whether a name in lower case is the domain or under it.
func isWithin(name, domain string) bool {
	domain = strings.ToLower(strings.TrimSuffix(domain, "."))
	return name == domain || strings.HasSuffix(name, "."+domain)
}

// lookupFailure is the result after a look-up that failed. A spent budget is no trouble of the DNS: the record asks for
// more than anyone should look up.
func lookupFailure(err error) string {
	if isTemporary(err) {
		return verdict.Temperror
	}
	return verdict.Permerror
}
