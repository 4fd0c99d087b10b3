package message

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// part is one node of the mail's MIME tree (RFC 2046), with the offsets of its body in the raw mail.
type part struct {
	n        int // position in tree.parts, which is the order in the mail
	parent   *part
	children []*part

	header   header
	boundary string // of a multipart
	start    int64  // first byte of the body
	end      int64  // behind the last byte of the body
	description
}

// description is what a part's Content-* fields say of it.
type description struct {
	mediaType   string // lower case, without parameters
	disposition string // lower case: inline, attachment or empty
	contentID   string
	fileName    string // decoded, not yet cleaned
}

func (p *part) multipart() bool { return p.boundary != "" }

// tree is the mail taken apart.
type tree struct {
	src   *source
	parts []*part // parts[0] is the mail itself
	cut   bool    // header fields were too big to be kept

	strays []string // lines among the mail's header fields that are none
}

func (t *tree) root() *part { return t.parts[0] }

// errBounds is why a mail is not taken apart. Its text is a notice for people.
type errBounds string

func (e errBounds) Error() string { return string(e) }

// errBudget ends work on a mail that takes too long.
var errBudget = errors.New("the time for one mail is used up")

// readTop reads the mail's own header alone: a tree of one part. It is what is left when the rest fails.
func readTop(src *source, budget int) (*tree, error) {
	h := &headerReader{top: true, fieldCap: maxField, budget: &budget}
	body, err := h.read(src)
	root := &part{header: h.fields, start: body, end: src.size()}
	return &tree{src: src, parts: []*part{root}, cut: h.cut}, err
}

type scanner struct {
	tree
	ctx    context.Context
	lim    Limits
	open   []*part       // the multiparts that we are in, outermost first
	cur    *part         // the leaf or header that we are in; nil in a preamble or epilogue
	head   *headerReader // not nil within a header
	budget int           // header bytes that may still be kept
	eol    int64         // length of the line end before the present line
}

// scan takes the mail apart in one pass.
func scan(ctx context.Context, src *source, lim Limits) (*tree, error) {
	s := &scanner{tree: tree{src: src}, ctx: ctx, lim: lim, budget: lim.HeaderBytes}
	if err := s.begin(nil, 0); err != nil {
		return &s.tree, err
	}
	l := src.lines(0, src.size())
	for n := 0; ; n++ {
		line, at, first, ok := l.next()
		if !ok {
			break
		}
		if n%1024 == 0 && ctx.Err() != nil {
			return s.finish(at, errBudget)
		}
		if err := s.line(line, at, first); err != nil {
			return s.finish(at, err)
		}
		s.eol = int64(len(line) - len(trimEOL(line)))
	}
	return s.finish(l.at, l.err)
}

func (s *scanner) line(line []byte, at int64, first bool) error {
	if first && len(s.open) > 0 && len(line) > 2 && line[0] == '-' && line[1] == '-' {
		if level, closing := s.match(line); level >= 0 {
			return s.delimiter(level, closing, at)
		}
	}
	if s.head == nil || !s.head.line(line, at, first) {
		return nil
	}
	return s.endHeader(s.head.body)
}

// match finds the open multipart whose delimiter the line is, innermost first (RFC 2046 section 5.1.1).
func (s *scanner) match(line []byte) (level int, closing bool) {
	if len(line) > maxBoundary+8 {
		return -1, false
	}
	text := strings.TrimRight(string(line[2:]), " \t\r\n")
	for i := len(s.open) - 1; i >= 0; i-- {
		if rest, ok := strings.CutPrefix(text, s.open[i].boundary); ok && (rest == "" || rest == "--") {
			return i, rest == "--"
		}
	}
	return -1, false
}

// delimiter ends what is open inside the multipart at level, and begins its next part. A closing delimiter leaves the
// multipart open for more delimiters: some mails close it in the middle, and their later parts must not be lost.
func (s *scanner) delimiter(level int, closing bool, at int64) error {
	if s.head != nil {
		if err := s.endHeader(s.head.finish(at)); err != nil {
			return err
		}
		level = min(level, len(s.open)-1)
	}
	end := at - s.eol // the line end before a delimiter belongs to it
	s.closeLeaf(end)
	for len(s.open) > level+1 {
		s.pop(end)
	}
	if closing {
		return nil
	}
	return s.begin(s.open[level], at)
}

