package grammar

import (
	"strconv"
	"strings"
	"time"
)

// when passes a day and a time of day, in either order. to is zero where only a beginning is given.
func (s *scanner) when(now time.Time, english bool) (from, to time.Time, ok bool) {
	ok = s.try(func() bool {
		var day time.Time
		var a, b int
		s.take("den", "på", "till", "on", "for", "the", "ny tid", "tid")
		switch {
		case s.try(func() (ok bool) { day, ok = s.day(now, english); return ok }):
			s.byte(",")
			if !s.try(func() (ok bool) { a, b, ok = s.hours(); return ok }) {
				return false
			}
		case s.try(func() (ok bool) { a, b, ok = s.hours(); return ok }):
			s.byte(",")
			s.take("den", "på", "on")
			if day, ok = s.day(now, english); !ok {
				return false
			}
		default:
			return false
		}
		at := func(minutes int) time.Time {
			return time.Date(day.Year(), day.Month(), day.Day(), minutes/60, minutes%60, 0, 0, now.Location())
		}
		from = at(a)
		if b >= 0 {
			to = at(b)
		}
		return !from.Before(now.Add(-24*time.Hour)) && day.Before(now.AddDate(1, 0, 0))
	})
	return from, to, ok
}

// day passes a date. A weekday beside it must be its own.
func (s *scanner) day(now time.Time, english bool) (time.Time, bool) {
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	switch {
	case s.take("idag", "i dag", "today"):
		return s.confirmed(today, english)
	case s.take("i övermorgon", "övermorgon", "the day after tomorrow", "day after tomorrow"):
		return s.confirmed(today.AddDate(0, 0, 2), english)
	case s.take("imorgon", "i morgon", "imorron", "i morron", "imorrn", "tomorrow"):
		return s.confirmed(today.AddDate(0, 0, 1), english)
	}
	weekday := s.weekday()
	if weekday >= 0 {
		s.byte(".,")
		s.take("den", "the")
	}
	if d, ok := s.date(today, english); ok {
		return d, weekday < 0 || int(d.Weekday()) == weekday
	}
	if weekday < 0 {
		return time.Time{}, false
	}
	if s.try(func() bool { return s.take("vecka", "v.", "v", "week") && s.atDigit() }) {
		return s.weekOf(today, weekday)
	}
	days := (weekday - int(today.Weekday()) + 7) % 7
	return today.AddDate(0, 0, days), days != 0 // today's own name: today, or a week from now?
}

// confirmed reads the date that may stand beside "tomorrow", which must be the same.
func (s *scanner) confirmed(day time.Time, english bool) (time.Time, bool) {
	same := true
	s.try(func() bool {
		s.byte(",(")
		weekday := s.weekday()
		if weekday >= 0 {
			same = int(day.Weekday()) == weekday
			s.byte(".,")
			s.take("den")
		}
		at := s.pos
		d, ok := s.date(day, english)
		if !ok {
			s.pos = at
			return weekday >= 0
		}
		same = same && d.Equal(day)
		s.byte(")")
		return true
	})
	return day, same
}

// weekOf reads the number of an ISO week of this year, or the next where it is over.
func (s *scanner) weekOf(today time.Time, weekday int) (time.Time, bool) {
	d, ok := s.digits(2)
	week, _ := strconv.Atoi(d)
	if !ok || week < 1 || week > 52 {
		return time.Time{}, false
	}
	year, this := today.ISOWeek()
	if week < this {
		year++
	}
	jan4 := time.Date(year, 1, 4, 0, 0, 0, 0, today.Location()) // always in week 1
	monday := jan4.AddDate(0, 0, -(int(jan4.Weekday())+6)%7)
	return monday.AddDate(0, 0, 7*(week-1)+(weekday+6)%7), true
}

