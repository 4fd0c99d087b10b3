package mailauth

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"smartmail/message"
)

// Limits of what counts as a header here. Beyond them nothing in the mail is verified and From proves nothing; the
// limits are several times what real mail has, and keep the quadratic corners of verification small.
const (
	maxHeaderBytes = 256 << 10
	maxHeaderLines = 4000
	maxFieldBytes  = 64 << 10
	maxFields      = 2000
)

// field is one header field with its continuation lines.
type field struct {
	name string // what stands before the colon, as it stands; the whole first line where there is no colon
	text string // the whole field, line ends made CRLF
}

// is compares names as DKIM does, blind to case and to space around (RFC 6376 section 3.4.2).
func (f field) is(name string) bool { return strings.EqualFold(strings.TrimSpace(f.name), name) }

// value is what follows the colon, folding still in it.
func (f field) value() string {
	_, v, _ := strings.Cut(f.text, ":")
	return strings.TrimSuffix(v, "\r\n")
}

// header is the mail's header as far as authentication reads it.
type header struct {
	fields  []field
	body    int64  // offset of the body
	tooBig  bool   // over a limit: the fields are not all there
	problem string // why two parsers could split it differently; empty: they could not
}

// readHeader reads the header block: lines up to the first empty one or the end of the mail, a line that begins with
// white space belonging to the one before (RFC 5322 section 2.2.3). A bare LF ends a line, as it does for package dkim.
func readHeader(raw message.Raw) (header, error) {
	buf := make([]byte, min(raw.Size(), maxHeaderBytes+1))
	n, err := raw.ReadAt(buf, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return header{}, err
	}
	buf = buf[:n]
	var h header
	pos, start, lines := 0, 0, 0
	flush := func(end int) {
		if end > start {
			h.add(buf[start:end])
		}
		start = end
	}
	for pos < len(buf) {
		line, next := cutLine(buf, pos)
		if len(line) == 0 {
			flush(pos)
			h.body = int64(next)
			h.inspect(buf[:next])
			return h, nil
		}
		if lines++; lines > maxHeaderLines || len(h.fields) >= maxFields {
			return header{tooBig: true}, nil
		}
		if line[0] != ' ' && line[0] != '\t' {
			flush(pos)
		}
		if pos-start > maxFieldBytes || len(line) > maxFieldBytes {
			return header{tooBig: true}, nil
		}
		pos = next
	}
	if len(buf) > maxHeaderBytes {
		return header{tooBig: true}, nil
	}
	flush(pos)
	h.body = int64(pos)
	h.inspect(buf)
	return h, nil
}

// cutLine returns the line at pos without its end, and where the next begins.
func cutLine(buf []byte, pos int) (line []byte, next int) {
	i := bytes.IndexByte(buf[pos:], '\n')
	if i < 0 {
		return buf[pos:], len(buf)
	}
	return bytes.TrimSuffix(buf[pos:pos+i], []byte("\r")), pos + i + 1
}

func (h *header) add(raw []byte) {
	text := string(raw)
	if strings.Count(text, "\n") != strings.Count(text, "\r\n") {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
	}
	if !strings.HasSuffix(text, "\n") {
		text += "\r\n"
	}
	name, _, ok := strings.Cut(text, ":")
	if !ok {
		name, _, _ = strings.Cut(text, "\r\n")
	}
	h.fields = append(h.fields, field{name: name, text: text})
}

// inspect looks for what parsers split differently: NUL, a CR that ends no line, line ends of two kinds.
func (h *header) inspect(block []byte) {
	crlf := bytes.Count(block, []byte("\r\n"))
	switch {
	case bytes.IndexByte(block, 0) >= 0:
		h.problem = "NUL in the header"
	case bytes.Count(block, []byte("\r")) != crlf:
		h.problem = "bare CR in the header"
	case crlf > 0 && bytes.Count(block, []byte("\n")) != crlf:
		h.problem = "line ends of two kinds in the header"
	}
}

// named returns the fields of a name, top to bottom.
func (h header) named(name string) []field {
	var out []field
	for _, f := range h.fields {
		if f.is(name) {
			out = append(out, f)
		}
	}
	return out
}
