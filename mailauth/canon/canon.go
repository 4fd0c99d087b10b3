// Package canon makes the canonical forms that DKIM and ARC sign, for those who verify and those who sign alike.
//
//	header field → Field → what is hashed        body → Body → what is hashed
//
// Invariants:
//   - A body streams: memory does not grow with it, but for the line ends counted at its end.
//   - The form does not hang on how the body is cut into writes.
package canon

import (
	"encoding/binary"
	"io"
	"math/bits"
	"strings"
)

// Field is the relaxed canonical form of a header field (RFC 6376 section 3.4.2), its line end included.
func Field(text string) string {
	name, value, _ := strings.Cut(text, ":")
	words := strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(" \t\r\n", r) })
	return strings.ToLower(strings.Trim(name, " \t\r\n")) + ":" + strings.Join(words, " ") + "\r\n"
}

// Body writes the canonical form of a body (RFC 6376 sections 3.4.3 and 3.4.4) to W as the body comes. A bare LF counts
// as CRLF, a bare CR as content. Close ends it.
type Body struct {
	W       io.Writer
	Relaxed bool

	buf   []byte
	cr    bool // the last octet was a CR
	space bool // relaxed: white space since the last content of this line
	ends  int  // line ends since the last content
	any   bool // there was content
	err   error
}

// chunk is what is gathered before it is hashed.
const chunk = 4 << 10

// Write takes a further piece of the body. The error is that of the writer behind.
func (b *Body) Write(p []byte) (int, error) {
	for i := 0; i < len(p); i++ {
		c := p[i]
		if b.cr && c != '\n' {
			b.content('\r')
		}
		b.cr = c == '\r'
		switch {
		case b.cr:
		case c == '\n':
			b.space = false
			b.ends++
		case b.Relaxed && (c == ' ' || c == '\t'):
			b.space = true
		default:
			end := i + b.plain(p[i:])
			b.content(p[i:end]...)
			i = end - 1
		}
	}
	b.flush(chunk)
	return len(p), b.err
}

// plain is how many octets from the first on stand as they are, among them single spaces between words.
func (b *Body) plain(p []byte) int {
	from := encoded(p)
	for i, c := range p[from:] {
		switch {
		case c > ' ':
		case c == '\n' || c == '\r':
			return from + i
		case b.Relaxed && (c == '\t' || c == ' ' && (from+i+1 == len(p) || p[from+i+1] <= ' ')):
			return from + i
		}
	}
	return len(p)
}

// encoded is how many octets from the first on are lines without a space that follow each other, line ends between them
// included: an encoded file is all of it.
func encoded(p []byte) (n int) {
	const word = 16 // text seldom has longer ones
	for {
		line := aboveSpace(p[n:])
		n += line
		if line <= word || n+2 >= len(p) || p[n] != '\r' || p[n+1] != '\n' || p[n+2] <= ' ' {
			return n
		}
		n += len("\r\n")
	}
}

// aboveSpace is how many octets from the first on are above the space. Eight are looked at together: taking 0x21 from one
// that is not borrows, and the lowest that does is told for certain.
func aboveSpace(p []byte) (n int) {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for ; n+8 <= len(p); n += 8 {
		eight := binary.LittleEndian.Uint64(p[n:])
		if low := (eight - 0x21*ones) &^ eight & highs; low != 0 {
			return n + bits.TrailingZeros64(low)/8
		}
	}
	for n < len(p) && p[n] > ' ' {
		n++
	}
	return n
}

func (b *Body) content(text ...byte) {
	for ; b.ends > 0; b.ends-- {
		b.buf = append(b.buf, "\r\n"...)
		b.flush(chunk)
	}
	if b.space {
		b.buf = append(b.buf, ' ')
		b.space = false
	}
	b.any = true
	if len(text) >= chunk { // no need to gather it
		b.flush(0)
		b.pass(text)
		return
	}
	if b.buf == nil {
		b.buf = make([]byte, 0, chunk+len(text))
	}
	b.buf = append(b.buf, text...)
}

// Close ends the body: empty lines at its end count for none, and an empty body is one line end in the simple form.
func (b *Body) Close() error {
	if b.cr {
		b.content('\r')
	}
	if b.space { // ends no line, so it stays as one octet
		b.space = false
		b.content(' ')
	}
	if b.any || !b.Relaxed {
		b.buf = append(b.buf, "\r\n"...)
	}
	b.flush(0)
	return b.err
}

// flush passes on what was gathered, if it is so much.
func (b *Body) flush(least int) {
	if len(b.buf) < max(least, 1) {
		return
	}
	b.pass(b.buf)
	b.buf = b.buf[:0]
}

// pass hands on, and remembers the first error.
func (b *Body) pass(text []byte) {
	if _, err := b.W.Write(text); b.err == nil {
		b.err = err
	}
}