func (s *scanner) weekday() int {
	for i, names := range [7][]string{
		{"söndag", "sön", "sunday", "sun"}, {"måndag", "mån", "monday", "mon"}, {"tisdag", "tis", "tuesday", "tues", "tue"},
		{"onsdag", "ons", "wednesday", "wed"}, {"torsdag", "tors", "tor", "thursday", "thurs", "thu"}, {"fredag", "fre", "friday", "fri"},
		{"lördag", "lör", "saturday", "sat"},
	} {
		if s.take(names...) {
			return i
		}
	}
	return -1
}

func (s *scanner) month() (time.Month, bool) {
	for i, names := range [12][]string{
		{"januari", "january", "jan"}, {"februari", "february", "feb"}, {"mars", "march", "mar"}, {"april", "apr"}, {"maj", "may"},
		{"juni", "june", "jun"}, {"juli", "july", "jul"}, {"augusti", "august", "aug"}, {"september", "sept", "sep"},
		{"oktober", "october", "okt", "oct"}, {"november", "nov"}, {"december", "dec"},
	} {
		if s.take(names...) {
			s.byte(".")
			return time.Month(i + 1), true
		}
	}
	return 0, false
}

// date passes 2026-12-01, 20261201, 261201, 1/12, 1/12-26, 1.12.2026, 1 dec 2026, dec 1.
func (s *scanner) date(today time.Time, english bool) (time.Time, bool) {
	var day time.Time
	ok := s.try(func() (ok bool) { day, ok = s.isoDate(today.Location()); return ok }) ||
		s.try(func() (ok bool) { day, ok = s.namedDate(today); return ok }) ||
		s.try(func() (ok bool) { day, ok = s.slashDate(today, english); return ok })
	return day, ok
}

// calendar makes a date of its parts, if there is such a day.
func calendar(y, m, d int, loc *time.Location) (time.Time, bool) {
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, loc)
	return t, t.Day() == d && int(t.Month()) == m && y >= 2000 && y < 2100
}

func (s *scanner) int(most int) (int, bool) {
	s.spaces()
	d, ok := s.digits(most)
	n, _ := strconv.Atoi(d)
	return n, ok
}

func (s *scanner) isoDate(loc *time.Location) (time.Time, bool) {
	s.spaces()
	d, ok := s.digits(8)
	switch {
	case !ok:
	case len(d) == 8 || len(d) == 6:
		if len(d) == 6 {
			d = "20" + d
		}
		n, _ := strconv.Atoi(d)
		return calendar(n/10000, n/100%100, n%100, loc)
	case len(d) == 4 && s.byte("-/."):
		mark := s.low[s.pos-1]
		m, ok1 := s.int(2)
		if !ok1 || !s.byte(string(mark)) {
			return time.Time{}, false
		}
		y, _ := strconv.Atoi(d)
		day, ok2 := s.int(2)
		if !ok2 {
			return time.Time{}, false
		}
		return calendar(y, m, day, loc)
	}
	return time.Time{}, false
}

func (s *scanner) namedDate(today time.Time) (time.Time, bool) {
	m, monthFirst := s.month()
	d, ok := s.int(2)
	if !ok {
		return time.Time{}, false
	}
	s.take("st", "nd", "rd", "th", ":e", ":a", "e")
	s.byte(".")
	if !monthFirst {
		s.take("of")
		if m, ok = s.month(); !ok {
			return time.Time{}, false
		}
	}
	return nearest(s.year(), int(m), d, today)
}

// year passes a year that stands apart, or returns 0. 2026 before a dash is a time of day.
func (s *scanner) year() (y int) {
	s.try(func() bool {
		s.byte(",")
		n, ok := s.int(4)
		if !ok || n < 2020 || n > 2039 || strings.HasPrefix(strings.TrimLeft(s.low[s.pos:], " "), "-") {
			return false
		}
		y = n
		return true
	})
	return y
}

