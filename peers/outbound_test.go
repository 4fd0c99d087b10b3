package peers

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"smartmail/testrig"
)

// sink is Postfix's smtp-sink: it takes mail into files, or answers as its flags say.
func sink(t *testing.T, flags ...string) (addr, dir string) {
	t.Helper()
	need(t, "postfix", "smtp-sink")
	dir, err := os.MkdirTemp("", "peer-sink") // its own user must reach it, so it is not t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if addr, err = testrig.FreeAddr(); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"-u", "nobody", "-d", filepath.Join(dir, "%M.")}, flags...)
	cmd := exec.Command("smtp-sink", append(args, addr, "256")...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed
	})
	await(t, "smtp-sink takes mail", 10*time.Second, func() bool {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			_ = c.Close() // it only showed that somebody answers
		}
		return err == nil
	})
	return addr, dir
}

// relaying makes the program hand its mail to the address, and try again soon.
func relaying(addr string) func(*testrig.Options) {
	return func(o *testrig.Options) {
		o.Top = fmt.Sprintf("relay: {smarthost: {address: %q}, pause: 0s, retry: {first: 1s, max: 2s, give_up: 1h}}\n", addr)
	}
}

// mailing is one mail in the outbox.
type mailing struct {
	State, Remote string
	MessageID     string `json:"message_id"`
	To            struct{ Email string }
	Attempts      int
}

// outbox lists all outgoing mail.
func (h *house) outbox() (all []mailing) {
	h.t.Helper()
	for cursor := ""; ; {
		var page struct {
			Items []mailing
			Next  string
		}
		if err := h.Call(within(h.t, 10*time.Second), http.MethodGet, "/api/v1/outbox?limit=200&cursor="+cursor, nil, &page); err != nil {
			h.t.Fatal(err)
		}
		all = append(all, page.Items...)
		if cursor = page.Next; cursor == "" {
			return all
		}
	}
}

// write opens cases, each with a message to an address of its own, and returns how many mails that makes.
func (h *house) write(count int, domain string) int {
	h.t.Helper()
	ctx := within(h.t, time.Minute)
	for i := range count {
		var c opened
		in := map[string]any{"org": testrig.Org, "subject": "Droppande kran", "reporter": map[string]string{"email": fmt.Sprintf("r%04d@%s", i, domain)}}
		err := h.Call(ctx, http.MethodPost, "/api/v1/cases", in, &c)
		if err == nil {
			err = h.Call(ctx, http.MethodPost, fmt.Sprintf("/api/v1/cases/%d/messages", c.Number), map[string]any{"lane": "customer", "text": "Vi kommer på tisdag."}, nil)
		}
		if err != nil {
			h.t.Fatal(err)
		}
	}
	return count
}

// settled waits until every mail has that state.
func (h *house) settled(count int, state string) []mailing {
	h.t.Helper()
	var all []mailing
	if err := testrig.Await(within(h.t, 90*time.Second), func() bool {
		all = h.outbox()
		n := 0
		for _, m := range all {
			if m.State == state {
				n++
			}
		}
		return n == count && len(all) == count
	}); err != nil {
		h.t.Fatalf("not all of %d mails are %s: %+v", count, state, all[:min(5, len(all))])
	}
	return all
}

// received counts the Message-IDs in what the sink took.
func received(t *testing.T, dir string) map[string]int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) { // a mail that broke off, whose file the sink has removed meanwhile
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			if id, ok := strings.CutPrefix(strings.TrimSpace(line), "Message-ID: <"); ok {
				seen[strings.TrimSuffix(id, ">")]++
				break
			}
		}
	}
	return seen
}

// once checks that the sink took each mail, and none twice.
func once(t *testing.T, dir string, all []mailing) {
	t.Helper()
	seen := received(t, dir)
	for _, m := range all {
		if seen[m.MessageID] != 1 {
			t.Errorf("%s arrived %d times", m.MessageID, seen[m.MessageID])
		}
	}
	if len(seen) != len(all) {
		t.Errorf("%d different mails arrived, want %d", len(seen), len(all))
	}
}

const letters = 200 // mails of each of these tests

// Every mail arrives once, whatever the remote offers and however slow it is.
func TestSinkTakesAll(t *testing.T) {
	for name, flags := range map[string][]string{
		"pipelining": {"-p"}, "HELO alone": {"-e"}, "8BITMIME not offered": {"-8"}, "slow": {"-w", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			addr, dir := sink(t, flags...)
			h := open(t, relaying(addr))
			count := letters
			if name == "slow" {
				count = 30
			}
			once(t, dir, h.settled(h.write(count, "home.example"), "sent"))
		})
	}
}

// Refusals for the moment defer, those for good fail, at each step.
func TestSinkRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		flags []string
		state string
	}{
		"4xx at MAIL":       {[]string{"-r", "mail"}, "deferred"},
		"4xx at RCPT":       {[]string{"-r", "rcpt"}, "deferred"},
		"4xx at DATA":       {[]string{"-r", "data"}, "deferred"},
		"4xx at the end":    {[]string{"-r", "."}, "deferred"},
		"5xx at RCPT":       {[]string{"-f", "rcpt"}, "failed"},
		"5xx at the end":    {[]string{"-f", "."}, "failed"},
		"gone at EHLO":      {[]string{"-q", "ehlo"}, "deferred"},
		"gone at MAIL":      {[]string{"-q", "mail"}, "deferred"},
		"gone at RCPT":      {[]string{"-q", "rcpt"}, "deferred"},
		"gone at DATA":      {[]string{"-q", "data"}, "deferred"},
		"gone at the end":   {[]string{"-q", "."}, "deferred"},
		"refuses everybody": {[]string{"-r", "connect"}, "deferred"},
	} {
		t.Run(name, func(t *testing.T) {
			addr, _ := sink(t, tc.flags...)
			h := open(t, relaying(addr))
			for _, m := range h.settled(h.write(20, "home.example"), tc.state) {
				if m.Remote == "" {
					t.Errorf("%s: no words of the remote's", m.To.Email)
				}
			}
		})
	}
}

// busyPostfix takes 60 mails a second at most, answers 450 to the others, and knows not every recipient.
func busyPostfix() string {
	var unknown []string
	for i := 3; i < letters; i += 10 {
		unknown = append(unknown, fmt.Sprintf("{r%04d@home.example = 550 5.1.1 no such user}", i))
	}
	return "smtpd_client_message_rate_limit = 60\nanvil_rate_time_unit = 1s\nsmtpd_client_event_limit_exceptions =\n" +
		"smtpd_recipient_restrictions = check_recipient_access inline:{" + strings.Join(unknown, ", ") + "}, permit_mynetworks, reject\n"
}

// Through a Postfix that is too busy for some mails and knows not all recipients, each ends in the right state, none twice, also
// while the program is stopped and started.
func TestPostfixTakesMail(t *testing.T) {
	need(t, "postfix", "postfix")
	addr, dir := sink(t)
	p := startPostfix(t, addr, busyPostfix())
	h := open(t, relaying(p.addr))
	h.write(letters, "home.example")
	h.stop()
	h.start()
	var sent []mailing
	retried := 0
	await(t, "every mail has its state", time.Minute, func() bool {
		sent, retried = nil, 0
		failed := 0
		for _, m := range h.outbox() {
			switch m.State {
			case "sent":
				sent = append(sent, m)
			case "failed":
				failed++
			}
			if m.Attempts > 1 {
				retried++
			}
		}
		return len(sent) == letters*9/10 && failed == letters/10
	})
	t.Logf("%d mails were tried more than once", retried)
	p.awaitEmpty(time.Minute)
	once(t, dir, sent)
}
