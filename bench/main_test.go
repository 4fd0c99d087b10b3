package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/emersion/go-smtp"
)

func TestNumbers(t *testing.T) {
	for in, want := range map[string]int{"1,20,100": 3, " 4 ": 1, "": 0, "0": 0, "-1": 0, "x": 0} {
		got, err := numbers("-n", in)
		if len(got) != want || (err == nil) != (want > 0) {
			t.Errorf("%q gives %v, %v", in, got, err)
		}
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		in   []int
		want int
	}{{nil, 0}, {[]int{7}, 7}, {[]int{9, 1, 5}, 5}} {
		if got := median(c.in); got != c.want {
			t.Errorf("%v: %d, not %d", c.in, got, c.want)
		}
	}
}

// The mails are what the table says: signed, of about the size, all different, and safe to send without dot-stuffing.
func TestPool(t *testing.T) {
	s, err := newSender()
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{4 << 10, 100 << 10} {
		pool, err := s.pool(t.Context(), size, 3)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, mail := range pool {
			if len(mail) < size*9/10 || len(mail) > size+1024 {
				t.Errorf("a mail of %d bytes is called one of %d", len(mail), size)
			}
			if bytes.Contains(mail, []byte("\n.")) || !bytes.HasSuffix(mail, []byte("\r\n")) {
				t.Error("a mail needs dot-stuffing or ends within a line")
			}
			_, body, _ := bytes.Cut(mail, []byte("\r\n\r\n"))
			seen[string(body)] = true
			v, err := dkim.VerifyWithOptions(bytes.NewReader(mail), &dkim.VerifyOptions{LookupTXT: s.lookup})
			if err != nil || len(v) != 1 || v[0].Err != nil {
				t.Errorf("the signature does not hold: %v, %v", v, err)
			}
		}
		if len(seen) != len(pool) {
			t.Error("two mails have the same body")
		}
	}
}

// lookup is the zone's key record, put together from its strings.
func (s *sender) lookup(string) ([]string, error) {
	_, quoted, _ := strings.Cut(s.records()[2], " IN TXT ")
	return []string{strings.ReplaceAll(strings.Trim(quoted, `"`), `" "`, "")}, nil
}

// forgetful acknowledges every mail and counts the bodies that it got.
type forgetful struct{ got chan int }

func (f forgetful) NewSession(*smtp.Conn) (smtp.Session, error) { return f, nil }
func (forgetful) Reset()                                        {}
func (forgetful) Logout() error                                 { return nil }
func (forgetful) Mail(string, *smtp.MailOptions) error          { return nil }
func (forgetful) Rcpt(string, *smtp.RcptOptions) error          { return nil }
func (f forgetful) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	f.got <- len(b)
	return err
}

// A load sends each mail of its pool once, whole, and counts what was acknowledged.
func TestLoad(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan int, 1000)
	srv := smtp.NewServer(forgetful{got})
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	for _, pipeline := range []bool{false, true} {
		pool := make([][]byte, 200)
		for i := range pool {
			pool[i] = letter(i, 4<<10)
		}
		load := &load{addr: l.Addr().String(), from: senderAddress, to: []string{"a@arende.example.org"}, pool: pool, sessions: 4,
			length: time.Minute, pipeline: pipeline, pids: func() []int { return []int{os.Getpid()} }}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		r, err := load.run(ctx)
		cancel()
		// The pool is used up within the warm-up, so that nothing is left to measure.
		if r.acknowledged != len(pool) || err == nil {
			t.Errorf("pipelining %t: %d of %d mails acknowledged, %v", pipeline, r.acknowledged, len(pool), err)
		}
		for _, mail := range pool {
			if n := <-got; n < 4<<10*9/10 {
				t.Fatalf("a mail of %d bytes arrived with %d", len(mail), n)
			}
		}
	}
}

func TestStoredMails(t *testing.T) {
	if n, err := storedMails([]byte("time=x\nread 3 cases, 9 entries, 6 mails with 100 bytes\n")); n != 6 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if _, err := storedMails([]byte("nothing")); err == nil {
		t.Error("no number is no error")
	}
}

// The process itself is a process to look at.
func TestProc(t *testing.T) {
	pid := os.Getpid()
	if memory(pid, "VmHWM") == 0 || len(statFields(pid)) < 15 || machineBusy() == 0 {
		t.Error("the kernel tells nothing of this process")
	}
	if all := tree(os.Getppid()); len(all) < 2 {
		t.Errorf("the parent has no child: %v", all)
	}
	if _, err := fileSystem("/proc/no such folder"); err == nil {
		t.Error("a folder that is not there has a file system")
	}
}

// A table names what was not measured and why.
func TestTable(t *testing.T) {
	b := &bench{opt: options{sessions: []int{1}, sizes: []int{4}}, targets: []target{absent{}, bareTarget{}, sink{}},
		results: []result{{target: nameBare, sessions: 1, kib: 4, rate: 100}, {target: nameSink, sessions: 1, kib: 4, rate: 250}}}
	var out strings.Builder
	b.print(&out)
	for _, want := range []string{"not installed: make peers", "2.50"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

type absent struct{ target }

func (absent) name() string    { return "absent" }
func (absent) missing() string { return "not installed: make peers" }

// The counters of smtp-sink are read however the pipe cuts them.
func TestCounter(t *testing.T) {
	c := &counter{first: make(chan struct{}), all: make(chan struct{}), lost: make(chan struct{})}
	r, w := io.Pipe()
	go c.watch(r, 12)
	for _, piece := range []string{"sess=1 quit=0 mesg=", "0\rsess=1 quit=0 me", "sg=1\rsess=1 quit=0 mesg=1", "2\r"} {
		if _, err := io.WriteString(w, piece); err != nil {
			t.Fatal(err)
		}
	}
	for _, done := range []chan struct{}{c.first, c.all} {
		<-done
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	<-c.lost
	if c.seen != 12 {
		t.Errorf("%d mails", c.seen)
	}
}

func TestPrintOut(t *testing.T) {
	var b strings.Builder
	printOut(&b, []outTarget{&smartmailOut{title: nameSmartmail}, postfixOut{}},
		[]outResult{{target: nameSmartmail, rate: 900}, {target: nameSmartmail, rate: 1100}, {target: nameSmartmail, rate: 1000}, {target: namePostfix, rate: 500}})
	if !strings.Contains(b.String(), "2.00") || !strings.Contains(b.String(), "1.00") {
		t.Errorf("no ratios in\n%s", b.String())
	}
}
