package mailauth

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"smartmail/mailauth/verdict"
)

// record is a DMARC record as far as a receiver acts on it (RFC 7489 section 6.3).
type record struct {
	policy, subPolicy     string // none, quarantine, reject; subPolicy is never empty
	strictDKIM, strictSPF bool
	percent               int
	broken                bool // a term is no tag: the rest is taken, and said so
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
		txts, err := guard{c.resolver}.LookupTXT(ctx, "_dmarc."+name)
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
	broken := false
	for term := range strings.SplitSeq(txt, ";") {
		name, value, ok := strings.Cut(term, "=")
		name = strings.ToLower(strings.TrimSpace(name))
		broken = broken || !ok && name != ""
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
		broken:     broken,
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
		if s.Discounted {
			continue
		}
		consider(s.Result, s.Domain, d.record.strictDKIM)
	}
	consider(spf.Result, spf.Domain, d.record.strictSPF)
	switch out.Result {
	case verdict.Temperror:
		out.Reason = "an aligned domain can't be looked up at the moment"
	case verdict.Fail:
		out.Policy = sampled(out.Policy, d.record.percent, chance)
		if d.record.broken && out.Policy == verdict.PolicyNone {
			// Section 11.2 has this word for a broken record. One that asks for more than "none" is obeyed as far as it
			// can be read (section 6.3): junk at its end must not disarm it.
			out.Result, out.Reason = verdict.Permerror, "the policy record has a syntax error"
		}
	}
	return out
}

// maxClaimed bounds the domains asked about for a From that names no one beyond doubt.
const maxClaimed = 5

// evaluateClaims judges a mail whose From is unusable by all the domains that it names: it never passes, and the
// strictest policy among those that did not send it is the one that it broke (RFC 7489 section 6.6.1). A permerror
// means that none of them has a policy against it.
func evaluateClaims(from identity, found []discovery, v verdict.Verdict, chance func() int) verdict.DMARC {
	out := verdict.DMARC{Result: verdict.Permerror, Reason: from.problem}
	order := []string{verdict.PolicyNone, verdict.PolicyQuarantine, verdict.PolicyReject}
	undecided := false
	for i, domain := range from.claimed {
		switch d := evaluate(domain, found[i], v.SPF, v.DKIM, chance); d.Result {
		case verdict.Temperror:
			undecided = true
		case verdict.Fail:
			out.Result = verdict.Fail
			if slices.Index(order, d.Policy) > slices.Index(order, out.Policy) {
				out.Policy = d.Policy
			}
		}
	}
	if undecided && out.Policy != verdict.PolicyReject {
		out.Result = verdict.Temperror // it may have broken a stricter one
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
