package message

import (
	"strings"
	"unicode/utf8"
)

// Bounds of what may be an attribution such as "Den 5 jan. 2026 kl. 10:00 skrev Anna <a@example.com>:".
const (
	maxAttribution      = 600 // bytes
	maxAttributionLines = 5
)

// attribution tells how many lines, from i on, say who wrote the text that follows; 0 if they do not. A verb and a colon
// at the end are not enough, as people write such sentences: a date, an address or quote marks must bear it out.
func (r *reader) attribution(lines []*line, i int) int {
	n := attributionEnd(lines, i)
	if n == 0 || r.looks <= 0 {
		return 0
	}
	r.looks--
	a := newHeaderLine(lines[i : i+n])
	if n > 1 && !a.starts() {
		return 0
	}
	next := skipBlank(lines, i+n)
	if !a.attributes(next < len(lines) && lines[next].quoted) {
		return 0
	}
	// The lines before may belong to the text: "On this day / On 5 Jan 2026 Anna wrote:".
	for k := i + 1; k < i+n; k++ {
		if startsWithOpener(lines[k].text) && hasDate(strings.ToLower(lines[k].text)) && r.attribution(lines, k) > 0 {
			return 0
		}
	}
	return n
}

// attributionEnd finds the first line, from i on, that an attribution could end with. An address between angle brackets
// may be broken into lines, and its end then looks like a quote mark.
func attributionEnd(lines []*line, i int) int {
	found := gmailDate(lines[i].text)
	for _, l := range lines[i:min(len(lines), i+maxAttributionLines)] {
		found = found || l.ends
	}
	if !found {
		return 0
	}
	size, open := 0, 0
	for n := 1; n <= maxAttributionLines && i+n <= len(lines); n++ {
		l := lines[i+n-1]
		if size += len(l.text) + 1; l.kind != "" || l.code || size > maxAttribution {
			return 0
		}
		if l.text == "" {
			if n > 2 || i+n >= len(lines) || !strings.HasPrefix(lines[i+n].text, "<") || !startsWithOpener(lines[i].text) {
				return 0
			}
			continue
		}
		if l.quoted && (n == 1 || open <= 0) {
			return 0
		}
		open += strings.Count(l.text, "<") - strings.Count(l.text, ">")
		if l.ends || (n == 1 && open <= 0 && gmailDate(l.text)) {
			return n
		}
	}
	return 0
}

// endsAttribution looks at the last characters of a line alone.
func endsAttribution(text string) bool {
	if text == "" || strings.IndexByte(":*_-e\x9A\xA0", text[len(text)-1]) < 0 {
		return false
	}
	text = strings.TrimRight(text, "* _-\u00A0")
	return strings.HasSuffix(text, ":") || strings.HasSuffix(text, "：") || strings.HasSuffix(text, "wrote")
}

