package mailauth

import (
	"context"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// spfResolver shows the library SPF records only where they are well-formed. The library evaluates term by term, but a
// syntax error anywhere in a record is a permerror, even behind a match (RFC 7208 section 4.6).
type spfResolver struct{ guard }

// brokenSPF stands for a record with a syntax error: its one term is none.
const brokenSPF = "v=spf1 !"

// LookupTXT replaces malformed SPF records.
func (r spfResolver) LookupTXT(ctx context.Context, name string) ([]string, error) {
	txts, err := r.guard.LookupTXT(ctx, name)
	out := make([]string, len(txts))
	for i, txt := range txts {
		out[i] = txt
		if terms, ok := cutSPF(txt); ok && !wellFormed(terms) {
			out[i] = brokenSPF
		}
	}
	return out, err
}

// cutSPF returns the terms of an SPF record, and false for another record (RFC 7208 section 4.5).
func cutSPF(txt string) (string, bool) {
	version, terms, _ := strings.Cut(txt, " ")
	return terms, strings.EqualFold(version, "v=spf1")
}

// wellFormed checks the terms against the grammar of RFC 7208 section 12.
func wellFormed(terms string) bool {
	seen := make(map[string]bool)
	for term := range strings.SplitSeq(terms, " ") {
		if term == "" {
			continue
		}
		if name, value, ok := modifier(term); ok {
			once := name == "redirect" || name == "exp"
			if once && (seen[name] || !isDomainSpec(value)) || !isMacroString(value) {
				return false // section 6: neither may appear twice
			}
			seen[name] = true
			continue
		}
		if !isMechanism(strings.TrimLeft(term[:1], "+-~?") + term[1:]) {
			return false
		}
	}
	return true
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

func isMechanism(term string) bool {
	i := strings.IndexAny(term, ":/")
	if i < 0 {
		i = len(term)
	}
	rest := term[i:]
	argument, colon := strings.CutPrefix(rest, ":")
	switch strings.ToLower(term[:i]) {
	case "all":
		return rest == ""
	case "include", "exists":
		return colon && isDomainSpec(argument)
	case "ptr":
		return rest == "" || colon && isDomainSpec(argument)
	case "a", "mx":
		domain, ok := cutDualCIDR(rest)
		return ok && (domain == "" || strings.HasPrefix(domain, ":") && isDomainSpec(domain[1:]))
	case "ip4", "ip6":
		return colon && isNetwork(argument, strings.EqualFold(term[:i], "ip4"))
	}
	return false
}

// cutDualCIDR takes the prefix lengths, as in /24//64, off the end of an argument.
func cutDualCIDR(s string) (rest string, ok bool) {
	end := strings.TrimRight(s, "0123456789")
	if head, six := strings.CutSuffix(end, "//"); six {
		if !isPrefixLength(s[len(end):], 128) {
			return "", false
		}
		s, end = head, strings.TrimRight(head, "0123456789")
	}
	if head, four := strings.CutSuffix(end, "/"); four {
		return head, isPrefixLength(s[len(end):], 32)
	}
	return s, true
}

// isPrefixLength checks a decimal without leading zeros.
func isPrefixLength(s string, most int) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n <= most && strconv.Itoa(n) == s
}

func isNetwork(s string, four bool) bool {
	most := 128
	if four {
		most = 32
	}
	addr, length, prefixed := strings.Cut(s, "/")
	ip, err := netip.ParseAddr(addr)
	return err == nil && ip.Is4() == four && ip.Zone() == "" && (!prefixed || isPrefixLength(length, most))
}

// macro is a macro-expand of section 7.1, anchored by those who use it.
const macro = `%(?:[%_-]|\{[slodiphcrtvSLODIPHCRTV][0-9]*[rR]?[-.+,/_=]*\})`

var (
	macroString = regexp.MustCompile(`^(?:[!-$&-~]|` + macro + `)*$`)
	domainEnd   = regexp.MustCompile(`(?:\.(?:[0-9A-Za-z]*[A-Za-z][0-9A-Za-z]*|[0-9A-Za-z]+-[0-9A-Za-z-]*[0-9A-Za-z])\.?|` + macro + `)$`)
)

func isMacroString(s string) bool { return macroString.MatchString(s) }

// isDomainSpec checks for a macro-string that ends in a top label or a macro.
func isDomainSpec(s string) bool { return isMacroString(s) && domainEnd.MatchString(s) }

func isAlphanum(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
