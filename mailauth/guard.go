package mailauth

import (
	"context"
	"errors"
	"net"
	"net/netip"
)

// maxRecordBytes is the longest TXT record that is evaluated: real ones stay under 4 KiB.
const maxRecordBytes = 16 << 10

// guard stands between the rules and the resolver. It makes every error a *net.DNSError, asks for one address family,
// and keeps records out that are too long to be meant well.
type guard struct{ resolver Resolver }

// familyResolver is a resolver that can ask for one address family.
type familyResolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

func (g guard) LookupTXT(ctx context.Context, name string) ([]string, error) {
	txts, err := g.resolver.LookupTXT(ctx, name)
	if err != nil {
		return nil, dnsError(name, err)
	}
	for _, txt := range txts {
		if len(txt) > maxRecordBytes {
			return nil, &net.DNSError{Err: "record is too long", Name: name}
		}
	}
	return txts, nil
}

func (g guard) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	mx, err := g.resolver.LookupMX(ctx, name)
	return mx, dnsError(name, err)
}

func (g guard) LookupAddr(ctx context.Context, addr string) ([]string, error) {
	names, err := g.resolver.LookupAddr(ctx, addr)
	return names, dnsError(addr, err)
}

// lookupAddrs returns the addresses of a host in one family, "ip4" or "ip6", and only that is asked for if the resolver
// can (RFC 7208 section 5): a broken AAAA has no say about an IPv4 client.
func (g guard) lookupAddrs(ctx context.Context, network, host string) ([]netip.Addr, error) {
	if fr, ok := g.resolver.(familyResolver); ok {
		addrs, err := fr.LookupNetIP(ctx, network, host)
		return addrs, dnsError(host, err)
	}
	all, err := g.resolver.LookupIPAddr(ctx, host)
	var addrs []netip.Addr
	for _, ip := range all {
		if a, ok := netip.AddrFromSlice(ip.IP); ok && a.Unmap().Is4() == (network == "ip4") {
			addrs = append(addrs, a.Unmap())
		}
	}
	return addrs, dnsError(host, err)
}

// dnsError makes a *net.DNSError of any error; what no resolver classified is temporary.
func dnsError(name string, err error) error {
	if err == nil {
		return nil
	}
	var de *net.DNSError
	if errors.As(err, &de) {
		return de
	}
	return &net.DNSError{
		UnwrapErr: err, Err: err.Error(), Name: name,
		IsTimeout: errors.Is(err, context.DeadlineExceeded), IsTemporary: true,
	}
}

func isNotFound(err error) bool {
	var de *net.DNSError
	return errors.As(err, &de) && de.IsNotFound
}

func isTemporary(err error) bool {
	var de *net.DNSError
	return errors.As(err, &de) && de.Temporary()
}
