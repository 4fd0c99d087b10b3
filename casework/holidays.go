package casework

import "time"

// SwedishHoliday names the public holiday of a day, in Swedish, or is "". To those of the law (1989:253 om allmänna helgdagar) come the
// eves on which nobody works either: Easter, Midsummer, Christmas and New Year's Eve. Sundays are none unless they have a name.
func SwedishHoliday(d Day) string {
	if name, ok := map[Day]string{
		{Month: time.January, Day: 1}:   "nyårsdagen",
		{Month: time.January, Day: 6}:   "trettondedag jul",
		{Month: time.May, Day: 1}:       "första maj",
		{Month: time.June, Day: 6}:      "nationaldagen",
		{Month: time.December, Day: 24}: "julafton",
		{Month: time.December, Day: 25}: "juldagen",
		{Month: time.December, Day: 26}: "annandag jul",
		{Month: time.December, Day: 31}: "nyårsafton",
	}[Day{Month: d.Month, Day: d.Day}]; ok {
		return name
	}
	noon := d.noon()
	sinceEaster := int(noon.Sub(easter(d.Year)).Hours()) / 24
	if name, ok := map[int]string{
		-2: "långfredagen", -1: "påskafton", 0: "påskdagen", 1: "annandag påsk", 39: "Kristi himmelsfärdsdag", 49: "pingstdagen",
	}[sinceEaster]; ok {
		return name
	}
	weekday := noon.Weekday()
	between := func(month time.Month, first int) bool { // within the seven days from there on
		from := time.Date(d.Year, month, first, 12, 0, 0, 0, time.UTC)
		return !noon.Before(from) && noon.Before(from.AddDate(0, 0, 7))
	}
	switch {
	case weekday == time.Friday && between(time.June, 19):
		return "midsommarafton"
	case weekday == time.Saturday && between(time.June, 20):
		return "midsommardagen"
	case weekday == time.Saturday && between(time.October, 31):
		return "alla helgons dag"
	}
	return ""
}

// easter is noon of Easter Sunday in the Gregorian calendar, by the algorithm that J. Meeus gives (Astronomical Algorithms, chapter 8).
func easter(year int) time.Time {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	f := (b + 8) / 25
	g := (b - f + 1) / 3
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return time.Date(year, time.Month(n/31), n%31+1, 12, 0, 0, 0, time.UTC)
}
