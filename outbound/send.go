package outbound

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"smartmail/casework"
	"smartmail/message"
)

// wired is a mail ready for the wire.
type wired struct {
	from, to string
	envid    string // for DSNs (RFC 3461 section 4.4)
	sign     []byte // fields to put before the mail
	body     message.Raw
	utf8     bool // an address or the header needs SMTPUTF8 (RFC 6531)
	eightBit bool // the body needs 8BITMIME (RFC 6152)
}

func (m *wired) size() int64 { return int64(len(m.sign)) + m.body.Size() }

// wire checks a mail and finds out what it needs of the remote. Errors: hopeless, or that of reading the body.
func wire(m Mail, id casework.OutboxID, sign []byte) (*wired, error) {
	w := &wired{envid: string(id), sign: sign, body: m.Body}
	var err error
	if w.from, err = mailbox(m.From); err != nil && m.From != "" {
		return nil, err
	}
	if w.to, err = mailbox(m.To); err != nil {
		return nil, err
	}
	w.utf8 = !isASCII(w.from) || !isASCII(w.to)
	return w, w.look()
}

// mailbox checks an address for the envelope and writes its domain in A-labels, which every server takes.
func mailbox(addr string) (string, error) {
	at := strings.LastIndexByte(addr, '@')
	if at < 1 || at == len(addr)-1 || len(addr) > 254 || strings.ContainsFunc(addr, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '<' || r == '>' }) {
		return "", &hopeless{"5.1.3", "this is no address that mail can be sent to"}
	}
	domain, err := idna.Lookup.ToASCII(addr[at+1:])
	if err != nil || strings.HasPrefix(addr[at+1:], "[") {
		return "", &hopeless{"5.1.2", "the address's domain can't exist"}
	}
	return addr[:at+1] + domain, nil
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > 0x7e })
}

