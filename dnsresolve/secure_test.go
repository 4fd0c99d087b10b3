package dnsresolve

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// An answer is secure where its server says so and is trusted, and only then do TLSA records count.
func TestSecureAnswers(t *testing.T) {
	records := zone(t, "home.test. 60 IN MX 10 mx.home.test.", "alias.test. 60 IN CNAME mx.home.test.", "mx.home.test. 60 IN A 192.0.2.1",
		"_25._tcp.mx.home.test. 60 IN TLSA 3 1 1 "+strings.Repeat("ab", 32), "half.test. 60 IN A 192.0.2.2", "half.test. 60 IN AAAA 2001:db8::1")
	for name, tc := range map[string]struct {
		trust     Trust
		validates bool
		want      bool
	}{
		"loopback":           {TrustLoopback, true, true},
		"unset":              {"", true, true},
		"does not validate":  {TrustLoopback, false, false},
		"always":             {TrustAlways, true, true},
		"never":              {TrustNever, true, false},
		"never, and nothing": {TrustNever, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(network string, q dns.Question, reply *dns.Msg) *dns.Msg {
				reply.AuthenticatedData = tc.validates && (q.Name != "half.test." || q.Qtype == dns.TypeA)
				if q.Name == "_25._tcp.bogus.test." {
					reply.Rcode = dns.RcodeServerFailure
					return reply
				}
				return records(network, q, reply)
			})
			r, err := New(Options{Servers: []string{s.addr}, TrustAD: tc.trust})
			if err != nil {
				t.Fatal(err)
			}
			mx, secure, err := r.SecureMX(t.Context(), "home.test")
			if len(mx) != 1 || secure != tc.want || err != nil {
				t.Errorf("MX: %v, %v, %v", mx, secure, err)
			}
			_, secure, err = r.SecureMX(t.Context(), "none.test")
			if secure != tc.want || !isNotFound(err) {
				t.Errorf("no MX: %v, %v", secure, err)
			}
			addrs, canonical, secure, err := r.SecureHost(t.Context(), "alias.test")
			if fmt.Sprint(addrs) != "[192.0.2.1]" || canonical != "mx.home.test" || secure != tc.want || err != nil {
				t.Errorf("host: %v, %q, %v, %v", addrs, canonical, secure, err)
			}
			if addrs, _, secure, err = r.SecureHost(t.Context(), "half.test"); len(addrs) != 2 || secure || err != nil {
				t.Errorf("a host of which half is proved: %v, %v, %v", addrs, secure, err)
			}
			if _, _, _, err = r.SecureHost(t.Context(), "none.test"); !isNotFound(err) {
				t.Errorf("no host: %v", err)
			}
			tlsa, err := r.LookupTLSA(t.Context(), 25, "mx.home.test")
			if err != nil || (len(tlsa) == 1) != tc.want {
				t.Errorf("TLSA: %v, %v", tlsa, err)
			}
			if tc.want && (tlsa[0].Usage != 3 || tlsa[0].Selector != 1 || tlsa[0].Matching != 1 || hex.EncodeToString(tlsa[0].Data) != strings.Repeat("ab", 32)) {
				t.Errorf("TLSA: %+v", tlsa[0])
			}
			if tlsa, err = r.LookupTLSA(t.Context(), 25, "home.test"); len(tlsa) != 0 || err != nil {
				t.Errorf("no TLSA: %v, %v", tlsa, err)
			}
			var dnsErr *net.DNSError
			if _, err = r.LookupTLSA(t.Context(), 25, "bogus.test"); !errors.As(err, &dnsErr) || !dnsErr.IsTemporary {
				t.Errorf("TLSA that is not known: %v", err)
			}
		})
	}
}

func TestTrusts(t *testing.T) {
	for server, want := range map[string]bool{"127.0.0.53:53": true, "[::1]:53": true, "192.0.2.1:53": false, "[::ffff:127.0.0.1]:53": true} {
		if got := (&Resolver{trust: TrustLoopback}).trusts(server); got != want {
			t.Errorf("%s: %v", server, got)
		}
	}
}
