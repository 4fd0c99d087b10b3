package mailauth

import (
	"errors"
	"io"
	"mime"
	"strings"
	"unicode"
	"unicode/utf8"
)

// identity is the one address in From, or why there is none to rely on.
type identity struct {
	address string // local part as it stands, domain in A-labels and lower case
	domain  string
	problem string
	claimed []string // with a problem: domains that From may be read to name, at most maxClaimed
}

// maxFromBytes bounds the From field that is taken for an identity.
const maxFromBytes = 4096

// readIdentity takes an identity out of the header only where every parser would take the same one: one From line of
// the plain form, with one address (RFC 7489 section 6.6.1 leaves the rest to us). Everything else is a problem.
func readIdentity(h header) identity {
	id := readOne(h)
	if id.problem != "" {
		id.claimed = claimedDomains(h)
	}
	return id
}

func readOne(h header) identity {
	if h.tooBig {
		return identity{problem: "the header is too big"}
	}
	if h.problem != "" {
		return identity{problem: h.problem}
	}
	var from []field
	for _, f := range h.fields {
		if looksLikeFrom(f.name) {
			from = append(from, f)
		}
	}
	switch {
	case len(from) == 0:
		return identity{problem: "no From"}
	case len(from) > 1:
		return identity{problem: "several From lines"}
	case !strings.EqualFold(from[0].name, "From"):
		return identity{problem: "odd spelling of From"}
	case len(from[0].text) > maxFromBytes:
		return identity{problem: "From is too long"}
	}
	value, ok := unfold(from[0].value())
	if !ok {
		return identity{problem: "odd folding in From"}
	}
	return readMailbox(value)
}

// looksLikeFrom reports whether some parser could take the name for From: with white space or control characters in
// it, before it or after it.
func looksLikeFrom(name string) bool {
	if len(name) > maxFromBytes {
		return false
	}
	bare := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, name)
	return strings.EqualFold(bare, "from")
}

// unfold joins continuation lines; one that is all white space is obsolete syntax (RFC 5322 section 4.2) that some
// take for the end of the header.
func unfold(value string) (string, bool) {
	var b strings.Builder
	for i, line := range strings.Split(value, "\r\n") {
		if i > 0 && strings.Trim(line, " \t") == "" {
			return "", false
		}
		b.WriteString(line)
	}
	return strings.Trim(b.String(), " \t"), true
}

// Parts of a mailbox as the scanner gives them.
type part struct {
	kind byte // 'w' word, 'q' quoted string, 'c' comment, 'a' what stands in angle brackets
	text string
}

// readMailbox reads one mailbox (RFC 5322 section 3.4) without the corners of the grammar in which parsers differ:
// groups, routes, quoted local parts, comments within, and names that hide an address.
func readMailbox(s string) identity {
	if s == "" {
		return identity{problem: "From is empty"}
	}
	for _, r := range s {
		if r == utf8.RuneError || r != '\t' && unicode.IsControl(r) {
			return identity{problem: "control characters or broken UTF-8 in From"}
		}
	}
	parts, problem := scan(s)
	if problem != "" {
		return identity{problem: problem}
	}
	spec, problem := choose(parts)
	if problem != "" {
		return identity{problem: problem}
	}
	return readAddress(spec)
}

// scan cuts a mailbox into parts.
func scan(s string) ([]part, string) {
	var parts []part
	for s = strings.TrimLeft(s, " \t"); s != ""; s = strings.TrimLeft(s, " \t") {
		var p part
		var n int
		switch s[0] {
		case '"':
			n = closingQuote(s)
			p.kind = 'q'
		case '(':
			n = strings.IndexByte(s, ')')
			p.kind = 'c'
		case '<':
			n = strings.IndexByte(s, '>')
			p.kind = 'a'
		default:
			n = strings.IndexAny(s, " \t\"(),:;<>[\\]")
			if n < 0 {
				n = len(s)
			}
			if n == 0 {
				return nil, "From has more than one plain address"
			}
			parts = append(parts, part{'w', s[:n]})
			s = s[n:]
			continue
		}
		if n < 0 {
			return nil, "unclosed quote, comment or bracket in From"
		}
		p.text = s[1:n]
		parts = append(parts, p)
		s = s[n+1:]
	}
	return parts, ""
}

