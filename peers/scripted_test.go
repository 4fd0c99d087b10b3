package peers

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// step is where the saboteur cuts a connection.
type step int

const (
	never     step = iota // this connection is left alone
	atConnect             // before the greeting
	atEHLO
	atMAIL
	atRCPT
	atDATA
	inMail   // in the middle of the text
	afterDot // when Postfix has taken the mail, and before its answer is passed on
	slowly   // not cut; every answer takes a while
	steps
)

// saboteur stands between the program and Postfix and cuts two of three connections, at a step and after some mails by chance.
type saboteur struct {
	behind string

	mu    sync.Mutex
	rnd   *rand.Rand
	conns int
	cuts  map[step]int
	lost  map[string]int // Message-IDs of mails whose 250 was not passed on
}

func sabotage(t *testing.T, behind string) (*saboteur, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	s := &saboteur{behind: behind, rnd: rand.New(rand.NewPCG(seed, 0)), cuts: map[step]int{}, lost: map[string]int{}}
	var done sync.WaitGroup
	done.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			done.Go(func() { s.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		done.Wait()
	})
	return s, l.Addr().String()
}

// plan tells where the next connection is cut, and after how many mails.
func (s *saboteur) plan() (at step, after int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns++
	if s.rnd.IntN(3) == 0 {
		return never, 0
	}
	if at = step(1 + s.rnd.IntN(int(steps)-1)); at == atEHLO {
		return at, 0 // there is one EHLO, before any mail
	}
	return at, s.rnd.IntN(4)
}

func (s *saboteur) note(at step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cuts[at]++
}

// serve passes a connection on until it is cut. Answers go one for one: to that end PIPELINING is not offered.
func (s *saboteur) serve(front net.Conn) {
	defer func() { _ = front.Close() }() // the cut itself
	at, after := s.plan()
	if at == atConnect {
		s.note(at)
		return
	}
	back, err := net.Dial("tcp", s.behind)
	if err != nil {
		return // the test is over
	}
	defer func() { _ = back.Close() }()
	in, out := bufio.NewReader(front), bufio.NewReader(back)
	if s.answer(front, out, at) != nil {
		return
	}
	for mails := 0; ; {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		if s.cutsAt(at, line) && mails >= after {
			s.note(at)
			return
		}
		if _, err := io.WriteString(back, line); err != nil {
			return
		}
		if !strings.HasPrefix(line, "DATA") {
			if s.answer(front, out, at) != nil {
				return
			}
			continue
		}
		code, err := s.pass(front, out, at)
		if err != nil {
			return
		}
		if code != "354" {
			continue
		}
		id, cut := text(in, back, at == inMail && mails >= after)
		if cut {
			s.note(at)
			return
		}
		if mails++; at == afterDot && mails > after {
			if answer, err := readAnswer(out); err == nil && strings.HasPrefix(answer, "250") {
				s.mu.Lock()
				s.lost[id]++
				s.mu.Unlock()
			}
			s.note(at)
			return
		}
		if s.answer(front, out, at) != nil {
			return
		}
	}
}

// cutsAt reports whether a command is the one at which the connection ends.
func (s *saboteur) cutsAt(at step, line string) bool {
	verb := map[step]string{atEHLO: "EHLO", atMAIL: "MAIL", atRCPT: "RCPT", atDATA: "DATA"}[at]
	return verb != "" && strings.HasPrefix(line, verb)
}

// text passes a mail on up to its dot and returns its Message-ID, or cuts it in the middle.
func text(in *bufio.Reader, back io.Writer, cut bool) (id string, isCut bool) {
	for n := 0; ; n++ {
		line, err := in.ReadString('\n')
		if err != nil || cut && n == 12 {
			return id, true
		}
		if v, ok := strings.CutPrefix(line, "Message-ID: <"); ok && id == "" {
			id = strings.TrimSuffix(strings.TrimSpace(v), ">")
		}
		if _, err := io.WriteString(back, line); err != nil {
			return id, true
		}
		if line == ".\r\n" {
			return id, false
		}
	}
}

func readAnswer(out *bufio.Reader) (string, error) {
	var all strings.Builder
	for {
		line, err := out.ReadString('\n')
		if err != nil {
			return "", err
		}
		if !strings.Contains(line, "PIPELINING") {
			all.WriteString(line)
		}
		if len(line) > 3 && line[3] == ' ' {
			return all.String(), nil
		}
	}
}

