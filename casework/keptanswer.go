package casework

import "time"

// Answer is what a call of the API was answered, kept under the key that its caller chose, so that the same call again is answered
// by it and not carried out twice. It belongs to the token, and to no organisation.
type Answer struct {
	Token   string    `json:"token"`   // APIToken.ID
	Key     string    `json:"key"`     // the caller's
	Request []byte    `json:"request"` // SHA-256 of what was asked
	At      time.Time `json:"at"`
	Done    bool      `json:"done"`             // false: the call is under way, or it is not known what became of it
	Sealed  []byte    `json:"sealed,omitempty"` // for the caller alone: it may hold a secret
	Version uint64    `json:"-"`
}
