package message

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

// uuReader finds the uuencoded files in a text (POSIX uuencode), one after the other, and reads each as a stream. A file
// begins with "begin MODE NAME" and a line that decodes; one whose end never came ends with its last such line.
type uuReader struct {
	r     *bufio.Reader
	line  []byte // a data line of the open file, not yet decoded
	out   []byte // decoded, not handed out
	open  bool
	cont  bool // the last piece read had no line end
	err   error
	space [64]byte
}

func newUUReader(r io.Reader) *uuReader { return &uuReader{r: bufio.NewReaderSize(r, 4<<10)} }

// next goes to the next file and gives its name; ok is false at the end of the text.
func (u *uuReader) next() (name string, ok bool) {
	u.out, u.open = nil, false
	for u.err == nil {
		line := u.read()
		for name, begins := uuBegin(line); begins && u.err == nil; name, begins = uuBegin(line) {
			if line = u.read(); uuData(line) {
				u.line, u.open = line, true
				return name, true
			}
		}
	}
	return "", false
}

// read gives the next line without its end; nil for what is none: the middle of a line that is too long.
func (u *uuReader) read() []byte {
	line, err := u.r.ReadSlice('\n')
	if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
		u.err = err
	}
	middle := u.cont
	u.cont = errors.Is(err, bufio.ErrBufferFull)
	if middle || u.cont {
		return nil
	}
	return bytes.TrimRight(line, "\r\n")
}

// Read reads the present file.
func (u *uuReader) Read(p []byte) (int, error) {
	for len(u.out) == 0 {
		if !u.open {
			if u.err != nil && !errors.Is(u.err, io.EOF) {
				return 0, u.err
			}
			return 0, io.EOF
		}
		if u.line == nil || !uuData(u.line) {
			u.open = false
			continue
		}
		u.out = uuDecode(u.space[:0], u.line)
		if u.line = nil; len(u.out) == 0 || u.err != nil {
			u.open = false
			continue
		}
		u.line = u.read()
	}
	n := copy(p, u.out)
	u.out = u.out[n:]
	return n, nil
}

// uuBegin tells "begin 644 picture.jpg".
func uuBegin(line []byte) (name string, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte("begin "))
	if !ok || len(line) > 500 {
		return "", false
	}
	mode, file, ok := bytes.Cut(rest, []byte(" "))
	if !ok || len(mode) < 3 || len(mode) > 4 || len(bytes.Trim(mode, "01234567")) > 0 {
		return "", false
	}
	name = decodeText(bytes.TrimSpace(file), "")
	return name, name != ""
}

// uuData tells a line of data: its first character says how many bytes it holds, and it is as long as they need. The
// last blanks may be lost, and one character may be added as a checksum.
func uuData(line []byte) bool {
	if len(line) == 0 || line[0] < ' ' || line[0] > '`' {
		return false
	}
	n := int(line[0]-' ') & 63
	need := (n + 2) / 3 * 4
	if n > 45 || len(line)-1 > need+1 || len(line)-1 < need-4 {
		return false
	}
	for _, c := range line {
		if c < ' ' || c > '`' {
			return false
		}
	}
	return true
}

func uuDecode(out, line []byte) []byte {
	n := int(line[0]-' ') & 63
	at := func(i int) byte {
		if i < len(line) {
			return (line[i] - ' ') & 63
		}
		return 0
	}
	for i := 1; n > 0; i += 4 {
		a, b, c, d := at(i), at(i+1), at(i+2), at(i+3)
		three := [3]byte{a<<2 | b>>4, b<<4 | c>>2, c<<6 | d}
		out = append(out, three[:min(n, 3)]...)
		n -= 3
	}
	return out
}

// withoutFiles replaces each uuencoded file in a text by its name in brackets: the file is an attachment.
func withoutFiles(text string) string {
	if !strings.HasPrefix(text, "begin ") && !strings.Contains(text, "\nbegin ") {
		return text
	}
	var out strings.Builder
	for text != "" {
		line, rest, _ := strings.Cut(text, "\n")
		name, begins := uuBegin([]byte(line))
		data, _, _ := strings.Cut(rest, "\n")
		if !begins || !uuData([]byte(data)) {
			out.WriteString(text[:len(text)-len(rest)])
			text = rest
			continue
		}
		out.WriteString("[" + oneLine(name, maxFileName) + "]\n")
		for rest != "" {
			line, after, _ := strings.Cut(rest, "\n")
			if line == "end" {
				rest = after
				break
			}
			if !uuData([]byte(line)) {
				break
			}
			rest = after
		}
		text = rest
	}
	return out.String()
}
