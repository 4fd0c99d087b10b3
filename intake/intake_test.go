package intake_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"smartmail/casework"
	"smartmail/desk"
	"smartmail/fault"
	"smartmail/intake"
	"smartmail/mailauth/verdict"
	"smartmail/message"
	"smartmail/threading"
)

func TestASuppliersReplyLandsOnItsCase(t *testing.T) {
	h := newHouse(t)
	if got := h.must(letter("Anna <anna@home.example>", "Droppande kran", "1@home", "", "Det droppar."), fel); !regexp.MustCompile(`^OK case=1 entry=[0-9a-v]{24}$`).MatchString(got) {
		t.Fatalf("reply %q", got)
	}
	c := h.caseOf("a", 1)
	if c.Subject != "Droppande kran" || c.Class != "fault" || c.Status != casework.StatusNew || c.Reporter.Email != "anna@home.example" {
		t.Errorf("case is %+v", c)
	}
	staff := casework.Actor{Via: casework.ViaAPI, Name: "Eva"}
	c, entries, err := h.desk.Do(t.Context(), "a", 1, casework.Order{Name: "Rör AB", Email: "jour@ror.example", MailOut: casework.MailOut{Text: "Byt packning"}}, staff, 0)
	if err != nil || len(entries) != 1 || entries[0].Lane != "supplier-2" {
		t.Fatalf("order gives %+v, %v", entries, err)
	}
	out, err := h.desk.OutboxPage(t.Context(), "a", casework.Queued, nil, 10)
	if err != nil || len(out.Items) != 1 || out.Items[0].To.Email != "jour@ror.example" || out.Items[0].ReplyTo != h.address("a", 1, 2) {
		t.Fatalf("outbox is %+v, %v", out.Items, err)
	}
	h.says(verdict.Pass, "none")
	reply := h.must(letter("Rör AB <jour@ror.example>", "SV: Droppande kran", "2@ror", "", "Klart!\n\n> Byt packning"), h.address("a", 1, 2))
	mails := h.mails("a", 1)
	if len(mails) != 2 || !strings.HasSuffix(reply, "entry="+string(mails[1].ID)) {
		t.Fatalf("reply %q, mails %d", reply, len(mails))
	}
	got := mails[1]
	if got.Lane != "supplier-2" || got.MailIn.Sender != casework.Verified || got.MailIn.Participant != 2 || got.Mail.Content.Text != "Klart!" {
		t.Errorf("entry is %+v of mail %+v", got.MailIn, got.Mail.Content)
	}
	if !strings.HasPrefix(got.Mail.Trace, "Received: from mail.home.example ([192.0.2.1]) by mx.a.example with ESMTP; ") {
		t.Errorf("trace is %q", got.Mail.Trace)
	}
	if v := h.sound(); v.Cases != 1 || v.Mails != 2 || c.Number != 1 {
		t.Errorf("the store holds %+v", v)
	}
}

// The same mail again, in whatever order, gives the same entry and the same answer.
func TestOnce(t *testing.T) {
	h := newHouse(t)
	h.must(letter("anna@home.example", "Kran", "open@home", "", "x"), fel)
	h.must(letter("bo@home.example", "Lampa", "open2@home", "", "x"), fel)
	first := letter("anna@home.example", "SV: Kran", "r@home", "", "svar")
	one, two := h.address("a", 1, 1), h.address("a", 2, 1)
	both := h.must(first, one, two)
	if n := strings.Count(both, "case="); n != 2 {
		t.Fatalf("two cases give %q", both)
	}
	hops := "Received: from another.path by here; Tue, 24 Nov 2026 13:00:00 +0100\n"
	for name, got := range map[string]string{
		"again":                h.must(first, one, two),
		"with another trace":   h.must(hops+first, one, two),
		"with an intake added": h.must(first, one, two, fel),
	} {
		if got != both {
			t.Errorf("%s: %q, first %q", name, got, both)
		}
	}
	if only := h.must(first, one); !strings.HasPrefix(both, only) {
		t.Errorf("for one of them: %q, first %q", only, both)
	}
	if len(h.mails("a", 1)) != 2 || len(h.mails("a", 2)) != 2 {
		t.Error("an entry is double")
	}
	// Recipient by recipient, as a peer may split it, gives the same as all at once.
	split := letter("anna@home.example", "SV: Kran", "split@home", "", "svar")
	a, b := h.must(split, one), h.must(split, two)
	if all := h.must(split, one, two); all != a+strings.TrimPrefix(b, "OK") {
		t.Errorf("split gives %q and %q, whole %q", a, b, all)
	}
	// A further intake address adds a recipient, not a case.
	fault := letter("cecilia@home.example", "Hiss", "hiss@home", "", "står still")
	if a, b := h.must(fault, fel), h.must(fault, "info@a.example"); a != b {
		t.Errorf("to two intake addresses: %q and %q", a, b)
	}
	if v := h.sound(); v.Cases != 3 || v.Mails != 5 {
		t.Errorf("the store holds %+v", v)
	}
}

