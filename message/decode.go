package message

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"strings"
)

// body reads a leaf's decoded bytes from the raw mail as a stream. It fails only when the medium does or ctx ends:
// damaged encodings give what can be had of them.
func (t *tree) body(ctx context.Context, p *part) io.Reader {
	raw := &ctxReader{ctx: ctx, r: t.src.section(p.start, p.end)}
	encoding, _, _ := strings.Cut(strings.ToLower(p.header.get("Content-Transfer-Encoding")), ";")
	switch strings.Trim(encoding, " \t\"'") {
	case "base64":
		return newBase64Reader(raw, bufferFor(p))
	case "quoted-printable":
		return &qpReader{r: raw, buf: make([]byte, bufferFor(p))}
	}
	return raw // 7bit, 8bit, binary, and what nobody knows (RFC 2045 section 6.4)
}

// bufferFor is the size of a decoder's buffer: enough for many lines, no more than the part has.
func bufferFor(p *part) int { return int(min(p.end-p.start+256, 32<<10)) }

// ctxReader breaks off when the time is used up.
type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

func (r *ctxReader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, errBudget
	}
	return r.r.Read(p)
}

// base64Reader decodes RFC 2045 section 6.8, skips what is not in the alphabet, does without padding, and goes on
// behind padding in the middle, as some programs encode piece by piece.
type base64Reader struct {
	r    io.Reader
	in   []byte // read, not decoded
	out  []byte // decoded, not handed out
	buf  []byte
	err  error
	full []byte
}

func newBase64Reader(r io.Reader, size int) *base64Reader {
	return &base64Reader{r: r, buf: make([]byte, size), full: make([]byte, base64.RawStdEncoding.DecodedLen(size))}
}

func (b *base64Reader) Read(p []byte) (int, error) {
	for len(b.out) == 0 {
		if b.err != nil {
			return 0, b.err
		}
		b.fill()
	}
	n := copy(p, b.out)
	b.out = b.out[n:]
	return n, nil
}

func (b *base64Reader) fill() {
	rest := copy(b.buf, b.in)
	n, err := b.r.Read(b.buf[rest:])
	b.err = err
	buf := dropLineEnds(b.buf[:rest+n])
	whole := len(buf)
	if err == nil {
		whole -= whole % 4
	}
	b.in = buf[whole:]
	if m, err := base64.RawStdEncoding.Decode(b.full, buf[:whole]); err == nil {
		b.out = b.full[:m]
		return
	}
	b.in = nil
	b.slow(buf)
}

// slow decodes a buffer with junk or padding in it; what does not make four characters stays for the next.
func (b *base64Reader) slow(buf []byte) {
	out, start, kept := b.full[:0], 0, 0
	for _, c := range buf {
		switch {
		case isBase64(c):
			buf[kept] = c
			kept++
		case c == '=':
			out = append(out, decodeRun(buf[start:kept])...)
			start = kept
		}
	}
	whole := kept
	if b.err == nil {
		whole -= (kept - start) % 4
	}
	out = append(out, decodeRun(buf[start:whole])...)
	b.out, b.in = out, buf[whole:kept]
}

// decodeRun decodes characters of the alphabet up to a padding, in place.
func decodeRun(run []byte) []byte {
	if len(run)%4 == 1 {
		run = run[:len(run)-1]
	}
	n, _ := base64.RawStdEncoding.Decode(run, run) // decoding writes behind what it reads
	return run[:n]
}

// dropLineEnds moves the lines together in place.
func dropLineEnds(b []byte) []byte {
	kept := 0
	for rest := b; len(rest) > 0; {
		line := rest
		if i := bytes.IndexByte(rest, '\n'); i >= 0 {
			line, rest = rest[:i], rest[i+1:]
		} else {
			rest = nil
		}
		if n := len(line); n > 0 && line[n-1] == '\r' {
			line = line[:n-1]
		}
		kept += copy(b[kept:], line)
	}
	return b[:kept]
}

// qpReader decodes RFC 2045 section 6.7; an equals sign that starts no code stands for itself.
type qpReader struct {
	r     io.Reader
	in    []byte // read, not decoded
	out   []byte // decoded, not handed out
	buf   []byte
	full  []byte
	err   error
	blank []byte // white space that counts only if more of its line follows
}

func (q *qpReader) Read(p []byte) (int, error) {
	for len(q.out) == 0 {
		if q.err != nil {
			return 0, q.err
		}
		q.fill()
	}
	n := copy(p, q.out)
	q.out = q.out[n:]
	return n, nil
}

func (q *qpReader) fill() {
	rest := copy(q.buf, q.in)
	n, err := q.r.Read(q.buf[rest:])
	q.err = err
	data := q.buf[:rest+n]
	whole := len(data)
	if err == nil {
		// A code or a soft line break may go on in what is not read yet.
		from := max(0, len(data)-80)
		if i := bytes.LastIndexByte(data[from:], '='); i >= 0 {
			if tail := data[from+i+1:]; len(tail) < 2 || len(bytes.Trim(tail, " \t\r")) == 0 {
				whole = from + i
			}
		}
	}
	q.in = data[whole:]
	q.decode(data[:whole])
}

func (q *qpReader) decode(data []byte) {
	out := q.full[:0]
	for i := 0; i < len(data); i++ {
		c := data[i]
		if c == ' ' || c == '\t' {
			if len(q.blank) < 1000 {
				q.blank = append(q.blank, c)
			}
			continue
		}
		if c != '\r' && c != '\n' { // white space at the end of a line was added on the way
			out = append(out, q.blank...)
		}
		q.blank = q.blank[:0]
		if c == '=' {
			if i+2 < len(data) && isHex(data[i+1]) && isHex(data[i+2]) {
				out = append(out, unhex(data[i+1])<<4|unhex(data[i+2]))
				i += 2
				continue
			}
			if n := softBreak(data[i+1:]); n > 0 || i+1 == len(data) {
				i += n
				continue
			}
		}
		out = append(out, c)
	}
	if q.err != nil {
		out = append(out, q.blank...)
	}
	q.out, q.full = out, out
}

// softBreak is the length of the white space and line end behind an equals sign; 0 where it is no soft line break.
func softBreak(s []byte) int {
	for i, c := range s {
		switch c {
		case ' ', '\t':
		case '\n':
			return i + 1
		case '\r':
			if i+1 < len(s) && s[i+1] == '\n' {
				return i + 2
			}
			return i + 1
		default:
			return 0
		}
	}
	return 0
}
