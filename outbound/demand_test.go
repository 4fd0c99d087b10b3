package outbound_test

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"smartmail/casework"
	"smartmail/outbound"
	"smartmail/outbound/dane"
	"smartmail/outbound/mtasts"
)

// proving is a DNS of one domain, home.example, with an exchanger and TLSA records by the name that they lie at.
type proving struct {
	mxProved, hostProved bool
	canonical            string
	tlsa                 map[string][]dane.Record
	tlsaFails            bool
}

func (p proving) SecureMX(context.Context, string) ([]*net.MX, bool, error) {
	return []*net.MX{{Host: "mx.home.example.", Pref: 10}}, p.mxProved, nil
}

func (p proving) SecureHost(_ context.Context, host string) ([]netip.Addr, string, bool, error) {
	if p.canonical != "" {
		host = p.canonical
	}
	return []netip.Addr{netip.MustParseAddr("192.0.2.1")}, host, p.hostProved, nil
}

func (p proving) LookupTLSA(_ context.Context, port int, host string) ([]dane.Record, error) {
	if p.tlsaFails {
		return nil, &net.DNSError{Err: "server failure", Name: host, IsTemporary: true}
	}
	if port != 25 {
		return nil, errors.New("another port")
	}
	return p.tlsa[host], nil
}

// asking is the MTA-STS policy of every domain.
type asking struct {
	policy mtasts.Policy
	err    error
}

func (a asking) Policy(context.Context, string) (mtasts.Policy, error) { return a.policy, a.err }

