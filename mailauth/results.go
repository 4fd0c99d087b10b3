package mailauth

import (
	"cmp"
	"strings"

	"smartmail/mailauth/verdict"
)

// AuthenticationResults puts a verdict into the value of an Authentication-Results field (RFC 8601 section 2.2), as the
// explanation of it. What came out of the mail is quoted, so that it can't look like a result of ours.
func AuthenticationResults(hostname string, v verdict.Verdict) string {
	parts := []string{token(hostname)}
	parts = append(parts, spfResult(v.SPF))
	if v.SPF.Identity != verdict.Helo && v.SPFHelo.Domain != "" {
		parts = append(parts, spfResult(v.SPFHelo))
	}
	if len(v.DKIM) == 0 {
		parts = append(parts, "dkim=none")
	}
	for _, d := range v.DKIM {
		dkim := "dkim=" + word(d.Result) + reason(d.Reason)
		if d.Domain != "" {
			dkim += " header.d=" + token(d.Domain)
		}
		if d.Selector != "" {
			dkim += " header.s=" + token(d.Selector)
		}
		parts = append(parts, dkim)
	}
	dmarc := "dmarc=" + word(v.DMARC.Result) + reason(v.DMARC.Reason)
	if v.DMARC.Policy != "" {
		dmarc += " policy.dmarc=" + token(v.DMARC.Policy)
	}
	if v.DMARC.Domain != "" {
		dmarc += " header.from=" + token(v.DMARC.Domain)
	}
	return strings.Join(append(parts, dmarc, "arc="+word(v.ARC)), "; ")
}

func spfResult(s verdict.SPF) string {
	out := "spf=" + word(s.Result)
	if s.Domain != "" {
		out += " smtp." + cmp.Or(s.Identity, verdict.MailFrom) + "=" + token(s.Domain)
	}
	return out
}

// word is a result word; an absent one is none.
func word(result string) string {
	if result == "" {
		return verdict.None
	}
	return result
}

func reason(s string) string {
	if s == "" {
		return ""
	}
	return " reason=" + quote(s)
}

// maxToken bounds what is repeated from a mail.
const maxToken = 255

// token gives a value as it stands where it reads as one (RFC 2045 section 5.1), else quoted.
func token(s string) string {
	plain := func(r rune) bool {
		return r > ' ' && r < 0x7f && !strings.ContainsRune(`()<>@,;:\"/[]?='`, r)
	}
	if s != "" && len(s) <= maxToken && !strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		return s
	}
	return quote(s)
}

// quote makes a quoted string (RFC 5322 section 3.2.4) without control characters.
func quote(s string) string {
	if len(s) > maxToken {
		s = s[:maxToken]
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range strings.ToValidUTF8(s, "?") {
		switch {
		case r < ' ' || r >= 0x7f && r < 0xa0:
			b.WriteByte('?')
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