// closingQuote finds the end of the quoted string that s begins with.
func closingQuote(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

// choose finds the address among the parts: in brackets behind a name, or alone; comments may follow.
func choose(parts []part) (spec, problem string) {
	angle := -1
	for i, p := range parts {
		switch {
		case p.kind == 'a' && angle >= 0:
			return "", "several addresses in From"
		case p.kind == 'a':
			angle = i
		case p.kind == 'c' && strings.ContainsAny(p.text, "(<>@,\\\""):
			return "", "odd comment in From"
		case p.kind != 'c' && angle >= 0:
			return "", "text behind the address in From"
		}
	}
	if angle < 0 {
		if parts[0].kind != 'w' || len(parts) > 1 && parts[1].kind != 'c' || len(parts) > 2 {
			return "", "From is not one plain address"
		}
		return parts[0].text, ""
	}
	spec = parts[angle].text
	var name []string
	for _, p := range parts[:angle] {
		// A bare @ before the brackets is taken for the address by some; no harm where it is the same one.
		if p.kind == 'w' && strings.Contains(p.text, "@") && p.text != spec {
			return "", "several addresses in From"
		}
		name = append(name, p.text)
	}
	if hidesAddress(strings.Join(name, " ")) {
		return "", "the name in From hides an address"
	}
	return spec, ""
}

// hidesAddress reports whether a display name, as it stands or with its encoded words decoded (RFC 2047), would read
// as addresses to a parser that decodes or unquotes too early.
func hidesAddress(name string) bool {
	errOpaque := errors.New("opaque charset")
	decoder := mime.WordDecoder{CharsetReader: func(charset string, r io.Reader) (io.Reader, error) {
		switch {
		case strings.HasPrefix(charset, "utf"): // UTF-7 and UTF-16 write < and @ in other octets
			return nil, errOpaque
		case strings.HasPrefix(charset, "iso-8859-"), strings.HasPrefix(charset, "windows-125"):
			return r, nil
		default: // multi-octet charsets, in which the octet of < is part of a letter
			return strings.NewReader(""), nil
		}
	}}
	decoded, err := decoder.DecodeHeader(name)
	if err != nil {
		return true
	}
	for _, s := range []string{name, decoded} {
		if strings.ContainsAny(s, "<>") || strings.Contains(s, "@") && strings.ContainsAny(s, ",;\\") ||
			strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
			return true
		}
	}
	return false
}

// readAddress reads an addr-spec whose local part is a dot-atom (RFC 5322 section 3.4.1, RFC 6532 section 3.2).
func readAddress(spec string) identity {
	local, domain, ok := strings.Cut(spec, "@")
	if !ok || strings.Contains(domain, "@") {
		return identity{problem: "From is not one plain address"}
	}
	if len(local) > 64 || strings.Contains(local, "=?") {
		return identity{problem: "odd local part in From"}
	}
	for atom := range strings.SplitSeq(local, ".") {
		if atom == "" || strings.ContainsFunc(atom, func(r rune) bool { return !isAtext(r) }) {
			return identity{problem: "odd local part in From"}
		}
	}
	ascii, ok := asciiDomain(domain)
	if !ok {
		return identity{problem: "From has no usable domain"}
	}
	return identity{address: local + "@" + ascii, domain: ascii}
}

// isAtext is RFC 5322 section 3.2.3, widened by RFC 6532 to what can be seen beyond ASCII.
func isAtext(r rune) bool {
	switch {
	case r >= utf8.RuneSelf:
		return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsNumber(r) || unicode.IsSymbol(r)
	case 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9':
		return true
	default:
		return strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
	}
}