// What DNSSEC, TLSA records and the MTA-STS policy say decides whether a mail goes, and how.
func TestDemands(t *testing.T) {
	cert, pool := certificate(t, "mx.home.example")
	other, _ := certificate(t, "mx.home.example")
	digest := func(c tls.Certificate) []dane.Record {
		sum := sha256.Sum256(c.Leaf.RawSubjectPublicKeyInfo)
		return []dane.Record{{Usage: 3, Selector: 1, Matching: 1, Data: sum[:]}}
	}
	at := func(name string, r []dane.Record) map[string][]dane.Record { return map[string][]dane.Record{name: r} }
	const mx = "mx.home.example"
	fits, wrong := at(mx, digest(cert)), at(mx, digest(other))
	policy := func(mode mtasts.Mode, mx string) asking {
		return asking{policy: mtasts.Policy{Mode: mode, MX: []string{mx}}}
	}
	enforce, testing_ := policy(mtasts.Enforce, "*.home.example"), policy(mtasts.Testing, "*.home.example")
	none := policy(mtasts.None, "")
	proved := func(r map[string][]dane.Record) proving {
		return proving{mxProved: true, hostProved: true, tlsa: r}
	}
	tests := map[string]struct {
		dns   proving
		sts   asking
		cert  tls.Certificate // without one: a handshake that fails
		plain bool            // STARTTLS is not offered
		want  string          // state and enhanced code
		seen  string          // demand and result of each connection
		words string
	}{
		"nothing is asked":             {proving{}, none, other, false, "sent 2.0.0", "opportunistic encrypted", ""},
		"nothing, no TLS":              {proving{}, none, cert, true, "sent 2.0.0", "opportunistic clear", ""},
		"nothing, TLS fails":           {proving{}, none, tls.Certificate{}, false, "sent 2.0.0", "opportunistic failed, opportunistic clear", ""},
		"DANE":                         {proved(fits), none, cert, false, "sent 2.0.0", "dane proved", ""},
		"DANE, another certificate":    {proved(wrong), none, cert, false, "deferred 4.7.5", "dane failed", "no TLSA record fits"},
		"DANE, no TLS":                 {proved(fits), none, cert, true, "deferred 4.7.4", "dane failed", "DANE demands TLS"},
		"DANE, TLS fails":              {proved(fits), none, tls.Certificate{}, false, "deferred 4.7.5", "dane failed", "TLS"},
		"DANE, unusable":               {proved(at(mx, []dane.Record{{Usage: 1}})), none, other, false, "sent 2.0.0", "dane encrypted", ""},
		"DANE, unusable, no TLS":       {proved(at(mx, []dane.Record{{Usage: 1}})), none, cert, true, "deferred 4.7.4", "dane failed", "TLS"},
		"DANE, look-up fails":          {proving{mxProved: true, hostProved: true, tlsaFails: true}, none, cert, false, "deferred 4.7.5", "", "can't be looked up"},
		"DANE of an alias":             {proving{mxProved: true, hostProved: true, canonical: "real.example", tlsa: at("real.example", digest(cert))}, none, cert, false, "sent 2.0.0", "dane proved", ""},
		"DANE before the alias":        {proving{mxProved: true, hostProved: true, canonical: "real.example", tlsa: wrong}, none, cert, false, "deferred 4.7.5", "dane failed", "TLSA"},
		"the MX is not proved":         {proving{hostProved: true, tlsa: wrong}, none, cert, false, "sent 2.0.0", "opportunistic encrypted", ""},
		"the host is not proved":       {proving{mxProved: true, tlsa: wrong}, none, cert, false, "sent 2.0.0", "opportunistic encrypted", ""},
		"enforce":                      {proving{}, enforce, cert, false, "sent 2.0.0", "mta-sts proved", ""},
		"enforce, another certificate": {proving{}, enforce, other, false, "deferred 4.7.5", "mta-sts failed", "MTA-STS policy"},
		"enforce, no TLS":              {proving{}, enforce, cert, true, "deferred 4.7.4", "mta-sts failed", "MTA-STS policy demands TLS"},
		"enforce, another MX":          {proving{}, policy(mtasts.Enforce, "mx.else.example"), cert, false, "deferred 4.7.0", "mta-sts failed", "does not name it"},
		"enforce, DANE goes first":     {proved(wrong), enforce, cert, false, "deferred 4.7.5", "dane failed", "TLSA"},
		"enforce, DANE suffices":       {proved(at(mx, digest(other))), policy(mtasts.Enforce, "mx.else.example"), other, false, "sent 2.0.0", "dane proved", ""},
		"testing":                      {proving{}, testing_, cert, false, "sent 2.0.0", "mta-sts-testing proved", ""},
		"testing, another certificate": {proving{}, testing_, other, false, "sent 2.0.0", "mta-sts-testing failed", ""},
		"testing, no TLS":              {proving{}, testing_, cert, true, "sent 2.0.0", "mta-sts-testing clear", ""},
		"testing, another MX":          {proving{}, policy(mtasts.Testing, "mx.else.example"), cert, false, "sent 2.0.0", "mta-sts-testing failed, opportunistic encrypted", ""},
		"policy is not known":          {proving{}, asking{err: errors.New("disk")}, cert, false, "deferred 4.3.0", "", "how mail to home.example must be protected"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			say := func(r *remote, verb, line string) string {
				switch {
				case verb == "EHLO" && !tc.plain:
					return "250-mx\r\n250 STARTTLS"
				case verb == "STARTTLS":
					return "220 go on"
				}
				return friendly(r, verb, line)
			}
			b, r := newBox("anna@home.example"), &remote{say: say, tls: &tls.Config{}}
			if tc.cert.Leaf != nil {
				r.tls.Certificates = []tls.Certificate{tc.cert}
			}
			var mu sync.Mutex
			var seen []string
			drain(t, b, r, 1, sender(t, b, r, func(o *outbound.Options) {
				o.Smarthost, o.DANE, o.STS, o.RootCAs = nil, tc.dns, tc.sts, pool
				o.Secured = func(by outbound.Demand, got outbound.TLSResult) {
					mu.Lock()
					defer mu.Unlock()
					seen = append(seen, string(by)+" "+string(got))
				}
			}))
			got := b.only(t)
			if state := string(got.State) + " " + got.Status; state != tc.want || !strings.Contains(got.Remote, tc.words) {
				t.Errorf("%s: %s; want %s", state, got.Remote, tc.want)
			}
			if s := strings.Join(seen, ", "); s != tc.seen {
				t.Errorf("observed %q, want %q", s, tc.seen)
			}
			if len(r.got) > 0 != (got.State == casework.Sent) {
				t.Errorf("the remote got %d mails", len(r.got))
			}
		})
	}
}

// A policy's certificate must hold for the exchanger's own name.
func TestPolicyChecksTheName(t *testing.T) {
	cert, pool := certificate(t, "else.example")
	b := newBox("anna@home.example")
	r := &remote{tls: &tls.Config{Certificates: []tls.Certificate{cert}}, say: but(map[string]string{"EHLO": "250-mx\r\n250 STARTTLS", "STARTTLS": "220 go on"})}
	drain(t, b, r, 1, sender(t, b, r, func(o *outbound.Options) {
		o.Smarthost, o.DANE, o.RootCAs = nil, proving{}, pool
		o.STS = asking{policy: mtasts.Policy{Mode: mtasts.Enforce, MX: []string{"mx.home.example"}}}
	}))
	if got := b.only(t); got.Status != "4.7.5" || !strings.Contains(got.Remote, "else.example") || len(r.got) != 0 {
		t.Errorf("%+v", got)
	}
}
