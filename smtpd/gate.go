package smtpd

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"
)

// phase is what a session is about, as far as shutting it down goes.
type phase int

const (
	phaseSetup   phase = iota // PROXY header or TLS handshake: may be cut
	phaseCommand              // waits for or handles a command: is told 421
	phaseBody                 // in the midst of message data: may go on for Options.Drain
	phaseAccept               // the mail is complete: is finished and answered
)

// gate stands between go-smtp, called the engine here, and the socket. For the engine it is the connection. All of it
// runs in the engine's goroutine of this connection, but for interrupt and cut.
//
// The engine is strictly sequential: it reads a command, writes the reply, and reads the next. So everything written
// between two reads is the reply to the command handed out by the first of them.
type gate struct {
	srv    *Server
	id     string
	log    *slog.Logger
	socket net.Conn // as it was accepted: deadlines and cutting go here
	conn   net.Conn // behind the PROXY header and TLS
	client netip.Addr
	slot   netip.Prefix // where this connection is counted per IP; invalid: not yet
	opened time.Time
	ctx    context.Context
	cancel context.CancelFunc

	in      wire
	out     []byte // replies on hold (RFC 2920), not yet sent
	reply   []byte // what the engine wrote since it was handed a command
	feed    string // what the engine is handed next
	instead string // sent instead of the engine's reply
	ended   bool   // the data was taken: the engine still has to read its end
	last    error  // the first error; nothing is read or written after it
	linger  bool   // the last reply should have time to arrive

	line    string // the command being handled
	verb    string
	started bool   // the first line has been read
	greeted bool   // EHLO or HELO was accepted, and since STARTTLS again
	esmtp   bool   // by EHLO
	helo    string // its argument
	tls     string // version and cipher suite
	faults  int    // 5xx replies so far
	mails   int    // mails answered so far
	sess    *session
	chunks  *body // an open sequence of BDAT chunks (RFC 3030)

	mu       sync.Mutex // guards what follows
	phase    phase
	stopping bool
	closed   sync.Once
}

// errEnd is the first error of a session that the gate ends by itself.
var errEnd = errors.New("smtpd: session ended")

// Read hands the engine the next command, which is complete and checked, or the end of the data that its session
// has taken from the gate. An ended connection is always io.EOF, upon which the engine leaves without a word.
func (g *gate) Read(p []byte) (int, error) {
	switch {
	case g.feed != "":
	case g.ended:
		g.ended = false
		g.feed = dotCRLF
	default:
		g.finishReply()
		g.feed = g.nextFeed()
	}
	if g.last != nil {
		return 0, io.EOF
	}
	n := copy(p, g.feed)
	g.feed = g.feed[n:]
	return n, nil
}

// Write collects the engine's reply.
func (g *gate) Write(p []byte) (int, error) {
	if g.last == nil {
		g.reply = append(g.reply, p...)
	}
	return len(p), nil
}

// Close sends what is left to say and frees everything. The engine calls it, once at least, when it is done.
func (g *gate) Close() error {
	g.closed.Do(func() {
		g.finishReply()
		g.flush()
		g.cancel()
		g.dropChunks()
		if g.linger {
			g.lingerOn()
		}
		_ = g.conn.Close()
		g.in.drop()
		g.srv.remove(g)
	})
	return nil
}

// The rest of net.Conn. The engine is set up without timeouts; deadlines are the gate's.
func (g *gate) LocalAddr() net.Addr              { return g.socket.LocalAddr() }
func (g *gate) RemoteAddr() net.Addr             { return g.socket.RemoteAddr() }
func (g *gate) SetDeadline(time.Time) error      { return nil }
func (g *gate) SetReadDeadline(time.Time) error  { return nil }
func (g *gate) SetWriteDeadline(time.Time) error { return nil }

// nextFeed returns the next command line for the engine, having answered by itself those that are not for it.
// It returns "" when the session is over, and then g.last is set.
func (g *gate) nextFeed() string {
	for g.last == nil {
		g.in.shrink()
		command, problem, ok := g.nextLine()
		switch {
		case !ok:
		case problem != "":
			g.say(problem)
		default:
			if feed := g.dispatch(command); feed != "" {
				return feed + crlf
			}
		}
	}
	return ""
}

