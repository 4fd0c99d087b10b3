package stats

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"smartmail/fault"
)

// Days is a period as people say it: each end is a year (2026), a quarter (2026-Q1), a month (2026-03) or a day (2026-03-05), and
// belongs to the period as a whole. An empty end is open.
type Days struct{ From, To string }

// In returns the instants from which and before which the period is, in a time zone. Errors are of kind fault.Invalid.
func (d Days) In(loc *time.Location) (from, to time.Time, err error) {
	if d.From != "" {
		if from, _, err = days(d.From, loc); err != nil {
			return from, to, fmt.Errorf("from: %w", err)
		}
	}
	if d.To != "" {
		if _, to, err = days(d.To, loc); err != nil {
			return from, to, fmt.Errorf("to: %w", err)
		}
	}
	return from, to, nil
}

func days(text string, loc *time.Location) (from, to time.Time, err error) {
	for _, f := range []struct {
		layout string
		by     By
	}{{"2006", ByYear}, {"2006-01", ByMonth}, {time.DateOnly, ByDay}} {
		if at, err := time.ParseInLocation(f.layout, text, loc); err == nil {
			from, to, _ = period(f.by, at)
			return from, to, nil
		}
	}
	if year, quarter, ok := strings.Cut(text, "-Q"); ok && len(year) == 4 && len(quarter) == 1 && quarter >= "1" && quarter <= "4" {
		if y, err := strconv.Atoi(year); err == nil && y > 0 {
			from, to, _ = period(ByQuarter, time.Date(y, time.Month(quarter[0]-'1')*3+1, 1, 0, 0, 0, 0, loc))
			return from, to, nil
		}
	}
	return from, to, fault.New(fault.Invalid, fmt.Sprintf("%q is no year, quarter, month or day such as 2026, 2026-Q1, 2026-03 and 2026-03-05", text))
}
