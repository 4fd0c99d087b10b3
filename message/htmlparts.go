package message

import (
	"regexp"
	"strings"

	"golang.org/x/net/html/atom"
)

// quoteState follows what the structure of HTML marks.
type quoteState struct {
	kind   FoldKind // of the element that the text stands in; empty: none
	span   span     // that element; without a tag it reaches to the end of the mail
	holder bool     // answers may stand behind its blockquotes
	inner  span     // a blockquote of the holder
	behind bool     // one of them is over
	answer bool     // something stands behind it
	first  int      // of the marks, where the holder began

	marked FoldKind // the kind of the range that is open
}

// enterQuote begins a quotation where the element's attributes mark one.
func (w *htmlWriter) enterQuote(name string, attrs map[string]string) {
	q := &w.quote
	if q.kind != "" {
		q.span.start(name)
		switch {
		case !q.holder:
		case q.inner.tag != "":
			q.inner.start(name)
		case name == "blockquote" && quoteMark(name, attrs) != noQuote:
			q.inner = span{tag: name, open: 1}
			if q.answer { // answers between: the quotation gives them their sense
				w.closeMark()
				w.out.marks = w.out.marks[:q.first]
				q.kind, q.holder = "", false
				q.span = span{}
			}
		case !q.behind && quoteMark(name, attrs) == quoteHolder:
			q.holder = false // a mail that was passed on with its own quotation in it
		}
		return
	}
	m := quoteMark(name, attrs)
	if m == noQuote {
		return
	}
	*q = quoteState{kind: m.kind(), holder: m == quoteHolder, first: len(w.out.marks), marked: q.marked}
	if m != quoteBehind {
		q.span = span{tag: name, open: 1}
	}
	w.breaks = max(w.breaks, 1)
}

// leaveQuote ends what ends with the element.
func (w *htmlWriter) leaveQuote(name string) {
	q := &w.quote
	if q.inner.end(name) {
		q.behind = true
	}
	if q.span.end(name) {
		*q = quoteState{marked: q.marked}
		w.breaks = max(w.breaks, 1)
	}
}

// mark opens or closes a range where the next word stands. It stands at the beginning of a line wherever that changes.
func (w *htmlWriter) mark() {
	q := &w.quote
	kind := q.kind
	if q.holder && q.behind && q.inner.tag == "" {
		kind, q.answer = "", true
	}
	if kind == q.marked {
		return
	}
	w.closeMark()
	if kind != "" && !w.out.cut {
		w.out.marks = append(w.out.marks, Range{Start: w.full.Len(), Kind: kind})
		q.marked = kind
	}
}

// closeMark ends the open range.
func (w *htmlWriter) closeMark() {
	if w.quote.marked == "" {
		return
	}
	last := &w.out.marks[len(w.out.marks)-1]
	if last.End = w.full.Len(); last.End == last.Start {
		w.out.marks = w.out.marks[:len(w.out.marks)-1]
	}
	w.quote.marked = ""
}

// paraState is the paragraph that is open, if it is one without space around it: a line.
type paraState struct {
	tight bool
	from  int // where its text begins
}

// startParagraph begins a paragraph. Outlook writes every line as a tight one; a blank line is one without text.
func (w *htmlWriter) startParagraph(tight bool) {
	if w.para.tight {
		w.endParagraph()
	}
	w.para = paraState{tight: tight, from: w.full.Len()}
	if w.breaks = max(w.breaks, 1); !tight {
		w.breaks = max(w.breaks, gap(atom.P))
	}
}

func (w *htmlWriter) endParagraph() {
	p := w.para
	w.para = paraState{}
	if p.tight && p.from < w.full.Len() {
		w.breaks = max(w.breaks, 1)
		return
	}
	w.breaks = max(w.breaks, gap(atom.P))
}

// noSpace tells the margins of a tight paragraph, above and below; 0.0001pt is what Outlook writes for none.
var noSpace = regexp.MustCompile(`(?i)(?:^|;)\s*margin\s*:\s*` + noLength + `(?:\s+[\w.]+\s+` + noLength + `(?:\s+[\w.]+)?|\s+[\w.]+)?\s*(?:!important\s*)?(?:;|$)`)

const noLength = `0(?:\.0+1?)?(?:px|pt|cm|mm|in|r?em)?`

func isTight(attrs map[string]string) bool {
	switch strings.TrimPrefix(attrs["class"], "x_") {
	case "MsoNormal", "MsoPlainText", "MsoNoSpacing":
		return true
	}
	style := attrs["style"]
	return len(style) <= maxStyle && strings.Contains(style, "margin") && noSpace.MatchString(style)
}

