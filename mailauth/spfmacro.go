package mailauth

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// maxDomain is the longest name that is asked for (RFC 7208 section 7.3).
const maxDomain = 253

// expand gives the name that a domain-spec means, over the domain whose record it stands in (RFC 7208 section 7). The
// grammar has been checked. It reports false where the name hangs on a local part that is not ASCII: such a term never
// matches (RFC 8616 section 4).
func (e *spfEval) expand(ctx context.Context, spec, domain string) (string, bool) {
	if spec == "" {
		return domain, true
	}
	var b strings.Builder
	for {
		text, rest, found := strings.Cut(spec, "%")
		b.WriteString(text)
		if !found {
			break
		}
		switch rest[0] {
		case '%':
			b.WriteByte('%')
		case '_':
			b.WriteByte(' ')
		case '-':
			b.WriteString("%20")
		}
		if rest[0] != '{' {
			spec = rest[1:]
			continue
		}
		var body string
		body, spec, _ = strings.Cut(rest[1:], "}")
		if strings.ContainsAny(body[:1], "sSlL") && !isASCII(e.local) {
			return "", false
		}
		b.WriteString(e.macro(ctx, body, domain))
	}
	name := strings.TrimSuffix(b.String(), ".")
	for len(name) > maxDomain {
		_, shorter, ok := strings.Cut(name, ".")
		if !ok {
			break // one label alone, which no name server is asked for
		}
		name = shorter
	}
	return name, true
}

// macro expands what stands between the braces: a letter, how many labels from the right, whether reversed, and what
// parts the labels (RFC 7208 section 7.1).
func (e *spfEval) macro(ctx context.Context, body, domain string) string {
	value := e.letter(ctx, body[0]|0x20, domain)
	rest := strings.TrimLeft(body[1:], "0123456789")
	digits := body[1 : len(body)-len(rest)]
	delimiters := strings.TrimLeft(rest, "rR")
	if digits != "" || rest != "" {
		if len(delimiters) == 0 {
			delimiters = "."
		}
		parts := splitAny(value, delimiters)
		if len(rest) > 0 && rest[0]|0x20 == 'r' {
			slices.Reverse(parts)
		}
		if n, err := strconv.Atoi(digits); err == nil && n < len(parts) {
			parts = parts[len(parts)-n:]
		}
		value = strings.Join(parts, ".")
	}
	if body[0] < 'a' {
		value = escapeURL(value)
	}
	return value
}

// splitAny cuts at each of the delimiters.
func splitAny(s, delimiters string) []string {
	var parts []string
	for {
		i := strings.IndexAny(s, delimiters)
		if i < 0 {
			return append(parts, s)
		}
		parts, s = append(parts, s[:i]), s[i+1:]
	}
}

// letter is a macro's value before it is transformed (RFC 7208 section 7.2).
func (e *spfEval) letter(ctx context.Context, letter byte, domain string) string {
	switch letter {
	case 's':
		return e.local + "@" + e.sender
	case 'l':
		return e.local
	case 'o':
		return e.sender
	case 'd':
		return domain
	case 'h':
		return e.helo
	case 'i':
		return dottedAddress(e.client)
	case 'v':
		if e.client.Is4() {
			return "in-addr"
		}
		return "ip6"
	default: // p
		return e.clientName(ctx, domain)
	}
}

// dottedAddress is the client's address as i has it: nibbles for IPv6.
func dottedAddress(a netip.Addr) string {
	if a.Is4() {
		return a.String()
	}
	var b strings.Builder
	for i, octet := range a.As16() {
		if i > 0 {
			b.WriteByte('.')
		}
		fmt.Fprintf(&b, "%x.%x", octet>>4, octet&15)
	}
	return b.String()
}

// escapeURL escapes all but what RFC 3986 section 2.3 leaves unreserved.
func escapeURL(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if isAlphanum(c) || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 })
}
