package peers

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"smartmail/testrig"
)

// wantOnce checks that so many mails are stored, and none of them twice.
func (h *house) wantOnce(want int) {
	h.t.Helper()
	h.wantMails(want)
	seen := map[string]bool{}
	for _, f := range h.inventory() {
		if seen[f.MessageID] {
			h.t.Errorf("%s is stored twice", f.MessageID)
		}
		seen[f.MessageID] = true
		if len(f.places) != 1 {
			h.t.Errorf("%s lies at %v", f.MessageID, f.places)
		}
	}
	if len(seen) != want {
		h.t.Errorf("cases and triage show %d mails, want %d", len(seen), want)
	}
}

// taken is how many mails the running program has answered with 250.
func (h *house) taken() int {
	h.t.Helper()
	for line := range strings.Lines(string(h.bytes("/metrics"))) {
		if n, ok := strings.CutPrefix(line, `smartmail_smtp_mails_total{code="250"} `); ok {
			count, err := strconv.Atoi(strings.TrimSpace(n))
			if err != nil {
				h.t.Fatal(err)
			}
			return count
		}
	}
	return 0
}

// fixed makes the program listen where it did before, each time it is started.
func fixed(t *testing.T, more string) func(*testrig.Options) {
	t.Helper()
	addr, err := testrig.FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	return func(o *testrig.Options) { o.SMTP, o.Extra = addr, more }
}

// What Postfix relays arrives once (by DATA: its client makes no use of CHUNKING), also while the program is stopped and started.
func TestPostfixRelays(t *testing.T) {
	need(t, "postfix", "postfix")
	h := open(t, fixed(t, ""))
	p := startPostfix(t, h.SMTP, "")
	total := 50
	if err := p.source(total, intake); err != nil {
		t.Fatal(err)
	}
	p.awaitEmpty(time.Minute)
	h.wantOnce(total)

	const flood = 400
	done := make(chan error, 1)
	before := h.taken()
	go func() { done <- p.source(flood, intake) }()
	await(t, "mails flow", 20*time.Second, func() bool { return h.taken() >= before+20 })
	h.stop()
	if stored := h.verify(); stored >= total+flood {
		t.Errorf("all %d mails had come before the stop", flood)
	}
	p.awaitLog("status=deferred", "Connection refused")
	h.start()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	p.flush()
	p.awaitEmpty(time.Minute)
	h.wantOnce(total + flood)
}

// Addresses and texts outside ASCII pass through Postfix as they are.
func TestPostfixEightBit(t *testing.T) {
	need(t, "postfix", "postfix")
	h := open(t, nil)
	p := startPostfix(t, h.SMTP, "")
	for id, l := range map[string]letter{
		"8bit@sender.example.net":     {from: sender, to: intake, param: " BODY=8BITMIME"},
		"smtputf8@sender.example.net": {from: "åsa@sender.example.net", to: intake, param: " SMTPUTF8 BODY=8BITMIME"},
	} {
		l.raw = compose(l.from, l.to, id, "Rinnande kök", 500)
		if l.from == sender {
			l.raw = compose(l.from, l.to, id, "=?utf-8?Q?Rinnande_k=C3=B6k?=", 500)
		}
		p.submit(l)
		p.awaitEmpty(20 * time.Second)
		var got *found
		for _, f := range h.inventory() {
			if f.MessageID == id {
				got = f
			}
		}
		if got == nil {
			t.Fatalf("%s did not arrive", id)
		}
		// Postfix puts its own lines before the mail and leaves the rest.
		if stored := h.bytes("/api/v1/messages/" + got.Raw.ID + "/raw"); !bytes.HasSuffix(stored, l.raw) {
			t.Errorf("%s: stored\n%s\nsent\n%s", id, stored, l.raw)
		}
		if got.Subject != "Rinnande kök" {
			t.Errorf("%s: subject %q", id, got.Subject)
		}
		if want := map[bool]string{true: "UTF8SMTP", false: "ESMTP"}[l.from != sender]; got.Envelope.Protocol != want {
			t.Errorf("%s: came by %s, want %s", id, got.Envelope.Protocol, want)
		}
	}
}

// With STARTTLS as well, where Postfix insists on it.
func TestPostfixTLS(t *testing.T) {
	need(t, "postfix", "postfix")
	cert, key := certificate(t)
	h := open(t, func(o *testrig.Options) { o.Extra = fmt.Sprintf("  tls: {cert_file: %q, key_file: %q}\n", cert, key) })
	p := startPostfix(t, h.SMTP, "smtp_tls_security_level = encrypt")
	p.submit(letter{from: sender, to: intake, raw: compose(sender, intake, "tls@sender.example.net", "Fel", 500)})
	p.awaitEmpty(20 * time.Second)
	h.wantOnce(1)
	for _, f := range h.inventory() {
		if f.Envelope.Protocol != "ESMTPS" {
			t.Errorf("came by %s, want ESMTPS", f.Envelope.Protocol)
		}
	}
}

// What is refused for good comes back to its sender, with our words.
func TestPostfixBounces(t *testing.T) {
	need(t, "postfix", "postfix")
	const limit = 300_000
	big := compose(sender, intake, "big@sender.example.net", "Stor", 2*limit)
	small := compose(sender, intake, "small@sender.example.net", "Liten", 500)
	h := open(t, func(o *testrig.Options) { o.Extra = fmt.Sprintf("  max_message_bytes: %d\n", limit) })
	_, address := h.openCase()
	t.Run("as SIZE tells it", func(t *testing.T) {
		p := startPostfix(t, h.SMTP, "")
		p.submit(letter{from: sender, to: intake, raw: big})
		p.awaitBounce("Message-ID: <big@", fmt.Sprintf("exceeds size limit %d", limit))
		p.submit(letter{from: sender, to: "ingen@" + testrig.Domain, raw: small})
		p.awaitBounce("Message-ID: <small@", "550 5.1.1", "ingen@"+testrig.Domain)
		forged := "x" + address[1:]
		p.submit(letter{from: sender, to: forged, raw: small})
		p.awaitBounce("Message-ID: <small@", "550 5.1.1", forged)
		p.submit(letter{from: sender, to: "anna@elsewhere.example.com", raw: small})
		p.awaitBounce("Message-ID: <small@", "550 5.7.1")
		p.awaitEmpty(20 * time.Second)
	})
	t.Run("as DATA finds it", func(t *testing.T) {
		p := startPostfix(t, h.SMTP, "smtp_discard_ehlo_keywords = size")
		p.submit(letter{from: sender, to: intake, raw: big})
		p.awaitBounce("Message-ID: <big@", "552 5.3.4")
		p.awaitEmpty(20 * time.Second)
	})
	h.wantMails(0)
}

// What fails for now stays with Postfix, and arrives once when the trouble is over.
func TestPostfixDefers(t *testing.T) {
	need(t, "postfix", "postfix")
	h := open(t, nil)
	p := startPostfix(t, h.SMTP, "")
	h.zone.Break(true)
	p.submit(letter{from: sender, to: intake, raw: compose(sender, intake, "later@sender.example.net", "Senare", 500)})
	p.awaitLog("status=deferred", "451 4.3.0")
	h.wantMails(0)
	h.zone.Break(false)
	p.flush()
	p.awaitEmpty(30 * time.Second)
	h.wantOnce(1)
}
