package intake_test

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"smartmail/blobstore/files"
	"smartmail/casestore/boltstore"
	"smartmail/casework"
	"smartmail/desk"
	"smartmail/intake"
	"smartmail/mailauth"
	"smartmail/mailauth/verdict"
	"smartmail/message"
	"smartmail/threading"
)

// house is the way of a mail with a real store behind it, and a clock and a verdict that tests set.
type house struct {
	*intake.Intake
	t      testing.TB
	desk   *desk.Desk
	router *threading.Router

	mu      sync.Mutex
	now     time.Time
	verdict verdict.Verdict
	fails   error
}

const fel = "fel@a.example"

func (h *house) Check(_ context.Context, in mailauth.Input) (verdict.Verdict, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	v := h.verdict
	v.From = message.Parse(context.Background(), in.Raw, message.Limits{}).From.Email
	return v, h.fails
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) later(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

func (h *house) says(result, policy string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.verdict = verdict.Verdict{DMARC: verdict.DMARC{Result: result, Policy: policy, Domain: "home.example"}}
}

func newHouse(t testing.TB) *house {
	t.Helper()
	dir := t.TempDir()
	store, err := boltstore.Open(filepath.Join(dir, "t.db"), boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	blobs, err := files.Open(filepath.Join(dir, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	h.says(verdict.None, "")
	keys := threading.NewKeyring(h.clock)
	h.router = threading.NewRouter(keys, "mx.a.example", []threading.Organisation{
		{ID: "a", Domain: "a.example", Intake: []threading.Intake{{Address: fel, Class: "fault"}, {Address: "info@a.example", Class: "question"}}},
		{ID: "b", Domain: "b.example", Intake: []threading.Intake{{Address: "fel@b.example", Class: "fault"}}},
	})
	h.desk = desk.New(desk.Options{Store: store, Blobs: blobs, Keys: keys, Router: h.router, Orgs: []casework.OrgID{"a", "b"}, Now: h.clock, Inline: 64 << 10})
	if err := h.desk.LoadKeys(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.Intake = intake.New(intake.Options{
		Hostname: "mx.a.example", Router: h.router, Auth: h, Desk: h.desk, Now: h.clock,
		Policy: map[casework.OrgID]intake.Policy{"a": {Policy: threading.Policy{EnforceDMARC: true}}, "b": {}},
	})
	return h
}

// send takes a mail in as if it came by SMTP.
func (h *house) send(from, mail string, to ...string) (string, error) {
	return h.Accept(h.t.Context(), message.Envelope{
		ReversePath: from, Recipients: to, Client: netip.MustParseAddr("192.0.2.1"), Helo: "mail.home.example", Protocol: "ESMTP",
	}, message.InMemory(strings.ReplaceAll(mail, "\n", "\r\n")))
}

// must is send for a mail that has to be taken in.
func (h *house) must(mail string, to ...string) string {
	h.t.Helper()
	reply, err := h.send("x@home.example", mail, to...)
	if err != nil {
		h.t.Fatal(err)
	}
	return reply
}

// address is the reply address of a participant.
func (h *house) address(org casework.OrgID, n casework.CaseNumber, p casework.ParticipantNo) string {
	h.t.Helper()
	addr, err := h.router.Address(org, n, p)
	if err != nil {
		h.t.Fatal(err)
	}
	return addr
}

// mails lists the mail entries of a case.
func (h *house) mails(org casework.OrgID, n casework.CaseNumber) []desk.EntryView {
	h.t.Helper()
	p, err := h.desk.Entries(h.t.Context(), org, n, nil, 1000)
	if err != nil {
		h.t.Fatal(err)
	}
	var out []desk.EntryView
	for _, e := range p.Items {
		if e.Kind == casework.KindMailIn {
			out = append(out, e)
		}
	}
	return out
}

// case_ returns a case.
func (h *house) caseOf(org casework.OrgID, n casework.CaseNumber) casework.Case {
	h.t.Helper()
	c, err := h.desk.Case(h.t.Context(), org, n)
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

// sound fails the test when anything in the store is wrong, and returns what is there.
func (h *house) sound() desk.Verified {
	h.t.Helper()
	v, err := h.desk.Verify(context.Background(), func(problem string) { h.t.Error("verify:", problem) })
	if err != nil {
		h.t.Fatal(err)
	}
	return v
}

// letter writes a mail.
func letter(from, subject, id, more, body string) string {
	if id != "" {
		more = "Message-ID: <" + id + ">\n" + more
	}
	return fmt.Sprintf("From: %s\nTo: someone@a.example\nSubject: %s\nDate: Tue, 24 Nov 2026 12:00:00 +0100\n%s\n%s\n", from, subject, more, body)
}
