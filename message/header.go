package message

import (
	"bytes"
	"fmt"
	"strings"

	"smartmail/fault"
)

// Field is one header field as it stands in the mail.
type Field struct {
	Name  string // as written, without trailing white space
	Value []byte // raw: all behind the colon, with the folds, without the last line end
}

// Header returns all fields of the mail's header in order, raw. A header of more than maxBytes is an
// error of kind fault.TooBig: whoever counts fields must see all of them. Trouble of the medium is fault.Ours.
func Header(raw Raw, maxBytes int) ([]Field, error) {
	src, err := newSource(raw)
	if err != nil {
		return nil, err
	}
	budget := maxBytes
	h := &headerReader{top: true, fieldCap: maxBytes, budget: &budget, strict: true}
	if _, err := h.read(src); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	if h.cut {
		return nil, fault.New(fault.TooBig, "the header of the mail is too big")
	}
	return h.fields, nil
}

// headerReader takes a header block line by line.
type headerReader struct {
	fields   []Field
	top      bool // the mail's own header, not a part's
	fieldCap int
	budget   *int // bytes that may still be kept, shared by all headers of a mail
	strict   bool // stop where something can't be kept
	cut      bool // something was not kept
	body     int64
	end      int64 // behind the last line taken
	junk     bool  // the line at junkAt is no field; what follows decides
	junkAt   int64
	stray    string   // that line
	strays   []string // such lines that fields followed
	open     bool     // the last field goes on in continuation lines
	lines    int
}

// Bounds of the lines that are kept of a header though they are no fields.
const (
	maxStrays     = 5
	maxStrayBytes = 500
)

// read takes the header at the start of a mail and returns where the body begins.
func (h *headerReader) read(src *source) (body int64, err error) {
	l := src.lines(0, src.size())
	for {
		line, at, first, ok := l.next()
		if !ok || (h.cut && h.strict) {
			return h.finish(l.at), l.err
		}
		if h.line(line, at, first) {
			return h.body, nil
		}
	}
}

// line takes one line and reports whether the header ended with it or before it; then body is where the body begins,
// which may lie before this line: at a line that is no field and is followed by none.
func (h *headerReader) line(line []byte, at int64, first bool) (done bool) {
	h.lines++
	h.end = at + int64(len(line))
	text := trimEOL(line)
	if !first {
		h.grow(text)
		return false
	}
	if h.junk {
		// RFC 5322 knows no such line. Where fields follow it was a slip, else the blank line is missing.
		if name, _, ok := splitField(text); !ok || (len(h.fields) == 0 && !wellKnown(name)) {
			h.body = h.junkAt
			return true
		}
		h.junk = false
		if h.top && len(h.strays) < maxStrays && !isFromLine([]byte(h.stray)) {
			h.strays = append(h.strays, h.stray)
		}
	}
	switch {
	case len(text) == 0:
		h.body = h.end
		return true
	case text[0] == ' ' || text[0] == '\t':
		if len(h.fields) > 0 {
			h.grow(line[len(text):]) // keeps a fold a fold
			h.grow(text)
			return false
		}
	case h.top && h.lines == 1 && isFromLine(text):
		return false
	}
	name, value, ok := splitField(text)
	if !ok {
		h.junk, h.junkAt, h.open = true, at, false
		h.stray = string(text[:min(len(text), maxStrayBytes)])
		return false
	}
	h.add(name, value)
	return false
}

func (h *headerReader) add(name string, value []byte) {
	if len(name)+len(value) > *h.budget {
		h.cut, h.open = true, false
		return
	}
	keep := value[:min(len(value), h.fieldCap)]
	h.cut = h.cut || len(keep) < len(value)
	*h.budget -= len(name) + len(keep)
	h.fields = append(h.fields, Field{Name: name, Value: bytes.Clone(keep)})
	h.open = true
}

// grow adds to the last field.
func (h *headerReader) grow(more []byte) {
	if !h.open {
		return
	}
	last := &h.fields[len(h.fields)-1]
	if len(last.Value)+len(more) > h.fieldCap || len(more) > *h.budget {
		more = more[:max(0, min(h.fieldCap-len(last.Value), *h.budget, len(more)))]
		h.cut = true
	}
	*h.budget -= len(more)
	last.Value = append(last.Value, more...)
}

// finish is for a header that ends with the mail, or at a boundary.
func (h *headerReader) finish(at int64) int64 {
	if h.junk {
		return min(h.junkAt, at)
	}
	return min(h.end, at)
}

// splitField parses "Name: value" (RFC 5322 section 2.2), with white space before the colon forgiven.
func splitField(line []byte) (string, []byte, bool) {
	colon := bytes.IndexByte(line[:min(len(line), 200)], ':')
	if colon <= 0 {
		return "", nil, false
	}
	name := bytes.TrimRight(line[:colon], " \t")
	if len(name) == 0 {
		return "", nil, false
	}
	for _, c := range name {
		if c <= ' ' || c >= 0x7F {
			return "", nil, false
		}
	}
	return string(name), line[colon+1:], true
}

// isFromLine tells the separator line of an mbox file (RFC 4155).
func isFromLine(line []byte) bool {
	return bytes.HasPrefix(line, []byte("From ")) || bytes.HasPrefix(line, []byte(">From "))
}

// wellKnown tells the fields with which a header begins, where its first line is damaged.
func wellKnown(name string) bool {
	switch strings.ToLower(name) {
	case "from", "to", "cc", "subject", "date", "message-id", "received", "return-path", "mime-version",
		"content-type", "content-transfer-encoding", "delivered-to", "reply-to", "sender", "dkim-signature":
		return true
	}
	return strings.HasPrefix(strings.ToLower(name), "x-")
}

// header is a kept header block.
type header []Field

// get returns the first field of that name, unfolded, still encoded.
func (h header) get(name string) string {
	for i := range h {
		if strings.EqualFold(h[i].Name, name) {
			return unfold(h[i].Value)
		}
	}
	return ""
}

// all returns the unfolded values of all fields of that name.
func (h header) all(name string) []string {
	var out []string
	for i := range h {
		if strings.EqualFold(h[i].Name, name) {
			out = append(out, unfold(h[i].Value))
		}
	}
	return out
}

func (h header) has(name string) bool {
	for i := range h {
		if strings.EqualFold(h[i].Name, name) {
			return true
		}
	}
	return false
}

// unfold removes line ends (RFC 5322 section 2.2.3) and NUL, and trims.
func unfold(v []byte) string {
	v = bytes.TrimSpace(v)
	if !bytes.ContainsAny(v, "\r\n\x00") {
		return string(v)
	}
	out := make([]byte, 0, len(v))
	for _, c := range v {
		if c != '\r' && c != '\n' && c != 0 {
			out = append(out, c)
		}
	}
	return string(out)
}
