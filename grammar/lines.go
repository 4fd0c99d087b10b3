package grammar

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// clip trims a piece of text and cuts it at a rune's boundary.
func clip(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > maxQuoted {
		s = strings.ToValidUTF8(s[:maxQuoted], "")
	}
	return s
}

// plain gives every character that people and phones use for one thing the same form, so that all else sees only one. NFC
// comes first: macOS sends å as two code points.
var plain = strings.NewReplacer(
	"\r\n", "\n", "\r", "\n", "\t", " ", "\u00a0", " ", "\u202f", " ", "\u2009", " ", "\u200b", "", "\ufeff", "", "\u00ad", "",
	"\u2010", "-", "\u2011", "-", "\u2012", "-", "–", "-", "—", "-", "−", "-", "’", "'", "‘", "'", "´", "'",
	"…", "...", "•", "-", "·", "-", "_", " ", "[ ]", " ", "á", "à",
)

// lines returns the lines of a text as commands are read from them: wrapped ones joined, list marks and bold marks off.
func lines(text string) []string {
	text = plain.Replace(norm.NFC.String(strings.ToValidUTF8(text, " ")))
	var out []string
	var last string // the line before, as it stood
	for _, raw := range strings.Split(text, "\n") {
		quoted := strings.HasPrefix(strings.TrimSpace(raw), ">")
		l := emptied(bare(raw))
		prev := len(out) - 1
		switch {
		case l == "":
		case quoted:
			// Of what is quoted only a heading of our form counts, since the answer stands below it. Anything else is flagged by line.
			l = "> " + l
			out = append(out, l)
		case prev >= 0 && last != "" && len(out[prev]) < maxJoined && continues(out[prev], last, l, raw):
			sep := " "
			if listItem(raw) && !headingOnly(strings.TrimPrefix(out[prev], "> ")) {
				sep = ", "
			}
			out[prev] = strings.TrimPrefix(out[prev], "> ") + sep + l
		default:
			out = append(out, l)
		}
		last = l
	}
	return out
}

// bare takes quote marks, list marks and bold marks off a line.
func bare(l string) string {
	l = strings.TrimLeft(l, "> ")
	b := []byte(l)
	for i, c := range b {
		if c == '*' && (i == 0 || i == len(b)-1 || !digit(b[i-1]) || !digit(b[i+1])) {
			b[i] = ' '
		}
	}
	return strings.TrimSpace(strings.TrimLeft(string(b), "-+# "))
}

func listItem(raw string) bool {
	raw = strings.TrimLeft(raw, " ")
	return strings.HasPrefix(raw, "-") || strings.HasPrefix(raw, "*") || strings.HasPrefix(raw, "+")
}

// wrapAt is the shortest line that a mail program has wrapped.
const wrapAt = 55

// maxJoined bounds what wrapped lines are joined to, in bytes.
const maxJoined = 2000

// continues tells whether a line goes on from the one before it: that one ended with a command word alone or with an amount that
// lacks its unit, this one starts with a price, or the wrapping is plain to see.
func continues(prev, last, l, raw string) bool {
	s := scanner{src: l, low: lower(l)}
	if strings.HasPrefix(prev, "> ") {
		return headingOnly(strings.TrimPrefix(prev, "> ")) && startsArgument(s)
	}
	p := scanner{src: prev, low: lower(prev)}
	switch {
	case headingOnly(prev):
		return startsArgument(s)
	case s.take("à", "@") || s.take("a") && s.atDigit():
		return true
	case p.begins(Material) && startsDigit(l) && listItem(raw):
		return true
	case len(last) >= wrapAt && !strings.ContainsAny(last[len(last)-1:], ".!?:"):
		first, _ := utf8.DecodeRuneInString(l)
		return unicode.IsLower(first) && !s.command() || unicode.IsDigit(first)
	}
	return false
}

func startsDigit(s string) bool { return s != "" && digit(s[0]) }

// startsArgument tells whether a line is what a heading waits for: an amount or a day.
func startsArgument(s scanner) bool {
	return !s.command() && (s.atNumber() || s.atDigit() || s.weekday() >= 0 || s.take("imorgon", "i morgon", "idag", "i dag", "tomorrow", "today", "kl", "den"))
}

