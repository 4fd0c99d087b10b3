package peers

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// session is an SMTP dialogue with nothing between the test and the wire.
type session struct {
	conn net.Conn
	r    *bufio.Reader
}

// answer is an SMTP reply: its code and the text of its last line.
type answer struct {
	code int
	text string
}

func (a answer) String() string { return fmt.Sprintf("%d %s", a.code, a.text) }

var place = regexp.MustCompile(`(?:entry|triage)=(\S+)`)

// place is the entry or triage id that a 250 names; a mail on several cases names several, of which this is the first.
func (a answer) place() string {
	if m := place.FindStringSubmatch(a.text); a.code == 250 && m != nil {
		return m[1]
	}
	return ""
}

// letter is a mail and how to send it.
type letter struct {
	from, to string
	raw      []byte
	chunks   bool   // by BDAT
	param    string // further parameters of MAIL
}

// patience is how long a peer waits for any answer: so long that only what hangs comes to its end, also on a busy machine.
// RFC 5321, section 4.5.3.2, has minutes.
const patience = 30 * time.Second

// dial connects, sends a preamble such as a PROXY header, and says EHLO.
func dial(addr, preamble string) (*session, error) {
	conn, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		return nil, err
	}
	s := &session{conn, bufio.NewReader(conn)}
	_, err = io.WriteString(conn, preamble)
	if err == nil {
		err = s.want(220, "")
	}
	if err == nil {
		err = s.want(250, "EHLO peer.example.net")
	}
	if err != nil {
		_ = conn.Close() // the error says more
		return nil, err
	}
	return s, nil
}

func (s *session) close() { _ = s.conn.Close() }

// do sends a line, unless it is empty, and reads the reply.
func (s *session) do(line string) (answer, error) {
	if err := s.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return answer{}, err
	}
	if line != "" {
		if _, err := io.WriteString(s.conn, line+"\r\n"); err != nil {
			return answer{}, err
		}
	}
	for {
		got, err := s.r.ReadString('\n')
		if err != nil {
			return answer{}, fmt.Errorf("after %.40q: %w", line, err)
		}
		got = strings.TrimRight(got, "\r\n")
		if len(got) < 4 {
			return answer{}, fmt.Errorf("not a reply: %q", got)
		}
		code, err := strconv.Atoi(got[:3])
		if err != nil || got[3] == ' ' {
			return answer{code, got[4:]}, err
		}
	}
}

// want is do for a reply of which only the code matters.
func (s *session) want(code int, line string) error {
	a, err := s.do(line)
	if err == nil && a.code != code {
		err = fmt.Errorf("%.60q: %v, want %d", line, a, code)
	}
	return err
}

// send hands over a mail and returns the reply that decides: to its data, or that which refused it before.
func (s *session) send(l letter) (answer, error) {
	for _, line := range []string{"MAIL FROM:<" + l.from + ">" + l.param, "RCPT TO:<" + l.to + ">"} {
		if a, err := s.do(line); err != nil || a.code != 250 {
			return a, err
		}
	}
	if l.chunks {
		return s.bdat(l.raw)
	}
	if a, err := s.do("DATA"); err != nil || a.code != 354 {
		return a, err
	}
	return s.body(l.raw)
}

// body sends what follows DATA. A mail of lines ends in CRLF; the empty mail is none.
func (s *session) body(raw []byte) (answer, error) {
	if _, err := s.conn.Write(stuffed(raw)); err != nil {
		return answer{}, err
	}
	return s.do(".")
}

// stuffed doubles a dot that begins a line (RFC 5321 section 4.5.2).
func stuffed(raw []byte) []byte {
	raw = bytes.ReplaceAll(raw, []byte("\r\n."), []byte("\r\n.."))
	if bytes.HasPrefix(raw, []byte(".")) {
		raw = append([]byte("."), raw...)
	}
	return raw
}

// bdat sends a mail in chunks (RFC 3030).
func (s *session) bdat(raw []byte) (answer, error) {
	const most = 100_000
	for {
		n, last := min(len(raw), most), ""
		if n == len(raw) {
			last = " LAST"
		}
		chunk := append(fmt.Appendf(nil, "BDAT %d%s\r\n", n, last), raw[:n]...)
		if err := s.conn.SetDeadline(time.Now().Add(patience)); err != nil {
			return answer{}, err
		}
		if _, err := s.conn.Write(chunk); err != nil {
			return answer{}, err
		}
		a, err := s.do("")
		if err != nil || a.code != 250 || last != "" {
			return a, err
		}
		raw = raw[n:]
	}
}

// deliver sends one mail in a session of its own.
func deliver(addr string, l letter) (answer, error) {
	s, err := dial(addr, "")
	if err != nil {
		return answer{}, err
	}
	defer s.close()
	return s.send(l)
}

// compose writes a mail with CRLF, of about so many bytes of text.
func compose(from, to, id, subject string, size int) []byte {
	const line = "Kranen droppar, och det har den gjort i flera dagar nu.\r\n.Denna rad börjar med en punkt.\r\n"
	return fmt.Appendf(nil, "From: %s\r\nTo: %s\r\nSubject: %s\r\nMessage-ID: <%s>\r\nDate: Tue, 24 Nov 2026 09:12:00 +0100\r\n"+
		"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n%s: %s\r\n%s",
		from, to, subject, id, subject, id, strings.Repeat(line, size/len(line)))
}
