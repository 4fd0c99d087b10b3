package register

import (
	"slices"
	"time"
)

// Notify is of what somebody who works for the landlord hears by himself.
type Notify struct {
	Morning bool    `json:"morning,omitempty"`  // a mail with what waits for him, when the organisation opens on a working day
	NewCase Channel `json:"new_case,omitempty"` // at once, when he is given a case; empty: none
	Watched bool    `json:"watched,omitempty"`  // a mail when something happens on a case that he watches; one until he has seen to it
	Quiet   *Quiet  `json:"quiet,omitempty"`    // no SMS then, but of what is due at once; nil: at any time
}

// Channel is a way to tell somebody.
type Channel string

// The channels.
const (
	ByMail Channel = "mail"
	BySMS  Channel = "sms"
	ByBoth Channel = "both"
	ByNone Channel = "none"
)

// Channels lists every channel.
func Channels() []Channel { return []Channel{ByMail, BySMS, ByBoth, ByNone} }

// Mail reports whether the channel is mail, or mail too.
func (c Channel) Mail() bool { return c == ByMail || c == ByBoth }

// SMS reports whether the channel is SMS, or SMS too.
func (c Channel) SMS() bool { return c == BySMS || c == ByBoth }

// Quiet is part of each day, as the organisation's clocks show it; where To is before From it goes over midnight.
type Quiet struct {
	From string `json:"from"` // HH:MM
	To   string `json:"to"`   // HH:MM
}

// Until is when somebody may be disturbed who is told something at that instant, on the clocks of its location: then, or when the
// quiet hours end.
func (q *Quiet) Until(at time.Time) time.Time {
	if q == nil {
		return at
	}
	from, err1 := time.Parse("15:04", q.From)
	to, err2 := time.Parse("15:04", q.To)
	if err1 != nil || err2 != nil {
		return at
	}
	y, m, d := at.Date()
	for day := -1; day <= 0; day++ { // yesterday's may go on until today
		begin := time.Date(y, m, d+day, from.Hour(), from.Minute(), 0, 0, at.Location())
		end := time.Date(y, m, d+day, to.Hour(), to.Minute(), 0, 0, at.Location())
		if !end.After(begin) {
			end = time.Date(y, m, d+day+1, to.Hour(), to.Minute(), 0, 0, at.Location())
		}
		if !at.Before(begin) && at.Before(end) {
			return end
		}
	}
	return at
}

func (n *Notify) check() error {
	if n == nil {
		return nil
	}
	if n.NewCase != "" && !slices.Contains(Channels(), n.NewCase) {
		return invalid("notify.new_case: %q is none of %v", n.NewCase, Channels())
	}
	if q := n.Quiet; q != nil {
		for name, v := range map[string]string{"from": q.From, "to": q.To} {
			if !clock(v) {
				return invalid("notify.quiet.%s: %q is no time HH:MM", name, v)
			}
		}
		if q.From == q.To {
			return invalid("notify.quiet: from %s to %s is no part of a day", q.From, q.To)
		}
	}
	return nil
}
