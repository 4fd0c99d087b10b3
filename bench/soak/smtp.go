package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"regexp"
	"time"
)

// peer is a server that brings us mail, as far as replies must be heard word by word.
type peer struct {
	conn net.Conn
	*textproto.Conn
}

const patience = time.Minute // for any one answer

func dial(ctx context.Context, addr string) (*peer, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	p := &peer{conn, textproto.NewConn(conn)}
	if _, _, err := p.ReadResponse(220); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	if err := p.say(250, "EHLO soak.example"); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// say gives a command that is answered with that code.
func (p *peer) say(code int, format string, args ...any) error {
	if err := p.PrintfLine(format, args...); err != nil {
		return err
	}
	_, _, err := p.ReadResponse(code)
	return err
}

// begin brings the session to where data is awaited.
func (p *peer) begin(from, to string) error {
	if err := p.say(250, "MAIL FROM:<%s>", from); err != nil {
		return err
	}
	if err := p.say(250, "RCPT TO:<%s>", to); err != nil {
		return err
	}
	return p.say(354, "DATA")
}

// finish sends what is left of a mail and hears where it lies.
func (p *peer) finish(rest []byte) (place, error) {
	w := p.DotWriter()
	if _, err := w.Write(rest); err != nil {
		return place{}, err
	}
	if err := w.Close(); err != nil {
		return place{}, err
	}
	_, text, err := p.ReadResponse(250)
	if err != nil {
		return place{}, err
	}
	return parsePlace(text)
}

// place is what a mail is told: an entry on a case, or an item of triage.
type place struct{ entry, triage string }

var placed = regexp.MustCompile(`^2\.0\.0 OK (?:case=\d+ entry=(\w+)|triage=(\w+))`)

func parsePlace(text string) (place, error) {
	m := placed.FindStringSubmatch(text)
	if m == nil {
		return place{}, fmt.Errorf("the reply %q names no place", text)
	}
	return place{m[1], m[2]}, nil
}

// send brings one mail in a session of its own.
func send(ctx context.Context, addr, from, to string, mail []byte) (place, error) {
	p, err := dial(ctx, addr)
	if err != nil {
		return place{}, err
	}
	defer func() { _ = p.Close() }()
	if err := p.begin(from, to); err != nil {
		return place{}, err
	}
	at, err := p.finish(mail)
	if err == nil {
		_ = p.say(221, "QUIT") // the mail has been answered
	}
	return at, err
}
