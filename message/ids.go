package message

import (
	"net/mail"
	"strings"
	"time"
)

// cleanID returns a Message-ID or Content-ID without its brackets, otherwise exactly as it is
// (RFC 5322 section 3.6.4), or nothing where there is none.
func cleanID(s string) string {
	if ids := parseIDs(s); len(ids) > 0 {
		return ids[0]
	}
	return ""
}

// parseIDs reads a list of Message-IDs: those in brackets, and without any brackets the words that may be some.
// Comments and phrases between them are skipped.
func parseIDs(v string) []string {
	v = oneLine(v, len(v))
	var out []string
	if !strings.Contains(v, "<") {
		for word := range strings.FieldsSeq(v) {
			if word = strings.Trim(word, ",;>\""); word != "" && len(word) <= 998 {
				out = append(out, word)
			}
		}
		if len(out) > 1 && !strings.Contains(out[0], "@") {
			return nil // prose, such as "Your message of Monday"
		}
		return out
	}
	for {
		_, rest, ok := strings.Cut(v, "<")
		if !ok {
			return out
		}
		id, after, closed := strings.Cut(rest, ">")
		if !closed {
			id, after = rest, ""
		}
		if i := strings.LastIndexByte(id, '<'); i >= 0 {
			id = id[i+1:]
		}
		// RFC 2822 section 4.5.4 lets old programs put spaces inside; folding puts them there as well.
		if id = strings.Join(strings.Fields(id), ""); id != "" && len(id) <= 998 {
			out = append(out, id)
		}
		v = after
	}
}

// newest keeps the last n different ids, oldest first.
func newest(ids []string, n int) []string {
	seen := map[string]bool{}
	kept := make([]string, 0, min(len(ids), n))
	for i := len(ids) - 1; i >= 0 && len(kept) < n; i-- {
		if !seen[ids[i]] {
			seen[ids[i]] = true
			kept = append(kept, ids[i])
		}
	}
	for i, j := 0, len(kept)-1; i < j; i, j = i+1, j-1 {
		kept[i], kept[j] = kept[j], kept[i]
	}
	return kept
}

// parseDate reads a Date field (RFC 5322 section 3.3) and the forms that old programs write. The zero time means
// that it can't be read. The result is in UTC.
func parseDate(v string) time.Time {
	v = strings.TrimSpace(v)
	if len(v) > 200 {
		return time.Time{}
	}
	const usual = "Mon, _2 Jan 2006 15:04:05 -0700" // the one layout of nearly all, which mail.ParseDate tries late
	if t, err := time.Parse(usual, v); err == nil {
		return sane(t)
	}
	if t, err := mail.ParseDate(v); err == nil {
		return sane(t)
	}
	v, _, _ = strings.Cut(v, "(")
	v = strings.Join(strings.Fields(strings.ReplaceAll(v, ",", " ")), " ")
	if day, rest, ok := strings.Cut(v, " "); ok && len(day) >= 2 && len(day) <= 9 && (day[0] < '0' || day[0] > '9') {
		if _, err := time.Parse("Jan", day[:min(3, len(day))]); err != nil || len(day) > 3 {
			v = rest // a weekday, in whatever language
		}
	}
	for _, layout := range dateLayouts() {
		if t, err := time.Parse(layout, v); err == nil {
			return sane(t)
		}
	}
	return time.Time{}
}

func dateLayouts() []string {
	return []string{
		"2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04:05 MST", "2 Jan 2006 15:04:05", "2 Jan 2006 15:04 -0700", "2 Jan 2006 15:04",
		"2 Jan 2006 15:04:05 -0700 MST", "2 Jan 2006 15:04:05 MST-0700", "2 Jan 2006 15:04:05 -07:00",
		"2 Jan 06 15:04:05 -0700", "2 Jan 06 15:04:05 MST", "2 January 2006 15:04:05 -0700", "2 Jan 2006 15.04.05 -0700",
		"Jan 2 15:04:05 2006", "Jan 2 15:04:05 2006 -0700", "Jan 2 15:04:05 MST 2006", "Jan 2 2006 15:04:05 -0700",
		time.RFC3339, "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05", "2-Jan-2006 15:04:05 -0700",
	}
}

// sane refuses years that JSON can't carry.
func sane(t time.Time) time.Time {
	if t = t.UTC(); t.Year() < 1970 || t.Year() > 9000 {
		return time.Time{}
	}
	return t
}
