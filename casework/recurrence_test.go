package casework

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"smartmail/register"
)

// series are the days of a recurrence from one on, six at most.
func series(r Recurrence, from Day) (out []string) {
	for day, ok := r.From(from); ok && len(out) < 6; day, ok = r.After(day) {
		out = append(out, day.String())
	}
	return out
}

func TestRecurrence(t *testing.T) {
	day := func(s string) Day {
		t.Helper()
		if s == "" {
			return Day{}
		}
		d, err := ParseDay(s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for name, x := range map[string]struct {
		first string
		every int
		unit  register.Unit
		until string
		from  string
		want  string
	}{
		"days":                  {"2026-02-26", 2, register.Days, "", "2026-02-26", "[2026-02-26 2026-02-28 2026-03-02 2026-03-04 2026-03-06 2026-03-08]"},
		"weeks":                 {"2026-12-24", 1, register.Weeks, "2027-01-10", "2026-12-01", "[2026-12-24 2026-12-31 2027-01-07]"},
		"the end of months":     {"2026-01-31", 1, register.Months, "", "2026-01-01", "[2026-01-31 2026-02-28 2026-03-31 2026-04-30 2026-05-31 2026-06-30]"},
		"quarters":              {"2026-11-30", 3, register.Months, "", "2026-12-01", "[2027-02-28 2027-05-30 2027-08-30 2027-11-30 2028-02-29 2028-05-30]"},
		"a leap day":            {"2024-02-29", 1, register.Years, "", "2025-01-01", "[2025-02-28 2026-02-28 2027-02-28 2028-02-29 2029-02-28 2030-02-28]"},
		"no leap day in 2100":   {"2096-02-29", 4, register.Years, "", "2096-03-01", "[2100-02-28 2104-02-29 2108-02-29 2112-02-29 2116-02-29 2120-02-29]"},
		"the end is one of it":  {"2026-01-15", 6, register.Months, "2026-07-15", "2026-01-16", "[2026-07-15]"},
		"it has ended":          {"2026-01-15", 6, register.Months, "2026-07-14", "2026-01-16", "[]"},
		"the end of the years":  {"9998-12-31", 1, register.Years, "", "9000-01-01", "[9998-12-31 9999-12-31]"},
		"a long time ago":       {"0001-01-01", 1, register.Days, "", "9999-12-30", "[9999-12-30 9999-12-31]"},
		"long before the first": {"2026-06-01", 1, register.Years, "2026-12-31", "0001-01-01", "[2026-06-01]"},
	} {
		r := Recurrence{First: day(x.first), Every: x.every, Unit: x.unit, Until: day(x.until)}
		if got := fmt.Sprint(series(r, day(x.from))); got != x.want {
			t.Errorf("%s: %s, want %s", name, got, x.want)
		}
	}
}

// From finds the same as counting does, the days rise, and each is the first one's day of the month where that month has one.
func TestRecurrenceCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := Day{2020, 1, 1}.Add(rapid.IntRange(0, 3000).Draw(t, "first"))
		r := Recurrence{First: first, Every: rapid.IntRange(1, 40).Draw(t, "every"), Unit: rapid.SampledFrom(register.Units()).Draw(t, "unit")}
		from := first.Add(rapid.IntRange(-10, 5000).Draw(t, "from"))
		place := 0
		for r.on(place).Compare(from) < 0 {
			if next := r.on(place + 1); next.Compare(r.on(place)) <= 0 {
				t.Fatalf("%s is not after %s", next, r.on(place))
			}
			place++
		}
		got, ok := r.From(from)
		if !ok || got != r.on(place) {
			t.Fatalf("from %s: %s, %v, want %s", from, got, ok, r.on(place))
		}
		monthly := r.Unit == register.Months || r.Unit == register.Years
		if last := got.Add(1).Day == 1; monthly && got.Day != first.Day && (!last || got.Day > first.Day) {
			t.Fatalf("%s of a series from %s", got, first)
		}
	})
}

func TestDayText(t *testing.T) {
	b, err := json.Marshal(map[string]Day{"day": {2028, time.February, 29}})
	if err != nil || string(b) != `{"day":"2028-02-29"}` {
		t.Fatalf("%s, %v", b, err)
	}
	var back map[string]Day
	if err := json.Unmarshal(b, &back); err != nil || back["day"] != (Day{2028, time.February, 29}) {
		t.Errorf("%+v, %v", back, err)
	}
	for _, wrong := range []string{`"2027-02-29"`, `"2027-2-1"`, `""`, `7`} {
		var d Day
		if json.Unmarshal([]byte(wrong), &d) == nil {
			t.Errorf("%s is a day: %s", wrong, d)
		}
	}
}