// A mail that was taken in keeps its answer when it is sent again, even if it would be refused today.
func TestAgainIsAnsweredBeforeAnyPolicy(t *testing.T) {
	h := newHouse(t)
	mail := letter("anna@home.example", "Kran", "1@home", "", "x")
	first := h.must(mail, fel)
	h.says(verdict.Fail, "reject")
	h.Policy["a"] = intake.Policy{Policy: threading.Policy{EnforceDMARC: true}, Block: intake.NewAddresses([]string{"home.example"}), PerSender: 1}
	for range 3 {
		if again, err := h.send("x@home.example", mail, fel); err != nil || again != first {
			t.Errorf("again: %q, %v; first %q", again, err, first)
		}
	}
	if reply, err := h.send("x@home.example", letter("anna@home.example", "Kran", "2@home", "", "x"), fel); err == nil {
		t.Errorf("another mail of a blocked sender: %q", reply)
	}
}

func TestOnceAlsoWhenAllAtOnce(t *testing.T) {
	h := newHouse(t)
	mail := letter("anna@home.example", "Kran", "same@home", "", strings.Repeat("x", 100_000)) // big: a blob
	replies := make([]string, 20)
	var wg sync.WaitGroup
	for i := range replies {
		wg.Go(func() { replies[i], _ = h.send("x@home.example", mail, fel) })
	}
	wg.Wait()
	for _, r := range replies {
		if r != replies[0] || r == "" {
			t.Errorf("replies %q and %q", r, replies[0])
		}
	}
	if v := h.sound(); v.Cases != 1 || v.Mails != 1 {
		t.Errorf("the store holds %+v", v)
	}
	blobs := 0
	for _, err := range h.desk.Blobs.List(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		blobs++
	}
	if blobs != 1 {
		t.Errorf("%d blobs of one mail", blobs)
	}
}

func TestOrganisationsKeepTheirOwn(t *testing.T) {
	h := newHouse(t)
	reply := h.must(letter("anna@home.example", "Kran", "1@home", "", "x"), fel, "fel@b.example")
	if strings.Count(reply, "case=1 ") != 2 {
		t.Errorf("reply %q", reply)
	}
	a, b := h.mails("a", 1)[0], h.mails("b", 1)[0]
	if a.Mail.ID == b.Mail.ID || len(a.Mail.Envelope.Recipients) != 1 || len(b.Mail.Envelope.Recipients) != 1 {
		t.Errorf("mails %+v and %+v are not apart", a.Mail.Envelope, b.Mail.Envelope)
	}
	if _, err := h.desk.Entry(t.Context(), "b", a.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("b sees an entry of a: %v", err)
	}
	if _, err := h.desk.OpenRaw(t.Context(), "b", a.Mail.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("b sees a mail of a: %v", err)
	}
}

func TestRawIsKeptByteForByte(t *testing.T) {
	for name, raw := range map[string]string{
		"small":       "From: a@home.example\r\nMessage-ID: <s@x>\r\n\r\nhej\r\n",
		"big":         "From: a@home.example\r\nMessage-ID: <b@x>\r\n\r\n" + strings.Repeat("å\x00\xff\r\n", 30_000),
		"bare":        "Subject: x\nFrom: b@home.example\n\n\r\rbare\n.\n",
		"only header": "Subject: y\r\nFrom: c@home.example\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			_, err := h.Accept(t.Context(), message.Envelope{Recipients: []string{fel}, Protocol: "SMTP", ReversePath: "x@y"}, message.InMemory(raw))
			if err != nil {
				t.Fatal(err)
			}
			if got := h.onlyMail(); string(got) != raw {
				t.Errorf("kept %.100q, sent %.100q", got, raw)
			}
			h.sound()
		})
	}
}

