package mailauth

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"smartmail/mailauth/verdict"
)

// spfRecord is a record whose every term keeps to the grammar of RFC 7208 section 12.
type spfRecord struct {
	terms    []spfTerm
	redirect string // a domain-spec; empty without the modifier. What exp says explains a fail to people: not asked for
}

// spfTerm is one mechanism.
type spfTerm struct {
	result     string // what a match means
	name       string
	domain     string       // a domain-spec, macros in it; empty: the domain that the record is of
	network    netip.Prefix // ip4, ip6
	len4, len6 int          // a, mx: prefix lengths
}

// cutSPF returns the terms of an SPF record, and false for another record (RFC 7208 section 4.5).
func cutSPF(txt string) (string, bool) {
	version, terms, _ := strings.Cut(txt, " ")
	return terms, strings.EqualFold(version, "v=spf1")
}

// parseSPF reads all terms first: an error anywhere is a permerror, even behind a match (RFC 7208 section 4.6).
func parseSPF(terms string) (spfRecord, bool) {
	var r spfRecord
	seen := make(map[string]bool)
	for term := range strings.SplitSeq(terms, " ") {
		if term == "" {
			continue
		}
		if name, value, ok := modifier(term); ok {
			once := name == "redirect" || name == "exp"
			if once && (seen[name] || !isDomainSpec(value)) || !isMacroString(value) {
				return spfRecord{}, false // section 6: neither may appear twice
			}
			seen[name] = true
			if name == "redirect" {
				r.redirect = value
			}
			continue
		}
		t, ok := parseMechanism(term)
		if !ok {
			return spfRecord{}, false
		}
		r.terms = append(r.terms, t)
	}
	return r, true
}

// modifier cuts name=value; a mechanism has ":" or "/" before any "=".
func modifier(term string) (name, value string, ok bool) {
	name, value, ok = strings.Cut(term, "=")
	if !ok || name == "" || strings.ContainsAny(name[:1], "0123456789-_.") {
		return "", "", false
	}
	for _, c := range []byte(name) {
		if !isAlphanum(c) && !strings.ContainsRune("-_.", rune(c)) {
			return "", "", false
		}
	}
	return strings.ToLower(name), value, true
}

func parseMechanism(term string) (t spfTerm, ok bool) {
	t = spfTerm{result: verdict.Pass, len4: 32, len6: 128}
	switch term[0] {
	case '-':
		t.result = verdict.Fail
	case '~':
		t.result = verdict.Softfail
	case '?':
		t.result = verdict.Neutral
	}
	if strings.IndexByte("+-~?", term[0]) >= 0 {
		term = term[1:]
	}
	end := strings.IndexAny(term, ":/")
	if end < 0 {
		end = len(term)
	}
	t.name = strings.ToLower(term[:end])
	rest := term[end:]
	if t.name == "a" || t.name == "mx" {
		if rest, ok = t.cutLengths(rest); !ok {
			return t, false
		}
	}
	argument, given := strings.CutPrefix(rest, ":")
	t.domain = argument
	switch t.name {
	case "all":
		return t, rest == ""
	case "include", "exists":
		return t, given && isDomainSpec(argument)
	case "a", "mx", "ptr":
		return t, rest == "" || given && isDomainSpec(argument)
	case "ip4", "ip6":
		t.network, ok = parseNetwork(argument, t.name == "ip4")
		return t, given && ok
	}
	return t, false
}

// cutLengths takes the prefix lengths, as in /24//64, off the end of an argument. A slash elsewhere is part of a name.
func (t *spfTerm) cutLengths(s string) (rest string, ok bool) {
	end := strings.TrimRight(s, "0123456789")
	if head, six := strings.CutSuffix(end, "//"); six {
		if t.len6, ok = prefixLength(s[len(end):], 128); !ok {
			return "", false
		}
		s, end = head, strings.TrimRight(head, "0123456789")
	}
	if head, four := strings.CutSuffix(end, "/"); four {
		t.len4, ok = prefixLength(s[len(end):], 32)
		return head, ok
	}
	return s, true
}

// prefixLength reads a decimal without leading zeros.
func prefixLength(s string, most int) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= 0 && n <= most && strconv.Itoa(n) == s
}

func parseNetwork(s string, four bool) (netip.Prefix, bool) {
	bits := 128
	if four {
		bits = 32
	}
	text, length, prefixed := strings.Cut(s, "/")
	addr, err := netip.ParseAddr(text)
	if err != nil || addr.Is4() != four || addr.Zone() != "" {
		return netip.Prefix{}, false
	}
	ok := true
	if prefixed {
		bits, ok = prefixLength(length, bits)
	}
	if addr.Is4In6() && bits >= 96 {
		addr, bits = addr.Unmap(), bits-96 // the IPv4 clients that are meant come as such
	}
	return netip.PrefixFrom(addr, bits), ok
}

// Macros of section 7.1, anchored by those who use them. The letters c, r and t are for explanations alone.
const (
	macroTail = `[0-9]*[rR]?[-.+,/_=]*\})`
	macro     = `%(?:[%_-]|\{[slodiphvSLODIPHV]` + macroTail
	anyMacro  = `%(?:[%_-]|\{[slodiphcrtvSLODIPHCRTV]` + macroTail
)

var (
	macroString  = regexp.MustCompile(`^(?:[!-$&-~]|` + anyMacro + `)*$`)
	domainString = regexp.MustCompile(`^(?:[!-$&-~]|` + macro + `)*$`)
	domainEnd    = regexp.MustCompile(`(?:\.(?:[0-9A-Za-z]*[A-Za-z][0-9A-Za-z]*|[0-9A-Za-z]+-[0-9A-Za-z-]*[0-9A-Za-z])\.?|` + macro + `)$`)
	zeroLabels   = regexp.MustCompile(`%\{[a-zA-Z]0+[^0-9]`)
)

func isMacroString(s string) bool { return macroString.MatchString(s) && !zeroLabels.MatchString(s) }

// isDomainSpec checks for a macro-string that ends in a top label or a macro. Of no labels at all nothing is left
// to ask for (section 7.3: the number must not be zero).
func isDomainSpec(s string) bool {
	return domainString.MatchString(s) && domainEnd.MatchString(s) && !zeroLabels.MatchString(s)
}

func isAlphanum(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
