package smtpd

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// inBubble runs a test in fake time, with a server whose connections are in memory.
func inBubble(t *testing.T, opt Options, test func(t *testing.T, r *running)) {
	opt.SpoolDir = t.TempDir()
	synctest.Test(t, func(t *testing.T) { test(t, start(t, opt, true)) })
}

// begin brings a session to just behind DATA.
func (c *client) begin(from string) {
	c.t.Helper()
	c.do("MAIL FROM:<"+from+">", "250")
	c.do("RCPT TO:<x@example.test>", "250")
	c.do("DATA", "354")
}

func TestSilentPeers(t *testing.T) {
	for _, tc := range []struct {
		name  string
		send  string
		after time.Duration
		want  string
	}{
		{"nothing at all", "", 5 * time.Minute, "421 4.4.2 nothing heard"},
		{"half a command", "NOO", 5 * time.Minute, "421 4.4.2 nothing heard"},
		{"an endless command", strings.Repeat("x", 5000), 5 * time.Minute, "421 4.4.2 nothing heard"},
		{"within DATA", "MAIL FROM:<a@peer.example>\r\nRCPT TO:<x@example.test>\r\nDATA\r\nhello\r\n", 3 * time.Minute, "421 4.4.2 nothing heard"},
		{"within the end of DATA", "MAIL FROM:<a@peer.example>\r\nRCPT TO:<x@example.test>\r\nDATA\r\nhello\r\n.\r", 3 * time.Minute, "421 4.4.2 nothing heard"},
		{"within a chunk", "MAIL FROM:<a@peer.example>\r\nRCPT TO:<x@example.test>\r\nBDAT 5 LAST\r\nhell", 3 * time.Minute, "421 4.4.2 nothing heard"},
		{"between chunks", "MAIL FROM:<a@peer.example>\r\nRCPT TO:<x@example.test>\r\nBDAT 5\r\nhello", 5 * time.Minute, "421 4.4.2 nothing heard"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inBubble(t, Options{}, func(t *testing.T, r *running) {
				c := r.greet()
				go func() { _, _ = io.WriteString(c.conn, tc.send) }() // fails when the server closes
				begun := time.Now()
				for {
					got, err := c.r.ReadString('\n')
					if err != nil {
						t.Fatal(err)
					}
					if strings.HasPrefix(got, "421") {
						if !strings.HasPrefix(got, tc.want) {
							t.Errorf("got %q", got)
						}
						break
					}
				}
				if took := time.Since(begun); took != tc.after {
					t.Errorf("after %v, want %v", took, tc.after)
				}
				// What the peer sends now is read as nothing.
				_, err := io.WriteString(c.conn, "\r\n.\r\nMAIL FROM:<smuggled@peer.example>\r\n")
				if !errors.Is(err, io.ErrClosedPipe) {
					t.Errorf("write behind the end: %v", err)
				}
				c.expectClosed()
				if got := r.house.got(); len(got) != 0 {
					t.Errorf("accepted %+v", got)
				}
			})
		})
	}
}

// TestTrickle has peers who are never silent for long: the session's end bounds them.
func TestTrickle(t *testing.T) {
	for name, tc := range map[string]struct {
		before, drop string
		every        time.Duration
		end          time.Duration
		want         string
	}{
		"octets of one command": {"", "x", 2 * time.Minute, 5 * time.Minute, "421 4.4.2 nothing heard"},
		"commands":              {"", "NOOP\r\n", 4 * time.Minute, time.Hour, "421 4.4.2 session lasted"},
		"octets of data": {"MAIL FROM:<a@peer.example>\r\nRCPT TO:<x@example.test>\r\nDATA\r\n", "x",
			2 * time.Minute, time.Hour, "421 4.4.2 session lasted"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, Options{}, func(t *testing.T, r *running) {
				c := r.greet()
				begun := time.Now()
				gone := make(chan struct{})
				go func() {
					defer close(gone)
					_, err := io.WriteString(c.conn, tc.before)
					for err == nil {
						time.Sleep(tc.every) // fake time
						_, err = io.WriteString(c.conn, tc.drop)
					}
				}()
				for {
					got, err := c.r.ReadString('\n')
					if err != nil {
						t.Fatal(err)
					}
					if strings.HasPrefix(got, tc.want) {
						break
					}
				}
				if took := time.Since(begun); took != tc.end {
					t.Errorf("after %v, want %v", took, tc.end)
				}
				c.expectClosed()
				<-gone
			})
		})
	}
}

func TestPeerThatDoesNotRead(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, r *running) {
		c := r.greet()
		c.send("NOOP\r\n")
		begun := time.Now()
		_, err := io.WriteString(c.conn, "NOOP\r\n")
		if !errors.Is(err, io.ErrClosedPipe) || time.Since(begun) != time.Minute {
			t.Errorf("got %v after %v", err, time.Since(begun))
		}
	})
}

func TestAcceptDeadline(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, r *running) {
		c := r.greet()
		c.begin("waits@peer.example")
		begun := time.Now()
		c.do("hello\r\n.", "451 4.3.0 timed out")
		if took := time.Since(begun); took != time.Minute {
			t.Errorf("after %v", took)
		}
		c.do("NOOP", "250")
	})
}

