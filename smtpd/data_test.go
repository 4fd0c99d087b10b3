package smtpd

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// twoMails is a dialogue of two mails, one by DATA and one by BDAT. ends are the offsets at which each is complete.
func twoMails() (script string, ends []int) {
	script = "EHLO peer.example\r\nMAIL FROM:<a@peer.example>\r\nRCPT TO:<x@example.test>\r\nDATA\r\n" +
		"Subject: one\r\n\r\nMAIL FROM:<smuggled@peer.example>\r\n..\r\n.\r\n"
	ends = append(ends, len(script))
	script += "MAIL FROM:<b@peer.example>\r\nRCPT TO:<x@example.test>\r\nBDAT 10\r\n.\r\nRSET\r\n,BDAT 8 LAST\r\nthe end."
	ends = append(ends, len(script))
	return script + "QUIT\r\n", ends
}

// TestCutAnywhere breaks the connection behind every octet: a mail is accepted when it was whole, and only then.
func TestCutAnywhere(t *testing.T) {
	script, ends := twoMails()
	want := []string{"Subject: one\r\n\r\nMAIL FROM:<smuggled@peer.example>\r\n.\r\n", ".\r\nRSET\r\n,the end."}
	r := start(t, Options{MaxConnections: 10_000, MaxPerIP: 10_000}, true)
	before := 0
	for cut := range len(script) + 1 {
		playOctets([]byte(script[:cut]), r.mem)
		got := r.house.got()[before:]
		before += len(got)
		whole := 0
		for _, end := range ends {
			if cut >= end {
				whole++
			}
		}
		if len(got) != whole {
			t.Fatalf("cut at %d: %d mails, want %d", cut, len(got), whole)
		}
		for i, m := range got {
			if m.body != want[i] {
				t.Fatalf("cut at %d: mail %d is %q", cut, i, m.body)
			}
		}
	}
	if used := r.srv.bodies.budget.used.Load(); used != 0 {
		t.Errorf("%d bytes of budget not given back", used)
	}
}

func TestSmuggling(t *testing.T) {
	type attack struct{ name, sequence, data string }
	var attacks []attack
	for _, end := range []string{"\n.\n", "\n.\r\n", "\r.\r\n", "\r.\r", "\r\n.\n", "\r\n.\r", "\n\n.\r\n", "\r\n\x00.\r\n", "\r\n.\x00\r\n", "\r\r\n.\r\r\n", "\r\n .\r\n"} {
		attacks = append(attacks, attack{fmt.Sprintf("%q", end), end, "Subject: a\r\n\r\ntext" + end +
			"MAIL FROM:<smuggled@sender.example>\r\nRCPT TO:<x@example.test>\r\nDATA\r\nSubject: b\r\n\r\n.\r\n"})
	}
	const corpus = "../../shared/corpora/smtp-smuggling"
	files, _ := filepath.Glob(filepath.Join(corpus, "*.json"))
	for _, name := range files {
		var a struct {
			Sequence string `json:"sequence"`
			Data     string `json:"data_stream_base64"`
		}
		text, err := os.ReadFile(name)
		if err == nil {
			err = json.Unmarshal(text, &a)
		}
		data, err2 := base64.StdEncoding.DecodeString(a.Data)
		if err != nil || err2 != nil {
			t.Fatal(name, err, err2)
		}
		attacks = append(attacks, attack{filepath.Base(name), a.Sequence, string(data)})
	}
	t.Run("corpora", func(t *testing.T) {
		if len(files) == 0 {
			t.Skip("corpora not present")
		}
	})
	for _, a := range attacks {
		t.Run(a.name, func(t *testing.T) {
			r := start(t, Options{}, false)
			c := r.greet()
			c.do("MAIL FROM:<test@sender.example>", "250")
			c.do("RCPT TO:<support@example.test>", "250")
			c.do("DATA", "354")
			c.send(a.data + "QUIT\r\n")
			c.expect("250 2.0.0 OK case=1")
			c.expect("221")
			c.expectClosed()
			got := r.house.got()
			if len(got) != 1 || got[0].env.ReversePath != "test@sender.example" {
				t.Fatalf("got %+v", got)
			}
			if want, _, _ := reference(a.data); got[0].body != want {
				t.Errorf("got %q, want %q", got[0].body, want)
			}
		})
	}
}

