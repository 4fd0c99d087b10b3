package message

import (
	"slices"
	"strings"
)

// separator tells whether the quoted mail begins at line i, and how many lines say so: a separator line, a block of
// header fields with or without a line above it, or a phone program's line that only ever stands above a quotation.
func (r *reader) separator(lines []*line, i int) (int, FoldKind) {
	text := lines[i].text
	if len(text) > 1000 {
		return 0, ""
	}
	if kind := separatorLine(text); kind != "" {
		n := 1
		if next := skipBlank(lines, i+1); next < len(lines) {
			if b := r.headerBlock(lines, next); b > 0 {
				n = next + b - i
			}
		}
		return n, kind
	}
	if strings.Contains(text, "aka.ms/") && isFooter(text) {
		n, next := 1, skipBlank(lines, i+1)
		if next < len(lines) && delimiter(lines[next].text) != 0 {
			next = skipBlank(lines, next+1)
		}
		if b := r.headerBlock(lines, next); b > 0 {
			n = next + b - i
		}
		return n, FoldQuote
	}
	if delimiter(text) != 0 {
		next := skipBlank(lines, i+1)
		if b := r.headerBlock(lines, next); b > 0 {
			return next + b - i, FoldQuote
		}
		return 0, ""
	}
	return r.headerBlock(lines, i), FoldQuote
}

// separatorLine tells "-----Original Message-----" and its like: a few words between lines.
func separatorLine(text string) FoldKind {
	const drawn = "-–—_=*#~ ─"
	if len(text) > 150 || len(text) < 8 {
		return ""
	}
	if strings.HasSuffix(text, ":") && len(text) < 60 && slices.Contains(forwardLines, strings.ToLower(strings.TrimSuffix(text, ":"))) {
		return FoldForwarded
	}
	if c := text[0]; strings.IndexByte("-_=*#\xE2", c) < 0 {
		return ""
	}
	inner := strings.Trim(text, drawn)
	if inner == "" || len(text)-len(strings.TrimLeft(text, drawn)) < 2 || len(strings.Fields(inner)) > 9 {
		return ""
	}
	inner = strings.ToLower(inner)
	switch {
	case containsAny(inner, replyAboveLines):
		return FoldQuote
	case len(strings.TrimRight(text, drawn)) > len(strings.TrimRight(text, " *"))-2: // no line behind the words
		return ""
	case containsAny(inner, forwardStems):
		return FoldForwarded
	case containsAny(inner, originalStems):
		return FoldQuote
	}
	return ""
}

// delimiter tells a line that is drawn with one character, and with which; 0: none.
func delimiter(text string) rune {
	var c rune
	for _, r := range text {
		switch {
		case r == ' ':
		case c == 0 && strings.ContainsRune("-–—_=*#~+─ᐧ•", r):
			c = r
		case c != r:
			return 0
		}
	}
	if c == 'ᐧ' || len(text) > 1 {
		return c
	}
	return 0
}

// headerBlock counts the lines of a block such as "Från: / Skickat: / Till: / Ämne:": a From or a date first, and two
// more kinds within the next few lines, or all four with the subject first; 0: none. A blank line may stand after each.
func (r *reader) headerBlock(lines []*line, i int) int {
	if i >= len(lines) || lines[i].code {
		return 0
	}
	kinds := labels(lines[i].text)
	if kinds&(isFrom|isDate|isSubject) == 0 || r.looks <= 0 {
		return 0
	}
	r.looks--
	start, end, misses := i, i+1, 0
	for i++; i < len(lines) && i < start+14 && misses < 2; i++ {
		switch k := labels(lines[i].text); {
		case k != 0:
			kinds |= k
			end, misses = i+1, 0
		case lines[i].text == "" && i+1 < len(lines) && labels(lines[i+1].text) != 0:
		case lines[i].text == "":
			misses = 2
		default:
			misses++ // a folded list of recipients
		}
	}
	if kinds&isFrom == 0 || kinds.count() < 3 || labels(lines[start].text)&isSubject != 0 && kinds.count() < 4 {
		return 0
	}
	return end - start
}

// fieldSet is a set of kinds of header fields.
type fieldSet uint8

const (
	isFrom fieldSet = 1 << iota
	isDate
	isTo
	isSubject
	isCc
)

func (f fieldSet) count() int {
	n := 0
	for ; f != 0; f &= f - 1 {
		n++
	}
	return n
}

// labels tells which header fields a line stands for, in any of the languages; bold labels come as *Från:*. A block that
// lost its line ends may hold several.
func labels(text string) fieldSet {
	if len(text) > 2000 {
		return 0
	}
	name, value, ok := cutColon(text)
	if !ok || len(name) > 40 {
		return 0
	}
	f := fieldNames[strings.ToLower(strings.Trim(name, " \t*>_\u00A0"))]
	if f == 0 || (f == isFrom && strings.Trim(value, " *\u00A0") == "") {
		return 0
	}
	if f&(isFrom|isDate) != 0 && strings.Contains(value, ": ") {
		f |= moreLabels(value)
	}
	return f
}

// moreLabels finds labels of one word within a line.
func moreLabels(value string) fieldSet {
	var f fieldSet
	for _, w := range strings.Fields(value) {
		if name, ok := strings.CutSuffix(w, ":"); ok {
			f |= fieldNames[strings.ToLower(strings.Trim(name, "*"))]
		}
	}
	return f
}

// cutColon cuts at the first colon, if it stands within the first words.
func cutColon(text string) (name, value string, ok bool) {
	head := text[:min(len(text), 60)]
	i := strings.IndexByte(head, ':')
	if j := strings.IndexByte(head, 0xEF); j >= 0 && (i < 0 || j < i) && strings.HasPrefix(head[j:], "：") {
		return text[:j], text[j+len("："):], true
	}
	if i < 0 {
		return "", "", false
	}
	return text[:i], text[i+1:], true
}
