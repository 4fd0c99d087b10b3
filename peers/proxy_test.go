package peers

import (
	"errors"
	"os"
	"testing"

	"smartmail/testrig"
)

// Behind a proxy the client is the one that the PROXY header names: for the record, and for SPF.
func TestProxyProtocol(t *testing.T) {
	h := open(t, func(o *testrig.Options) { o.Extra = "  proxy_protocol: true\n" })
	if err := h.zone.Add(`sender.example.net. 300 IN TXT "v=spf1 ip4:203.0.113.9 ip6:2001:db8::9 -all"`); err != nil {
		t.Fatal(err)
	}
	v2 := func(client string) string { // version 2, PROXY over TCP on IPv4
		return "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c" + client + "\x7f\x00\x00\x01\x9c\x40\x00\x19"
	}
	for name, c := range map[string]struct{ header, client, spf string }{
		"v1":           {"PROXY TCP4 203.0.113.9 127.0.0.1 40000 25\r\n", "203.0.113.9", "pass"},
		"v1, IPv6":     {"PROXY TCP6 2001:db8::9 ::1 40000 25\r\n", "2001:db8::9", "pass"},
		"v1, stranger": {"PROXY TCP4 198.51.100.7 127.0.0.1 40000 25\r\n", "198.51.100.7", "fail"},
		"v2":           {v2("\xcb\x00\x71\x09"), "203.0.113.9", "pass"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := dial(h.SMTP, c.header)
			if err != nil {
				t.Fatal(err)
			}
			defer s.close()
			raw := compose(sender, intake, sum([]byte(name))+"@sender.example.net", "Fel", 100)
			got, err := s.send(letter{from: sender, to: intake, raw: raw})
			if err != nil {
				t.Fatal(err)
			}
			m := h.wantStored(t, got, raw)
			if m.Envelope.Client != c.client || m.Auth.SPF.Result != c.spf || m.Auth.SPF.Domain != bounceDomain {
				t.Errorf("client %s, SPF %+v, want %s and %s", m.Envelope.Client, m.Auth.SPF, c.client, c.spf)
			}
		})
	}
	s, err := dial(h.SMTP, "EHLO peer.example.net\r\n")
	if err == nil {
		s.close()
	}
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a connection without a PROXY header: %v, want it refused", err)
	}
}