// enterHidden reports whether the element, or one around it, is hidden by its style.
func (w *htmlWriter) enterHidden(tag atom.Atom, name string, attrs map[string]string) bool {
	if w.hidden.tag != "" {
		if tag != atom.P || w.hidden.tag != name {
			w.hidden.start(name)
			return true
		}
		w.hidden = span{} // a paragraph ends where the next one begins
	}
	if !w.hide || !hidingStyle(attrs["style"]) {
		return false
	}
	switch tag {
	case atom.Div, atom.Span, atom.P, atom.Table, atom.Tr, atom.Td, atom.Center, atom.Font, atom.A:
		w.hidden = span{tag: name, open: 1}
		return true
	}
	return false
}

// hidingStyle tells the styles by which senders hide a text from readers.
func hidingStyle(style string) bool {
	if style == "" || len(style) > 2000 {
		return false
	}
	style = strings.ToLower(strings.Join(strings.Fields(style), ""))
	for decl := range strings.SplitSeq(style, ";") {
		switch strings.TrimSuffix(decl, "!important") {
		case "display:none", "visibility:hidden", "mso-hide:all", "max-height:0", "max-height:0px", "font-size:0", "font-size:0px", "font-size:1px", "opacity:0":
			return true
		}
	}
	return false
}

// linkState is the link that is open.
type linkState struct {
	url  string
	from int // where its text begins
}

// maxLink bounds the addresses that are written out; longer ones serve to track.
const maxLink = 300

// endLink writes the address of a link behind its text, where the text does not say it.
func (w *htmlWriter) endLink() {
	l := w.link
	w.link = linkState{}
	if l.url == "" || len(l.url) > maxLink || strings.ContainsAny(l.url, " \t\r\n<>") || w.full.Len() <= l.from || w.out.cut {
		return
	}
	shown := bareLink(strings.TrimLeft(w.full.String()[l.from:], " >\n|"))
	switch {
	case !hasPrefixFold(l.url, "http:") && !hasPrefixFold(l.url, "https:") && !hasPrefixFold(l.url, "mailto:") && !hasPrefixFold(l.url, "tel:"):
		return
	case shown == "", strings.Contains(shown, bareLink(l.url)), strings.HasSuffix(shown, "…") && strings.HasPrefix(bareLink(l.url), strings.TrimSuffix(shown, "…")):
		return
	case hasPrefixFold(l.url, "tel:") && strings.ContainsAny(shown, "0123456789"):
		return
	}
	url := l.url
	if hasPrefixFold(url, "mailto:") || hasPrefixFold(url, "tel:") {
		url, _, _ = strings.Cut(url[strings.IndexByte(url, ':')+1:], "?")
	}
	w.space = true
	w.word("(" + url + ")")
}

// bareLink is an address without what people leave out.
func bareLink(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	for _, p := range []string{"https://", "http://", "mailto:", "tel:", "www."} {
		s = strings.TrimPrefix(s, p)
	}
	s, _, _ = strings.Cut(s, "?subject=")
	return strings.TrimSuffix(s, "/")
}

func (w *htmlWriter) listGap() int {
	if len(w.lists) > 0 {
		return 1
	}
	return 2
}

func (w *htmlWriter) startList(tag atom.Atom) {
	w.breaks = max(w.breaks, w.listGap())
	first := 0
	if tag == atom.Ol {
		first = 1
	}
	if len(w.lists) < 50 {
		w.lists = append(w.lists, first)
	}
}

func (w *htmlWriter) startItem() {
	w.breaks = max(w.breaks, 1)
	item, indent := "-", ""
	if n := len(w.lists); n > 0 {
		item = itemMark(w.lists[n-1])
		if w.lists[n-1] > 0 {
			w.lists[n-1]++
		}
		indent = strings.Repeat("  ", min(n-1, 10))
	}
	w.item = false // the one before had no text
	w.word(indent + item)
	w.item = true
}

// rowState follows the cells of a row. Short ones are shown side by side, whatever blocks are within them.
type rowState struct {
	cells int  // with text, before the present one
	lines int  // line ends within the text of the present cell
	bytes int  // text in it
	join  bool // the next text stands beside the cell before
	tight bool // the row before took one line
}

// maxCell is how long the text of a cell is that another one may stand beside.
const maxCell = 120

// startRow begins a row in the next line, without a blank one below a row that took one line.
func (w *htmlWriter) startRow() {
	before := w.row
	w.row = rowState{tight: before.cells > 0 && before.bytes > 0 && before.lines == 0}
	w.breaks = max(w.breaks, 1)
}

func (w *htmlWriter) startCell() {
	r := &w.row
	short := r.bytes > 0 && r.bytes <= maxCell && r.lines == 0
	join := short || r.join
	cells := r.cells
	if r.bytes > 0 {
		cells++
	}
	w.row = rowState{cells: cells, join: join, tight: r.tight && cells == 0}
	if cells == 0 {
		w.space = true
	} else if !join {
		w.breaks = max(w.breaks, 1)
	}
}
