package outbound

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"
)

// session is one connection to one host, greeted and ready for mail.
type session struct {
	s    *Sender
	host string // as messages and certificates know it
	conn net.Conn
	r    *bufio.Reader
	w    *bufio.Writer
	ext  map[string]string // what EHLO offered, names in upper case
	sent int               // mails that it carried

	mu       sync.Mutex // guards what a stop looks at
	awaiting bool       // the mail's last octet has left, its answer has not come
	stopped  time.Time  // when the sender was told to stop; zero: it was not
	limit    time.Time  // no wait of the mail under way goes beyond it; zero: no limit
}

// arm sets the deadline for the next reads and writes.
func (c *session) arm(wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := time.Now().Add(wait)
	if !c.limit.IsZero() && c.limit.Before(at) {
		at = c.limit
	}
	if !c.stopped.IsZero() {
		at = earlier(at, c.lastMoment())
	}
	_ = c.conn.SetDeadline(at) // it fails on a closed connection, and so does what follows
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// lastMoment is until when a stopped session may wait.
func (c *session) lastMoment() time.Time {
	if c.awaiting {
		return c.stopped.Add(c.s.Grace)
	}
	return c.stopped
}

// stop ends what may be ended: at once, or after the grace where an answer is awaited.
func (c *session) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = time.Now()
	_ = c.conn.SetDeadline(c.lastMoment()) // as above
}

// await marks the time between a mail's last octet and its answer.
func (c *session) await(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.awaiting = on
}

// begin limits the mail that begins now.
func (c *session) begin(limit time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.limit = limit
}

// use makes the session speak over conn.
func (c *session) use(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn, c.r, c.w = conn, bufio.NewReaderSize(conn, 4<<10), bufio.NewWriterSize(conn, 32<<10)
}

// command sends a line and reads the reply.
func (c *session) command(line string) (reply, error) {
	if err := c.say(line); err != nil {
		return reply{}, err
	}
	return c.hear(c.s.CommandTimeout)
}

// say writes lines without waiting for their replies.
func (c *session) say(lines ...string) error {
	c.arm(c.s.CommandTimeout)
	for _, line := range lines {
		if strings.ContainsAny(line, "\r\n") { // from an address or a secret: it would be a command of its own
			return &hopeless{"5.1.3", "a line break in an address"}
		}
		if _, err := c.w.WriteString(line + "\r\n"); err != nil {
			return c.trouble(err)
		}
	}
	return c.trouble(c.w.Flush())
}

// hear reads a reply. 421 means that the server hangs up (RFC 5321 section 3.8): that is trouble of the connection.
func (c *session) hear(wait time.Duration) (reply, error) {
	c.arm(wait)
	got, err := readReply(c.r)
	if err != nil {
		return reply{}, c.trouble(err)
	}
	if got.code == 421 {
		return reply{}, &broken{err: errors.New(got.String()), host: c.host, busy: true}
	}
	return got, nil
}

// trouble says in plain words what became of the connection.
func (c *session) trouble(err error) error {
	if err == nil {
		return nil
	}
	c.mu.Lock()
	stopped := !c.stopped.IsZero()
	c.mu.Unlock()
	switch {
	case stopped && errors.Is(err, os.ErrDeadlineExceeded):
		err = errStopping
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = errors.New("no answer in time")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.ErrClosedPipe):
		err = errors.New("the connection was closed")
	}
	return &broken{err: err, host: c.host}
}

// hello greets: EHLO, and HELO where the server does not know it (RFC 5321 section 4.1.1.1).
func (c *session) hello() error {
	c.ext = map[string]string{}
	got, err := c.command("EHLO " + c.s.Hostname)
	if err == nil && (got.code == 500 || got.code == 502) {
		got, err = c.command("HELO " + c.s.Hostname)
		got.lines = nil
	}
	if err != nil {
		return err
	}
	if got.code != 250 {
		return c.trouble(errors.New("EHLO is refused: " + got.String()))
	}
	for _, line := range got.lines[min(1, len(got.lines)):] {
		name, params, _ := strings.Cut(line, " ")
		c.ext[strings.ToUpper(name)] = strings.ToUpper(params)
	}
	return nil
}

// has reports whether EHLO offered an extension.
func (c *session) has(name string) bool {
	_, ok := c.ext[name]
	return ok
}

// secure makes the connection one of TLS.
func (c *session) secure(ctx context.Context, cfg *tls.Config) error {
	c.arm(c.s.CommandTimeout)
	if c.r != nil && c.r.Buffered() > 0 { // what came in the clear must not count as said under TLS
		return &broken{err: errors.New("the server spoke before TLS was there"), host: c.host}
	}
	conn := tls.Client(c.conn, cfg)
	ctx, cancel := context.WithTimeout(ctx, c.s.CommandTimeout)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		return c.trouble(fmt.Errorf("TLS: %w", err))
	}
	c.use(conn)
	return nil
}

// startTLS asks for TLS and greets again.
func (c *session) startTLS(ctx context.Context, cfg *tls.Config) error {
	got, err := c.command("STARTTLS")
	if err != nil {
		return err
	}
	if got.code != 220 {
		return c.trouble(errors.New("STARTTLS is refused: " + got.String()))
	}
	if err := c.secure(ctx, cfg); err != nil {
		return err
	}
	return c.hello()
}

// quit says good-bye without waiting long for an answer.
func (c *session) quit() {
	const patience = 2 * time.Second
	c.arm(patience)
	if _, err := c.w.WriteString("QUIT\r\n"); err == nil && c.w.Flush() == nil {
		_, _ = readReply(c.r) // whatever it says, the connection ends here
	}
	c.close()
}

func (c *session) close() { _ = c.conn.Close() } // nothing is lost with it: answers count, not the close
