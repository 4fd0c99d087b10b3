package casework

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"smartmail/fault"
)

// WorkingHours says when an organisation works. Times are those that clocks show there: on the days on which clocks are changed
// an hour more or less is worked where it falls within. The zero value works always.
type WorkingHours struct {
	Location *time.Location // nil: UTC
	Week     Week
	Holiday  func(Day) bool // days on which nobody works; nil: none
}

// Week is the spans of each day, by time.Weekday, in their order and apart from each other.
type Week [7][]Span

// Span is part of a day, in minutes from midnight: From belongs to it, To does not. 24 hours are 1440.
type Span struct{ From, To int }

// weekdays names the days as configurations do.
func weekdays() []string { return []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} }

// ParseWeek reads lines such as "mon-fri 08:00-16:30", "mon,wed 08:00-12:00 13:00-17:00" or "sat 22:00-24:00". Errors are of kind fault.Invalid.
func ParseWeek(lines []string) (w Week, err error) {
	for _, line := range lines {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			return w, fault.New(fault.Invalid, fmt.Sprintf("%q is no days and hours such as mon-fri 08:00-16:30", line))
		}
		days, err := parseDays(fields[0])
		if err != nil {
			return w, err
		}
		for _, field := range fields[1:] {
			s, err := parseSpan(field)
			if err != nil {
				return w, err
			}
			for _, d := range days {
				w[d] = append(w[d], s)
			}
		}
	}
	for d := range w {
		slices.SortFunc(w[d], func(a, b Span) int { return cmp.Compare(a.From, b.From) })
		for i := 1; i < len(w[d]); i++ {
			if w[d][i].From < w[d][i-1].To {
				return w, fault.New(fault.Invalid, "hours overlap on "+weekdays()[d])
			}
		}
	}
	return w, nil
}

// parseDays reads "mon-fri", "sat" or "mon,wed-thu". From Saturday to Monday is three days.
func parseDays(s string) (days []int, err error) {
	for part := range strings.SplitSeq(strings.ToLower(s), ",") {
		first, last, isRange := strings.Cut(part, "-")
		from := slices.Index(weekdays(), first)
		to := from
		if isRange {
			to = slices.Index(weekdays(), last)
		}
		if from < 0 || to < 0 {
			return nil, fault.New(fault.Invalid, fmt.Sprintf("%q is no day: %s", part, strings.Join(weekdays(), ", ")))
		}
		for d := from; ; d = (d + 1) % 7 {
			days = append(days, d)
			if d == to {
				break
			}
		}
	}
	return days, nil
}

func parseSpan(s string) (Span, error) {
	first, last, _ := strings.Cut(s, "-")
	from, ok1 := parseClock(first)
	to, ok2 := parseClock(last)
	if !ok1 || !ok2 || from >= to {
		return Span{}, fault.New(fault.Invalid, fmt.Sprintf("%q is no span of a day such as 08:00-16:30", s))
	}
	return Span{from, to}, nil
}

// parseClock reads 00:00 to 24:00.
func parseClock(s string) (minutes int, ok bool) {
	if len(s) != 5 || s[2] != ':' {
		return 0, false
	}
	h, err1 := strconv.ParseUint(s[:2], 10, 8)
	m, err2 := strconv.ParseUint(s[3:], 10, 8)
	minutes = int(h)*60 + int(m)
	return minutes, err1 == nil && err2 == nil && m < 60 && minutes <= 24*60
}

// always reports whether there are no hours to keep.
func (w WorkingHours) always() bool {
	return !slices.ContainsFunc(w.Week[:], func(spans []Span) bool { return len(spans) > 0 })
}

// Open reports whether the organisation works at that instant.
func (w WorkingHours) Open(t time.Time) bool {
	if w.always() {
		return true
	}
	for _, s := range w.spans(t) {
		if !t.Before(s.from) && t.Before(s.to) {
			return true
		}
	}
	return false
}

// maxDays bounds how far into the future hours are counted: somewhat over ten years.
const maxDays = 4000

// Next is when the organisation works next: t itself where it does so then, and where no time is found at all.
func (w WorkingHours) Next(t time.Time) time.Time { return w.Add(t, 0) }

// Add is the instant at which d of working time has passed since t. Where d is 0 that is t or the next opening; where it ends with a day
// it is that day's closing. A negative d counts as 0; where nobody works for ten years time counts as it passes.
func (w WorkingHours) Add(t time.Time, d time.Duration) time.Time {
	d = max(d, 0)
	if w.always() {
		return t.Add(d)
	}
	at := t.In(w.location())
	for range maxDays {
		for _, s := range w.spans(at) {
			from := later(s.from, at)
			left := s.to.Sub(from)
			if left <= 0 {
				continue
			}
			if d < left || d == left && d > 0 {
				return from.Add(d)
			}
			d -= left
		}
		y, m, day := at.Date()
		at = time.Date(y, m, day+1, 0, 0, 0, 0, w.location())
	}
	return t.Add(d)
}

// defaultOpening is when an organisation opens that gives no hours, in minutes from midnight, from Monday to Friday.
const defaultOpening = 7 * 60

// NextOpening is when the first hours of a working day begin next, later than t; the zero time where nobody works for ten years.
func (w WorkingHours) NextOpening(t time.Time) time.Time {
	if w.always() {
		for d := time.Monday; d <= time.Friday; d++ {
			w.Week[d] = []Span{{defaultOpening, 24 * 60}}
		}
	}
	at := t.In(w.location())
	for range maxDays {
		if spans := w.spans(at); len(spans) > 0 && spans[0].from.After(t) {
			return spans[0].from
		}
		y, m, day := at.Date()
		at = time.Date(y, m, day+1, 0, 0, 0, 0, w.location())
	}
	return time.Time{}
}

// Day is the day of an instant there.
func (w WorkingHours) Day(t time.Time) Day { return dayOf(t.In(w.location())) }

// Morning is when the organisation begins to work on a day, or on the next on which it does. Without hours that is 07:00 of that day.
func (w WorkingHours) Morning(d Day) time.Time { return w.workday(d)[0].from }

// Evening is when it stops, 23:59 at the latest, so that it is on that day. Without hours it is that.
func (w WorkingHours) Evening(d Day) time.Time {
	spans := w.workday(d)
	first, last := spans[0].from, spans[len(spans)-1].to
	midnight := time.Date(first.Year(), first.Month(), first.Day(), 23, 59, 0, 0, first.Location())
	if last.After(midnight) {
		return midnight
	}
	return last
}

// workday is the hours of a day, or of the next that has any: one span at least. Where nobody works for ten years it is that day's.
func (w WorkingHours) workday(d Day) []instants {
	if !w.always() {
		for n := range maxDays {
			if spans := w.spans(w.at(d.Add(n), 0)); len(spans) > 0 {
				return spans
			}
		}
	}
	return []instants{{w.at(d, defaultOpening), w.at(d, 24*60)}}
}

// at is the instant so many minutes from midnight.
func (w WorkingHours) at(d Day, minutes int) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, minutes, 0, 0, w.location())
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// instants is a span of one certain day.
type instants struct{ from, to time.Time }

// spans are those of the day on which t is there.
func (w WorkingHours) spans(t time.Time) (out []instants) {
	t = t.In(w.location())
	day := dayOf(t)
	if w.Holiday != nil && w.Holiday(day) {
		return nil
	}
	for _, s := range w.Week[t.Weekday()] {
		out = append(out, instants{w.at(day, s.From), w.at(day, s.To)})
	}
	return out
}

func (w WorkingHours) location() *time.Location {
	if w.Location == nil {
		return time.UTC
	}
	return w.Location
}