// gmailDate tells "2016-03-03 17:21 GMT+01:00 Some One", which may come without an address and a colon.
func gmailDate(text string) bool {
	if len(text) < 24 || len(text) > 120 || text[4] != '-' || text[7] != '-' || text[10] != ' ' {
		return false
	}
	return isDigits(text[:4]) && (strings.HasPrefix(text[16:], "GMT") || strings.HasPrefix(text[17:], "GMT") || strings.HasPrefix(text[15:], " GMT"))
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// headerLine is a possible attribution in one line, lower case, with what tells it.
type headerLine struct {
	text      string // without the colon
	colon     bool
	opener    bool // it begins as attributions do
	date      bool
	clock     bool
	address   bool
	endsAddr  bool // the address is the last thing in it
	verb      int  // where a verb of writing begins; -1: none
	verbEnd   int
	quotedOut bool // it ends in the "----" of Zoho
}

func newHeaderLine(lines []*line) headerLine {
	var b strings.Builder
	for _, l := range lines {
		if l.text != "" {
			b.WriteString(l.text + " ")
		}
	}
	text := strings.Join(strings.Fields(strings.ToLower(b.String())), " ")
	a := headerLine{opener: startsWithOpener(text)}
	bare := strings.TrimRight(text, "* _-")
	a.quotedOut = strings.HasPrefix(text, "--") && bare != text
	bare = strings.TrimLeft(bare, "*-– ")
	a.text = strings.TrimRight(bare, ":： *")
	a.colon = a.text != bare
	a.date, a.clock = hasDate(a.text), hasClock(a.text)
	a.address = hasAddress(a.text)
	last := a.text[strings.LastIndexByte(a.text, ' ')+1:]
	a.endsAddr = a.address && (strings.HasSuffix(a.text, ">") || strings.HasSuffix(a.text, ">)") || strings.HasSuffix(a.text, "&gt;") || strings.Contains(last, "@"))
	a.verb, a.verbEnd = findVerb(a.text)
	return a
}

// starts tells whether several lines may be one attribution.
func (a headerLine) starts() bool {
	if a.opener {
		return true
	}
	// "Anna Ek <" and the address on the next line, or "Anna Ek <a@example.com>" and the rest there
	at := strings.IndexByte(a.text, '<')
	return at > 0 && at < 80 && a.address && len(strings.Fields(a.text[:at])) <= 5
}

// attributes decides; quoted says that quote marks follow.
func (a headerLine) attributes(quoted bool) bool {
	when := a.date || a.clock
	switch {
	case !a.colon && gmailDate(a.text[:min(len(a.text), 16)]+strings.ToUpper(a.text[min(len(a.text), 16):])):
		return true
	case a.text == "" || len(a.text) > maxAttribution:
		return false
	case !a.colon:
		return a.verb >= 0 && a.verbEnd == len(a.text) && when && (a.opener || a.quotedOut) && (a.address || (a.date && a.clock))
	case a.endsAddr && (a.verb >= 0 || (when && (a.opener || quoted || (a.date && a.clock))) || (quoted && len(a.text) < 120)):
		return true
	case a.verb < 0:
		return quoted && a.opener && a.date && a.clock
	case quoted:
		return true
	case firstPerson(a.text, a.verb, a.verbEnd):
		return false
	case a.verbEnd == len(a.text):
		return a.address || (a.opener && when)
	case a.address && a.date && a.clock: // the date follows: "Anna Ek <anna@example.com> kirjoitti 5.1.2026 klo 10.00"
		return true
	}
	// A name follows the verb: "am 25.06.2015 um 10:55 schrieb Anna".
	return a.opener && (a.clock || a.date && hasYear(a.text)) && len(strings.Fields(a.text[a.verbEnd:])) <= 6
}

// startsWithOpener tells whether a line begins as attributions do: with a word such as "On", a weekday, or a digit.
func startsWithOpener(text string) bool {
	text = strings.TrimLeft(text, "*-–_ ")
	if text == "" {
		return false
	}
	if '0' <= text[0] && text[0] <= '9' {
		return true
	}
	word := text[:min(len(text), 40)]
	if i := strings.IndexAny(word, " \t,.\u00A0"); i > 0 {
		word = word[:i]
	}
	return openers[strings.ToLower(word)]
}

// findVerb finds a verb of writing that stands as a word of its own.
func findVerb(text string) (start, end int) {
	for _, v := range wroteVerbs {
		for at := 0; ; {
			i := strings.Index(text[at:], v)
			if i < 0 {
				break
			}
			start, end = at+i, at+i+len(v)
			if v[0] >= 0xE3 && v[0] <= 0xED { // Chinese, Japanese and Korean have no spaces between words
				return start, end
			}
			before, _ := utf8.DecodeLastRuneInString(text[:start])
			after, _ := utf8.DecodeRuneInString(text[end:])
			if (start == 0 || strings.ContainsRune(" \u00A0>),\"'”]", before)) && (end == len(text) || strings.ContainsRune(" \u00A0,:*", after)) {
				return start, end
			}
			at = end
		}
	}
	return -1, -1
}

// firstPerson tells "skrev jag", "I wrote": people say so in their own words.
func firstPerson(text string, verb, verbEnd int) bool {
	before, after := strings.Fields(text[:verb]), strings.Fields(text[verbEnd:])
	return len(before) > 0 && pronouns[before[len(before)-1]] || len(after) > 0 && pronouns[strings.Trim(after[0], ",.")]
}

// hasClock finds a time of day, such as 10:00 or 21.15.
func hasClock(s string) bool {
	for i := 1; i+2 < len(s); i++ {
		if c := s[i]; (c == ':' || c == '.' || c == 'h') && digit(s[i-1]) && digit(s[i+1]) && digit(s[i+2]) && (i+3 == len(s) || !digit(s[i+3])) {
			return true
		}
	}
	return false
}

// hasDate finds a year, or numbers with a separator between them.
func hasDate(s string) bool {
	if hasYear(s) {
		return true
	}
	for i := 1; i+1 < len(s); i++ {
		if c := s[i]; (c == '/' || c == '-' || c == '.') && digit(s[i-1]) && digit(s[i+1]) {
			return true
		}
	}
	return monthDay(s)
}

func hasYear(s string) bool {
	for i := 0; i+4 <= len(s); i++ {
		if (s[i:i+2] == "19" || s[i:i+2] == "20") && digit(s[i+2]) && digit(s[i+3]) &&
			(i == 0 || !digit(s[i-1])) && (i+4 == len(s) || !digit(s[i+4])) {
			return true
		}
	}
	return false
}

// monthDay finds a day of the month beside the name of a month, by its first three letters.
func monthDay(s string) bool {
	words := strings.Fields(s)
	for i, w := range words {
		if w = strings.Trim(w, ".,"); len(w) >= 3 && months[w[:3]] {
			if i > 0 && digit(words[i-1][0]) || i+1 < len(words) && digit(words[i+1][0]) {
				return true
			}
		}
	}
	return false
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// hasAddress finds an e-mail address.
func hasAddress(s string) bool {
	at := strings.IndexByte(s, '@')
	return at > 0 && at+1 < len(s) && s[at-1] != ' ' && s[at+1] != ' '
}
