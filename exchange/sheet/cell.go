package sheet

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// formula reports whether a spreadsheet takes a text for a formula, or runs a command that it names: = + - @, however many apostrophes
// stand before it.
func formula(s string) bool {
	s = strings.TrimLeft(s, "'")
	return s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0]))
}

// harmless puts an apostrophe before what would be a formula. restore takes it away again.
func harmless(s string) string {
	if formula(s) {
		return "'" + s
	}
	return s
}

func restore(s string) string {
	if rest, ok := strings.CutPrefix(s, "'"); ok && formula(rest) {
		return rest
	}
	return s
}

// clean is a cell as Row has it: line ends are LF, whichever program wrote them.
func clean(cell string) string {
	if strings.Contains(cell, "\r") {
		cell = strings.ReplaceAll(strings.ReplaceAll(cell, "\r\n", "\n"), "\r", "\n")
	}
	return restore(strings.TrimSpace(cell))
}

// listMarks stand between the values of a cell with several; within a value a backslash stands before them.
const listMarks = ";,|"

// joinList writes several values into one cell.
func joinList[S ~string](list []S) string {
	var b strings.Builder
	for i, v := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		for _, r := range string(v) {
			if strings.ContainsRune(listMarks+`\`, r) {
				b.WriteByte('\\')
			}
			b.WriteRune(r)
		}
	}
	return b.String()
}

// splitList is the reverse of joinList. Empty values are left out; line breaks within the cell separate as well.
func splitList(cell string) (list []string) {
	var b strings.Builder
	end := func() {
		if v := strings.TrimSpace(b.String()); v != "" {
			list = append(list, v)
		}
		b.Reset()
	}
	escaped := false
	for _, r := range cell {
		switch {
		case escaped:
			b.WriteRune(r)
			escaped = false
		case r == '\\':
			escaped = true
		case strings.ContainsRune(listMarks+"\n", r):
			end()
		default:
			b.WriteRune(r)
		}
	}
	end()
	return list
}

func parseYesNo(cell string) (bool, error) {
	switch strings.ToLower(cell) {
	case "", "0", "no", "n", "nej", "false", "falskt":
		return false, nil
	case "1", "yes", "y", "j", "ja", "x", "true", "sant":
		return true, nil
	}
	return false, fmt.Errorf("%q is neither yes nor no", cell)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "" // so that a sheet shows what is said
}

// parseNumber reads 72.5, 72,5 and 1 234,5.
func parseNumber(cell string) (float64, error) {
	if cell == "" {
		return 0, nil
	}
	plain := strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", ",", ".").Replace(cell)
	n, err := strconv.ParseFloat(plain, 64)
	if err != nil || strings.ContainsAny(plain, "xXpPiIaA_") { // neither hexadecimal nor Inf nor NaN
		return 0, fmt.Errorf("%q is no number", cell)
	}
	return n, nil
}

// withoutUnit is an area without the square metres behind it.
func withoutUnit(cell string) string {
	lower := strings.ToLower(cell)
	for _, unit := range []string{"m2", "m²", "kvm", "sqm"} {
		if strings.HasSuffix(lower, unit) {
			return strings.TrimSpace(cell[:len(cell)-len(unit)])
		}
	}
	return cell
}

// parseDay reads a day as 2026-11-25, 20261125 or 2026/11/25, or as the number of days that a spreadsheet keeps; a time of day behind it
// does not count. Other orders of day and month are not guessed.
func parseDay(cell string) (string, error) {
	if cell == "" {
		return "", nil
	}
	for _, layout := range []string{time.DateOnly, "20060102", "2006/01/02", "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04"} {
		if t, err := time.Parse(layout, cell); err == nil {
			return t.Format(time.DateOnly), nil
		}
	}
	// Days since 1899-12-30; from 1927 to 2173, so that no year and no other short number is taken for one.
	const least, most = 10_000, 99_999
	days, _, _ := strings.Cut(cell, ".") // what follows is the time of day
	if _, err := strconv.ParseFloat(cell, 64); err != nil {
		days = ""
	}
	if n, err := strconv.Atoi(days); err == nil && n >= least && n <= most {
		return time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n).Format(time.DateOnly), nil
	}
	return "", fmt.Errorf("%q is no day YYYY-MM-DD", cell)
}

// parseClock reads 07:00, 7.00 and 7, and the part of a day that a spreadsheet keeps.
func parseClock(cell string) (string, error) {
	if cell == "" {
		return "", nil
	}
	for _, layout := range []string{"15:04", "15.04", "15:04:05", "15"} {
		if t, err := time.Parse(layout, cell); err == nil {
			return t.Format("15:04"), nil
		}
	}
	if part, err := strconv.ParseFloat(cell, 64); err == nil && part >= 0 && part < 1 {
		return time.Time{}.Add(time.Duration(part*24*60+0.5) * time.Minute).Format("15:04"), nil
	}
	return "", fmt.Errorf("%q is no time HH:MM", cell)
}

// digits writes a number of only digits in a shape with a hyphen; anything else stays, for its own check.
func digits(cell string, behind map[int]int) string {
	if at, ok := behind[len(cell)]; ok {
		if _, err := strconv.ParseUint(cell, 10, 64); err == nil {
			return cell[:at] + "-" + cell[at:]
		}
	}
	return cell
}
