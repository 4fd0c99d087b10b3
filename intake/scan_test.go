package intake_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"smartmail/casework"
	"smartmail/desk"
	"smartmail/fault"
	"smartmail/message"
	"smartmail/scan"
)

// scanner says what a test wants of every mail.
type scanner struct {
	v     scan.Verdict
	err   error
	asked int
}

func (s *scanner) Scan(_ context.Context, _ message.Envelope, raw message.Raw) (scan.Verdict, error) {
	s.asked++
	if raw.Size() == 0 {
		return scan.Verdict{}, errors.New("no mail came with the question")
	}
	return s.v, s.err
}

var (
	virus = scan.Verdict{Virus: "Test-Signature", Reasons: []string{"clamd: Test-Signature"}}
	spam  = scan.Verdict{Score: 16.5, Reasons: []string{"rspamd: 16.5 points, of which BAYES_SPAM 5.1"}}
)

func as(a scan.Action, v scan.Verdict) scan.Verdict {
	v.Action = a
	return v
}

// queue is what waits in triage.
func (h *house) queue() []desk.TriageView {
	h.t.Helper()
	p, err := h.desk.TriageQueue(h.t.Context(), "a", casework.TriageOpen, nil, 100)
	if err != nil {
		h.t.Fatal(err)
	}
	return p.Items
}

func TestWhatScannersRefuse(t *testing.T) {
	h := newHouse(t)
	for name, c := range map[string]struct {
		s    scanner
		kind fault.Kind
		text string
	}{
		"a virus":        {scanner{v: as(scan.Reject, virus)}, fault.Content, "message refused: virus Test-Signature"},
		"spam":           {scanner{v: as(scan.Reject, spam)}, fault.Content, "message refused: taken for spam"},
		"nobody answers": {scanner{err: fault.Wrap(fault.Ours, "try again later", errors.New("refused"))}, fault.Ours, "try again later"},
	} {
		t.Run(name, func(t *testing.T) {
			h.Scanner = &c.s
			reply, err := h.send("x@home.example", letter("x@home.example", "a", "", "", "x"), fel)
			if err == nil || fault.KindOf(err) != c.kind || fault.Public(err) != c.text {
				t.Errorf("reply %q, %v, want %q", reply, err, c.text)
			}
		})
	}
	if v := h.sound(); v.Mails != 0 {
		t.Errorf("%d refused mails are stored", v.Mails)
	}
}

func TestAMarkedMailIsPlacedAsAnyOther(t *testing.T) {
	h := newHouse(t)
	s := &scanner{v: as(scan.Mark, scan.Verdict{Score: 7.3, Reasons: []string{"rspamd: 7.3 points"}})}
	h.Scanner = s
	if reply := h.must(letter("anna@home.example", "Kran", "1@home", "", "x"), fel); !strings.HasPrefix(reply, "OK case=1 ") {
		t.Errorf("reply %q", reply)
	}
	if got := h.mails("a", 1)[0].Mail.Scan; got == nil || got.Action != casework.ScanMark || got.Score != 7.3 || len(got.Reasons) != 1 {
		t.Errorf("the mail keeps %+v", got)
	}
	s.v = scan.Verdict{Score: -1}
	h.must(letter("anna@home.example", "SV: Kran", "2@home", "", "y"), h.address("a", 1, 1))
	if got := h.mails("a", 1)[1].Mail.Scan; got == nil || got.Action != casework.ScanPass || got.Hold() != "" {
		t.Errorf("a clean mail keeps %+v", got)
	}
	if n := len(h.queue()); n != 0 {
		t.Errorf("%d mails wait in triage", n)
	}
}

// What a scanner wants looked at is on no case, whatever it proves and wherever else it is sent later, until a person has
// decided.
func TestAHeldMailIsOnNoCase(t *testing.T) {
	h := newHouse(t)
	h.must(letter("anna@home.example", "Kran", "1@home", "", "x"), fel)
	s := &scanner{v: as(scan.Triage, virus)}
	h.Scanner = s
	held := letter("anna@home.example", "SV: Kran", "2@home", "", "y")
	first := h.must(held, h.address("a", 1, 1), fel)
	if !strings.HasPrefix(first, "OK triage=") || strings.Contains(first, "case=") {
		t.Fatalf("reply %q", first)
	}
	s.v = scan.Verdict{} // the scanner has forgotten
	h.must(letter("bo@home.example", "Lampa", "3@home", "", "x"), fel)
	for _, rcpt := range []string{h.address("a", 1, 1), h.address("a", 2, 1), "info@a.example"} {
		if reply := h.must(held, rcpt); reply != first {
			t.Errorf("again to %s: %q, first %q", rcpt, reply, first)
		}
	}
	if a, b := len(h.mails("a", 1)), len(h.mails("a", 2)); a != 1 || b != 1 {
		t.Errorf("the cases have %d and %d mails", a, b)
	}
	q := h.queue()
	if len(q) != 1 || q[0].Case != 1 || q[0].Entry != "" || q[0].Why != "found by the scanners: clamd: Test-Signature" || q[0].Mail.Scan.Action != casework.ScanTriage {
		t.Fatalf("in triage are %+v", q)
	}
	if reply := h.must(letter("cecilia@home.example", "Hiss", "4@home", "", "x"), fel); !strings.HasPrefix(reply, "OK case=3 ") {
		t.Errorf("the next mail: %q", reply)
	}
	h.sound()
}

// An import is somebody's mail already: nobody could be told that it is refused.
func TestAnImportIsNeverRefused(t *testing.T) {
	h := newHouse(t)
	h.Scanner = &scanner{v: as(scan.Reject, virus)}
	reply, err := h.Accept(t.Context(), message.Envelope{Recipients: []string{fel}}, message.InMemory(letter("x@home.example", "a", "1@y", "", "x")))
	if err != nil || !strings.HasPrefix(reply, "OK triage=") {
		t.Errorf("reply %q, %v", reply, err)
	}
	if q := h.queue(); len(q) != 1 || q[0].Mail.Scan.Action != casework.ScanTriage {
		t.Errorf("in triage are %+v", q)
	}
}

// Who is turned away anyway does not cost a scan.
func TestScannersComeLast(t *testing.T) {
	h := newHouse(t)
	s := &scanner{}
	h.Scanner = s
	h.says("fail", "reject")
	if _, err := h.send("x@home.example", letter("x@home.example", "a", "", "", "x"), fel); !fault.Is(err, fault.Unauthenticated) || s.asked != 0 {
		t.Errorf("%v, scanners asked %d times", err, s.asked)
	}
}
