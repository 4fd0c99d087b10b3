package casework

import (
	"fmt"
	"strings"
	"time"

	"smartmail/register"
)

// TimerSchedule opens the next case of a schedule.
const TimerSchedule TimerKind = "schedule"

// Turn is how far a schedule has come. It stands beside the schedule, of which only people make editions.
type Turn struct {
	Org      OrgID      `json:"org"`
	Schedule string     `json:"schedule"`
	Next     Day        `json:"next,omitzero"` // whose case is opened next; zero: none is
	Last     Day        `json:"last,omitzero"` // of the last case; zero: there was none
	Case     CaseNumber `json:"case,omitempty"`
	Version  uint64     `json:"-"`
}

// Follow is where a schedule goes on after a change. A series that is new, another one than before or that was at rest goes on with its first day
// from today on; what went by before that is not made up for.
func (t Turn) Follow(was, s register.Schedule, today Day) (Turn, error) {
	r, err := RecurrenceOf(s)
	if err != nil {
		return t, err
	}
	same := was.Runs() && was.First == s.First && was.Every == s.Every && was.Unit == s.Unit && was.Until == s.Until
	if s.Runs() && same {
		return t, nil
	}
	t.Next = Day{}
	if !s.Runs() {
		return t, nil
	}
	from := today
	if t.Last.Compare(today) >= 0 { // its case is there already
		from = t.Last.Add(1)
	}
	if day, ok := r.From(from); ok {
		t.Next = day
	}
	return t, nil
}

// Opens is when the next case is to be opened: when the organisation begins to work on the day that is so many before its own. ok is false where
// none is.
func (t Turn) Opens(s register.Schedule, w WorkingHours) (at time.Time, ok bool) {
	if !s.Runs() || t.Next == (Day{}) {
		return at, false
	}
	return w.Morning(t.Next.Add(-s.OpenBefore)), true
}

// Take takes the day whose case is to be opened now: the newest where several have come, so that nobody gets a heap of cases for work that is done
// once. The turn goes on behind it, and missed are those before it. ok is false where it is too early.
func (t Turn) Take(s register.Schedule, w WorkingHours, now time.Time) (next Turn, missed []Day, ok bool, err error) {
	r, err := RecurrenceOf(s)
	if err != nil {
		return t, nil, false, err
	}
	next = t
	for {
		at, more := next.Opens(s, w)
		if !more || at.After(now) {
			return next, missed, ok, nil
		}
		if ok {
			missed = append(missed, next.Last)
		}
		next.Last, next.Next, ok = next.Next, Day{}, true
		if day, follows := r.After(next.Last); follows {
			next.Next = day
		}
	}
}

// maxNamed is how many missed days are named.
const maxNamed = 12

// Opening is the command that opens the case of the last day. missed are named in the case.
func (t Turn) Opening(s register.Schedule, w WorkingHours, missed []Day) Open {
	why := fmt.Sprintf("the schedule %q: %s", s.ID, t.Last)
	if len(missed) > 0 {
		var names []string
		for _, d := range missed[max(0, len(missed)-maxNamed):] {
			names = append(names, d.String())
		}
		why += "; left out: " + strings.Join(names, ", ")
		if more := len(missed) - len(names); more > 0 {
			why += fmt.Sprintf(" and %d before that", more)
		}
	}
	return Open{
		Subject: s.Title, Description: s.Text, Class: s.Class, Object: s.Object, Assignee: s.Assignee, Internal: s.Internal,
		DueAt: w.Evening(t.Last), Schedule: s.ID, Why: why,
	}
}
