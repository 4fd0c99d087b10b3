package mailauth

import (
	"strings"

	"smartmail/mailauth/verdict"
)

// seals lists who sealed the chain, oldest first, with what each had found out about the domain in From.
func seals(sets []arcSet) []verdict.Seal {
	out := make([]verdict.Seal, len(sets))
	for i, s := range sets {
		out[i].Domain = sealer(s.sealTags)
		out[i].DMARC, out[i].From = sealedDMARC(s.results.value())
	}
	return out
}

// sealedDMARC reads the DMARC result, and the domain that it is about, out of an ARC-Authentication-Results field
// (RFC 8617 section 4.1.1, RFC 8601 section 2.2). Where there is not exactly one result, there is none.
func sealedDMARC(value string) (result, from string) {
	found := false
	for _, info := range strings.Split(withoutComments(value), ";")[1:] {
		words := strings.Fields(info)
		if len(words) == 0 {
			continue
		}
		method, word, _ := strings.Cut(words[0], "=")
		method, _, _ = strings.Cut(method, "/") // its version
		if !strings.EqualFold(method, "dmarc") {
			continue
		}
		if found {
			return "", ""
		}
		found, result = true, strings.ToLower(word)
		for _, w := range words[1:] {
			if name, domain, _ := strings.Cut(w, "="); strings.EqualFold(name, "header.from") {
				from, _ = asciiDomain(domain)
			}
		}
	}
	return result, from
}

// withoutComments replaces comments and quoted strings by a space (RFC 5322 section 3.2.2), so that what a sender put
// into them can't be taken for a result, and takes the space round "=" out. What is left open swallows the rest.
func withoutComments(s string) string {
	var b strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\':
			i++
		case quoted:
			quoted = c != '"'
		case c == '(':
			depth++
			b.WriteByte(' ')
		case c == ')' && depth > 0:
			depth--
		case depth > 0:
		case c == '"':
			quoted = true
			b.WriteByte(' ')
		default:
			b.WriteByte(c)
		}
	}
	parts := strings.Split(b.String(), "=")
	for i := range parts {
		if i > 0 {
			parts[i] = strings.TrimLeft(parts[i], " \t\r\n")
		}
		if i < len(parts)-1 {
			parts[i] = strings.TrimRight(parts[i], " \t\r\n")
		}
	}
	return strings.Join(parts, "=")
}
