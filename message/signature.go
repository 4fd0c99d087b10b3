package message

import (
	"strings"
	"unicode"
)

// Bounds of what is looked at from the end of a text upwards.
const (
	maxTailRounds     = 40 // pieces taken off the end
	maxSignatureLines = 40 // lines with text below a separator
	maxSignatureBytes = 4 << 10
)

// tail takes off the end of a text, piece by piece, what is not written for the reader: quotations, footers, legal texts,
// signatures, drawn lines. It returns what remains.
func (r *reader) tail(lines []*line) []*line {
	for range maxTailRounds {
		end := len(lines)
		for end > 0 && lines[end-1].blank() {
			end--
		}
		lines = lines[:end]
		start, kind := r.lastPiece(lines)
		if kind == "" || skipBlank(lines, 0) >= start {
			return lines
		}
		fold(lines[start:], kind)
		lines = lines[:start]
	}
	return lines
}

// lastPiece finds what to fold at the end of lines, whose last one has text; an empty kind: nothing.
func (r *reader) lastPiece(lines []*line) (start int, kind FoldKind) {
	if len(lines) == 0 {
		return 0, ""
	}
	last := lines[len(lines)-1]
	switch {
	case last.code:
		return 0, ""
	case last.quoted:
		if start := r.lastQuotation(lines); start >= 0 {
			return start, FoldQuote
		}
		return 0, ""
	case delimiter(last.text) != 0:
		return len(lines) - 1, FoldFooter
	case isFooter(last.text):
		return len(lines) - 1, FoldFooter
	}
	start, kind = lastDisclaimer(lines), FoldDisclaimer
	if start < 0 {
		start, kind = r.signature(lines), FoldSignature
	}
	if start < 0 || r.quotesWithin(lines[start:]) {
		return 0, ""
	}
	return start, kind
}

// quotesWithin reports whether a quoted mail begins in lines that look like a signature with contact details: it is for quotes
// to tell, and the signature stands above it.
func (r *reader) quotesWithin(lines []*line) bool {
	if r.late {
		return false
	}
	for i, l := range lines {
		if !l.blank() && r.quotesMail(lines, i) {
			return true
		}
	}
	return false
}

// isFooter tells what phones and mail programs put at the end; a sentence about that is none.
func isFooter(text string) bool {
	if len(text) > 300 || !containsAny(strings.ToLower(text), footerWords) || !footerLine.MatchString(text) {
		return false
	}
	for _, w := range strings.Fields(text) {
		switch w {
		case "is", "was", "are", "but", "because", "är", "men", "er", "ist", "aber":
			return false
		}
	}
	return true
}

// lastQuotation finds where the quote marks at the end begin; -1 if these lines only look so: "> 5 grader i rummet".
// Under an attribution they are what they seem.
func (r *reader) lastQuotation(lines []*line) int {
	start, n, measures := len(lines), 0, 0
	for start > 0 && (lines[start-1].quoted || lines[start-1].text == "") && !lines[start-1].code {
		start--
		if lines[start].text != "" {
			n++
			if text := strings.TrimLeft(lines[start].text, "> "); text != "" && (digit(text[0]) || text[0] == '=' || text[0] == '-') {
				measures++
			}
		}
	}
	for lines[start].text == "" {
		start++
	}
	if start == 0 {
		return start
	}
	above := lines[start-1]
	head := above
	if head.text == "" && start > 1 {
		head = lines[start-2]
	}
	switch {
	case !r.late && head.ends:
		r.held = true
		return -1
	case measures == n, n == 1 && above.text != "":
		return -1
	}
	return start
}

// signature finds where the signature at the end begins; -1: there is none.
func (r *reader) signature(lines []*line) int {
	found := -1
	n, size := 0, 0
	for i := len(lines) - 1; i > 0; i-- {
		l := lines[i]
		if l.quoted || l.code || l.kind != "" {
			break
		}
		if l.text == "" {
			continue
		}
		if isSeparator(lines, i) {
			found = i // of several the first
		}
		if n++; n > maxSignatureLines {
			break
		}
		if size += len(l.text); size > maxSignatureBytes {
			break
		}
	}
	if found > 0 {
		return found
	}
	if i := softSeparator(lines); i > 0 {
		return i
	}
	if i := closing(lines); i > 0 {
		return i
	}
	if i := dashName(lines); i > 0 {
		return i
	}
	return r.senderBlock(lines)
}

