package message

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// InMemory is a mail that lies in memory as a whole.
type InMemory []byte

// ReadAt implements io.ReaderAt.
func (m InMemory) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off > int64(len(m)) {
		return 0, io.EOF
	}
	n := copy(p, m[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Size is the length in bytes.
func (m InMemory) Size() int64 { return int64(len(m)) }

// Bytes gives readers the mail without a copy; they must not change it.
func (m InMemory) Bytes() []byte { return m }

// source reads a raw mail, with as few copies as the kind of mail allows.
type source struct {
	raw Raw
	mem []byte // the whole mail, or nil when it is read through windows
	eol byte   // the byte that ends a line
}

func newSource(raw Raw) (*source, error) {
	s := &source{raw: raw, eol: '\n'}
	var head []byte
	switch m := raw.(type) {
	case interface{ Bytes() []byte }:
		if s.mem = m.Bytes(); s.mem == nil {
			s.mem = []byte{} // an empty mail
		}
		head = s.mem[:min(len(s.mem), window)]
	default:
		head = make([]byte, min(raw.Size(), inMemory))
		if n, err := raw.ReadAt(head, 0); n < len(head) {
			return nil, fmt.Errorf("read mail: %w", short(err))
		}
		if raw.Size() <= inMemory {
			s.mem = head
		}
		head = head[:min(len(head), window)]
	}
	// Old Macintosh programs end lines with CR alone, and then every line.
	if bytes.IndexByte(head, '\n') < 0 && bytes.IndexByte(head, '\r') >= 0 {
		s.eol = '\r'
	}
	return s, nil
}

// short gives a reader that stopped early without an error one.
func short(err error) error {
	if err == nil {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (s *source) size() int64 {
	if s.mem != nil {
		return int64(len(s.mem))
	}
	return s.raw.Size()
}

// section reads the bytes from start to end.
func (s *source) section(start, end int64) io.Reader {
	if s.mem != nil {
		return bytes.NewReader(s.mem[start:end])
	}
	return io.NewSectionReader(s.raw, start, end-start)
}

// lines walks over the mail line by line. A line longer than the window comes in several pieces.
type lines struct {
	src    *source
	buf    []byte
	at     int64 // offset of buf[pos]
	pos    int
	end    int64 // where to stop
	middle bool  // the last piece had no line end
	own    bool  // buf is ours to refill
	err    error // trouble of the medium; io.EOF is none
}

func (s *source) lines(start, end int64) *lines {
	l := &lines{src: s, at: start, end: end}
	if s.mem != nil {
		l.buf = s.mem[start:end]
	} else {
		l.buf, l.own = make([]byte, 0, window), true
	}
	return l
}

// next returns the next line with its line end, its offset, and whether it begins a line. The bytes are valid until
// the next call. ok is false at the end, or when the medium failed.
func (l *lines) next() (line []byte, at int64, first, ok bool) {
	i := bytes.IndexByte(l.buf[l.pos:], l.src.eol)
	if i < 0 && l.own {
		l.fill()
		i = bytes.IndexByte(l.buf[l.pos:], l.src.eol)
	}
	n := i + 1
	if i < 0 {
		n = len(l.buf) - l.pos
	}
	if n == 0 {
		return nil, l.at, false, false
	}
	line, at, first = l.buf[l.pos:l.pos+n], l.at, !l.middle
	l.pos += n
	l.at += int64(n)
	l.middle = i < 0
	return line, at, first, true
}

// fill moves what is left to the front and reads behind it.
func (l *lines) fill() {
	rest := copy(l.buf[:cap(l.buf)], l.buf[l.pos:])
	l.buf, l.pos = l.buf[:rest], 0
	from := l.at + int64(rest)
	want := min(int64(cap(l.buf)-rest), l.end-from)
	if want <= 0 {
		return
	}
	n, err := l.src.raw.ReadAt(l.buf[rest:rest+int(want)], from)
	l.buf = l.buf[:rest+n]
	if int64(n) < want && l.err == nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF // the mail is shorter than its size
		}
		l.err = fmt.Errorf("read mail: %w", short(err))
		l.end = from + int64(n)
	}
}

// trimEOL cuts the line end.
func trimEOL(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
	}
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line
}