func TestRefusals(t *testing.T) {
	h := newHouse(t)
	h.must(letter("anna@home.example", "Kran", "1@home", "", "x"), fel)
	if _, _, err := h.desk.Do(t.Context(), "a", 1, casework.Post{Lane: "customer", Text: "Vi kommer"}, casework.Actor{Via: casework.ViaAPI}, 0); err != nil {
		t.Fatal(err)
	}
	out, err := h.desk.OutboxPage(t.Context(), "a", "", nil, 1)
	if err != nil || len(out.Items) != 1 {
		t.Fatal(out, err)
	}
	hops := strings.Repeat("Received: from a by b; Tue, 24 Nov 2026 12:00:00 +0100\n", 51)
	for name, c := range map[string]struct {
		mail   string
		result string
		policy string
		to     string
		fails  error
		want   fault.Kind
	}{
		"too many hops":      {mail: hops + letter("x@y.example", "a", "h@y", "", "x"), to: fel, want: fault.Loop},
		"our own mail":       {mail: letter("x@y.example", "a", out.Items[0].MessageID, "", "Hej!\n Vi\n kommer"), to: fel, want: fault.Loop},
		"DMARC reject":       {mail: letter("x@home.example", "a", "d@y", "", "x"), to: fel, result: verdict.Fail, policy: "reject", want: fault.Unauthenticated},
		"DNS does not work":  {mail: letter("x@home.example", "a", "n@y", "", "x"), to: fel, fails: fault.Wrap(fault.Ours, "DNS", errors.New("SERVFAIL")), want: fault.Ours},
		"no such recipient":  {mail: letter("x@home.example", "a", "n@y", "", "x"), to: "no@a.example", want: fault.NotFound},
		"not our domain":     {mail: letter("x@home.example", "a", "n@y", "", "x"), to: "no@c.example", want: fault.Forbidden},
		"reply, DMARC fails": {mail: letter("anna@home.example", "a", "t@y", "", "x"), to: h.address("a", 1, 1), result: verdict.Fail, policy: "reject", want: fault.Unauthenticated},
	} {
		t.Run(name, func(t *testing.T) {
			h.says(c.result, c.policy)
			h.fails = c.fails
			defer func() { h.fails = nil }()
			if reply, err := h.send("x@y.example", c.mail, c.to); fault.KindOf(err) != c.want || err == nil {
				t.Errorf("reply %q, %v, want kind %v", reply, err, c.want)
			}
		})
	}
	h.says(verdict.None, "")
	if reply, err := h.send("x@y.example", letter("anna@home.example", "a", out.Items[0].MessageID, "", "egna ord"), h.address("a", 1, 1)); err != nil || !strings.HasPrefix(reply, "OK case=1 ") {
		t.Errorf("words of her own under our Message-ID: %q, %v", reply, err)
	}
	h.says(verdict.Fail, "reject")
	if reply, err := h.send("x@y.example", letter("x@home.example", "a", "d@y", "", "x"), "fel@b.example"); err != nil || !strings.HasPrefix(reply, "OK case=1") {
		t.Errorf("an organisation that only marks: %q, %v", reply, err)
	}
	if _, err := h.Accept(t.Context(), message.Envelope{Recipients: []string{fel}}, message.InMemory(letter("x@home.example", "a", "imp@y", "", "x"))); err != nil {
		t.Errorf("an import is refused: %v", err)
	}
	if v := h.sound(); v.Mails != 4 {
		t.Errorf("%d mails are stored, want 4", v.Mails)
	}
}

// broken is a mail whose spool file has gone bad.
type broken struct{ message.InMemory }

func (broken) ReadAt([]byte, int64) (int, error) { return 0, errors.New("I/O error") }

// unreadable hides Bytes, so that the mail is read through ReadAt.
type unreadable struct{ raw message.Raw }

func (u unreadable) ReadAt(p []byte, off int64) (int, error) { return u.raw.ReadAt(p, off) }
func (u unreadable) Size() int64                             { return u.raw.Size() }