func TestMailsWaitForTheirTurn(t *testing.T) {
	inBubble(t, Options{MaxAccepting: 64 << 10}, func(t *testing.T, r *running) {
		first, second := r.greet(), r.greet()
		first.begin("stubborn@peer.example")
		second.begin("b@peer.example")
		first.send("hello\r\n.\r\n")
		<-r.house.entered
		second.do("hello\r\n.", "451 4.7.0 too much mail at once")
		close(r.house.release)
		first.expect("250 2.0.0 OK")
		second.begin("b@peer.example")
		second.do("hello\r\n.", "250 2.0.0 OK")
	})
}

func TestBrokenListenerEndsServe(t *testing.T) {
	r := start(t, Options{}, true)
	r.mem.Close()
	if err := r.finished(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestAcceptErrorsAreWaitedOut(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l := &failingListener{memListener: newMemListener(), failures: 10}
		srv, err := New(Options{Hostname: "mx.example.test", SpoolDir: dir}, &house{})
		if err != nil {
			t.Fatal(err)
		}
		srv.opt.Log = discardLog()
		served := make(chan error)
		go func() { served <- srv.Serve(t.Context(), l) }()
		begun := time.Now()
		if out := playOctets([]byte("QUIT\r\n"), l.memListener); !strings.Contains(out, "221 ") {
			t.Errorf("got %q", out)
		}
		if took := time.Since(begun); took < time.Second || took > 10*time.Second {
			t.Errorf("after %v", took)
		}
		l.Close()
		if err := <-served; !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		if err := srv.Serve(t.Context()); err == nil {
			t.Error("Serve may be called once")
		}
	})
}

// failingListener fails a few times, as one does that has no files left.
type failingListener struct {
	*memListener
	failures int
}

func (l *failingListener) Accept() (net.Conn, error) {
	if l.failures--; l.failures >= 0 {
		return nil, errors.New("too many open files")
	}
	return l.memListener.Accept()
}

// TestShutdown stops the server with a session in each phase.
func TestShutdown(t *testing.T) {
	for _, tc := range []struct {
		name  string
		begin func(r *running, c *client) // up to the stop
		then  func(r *running, c *client) // behind it
		took  time.Duration
		mails int
	}{
		{"idle", func(r *running, c *client) {}, func(r *running, c *client) {
			c.expect("421 4.3.2")
		}, 0, 0},
		{"within a transaction", func(r *running, c *client) {
			c.do("MAIL FROM:<a@peer.example>", "250")
		}, func(r *running, c *client) {
			c.expect("421 4.3.2")
		}, 0, 0},
		{"half a command", func(r *running, c *client) {
			c.send("NOO")
		}, func(r *running, c *client) {
			c.expect("421 4.3.2")
		}, 0, 0},
		{"data that ends in time", func(r *running, c *client) {
			c.begin("a@peer.example")
			c.send("hello\r\n")
		}, func(r *running, c *client) {
			time.Sleep(19 * time.Second) // fake time
			c.send("more\r\n.\r\nMAIL FROM:<b@peer.example>\r\n")
			c.expect("250 2.0.0 OK case=1")
			c.expect("421 4.3.2")
		}, 19 * time.Second, 1},
		{"data that does not end", func(r *running, c *client) {
			c.begin("a@peer.example")
			c.send("hello\r\n")
		}, func(r *running, c *client) {}, 20 * time.Second, 0},
		{"chunks that end in time", func(r *running, c *client) {
			c.do("MAIL FROM:<a@peer.example>", "250")
			c.do("RCPT TO:<x@example.test>", "250")
			c.send("BDAT 2\r\n12")
			c.expect("250")
			c.send("BDAT 2\r\n")
		}, func(r *running, c *client) {
			c.send("34")
			c.expect("250")
			c.send("BDAT 1 LAST\r\n5")
			c.expect("250 2.0.0 OK case=1")
			c.expect("421 4.3.2")
		}, 0, 1},
		{"mail being accepted", func(r *running, c *client) {
			c.begin("stubborn@peer.example")
			c.send("hello\r\n.\r\n")
			<-r.house.entered
		}, func(r *running, c *client) {
			time.Sleep(15 * time.Second) // fake time
			close(r.house.release)
			c.expect("250 2.0.0 OK case=1")
			c.expect("421 4.3.2")
		}, 15 * time.Second, 1},
		{"mail that takes too long", func(r *running, c *client) {
			c.begin("waits@peer.example")
			c.send("hello\r\n.\r\n")
			<-r.house.entered
		}, func(r *running, c *client) {
			c.expect("451 4.3.0")
			c.expect("421 4.3.2")
		}, 20 * time.Second, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inBubble(t, Options{}, func(t *testing.T, r *running) {
				c := r.greet()
				tc.begin(r, c)
				synctest.Wait()
				begun := time.Now()
				r.stop()
				synctest.Wait()
				tc.then(r, c)
				c.expectClosed()
				if err := r.finished(); err != nil {
					t.Error(err)
				}
				if took := time.Since(begun); took != tc.took {
					t.Errorf("after %v, want %v", took, tc.took)
				}
				if got := r.house.got(); len(got) != tc.mails {
					t.Errorf("accepted %+v", got)
				}
			})
		})
	}
}

func TestShutdownReportsAcceptThatHangs(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, r *running) {
		c := r.greet()
		c.begin("stubborn@peer.example")
		c.send("hello\r\n.\r\n")
		<-r.house.entered
		r.stop()
		if err := r.finished(); err == nil || !strings.Contains(err.Error(), "1 sessions did not end") {
			t.Errorf("got %v", err)
		}
		close(r.house.release)
	})
}
