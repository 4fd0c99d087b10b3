package peers

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// attempt is a mail of the kill test and what became of it.
type attempt struct {
	letter
	id       string // Message-ID, without angle brackets
	told     answer // the 250, once there was one
	left     bool   // had no answer, and is not tried again
	received int    // round of the 250
}

// load makes mails and hands them to peers that send them.
type load struct {
	mu          sync.Mutex
	rnd         *rand.Rand
	participant string
	all         []*attempt
	again       []*attempt // had no answer
	retried     int
}

// next returns a mail that had no answer, or a new one.
func (l *load) next() *attempt {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.again); n > 0 {
		a := l.again[n-1]
		l.again = l.again[:n-1]
		l.retried++
		return a
	}
	n := len(l.all)
	a := &attempt{id: fmt.Sprintf("kill-%d@boende.example.com", n), letter: letter{from: customer, to: intake, chunks: n%2 == 0}}
	size := 200 + l.rnd.IntN(4000)
	if n%7 == 0 {
		size = 300_000 // lies in a file of its own
	}
	if n%3 == 0 {
		a.to = l.participant
	}
	a.raw = compose(a.from, a.to, a.id, fmt.Sprintf("Fel %d", n), size)
	l.all = append(l.all, a)
	return a
}

// settle notes how a mail ended.
func (l *load) settle(a *attempt, got answer, err error, round int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err == nil && got.place() != "":
		a.told, a.received = got, round
	case err == nil && got.code/100 != 4:
		return fmt.Errorf("%s: %v", a.id, got)
	case l.rnd.IntN(5) == 0:
		a.left = true // a peer that gave up
	default:
		l.again = append(l.again, a)
	}
	return nil
}

// peer sends mails until the connection breaks.
func (l *load) peer(addr string, round int) error {
	s, err := dial(addr, "")
	if err != nil {
		return nil // killed before the greeting
	}
	defer s.close()
	for {
		a := l.next()
		got, err := s.send(a.letter)
		if bad := l.settle(a, got, err, round); bad != nil || err != nil {
			return bad
		}
	}
}

// traffic lets eight peers send until the program is killed.
func (l *load) traffic(t *testing.T, h *house, round int, lives time.Duration) {
	t.Helper()
	var peers sync.WaitGroup
	for range 8 {
		peers.Go(func() {
			if err := l.peer(h.SMTP, round); err != nil {
				t.Error(err)
			}
		})
	}
	<-time.After(lives) // the moment of the power cut is the test's input, not something that it waits for
	h.Kill()
	peers.Wait()
}

// A 250 survives whatever moment the process dies at; a mail that is tried again is stored once.
func TestKill(t *testing.T) {
	rounds := 50
	if testing.Short() {
		rounds = 5
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	h := open(t, nil)
	_, address := h.openCase()
	l := &load{rnd: rnd, participant: address}
	for round := range rounds {
		l.traffic(t, h, round, time.Duration(5+rnd.IntN(75))*time.Millisecond)
		h.start()
		for _, a := range l.all {
			if a.told.code == 250 && a.received == round {
				l.check(t, h, a)
			}
		}
		if round%10 == 9 {
			h.verify()
		}
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
	l.account(t, h)
	h.stop()
	h.verify()
}

func (l *load) check(t *testing.T, h *house, a *attempt) {
	t.Helper()
	if m := h.wantStored(t, a.told, a.raw); m.MessageID != a.id {
		t.Errorf("%v: holds %s, want %s", a.told, m.MessageID, a.id)
	}
}

// account compares all that was ever sent with all that is stored.
func (l *load) account(t *testing.T, h *house) {
	t.Helper()
	stored := map[string]*found{}
	for _, f := range h.inventory() {
		if stored[f.MessageID] != nil {
			t.Errorf("%s is stored twice", f.MessageID)
		}
		stored[f.MessageID] = f
	}
	acknowledged, silent := 0, 0
	for _, a := range l.all {
		f := stored[a.id]
		delete(stored, a.id)
		switch {
		case a.told.code == 250:
			acknowledged++
			l.check(t, h, a)
			if f == nil || len(f.places) != 1 {
				t.Errorf("%s was taken and lies at %v, want one place", a.id, f)
			}
		case f != nil:
			silent++
			if got := h.rawSum(f.mail); got != sum(a.raw) || len(f.places) != 1 {
				t.Errorf("%s was not acknowledged and is stored in part: SHA-256 %s, %d places", a.id, got, len(f.places))
			}
		}
	}
	for id := range stored {
		t.Errorf("%s was never sent", id)
	}
	t.Logf("%d mails, %d acknowledged, %d stored without an answer, %d tried again", len(l.all), acknowledged, silent, l.retried)
	if acknowledged == 0 || l.retried == 0 {
		t.Error("the test did not do what it is for")
	}
}
