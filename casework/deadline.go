package casework

import (
	"cmp"
	"time"
)

// Rules are what an organisation has chosen that its cases follow. The zero value works always, reminds nobody, warns two days before
// a deadline and escalates as soon as it is over.
type Rules struct {
	Hours    WorkingHours
	Orders   Reminding     // of suppliers
	Escalate time.Duration // after the deadline of a case
	Warn     time.Duration // before the deadline of a case; 0: Near
}

// NearAt is the instant before which deadlines lie that are near now, or over.
func (r Rules) NearAt(now time.Time) time.Time { return now.Add(cmp.Or(r.Warn, Near)) }

// due is the deadline of a case with so many days from an instant, and the time that it has waited: a moment at which the organisation works.
func (r Rules) due(from time.Time, days int, waited time.Duration) time.Time {
	return r.Hours.Next(from.In(r.Hours.location()).AddDate(0, 0, days).Add(waited)).In(from.Location())
}

// TimerDeadline tells whoever answers for a case that its deadline is over.
const TimerDeadline TimerKind = "deadline"

// EscalatesAt is when the case is to be escalated; ok is false where it never is: it has no deadline, nobody has work on it, or it was.
func (c *Case) EscalatesAt(r Rules) (at time.Time, ok bool) {
	resting := c.Status == StatusDone || c.Status == StatusClosed || c.Status == StatusWaiting
	return c.DueAt.Add(r.Escalate), !c.DueAt.IsZero() && !resting && !c.Escalated.Equal(c.DueAt)
}

// Escalate puts a case whose deadline is over before whoever answers for it. It is for rules alone.
type Escalate struct {
	To string // a contact
	By Rules
}

func (e Escalate) apply(c *Case, t *teller) error {
	if at, ok := c.EscalatesAt(e.By); !ok || at.After(t.at) {
		return nil // somebody was quicker
	}
	c.Escalated = c.DueAt
	over := Attention{Code: CodeEscalated, For: e.To, Detail: cmp.Or(c.Assignee, "–")}
	t.tell(c, Entry{Kind: KindFlag, Why: over.Words("en")})
	t.attend(c, over)
	return nil
}