// slashDate passes day/month. In an English answer the two may stand the other way round, so they must tell themselves apart.
func (s *scanner) slashDate(today time.Time, english bool) (time.Time, bool) {
	d, ok := s.int(2)
	if !ok || !s.byte("/.") {
		return time.Time{}, false
	}
	dotted := s.low[s.pos-1] == '.'
	m, ok := s.int(2)
	if !ok || english && d <= 12 && m <= 12 && d != m {
		return time.Time{}, false
	}
	y := 0
	s.try(func() bool {
		if !s.byte("-/.") {
			return false
		}
		n, ok := s.digits(4)
		if !ok || len(n) != 2 && len(n) != 4 {
			return false
		}
		if len(n) == 2 {
			n = "20" + n
		}
		y, _ = strconv.Atoi(n)
		return true
	})
	if y == 0 {
		y = s.year()
	}
	if dotted && y == 0 && !strings.HasPrefix(s.low[s.pos:], " ") && s.pos < len(s.low) {
		return time.Time{}, false // 8.10-9.30 is a time
	}
	return nearest(y, m, d, today)
}

// nearest gives a date without a year the one that comes next. One of the last two months is more likely a slip than a year ahead.
func nearest(y, m, d int, today time.Time) (time.Time, bool) {
	if y != 0 {
		return calendar(y, m, d, today.Location())
	}
	day, ok := calendar(today.Year(), m, d, today.Location())
	if !ok || !day.Before(today) {
		return day, ok
	}
	if day.After(today.AddDate(0, -2, 0)) {
		return day, false
	}
	return calendar(today.Year()+1, m, d, today.Location())
}

// clockTime is a time of day in minutes, and how it was written.
type clockTime struct {
	minutes int
	exact   bool // written so that it can be no hour of the afternoon
	half    string
}

// hours passes 08:00-10:00, 8-10, kl 8.30, between 8 and 10, 2-4pm. b is -1 where only a beginning is given.
func (s *scanner) hours() (a, b int, ok bool) {
	clock := s.take("klockan", "kl.", "kl", "mellan", "between", "från", "from", "at", "@")
	first, ok := s.clock()
	if !ok {
		return 0, 0, false
	}
	var last clockTime
	ranged := s.try(func() (ok bool) {
		s.spaces()
		if !s.byte("-") && !s.take("till", "to", "och", "and", "until") {
			return false
		}
		s.take("kl.", "kl")
		last, ok = s.clock()
		return ok
	})
	if !ranged {
		a, ok = first.resolve()
		return a, -1, ok && (clock || first.exact) && !s.numberGoesOn()
	}
	if first.half == "" {
		first.half = last.half
		if last.half == "pm" && first.minutes > last.minutes && last.minutes < 12*60 {
			first.half = "am" // 10-2pm
		}
	}
	a, okA := first.resolve()
	b, okB := last.resolve()
	if first.exact && first.half == "" && last.half == "" { // 08-4: its end is not certain
		okB = okB || last.exact
	}
	return a, b, okA && okB && a < b && !s.numberGoesOn()
}

func (s *scanner) clock() (t clockTime, ok bool) {
	s.spaces()
	d, ok := s.digits(4)
	if !ok || len(d) == 3 {
		return t, false
	}
	n, _ := strconv.Atoi(d)
	h, m := n, 0
	t.exact = len(d) == 2 && d[0] == '0'
	if len(d) == 4 {
		h, m, t.exact = n/100, n%100, true
	} else {
		s.try(func() bool {
			if !s.byte(":.") {
				return false
			}
			part, ok := s.digits(2)
			if !ok || len(part) != 2 {
				return false
			}
			m, _ = strconv.Atoi(part)
			t.exact = true
			return true
		})
	}
	switch {
	case s.take("am", "a.m."):
		t.half = "am"
	case s.take("pm", "p.m."):
		t.half = "pm"
	}
	t.minutes = h*60 + m
	return t, h < 24 && m < 60
}

// resolve tells which time it is. A bare hour before seven is as likely one of the afternoon.
func (t clockTime) resolve() (int, bool) {
	h := t.minutes / 60
	switch {
	case t.half == "pm" && h < 12:
		return t.minutes + 12*60, h > 0
	case t.half == "am" && h == 12:
		return t.minutes - 12*60, true
	case t.half != "":
		return t.minutes, h <= 12 && h > 0
	default:
		return t.minutes, t.exact || h >= 7
	}
}