func TestTroubleOfOursStoresNothing(t *testing.T) {
	h := newHouse(t)
	mail := message.InMemory(letter("a@b.example", "x", "1@b", "", "y"))
	env := message.Envelope{Recipients: []string{fel}, Protocol: "SMTP", ReversePath: "a@b.example"}
	if reply, err := h.Accept(t.Context(), env, unreadable{broken{mail}}); err == nil || fault.KindOf(err) != fault.Ours {
		t.Errorf("a mail that cannot be read back: %q, %v", reply, err)
	}
	late, cancel := context.WithCancel(t.Context())
	cancel()
	if reply, err := h.Accept(late, env, mail); err == nil || fault.KindOf(err) != fault.Ours {
		t.Errorf("a mail whose time is over: %q, %v", reply, err)
	}
	if v := h.sound(); v.Mails != 0 {
		t.Errorf("%d mails are stored", v.Mails)
	}
}

func TestLateReplyOpensALinkedCase(t *testing.T) {
	h := newHouse(t)
	h.must(letter("anna@home.example", "Kran", "1@home", "", "x"), fel)
	closed := casework.StatusClosed
	staff := casework.Actor{Via: casework.ViaAPI, Name: "Eva"}
	if _, _, err := h.desk.Do(t.Context(), "a", 1, casework.Edit{Status: &closed}, staff, 0); err != nil {
		t.Fatal(err)
	}
	h.later(13 * 24 * time.Hour)
	h.must(letter("anna@home.example", "SV: Kran", "2@home", "", "tack"), h.address("a", 1, 1))
	if c := h.caseOf("a", 1); c.Status != casework.StatusNew || len(h.mails("a", 1)) != 2 {
		t.Errorf("an answer within 14 days leaves the case %s", c.Status)
	}
	if _, _, err := h.desk.Do(t.Context(), "a", 1, casework.Edit{Status: &closed}, staff, 0); err != nil {
		t.Fatal(err)
	}
	h.later(15 * 24 * time.Hour)
	late := letter("anna@home.example", "SV: Kran", "3@home", "", "nu igen")
	reply := h.must(late, h.address("a", 1, 1))
	if !strings.HasPrefix(reply, "OK case=2 ") {
		t.Fatalf("reply %q", reply)
	}
	if again := h.must(late, h.address("a", 1, 1)); again != reply {
		t.Errorf("again: %q, first %q", again, reply)
	}
	c, old := h.caseOf("a", 2), h.caseOf("a", 1)
	if len(c.Links) != 1 || c.Links[0] != (casework.Link{Kind: "continues", Case: 1}) || len(old.Links) != 1 || old.Links[0].Case != 2 || old.Status != casework.StatusClosed {
		t.Errorf("links %+v and %+v, old case %s", c.Links, old.Links, old.Status)
	}
	h.sound()
}

func TestAutomaticMailChangesNothing(t *testing.T) {
	h := newHouse(t)
	h.must(letter("anna@home.example", "Kran", "1@home", "", "x"), fel)
	done := casework.StatusDone
	if _, _, err := h.desk.Do(t.Context(), "a", 1, casework.Edit{Status: &done}, casework.Actor{Via: casework.ViaAPI}, 0); err != nil {
		t.Fatal(err)
	}
	h.must(letter("anna@home.example", "Autosvar: Kran", "2@home", "Auto-Submitted: auto-replied\n", "Jag är på semester"), h.address("a", 1, 1))
	if c := h.caseOf("a", 1); c.Status != casework.StatusDone || len(h.mails("a", 1)) != 2 {
		t.Errorf("a vacation reply leaves the case %s with %d mails", c.Status, len(h.mails("a", 1)))
	}
}

func TestStolenTokenIsMarkedAndWaitsForAPerson(t *testing.T) {
	h := newHouse(t)
	h.must(letter("anna@home.example", "Kran", "1@home", "", "x"), fel)
	h.says(verdict.Pass, "reject")
	reply := h.must(letter("x@evil.example", "SV: Kran", "2@evil", "", "släpp in mig"), h.address("a", 1, 1))
	mails := h.mails("a", 1)
	if len(mails) != 2 || mails[1].MailIn.Sender != casework.Unconfirmed || !strings.HasSuffix(reply, "entry="+string(mails[1].ID)) {
		t.Fatalf("reply %q, entries %+v", reply, mails)
	}
	queue, err := h.desk.TriageQueue(t.Context(), "a", casework.TriageOpen, nil, 10)
	if err != nil || len(queue.Items) != 1 || queue.Items[0].Entry != mails[1].ID || queue.Items[0].Why != "unconfirmed sender" {
		t.Fatalf("queue %+v, %v", queue.Items, err)
	}
	staff := casework.Actor{Via: casework.ViaAPI, Name: "Eva"}
	item, err := h.desk.Triage(t.Context(), "a", queue.Items[0].TriageItem.ID, desk.TriageOrder{Action: desk.Attach, By: staff})
	if err != nil || item.State != casework.TriageAttached || item.DecidedBy.Name != "Eva" {
		t.Fatalf("attach gives %+v, %v", item.TriageItem, err)
	}
	if _, err := h.desk.Triage(t.Context(), "a", item.TriageItem.ID, desk.TriageOrder{Action: desk.Discard, By: staff}); !fault.Is(err, fault.Conflict) {
		t.Errorf("deciding twice gives %v", err)
	}
	if len(h.mails("a", 1)) != 2 {
		t.Error("vouching for an entry doubled it")
	}
	h.sound()
}

