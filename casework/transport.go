package casework

import "time"

// TransportPolicy is what a domain asks of those who send it mail (MTA-STS, RFC 8461), as it was fetched. It belongs to no
// organisation: all send by it.
type TransportPolicy struct {
	Domain  string        `json:"domain"` // A-labels, lower case
	ID      string        `json:"id"`     // of the DNS record that led to it
	Mode    string        `json:"mode"`   // enforce, testing, none
	MX      []string      `json:"mx,omitempty"`
	MaxAge  time.Duration `json:"max_age"` // nanoseconds
	Fetched time.Time     `json:"fetched"`
	Version uint64        `json:"-"`
}

// Until is when the policy counts no longer.
func (p TransportPolicy) Until() time.Time { return p.Fetched.Add(p.MaxAge) }
