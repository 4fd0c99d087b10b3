package register

import (
	"slices"
	"strings"

	"smartmail/property"
)

// Unit is what the time between two dates of a schedule is counted in.
type Unit string

// The units.
const (
	Days   Unit = "days"
	Weeks  Unit = "weeks"
	Months Unit = "months"
	Years  Unit = "years"
)

// Units lists every unit.
func Units() []Unit { return []Unit{Days, Weeks, Months, Years} }

// Shortest is how many days the unit has at least.
func (u Unit) Shortest() int { return map[Unit]int{Days: 1, Weeks: 7, Months: 28, Years: 365}[u] }

// Schedule opens a case again and again: an inspection each year, a filter that is changed each quarter.
type Schedule struct {
	ID         string `json:"id"`
	Title      string `json:"title"`          // subject of its cases
	Text       string `json:"text,omitempty"` // their description; empty: that of the class
	Class      string `json:"class,omitempty"`
	Object     string `json:"object,omitempty"`
	Internal   bool   `json:"internal,omitempty"`    // no customer takes part in its cases
	Assignee   string `json:"assignee,omitempty"`    // contact of somebody of the house; empty: the routes say
	First      Date   `json:"first"`                 // the first date; a case is due at its date
	Every      int    `json:"every"`                 // so many units from one date to the next
	Unit       Unit   `json:"unit"`                  //
	Until      Date   `json:"until,omitempty"`       // no date is later; empty: it goes on
	OpenBefore int    `json:"open_before,omitempty"` // days before its date that a case opens
	Wait       bool   `json:"wait_for_previous,omitempty"`
	Paused     bool   `json:"paused,omitempty"`
	Archived   bool   `json:"archived,omitempty"`
}

// Key is the schedule's name in the register.
func (s Schedule) Key() string { return s.ID }

// External is "": schedules are not imported.
func (s Schedule) External() string { return "" }

// Runs reports whether the schedule opens cases.
func (s Schedule) Runs() bool { return !s.Paused && !s.Archived }

// maxEvery bounds the units between two dates.
const maxEvery = 1000

// Check finds what is wrong with a schedule by itself. Errors are of kind fault.Invalid and name the field.
func (s Schedule) Check() error {
	if err := property.CheckID("id", s.ID); err != nil {
		return err
	}
	if strings.TrimSpace(s.Title) == "" {
		return invalid("title: it needs one")
	}
	for name, v := range map[string]string{"title": s.Title, "class": s.Class, "object": s.Object, "assignee": s.Assignee} {
		if err := property.CheckText(name, v, maxText); err != nil {
			return err
		}
	}
	if len(s.Text) > 64<<10 {
		return invalid("text: longer than 64 KiB")
	}
	return s.checkDates()
}

func (s Schedule) checkDates() error {
	switch {
	case !s.First.ok():
		return invalid("first: %q is no day YYYY-MM-DD", s.First)
	case s.Until != "" && (!s.Until.ok() || s.Until < s.First):
		return invalid("until: %q is no day YYYY-MM-DD from %s on", s.Until, s.First)
	case !slices.Contains(Units(), s.Unit):
		return invalid("unit: %q is none of %v", s.Unit, Units())
	case s.Every < 1 || s.Every > maxEvery:
		return invalid("every: %d is not within 1 to %d", s.Every, maxEvery)
	case s.OpenBefore < 0 || s.OpenBefore >= s.Every*s.Unit.Shortest(): // else the next case would be due to open before this one
		return invalid("open_before: %d days is not within 0 to the time between two dates", s.OpenBefore)
	}
	return nil
}
