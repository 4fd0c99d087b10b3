package intake

import (
	"fmt"
	"strings"

	"smartmail/casework"
	"smartmail/fault"
	"smartmail/threading"
)

// Policy is what an organisation has chosen about mail that comes in.
type Policy struct {
	threading.Policy
	Allow     Addresses // with proof of the sender: no rate limit, no waiting as an unknown sender
	Block     Addresses // refused, proved or not
	PerSender int       // mails an hour from one address; 0: no limit
	PerDomain int       // mails an hour from one domain; 0: no limit
}

// Addresses is a list of e-mail addresses, and of domains with all that is below them.
type Addresses struct{ exact, domains map[string]bool }

// NewAddresses makes a list of entries such as "anna@home.example" or "home.example".
func NewAddresses(entries []string) Addresses {
	a := Addresses{exact: map[string]bool{}, domains: map[string]bool{}}
	for _, e := range entries {
		e = casework.Address(e)
		if strings.Contains(strings.TrimPrefix(e, "@"), "@") {
			a.exact[e] = true
		} else {
			a.domains[strings.TrimPrefix(e, "@")] = true
		}
	}
	return a
}

// Has reports whether the address, its domain, or a domain above that is on the list.
func (a Addresses) Has(email string) bool {
	email = casework.Address(email)
	if a.exact[email] {
		return true
	}
	_, domain, _ := strings.Cut(email, "@")
	for domain != "" && len(a.domains) > 0 {
		if a.domains[domain] {
			return true
		}
		_, domain, _ = strings.Cut(domain, ".")
	}
	return false
}

// apply refuses a mail for what the organisation chose: its block list, and too many mails in an hour. It returns the
// policy for this mail: a sender who is allowed, and proved, does not wait as an unknown one.
func (i *Intake) apply(p Policy, org casework.OrgID, m casework.Mail) (threading.Policy, error) {
	from := casework.Address(m.Content.From.Email)
	if p.Block.Has(from) || p.Block.Has(m.Envelope.ReversePath) {
		return p.Policy, fault.New(fault.Forbidden, "mail from this sender is not wanted here")
	}
	proved := m.Auth.Aligned() && casework.Address(m.Auth.From) == from
	if proved && p.Allow.Has(from) {
		p.TriageUnknown = false
		return p.Policy, nil
	}
	if from == "" || m.Envelope.Protocol == "" { // an import brings years at once
		return p.Policy, nil
	}
	// What is proved is counted by the name alone, what is not by the client's address as well: nobody must use up another's
	// allowance with his name.
	key := fmt.Sprintf("%s %t ", org, proved)
	if !proved {
		key += m.Envelope.Client.String() + " "
	}
	_, domain, _ := strings.Cut(from, "@")
	if !i.rates.take(key+from, p.PerSender) || !i.rates.take(key+domain, p.PerDomain) {
		return p.Policy, fault.New(fault.Busy, "too many mails from this sender, try again later")
	}
	return p.Policy, nil
}
