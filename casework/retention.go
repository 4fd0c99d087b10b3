package casework

import "time"

// TimerRetention is of an organisation: takes people out of cases that were closed long enough ago.
const TimerRetention TimerKind = "retention"

// retentionHour is when that begins, in the organisation's time: most people sleep, and what else is done at night is over.
const retentionHour = 2

// NextNight is when retention runs next.
func NextNight(now time.Time, loc *time.Location) time.Time {
	local := now.In(loc)
	at := time.Date(local.Year(), local.Month(), local.Day(), retentionHour, 0, 0, 0, loc)
	if !at.After(now) {
		at = time.Date(local.Year(), local.Month(), local.Day()+1, retentionHour, 0, 0, 0, loc)
	}
	return at
}

// Retention is what became of a retention rule: which edition there is, which one an administrator has let work, and what it did.
type Retention struct {
	Org       OrgID     `json:"org"`
	Class     string    `json:"class"`     // whose rule it is; empty: of all cases
	Edition   string    `json:"edition"`   // that there is; empty: there is none any more
	Since     time.Time `json:"since"`     // when it was noticed
	Confirmed string    `json:"confirmed"` // edition that may work
	By        Actor     `json:"by"`        // who said so
	At        time.Time `json:"at,omitzero"`
	RanAt     time.Time `json:"ran_at,omitzero"` // the last run
	Ran       int       `json:"ran,omitempty"`   // cases that were erased in it
	Total     int       `json:"total,omitempty"` // and in all

	Failed   []CaseNumber `json:"failed,omitempty"`   // cases that could not be erased in it, the first of them: they are tried again in the next one
	Failures int          `json:"failures,omitempty"` // how many there were
	Version  uint64       `json:"-"`
}

// retentionFailed bounds how many of the cases that could not be erased are named.
const retentionFailed = 100

// Fail notes a case that could not be erased.
func (r *Retention) Fail(n CaseNumber) {
	if r.Failures++; len(r.Failed) < retentionFailed {
		r.Failed = append(r.Failed, n)
	}
}

// Begin makes its counts those of a run that begins.
func (r *Retention) Begin() { r.Ran, r.Failures, r.Failed = 0, 0, nil }

// Waits reports whether the rule waits for an administrator.
func (r Retention) Waits() bool { return r.Edition != "" && r.Edition != r.Confirmed }

// Expires reports whether a case is one that a retention rule may be about: closed, and nobody was taken out of it or wants it kept.
func (c *Case) Expires() bool {
	return c.Status == StatusClosed && !c.ClosedAt.IsZero() && c.ErasedAt.IsZero() && c.Hold == nil
}

// ClosedBefore is the instant before which a case was closed that a rule of so many months is about.
func ClosedBefore(now time.Time, months int) time.Time { return now.AddDate(0, -months, 0) }

// ReporterSegment is the segment of who reported the case, where he was erased; else the register has it.
func (c *Case) ReporterSegment() string {
	if c.Reporter == nil {
		return ""
	}
	return c.Reporter.Segment
}
