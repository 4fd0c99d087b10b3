package testrig

import (
	"context"
	"errors"
	"net"
	"net/textproto"
	"strings"
	"time"
)

// Peer is a server that brings us mail, as far as replies must be heard word by word. It is no client for other uses: it sends what
// it is told to.
type Peer struct {
	Conn net.Conn
	text *textproto.Conn
}

const peerPatience = time.Minute // for a whole connection

// Dial connects and says EHLO.
func Dial(ctx context.Context, addr string) (*Peer, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(time.Now().Add(peerPatience)); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	p := &Peer{conn, textproto.NewConn(conn)}
	if _, _, err := p.text.ReadResponse(220); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	if _, err := p.Say(250, "EHLO peer.example"); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// Close closes the connection without a word.
func (p *Peer) Close() error { return p.text.Close() }

// Say gives a command and returns the text of the answer; another code than the one awaited is an error that Code reads.
func (p *Peer) Say(code int, format string, args ...any) (string, error) {
	if err := p.text.PrintfLine(format, args...); err != nil {
		return "", err
	}
	_, text, err := p.text.ReadResponse(code)
	return text, err
}

// Begin brings a mail to where its text is awaited. When the server refuses it for now, the connection is fit for another.
func (p *Peer) Begin(from string, to []string) error {
	commands := []string{"MAIL FROM:<" + from + ">"}
	for _, t := range to {
		commands = append(commands, "RCPT TO:<"+t+">")
	}
	for _, c := range commands {
		if _, err := p.Say(250, "%s", c); err != nil {
			return errors.Join(err, p.reset(err))
		}
	}
	_, err := p.Say(354, "DATA")
	return err
}

// reset forgets a mail that was refused; after any other error there is nobody to tell.
func (p *Peer) reset(err error) error {
	if Code(err) == 0 {
		return nil
	}
	_, err = p.Say(250, "RSET")
	return err
}

// Text sends a piece of a mail's text as it is, which must need no dots.
func (p *Peer) Text(piece []byte) error {
	if _, err := p.text.W.Write(piece); err != nil {
		return err
	}
	return p.text.W.Flush()
}

// Finish sends the rest of a mail and returns the text of the 250.
func (p *Peer) Finish(rest []byte) (string, error) {
	w := p.text.DotWriter()
	if _, err := w.Write(rest); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	_, text, err := p.text.ReadResponse(250)
	return text, err
}

// Send brings one mail and returns the text of the 250.
func (p *Peer) Send(from string, to []string, raw []byte) (string, error) {
	if err := p.Begin(from, to); err != nil {
		return "", err
	}
	return p.Finish(raw)
}

// Code is the reply's code that an error is about, or 0 where there was no reply.
func Code(err error) int {
	var reply *textproto.Error
	if errors.As(err, &reply) {
		return reply.Code
	}
	return 0
}

// Permanent reports whether an error is a 5xx.
func Permanent(err error) bool { return Code(err)/100 == 5 }

// Temporary reports whether an error is a 4xx after which the connection goes on.
func Temporary(err error) bool { return Code(err)/100 == 4 && Code(err) != 421 }

// Place is one entry or item of triage that an answer names.
type Place struct{ Entry, Triage string }

// Places are those that a 250 names: "2.0.0 OK case=1 entry=x case=2 entry=y", or "2.0.0 OK triage=z".
func Places(answer string) (places []Place) {
	for word := range strings.FieldsSeq(answer) {
		switch key, id, _ := strings.Cut(word, "="); key {
		case "entry":
			places = append(places, Place{Entry: id})
		case "triage":
			places = append(places, Place{Triage: id})
		}
	}
	return places
}
