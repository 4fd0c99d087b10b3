package mailauth

import (
	"mime"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxAts bounds what is looked at for claimed domains.
const maxAts = 100

// claimedDomains reads From as loosely as the loosest parser might: whatever follows an @ and is a domain, as it stands
// and with encoded words decoded.
func claimedDomains(h header) []string {
	var domains []string
	tried := 0
	for _, f := range h.fields {
		if !looksLikeFrom(f.name) {
			continue
		}
		text := f.value()[:min(len(f.value()), maxFromBytes)]
		decoded, err := (&mime.WordDecoder{}).DecodeHeader(text)
		if err == nil && decoded != text {
			text += " " + decoded
		}
		for _, s := range strings.Split(text, "@")[1:] {
			if tried++; tried > maxAts || len(domains) == maxClaimed {
				return domains
			}
			domain, ok := asciiDomain(strings.TrimRight(leadingDomain(s), "."))
			if ok && !slices.Contains(domains, domain) {
				domains = append(domains, domain)
			}
		}
	}
	return domains
}

// leadingDomain is the part of s that could be a domain.
func leadingDomain(s string) string {
	end := strings.IndexFunc(s, func(r rune) bool {
		return r < utf8.RuneSelf && r != '-' && r != '.' && !isAlphanum(byte(r)) || unicode.IsSpace(r) || unicode.IsControl(r)
	})
	if end < 0 {
		return s
	}
	return s[:end]
}
