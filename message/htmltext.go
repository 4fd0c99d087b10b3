package message

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// htmlText is what HTML says to a reader of plain text.
type htmlText struct {
	full   string
	fresh  string   // without what its structure marks as quoted
	cut    bool     // there was more than the limit
	remote int      // pictures to be fetched from elsewhere
	cids   []string // Content-IDs that it refers to
}

// readHTML turns HTML into text in one pass over its tokens. It builds no tree, so that depth costs nothing, and
// forgives everything, text before the first <html> included.
func readHTML(src string, limit int) htmlText {
	w := &htmlWriter{limit: limit}
	z := html.NewTokenizer(strings.NewReader(src))
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		switch kind {
		case html.TextToken:
			if w.skip == 0 {
				w.text(string(z.Text()))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			tag := atom.Lookup(name)
			attrs := map[string]string{}
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
	w.endQuote()
	w.out.full, w.out.fresh = tidy(w.full.String()), tidy(w.fresh.String())
	return w.out
}

// htmlWriter collects the text. What is within a quote mark goes to full alone.
type htmlWriter struct {
	out         htmlText
	full, fresh strings.Builder
	limit       int

	skip    int // depth in elements whose content is not shown
	pre     int
	quotes  int  // depth of blockquotes, shown as ">"
	depth   int  // blockquotes around the line before
	breaks  int  // line ends to write before the next text
	space   bool // a space to write before the next text
	started bool // something stands on the present line

	quoted   bool   // within a quote mark
	quoteTag string // the element that carries it; empty: to the end of the mail
	nested   int    // elements of that name open within it
}

func (w *htmlWriter) write(s string) {
	if w.out.cut = w.out.cut || w.full.Len()+len(s) > w.limit; w.out.cut {
		return
	}
	w.full.WriteString(s)
	if !w.quoted {
		w.fresh.WriteString(s)
	}
}

func (w *htmlWriter) text(s string) {
	if w.pre > 0 {
		for i, line := range strings.Split(s, "\n") {
			if i > 0 {
				w.breaks++
			}
			if strings.TrimSpace(line) != "" {
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

// word writes text with the line ends, quote marks or space that are due before it.
func (w *htmlWriter) word(s string) {
	if w.breaks > 0 || w.full.Len() == 0 {
		prefix := strings.Repeat(">", w.quotes)
		if w.full.Len() > 0 {
			if w.breaks > 1 {
				w.write("\n" + prefix[:min(w.depth, w.quotes)])
			}
			w.write("\n")
		}
		w.depth = w.quotes
		if prefix != "" {
			w.write(prefix + " ")
		}
	} else if w.space && w.started {
		w.write(" ")
	}
	w.breaks, w.space, w.started = 0, false, true
	w.write(s)
}

func (w *htmlWriter) start(tag atom.Atom, name string, attrs map[string]string, closed bool) {
	w.note(tag, attrs)
	if hides(tag) {
		if !closed {
			w.skip++
		}
		return
	}
	if !closed && !void(tag) {
		w.enterQuote(name, attrs)
	}
	switch tag {
	case atom.Br:
		w.breaks++
	case atom.Li:
		w.breaks = max(w.breaks, 1)
		w.word("-")
		w.space = true
	case atom.Td, atom.Th:
		w.space = true
	case atom.Pre:
		w.pre++
		w.breaks = max(w.breaks, 1)
	case atom.Blockquote:
		w.breaks = max(w.breaks, 1)
		w.quotes = min(w.quotes+1, 10)
	default:
		w.breaks = max(w.breaks, gap(tag))
	}
}

func (w *htmlWriter) end(tag atom.Atom, name string) {
	if hides(tag) {
		w.skip = max(0, w.skip-1)
		return
	}
	switch tag {
	case atom.Pre:
		w.pre = max(0, w.pre-1)
		w.breaks = max(w.breaks, 1)
	case atom.Blockquote:
		w.quotes = max(0, w.quotes-1)
		w.breaks = max(w.breaks, 1)
	default:
		w.breaks = max(w.breaks, gap(tag))
	}
	if w.quoted && name == w.quoteTag {
		if w.nested--; w.nested == 0 {
			w.endQuote()
		}
	}
}

// note remembers pictures.
func (w *htmlWriter) note(tag atom.Atom, attrs map[string]string) {
	for _, key := range []string{"src", "background"} {
		url := strings.TrimSpace(attrs[key])
		switch {
		case url == "":
		case hasPrefixFold(url, "cid:"):
			if len(w.out.cids) < 1000 {
				w.out.cids = append(w.out.cids, cleanID(url[4:]))
			}
		case tag == atom.Img || key == "background":
			w.out.remote++
		}
	}
}

// enterQuote begins a quotation where the element's attributes mark one.
func (w *htmlWriter) enterQuote(name string, attrs map[string]string) {
	if w.quoted {
		if name == w.quoteTag {
			w.nested++
		}
		return
	}
	switch quoteMark(name, attrs) {
	case quoteInside:
		w.quoted, w.quoteTag, w.nested = true, name, 1
	case quoteBehind:
		w.quoted, w.quoteTag = true, ""
	}
}

func (w *htmlWriter) endQuote() { w.quoted, w.quoteTag, w.nested = false, "", 0 }

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
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Hr, atom.Table, atom.Ul, atom.Ol, atom.Dl:
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

// tidy trims line ends and the blanks before them.
func tidy(s string) string {
	lines := strings.Split(clean(s), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " \t")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}
