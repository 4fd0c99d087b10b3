package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"time"

	"smartmail/testrig"
)

// slow has peers that take their time, in the middle of a mail, while others send.
func (r *rack) slow(ctx context.Context, o *outcome, dir string) error {
	const pause = 20 * time.Millisecond
	o.note = fmt.Sprintf("%d peers, a byte each %v", crowd, pause)
	return r.amid(ctx, o, dir, func(addr string, letter *mail) error { return byteByByte(ctx, addr, letter, pause) })
}

// deaf has peers that give commands and read none of the answers, while others send.
func (r *rack) deaf(ctx context.Context, o *outcome, dir string) error {
	o.note = fmt.Sprintf("%d peers give commands and hear nothing", crowd)
	return r.amid(ctx, o, dir, func(addr string, _ *mail) error { return chatter(ctx, addr) })
}

const crowd = 40 // peers that misbehave at once

// amid lets mail come in amid a crowd of peers that each do something else, perhaps with a mail of their own, and come to an end.
func (r *rack) amid(ctx context.Context, o *outcome, dir string, do func(addr string, letter *mail) error) error {
	i, m, err := r.begin(ctx, testrig.Options{Dir: dir}, "w")
	if err != nil {
		return err
	}
	defer i.Kill()
	var all sync.WaitGroup
	errs := make(chan error, crowd)
	for range crowd {
		m.mu.Lock()
		letter := m.make(200)
		m.mu.Unlock()
		all.Go(func() { errs <- do(i.SMTP, letter) })
	}
	if err := r.flow(ctx, o, i, m, 3*time.Second); err != nil {
		return err
	}
	if o.mails == 0 {
		o.fault("no mail came in")
	}
	all.Wait()
	for range crowd {
		if err := <-errs; err != nil {
			o.fault("one of the crowd: %v", err)
		}
	}
	o.mails = m.answered()
	i.Kill()
	return account(ctx, o, filepath.Join(dir, "data"), "afterwards", m.all, answeredOnes)
}

func byteByByte(ctx context.Context, addr string, letter *mail, pause time.Duration) error {
	p, err := testrig.Dial(ctx, addr)
	if err != nil {
		return err
	}
	defer func() { _ = p.Close() }() // the mail has its answer
	if err := p.Begin("anna@home.example", letter.to); err != nil {
		return err
	}
	head := letter.raw[:150]
	for n := range head {
		if err := p.Text(head[n : n+1]); err != nil {
			return err
		}
		<-time.After(pause) // slowness is what the trial is about
	}
	letter.answer, err = p.Finish(letter.raw[len(head):])
	return err
}

// chatter gives commands until nobody takes more of them, or the line is cut.
func chatter(ctx context.Context, addr string) (err error) {
	c, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	if err := c.(*net.TCPConn).SetReadBuffer(4096); err != nil {
		return err
	}
	for {
		if err := c.SetWriteDeadline(time.Now().Add(3 * time.Second)); err != nil {
			return err
		}
		if _, err := c.Write([]byte("EHLO peer.example\r\nNOOP\r\nRSET\r\n")); err != nil {
			return nil // nobody takes more, or the line is cut
		}
	}
}
