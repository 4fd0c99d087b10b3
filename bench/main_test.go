package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
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
	for _, size := range []int{4 << 10, 100 << 10, 5 << 20} {
		pool, err := s.pool(t.Context(), size, 3)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, m := range pool {
			mail := slices.Concat(m.head, m.tail)
			if m.size() != len(mail) || len(mail) < size*9/10 || len(mail) > size+1024 {
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
	pool := make([]mail, 200)
	for i := range pool {
		pool[i] = mail{head: letter(i, 4<<10)}
	}
	for _, c := range []struct{ pipeline, each bool }{{}, {pipeline: true}, {each: true}} {
		load := &load{point: point{sessions: 4, each: c.each}, addr: l.Addr().String(), from: senderAddress, to: []string{"a@arende.example.org"}, mails: pool,
			length: time.Minute, pipeline: c.pipeline, pids: func() []int { return []int{os.Getpid()} }}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		r, err := load.run(ctx)
		cancel()
		// The pool is used up within the warm-up, so that nothing is left to measure.
		if r.acknowledged != len(pool) || err == nil {
			t.Errorf("%+v: %d of %d mails acknowledged, %v", c, r.acknowledged, len(pool), err)
		}
		for range pool {
			if n := <-got; n < 4<<10*9/10 {
				t.Fatalf("a mail of 4 KiB arrived with %d bytes", n)
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

// slow takes a while for the first mail, and none for those after it.
type slow struct {
	forgetful
	wait time.Duration
	once *sync.Once
}

func (s slow) NewSession(*smtp.Conn) (smtp.Session, error) { return s, nil }

func (s slow) Data(r io.Reader) error {
	s.once.Do(func() { <-time.After(s.wait) }) // the server that is measured, not the test, takes its time
	return s.forgetful.Data(r)
}

// At an offered rate every mail is sent that is due, and those that wait behind one that takes long have waited as long.
func TestOffered(t *testing.T) {
	const stall, rate, length = warmUp + 300*time.Millisecond, 100, 500 * time.Millisecond
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := smtp.NewServer(slow{forgetful{make(chan int, 1000)}, stall, new(sync.Once)})
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	load := &load{point: point{sessions: 1, kib: 4, rate: rate}, addr: l.Addr().String(), from: senderAddress, to: []string{"a@arende.example.org"},
		mails: []mail{{head: letter(1, 4<<10)}}, again: true, length: length, pids: func() []int { return []int{os.Getpid()} }}
	r, err := load.run(t.Context())
	if due := int(rate * (warmUp + length).Seconds()); err != nil || r.acknowledged != due || len(load.latencies) != due/2 {
		t.Errorf("%d acknowledged and %d measured of %d: %v", r.acknowledged, len(load.latencies), due, err)
	}
	if r.p99 < stall-warmUp-50*time.Millisecond {
		t.Errorf("p99 is %v, though the first mail measured was due %v before the server went on", r.p99, stall-warmUp)
	}
}

// What is asked for decides what is measured.
func TestFlags(t *testing.T) {
	for _, c := range []struct {
		args string
		in   int // points of mail in
		out  int
		bad  bool
	}{
		{"", len(points), 10_000, false},
		{"-compare", len(points), 10_000, false},
		{"-quick", len(points), 1000, false},
		{"-points kept,out", 1, 10_000, false},
		{"-points 5m", 1, 0, false},
		{"-points none", 0, 0, true},
		{"-out 500", 0, 500, false},
		{"-sizes 4,100 -sessions 1", 2, 0, false},
		{"-sizes 0", 0, 0, true},
		{"-targets postfix+opendkim", len(points), 10_000, false},
		{"-targets exim", 0, 0, true},
		{"-rounds 0", 0, 0, true},
		{"more", 0, 0, true},
	} {
		opt, err := parseFlags(strings.Fields(c.args))
		if (err != nil) != c.bad || !c.bad && (len(opt.points) != c.in || opt.out != c.out) {
			t.Errorf("%q: %d points, %d out, %v", c.args, len(opt.points), opt.out, err)
		}
	}
}

// A goal says what was reached beside what: more is better of rates, less of times.
func TestGoals(t *testing.T) {
	results := []result{
		{target: nameSmartmail, point: "kept", rate: 900}, {target: nameBare, point: "kept", rate: 1000},
		{target: nameSmartmail, point: "offered", p99: 12 * time.Millisecond},
		{target: nameSmartmail, point: "one", p50: 2 * time.Millisecond}, {target: nameBare, point: "one", p50: time.Millisecond},
	}
	var out strings.Builder
	printGoals(&out, results)
	var got []string
	for l := range strings.Lines(out.String()) {
		got = append(got, strings.Join(strings.Fields(l), " "))
	}
	want := []string{
		"load figure beside wanted reached",
		"kept mails/s bare at least 0.8 x 0.90 x yes",
		"kept mails/s bare at least 1 x 0.90 x no",
		"kept mails/s postfix+opendkim at least 12 x not measured",
		"one p50 ms bare at most 1.3 x 2.00 x no",
		"one p50 ms postfix at most 1 x not measured",
		"offered p99 ms - at most 15 ms 12.00 ms yes",
		"offered p99 ms - at most 10 ms 12.00 ms no",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	for _, g := range goals {
		if !slices.Contains(pointNames(), g.point) || g.against != "" && !slices.Contains(targetNames, g.against) {
			t.Errorf("%+v is set for what is not measured", g)
		}
	}
}

// A table names what was not measured and why.
func TestTable(t *testing.T) {
	b := &bench{opt: options{points: []point{{name: "one", sessions: 1, kib: 4}}}, targets: []target{absent{}, bareTarget{}, sink{}},
		results: []result{{target: nameBare, point: "one", rate: 100}, {target: nameSink, point: "one", rate: 250}}}
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
		[]result{{target: nameSmartmail, point: outPoint, rate: 900}, {target: nameSmartmail, point: outPoint, rate: 1100},
			{target: nameSmartmail, point: outPoint, rate: 1000}, {target: namePostfix, point: outPoint, rate: 500}})
	if !strings.Contains(b.String(), "2.00") || !strings.Contains(b.String(), "1.00") {
		t.Errorf("no ratios in\n%s", b.String())
	}
}
