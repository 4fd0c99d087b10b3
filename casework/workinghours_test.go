package casework

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"smartmail/fault"
)

// The days off of 2026 as Swedish calendars print them, and those of other years that move.
func TestSwedishHolidays(t *testing.T) {
	want := []string{
		"01-01 nyårsdagen", "01-06 trettondedag jul", "04-03 långfredagen", "04-04 påskafton", "04-05 påskdagen", "04-06 annandag påsk",
		"05-01 första maj", "05-14 Kristi himmelsfärdsdag", "05-24 pingstdagen", "06-06 nationaldagen", "06-19 midsommarafton",
		"06-20 midsommardagen", "10-31 alla helgons dag", "12-24 julafton", "12-25 juldagen", "12-26 annandag jul", "12-31 nyårsafton",
	}
	var got []string
	for at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() == 2026; at = at.AddDate(0, 0, 1) {
		if name := SwedishHoliday(dayOf(at)); name != "" {
			got = append(got, at.Format("01-02 ")+name)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("2026:\n%q\nwant\n%q", got, want)
	}
	for day, name := range map[string]string{
		"2019-04-21": "påskdagen", "2024-03-31": "påskdagen", "2025-04-20": "påskdagen", "2027-03-28": "påskdagen", "2038-04-25": "påskdagen",
		"2285-03-22": "påskdagen", "2025-05-29": "Kristi himmelsfärdsdag", "2008-05-01": "första maj", // Ascension fell on it
		"2024-06-21": "midsommarafton", "2025-06-20": "midsommarafton", "2027-06-25": "midsommarafton", "2027-06-26": "midsommardagen",
		"2024-11-02": "alla helgons dag", "2025-11-01": "alla helgons dag", "2021-11-06": "alla helgons dag",
		"2026-06-18": "", "2026-05-25": "", "2026-11-01": "", "2026-12-23": "", "2025-11-08": "", "2027-06-18": "",
	} {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		if got := SwedishHoliday(dayOf(at)); got != name {
			t.Errorf("%s is %q, want %q", day, got, name)
		}
	}
}

// office is open on weekdays, with a break on Wednesdays, and in the night of Saturdays.
func office(t testing.TB) WorkingHours {
	t.Helper()
	loc, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	week, err := ParseWeek([]string{"mon-tue,thu-fri 08:00-16:30", "wed 08:00-12:00 13:00-16:30", "sun 00:00-06:00"})
	if err != nil {
		t.Fatal(err)
	}
	return WorkingHours{Location: loc, Week: week, Holiday: func(d Day) bool { return SwedishHoliday(d) != "" }}
}

func TestWorkingHours(t *testing.T) {
	w := office(t)
	at := func(s string) time.Time {
		t.Helper()
		got, err := time.ParseInLocation("2006-01-02 15:04", s, w.Location)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	for _, x := range []struct {
		when string
		add  time.Duration
		open bool
		want string
	}{
		{"2026-11-24 08:00", 0, true, "2026-11-24 08:00"}, // a Tuesday
		{"2026-11-24 16:29", 0, true, "2026-11-24 16:29"},
		{"2026-11-24 16:30", 0, false, "2026-11-25 08:00"},
		{"2026-11-24 03:00", time.Hour, false, "2026-11-24 09:00"},
		{"2026-11-24 15:30", time.Hour, true, "2026-11-24 16:30"}, // ends with the day
		{"2026-11-24 15:30", time.Hour + time.Minute, true, "2026-11-25 08:01"},
		{"2026-11-25 12:30", time.Hour, false, "2026-11-25 14:00"}, // break
		{"2026-11-25 11:00", 2 * time.Hour, true, "2026-11-25 14:00"},
		{"2026-11-27 17:00", 0, false, "2026-11-29 00:00"},                // Friday evening, to the night of Sunday
		{"2026-11-27 16:00", 7 * time.Hour, true, "2026-11-30 08:30"},     // half an hour, six of Sunday, half an hour
		{"2026-12-23 16:00", 2 * time.Hour, true, "2026-12-27 01:30"},     // Christmas
		{"2026-06-19 10:00", 0, false, "2026-06-21 00:00"},                // Midsummer Eve
		{"2026-03-29 00:30", 5 * time.Hour, true, "2026-03-30 08:30"},     // clocks go forward: the night has five hours
		{"2026-10-25 00:00", 7 * time.Hour, true, "2026-10-25 06:00"},     // and back: seven
		{"2026-11-24 09:00", -time.Hour, true, "2026-11-24 09:00"},        // not backwards
		{"2026-11-23 08:00", 5 * 8 * time.Hour, true, "2026-11-27 15:00"}, // 8.5 + 8.5 + 7.5 + 8.5 hours, and 7
	} {
		if got := w.Open(at(x.when)); got != x.open {
			t.Errorf("%s: open is %v", x.when, got)
		}
		if got := w.Add(at(x.when), x.add).In(w.Location).Format("2006-01-02 15:04"); got != x.want {
			t.Errorf("%s + %v = %s, want %s", x.when, x.add, got, x.want)
		}
	}
	if now := at("2026-12-24 03:00"); !(WorkingHours{}).Open(now) || !(WorkingHours{}).Add(now, time.Hour).Equal(now.Add(time.Hour)) {
		t.Error("without hours it is always open")
	}
	never := WorkingHours{Week: w.Week, Holiday: func(Day) bool { return true }}
	if now := at("2026-11-24 09:00"); never.Open(now) || !never.Add(now, time.Hour).Equal(now.Add(time.Hour)) {
		t.Error("where nobody ever works time counts as it passes")
	}
}

// What is added in two steps is what is added in one, and the end lies within the hours or at their closing.
func TestWorkingHoursAddUp(t *testing.T) {
	w := office(t)
	rapid.Check(t, func(t *rapid.T) {
		from := time.Unix(rapid.Int64Range(1_700_000_000, 1_900_000_000).Draw(t, "from"), 0)
		a := time.Duration(rapid.Int64Range(1, 200*3600).Draw(t, "a")) * time.Second
		b := time.Duration(rapid.Int64Range(1, 200*3600).Draw(t, "b")) * time.Second
		mid := w.Add(from, a)
		if got, want := w.Add(mid, b), w.Add(from, a+b); !got.Equal(want) {
			t.Errorf("%v + %v + %v = %v, want %v", from, a, b, got, want)
		}
		if !w.Open(mid) && !w.Open(mid.Add(-time.Second)) || mid.Before(from.Add(a)) {
			t.Errorf("%v + %v = %v", from, a, mid)
		}
	})
}

func TestParseWeek(t *testing.T) {
	w, err := ParseWeek([]string{"SAT-mon 22:00-24:00", "wed 13:00-16:00 08:00-12:00"})
	night := []Span{{1320, 1440}}
	if err != nil || !slices.Equal(w[6], night) || !slices.Equal(w[0], night) || !slices.Equal(w[1], night) || w[2] != nil || !slices.Equal(w[3], []Span{{480, 720}, {780, 960}}) {
		t.Errorf("%v, %v", w, err)
	}
	for _, bad := range []string{"", "mon", "08:00-16:00", "xyz 08:00-16:00", "mon- 08:00-16:00", "mon 8-16", "mon 16:00-08:00", "mon 08:00-08:00", "mon 08:00-24:01", "mon 08:60-09:00",
		"mon +8:00-16:00", "mon 08:00-16:00-17:00", "mon 08:00-12:00 11:00-13:00"} {
		if _, err := ParseWeek([]string{bad}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
