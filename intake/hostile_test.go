package intake_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"smartmail/casework"
	"smartmail/message"
)

// Mails that were made to break a parser, or broke one: each ends as one stored mail, byte for byte, within a bounded time.
func TestHostileMailsAreKeptWhole(t *testing.T) {
	nested := func(n int) string {
		var b strings.Builder
		b.WriteString("From: a@b.example\r\nSubject: nested\r\nMessage-ID: <nested@b>\r\n")
		for i := range n {
			fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
		}
		return b.String()
	}
	head := func(id string) string {
		return "From: a@b.example\r\nSubject: x\r\nMessage-ID: <" + id + "@b>\r\n"
	}
	for name, mail := range map[string]string{
		"100,000 header lines":          head("lines") + strings.Repeat("X-Y: z\r\n", 100_000) + "\r\nbody\r\n",
		"header line of 1 MB":           head("long") + "X-Long: " + strings.Repeat("x", 1<<20) + "\r\n\r\nbody\r\n",
		"50 unclosed nested multiparts": nested(50),
		"30,000 parts":                  head("parts") + "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\n\r\nx\r\n", 30_000),
		"NUL bytes":                     head("nul") + "Content-Type: text/plain; name=\"a\x00b\"\r\n\r\na\x00b\r\n",
		"8-bit header":                  head("bit") + "Subject: \xe5\xe4\xf6 \xc3\xa5\r\n\r\nbody\r\n",
		"no header":                     "just some text\r\nwithout a header\r\n",
		"empty":                         "",
		"From line first":               "From a@b Tue Nov 24 12:00:00 2026\r\n" + head("from") + "\r\nbody\r\n",
		"only line ends":                strings.Repeat("\r\n", 1000),
		"unknown charset":               head("cs") + "Content-Type: text/plain; charset=klingon\r\n\r\n\xe5\xe4\xf6\r\n",
		"broken base64":                 head("b64") + "Content-Transfer-Encoding: base64\r\n\r\n!!!!=\r\n",
		"path in a name":                head("path") + "Content-Type: application/x; name=\"../../etc/passwd\"\r\nContent-Disposition: attachment\r\n\r\nx\r\n",
		"many references":               head("refs") + "References: " + strings.Repeat("<x@y>\r\n ", 50_000) + "\r\n\r\nbody\r\n",
		"many addresses":                head("to") + "To: " + strings.Repeat("a@b.example,\r\n ", 50_000) + "c@d\r\n\r\nbody\r\n",
		"deep HTML":                     head("html") + "Content-Type: text/html\r\n\r\n" + strings.Repeat("<div>", 100_000) + "x",
		"huge line":                     head("line") + "\r\n" + strings.Repeat("x", 3<<20),
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			// The deadline is far beyond what the work takes, and far below what unbounded work would.
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			env := message.Envelope{Recipients: []string{fel}, Protocol: "ESMTP", ReversePath: "a@b.example"}
			reply, err := h.Accept(ctx, env, message.InMemory(mail))
			if err != nil || !strings.HasPrefix(reply, "OK ") {
				t.Fatalf("reply %q, %v", reply, err)
			}
			raw := h.onlyMail()
			if !bytes.Equal(raw, []byte(mail)) {
				t.Errorf("%d bytes are kept of %d", len(raw), len(mail))
			}
			if again, err := h.Accept(ctx, env, message.InMemory(mail)); err != nil || again != reply {
				t.Errorf("again: %q, %v; first %q", again, err, reply)
			}
			if v := h.sound(); v.Mails != 1 {
				t.Errorf("%d mails are stored", v.Mails)
			}
		})
	}
}

// onlyMail returns the raw bytes of the one mail in organisation a.
func (h *house) onlyMail() []byte {
	h.t.Helper()
	var id casework.MailID
	if c, err := h.desk.Case(h.t.Context(), "a", 1); err == nil {
		id = h.mails("a", c.Number)[0].Mail.ID
	} else {
		queue, err := h.desk.TriageQueue(h.t.Context(), "a", casework.TriageOpen, nil, 2)
		if err != nil || len(queue.Items) != 1 {
			h.t.Fatalf("the mail is neither on a case nor in triage: %v", err)
		}
		id = queue.Items[0].TriageItem.Mail
	}
	return h.rawOf("a", id)
}

func (h *house) rawOf(org casework.OrgID, id casework.MailID) []byte {
	h.t.Helper()
	raw, err := h.desk.OpenRaw(h.t.Context(), org, id)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = raw.Close() }()
	b, err := io.ReadAll(io.NewSectionReader(raw, 0, raw.Size()))
	if err != nil {
		h.t.Fatal(err)
	}
	return b
}