// pass passes an answer on and returns its code.
func (s *saboteur) pass(front io.Writer, out *bufio.Reader, at step) (string, error) {
	answer, err := readAnswer(out)
	if err != nil {
		return "", err
	}
	if at == slowly {
		s.note(at)
		<-time.After(50 * time.Millisecond) // the remote's slowness is the test's input
	}
	_, err = io.WriteString(front, answer)
	return answer[:3], err
}

func (s *saboteur) answer(front io.Writer, out *bufio.Reader, at step) error {
	_, err := s.pass(front, out, at)
	return err
}

// moody is a Postfix that judges mails by their recipient's number, at RCPT and after the data.
func moody(count int) (conf string, want func(i int) string) {
	rcpt, end := []string{}, []string{}
	for i := range count {
		who := fmt.Sprintf("r%04d@home.example", i)
		switch i % 20 {
		case 3:
			rcpt = append(rcpt, "{"+who+" = 550 5.1.1 no such user}")
		case 7:
			rcpt = append(rcpt, "{"+who+" = 450 4.2.0 greylisted, come again}")
		case 11:
			end = append(end, "{"+who+" = 554 5.7.1 we do not like what it says}")
		case 15:
			end = append(end, "{"+who+" = 451 4.3.5 later, please}")
		}
	}
	conf = "smtpd_client_event_limit_exceptions = static:all\nsmtpd_client_connection_count_limit = 0\n" +
		"smtpd_recipient_restrictions = check_recipient_access inline:{" + strings.Join(rcpt, ", ") + "}, permit_mynetworks, reject\n" +
		"smtpd_end_of_data_restrictions = check_recipient_access inline:{" + strings.Join(end, ", ") + "}\n"
	return conf, func(i int) string {
		switch i % 20 {
		case 3, 11:
			return "failed"
		case 7, 15:
			return "deferred"
		default:
			return "sent"
		}
	}
}

// A thousand mails to a Postfix that refuses some at RCPT and some after the data, for now and for good, over a line that breaks at every
// step: each ends in the right state, and none arrives twice but those whose 250 was lost on its way.
func TestScriptedRemote(t *testing.T) {
	need(t, "postfix", "postfix")
	const count = 1000
	conf, want := moody(count)
	addr, dir := sink(t)
	p := startPostfix(t, addr, conf)
	s, front := sabotage(t, p.addr)
	h := open(t, relaying(front))
	h.write(count, "home.example")
	all := h.decided(count, want)
	h.stop()
	p.awaitEmpty(time.Minute)
	seen := received(t, dir)
	for _, m := range all {
		most := 1 + s.lost[m.MessageID]
		if m.State != "sent" {
			most = 0
		}
		if got := seen[m.MessageID]; got > most || most > 0 && got == 0 {
			t.Errorf("%s, %s: arrived %d times, and %d answers were lost", m.To.Email, m.State, got, s.lost[m.MessageID])
		}
	}
	if len(s.cuts) < int(steps)/2 { // where each connection is cut is chance, and a quick machine needs few of them
		t.Errorf("cut at %d of %d steps only", len(s.cuts), int(steps)-1)
	}
	t.Logf("%d connections, cuts by step: %v, %d answers lost", s.conns, s.cuts, len(s.lost))
}

// decided waits until each mail has its state. It does not look often: the machine has better things to do.
func (h *house) decided(count int, want func(i int) string) (all []mailing) {
	h.t.Helper()
	tick, end := time.NewTicker(time.Second), time.After(5*time.Minute)
	defer tick.Stop()
	for {
		all = h.outbox()
		astray := slices.DeleteFunc(slices.Clone(all), func(m mailing) bool { return m.State == want(number(h.t, m)) && m.Remote != "" })
		if len(all) == count && len(astray) == 0 {
			return all
		}
		select {
		case <-tick.C:
		case <-end:
			h.t.Fatalf("%d mails, %d of them have another state than they should: %+v", len(all), len(astray), astray[:min(5, len(astray))])
		}
	}
}

// number is the one in a mail's recipient.
func number(t *testing.T, m mailing) (i int) {
	t.Helper()
	if _, err := fmt.Sscanf(m.To.Email, "r%04d@", &i); err != nil {
		t.Fatalf("%s: %v", m.To.Email, err)
	}
	return i
}