// look reads the mail once: what it needs, and that it has no bare CR or LF, with which somebody could end a mail in the middle
// and begin another (RFC 5321 section 2.3.8).
func (m *wired) look() error {
	var (
		buf    [16 << 10]byte
		prev   byte
		header = true
		line   int // octets in it so far
	)
	r := io.NewSectionReader(m.body, 0, m.body.Size())
	for {
		n, err := r.Read(buf[:])
		for _, b := range buf[:n] {
			if (b == '\n') != (prev == '\r') {
				return &hopeless{"5.6.0", "a bare CR or LF in the mail"}
			}
			switch {
			case b == '\n':
				header = header && line > 1
				line = -1
			case b >= 0x80:
				m.eightBit = true
				m.utf8 = m.utf8 || header
			}
			line++
			prev = b
		}
		if errors.Is(err, io.EOF) {
			if prev == '\r' {
				return &hopeless{"5.6.0", "a bare CR or LF in the mail"}
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the mail: %w", err)
		}
	}
}

// fits tells whether this remote can take the mail.
func (c *session) fits(m *wired) error {
	switch limit, err := strconv.ParseInt(c.ext["SIZE"], 10, 64); {
	case m.utf8 && !c.has("SMTPUTF8"):
		return &hopeless{"5.6.7", c.host + " does not take addresses or headers beyond ASCII (no SMTPUTF8)"} // RFC 6531 section 3.5
	case m.eightBit && !c.has("8BITMIME"):
		return &hopeless{"5.6.3", c.host + " does not take 8-bit mail (no 8BITMIME)"}
	case err == nil && limit > 0 && m.size() > limit:
		return &hopeless{"5.3.4", fmt.Sprintf("%s takes mails of %d octets at most, this one has %d", c.host, limit, m.size())}
	}
	return nil
}

// envelope is the three commands before the mail.
func (c *session) envelope(m *wired) []string {
	mail, rcpt := "MAIL FROM:<"+m.from+">", "RCPT TO:<"+m.to+">"
	if c.has("SIZE") {
		mail += " SIZE=" + strconv.FormatInt(m.size(), 10)
	}
	if m.eightBit {
		mail += " BODY=8BITMIME"
	}
	if m.utf8 {
		mail += " SMTPUTF8"
	}
	if c.has("DSN") && m.from != "" {
		mail += " RET=HDRS ENVID=" + m.envid // an id of ours needs no xtext
		rcpt += " NOTIFY=FAILURE,DELAY"
	}
	return []string{mail, rcpt, "DATA"}
}

// send hands over one mail and returns the remote's answer. Errors: refused and hopeless leave the session fit for another mail,
// broken does not.
func (c *session) send(m *wired, limit time.Time) (reply, error) {
	c.begin(limit)
	if err := c.fits(m); err != nil {
		return reply{}, err
	}
	if err := c.ask(m); err != nil {
		return reply{}, err
	}
	c.arm(c.s.CommandTimeout)
	dots := &dotWriter{w: c.w, arm: func() { c.arm(c.s.CommandTimeout) }}
	_, err := io.Copy(dots, io.MultiReader(bytes.NewReader(m.sign), io.NewSectionReader(m.body, 0, m.body.Size())))
	if err != nil {
		return reply{}, c.trouble(err)
	}
	got, err := c.finish(dots)
	var no *refused
	if errors.As(err, &no) { // some servers still have the refused mail's envelope then, and would refuse the next MAIL
		return got, c.reset(no)
	}
	return got, err
}

// finish sends a mail's end and hears what became of it. From here on the mail may have been taken, whatever goes wrong.
func (c *session) finish(dots *dotWriter) (reply, error) {
	c.await(true)
	defer c.await(false)
	var got reply
	err := dots.close()
	if err == nil {
		err = c.w.Flush()
	}
	if err == nil {
		got, err = c.hear(c.s.DataTimeout)
	} else {
		err = c.trouble(err)
	}
	c.sent++
	var lost *broken
	if errors.As(err, &lost) {
		lost.afterEnd = true
		return reply{}, err
	}
	if got.code/100 != 2 {
		return got, &refused{got, atEnd}
	}
	return got, nil
}

// ask sends the envelope, in one go where the remote lets us (RFC 2920), and reads its answers.
func (c *session) ask(m *wired) error {
	lines := c.envelope(m)
	pipelined := c.has("PIPELINING")
	if pipelined {
		if err := c.say(lines...); err != nil {
			return err
		}
	}
	var no *refused
	for i, at := range []stage{atMail, atRcpt, atData} {
		if !pipelined {
			if no != nil {
				return c.reset(no)
			}
			if err := c.say(lines[i]); err != nil {
				return err
			}
		}
		got, err := c.hear(c.s.CommandTimeout)
		if err != nil {
			return c.wordsOf(no, err)
		}
		good := got.code/100 == 2
		if at == atData {
			good = got.code == 354
			if good && no != nil { // DATA went through although nobody is left to have the mail: it ends empty
				return c.empty(no)
			}
		}
		if got.code == 503 && no == nil { // bad sequence of commands: about the dialogue, and not about the mail
			return c.trouble(errors.New("the dialogue is out of step: " + got.String()))
		}
		if !good && no == nil {
			no = &refused{got, at}
		}
	}
	if no != nil {
		return c.reset(no)
	}
	return nil
}

// wordsOf prefers an answer that came before the connection broke.
func (c *session) wordsOf(no *refused, err error) error {
	if no == nil {
		return err
	}
	c.sent, c.ext = c.s.PerConnection, nil // no further mail over it
	return no
}

// empty ends a mail that nobody gets.
func (c *session) empty(no *refused) error {
	if err := c.say("."); err != nil {
		return c.wordsOf(no, err)
	}
	if _, err := c.hear(c.s.DataTimeout); err != nil {
		return c.wordsOf(no, err)
	}
	return c.reset(no)
}

// reset clears a refused mail away.
func (c *session) reset(no *refused) error {
	if got, err := c.command("RSET"); err != nil || got.code/100 != 2 {
		return c.wordsOf(no, err)
	}
	return no
}

// dotWriter doubles dots at the beginning of lines (RFC 5321 section 4.5.2).
type dotWriter struct {
	w    io.Writer
	arm  func() // called before each write: the deadline is for silence, not for the whole
	prev byte   // 0 at the beginning
}

func (d *dotWriter) Write(p []byte) (int, error) {
	d.arm()
	for start, i := 0, 0; ; i++ {
		if i == len(p) {
			_, err := d.w.Write(p[start:])
			return len(p), err
		}
		if p[i] == '.' && (d.prev == '\n' || d.prev == 0) {
			if _, err := d.w.Write(p[start : i+1]); err != nil {
				return 0, err
			}
			start = i // the dot once more
		}
		d.prev = p[i]
	}
}

// close ends the mail.
func (d *dotWriter) close() error {
	end := ".\r\n"
	if d.prev != '\n' && d.prev != 0 {
		end = "\r\n.\r\n"
	}
	_, err := io.WriteString(d.w, end)
	return err
}
