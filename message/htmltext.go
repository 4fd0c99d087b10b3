package message

import (
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// htmlText is what HTML says to a reader of plain text.
type htmlText struct {
	full   string
	marks  []Range  // of full: what the structure marks as quoted, or as a signature
	cut    bool     // there was more than the limit
	remote int      // pictures to be fetched from elsewhere
	cids   []string // Content-IDs that it refers to
}

// readHTML turns HTML into text in one pass over its tokens. It builds no tree, so that depth costs nothing, and
// forgives everything, text before the first <html> included. Lists, tables, links and pictures become readable; what
// the mail hides, such as a line for the list of mails alone, is left out, unless there is nothing else.
func readHTML(src string, limit int) htmlText {
	out := writeHTML(src, limit, true)
	if out.full == "" {
		out = writeHTML(src, limit, false)
	}
	return out
}

func writeHTML(src string, limit int, hide bool) htmlText {
	w := &htmlWriter{limit: limit, hide: hide}
	z := html.NewTokenizer(strings.NewReader(clean(src)))
	attrs := map[string]string{}
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		switch kind {
		case html.TextToken:
			if w.skip == 0 && w.hidden.tag == "" {
				w.text(string(z.Text()))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			tag := atom.Lookup(name)
			clear(attrs)
			for more && len(attrs) < 50 {
				var k, v []byte
				k, v, more = z.TagAttr()
				attrs[string(k)] = string(v)
			}
			w.start(tag, string(name), attrs, kind == html.SelfClosingTagToken)
		case html.EndTagToken:
			name, _ := z.TagName()
			w.end(atom.Lookup(name), string(name))
		}
	}
	w.closeMark()
	w.out.full = strings.TrimRight(w.full.String(), " \t\n")
	return w.out
}

// span follows an element to its end tag: elements of the same name may be open within it.
type span struct {
	tag  string // empty: none
	open int
}

func (s *span) start(name string) {
	if s.tag != "" && s.tag == name {
		s.open++
	}
}

// end reports whether that was the end of the element.
func (s *span) end(name string) bool {
	if s.tag == "" || s.tag != name {
		return false
	}
	if s.open--; s.open > 0 {
		return false
	}
	s.tag = ""
	return true
}

// htmlWriter collects the text.
type htmlWriter struct {
	out   htmlText
	full  strings.Builder
	limit int
	hide  bool // leave out what the mail hides

	skip    int // depth in elements whose content is not shown
	hidden  span
	pre     int
	quotes  int  // depth of blockquotes, shown as ">"
	depth   int  // blockquotes around the line before
	breaks  int  // line ends to write before the next text
	space   bool // a space to write before the next text
	started bool // something stands on the present line

	quote quoteState
	para  paraState
	lists []int // open lists: the number of the next item, 0 without numbers
	item  bool  // an item has begun and has no text yet
	row   rowState
	link  linkState
}

// word writes text with the line ends, quote marks or space that are due before it.
func (w *htmlWriter) word(s string) {
	prefix := ""
	if w.item { // the text of an item stands behind its mark, whatever blocks it is in
		w.item, w.breaks, w.space = false, 0, true
	}
	if w.row.tight && w.row.bytes == 0 {
		w.breaks = min(w.breaks, 1)
	}
	switch {
	case w.row.join && w.started:
		prefix = " | "
	case w.breaks > 0 || w.full.Len() == 0:
		marks := strings.Repeat(">", w.quotes)
		if w.full.Len() > 0 {
			if w.breaks > 1 {
				w.write("\n" + marks[:min(w.depth, w.quotes)])
			}
			w.write("\n")
			if w.row.bytes > 0 {
				w.row.lines++
			}
		}
		w.depth = w.quotes
		if marks != "" {
			prefix = marks + " "
		}
	case w.space && w.started:
		prefix = " "
	}
	w.row.join, w.breaks, w.space, w.started = false, 0, false, true
	w.mark()
	w.write(prefix + s)
	w.row.bytes += len(s)
}

func (w *htmlWriter) write(s string) {
	if w.out.cut = w.out.cut || w.full.Len()+len(s) > w.limit; !w.out.cut {
		w.full.WriteString(s)
	}
}

func (w *htmlWriter) text(s string) {
	if w.pre > 0 {
		for i, line := range strings.Split(s, "\n") {
			if i > 0 {
				w.breaks++
			}
			if line = strings.TrimRight(line, " \t\r"); strings.TrimSpace(line) != "" {
				w.word(line)
			}
		}
		return
	}
	first, _ := utf8.DecodeRuneInString(s)
	last, _ := utf8.DecodeLastRuneInString(s)
	for i, word := range strings.FieldsFunc(s, isBlank) {
		w.space = w.space || i > 0 || isBlank(first)
		w.word(word)
	}
	w.space = w.space || isBlank(last)
}

func isBlank(r rune) bool {
	return r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == '\f' || r == '\u00A0'
}

func (w *htmlWriter) start(tag atom.Atom, name string, attrs map[string]string, closed bool) {
	w.note(tag, attrs)
	if hides(tag) {
		if !closed {
			w.skip++
		}
		return
	}
	open := !closed && !void(tag)
	if open && w.enterHidden(tag, name, attrs) {
		return
	}
	if open || quoteMark(name, attrs) == quoteBehind { // a line across the page may carry the mark
		w.enterQuote(name, attrs)
	}
	switch tag {
	case atom.Br:
		w.breaks++
	case atom.Img:
		if alt := strings.Join(strings.Fields(attrs["alt"]), " "); alt != "" && len(alt) < 200 && w.skip == 0 && w.hidden.tag == "" {
			w.word("[" + alt + "]")
		}
	case atom.A:
		w.link = linkState{url: strings.TrimSpace(attrs["href"]), from: w.full.Len()}
	case atom.Ul, atom.Ol, atom.Menu:
		w.startList(tag)
	case atom.Li:
		w.startItem()
	case atom.Table:
		w.row = rowState{}
		w.breaks = max(w.breaks, gap(tag))
	case atom.Tr:
		w.startRow()
	case atom.Td, atom.Th:
		w.startCell()
	case atom.Pre:
		w.pre++
		w.breaks = max(w.breaks, 1)
	case atom.Blockquote:
		w.breaks = max(w.breaks, 1)
		w.quotes = min(w.quotes+1, 10)
	case atom.P:
		w.startParagraph(isTight(attrs))
	default:
		w.breaks = max(w.breaks, gap(tag))
	}
}

func (w *htmlWriter) end(tag atom.Atom, name string) {
	if hides(tag) {
		w.skip = max(0, w.skip-1)
		return
	}
	if w.hidden.tag != "" {
		w.hidden.end(name)
		return
	}
	switch tag {
	case atom.Pre:
		w.pre = max(0, w.pre-1)
		w.breaks = max(w.breaks, 1)
	case atom.Blockquote:
		w.quotes = max(0, w.quotes-1)
		w.breaks = max(w.breaks, 1)
	case atom.A:
		w.endLink()
	case atom.Ul, atom.Ol, atom.Menu:
		w.lists = w.lists[:max(0, len(w.lists)-1)]
		w.breaks = max(w.breaks, w.listGap())
	case atom.Table:
		w.row = rowState{}
		w.breaks = max(w.breaks, gap(tag))
	case atom.P:
		w.endParagraph()
	default:
		w.breaks = max(w.breaks, gap(tag))
	}
	w.leaveQuote(name)
}

// note remembers pictures.
func (w *htmlWriter) note(tag atom.Atom, attrs map[string]string) {
	for _, key := range [...]string{"src", "background"} {
		src := strings.TrimSpace(attrs[key])
		switch {
		case src == "":
		case hasPrefixFold(src, "cid:"):
			if id, err := url.PathUnescape(src[4:]); err == nil && len(w.out.cids) < 1000 { // RFC 2392 section 2
				w.out.cids = append(w.out.cids, cleanID(id))
			}
		case hasPrefixFold(src, "data:"):
		case tag == atom.Img || key == "background":
			w.out.remote++
		}
	}
	if style := attrs["style"]; len(style) <= maxStyle && strings.Contains(style, "url(") && strings.Contains(style, "//") {
		w.out.remote++
	}
}

// hides tells the elements whose content is no text of the mail.
func hides(tag atom.Atom) bool {
	switch tag {
	case atom.Script, atom.Style, atom.Title:
		return true
	}
	return false
}

func void(tag atom.Atom) bool {
	switch tag {
	case atom.Br, atom.Hr, atom.Img, atom.Input, atom.Meta, atom.Link, atom.Col, atom.Base, atom.Wbr:
		return true
	}
	return false
}

// gap is how many line ends an element makes at its edges.
func gap(tag atom.Atom) int {
	switch tag {
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Hr, atom.Table, atom.Dl:
		return 2
	case atom.Div, atom.Tr, atom.Address, atom.Article, atom.Section, atom.Header, atom.Footer, atom.Center, atom.Dt,
		atom.Dd, atom.Caption, atom.Form, atom.Fieldset, atom.Body, atom.Html:
		return 1
	}
	return 0
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// itemMark is what stands before an item of a list.
func itemMark(n int) string {
	if n == 0 {
		return "-"
	}
	return strconv.Itoa(n) + "."
}