// headingOnly tells whether a line is a command word that waits for its arguments: "TID:".
func headingOnly(l string) bool {
	s := scanner{src: l, low: lower(l)}
	for _, k := range []Kind{Booked, Time, Material, Travel, Price} {
		if s.keyword(k) {
			s.colon()
			return s.end()
		}
	}
	return false
}

// emptied takes the unit off a heading of our form that was not filled in, "TID:  h", so that what stands below it is its argument.
func emptied(l string) string {
	s := scanner{src: l, low: lower(l)}
	for k, unit := range map[Kind]string{Time: "h", Travel: "km", Price: "kr"} {
		if s.keyword(k) {
			at := s.pos
			s.colon()
			if colon := s.pos > at; colon && s.take(unit) && s.end() {
				return strings.TrimSpace(s.src[:at]) + ":"
			}
			return l
		}
	}
	return l
}

// WithHeadings puts back into the text that somebody wrote the headings that he wrote below: "> TID:" is quoted, and "2,5 h" under it says
// nothing alone. full is the whole text, with what is quoted.
func WithHeadings(text, full string) string {
	full = full[:min(len(full), 4*MaxText)]
	lines := strings.Split(text, "\n")
	next, heading := 0, ""
	var out []string
	for raw := range strings.SplitSeq(full, "\n") {
		l := strings.TrimSpace(raw)
		if quoted, ok := strings.CutPrefix(l, ">"); ok {
			heading = ""
			if headingOnly(emptied(bare(plain.Replace(quoted)))) {
				heading = l
			}
			continue
		}
		if l == "" || next == len(lines) {
			continue
		}
		for next < len(lines) && strings.TrimSpace(lines[next]) == "" {
			out, next = append(out, lines[next]), next+1
		}
		if next < len(lines) && strings.TrimSpace(lines[next]) == l {
			if heading != "" {
				out = append(out, heading)
			}
			out, next = append(out, lines[next]), next+1
		}
		heading = ""
	}
	return strings.Join(append(out, lines[next:]...), "\n")
}

// lower folds case rune by rune without changing the length of anything, so that positions in both strings agree.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if l := unicode.ToLower(r); utf8.RuneLen(l) == utf8.RuneLen(r) {
			return l
		}
		return r
	}, s)
}

// sentence is a piece of a line up to its full stop, with its clauses.
type sentence struct {
	text    string
	rest    string // from its beginning to the end of the line
	clauses []string
	asks    bool
}

// sentences splits a line. A stop within a number or after an abbreviation is none.
func sentences(l string) (out []sentence) {
	start, clause := 0, 0
	cur := sentence{}
	endClause := func(i int) {
		if c := strings.TrimSpace(l[clause:i]); c != "" {
			cur.clauses = append(cur.clauses, c)
		}
	}
	finish := func(i int) {
		endClause(i)
		cur.text, cur.rest = strings.TrimSpace(l[start:i]), strings.TrimSpace(l[start:])
		if cur.text != "" {
			out = append(out, cur)
		}
		cur, start, clause = sentence{}, i+1, i+1
	}
	for i := 0; i < len(l); i++ {
		inNumber := i > 0 && i+1 < len(l) && digit(l[i-1]) && digit(l[i+1])
		switch c := l[i]; {
		case c == '?':
			cur.asks = true
			finish(i)
		case c == '!':
			finish(i)
		case c == '.' && !inNumber && (i+1 == len(l) || l[i+1] == ' ') && !abbreviated(l[:i]):
			finish(i)
		case c == ';' || c == ',' && !inNumber && (i+1 == len(l) || l[i+1] != '-'):
			endClause(i)
			clause = i + 1
		}
	}
	if start < len(l) {
		finish(len(l))
	}
	return out
}

// abbreviations that end with a stop and not a sentence.
const abbreviations = " kl ca st tim min v nr jan feb mar apr jun jul aug sep sept okt oct nov dec mån tis ons tor tors fre lör sön mon tue wed thu fri sat sun ex bl inkl exkl ex t a förp tid resa pris "

func abbreviated(before string) bool {
	i := strings.LastIndexAny(before, " ,:;.0123456789") + 1
	return i < len(before) && len(before)-i <= 6 && strings.Contains(abbreviations, " "+lower(before[i:])+" ")
}

func digit(c byte) bool { return c >= '0' && c <= '9' }
