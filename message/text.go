package message

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"io"
	"strings"

	"golang.org/x/net/html/charset"
)

// shownText is the mail's text, put together from its shown parts.
type shownText struct {
	full    strings.Builder // all of it
	marks   []Range         // of full: what HTML structure marks as quoted, or as a signature
	hints   []Range         // of full: the same, where the HTML is another form of the text
	html    strings.Builder // sanitised
	remote  int             // pictures that would have been fetched from elsewhere
	cut     bool            // there was more than the limit
	hasHTML bool
	cids    map[string]bool // Content-IDs that the HTML shows
}

// text puts together what the mail shows. Of a multipart/alternative the plain form gives the text and the HTML form
// the HTML; everything else follows in the order of the mail, as programs put several texts around pictures.
func (t *tree) text(ctx context.Context, limit int) (*shownText, error) {
	s, leaves, err := t.plainText(ctx, limit)
	if err == nil && s.hasHTML {
		s.addHTML(t.root(), leaves, limit)
	}
	return s, err
}

// plainText puts together the text alone, and gives the leaves that it was made of.
func (t *tree) plainText(ctx context.Context, limit int) (*shownText, map[*part]leafText, error) {
	s := &shownText{cids: map[string]bool{}}
	s.addStrays(t.strays, limit)
	leaves := map[*part]leafText{}
	left := limit
	for _, p := range t.parts {
		if !p.shown() {
			continue
		}
		l, err := t.leaf(ctx, p, left)
		if err != nil {
			return s, leaves, err
		}
		left -= len(l.raw)
		s.cut = s.cut || l.cut
		s.hasHTML = s.hasHTML || p.mediaType == "text/html"
		leaves[p] = l
	}
	s.addText(t.root(), leaves, limit)
	return s, leaves, nil
}

// addStrays puts what stands among the header fields and is none on top of the text, folded: it is the end of a field that the
// sender's program failed to fold, or belongs to the text.
func (s *shownText) addStrays(lines []string, limit int) {
	if len(lines) == 0 {
		return
	}
	text := newlines(decodeWords(strings.Join(lines, "\n")))
	s.append(text, []Range{{Start: 0, End: len(text), Kind: FoldHeader}}, limit)
}

// leafText is one shown leaf, decoded.
type leafText struct {
	raw  string // UTF-8, as the sender wrote it
	html htmlText
	cut  bool
}

// leaf decodes a shown leaf, up to limit bytes.
func (t *tree) leaf(ctx context.Context, p *part, limit int) (leafText, error) {
	var buf bytes.Buffer
	buf.Grow(int(min(p.end-p.start, int64(limit))) + bytes.MinRead) // no encoding makes it longer
	_, err := buf.ReadFrom(io.LimitReader(t.body(ctx, p), int64(limit)+1))
	b := buf.Bytes()
	if err != nil {
		return leafText{}, fmt.Errorf("read text: %w", err)
	}
	l := leafText{cut: len(b) > limit}
	if l.cut {
		b = []byte(cutRunes(string(b), limit))
	}
	_, params := parseParams(p.header.get("Content-Type"))
	declared := params["charset"]
	if p.mediaType == "text/html" {
		if declared == "" {
			_, declared, _ = charset.DetermineEncoding(b[:min(len(b), 1024)], "text/html")
		}
		l.raw = newlines(decodeText(b, declared))
		l.html = readHTML(l.raw, limit)
		l.cut = l.cut || l.html.cut
		return l, nil
	}
	l.raw = withoutFiles(newlines(decodeText(b, declared)))
	if strings.EqualFold(params["format"], "flowed") {
		l.raw = unflow(l.raw, strings.EqualFold(params["delsp"], "yes"))
	}
	return l, nil
}

// addText walks the tree for the plain text.
func (s *shownText) addText(p *part, leaves map[*part]leafText, limit int) {
	if !p.multipart() {
		if l, ok := leaves[p]; ok && p.mediaType == "text/html" {
			s.append(l.html.full, l.html.marks, limit)
		} else if ok {
			s.append(l.raw, nil, limit)
		}
		return
	}
	if p.mediaType == "multipart/alternative" {
		c := plainest(p, leaves)
		if c == nil {
			return
		}
		before := s.full.Len()
		s.addText(c, leaves, limit)
		if html, ok := richest(p, leaves); ok && c.mediaType == "text/plain" {
			s.hints = append(s.hints, shift(hints(s.full.String()[before:], html), before, s.full.Len())...)
		}
		return
	}
	for _, c := range p.children {
		s.addText(c, leaves, limit)
	}
}