// A copy that comes with proof speaks for the one that came first without: nobody can keep a mail hidden by being quicker.
func TestACopyWithProofVouches(t *testing.T) {
	h := newHouse(t)
	h.must(letter("anna@home.example", "Kran", "1@home", "", "x"), fel)
	h.says(verdict.Fail, "quarantine")
	mail := letter("anna@home.example", "SV: Kran", "2@home", "", "hej")
	first := h.must(mail, h.address("a", 1, 1))
	if c := h.caseOf("a", 1); len(c.Held) != 1 {
		t.Fatalf("held: %v", c.Held)
	}
	h.says(verdict.Pass, "quarantine")
	for range 2 {
		if again := h.must(mail, h.address("a", 1, 1)); again != first {
			t.Errorf("the copy: %q, first %q", again, first)
		}
	}
	if c := h.caseOf("a", 1); len(c.Held) != 0 || len(h.mails("a", 1)) != 2 {
		t.Errorf("held %v, %d mails", c.Held, len(h.mails("a", 1)))
	}
	queue, err := h.desk.TriageQueue(t.Context(), "a", casework.TriageOpen, nil, 10)
	if err != nil || len(queue.Items) != 0 {
		t.Errorf("triage still asks about %d mails, %v", len(queue.Items), err)
	}
	// A stranger's own proof is none for somebody else's address.
	stranger := letter("x@evil.example", "SV: Kran", "3@evil", "", "hej")
	h.must(stranger, h.address("a", 1, 1))
	h.must(stranger, h.address("a", 1, 1))
	if c := h.caseOf("a", 1); len(c.Held) != 1 {
		t.Errorf("held: %v", c.Held)
	}
	h.sound()
}

func TestTriageDecisions(t *testing.T) {
	h := newHouse(t)
	h.must(letter("anna@home.example", "Kran", "1@home", "", "x"), fel)
	staff := casework.Actor{Via: casework.ViaAPI, Name: "Eva"}
	park := func(n int) casework.TriageID {
		t.Helper()
		mail := letter("list@news.example", fmt.Sprint("Nyhetsbrev ", n), fmt.Sprintf("n%d@news", n), "List-Id: <news.example>\n", "köp")
		reply := h.must(mail, fel)
		id, ok := strings.CutPrefix(reply, "OK triage=")
		if !ok {
			t.Fatalf("reply %q", reply)
		}
		if again := h.must(mail, fel); again != reply {
			t.Errorf("again: %q, first %q", again, reply)
		}
		return casework.TriageID(id)
	}
	if item, err := h.desk.Triage(t.Context(), "a", park(1), desk.TriageOrder{Action: desk.Discard, By: staff}); err != nil || item.State != casework.TriageDiscarded {
		t.Errorf("discard: %+v, %v", item.TriageItem, err)
	}
	if item, err := h.desk.Triage(t.Context(), "a", park(2), desk.TriageOrder{Action: desk.NewCase, By: staff}); err != nil || item.TriageItem.Case != 2 {
		t.Errorf("new case: %+v, %v", item.TriageItem, err)
	}
	id := park(3)
	for name, f := range map[string]func() error{
		"without a case": func() error {
			_, err := h.desk.Triage(t.Context(), "a", id, desk.TriageOrder{Action: desk.Attach, By: staff})
			return err
		},
		"no such case": func() error {
			_, err := h.desk.Triage(t.Context(), "a", id, desk.TriageOrder{Action: desk.Attach, Case: 99, By: staff})
			return err
		},
		"no such action": func() error {
			_, err := h.desk.Triage(t.Context(), "a", id, desk.TriageOrder{Action: "eat", Case: 1, By: staff})
			return err
		},
		"no such item": func() error {
			_, err := h.desk.Triage(t.Context(), "a", "none", desk.TriageOrder{Action: desk.Discard, By: staff})
			return err
		},
	} {
		if err := f(); !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.NotFound) {
			t.Errorf("%s gives %v", name, err)
		}
	}
	if item, err := h.desk.Triage(t.Context(), "a", id, desk.TriageOrder{Action: desk.Attach, Case: 1, By: staff}); err != nil || item.TriageItem.Case != 1 || len(h.mails("a", 1)) != 2 {
		t.Errorf("attach: %+v, %v", item.TriageItem, err)
	}
	h.sound()
}

