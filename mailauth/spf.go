package mailauth

import (
	"context"
	"errors"
	"net"
	"strings"

	"blitiri.com.ar/go/spf"
	"golang.org/x/net/idna"

	"smartmail/mailauth/verdict"
)

// spf evaluates RFC 7208 for the reverse-path, or for HELO where that is null (section 2.4). The library keeps the
// section's limits: 10 terms with look-ups, 2 void look-ups, 10 MX and PTR names each.
func (c *Checker) spf(ctx context.Context, in Input) verdict.SPF {
	out := verdict.SPF{Result: verdict.None, Identity: verdict.MailFrom}
	if in.ReversePath == "" {
		out.Identity = verdict.Helo
	}
	local, domain, ok := spfSender(in.ReversePath, in.Helo)
	if !ok {
		return out
	}
	out.Domain = domain
	client := in.Client.Unmap().WithZone("")
	if !client.IsValid() {
		return out // an import: there is no client to ask about
	}
	result, err := spf.CheckHostWithSender(client.AsSlice(), in.Helo, local+"@"+domain,
		spf.WithContext(ctx), spf.WithResolver(spfResolver{guard{c.resolver, client.Is4()}}))
	out.Result = string(result)
	var de *net.DNSError
	if result == spf.TempError && errors.As(err, &de) && !de.Temporary() {
		// The library takes every failure but "not found" for temporary. A spent budget is not: the record asks for
		// more than anyone should look up (RFC 7208 section 4.6.4).
		out.Result = verdict.Permerror
	}
	return out
}

// spfSender returns the mailbox whose domain is asked, by RFC 7208 sections 2.4 and 4.3, and false where there is none.
func spfSender(reversePath, helo string) (local, domain string, ok bool) {
	local, domain = "postmaster", helo
	if reversePath != "" {
		// RFC 5321 section 4.1.1.3: a source route is ignored. Of the rest, the domain follows the last @; a local part
		// with an @ in it would make the macros of the library read another domain.
		if strings.HasPrefix(reversePath, "@") {
			if _, rest, routed := strings.Cut(reversePath, ":"); routed {
				reversePath = rest
			}
		}
		at := strings.LastIndexByte(reversePath, '@')
		if at < 0 || strings.Contains(reversePath[:at], "@") {
			return "", "", false
		}
		domain = reversePath[at+1:]
		if at > 0 {
			local = reversePath[:at]
		}
	}
	domain = strings.ToLower(strings.TrimSuffix(domain, "."))
	if strings.ContainsFunc(domain, func(r rune) bool { return r >= 0x80 }) {
		ascii, err := idna.Lookup.ToASCII(domain) // RFC 7208 section 4.3
		if err != nil {
			return "", "", false
		}
		domain = ascii
	}
	if !strings.Contains(domain, ".") || strings.HasPrefix(domain, "[") || len(domain) > 253 {
		return "", "", false
	}
	return local, domain, true
}
