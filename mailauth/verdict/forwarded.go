package verdict

import (
	"slices"
	"strings"
)

// Chain is what the forwarders of a mail sealed (RFC 8617). It counts only where Verdict.ARC is a pass.
type Chain struct {
	// Temporary tells that the chain failed because a key could not be looked up at the moment: asked again, it may pass.
	Temporary bool   `json:"temporary,omitempty"`
	Seals     []Seal `json:"seals,omitempty"` // oldest first, at most 50
}

// Seal is one forwarder's word.
type Seal struct {
	Domain string `json:"domain"`          // who sealed
	DMARC  string `json:"dmarc,omitempty"` // the DMARC result found by it, empty where it tells none or several
	From   string `json:"from,omitempty"`  // the domain that the result is about, in A-labels
}

// ForwardedBy names the trusted forwarder, a domain, that received this mail from the domain in From with a DMARC pass.
//
// A seal says nothing about what a later forwarder did to the mail: anyone can take the seals off one mail, put them on
// another and seal that himself. So the word of a seal counts only where it is the newest, or all behind it are trusted
// as well. Names are compared as they are, without subdomains.
func (v Verdict) ForwardedBy(trusted []string) (sealer string, ok bool) {
	if v.ARC != Pass {
		return "", false
	}
	return v.vouched(trusted)
}

// ForwardUndecided reports whether ForwardedBy could name a forwarder once a key can be looked up again.
func (v Verdict) ForwardUndecided(trusted []string) bool {
	_, ok := v.vouched(trusted)
	return ok && v.ARC == Fail && v.Chain.Temporary
}

func (v Verdict) vouched(trusted []string) (sealer string, ok bool) {
	if v.DMARC.Domain == "" || v.From == "" {
		return "", false
	}
	for _, s := range slices.Backward(v.Chain.Seals) {
		if !slices.ContainsFunc(trusted, func(t string) bool { return strings.EqualFold(t, s.Domain) }) {
			return "", false
		}
		if s.DMARC == Pass && s.From == v.DMARC.Domain {
			return s.Domain, true
		}
	}
	return "", false
}
