package smtpd

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/emersion/go-smtp"

	"smartmail/fault"
	"smartmail/message"
	"smartmail/trace"
)

// session is what the engine calls with the commands it has understood: one per connection, one mail at a time.
type session struct {
	gate *gate
	open bool // MAIL was accepted
	utf8 bool // with SMTPUTF8
	env  message.Envelope
}

// newSession is the engine's way to begin a session, upon the first EHLO or HELO.
func (s *Server) newSession(c *smtp.Conn) (smtp.Session, error) {
	g, ok := c.Conn().(*gate)
	if !ok {
		return nil, refusal(fmt.Errorf("smtpd: connection is %T", c.Conn()))
	}
	g.sess = &session{gate: g}
	return g.sess, nil
}

// Reset forgets the mail that was begun.
func (s *session) Reset() {
	s.open, s.utf8 = false, false
	s.env = message.Envelope{}
}

// context is that of the session, with the id of the mail that was begun.
func (s *session) context() context.Context {
	return trace.With(s.gate.ctx, trace.ID(s.env.Trace))
}

// Logout has nothing to free: the gate does.
func (s *session) Logout() error { return nil }

// Mail begins a mail.
func (s *session) Mail(from string, opts *smtp.MailOptions) error {
	g := s.gate
	if opts.Size > g.srv.opt.MaxMessageBytes {
		return s.refuse(errTooBig(g.srv.opt.MaxMessageBytes), 0, time.Now())
	}
	const badSender = 7 // RFC 3463: X.1.7
	from, bad := address(from, g.line, opts.UTF8, badSender)
	if bad != nil {
		return bad
	}
	s.open, s.utf8 = true, opts.UTF8
	s.env = message.Envelope{
		ReversePath: from,
		Helo:        g.helo,
		Client:      g.client,
		Protocol:    s.protocol(),
		TLS:         g.tls,
		Conn:        g.id,
		Trace:       string(trace.New()),
	}
	return nil
}

// protocol is the word for the Received line (RFC 3848; RFC 6531 section 4.3).
func (s *session) protocol() string {
	word := "ESMTP"
	switch {
	case !s.gate.esmtp:
		return "SMTP"
	case s.utf8:
		word = "UTF8SMTP"
	}
	if s.gate.tls != "" {
		word += "S"
	}
	return word
}

// Rcpt adds a recipient.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	g := s.gate
	if len(s.env.Recipients) >= g.srv.opt.MaxRecipients {
		// Not counted as the peer's fault: RFC 5321 section 4.5.3.1.10 lets him try, and send the rest later.
		return &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 5, 3}, Message: "too many recipients in one mail"}
	}
	const badRecipient = 3 // RFC 3463: X.1.3
	to, bad := address(to, g.line, s.utf8, badRecipient)
	if bad != nil {
		return bad
	}
	ctx, cancel := context.WithTimeout(s.context(), g.srv.opt.AcceptTimeout)
	defer cancel()
	err := s.guard(func() error { return g.srv.receiver.Route(ctx, &s.env, to) })
	if err != nil {
		reply := refusal(err)
		g.log.LogAttrs(ctx, level(err), "recipient refused", slog.Int("code", reply.Code), cause(err))
		return reply
	}
	s.env.Recipients = append(s.env.Recipients, to)
	return nil
}

// Data takes the mail from the gate, which has read it, to the house. The engine's reader is left to the engine,
// which finds nothing but the end of the data in it.
func (s *session) Data(io.Reader) error {
	g := s.gate
	b, err := g.takeBody()
	if err != nil {
		return refusal(err) // the session is over: this goes nowhere
	}
	defer b.discard()
	g.enterAccept()
	start := time.Now()
	g.mails++
	raw, err := b.finish()
	if err != nil {
		return s.refuse(err, b.seen, start)
	}
	receipt, err := s.accept(raw)
	if err != nil {
		return s.refuse(err, b.seen, start)
	}
	reply := success(receipt)
	s.record(slog.LevelInfo, reply, b.seen, start, slog.String("reply", receipt.Text)) // says on which case it is
	return reply
}

// accept hands a whole mail to the house. Big mails wait for their turn, so that many of them at once don't take
// more memory than there is.
func (s *session) accept(raw message.Raw) (receipt Receipt, err error) {
	const least = 64 << 10
	srv := s.gate.srv
	ctx, cancel := context.WithTimeout(s.context(), srv.opt.AcceptTimeout)
	defer cancel()
	weight := min(max(raw.Size(), least), srv.opt.MaxAccepting)
	if err := srv.turns.Acquire(ctx, weight); err != nil {
		return Receipt{}, fault.Wrap(fault.Busy, "too much mail at once, try again later", err)
	}
	defer srv.turns.Release(weight)
	err = s.guard(func() (err error) {
		receipt, err = srv.receiver.Accept(ctx, s.env, raw)
		return err
	})
	return receipt, err
}

// guard makes a panic an error of ours: the peer keeps the mail, and the other sessions go on.
func (s *session) guard(call func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.gate.log.ErrorContext(s.context(), "panic", "stack", string(debug.Stack()))
			err = fmt.Errorf("smtpd: panic: %v", p)
		}
	}()
	return call()
}

// refuse makes the reply to a mail that is not taken, and records it.
func (s *session) refuse(err error, size int64, start time.Time) *smtp.SMTPError {
	reply := refusal(err)
	s.record(level(err), reply, size, start, cause(err))
	return reply
}

// record writes the one line per mail.
func (s *session) record(lvl slog.Level, reply *smtp.SMTPError, size int64, start time.Time, more ...slog.Attr) {
	took := time.Since(start)
	s.gate.srv.opt.Observer.Mail(reply.Code, size, took)
	attrs := append([]slog.Attr{
		slog.Int("code", reply.Code),
		slog.Int64("size", size),
		slog.Float64("seconds", took.Seconds()),
		slog.Int("rcpts", len(s.env.Recipients)),
	}, more...)
	s.gate.log.LogAttrs(s.context(), lvl, "mail", attrs...)
}

// level is that of an error in the log: only our own trouble needs someone to look.
func level(err error) slog.Level {
	if fault.KindOf(err) == fault.Ours {
		return slog.LevelError
	}
	return slog.LevelInfo
}

// cause is the private reason of our own trouble. Of other errors the log has the public text alone: their private
// text may hold addresses.
func cause(err error) slog.Attr {
	if fault.KindOf(err) == fault.Ours {
		return slog.String("err", err.Error())
	}
	return slog.String("why", fault.Public(err))
}
