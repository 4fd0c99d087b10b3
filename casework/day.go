package casework

import (
	"cmp"
	"fmt"
	"time"

	"smartmail/fault"
)

// Day is a day in the calendar. The zero Day is none.
type Day struct {
	Year  int
	Month time.Month
	Day   int
}

// dayOf is the day of an instant, as the calendar there shows it.
func dayOf(t time.Time) Day {
	y, m, d := t.Date()
	return Day{y, m, d}
}

// ParseDay reads YYYY-MM-DD. Errors are of kind fault.Invalid.
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Day{}, fault.New(fault.Invalid, fmt.Sprintf("%q is no day YYYY-MM-DD", s))
	}
	return dayOf(t), nil
}

// Add is the day so many days later.
func (d Day) Add(days int) Day { return dayOf(d.noon().AddDate(0, 0, days)) }

// Compare is negative where the day is earlier than another, 0 where it is the same.
func (d Day) Compare(other Day) int {
	return cmp.Or(cmp.Compare(d.Year, other.Year), cmp.Compare(d.Month, other.Month), cmp.Compare(d.Day, other.Day))
}

// addMonths is the same day so many months later, or the last one of that month where it is shorter.
func (d Day) addMonths(n int) Day {
	first := time.Date(d.Year, d.Month+time.Month(n), 1, 12, 0, 0, 0, time.UTC)
	return Day{first.Year(), first.Month(), min(d.Day, first.AddDate(0, 1, -1).Day())}
}

// noon is an instant within the day.
func (d Day) noon() time.Time { return time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, time.UTC) }

// daysTo is how many days there are from one day to another.
func (d Day) daysTo(other Day) int { return int(other.noon().Unix()-d.noon().Unix()) / (24 * 60 * 60) }

// String is YYYY-MM-DD.
func (d Day) String() string { return d.noon().Format(time.DateOnly) }

// MarshalText is String.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText is ParseDay.
func (d *Day) UnmarshalText(b []byte) (err error) {
	*d, err = ParseDay(string(b))
	return err
}
