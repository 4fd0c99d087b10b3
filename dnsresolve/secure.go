package dnsresolve

import (
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"strconv"

	"github.com/miekg/dns"

	"smartmail/outbound/dane"
)

// trusts reports whether a server's word counts that it validated an answer.
func (r *Resolver) trusts(server string) bool {
	switch r.trust {
	case TrustAlways:
		return true
	case TrustLoopback:
		at, err := netip.ParseAddrPort(server)
		return err == nil && at.Addr().Unmap().IsLoopback()
	default:
		return false
	}
}

// SecureMX is LookupMX, and tells whether DNSSEC proves the answer: the records, or the error that there are none.
func (r *Resolver) SecureMX(ctx context.Context, name string) (mx []*net.MX, secure bool, err error) {
	a, err := r.answer(ctx, name, dns.TypeMX)
	if err != nil {
		return nil, false, err
	}
	records, err := a.result(name)
	return exchangers(records), a.secure, err
}

// SecureHost returns a host's addresses of both families, where its aliases lead, and whether DNSSEC proves all of that. A
// temporary failure for one family is an error, as for LookupIPAddr.
func (r *Resolver) SecureHost(ctx context.Context, host string) (addrs []netip.Addr, canonical string, secure bool, err error) {
	canonical, secure = host, true
	var none error
	for _, qtype := range []uint16{dns.TypeA, dns.TypeAAAA} {
		a, err := r.answer(ctx, host, qtype)
		if err != nil {
			return nil, "", false, err
		}
		secure = secure && a.secure
		records, err := a.result(host)
		if err != nil {
			none = err
			continue
		}
		addrs, canonical = append(addrs, addresses(records)...), a.name
	}
	if len(addrs) == 0 {
		return nil, "", secure, none
	}
	return addrs, canonical, secure, nil
}

// LookupTLSA returns the TLSA records of a TCP port of a host, those alone that DNSSEC proves. None is no error. An error means
// that it is not known whether there are any (RFC 7672 section 2.1.1).
func (r *Resolver) LookupTLSA(ctx context.Context, port int, host string) ([]dane.Record, error) {
	a, err := r.answer(ctx, "_"+strconv.Itoa(port)+"._tcp."+host, dns.TypeTLSA)
	if err != nil || !a.secure {
		return nil, err
	}
	var out []dane.Record
	for _, rr := range a.records {
		tlsa, ok := rr.(*dns.TLSA)
		if !ok {
			continue
		}
		data, err := hex.DecodeString(tlsa.Certificate)
		if err != nil {
			return nil, temporary(host, fmt.Errorf("TLSA: %w", err))
		}
		out = append(out, dane.Record{Usage: tlsa.Usage, Selector: tlsa.Selector, Matching: tlsa.MatchingType, Data: data})
	}
	return out, nil
}
