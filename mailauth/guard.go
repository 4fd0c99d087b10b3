package mailauth

import (
	"context"
	"errors"
	"net"
	"net/netip"
)

// maxRecordBytes is the longest TXT record that is evaluated: real ones stay under 4 KiB, and the cost of a record's
// macros and keys grows with the square of its length.
const maxRecordBytes = 16 << 10

// guard stands between the libraries and the resolver. It makes every error the bare *net.DNSError that they look for
// by type, and keeps records out that are too long to be meant well.
type guard struct {
	resolver Resolver
	only4    bool // ask for IPv4 addresses alone
}

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

// LookupIPAddr asks for A records alone when the client came over IPv4 (RFC 7208 section 5): a broken AAAA has no say then.
func (g guard) LookupIPAddr(ctx context.Context, host string) ([]net.IPAddr, error) {
	if fr, ok := g.resolver.(familyResolver); ok && g.only4 {
		addrs, err := fr.LookupNetIP(ctx, "ip4", host)
		out := make([]net.IPAddr, len(addrs))
		for i, a := range addrs {
			out[i] = net.IPAddr{IP: a.Unmap().AsSlice()}
		}
		return out, dnsError(host, err)
	}
	addrs, err := g.resolver.LookupIPAddr(ctx, host)
	return addrs, dnsError(host, err)
}

func (g guard) LookupAddr(ctx context.Context, addr string) ([]string, error) {
	names, err := g.resolver.LookupAddr(ctx, addr)
	return names, dnsError(addr, err)
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