// finishReply takes over the engine's reply to the command that is done.
func (g *gate) finishReply() {
	reply := strings.TrimSuffix(string(g.reply), crlf)
	g.reply = g.reply[:0]
	if g.instead != "" {
		reply, g.instead = g.instead, ""
	}
	switch {
	case reply == "":
		return
	case g.verb == "EHLO" || g.verb == "HELO":
		reply = g.greeting(reply)
	case (g.verb == "MAIL" || g.verb == "RCPT") && strings.HasPrefix(reply, "500 5.5.4 "):
		// RFC 5321 section 4.1.1.11: 555 for a parameter that is not known.
		reply = "555" + reply[3:]
	// The engine's own words for these repeat the peer's octets.
	case g.verb == "MAIL" && strings.HasPrefix(reply, "250 "):
		reply = replySender
	case g.verb == "RCPT" && strings.HasPrefix(reply, "250 "):
		reply = replyRecipient
	}
	g.say(reply)
}

// say puts a reply, of one line or several, behind those on hold. It counts what the peer does wrong.
func (g *gate) say(reply string) {
	if g.last != nil {
		return
	}
	const hold = 16 << 10
	g.observe(reply)
	g.out = append(append(g.out, reply...), crlf...)
	if reply[0] == '5' {
		if g.faults++; g.faults > g.srv.opt.MaxErrors {
			g.end(replyTooManyErrs)
			return
		}
	}
	if len(g.out) > hold {
		g.flush()
	}
}

// flush sends the replies on hold.
func (g *gate) flush() {
	if len(g.out) == 0 || g.last != nil {
		return
	}
	_ = g.socket.SetWriteDeadline(time.Now().Add(g.srv.opt.WriteTimeout))
	_, err := g.conn.Write(g.out)
	g.out = g.out[:0]
	if err != nil {
		g.last = err
	}
}

// end closes the session with a last reply.
func (g *gate) end(reply string) {
	if g.last != nil {
		return
	}
	g.observe(reply)
	g.out = append(append(g.out, reply...), crlf...)
	g.flush()
	if g.last == nil {
		g.last = errEnd
		g.linger = true
	}
	g.log.Info("session ended by us", "code", reply[:3], "why", reply[4:])
}

// wait sends what is on hold and waits for more octets from the peer, until the deadline or the end of the session.
// It reports false when the session is over, having told the peer why.
func (g *gate) wait(deadline time.Time, ph phase) bool {
	g.flush()
	if g.last != nil {
		return false
	}
	sessionEnd := g.opened.Add(g.srv.opt.SessionTimeout)
	if sessionEnd.Before(deadline) {
		deadline = sessionEnd
	}
	if !g.enter(ph, deadline) {
		g.end(replyShutdown)
		return false
	}
	err := g.in.fill()
	switch {
	case err == nil:
		return true
	case !errors.Is(err, os.ErrDeadlineExceeded):
		g.last = err
	case ph == phaseCommand && g.isStopping():
		g.end(replyShutdown)
	case deadline.Equal(sessionEnd):
		g.end(replySessionOver)
	default:
		g.end(replyIdle)
	}
	return false
}

// enter begins a phase, with a deadline for reading. It reports false for a command while shutting down.
func (g *gate) enter(ph phase, deadline time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stopping && ph == phaseCommand {
		return false
	}
	g.phase = ph
	_ = g.socket.SetReadDeadline(deadline) // fails on a closed socket alone, as the read will
	return true
}

func (g *gate) isStopping() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.stopping
}

// interrupt begins the shutdown of this session; see phase.
func (g *gate) interrupt() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stopping = true
	switch g.phase {
	case phaseSetup:
		_ = g.socket.Close()
	case phaseCommand:
		_ = g.socket.SetReadDeadline(time.Unix(1, 0))
	}
}

// cut closes the socket under the session, unless, when gently, a complete mail is about to be answered.
func (g *gate) cut(gently bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !gently || g.phase != phaseAccept {
		_ = g.socket.Close()
	}
}

// lingerOn lets the peer read the last reply: closing a socket with unread octets resets the connection, which may
// destroy what is still under way to him.
func (g *gate) lingerOn() {
	const (
		longest = time.Second
		most    = 1 << 20
	)
	half, ok := g.socket.(interface{ CloseWrite() error })
	if !ok {
		return
	}
	if t, ok := g.conn.(*tls.Conn); ok {
		_ = t.CloseWrite()
	}
	if half.CloseWrite() == nil && g.socket.SetReadDeadline(time.Now().Add(longest)) == nil {
		_, _ = io.CopyN(io.Discard, g.socket, most)
	}
}

// enterAccept begins the phase in which the mail is the house's. Nothing is read in it.
func (g *gate) enterAccept() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.phase = phaseAccept
}
