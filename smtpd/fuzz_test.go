package smtpd

import (
	"bytes"
	"io"
	"log/slog"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"
)

// properlyEnded looks for a mail of this content in what a peer sent, read by a reader of its own, which knows nothing
// of sessions: a DATA up to its CRLF.CRLF, or chunks up to a LAST one. It returns what follows the mail.
func properlyEnded(sent, body string) (rest string, ok bool) {
	for _, at := range dataLine.FindAllStringIndex(sent, -1) {
		if mail, after, done := reference(sent[at[1]:]); done && mail == body {
			return after, true
		}
	}
	for _, at := range chunkLine.FindAllStringIndex(sent, -1) {
		if after, ok := chunksAre(sent[at[0]:], body); ok {
			return after, true
		}
	}
	return "", false
}

var (
	dataLine  = regexp.MustCompile(`(?i)DATA[ \t]*\r\n`)
	chunkLine = regexp.MustCompile(`(?im)^[ \t]*BDAT[ \t]+([0-9]+)([ \t]+LAST)?[ \t]*\r\n`)
)

// chunksAre reads a sequence of chunks, with other commands between them.
func chunksAre(sent, body string) (rest string, ok bool) {
	for {
		at := chunkLine.FindStringSubmatchIndex(sent)
		if at == nil {
			return "", false
		}
		size, err := strconv.Atoi(sent[at[2]:at[3]])
		last := at[4] >= 0
		sent = sent[at[1]:]
		if err != nil || size > len(sent) || size > len(body) || sent[:size] != body[:size] {
			return "", false
		}
		sent, body = sent[size:], body[size:]
		if last {
			return sent, body == ""
		}
	}
}

var replyLine = regexp.MustCompile(`^[2-5][0-9][0-9][ -][ -~]*$`)

// FuzzDialogue plays any octets as a peer. The server never panics and never hangs, speaks in reply lines, and accepts
// no mail but those that were ended properly, each once.
func FuzzDialogue(f *testing.F) {
	script, _ := twoMails()
	f.Add([]byte(script), false)
	f.Add([]byte(strings.ReplaceAll(script, "\r\n.\r\n", "\r\n.\n")), true)
	f.Add([]byte("HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<postmaster>\r\nBDAT 3\r\nabcRSET\r\nNOOP\r\nBDAT 99999999999 LAST\r\n"), false)
	f.Add([]byte("EHLO x\r\nSTARTTLS\r\nMAIL FROM:<\"a\\\"\"@x> SMTPUTF8 SIZE=7\r\nRCPT TO:<x@example.test>\r\nDATA\r\n..\r\n.\r\nQUIT\r\n"), true)
	f.Add([]byte("PROXY TCP4 1.2.3.4 1.2.3.4 1 1\r\nEHLO x\r\n\x00\r\n"), false)
	// The engine takes a TAB in a quoted local part, and repeats it.
	f.Add([]byte("EHLO 0\r\nMAIL FROM:<\"\t\"@a>\r\nRCPT TO:<a@a\xff\xffaaaaa>\r\n"), true)
	f.Add([]byte("EHLO 0\r\nMAIL FROM:<å@a> SMTPUTF8\r\nRCPT TO:<ö@example.test>\r\n"), true)
	f.Add([]byte("EHLO 0\r\nMAIL FROM:<>\r\nRCPT TO:<x@example.test>\r\nBDAT 2\r\nabnot BDAT 1\r\nxBDAT 9\r\nBDAT 2 LAST\r\ncdQUIT\r\n"), false)
	servers := map[bool]*running{
		false: start(f, Options{MaxMessageBytes: 1000, SpoolAt: 100, MemoryBudget: 1000}, true),
		true:  start(f, Options{RejectBareNewline: true, MaxErrors: 1000}, true),
	}
	f.Fuzz(func(t *testing.T, sent []byte, strict bool) {
		r := servers[strict]
		out := playOctets(sent, r.mem)
		for reply := range strings.SplitSeq(strings.TrimSuffix(out, "\r\n"), "\r\n") {
			if !replyLine.MatchString(reply) {
				t.Errorf("%q is no reply line", reply)
			}
		}
		r.house.mu.Lock()
		mails := r.house.mails
		r.house.mails = nil
		r.house.mu.Unlock()
		if n := strings.Count(out, " OK case="); n != len(mails) {
			t.Errorf("%d mails, %d told to the peer", len(mails), n)
		}
		rest := string(sent)
		for i, m := range mails {
			var ok bool
			if rest, ok = properlyEnded(rest, m.body); !ok {
				t.Fatalf("mail %d, %q, was not in %q", i, m.body, sent)
			}
		}
		if used := r.srv.bodies.budget.used.Load(); used != 0 {
			t.Errorf("%d bytes of budget not given back", used)
		}
	})
}

// reader is an engine's session that only reads, to compare with.
type reader struct{}

func (reader) Reset()                               {}
func (reader) Logout() error                        { return nil }
func (reader) Mail(string, *smtp.MailOptions) error { return nil }
func (reader) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (reader) Data(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}

// BenchmarkData receives a mail of 1 MiB, and compares with the engine by itself.
func BenchmarkData(b *testing.B) {
	body := bytes.Repeat([]byte(strings.Repeat("x", 76)+"\r\n"), 1<<20/78)
	script := []byte("EHLO x\r\nMAIL FROM:<discard@peer.example>\r\nRCPT TO:<x@example.test>\r\nDATA\r\n" + string(body) + ".\r\nQUIT\r\n")
	receive := func(b *testing.B, l *memListener) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			if out := playOctets(script, l); !strings.Contains(out, "\r\n221 ") {
				b.Fatal(out)
			}
		}
	}
	for name, spoolAt := range map[string]int64{"memory": 2 << 20, "spool": 64 << 10} {
		b.Run(name, func(b *testing.B) {
			r := start(b, Options{SpoolAt: spoolAt}, true)
			receive(b, r.mem)
		})
	}
	b.Run("engine", func(b *testing.B) {
		l := newMemListener()
		srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return reader{}, nil }))
		srv.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
		done := make(chan error, 1)
		go func() { done <- srv.Serve(l) }()
		receive(b, l)
		if err := srv.Close(); err != nil {
			b.Error(err)
		}
		<-done
	})
}

// BenchmarkUnstuff is the scanner alone.
func BenchmarkUnstuff(b *testing.B) {
	text := bytes.Repeat([]byte(strings.Repeat("x", 76)+"\r\n"), bigBlock/78)
	work := make([]byte, len(text))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		copy(work, text)
		atStart := true
		unstuff(work, &atStart)
	}
}
