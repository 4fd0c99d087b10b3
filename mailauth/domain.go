package mailauth

import (
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// otherDots are full stops that IDNA maps to ".", and that not every parser does.
const otherDots = "\u3002\uff0e\uff61"

// asciiDomain returns the A-label form of a mail domain in lower case (RFC 5890 section 2.3.2.1, RFC 5891), and false
// for what is none: an address literal, one label alone, labels with odd characters, a number for the last label.
func asciiDomain(s string) (string, bool) {
	if s == "" || strings.ContainsAny(s, otherDots) {
		return "", false
	}
	if plainDomain(s) {
		s = strings.ToLower(s)
	} else {
		profile := idna.New(idna.MapForLookup(), idna.BidiRule(), idna.Transitional(false),
			idna.StrictDomainName(true), idna.VerifyDNSLength(true))
		ascii, err := profile.ToASCII(s)
		if err != nil {
			return "", false
		}
		s = ascii
	}
	dot := strings.LastIndexByte(s, '.')
	if dot < 0 || len(s) > 253 || strings.Trim(s[dot+1:], "0123456789") == "" {
		return "", false
	}
	return s, true
}

// plainDomain reports whether s consists of letter-digit-hyphen labels without an A-label among them, as nearly all
// domains do: those need no tables.
func plainDomain(s string) bool {
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		if len(label) > 3 && label[2:4] == "--" {
			return false
		}
		for _, c := range []byte(label) {
			if c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
				return false
			}
		}
	}
	return true
}

// organisational returns the domain one label below the public suffix (RFC 7489 section 3.2), or the domain itself
// where it is a public suffix: no one else's mail aligns with that.
func organisational(domain string) string {
	org, err := publicsuffix.EffectiveTLDPlusOne(domain)
	if err != nil {
		return domain
	}
	return org
}
