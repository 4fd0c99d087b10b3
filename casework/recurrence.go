package casework

import (
	"sort"

	"smartmail/register"
)

// Recurrence is a series of days. Each is counted from the first one: a month after 31 January is 28 February, and two months after it
// 31 March again.
type Recurrence struct {
	First Day
	Every int // units between two of them, from 1
	Unit  register.Unit
	Until Day // none is later; the zero Day: there is no end
}

// RecurrenceOf is the series of a schedule that was checked.
func RecurrenceOf(s register.Schedule) (r Recurrence, err error) {
	r = Recurrence{Every: s.Every, Unit: s.Unit}
	if r.First, err = ParseDay(string(s.First)); err == nil && s.Until != "" {
		r.Until, err = ParseDay(string(s.Until))
	}
	return r, err
}

// on is the day of that place in the series, counted from 0.
func (r Recurrence) on(place int) Day {
	n := place * r.Every
	switch r.Unit {
	case register.Days:
		return r.First.Add(n)
	case register.Weeks:
		return r.First.Add(7 * n)
	case register.Years:
		return r.First.addMonths(12 * n)
	case register.Months:
	}
	return r.First.addMonths(n)
}

// lastYear is the last one that YYYY can say.
const lastYear = 9999

// From is the first day of the series that is not before d; ok is false where none follows.
func (r Recurrence) From(d Day) (day Day, ok bool) {
	past := max(r.First.daysTo(d), 0)/(r.Every*r.Unit.Shortest()) + 1 // a place that is not before d
	place := sort.Search(past, func(i int) bool { return r.on(i).Compare(d) >= 0 })
	day = r.on(place)
	ended := r.Until != Day{} && day.Compare(r.Until) > 0 || day.Year > lastYear
	return day, !ended
}

// After is the first day of the series that is later than d.
func (r Recurrence) After(d Day) (day Day, ok bool) { return r.From(d.Add(1)) }
