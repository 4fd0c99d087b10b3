package threading

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"smartmail/casework"
	"smartmail/fault"
)

// RouteKind is what an address of ours is for.
type RouteKind string

// The kinds of routes.
const (
	ToCase   RouteKind = "case"   // a participant's reply address
	ToBounce RouteKind = "bounce" // a return path of ours
	ToIntake RouteKind = "intake" // opens cases
	ToRole   RouteKind = "role"   // postmaster and abuse: a person reads them (RFC 2142, RFC 5321 section 4.5.1)
)

// Route is what RCPT found out about a recipient.
type Route struct {
	Address string // as the peer gave it
	Org     casework.OrgID
	Kind    RouteKind
	Token   Token  // of ToCase and ToBounce
	Class   string // of ToIntake: class of the cases that it opens
}

// Organisation is what routing needs to know of an organisation.
type Organisation struct {
	ID     casework.OrgID
	Domain string // case addresses live here
	Intake []Intake
}

// Intake is an address that opens cases.
type Intake struct {
	Address string
	Class   string
}

// Router tells recipients apart without a look at the disk. It is immutable.
type Router struct {
	keys    *Keyring
	domains map[string]casework.OrgID // A-labels, lower case
	names   map[casework.OrgID]string
	intakes map[string]Route
	first   casework.OrgID
	host    string
}

// NewRouter returns a router. host is our own SMTP host name: postmaster there belongs to the first organisation.
func NewRouter(keys *Keyring, host string, orgs []Organisation) *Router {
	r := &Router{keys: keys, domains: map[string]casework.OrgID{}, names: map[casework.OrgID]string{}, intakes: map[string]Route{}, host: asciiDomain(host)}
	for i, o := range orgs {
		if i == 0 {
			r.first = o.ID
		}
		domain := asciiDomain(o.Domain)
		r.domains[domain] = o.ID
		r.names[o.ID] = domain
		for _, in := range o.Intake {
			if local, domain, ok := splitAddress(in.Address); ok {
				r.intakes[strings.ToLower(local)+"@"+domain] = Route{Org: o.ID, Kind: ToIntake, Class: in.Class}
				if _, taken := r.domains[domain]; !taken {
					r.domains[domain] = o.ID // an intake address may live on a domain of its own
				}
			}
		}
	}
	return r
}

// Route says what a recipient is for. Errors are fault.NotFound (550 5.1.1) for an address in our domains that is nobody's or
// whose token was forged or has expired, and fault.Forbidden (550 5.7.1) outside our domains: we relay for nobody.
func (r *Router) Route(rcpt string) (Route, error) {
	local, domain, ok := splitAddress(rcpt)
	if !ok {
		return Route{}, fault.New(fault.NotFound, "no such address here")
	}
	local = strings.ToLower(local)
	org, ours := r.domains[domain]
	if !ours && domain == r.host && r.host != "" && isRole(local) {
		org, ours = r.first, true
	}
	if !ours {
		return Route{}, fault.New(fault.Forbidden, "we do not relay for this domain")
	}
	if in, ok := r.intakes[local+"@"+domain]; ok {
		in.Address = rcpt
		return in, nil
	}
	if isRole(local) {
		return Route{Address: rcpt, Org: org, Kind: ToRole}, nil
	}
	if t, ok := r.keys.Verify(org, local); ok && domain == r.names[org] {
		switch t.Kind {
		case AddressToken:
			return Route{Address: rcpt, Org: org, Kind: ToCase, Token: t}, nil
		case BounceToken:
			return Route{Address: rcpt, Org: org, Kind: ToBounce, Token: t}, nil
		}
	}
	return Route{}, fault.New(fault.NotFound, "no such address here")
}

// Address returns the reply address of a participant.
func (r *Router) Address(org casework.OrgID, c casework.CaseNumber, p casework.ParticipantNo) (string, error) {
	return r.signed(org, Token{Kind: AddressToken, Case: c, Participant: p})
}

// MessageID returns a signed Message-ID, without angle brackets. unique has letters and digits only, 24 at most.
func (r *Router) MessageID(org casework.OrgID, c casework.CaseNumber, p casework.ParticipantNo, unique string) (string, error) {
	return r.signed(org, Token{Kind: MessageToken, Case: c, Participant: p, Unique: unique})
}

// BounceAddress returns a signed return path. unique has letters and digits only, 24 at most.
func (r *Router) BounceAddress(org casework.OrgID, c casework.CaseNumber, p casework.ParticipantNo, unique string) (string, error) {
	return r.signed(org, Token{Kind: BounceToken, Case: c, Participant: p, Unique: unique})
}

func (r *Router) signed(org casework.OrgID, t Token) (string, error) {
	local, err := r.keys.Sign(org, t)
	if err != nil {
		return "", err
	}
	return local + "@" + r.names[org], nil
}

// Own reads an address or Message-ID of the organisation: ours, or nothing.
func (r *Router) Own(org casework.OrgID, addr string) (Token, bool) {
	local, domain, ok := splitAddress(addr)
	if !ok || domain != r.names[org] {
		return Token{}, false
	}
	return r.keys.Verify(org, local)
}

// Domain returns the organisation's domain in A-labels.
func (r *Router) Domain(org casework.OrgID) string { return r.names[org] }

func isRole(local string) bool { return local == "postmaster" || local == "abuse" }

// splitAddress takes an address apart at its last @; the domain comes back in A-labels.
func splitAddress(addr string) (local, domain string, ok bool) {
	i := strings.LastIndexByte(addr, '@')
	if i <= 0 || i == len(addr)-1 || len(addr) > 320 || !utf8.ValidString(addr) {
		return "", "", false
	}
	local = addr[:i]
	if len(local) > 2 && local[0] == '"' && local[len(local)-1] == '"' {
		local = strings.ReplaceAll(local[1:len(local)-1], `\`, "") // RFC 5321 section 4.1.2: "x"@ and x@ are the same mailbox
	}
	return local, asciiDomain(addr[i+1:]), true
}

// asciiDomain brings a domain to the form in which two are compared: A-labels, lower case, no final dot.
func asciiDomain(domain string) string {
	domain = strings.ToLower(strings.TrimSuffix(domain, "."))
	if strings.Trim(domain, "abcdefghijklmnopqrstuvwxyz0123456789.") == "" {
		return domain // as most are; the same comes out below, with more work
	}
	if a, err := idna.Lookup.ToASCII(domain); err == nil {
		return a
	}
	return domain
}
