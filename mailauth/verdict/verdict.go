// Package verdict holds the words in which the house speaks about who sent a mail.
//
//	mailauth → Verdict → casework, threading, admin
//
// It is apart from package mailauth so that the domain can keep a verdict without
// knowing of DNS or signatures. Result words are those of RFC 8601 section 2.7.
package verdict

// Result words (RFC 8601 sections 2.7.1, 2.7.2; RFC 7489 section 11.2).
const (
	None      = "none"
	Neutral   = "neutral"
	Pass      = "pass"
	Fail      = "fail"
	Softfail  = "softfail"
	Policy    = "policy"
	Temperror = "temperror"
	Permerror = "permerror"
)

// SPF is the outcome of RFC 7208 for one identity.
type SPF struct {
	Result   string `json:"result"`
	Domain   string `json:"domain"`
	Identity string `json:"identity,omitempty"` // whose domain it is: MailFrom or Helo
}

// Identities of SPF (RFC 8601 section 2.7.2).
const (
	MailFrom = "mailfrom"
	Helo     = "helo"
)

// DKIM is the outcome for one signature (RFC 6376).
type DKIM struct {
	Result   string `json:"result"`
	Domain   string `json:"domain"`
	Selector string `json:"selector"`
	Reason   string `json:"reason,omitempty"`
	// Discounted marks a pass that proves nothing to DMARC, for the reason given: a part of the body is not signed, or
	// the domain is testing.
	Discounted bool `json:"discounted,omitempty"`
}

// DMARC is the outcome of RFC 7489 for the domain in From. Where From does not name one beyond doubt it is never a pass: a
// fail with the strictest policy of the domains named that did not send the mail, or a permerror where none has one.
type DMARC struct {
	Result string `json:"result"`
	Policy string `json:"policy"` // the policy that applies: none, quarantine, reject; empty without a record
	Domain string `json:"domain"` // the domain in From, empty where there is not exactly one
	Reason string `json:"reason,omitempty"`
}

// Policies of DMARC (RFC 7489 section 6.3).
const (
	PolicyNone       = "none"
	PolicyQuarantine = "quarantine"
	PolicyReject     = "reject"
)

// Verdict is all that was found out about a mail's origin.
type Verdict struct {
	SPF   SPF    `json:"spf"` // for the reverse-path, or for HELO where that is null
	DKIM  []DKIM `json:"dkim"`
	DMARC DMARC  `json:"dmarc"`
	ARC   string `json:"arc"` // none, pass, fail

	// SPFHelo is the outcome for the HELO name, whatever the reverse-path (RFC 7208 section 2.3). It is equal to SPF where
	// the reverse-path is null, and never decides otherwise.
	SPFHelo SPF   `json:"spf_helo,omitzero"`
	Chain   Chain `json:"chain,omitzero"` // who forwarded the mail

	// From is the address that DMARC is about, its domain in A-labels: empty where From names not exactly one address
	// beyond doubt. An aligned verdict speaks for this address and no other, however another parser reads the mail.
	From string `json:"from,omitempty"`
}

// Aligned reports whether the domain in From proved that it sent this mail.
func (v Verdict) Aligned() bool { return v.DMARC.Result == Pass }
