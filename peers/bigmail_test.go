package peers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"smartmail/testrig"
)

// Big mails at once take little memory: what each needs of it does not grow with its size, and the mails themselves lie in
// files. Anonymous memory counts, since pages of files are given back whenever others want them.
func TestManyBigMailsAtOnce(t *testing.T) {
	const (
		sessions = 64
		size     = 25_000_000
		most     = 400 << 20
	)
	h := open(t, func(o *testrig.Options) { o.Extra = "  max_connections_per_ip: 100\n" })
	who, err := testrig.NewIdentity(t.TempDir(), "boende.example.com")
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range who.Records() {
		if err := h.zone.Add(record); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := who.Sign(photo(size))
	if err != nil {
		t.Fatal(err)
	}
	peak := h.watchMemory()
	var g errgroup.Group
	for n := range sessions {
		g.Go(func() error { return h.sendBig(n, raw) })
	}
	err = g.Wait()
	got := peak()
	t.Logf("%d MiB of anonymous memory for %d mails of %d bytes", got>>20, sessions, size)
	if got == 0 || got > most {
		t.Errorf("want at most %d MiB", most>>20)
	}
	if err != nil {
		t.Fatal(err)
	}
	var entries struct {
		Items []struct {
			Auth *struct{ DMARC struct{ Result string } }
		}
	}
	if err := h.Call(within(t, patience), "GET", "/api/v1/cases/1/entries", nil, &entries); err != nil {
		t.Fatal(err)
	}
	if e := entries.Items; len(e) == 0 || e[0].Auth == nil || e[0].Auth.DMARC.Result != "pass" {
		t.Errorf("the sender was not verified: %+v", e)
	}
	h.stop()
	h.wantMails(sessions)
}

// sendBig hands over a mail, again when it is put off, as peers do: where the machine is busy, not every sender can be checked in time.
// A field that is not signed makes each another mail.
func (h *house) sendBig(n int, raw []byte) error {
	const tries = 5
	var err error
	for range tries {
		var got string
		if got, err = h.handOver(n, raw); err != nil || strings.HasPrefix(got, "250 ") {
			return err
		}
		if err = fmt.Errorf("mail %d is answered %q", n, got); !strings.HasPrefix(got, "451 ") {
			return err
		}
	}
	return err
}

// handOver sends a mail on a session of its own and returns the answer.
func (h *house) handOver(n int, raw []byte) (string, error) {
	s, err := dial(h.SMTP, "")
	if err != nil {
		return "", err
	}
	defer s.close()
	err = errors.Join(s.want(250, "MAIL FROM:<"+customer+">"), s.want(250, "RCPT TO:<"+intake+">"), s.want(354, "DATA"))
	if err == nil {
		err = s.conn.SetDeadline(time.Now().Add(5 * time.Minute))
	}
	if err == nil {
		// Pieces, not one text: a copy for each session would be more memory than the program is allowed.
		_, err = (&net.Buffers{fmt.Appendf(nil, "X-Number: %d\r\n", n), raw, []byte(".\r\n")}).WriteTo(s.conn)
	}
	if err != nil {
		return "", err
	}
	return s.r.ReadString('\n')
}

// photo is a mail of that size with a picture attached.
func photo(size int) []byte {
	row := strings.Repeat("0123456789abcdef+/xy", 4)[:76] + "\r\n"
	var b bytes.Buffer
	b.Grow(size + 1024)
	b.WriteString("From: " + customer + "\r\nTo: " + intake + "\r\nSubject: Fukt i badrummet\r\nDate: Tue, 24 Nov 2026 09:12:00 +0100\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/mixed; boundary=bild\r\n\r\n--bild\r\nContent-Type: text/plain\r\n\r\nSe bilden.\r\n" +
		"--bild\r\nContent-Type: image/jpeg; name=bild.jpg\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	for b.Len() < size-100 {
		b.WriteString(row)
	}
	b.WriteString("--bild--\r\n")
	return b.Bytes()
}

var anonymous = regexp.MustCompile(`(?m)^Anonymous:\s+(\d+) kB`)

// watchMemory reads the program's anonymous memory again and again, until the returned function asks for the most, in bytes.
func (h *house) watchMemory() (peak func() int64) {
	h.t.Helper()
	ctx, stop := context.WithCancel(h.t.Context())
	most := make(chan int64)
	go func() {
		var peak int64
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for ctx.Err() == nil {
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", h.Cmd.Process.Pid))
			if m := anonymous.FindSubmatch(text); err == nil && m != nil {
				kib, _ := strconv.ParseInt(string(m[1]), 10, 64)
				peak = max(peak, kib<<10)
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
			}
		}
		most <- peak
	}()
	return func() int64 { stop(); return <-most }
}
