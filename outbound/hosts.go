package outbound

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"smartmail/casework"
	"smartmail/outbound/mtasts"
)

// host is where a connection goes.
type host struct {
	name, addr string
	domain     string        // whose mail it takes; "" for the smarthost
	policy     mtasts.Policy // what that domain asks for
	canonical  string        // where the name's aliases lead
	proved     bool          // DNSSEC proves that the domain's mail goes to this name and this address
}

// maxHosts bounds how many addresses are tried for one mail (RFC 5321 section 5.1 asks for two at least).
const maxHosts = 6

// destination is the line that a mail stands in: the smarthost, or the recipient's domain.
func (s *Sender) destination(item casework.OutboxItem) (string, error) {
	addr, err := mailbox(item.To.Email)
	if err != nil {
		return "", err
	}
	if s.Smarthost != nil {
		return s.Smarthost.Address, nil
	}
	return strings.ToLower(addr[strings.LastIndexByte(addr, '@')+1:]), nil
}

// hosts finds where mail for a destination goes, the most preferred first.
func (s *Sender) hosts(ctx context.Context, dest string) ([]host, error) {
	if s.Smarthost != nil {
		name, _, _ := net.SplitHostPort(s.Smarthost.Address) // New has seen to it
		return []host{{name: name, addr: s.Smarthost.Address}}, nil
	}
	names, proved, err := s.exchangers(ctx, dest)
	if err != nil {
		return nil, err
	}
	policy, err := s.policyOf(ctx, dest)
	if err != nil {
		return nil, err
	}
	var out []host
	for _, name := range names {
		h := host{name: name, domain: dest, policy: policy}
		addrs, lookup := s.addresses(ctx, &h)
		if lookup != nil {
			err = lookup
			continue
		}
		h.proved = h.proved && proved
		for _, a := range addrs {
			h.addr = net.JoinHostPort(a.String(), strconv.Itoa(s.MXPort))
			out = append(out, h)
		}
	}
	switch {
	case len(out) > 0:
		return out[:min(len(out), maxHosts)], nil
	case len(names) == 1 && names[0] == dest && isNotFound(err):
		return nil, &hopeless{"5.1.2", "the domain " + dest + " does not exist or takes no mail"}
	default:
		return nil, &broken{err: fmt.Errorf("no address of a mail exchanger of %s: %w", dest, err), connecting: true}
	}
}

// addresses looks up where a host is.
func (s *Sender) addresses(ctx context.Context, h *host) (addrs []netip.Addr, err error) {
	if s.DANE == nil {
		return s.Resolver.LookupNetIP(ctx, "ip", h.name)
	}
	addrs, h.canonical, h.proved, err = s.DANE.SecureHost(ctx, h.name)
	return addrs, err
}

// exchangers returns the names of a domain's mail exchangers by preference; the domain itself where it names none (RFC 5321
// section 5.1). Those that are not preferred over ourselves are left out, or mail would go round in circles. proved is that
// DNSSEC proves the list.
func (s *Sender) exchangers(ctx context.Context, domain string) (names []string, proved bool, err error) {
	var mxs []*net.MX
	if s.DANE != nil {
		mxs, proved, err = s.DANE.SecureMX(ctx, domain)
	} else {
		mxs, err = s.Resolver.LookupMX(ctx, domain)
	}
	if isNotFound(err) || err == nil && len(mxs) == 0 {
		return []string{domain}, proved, nil
	}
	if err != nil {
		return nil, false, &broken{err: fmt.Errorf("the mail exchangers of %s can't be looked up: %w", domain, err), connecting: true}
	}
	for _, mx := range mxs {
		name := strings.ToLower(strings.TrimSuffix(mx.Host, "."))
		if name == "" && len(mxs) == 1 {
			return nil, false, &hopeless{"5.1.10", "the domain " + domain + " takes no mail (null MX)"} // RFC 7505 section 4.2
		}
		if name == strings.ToLower(s.Hostname) {
			break
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return nil, false, &hopeless{"5.4.6", "the mail exchanger of " + domain + " is this host itself"}
	}
	return names, proved, nil
}

func isNotFound(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && dns.IsNotFound
}
