package smtpd

import (
	"net/netip"
	"strings"
	"testing"
)

// FuzzProxy plays any octets as a proxy that is trusted. No panic and no hang; nobody is spoken to but behind a header, and no mail
// comes from a client without an address.
func FuzzProxy(f *testing.F) {
	const dialogue = "EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<x@example.test>\r\nDATA\r\nx\r\n.\r\n"
	const second = "\r\n\r\n\x00\r\nQUIT\n" // how version 2 begins
	for _, header := range []string{
		"PROXY TCP4 203.0.113.1 192.0.2.25 99 25\r\n",
		"PROXY TCP6 2001:db8::1 2001:db8::2 99 25\r\n",
		"PROXY UNKNOWN\r\n",
		"PROXY TCP4 203.0.113.256 192.0.2.25 99 25\r\n",
		"PROXY TCP4 " + strings.Repeat("1", 200) + "\r\n",
		second + "\x21\x11\x00\x0c\xcb\x00\x71\x01\xc0\x00\x02\x19\x00\x63\x00\x19",
		second + "\x21\x21\x00\x24" + strings.Repeat("\x20", 36),
		second + "\x20\x00\x00\x00",
		second + "\x21\x31\x00\xd8" + strings.Repeat("a", 216),
		second + "\x21\x11\xff\xff",
		"",
	} {
		f.Add([]byte(header + dialogue))
	}
	r := start(f, Options{ProxyProtocol: true, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}, true)
	f.Fuzz(func(t *testing.T, sent []byte) {
		out := playOctets(sent, r.mem)
		s := string(sent)
		if out != "" && !strings.HasPrefix(s, "PROXY ") && !strings.HasPrefix(s, second) {
			t.Errorf("%q was answered %q", sent, out)
		}
		r.house.mu.Lock()
		mails := r.house.mails
		r.house.mails = nil
		r.house.mu.Unlock()
		for _, m := range mails {
			if !m.env.Client.IsValid() {
				t.Errorf("a mail of nobody: %+v", m.env)
			}
		}
	})
}