func TestBigAndLongLines(t *testing.T) {
	r := start(t, Options{MaxMessageBytes: 3 << 20}, false)
	c := r.greet()
	for i, body := range []string{
		"X-Long: " + strings.Repeat("y", 1<<20) + "\r\n\r\ntext\r\n",
		strings.Repeat(".\r\n", 1<<20),
		strings.Repeat("z", 3<<20-2) + "\r\n",
	} {
		c.do("MAIL FROM:<a@peer.example>", "250")
		c.do("RCPT TO:<x@example.test>", "250")
		c.do("DATA", "354")
		c.send(stuff(body) + ".\r\n")
		c.expect("250 2.0.0 OK")
		if m := r.house.got()[i]; m.body != body || !m.spooled {
			t.Errorf("mail %d differs: %d bytes, spooled %v", i, len(m.body), m.spooled)
		}
	}
	c.do("NOOP "+strings.Repeat("x", maxLine-len("NOOP \r\n")), "250")
	c.do("NOOP "+strings.Repeat("x", maxLine-len("NOOP \r\n")+1), "500 5.5.2 command line too long")
	c.do("NOOP "+strings.Repeat("x", 1<<20), "500 5.5.2 command line too long")
	c.do("NOOP", "250")
}

func TestTenThousandRecipients(t *testing.T) {
	r := start(t, Options{}, false)
	c := r.greet()
	c.do("MAIL FROM:<a@peer.example>", "250")
	go func() {
		var b strings.Builder
		for i := range 10_000 {
			fmt.Fprintf(&b, "RCPT TO:<user%d@example.test>\r\n", i)
		}
		_, _ = c.conn.Write([]byte(b.String() + "DATA\r\n")) // a failure shows in the replies
	}()
	for i := range 10_000 {
		want := "250 2.1.5"
		if i >= 100 {
			want = "452 4.5.3"
		}
		c.expect(want)
	}
	c.expect("354")
	c.do("hello\r\n.", "250 2.0.0 OK")
	if got := r.house.got(); len(got) != 1 || len(got[0].env.Recipients) != 100 {
		t.Errorf("got %d mails", len(got))
	}
}

// TestPipelining counts what arrives in one piece: replies to a batch go out together (RFC 2920).
func TestPipelining(t *testing.T) {
	r := start(t, Options{}, true)
	c := r.greet()
	go func() {
		_, _ = c.conn.Write([]byte("MAIL FROM:<a@peer.example>\r\nRCPT TO:<x@example.test>\r\nRCPT TO:<y@example.test>\r\nDATA\r\n"))
	}()
	piece := make([]byte, 4096)
	n, err := c.conn.Read(piece)
	if err != nil || strings.Count(string(piece[:n]), "\r\n") != 4 || !strings.Contains(string(piece[:n]), "\r\n354 ") {
		t.Errorf("one write is %q, %v", piece[:n], err)
	}
}

func TestEnvelope(t *testing.T) {
	r := start(t, Options{}, true)
	c := r.connect("2001:db8::7")
	c.expect("220")
	c.do("EHLO [IPv6:2001:db8::7]", "250-mx.example.test", "250 ")
	c.do("MAIL FROM:<a@peer.example>", "250")
	c.do("RCPT TO:<x@example.test>", "250")
	c.do("DATA", "354")
	c.do("hello\r\n.", "250 2.0.0 OK")
	c.do("QUIT", "221")
	env := r.house.got()[0].env
	if env.Client.String() != "2001:db8::7" || env.Helo != "[IPv6:2001:db8::7]" || env.TLS != "" || env.Conn == "" {
		t.Errorf("got %+v", env)
	}
	for _, private := range []string{"a@", "x@", "hello"} {
		if strings.Contains(r.log.String(), private) {
			t.Errorf("the log has %q: %s", private, r.log)
		}
	}
	if !strings.Contains(r.log.String(), "msg=mail conn="+env.Conn+" client=2001:db8::7 code=250 size=7 seconds=") || !strings.Contains(r.log.String(), ` reply="OK case=1`) {
		t.Errorf("no line for the mail in %s", r.log)
	}
}

// octets is a connection whose peer has sent all that it will send, and gone.
type octets struct {
	net.Conn // not used
	in       []byte
	out      []byte
	done     chan struct{}
	once     sync.Once // the engine alone closes twice
}

func (o *octets) Read(p []byte) (int, error) {
	if len(o.in) == 0 {
		return 0, net.ErrClosed
	}
	n := copy(p, o.in)
	o.in = o.in[n:]
	return n, nil
}
func (o *octets) Write(p []byte) (int, error)      { o.out = append(o.out, p...); return len(p), nil }
func (o *octets) Close() error                     { o.once.Do(func() { close(o.done) }); return nil }
func (o *octets) SetReadDeadline(time.Time) error  { return nil }
func (o *octets) SetWriteDeadline(time.Time) error { return nil }
func (o *octets) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 9)} }

// playOctets lets a server have the octets as a connection, waits for its end, and returns what the server said.
func playOctets(in []byte, l *memListener) string {
	o := &octets{in: in, done: make(chan struct{})}
	l.conns <- o
	<-o.done
	return string(o.out)
}