// isSeparator tells the signature separator of RFC 3676 section 4.3, with or without its blank. In a list it is none.
func isSeparator(lines []*line, i int) bool {
	if t := lines[i].text; t != "--" && t != "—" && t != "––" {
		return false
	}
	if i+1 < len(lines) && bullet(lines[i+1].text) {
		return false
	}
	return !bullet(lines[i-1].text)
}

func bullet(text string) bool {
	return strings.HasPrefix(text, "- ") || strings.HasPrefix(text, "-- ") || strings.HasPrefix(text, "* ") || strings.HasPrefix(text, "• ")
}

// softSeparator finds a drawn line with contact details below it.
func softSeparator(lines []*line) int {
	found, n, contacts := -1, 0, 0
	for i := len(lines) - 1; i > 0 && n <= 12; i-- {
		l := lines[i]
		if l.quoted || l.code || l.kind != "" || len(l.text) > 120 && !contact(l.text) {
			break
		}
		if l.text == "" {
			continue
		}
		if c := delimiter(l.text); c != 0 && n > 0 {
			above, below := lines[i-1].text, lines[skipBlank(lines, i+1)].text
			if (above == "" || c == '_') && (contacts > 0 || n <= 3 && (c == '_' || nameLike(below) && strings.ContainsRune("-—", c))) {
				found = i
			}
			if found < 0 {
				return -1
			}
			continue
		}
		n++
		if contact(l.text) {
			contacts++
		}
	}
	return found
}

// contact tells a line with an address, a link or a telephone number.
func contact(text string) bool {
	if len(text) > 300 {
		return false
	}
	if hasAddress(text) || strings.Contains(text, "://") || hasWWW(text) {
		return len(strings.Fields(text)) <= 10
	}
	digits, letters := 0, 0
	for _, r := range text {
		switch {
		case '0' <= r && r <= '9':
			digits++
		case unicode.IsLetter(r):
			letters++
		}
	}
	return digits >= 6 && letters <= 30 || digits >= 5 && letters <= 25 && postal(text)
}

// hasWWW tells a host name that many write for a link.
func hasWWW(text string) bool {
	for rest := text; ; {
		i := strings.IndexByte(rest, '.')
		if i < 0 {
			return false
		}
		if i >= 3 && strings.EqualFold(rest[i-3:i], "www") {
			return true
		}
		rest = rest[i+1:]
	}
}

// postal tells a line that begins with a postal code: "123 45 Storstad".
func postal(text string) bool {
	i := 0
	for i < len(text) && (digit(text[i]) || text[i] == ' ' || text[i] == '-') {
		i++
	}
	return i >= 5 && i <= 9 && i < len(text)
}

// senderBlock finds the sender's own contact details as the last paragraph: their name, or a word of it, and two details.
// Details that were asked for, or that are announced, are not taken for a signature.
func (r *reader) senderBlock(lines []*line) int {
	if r.rc.Sender.Name == "" {
		return -1
	}
	end := len(lines)
	start := end
	contacts := 0
	for start > 0 && end-start < 10 && lines[start-1].text != "" && !lines[start-1].quoted && lines[start-1].kind == "" {
		start--
		if len(lines[start].text) > 100 {
			return -1
		}
		if contact(lines[start].text) {
			contacts++
		}
	}
	first := lines[start].text
	if start < 2 || lines[start-1].text != "" || contacts < 2 || contact(first) || len(strings.Fields(first)) > 5 {
		return -1
	}
	for k := start - 1; k >= 0; k-- {
		if lines[k].text != "" {
			if strings.HasSuffix(lines[k].text, ":") {
				return -1
			}
			break
		}
	}
	for _, w := range strings.Fields(strings.ToLower(r.rc.Sender.Name)) {
		if len(w) > 2 && strings.Contains(strings.ToLower(first), w) {
			return start
		}
	}
	return -1
}