// plainest chooses the alternative that gives the text: the first with plain text in it, else the last with any.
func plainest(p *part, leaves map[*part]leafText) *part {
	var best *part
	for _, c := range p.children {
		if hasLeaf(c, "text/plain", leaves) {
			return c
		}
		if hasLeaf(c, "text/html", leaves) {
			best = c
		}
	}
	return best
}

// richest is the text of the last alternative's HTML.
func richest(p *part, leaves map[*part]leafText) (html htmlText, ok bool) {
	for _, c := range p.children {
		if l, is := leaves[c]; is && c.mediaType == "text/html" && len(l.html.marks) > 0 {
			html, ok = l.html, true
		} else if inner, is := richest(c, leaves); is {
			html, ok = inner, true
		}
	}
	return html, ok
}

// hasLeaf reports whether a shown leaf of the type, not blank, is in the subtree.
func hasLeaf(p *part, mediaType string, leaves map[*part]leafText) bool {
	if l, ok := leaves[p]; ok && p.mediaType == mediaType && strings.TrimSpace(l.raw) != "" {
		return true
	}
	for _, c := range p.children {
		if hasLeaf(c, mediaType, leaves) {
			return true
		}
	}
	return false
}

func (s *shownText) append(text string, marks []Range, limit int) {
	lead := len(text) - len(strings.TrimLeft(text, "\n"))
	text = strings.Trim(text, "\n")
	if strings.TrimSpace(text) == "" {
		return
	}
	if s.full.Len() > 0 {
		s.full.WriteString("\n\n")
	}
	if room := max(0, limit-s.full.Len()); len(text) > room {
		s.cut = true
		text = cutRunes(text, room)
	}
	s.marks = append(s.marks, shift(marks, s.full.Len()-lead, s.full.Len()+len(text))...)
	s.full.WriteString(text)
}

// shift moves ranges by a number of bytes, and cuts them at the end of the text.
func shift(ranges []Range, by, end int) []Range {
	var out []Range
	for _, r := range ranges {
		if r.Start, r.End = max(0, r.Start+by), min(r.End+by, end); r.Start < r.End {
			out = append(out, r)
		}
	}
	return out
}

// addHTML walks the tree for the HTML. Plain text that is no alternative of some HTML is shown within it.
func (s *shownText) addHTML(p *part, leaves map[*part]leafText, limit int) {
	if p.multipart() {
		children := p.children
		if p.mediaType == "multipart/alternative" {
			children = nil
			for _, c := range p.children { // the last form is the richest (RFC 2046 section 5.1.4)
				if hasLeaf(c, "text/html", leaves) || (children == nil && hasLeaf(c, "text/plain", leaves)) {
					children = []*part{c}
				}
			}
		}
		for _, c := range children {
			s.addHTML(c, leaves, limit)
		}
		return
	}
	l, ok := leaves[p]
	if !ok || s.html.Len() >= limit {
		s.cut = s.cut || ok
		return
	}
	if p.mediaType != "text/html" {
		if strings.TrimSpace(l.raw) != "" {
			s.html.WriteString("<pre>" + html.EscapeString(l.raw) + "</pre>\n")
		}
		return
	}
	s.remote += l.html.remote
	for _, id := range l.html.cids {
		s.cids[id] = true
	}
	s.html.WriteString(sanitise(l.raw))
}

// newlines makes every line end LF.
func newlines(s string) string {
	if strings.IndexByte(s, '\r') < 0 {
		return s
	}
	s = strings.ReplaceAll(s, "\r\n", "\n") // by far faster than a Replacer for both
	return strings.ReplaceAll(s, "\r", "\n")
}

// unflow joins the lines of format=flowed text (RFC 3676 section 4): a line that ends in a space goes on in the next
// one of the same quote depth; the signature separator does not.
func unflow(s string, delSp bool) string {
	var out strings.Builder
	depth, open := 0, false
	for line := range strings.SplitSeq(s, "\n") {
		quoted := strings.TrimLeft(line, ">")
		d := len(line) - len(quoted)
		text := strings.TrimPrefix(quoted, " ") // space-stuffing
		sig := text == "-- "
		if open && (d != depth || sig || text == "") { // a blank line is one, though a blank stands before it
			out.WriteByte('\n')
			open = false
		}
		if !open && d > 0 {
			out.WriteString(strings.Repeat(">", d))
			if text != "" {
				out.WriteByte(' ')
			}
		}
		depth = d
		open = !sig && strings.HasSuffix(text, " ")
		if open && delSp {
			text = text[:len(text)-1]
		}
		out.WriteString(text)
		if !open {
			out.WriteByte('\n')
		}
	}
	return strings.TrimSuffix(out.String(), "\n")
}
