package mailauth

import (
	"io"
	"strings"
)

// relaxedField is the relaxed canonical form of a header field (RFC 6376 section 3.4.2).
func relaxedField(text string) string {
	name, value, _ := strings.Cut(text, ":")
	words := strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(" \t\r\n", r) })
	return strings.ToLower(strings.Trim(name, " \t\r\n")) + ":" + strings.Join(words, " ") + "\r\n"
}

// bodyCanon writes the canonical form of a body (RFC 6376 sections 3.4.3 and 3.4.4) to w as the body comes. A bare LF
// counts as CRLF, a bare CR as content.
type bodyCanon struct {
	w       io.Writer
	relaxed bool

	buf   []byte
	cr    bool // the last octet was a CR
	space bool // relaxed: white space since the last content of this line
	ends  int  // line ends since the last content
	any   bool // there was content
}

// Write takes a further piece of the body. The error is that of the writer behind.
func (b *bodyCanon) Write(p []byte) (int, error) {
	for _, c := range p {
		if b.cr && c != '\n' {
			b.content('\r')
		}
		b.cr = c == '\r'
		switch {
		case b.cr:
		case c == '\n':
			b.space = false
			b.ends++
		case b.relaxed && (c == ' ' || c == '\t'):
			b.space = true
		default:
			b.content(c)
		}
	}
	return len(p), b.flush(false)
}

func (b *bodyCanon) content(c byte) {
	for ; b.ends > 0; b.ends-- {
		b.buf = append(b.buf, "\r\n"...)
	}
	if b.space {
		b.buf = append(b.buf, ' ')
		b.space = false
	}
	b.buf = append(b.buf, c)
	b.any = true
}

// Close ends the body: empty lines at its end count for none, and an empty body is one line end in the simple form.
func (b *bodyCanon) Close() error {
	if b.cr {
		b.content('\r')
	}
	if b.any || !b.relaxed {
		b.buf = append(b.buf, "\r\n"...)
	}
	return b.flush(true)
}

func (b *bodyCanon) flush(all bool) error {
	if len(b.buf) == 0 || !all && len(b.buf) < 16<<10 {
		return nil
	}
	_, err := b.w.Write(b.buf)
	b.buf = b.buf[:0]
	return err
}