// A decision can be taken back: nothing of it is seen from outside any more, and the past still tells of it.
func TestTriageDecisionsAreUndone(t *testing.T) {
	h := newHouse(t)
	h.must(letter("anna@home.example", "Kran", "1@home", "", "x"), fel)
	staff := casework.Actor{Via: casework.ViaAPI, Name: "Eva"}
	decide := func(id casework.TriageID, o desk.TriageOrder) desk.TriageView {
		t.Helper()
		o.By = staff
		v, err := h.desk.Triage(t.Context(), "a", id, o)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	h.must(letter("x@evil.example", "SV: Kran", "2@evil", "", "hej"), h.address("a", 1, 1))
	queue, err := h.desk.TriageQueue(t.Context(), "a", casework.TriageOpen, nil, 10)
	if err != nil || len(queue.Items) != 1 {
		t.Fatal(len(queue.Items), err)
	}
	held := queue.Items[0]
	shown := func() bool {
		c, e := h.caseOf("a", 1), h.mails("a", 1)[1]
		return c.ShownTo("customer", e.Entry)
	}
	if shown() {
		t.Error("an unconfirmed mail is shown to the customer")
	}
	decide(held.TriageItem.ID, desk.TriageOrder{Action: desk.Attach})
	if !shown() {
		t.Error("after vouching the mail is not shown")
	}
	if v := decide(held.TriageItem.ID, desk.TriageOrder{Action: desk.Undo}); v.State != casework.TriageOpen || len(v.Decisions) != 2 || shown() {
		t.Errorf("taken back: %+v, shown %v", v.TriageItem, shown())
	}
	if v := decide(held.TriageItem.ID, desk.TriageOrder{Action: desk.Discard}); v.State != casework.TriageDiscarded || shown() {
		t.Errorf("discarded: %+v", v.TriageItem)
	}

	id, _ := strings.CutPrefix(h.must(letter("list@news.example", "Nytt", "n@news", "List-Id: <news.example>\n", "köp"), fel), "OK triage=")
	item := casework.TriageID(id)
	v := decide(item, desk.TriageOrder{Action: desk.NewCase})
	if v.TriageItem.Case != 2 || h.caseOf("a", 2).Class != "fault" {
		t.Fatalf("new case: %+v, class %q", v.TriageItem, h.caseOf("a", 2).Class)
	}
	v = decide(item, desk.TriageOrder{Action: desk.Undo})
	if c := h.caseOf("a", 2); c.Status != casework.StatusClosed || len(c.Withdrawn) != 1 || v.TriageItem.Case != 0 || v.Entry != "" {
		t.Errorf("after taking back: %+v, case %s, withdrawn %v", v.TriageItem, c.Status, c.Withdrawn)
	}
	v = decide(item, desk.TriageOrder{Action: desk.Attach, Case: 1})
	if len(h.mails("a", 1)) != 3 || v.TriageItem.Case != 1 {
		t.Errorf("attached after all: %+v", v.TriageItem)
	}
	if again := h.must(letter("list@news.example", "Nytt", "n@news", "List-Id: <news.example>\n", "köp"), fel); again != "OK triage="+id {
		t.Errorf("the same mail again: %q", again)
	}
	h.sound()
}

// Whom staff trust may write with the address of the one for whom he was trusted, until that is taken back.
func TestTrustedSenders(t *testing.T) {
	h := newHouse(t)
	h.must(letter("anna@home.example", "Kran", "1@home", "", "x"), fel)
	h.says(verdict.Pass, "none")
	staff := casework.Actor{Via: casework.ViaAPI, Name: "Eva"}
	n := 1
	write := func(subject string) casework.MailIn {
		t.Helper()
		n++
		h.must(letter("bo@firma.example", subject, fmt.Sprintf("%d@firma", n), "", "hej"), h.address("a", 1, 1))
		mails := h.mails("a", 1)
		return *mails[len(mails)-1].MailIn
	}
	if in := write("SV: Kran"); in.Sender != casework.Unconfirmed || !in.Held {
		t.Fatalf("first: %+v", in)
	}
	queue, err := h.desk.TriageQueue(t.Context(), "a", casework.TriageOpen, nil, 1)
	if err != nil || len(queue.Items) != 1 {
		t.Fatal(err)
	}
	id := queue.Items[0].TriageItem.ID
	if _, err := h.desk.Triage(t.Context(), "a", id, desk.TriageOrder{Action: desk.Attach, Trust: true, By: staff}); err != nil {
		t.Fatal(err)
	}
	if in := write("SV: Kran"); in.Sender != casework.Verified || in.Held {
		t.Errorf("trusted: %+v", in)
	}
	h.says(verdict.None, "")
	if in := write("SV: Kran"); in.Sender != casework.Known {
		t.Errorf("trusted, without proof: %+v", in)
	}
	if _, err := h.desk.Triage(t.Context(), "a", id, desk.TriageOrder{Action: desk.Undo, By: staff}); err != nil {
		t.Fatal(err)
	}
	if in := write("SV: Kran"); in.Sender != casework.Unconfirmed {
		t.Errorf("no longer trusted: %+v", in)
	}
	h.sound()
}

// What was discarded can be brought back for 30 days, and is gone then, with its bytes.
func TestDiscardedMailIsPurged(t *testing.T) {
	h := newHouse(t)
	staff := casework.Actor{Via: casework.ViaAPI, Name: "Eva"}
	for i, size := range []int{10, 200_000} { // in the database, and a blob
		mail := letter("list@news.example", "Nytt", fmt.Sprintf("%d@news", i), "List-Id: <news.example>\n", strings.Repeat("x", size))
		id, _ := strings.CutPrefix(h.must(mail, fel), "OK triage=")
		if _, err := h.desk.Triage(t.Context(), "a", casework.TriageID(id), desk.TriageOrder{Action: desk.Discard, By: staff}); err != nil {
			t.Fatal(err)
		}
	}
	h.later(29 * 24 * time.Hour)
	if n, err := h.desk.Purge(t.Context()); n != 0 || err != nil {
		t.Errorf("after 29 days %d are purged, %v", n, err)
	}
	h.later(2 * 24 * time.Hour)
	if n, err := h.desk.Purge(t.Context()); n != 2 || err != nil {
		t.Errorf("after 31 days %d are purged, %v", n, err)
	}
	if v := h.sound(); v.Mails != 0 {
		t.Errorf("%d mails are left", v.Mails)
	}
	for info, err := range h.desk.Blobs.List(t.Context()) {
		t.Errorf("left: %+v, %v", info, err)
	}
}

// An expired key takes its addresses with it; a key that is only old does not.
func TestRotatedKeys(t *testing.T) {
	h := newHouse(t)
	h.must(letter("anna@home.example", "Kran", "1@home", "", "x"), fel)
	old := h.address("a", 1, 1)
	if err := h.desk.RotateKey(t.Context(), "a", 0); err != nil {
		t.Fatal(err)
	}
	fresh := h.address("a", 1, 1)
	if fresh == old || h.Route(t.Context(), nil, old) != nil || h.Route(t.Context(), nil, fresh) != nil {
		t.Errorf("after a rotation: old %v, new %v", h.Route(t.Context(), nil, old), h.Route(t.Context(), nil, fresh))
	}
	if err := h.desk.RotateKey(t.Context(), "a", time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := h.Route(t.Context(), nil, old); err != nil {
		t.Errorf("within its hour the old address gives %v", err)
	}
	h.later(2 * time.Hour)
	if err := h.Route(t.Context(), nil, old); !fault.Is(err, fault.NotFound) {
		t.Errorf("after its hour the old address gives %v", err)
	}
	if err := h.Route(t.Context(), nil, h.address("a", 1, 1)); err != nil {
		t.Errorf("the newest address gives %v", err)
	}
}

// Who learns of a Message-ID later cannot draw its answers to a case of his own.
func TestTheFirstOwnerOfAMessageIDKeepsIt(t *testing.T) {
	h := newHouse(t)
	h.must(letter("eva@home.example", "Kran", "m@home", "", "x"), fel)
	h.says(verdict.Fail, "none")
	if reply := h.must(letter("eva@home.example", "Re: Kran", "2@evil", "In-Reply-To: <m@home>\n", "falskt"), fel); !strings.HasPrefix(reply, "OK case=2 ") {
		t.Errorf("spoofed: %q", reply)
	}
	h.says(verdict.Pass, "none")
	if reply := h.must(letter("x@evil.example", "Re: Kran", "3@evil", "Cc: eva@home.example\nReferences: <m@home>\n", "hej"), fel); !strings.HasPrefix(reply, "OK case=3 ") {
		t.Errorf("stranger: %q", reply)
	}
	if reply := h.must(letter("eva@home.example", "Re: Kran", "4@home", "In-Reply-To: <m@home>\n", "äkta"), fel); !strings.HasPrefix(reply, "OK case=1 ") {
		t.Errorf("the owner: %q", reply)
	}
}

// A held mail that turns out to belong elsewhere leaves the case that it lay on.
func TestAHeldMailIsMoved(t *testing.T) {
	h := newHouse(t)
	h.must(letter("anna@home.example", "Kran", "1@home", "", "x"), fel)
	h.must(letter("x@evil.example", "SV: Kran", "2@evil", "", "hej"), h.address("a", 1, 1))
	queue, err := h.desk.TriageQueue(t.Context(), "a", casework.TriageOpen, nil, 1)
	if err != nil || len(queue.Items) != 1 {
		t.Fatal(err)
	}
	v, err := h.desk.Triage(t.Context(), "a", queue.Items[0].TriageItem.ID, desk.TriageOrder{Action: desk.NewCase, By: casework.Actor{Via: casework.ViaAPI, Name: "Eva"}})
	if err != nil || v.TriageItem.Case != 2 {
		t.Fatalf("%+v, %v", v.TriageItem, err)
	}
	if c := h.caseOf("a", 1); len(c.Held) != 0 || len(c.Withdrawn) != 1 {
		t.Errorf("on the old case: held %v, withdrawn %v", c.Held, c.Withdrawn)
	}
	v, err = h.desk.Triage(t.Context(), "a", v.TriageItem.ID, desk.TriageOrder{Action: desk.Undo, By: casework.Actor{Via: casework.ViaAPI, Name: "Eva"}})
	if c := h.caseOf("a", 1); err != nil || v.TriageItem.Case != 1 || len(c.Held) != 1 || len(c.Withdrawn) != 0 || h.caseOf("a", 2).Status != casework.StatusClosed {
		t.Errorf("taken back: %+v, %v; held %v, withdrawn %v", v.TriageItem, err, c.Held, c.Withdrawn)
	}
	v, err = h.desk.Triage(t.Context(), "a", v.TriageItem.ID, desk.TriageOrder{Action: desk.Attach, By: casework.Actor{Via: casework.ViaAPI, Name: "Eva"}})
	if c := h.caseOf("a", 1); err != nil || v.State != casework.TriageAttached || len(c.Held) != 0 || len(h.mails("a", 1)) != 2 {
		t.Errorf("attached after all: %+v, %v; held %v", v.TriageItem, err, c.Held)
	}
	h.sound()
}

func TestACopiedColleagueFindsTheCase(t *testing.T) {
	h := newHouse(t)
	h.must(letter("anna@home.example", "Kran", "1@home", "Cc: granne@home.example\nReferences: <0@home>\n", "x"), fel)
	for id, who := range map[string]string{"1@home": "granne@home.example", "0@home": "anna@home.example"} {
		reply := h.must(letter(who, "Re: Kran", "re-"+id, "In-Reply-To: <"+id+">\n", "y"), fel)
		if !strings.HasPrefix(reply, "OK case=1 ") {
			t.Errorf("%s about %s: %q", who, id, reply)
		}
	}
	if reply := h.must(letter("x@evil.example", "Re: Kran", "re3", "In-Reply-To: <1@home>\n", "y"), fel); !strings.HasPrefix(reply, "OK case=2 ") {
		t.Errorf("a stranger: %q", reply)
	}
}
