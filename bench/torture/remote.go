package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	netmail "net/mail"
	"net/textproto"
	"strings"
	"sync"
	"time"
)

// remote is the server that the program gives its mail to. It behaves by chance: it puts mails off, hangs up in the middle of one, and takes
// one without saying so.
type remote struct {
	addr   string
	listen net.Listener
	conns  sync.WaitGroup

	mu    sync.Mutex // guards what follows
	rnd   *rand.Rand // nil: it takes everything and says so
	taken map[string]*letter
	odd   []string // what no server should be given
}

// letter is a mail that the remote took.
type letter struct {
	times int // a mail whose 250 was lost comes again
	sum   [sha256.Size]byte
	to    string
}

// mood is what the remote makes of a mail.
type mood int

const (
	willing   mood = iota
	busy           // 451 at RCPT
	full           // 451 after the text
	hasty          // hangs up when the text begins
	forgetful      // takes the mail and hangs up
	calm           // so many more that are willing
	moods     = calm + 8
)

// newRemote starts a remote on loopback.
func newRemote(rnd *rand.Rand) (*remote, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("remote: %w", err)
	}
	r := &remote{addr: l.Addr().String(), listen: l, rnd: rnd, taken: map[string]*letter{}}
	r.conns.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			r.conns.Go(func() {
				t := textproto.NewConn(c)
				_ = r.converse(c, t) // whoever hangs up, it is part of the trial
				_ = t.Close()
			})
		}
	})
	return r, nil
}

// Close ends the remote; whoever speaks with it must have ended.
func (r *remote) Close() error {
	err := r.listen.Close()
	r.conns.Wait()
	return err
}

// relay is the section of the configuration that sends mail to the remote.
func (r *remote) relay() string {
	return fmt.Sprintf("relay: {smarthost: {address: %q}, pause: 0s, retry: {first: 1s, max: 1s, give_up: 240h}}\n", r.addr)
}

// behave makes the remote take everything from now on.
func (r *remote) behave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rnd = nil
}

func (r *remote) mood() mood {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.rnd == nil {
		return willing
	}
	return mood(r.rnd.IntN(int(moods)))
}

const remotePatience = time.Minute // for one command

var errHungUp = errors.New("the remote hangs up")

// converse speaks SMTP, as far as the program needs it.
func (r *remote) converse(c net.Conn, t *textproto.Conn) error {
	if err := t.PrintfLine("220 remote.example"); err != nil {
		return err
	}
	to, now := "", willing
	for {
		if err := c.SetDeadline(time.Now().Add(remotePatience)); err != nil {
			return err
		}
		line, err := t.ReadLine()
		if err != nil {
			return err
		}
		verb, rest, _ := strings.Cut(line, ":")
		answer := "250 OK"
		switch word, _, _ := strings.Cut(verb, " "); word {
		case "EHLO":
			answer = "250-remote.example\r\n250-SMTPUTF8\r\n250 8BITMIME"
		case "MAIL":
			now = r.mood()
		case "RCPT":
			if to = strings.Trim(rest, "<> "); now == busy {
				answer = "451 4.2.0 later, please"
			}
		case "DATA":
			if answer, err = r.text(t, to, now); err != nil {
				return err
			}
		case "QUIT":
			return t.PrintfLine("221 bye")
		}
		if err := t.PrintfLine("%s", answer); err != nil {
			return err
		}
	}
}

// text hears a mail and returns the answer to it.
func (r *remote) text(t *textproto.Conn, to string, now mood) (string, error) {
	if err := t.PrintfLine("354 go on"); err != nil {
		return "", err
	}
	if now == hasty {
		return "", errHungUp
	}
	raw, err := t.ReadDotBytes()
	if err != nil {
		return "", err
	}
	if now == full {
		return "451 4.3.1 no room", nil
	}
	r.take(to, raw)
	if now == forgetful {
		return "", errHungUp
	}
	return "250 2.0.0 taken", nil
}

func (r *remote) take(to string, raw []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		r.odd = append(r.odd, fmt.Sprintf("a mail to %s that cannot be read: %v", to, err))
		return
	}
	id, sum := strings.Trim(m.Header.Get("Message-ID"), "<>"), sha256.Sum256(raw)
	l := r.taken[id]
	if l == nil {
		l = &letter{sum: sum, to: to}
		r.taken[id] = l
	}
	if l.times++; l.sum != sum || l.to != to {
		r.odd = append(r.odd, fmt.Sprintf("%s came again and is another mail", id))
	}
}

// has returns the Message-IDs of what was taken.
func (r *remote) has() map[string]bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	ids := make(map[string]bool, len(r.taken))
	for id := range r.taken {
		ids[id] = true
	}
	return ids
}

// count tells how many mails were taken, and how many of them more than once; what is odd goes to the outcome.
func (r *remote) count(o *outcome) (all, again int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, odd := range r.odd {
		o.fault("%s", odd)
	}
	r.odd = nil
	for _, l := range r.taken {
		if l.times > 1 {
			again++
		}
	}
	return len(r.taken), again
}