// begin starts a part with its header.
func (s *scanner) begin(parent *part, at int64) error {
	if len(s.parts) >= s.lim.Parts {
		return errBounds(fmt.Sprintf("This mail has more than %d parts and is not taken apart; the original is kept.", s.lim.Parts))
	}
	p := &part{n: len(s.parts), parent: parent, start: at, end: at}
	s.parts = append(s.parts, p)
	if parent != nil {
		parent.children = append(parent.children, p)
	}
	s.cur = p
	s.head = &headerReader{top: parent == nil, fieldCap: maxField, budget: &s.budget, end: at}
	return nil
}

// endHeader reads what the header says of the part, whose body begins at body.
func (s *scanner) endHeader(body int64) error {
	p := s.cur
	p.header, p.start, p.end = s.head.fields, body, body
	s.cut = s.cut || s.head.cut
	s.strays = append(s.strays, s.head.strays...)
	s.head = nil
	p.describe()
	if !p.multipart() {
		return nil
	}
	if len(s.open) >= s.lim.Depth {
		return errBounds(fmt.Sprintf("This mail has parts within parts more than %d deep and is not taken apart; the original is kept.", s.lim.Depth))
	}
	s.open = append(s.open, p)
	s.cur = nil
	return nil
}

func (s *scanner) closeLeaf(end int64) {
	if s.cur != nil {
		s.cur.end = max(s.cur.start, end)
		s.cur = nil
	}
}

// pop ends the innermost multipart. One whose boundary never came is shown as the text that it holds.
func (s *scanner) pop(end int64) {
	p := s.open[len(s.open)-1]
	s.open = s.open[:len(s.open)-1]
	p.end = max(p.start, end)
	if len(p.children) == 0 {
		p.boundary, p.mediaType = "", "text/plain"
	}
}

func (s *scanner) finish(at int64, err error) (*tree, error) {
	if s.head != nil {
		if e := s.endHeader(s.head.finish(at)); err == nil {
			err = e
		}
	}
	s.closeLeaf(at)
	for len(s.open) > 0 {
		s.pop(at)
	}
	return &s.tree, err
}

// describe fills the part's description from its own header, and its boundary.
func (p *part) describe() {
	ctype, params := parseParams(p.header.get("Content-Type"))
	p.mediaType = ctype
	if !validType(ctype) {
		// RFC 2045 section 5.2: what has no readable type is plain text.
		p.mediaType = "text/plain"
		if p.parent != nil && p.parent.mediaType == "multipart/digest" {
			p.mediaType = "message/rfc822" // RFC 2046 section 5.1.5
		}
	}
	if strings.HasPrefix(ctype, "multipart/") || ctype == "multipart" {
		p.mediaType = "text/plain" // until a boundary proves it
		if b := params["boundary"]; b != "" && len(b) <= maxBoundary {
			p.mediaType, p.boundary = ctype, strings.TrimRight(b, " \t")
		}
	}
	disposition, dparams := parseParams(p.header.get("Content-Disposition"))
	p.disposition = disposition
	p.contentID = cleanID(p.header.get("Content-ID"))
	p.fileName = firstOf(dparams["filename"], params["name"], dparams["name"], params["filename"])
}

func firstOf(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

// validType tells "type/subtype" (RFC 2045 section 5.1).
func validType(t string) bool {
	slash := strings.IndexByte(t, '/')
	if slash <= 0 || slash == len(t)-1 || len(t) > 120 {
		return false
	}
	for i := 0; i < len(t); i++ {
		if c := t[i]; c <= ' ' || c >= 0x7F || (c == '/' && i != slash) || strings.IndexByte("()<>@,;:\\\"[]?=", c) >= 0 {
			return false
		}
	}
	return true
}
