package mailauth

import (
	"context"
	"strconv"
	"strings"

	"smartmail/mailauth/verdict"
)

// record is a DMARC record as far as a receiver acts on it (RFC 7489 section 6.3).
type record struct {
	policy, subPolicy     string // none, quarantine, reject; subPolicy is never empty
	strictDKIM, strictSPF bool
	percent               int
}

// discovery is what the search for a domain's policy found.
type discovery struct {
	record *record // nil: the domain takes no part in DMARC
	parent bool    // the record is that of the organisational domain above
	err    error   // temporary: nothing is known
}

// discover finds the policy for a domain (RFC 7489 section 6.6.3): its own record, else that of its organisational domain.
func (c *Checker) discover(ctx context.Context, domain string) discovery {
	names := []string{domain}
	if org := organisational(domain); org != domain {
		names = append(names, org)
	}
	for i, name := range names {
		txts, err := guard{c.resolver, false}.LookupTXT(ctx, "_dmarc."+name)
		if err != nil && !isNotFound(err) {
			if isTemporary(err) {
				return discovery{err: err}
			}
			continue // a record of no sensible form is no record
		}
		var found []string
		for _, txt := range txts {
			if isDMARC(txt) {
				found = append(found, txt)
			}
		}
		if len(found) > 1 {
			return discovery{} // section 6.6.3 step 5: several records are none
		}
		if len(found) == 1 {
			return discovery{record: parseRecord(found[0]), parent: i > 0}
		}
	}
	return discovery{}
}

// isDMARC reports whether a TXT record begins with the version tag, which no other record does (RFC 7489 section 6.4).
func isDMARC(txt string) bool {
	first, _, _ := strings.Cut(txt, ";")
	name, value, ok := strings.Cut(first, "=")
	return ok && strings.TrimSpace(name) == "v" && strings.TrimSpace(value) == "DMARC1"
}

// parseRecord reads a DMARC record. Unknown tags and errors behind the policy fall back to the defaults (RFC 7489
// section 6.3); without a usable policy a record with an address for reports means "none", any other nothing: nil.
func parseRecord(txt string) *record {
	tags := make(map[string]string)
	for term := range strings.SplitSeq(txt, ";") {
		name, value, ok := strings.Cut(term, "=")
		name = strings.ToLower(strings.TrimSpace(name))
		if _, twice := tags[name]; ok && !twice {
			tags[name] = strings.ToLower(strings.TrimSpace(value))
		}
	}
	r := &record{
		policy:     tags["p"],
		subPolicy:  tags["sp"],
		strictDKIM: tags["adkim"] == "s",
		strictSPF:  tags["aspf"] == "s",
		percent:    100,
	}
	if n, err := strconv.Atoi(tags["pct"]); err == nil && 0 <= n && n <= 100 {
		r.percent = n
	}
	_, hasSub := tags["sp"]
	if !isPolicy(r.policy) || hasSub && !isPolicy(r.subPolicy) {
		if !strings.Contains(tags["rua"], ":") {
			return nil // section 6.6.3 step 6
		}
		r.policy, r.subPolicy = verdict.PolicyNone, verdict.PolicyNone
	}
	if r.subPolicy == "" {
		r.subPolicy = r.policy
	}
	return r
}

func isPolicy(s string) bool {
	return s == verdict.PolicyNone || s == verdict.PolicyQuarantine || s == verdict.PolicyReject
}

// evaluate applies the policy to what SPF and DKIM found (RFC 7489 section 6.6.2): one aligned pass is enough. A
// temporary failure counts only where it could have been that pass. The chance is drawn only on a failing mail.
func evaluate(domain string, d discovery, spf verdict.SPF, dkim []verdict.DKIM, chance func() int) verdict.DMARC {
	out := verdict.DMARC{Domain: domain, Result: verdict.None}
	if d.err != nil {
		out.Result, out.Reason = verdict.Temperror, "the policy can't be looked up at the moment"
		return out
	}
	if d.record == nil {
		return out
	}
	out.Policy = d.record.policy
	if d.parent {
		out.Policy = d.record.subPolicy
	}
	out.Result = verdict.Fail
	consider := func(result, identifier string, strict bool) {
		if !aligned(domain, identifier, strict) {
			return
		}
		if result == verdict.Pass || result == verdict.Temperror && out.Result != verdict.Pass {
			out.Result = result
		}
	}
	for _, s := range dkim {
		consider(s.Result, s.Domain, d.record.strictDKIM)
	}
	consider(spf.Result, spf.Domain, d.record.strictSPF)
	switch out.Result {
	case verdict.Temperror:
		out.Reason = "an aligned domain can't be looked up at the moment"
	case verdict.Fail:
		out.Policy = sampled(out.Policy, d.record.percent, chance)
	}
	return out
}

// sampled is the policy for a failing mail: outside the sample the next milder one (RFC 7489 section 6.6.4).
func sampled(policy string, percent int, chance func() int) string {
	if percent == 100 || policy == verdict.PolicyNone || chance() < percent {
		return policy
	}
	if policy == verdict.PolicyReject {
		return verdict.PolicyQuarantine
	}
	return verdict.PolicyNone
}

// aligned reports whether an authenticated domain speaks for the domain in From (RFC 7489 section 3.1): strictly the
// same one, or one of the same organisation.
func aligned(domain, identifier string, strict bool) bool {
	identifier, ok := asciiDomain(identifier)
	if !ok {
		return false
	}
	return identifier == domain || !strict && organisational(identifier) == organisational(domain)
}
