package peers

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"
)

// halfway is a session that has sent half of a mail.
type halfway struct {
	*session
	raw []byte
}

// begin opens sessions that have each sent half of a mail by DATA.
func begin(t *testing.T, h *house, count int) []halfway {
	t.Helper()
	var out []halfway
	for n := range count {
		s, err := dial(h.SMTP, "")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.close)
		raw := compose(customer, intake, fmt.Sprintf("half-%d@boende.example.com", n), fmt.Sprintf("Fel %d", n), 20_000)
		err = errors.Join(s.want(250, "MAIL FROM:<"+customer+">"), s.want(250, "RCPT TO:<"+intake+">"), s.want(354, "DATA"))
		if err == nil {
			_, err = s.conn.Write(stuffed(raw[:len(raw)/2]))
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, halfway{s, raw})
	}
	return out
}

// terminate sends SIGTERM and waits until no new mail is taken.
func (h *house) terminate() {
	h.t.Helper()
	if err := h.Signal(syscall.SIGTERM); err != nil {
		h.t.Fatal(err)
	}
	await(h.t, "the listener is closed", 10*time.Second, func() bool {
		c, err := net.Dial("tcp", h.SMTP)
		if err == nil {
			_ = c.Close() // still open
		}
		return err != nil
	})
}

// awaitEnd waits until the program has ended and returns how.
func (h *house) awaitEnd(d time.Duration) error {
	h.t.Helper()
	select {
	case <-h.Done():
		return h.Err()
	case <-within(h.t, d).Done():
		h.t.Fatalf("still running after %v\n%s", d, h.Log())
		return nil
	}
}

// SIGTERM: mail under way is taken and answered, idle peers are told, the program ends with 0.
func TestShutdown(t *testing.T) {
	h := open(t, nil)
	under := begin(t, h, 20)
	idle, err := dial(h.SMTP, "")
	if err != nil {
		t.Fatal(err)
	}
	defer idle.close()
	h.terminate()
	if got, err := idle.do(""); err != nil || got.code != 421 {
		t.Errorf("an idle peer is told %v: %v", got, err)
	}
	answers := make([]answer, len(under))
	var peers sync.WaitGroup
	for n, s := range under {
		peers.Go(func() {
			var err error
			if answers[n], err = s.rest(); err != nil {
				t.Errorf("session %d: %v", n, err)
			}
		})
	}
	peers.Wait()
	if err := h.awaitEnd(30 * time.Second); err != nil {
		t.Errorf("the program ended with %v\n%s", err, h.Log())
	}
	h.start()
	for n, s := range under {
		h.wantStored(t, answers[n], s.raw)
	}
	h.wantMails(len(under))
}

// rest sends the second half. The half before it ended within a line, so that no dot needs care at the seam.
func (s halfway) rest() (answer, error) {
	if _, err := s.conn.Write(stuffed(s.raw)[len(stuffed(s.raw[:len(s.raw)/2])):]); err != nil {
		return answer{}, err
	}
	return s.do(".")
}

// A second SIGTERM does not wait for peers that take their time. Nothing of their mail is stored.
func TestShutdownAtOnce(t *testing.T) {
	h := open(t, nil)
	begin(t, h, 3)
	first := time.Now()
	h.terminate()
	await(t, "a second signal is another one", time.Second, func() bool { return time.Since(first) > 200*time.Millisecond })
	if err := h.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := h.awaitEnd(2 * time.Second); !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("the program ended with %v, want exit status 1", err)
	}
	h.start()
	h.wantMails(0)
}

// Peers that never finish hold up the end for less than 30 seconds, and it is an orderly one.
func TestShutdownEndless(t *testing.T) {
	h := open(t, nil)
	var peers sync.WaitGroup
	for _, s := range begin(t, h, 3) {
		peers.Go(func() { // a line now and then, so that the peer is not silent either
			tick := time.NewTicker(100 * time.Millisecond)
			defer tick.Stop()
			for range tick.C {
				if _, err := io.WriteString(s.conn, "en rad till\r\n"); err != nil {
					return
				}
			}
		})
	}
	h.terminate()
	if err := h.awaitEnd(30 * time.Second); err != nil {
		t.Errorf("the program ended with %v\n%s", err, h.Log())
	}
	peers.Wait()
	h.start()
	h.wantMails(0)
}
