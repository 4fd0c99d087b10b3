package message

import "strings"

// FoldKind says what a folded part of a text is.
type FoldKind string

// The kinds of folded text.
const (
	FoldQuote      FoldKind = "quote"      // of the mail that is answered
	FoldForwarded  FoldKind = "forwarded"  // a mail passed on below the sender's own words, or attached
	FoldHeader     FoldKind = "header"     // the lines that say who wrote a quotation, and when; lines of the mail's header that are no fields
	FoldSignature  FoldKind = "signature"  // greeting and contact details at the end
	FoldFooter     FoldKind = "footer"     // what a phone, a mail program or a mailing list adds
	FoldDisclaimer FoldKind = "disclaimer" // legal texts and warnings that a mail server adds
)

// Range is a part of Content.FullText that Content.Text leaves out: its bytes Start to End, whole lines with their
// line ends. The ranges of a text are in order, apart from each other, and never empty.
type Range struct {
	Start int      `json:"start"`
	End   int      `json:"end"`
	Kind  FoldKind `json:"kind"`
}

// line is one line of a text while it is decided what it is.
type line struct {
	start, end int    // in the text; the line end is within
	text       string // without blanks and invisible marks around it
	quoted     bool   // it carries a quote mark
	ends       bool   // an attribution could end with it
	code       bool   // it stands in a fenced block, where nothing has a meaning
	ours       bool   // it stands in a text that we sent
	mixed      bool   // some of its words do
	kind       FoldKind
}

func (l *line) blank() bool { return l.text == "" || l.kind != "" }

// splitLines takes a text apart. What the marks cover gets their kind. Blank lines in a row count as one.
func splitLines(full string, marks []Range) []*line {
	n := strings.Count(full, "\n") + 1 - strings.Count(full, "\n\n")
	all, out := make([]line, 0, n), make([]*line, 0, n)
	above := &line{}
	for start := 0; start < len(full); {
		end := len(full)
		if i := strings.IndexByte(full[start:], '\n'); i >= 0 {
			end = start + i + 1
		}
		text := trimMarks(full[start:end])
		for text == "" && end < len(full) && full[end] == '\n' { // a text may be nothing but line ends
			end++
		}
		if text == "" && above.text == "" && above.end > 0 {
			above.end, start = end, end
			continue
		}
		for len(marks) > 0 && marks[0].End <= start {
			marks = marks[1:]
		}
		l := line{start: start, end: end, text: text, ends: endsAttribution(text)}
		if len(marks) > 0 && marks[0].Start <= start && text != "" {
			l.kind = marks[0].Kind
		}
		l.quoted = strings.HasPrefix(text, ">") && !closesAddress(text, above)
		all = append(all, l)
		above = &all[len(all)-1]
		out = append(out, above)
		start = end
	}
	markInitials(out)
	markBars(out)
	markCode(out)
	return out
}

// closesAddress tells "> wrote:" or ">:", the end of an attribution that was broken within its address.
func closesAddress(text string, above *line) bool {
	if len(text) > 60 || above.text == "" || above.quoted || !endsAttribution(text) {
		return false
	}
	inner := strings.TrimRight(strings.ToLower(strings.TrimLeft(text, "> ")), "：:* ")
	if inner == "" {
		return true
	}
	start, end := findVerb(inner)
	return start == 0 && end == len(inner)
}

// trimMarks trims blanks and the invisible marks that programs put around text: byte order mark, joiners, directions.
func trimMarks(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || (s[0] < 0x80 && s[len(s)-1] < 0x80) {
		return s
	}
	return strings.TrimFunc(s, func(r rune) bool {
		switch {
		case r == '\uFEFF', r == '\u200B', r == '\u200C', r == '\u200E', r == '\u200F', r == '\u2060', r >= '\u202A' && r <= '\u202E':
			return true
		}
		return r == ' ' || r == '\t' || r == '\u00A0' || r == '\u3000'
	})
}

// markInitials finds quotations in the manner of "AE> text", two lines at least.
func markInitials(lines []*line) {
	before := ""
	for i, l := range lines {
		name := initials(l.text)
		if name != "" && name == before {
			l.quoted, lines[i-1].quoted = true, true
		}
		before = name
	}
}

// markBars finds quotations in the manner of "| text": below a line that says who wrote it, as tables have bars too.
func markBars(lines []*line) {
	for i := 0; i+1 < len(lines); i++ {
		next := skipBlank(lines, i+1)
		if !lines[i].ends || next == len(lines) || !barred(lines[next].text) {
			continue
		}
		if start, _ := findVerb(strings.ToLower(lines[i].text)); start < 0 {
			continue
		}
		for ; next < len(lines) && barred(lines[next].text); next++ {
			lines[next].quoted = true
		}
		i = next - 1
	}
}

// barred tells a line behind a bar; a row of a table ends in one as well.
func barred(text string) bool {
	return strings.HasPrefix(text, "|") && (len(text) == 1 || !strings.HasSuffix(text, "|"))
}

func initials(text string) string {
	n := 0
	for n < len(text) && n < 4 && 'A' <= text[n] && text[n] <= 'Z' {
		n++
	}
	if n > 0 && n < 4 && n < len(text) && text[n] == '>' {
		return text[:n]
	}
	return ""
}

// markCode finds fenced blocks; a fence without an end is none.
func markCode(lines []*line) {
	open := -1
	for i, l := range lines {
		if !strings.HasPrefix(l.text, "```") {
			continue
		}
		if open < 0 {
			open = i
			continue
		}
		for _, c := range lines[open : i+1] {
			c.code, c.quoted = true, false
		}
		open = -1
	}
}

// folded gives the ranges of what the lines leave out. Blank lines between two folded lines are folded with them, and
// those below them, where blank lines are left above.
func folded(lines []*line) []Range {
	var out []Range
	last, apart := -1, false // the line that the last range ends with; that range stands below a blank line
	for i, l := range lines {
		if l.kind == "" {
			if l.text == "" && apart && last == i-1 {
				out[len(out)-1].End, last = l.end, i
			}
			continue
		}
		start := l.start
		if len(out) > 0 && allBlank(lines[last+1:i]) {
			if before := &out[len(out)-1]; before.Kind == l.kind {
				before.End, last = l.end, i
				continue
			}
			start = out[len(out)-1].End
		} else {
			apart = i == 0 || lines[i-1].text == ""
		}
		out = append(out, Range{Start: start, End: l.end, Kind: l.kind})
		last = i
	}
	return out
}

func allBlank(lines []*line) bool {
	for _, l := range lines {
		if l.kind != "" || l.text != "" {
			return false
		}
	}
	return true
}

// rest is the text without the folded ranges, and without blank lines at its ends.
func rest(full string, ranges []Range) string {
	var b strings.Builder
	at := 0
	for _, r := range ranges {
		b.WriteString(full[at:r.Start])
		at = r.End
	}
	b.WriteString(full[at:])
	return trimLines(b.String())
}

// trimLines drops blank lines at both ends, and blanks behind the last line.
func trimLines(s string) string {
	s = strings.TrimRight(s, " \t\r\n\u00A0")
	for {
		i := strings.IndexByte(s, '\n')
		if i < 0 || strings.TrimSpace(s[:i]) != "" {
			return s
		}
		s = s[i+1:]
	}
}
