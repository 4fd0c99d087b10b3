package mailauth

import (
	"context"
	"strings"

	"golang.org/x/net/idna"

	"smartmail/mailauth/verdict"
)

// maxSender bounds the reverse-path and the HELO name that are looked at (RFC 5321 section 4.5.3.1 has 256 and 255).
const maxSender = 1024

// spf evaluates RFC 7208 for one identity of the client: the reverse-path, or HELO where none is given (section 2.4).
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
	e := spfEval{dns: guard{c.resolver}, client: client, helo: in.Helo, local: local, sender: domain}
	out.Result = e.check(ctx, domain)
	return out
}

// spfSender returns the mailbox whose domain is asked, by RFC 7208 sections 2.4 and 4.3, and false where there is none.
func spfSender(reversePath, helo string) (local, domain string, ok bool) {
	if len(reversePath) > maxSender || len(helo) > maxSender {
		return "", "", false
	}
	local, domain = "postmaster", helo
	if reversePath != "" {
		// RFC 5321 section 4.1.1.3: a source route is ignored. Of the rest, the domain follows the last @; with an @ in
		// the local part two readers could take two domains.
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
	if !isASCII(domain) {
		ascii, err := idna.Lookup.ToASCII(domain) // RFC 7208 section 4.3
		if err != nil {
			return "", "", false
		}
		domain = ascii
	}
	if !strings.Contains(domain, ".") || strings.HasPrefix(domain, "[") || len(domain) > maxDomain || !isLabels(domain) {
		return "", "", false
	}
	return local, domain, true
}

// isLabels reports whether every label is one that the DNS can hold.
func isLabels(domain string) bool {
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || len(label) > 63 {
			return false
		}
	}
	return true
}
