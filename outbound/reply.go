package outbound

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Bounds of a reply: RFC 5321 section 4.5.3.1.5 allows lines of 512 octets, and real servers go somewhat beyond.
const (
	maxReplyLine  = 2000
	maxReplyLines = 200
)

var errReply = errors.New("not an SMTP reply")

// reply is what a server answered.
type reply struct {
	code   int
	status string   // enhanced code (RFC 2034); empty: none given
	lines  []string // texts, without code and enhanced code
}

// readReply reads one reply of one or more lines (RFC 5321 section 4.2.1). Errors are those of the reader, or wrap errReply.
func readReply(r *bufio.Reader) (reply, error) {
	var out reply
	for range maxReplyLines {
		line, err := readLine(r)
		if err != nil {
			return reply{}, err
		}
		code, ok := replyCode(line)
		if !ok || out.code != 0 && out.code != code {
			return reply{}, fmt.Errorf("%w: %q", errReply, clip(line, 80))
		}
		out.code = code
		more := len(line) > 3 && line[3] == '-'
		text := strings.TrimSpace(line[min(4, len(line)):])
		if status, rest, ok := cutStatus(text); ok && (code >= 400) == (status[0] != '2') {
			out.status, text = status, rest
		}
		out.lines = append(out.lines, text)
		if !more {
			return out, nil
		}
	}
	return reply{}, fmt.Errorf("%w: over %d lines", errReply, maxReplyLines)
}

// readLine reads a line that ends with LF, CRLF as it should be.
func readLine(r *bufio.Reader) (string, error) {
	var b []byte
	for {
		piece, err := r.ReadSlice('\n')
		b = append(b, piece...)
		switch {
		case len(b) > maxReplyLine:
			return "", fmt.Errorf("%w: a line of over %d octets", errReply, maxReplyLine)
		case err == nil:
			return strings.ToValidUTF8(strings.TrimRight(string(b), "\r\n"), "\uFFFD"), nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(b) > 0:
			return "", io.ErrUnexpectedEOF
		default:
			return "", err
		}
	}
}

// replyCode reads the three digits at the beginning of a line.
func replyCode(line string) (int, bool) {
	if len(line) < 3 || len(line) > 3 && line[3] != ' ' && line[3] != '-' {
		return 0, false
	}
	code := 0
	for _, c := range []byte(line[:3]) {
		if c < '0' || c > '9' {
			return 0, false
		}
		code = code*10 + int(c-'0')
	}
	return code, code >= 200 && code < 600
}

// cutStatus takes an enhanced code off the beginning of a text: class, subject and detail (RFC 3463 section 2).
func cutStatus(text string) (status, rest string, ok bool) {
	status, rest, _ = strings.Cut(text, " ")
	parts := strings.Split(status, ".")
	if len(parts) != 3 || parts[0] != "2" && parts[0] != "4" && parts[0] != "5" {
		return "", text, false
	}
	for _, p := range parts {
		if p == "" || len(p) > 3 || strings.Trim(p, "0123456789") != "" {
			return "", text, false
		}
	}
	return status, strings.TrimSpace(rest), true
}

// String is the reply in one line, as people are shown it.
func (r reply) String() string {
	words := []string{fmt.Sprint(r.code)}
	if r.status != "" {
		words = append(words, r.status)
	}
	for _, l := range r.lines {
		if l != "" {
			words = append(words, l)
		}
	}
	return strings.Join(words, " ")
}

// queueID finds the name that a server gave the mail in its reply: the word behind "queued as", Postfix's and many others' way,
// else "id=".
func (r reply) queueID() string {
	text := strings.Join(r.lines, " ")
	for _, mark := range []string{"queued as ", "id="} {
		if i := strings.Index(strings.ToLower(text), mark); i >= 0 {
			if f := strings.FieldsFunc(text[i+len(mark):], func(c rune) bool { return strings.ContainsRune(" <>()[];,", c) }); len(f) > 0 {
				return clip(f[0], 100)
			}
		}
	}
	return ""
}

func clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "")
}
