package dnsresolve

import (
	"fmt"
	"strings"

	"github.com/miekg/dns"
)

// question builds the question for a name as it stands in a mail or a record: any octets, dots between labels, no
// escapes. It reports false for what can't be a name: an empty or over-long label, over 255 octets in all.
func question(name string, qtype uint16) (dns.Question, bool) {
	if name == "" {
		return dns.Question{}, false
	}
	fqdn := escapeName(strings.TrimSuffix(name, ".")) + "."
	// Through the wire form and back: then it compares with names out of answers, and impossible names fail here.
	wire := make([]byte, 255)
	n, err := dns.PackDomainName(fqdn, wire, 0, nil, false)
	if err != nil {
		return dns.Question{}, false
	}
	canonical, _, err := dns.UnpackDomainName(wire[:n], 0)
	if err != nil {
		return dns.Question{}, false
	}
	return dns.Question{Name: canonical, Qtype: qtype, Qclass: dns.ClassINET}, true
}

// escapeName makes presentation form (RFC 1035 section 5.1) of a name given as plain octets.
func escapeName(name string) string {
	var b strings.Builder
	for i := range len(name) {
		switch c := name[i]; {
		case c == '.' || c == '-' || c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, `\%03d`, c)
		}
	}
	return b.String()
}

// unescapeName gives the octets of a name in presentation form. A dot within a label stays escaped, since unescaped it
// would read as a border of labels.
func unescapeName(name string) string {
	return unescape(name, func(c byte) bool { return c == '.' })
}

// unescapeTXT joins the strings of a TXT record, which package dns gives in presentation form.
func unescapeTXT(parts []string) string {
	return unescape(strings.Join(parts, ""), func(byte) bool { return false })
}

// unescape undoes \X and \DDD, but not for octets of which keep is true.
func unescape(s string, keep func(byte) bool) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	digit := func(i int) bool { return i < len(s) && '0' <= s[i] && s[i] <= '9' }
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		start := i
		i++
		c := s[i]
		if digit(i) && digit(i+1) && digit(i+2) {
			c = (s[i]-'0')*100 + (s[i+1]-'0')*10 + s[i+2] - '0'
			i += 2
		}
		if keep(c) {
			b.WriteString(s[start : i+1])
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
