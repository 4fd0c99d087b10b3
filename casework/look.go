package casework

import "time"

// Look is one line of the audit trail: a call of the API, by whom, about what, and how it ended. It says what was looked at and never what was read there.
type Look struct {
	ID     string     `json:"id"`
	Org    OrgID      `json:"org"`
	At     time.Time  `json:"at"`
	Who    string     `json:"who"`   // name of the token
	Token  string     `json:"token"` // its id
	Call   string     `json:"call"`  // operation of the API
	Kind   string     `json:"kind"`  // of what it is about: cases, entries, contacts
	Item   string     `json:"item,omitempty"`
	Case   CaseNumber `json:"case,omitempty"`
	By     []string   `json:"by,omitempty"`    // names of the parameters that limited a list, without their values
	Count  int        `json:"count,omitempty"` // of what a list showed
	Status int        `json:"status"`          // of HTTP: 403 and 404 are refusals

	Version uint64 `json:"-"`
}
