package casework

import "strings"

// Scan is what the spam and virus scanners found in a mail.
type Scan struct {
	Action  ScanAction `json:"action"`
	Reasons []string   `json:"reasons,omitempty"` // in words for staff
	Score   float64    `json:"score"`             // spam points; 0 where nobody gave any
}

// ScanAction is what comes of it. A mail that was refused is not stored, so there is no word for that.
type ScanAction string

// The actions.
const (
	ScanPass   ScanAction = "pass"
	ScanMark   ScanAction = "mark"   // placed as any mail, and shown with the reasons
	ScanTriage ScanAction = "triage" // a person looks before it is on any case
)

// Hold says why a person has to look at the mail before it is on any case; "" if nobody has to.
func (s *Scan) Hold() string {
	if s == nil || s.Action != ScanTriage {
		return ""
	}
	return "found by the scanners: " + strings.Join(s.Reasons, "; ")
}
