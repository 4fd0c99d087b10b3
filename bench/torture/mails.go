package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"smartmail/testrig"
)

// mail is one that is sent, perhaps several times, and what became of it.
type mail struct {
	id     string // Message-ID without its brackets
	to     []string
	raw    []byte
	sum    string // SHA-256 of the raw mail
	answer string // the 250; empty: there was none
}

// mailer makes mails and remembers them.
type mailer struct {
	mu      sync.Mutex
	rnd     *rand.Rand
	prefix  string
	address string // of a participant of a case; empty: only the intake address
	n       int
	all     []*mail
	again   []*mail // without an answer; the next senders try them again
	refused []string
	later   int // answers that were 4xx
}

const bigMail = 300_000 // bytes; lies in a file of its own

// next is a mail without an answer that is tried again, one that was answered already, or a new one.
func (m *mailer) next() *mail {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := len(m.again); n > 0 {
		again := m.again[n-1]
		m.again = m.again[:n-1]
		return again
	}
	if len(m.all) > 0 && m.rnd.IntN(10) == 0 {
		return m.all[m.rnd.IntN(len(m.all))]
	}
	return m.make(0)
}

// make makes a new one; size 0: as it comes. The caller holds the lock, or is alone.
func (m *mailer) make(size int) *mail {
	m.n++
	if size == 0 {
		size = 200 + m.rnd.IntN(6000)
		if m.n%9 == 0 {
			size = bigMail
		}
	}
	to := []string{testrig.Intake}
	switch {
	case m.address != "" && m.n%3 == 0:
		to = []string{m.address}
	case m.address != "" && m.n%7 == 0:
		to = []string{m.address, testrig.Intake}
	}
	letter := &mail{id: fmt.Sprintf("%s-%d@home.example", m.prefix, m.n), to: to}
	var b strings.Builder
	fmt.Fprintf(&b, "From: Anna <anna%d@home.example>\r\nTo: %s\r\nSubject: Fel %s %d\r\nMessage-ID: <%s>\r\nDate: %s\r\n\r\n",
		m.n, strings.Join(to, ", "), m.prefix, m.n, letter.id, time.Now().Format(time.RFC1123Z))
	for line := 0; b.Len() < size; line++ {
		fmt.Fprintf(&b, "Det droppar i %s, rad %d av %x.\r\n", letter.id, line, m.rnd.Uint64())
	}
	letter.raw = []byte(b.String())
	sum := sha256.Sum256(letter.raw)
	letter.sum = hex.EncodeToString(sum[:])
	m.all = append(m.all, letter)
	return letter
}

// settle notes how an attempt ended.
func (m *mailer) settle(letter *mail, answer string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case err == nil:
		letter.answer = answer
	case testrig.Permanent(err):
		m.refused = append(m.refused, fmt.Sprintf("%s: %v", letter.id, err))
	case testrig.Code(err)/100 == 4:
		m.later++
		m.again = append(m.again, letter)
	case letter.answer == "" && m.rnd.IntN(5) > 0: // else a peer that gives up
		m.again = append(m.again, letter)
	}
}

// send sends mails, several on a connection, until the connection breaks or ctx ends.
func (m *mailer) send(ctx context.Context, addr string) {
	p, err := testrig.Dial(ctx, addr)
	if err != nil {
		return
	}
	defer func() { _ = p.Close() }()
	for ctx.Err() == nil {
		letter := m.next()
		answer, err := p.Send("anna@home.example", letter.to, letter.raw)
		m.settle(letter, answer, err)
		if err != nil && !testrig.Temporary(err) {
			return
		}
	}
}

// load sends over so many connections at once, each opened again when it breaks, until ctx ends.
func (m *mailer) load(ctx context.Context, addr string, peers int) {
	var all sync.WaitGroup
	for range peers {
		all.Go(func() {
			for ctx.Err() == nil {
				m.send(ctx, addr)
				select { // a server that is down is not called without a pause
				case <-ctx.Done():
				case <-time.After(5 * time.Millisecond):
				}
			}
		})
	}
	all.Wait()
}

// answered counts the mails that were answered 250.
func (m *mailer) answered() (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, letter := range m.all {
		if letter.answer != "" {
			n++
		}
	}
	return n
}

// putOff counts the answers that were 4xx.
func (m *mailer) putOff() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.later
}

// answeredNow are the ids of the mails that were answered 250 so far.
func (m *mailer) answeredNow() map[string]bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	ids := map[string]bool{}
	for _, letter := range m.all {
		if letter.answer != "" {
			ids[letter.id] = true
		}
	}
	return ids
}
