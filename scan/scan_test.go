package scan

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"smartmail/fault"
	"smartmail/message"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func scanners(t *testing.T, o Options) *Scanners {
	t.Helper()
	o.Log = slog.New(slog.DiscardHandler)
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// wantDown checks that a mail is marked, or deferred, because a scanner gave no answer.
func wantDown(t *testing.T, o Options, name string) {
	t.Helper()
	mail := message.InMemory("From: a@b.example\r\n\r\nx\r\n")
	v, err := scanners(t, o).Scan(t.Context(), envelope, mail)
	want := Verdict{Action: Mark, Reasons: []string{name + ": did not answer, so the mail is not scanned by it"}, Down: []string{name}}
	if err != nil || !reflect.DeepEqual(v, want) {
		t.Errorf("accept: %+v, %v, want %+v", v, err, want)
	}
	if o.Rspamd != nil {
		o.Rspamd.Down = Defer
	}
	if o.Clamd != nil {
		o.Clamd.Down = Defer
	}
	if v, err := scanners(t, o).Scan(t.Context(), envelope, mail); !fault.Is(err, fault.Ours) || v.Action != Pass {
		t.Errorf("defer: %+v, %v, want trouble of ours", v, err)
	} else if text := fault.Public(err); strings.Contains(text, name) || text == "" {
		t.Errorf("the peer is told %q", text)
	}
}

func nobody(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func TestNobodyListens(t *testing.T) {
	wantDown(t, Options{Rspamd: &Rspamd{URL: "http://" + nobody(t), Mark: 6}}, "rspamd")
	wantDown(t, Options{Clamd: &Clamd{Address: nobody(t), Found: Reject}}, "clamd")
	wantDown(t, Options{Clamd: &Clamd{Address: t.TempDir() + "/none", Found: Reject}}, "clamd")
}

// silent takes connections and says nothing.
func silent(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") // the kernel takes the connections
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

func TestSlowScanners(t *testing.T) {
	addr := silent(t)
	wantDown(t, Options{Rspamd: &Rspamd{URL: "http://" + addr, Mark: 6, Timeout: 20 * time.Millisecond}}, "rspamd")
	wantDown(t, Options{Clamd: &Clamd{Address: addr, Found: Reject, Timeout: 20 * time.Millisecond}}, "clamd")
	// Half an answer.
	hang := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(`{"score":0,`))
		w.(http.Flusher).Flush()
		select {
		case <-hang:
		case <-r.Context().Done():
		}
	}))
	defer srv.Close()
	defer close(hang)
	wantDown(t, Options{Rspamd: &Rspamd{URL: srv.URL, Mark: 6, Timeout: 50 * time.Millisecond}}, "rspamd")
}

// When the peer's own time is over the mail is not accepted unscanned, and the scanner is not to blame.
func TestThePeersTimeEnds(t *testing.T) {
	addr := silent(t)
	s := scanners(t, Options{Rspamd: &Rspamd{URL: "http://" + addr, Mark: 6}, Clamd: &Clamd{Address: addr, Found: Reject}})
	for range 2 * tolerated {
		v, err := s.Scan(within(t, 10*time.Millisecond), envelope, message.InMemory("x"))
		if !errors.Is(err, context.DeadlineExceeded) || fault.KindOf(err) != fault.Ours {
			t.Fatalf("%+v, %v", v, err)
		}
	}
	for _, g := range s.list {
		if g.failures != 0 {
			t.Errorf("%s counts %d failures", g.name, g.failures)
		}
	}
}

// fixed is a scanner that always says the same.
type fixed struct {
	v     Verdict
	err   error
	asked int
}

func (f *fixed) ask(context.Context, message.Envelope, message.Raw) (Verdict, error) {
	f.asked++
	return f.v, f.err
}

func both(a, b *fixed, down Down) *Scanners {
	s := &Scanners{maxBytes: 100}
	for name, f := range map[string]*fixed{"a": a, "b": b} {
		s.list = append(s.list, &guard{name: name, asker: f, down: down, timeout: time.Second, now: time.Now, log: slog.New(slog.DiscardHandler)})
	}
	return s
}

func TestTheStrongestCounts(t *testing.T) {
	down := errors.New("down")
	mark, triage, reject := fixed{v: Verdict{Action: Mark}}, fixed{v: Verdict{Action: Triage}}, fixed{v: Verdict{Action: Reject}}
	for name, c := range map[string]struct {
		a, b  fixed
		down  Down
		want  Action
		fails bool
	}{
		"both clean":              {want: Pass},
		"one marks":               {a: mark, want: Mark},
		"one refuses":             {a: reject, b: triage, want: Reject},
		"one is down":             {b: fixed{err: down}, want: Mark},
		"down beside triage":      {a: triage, b: fixed{err: down}, want: Triage},
		"deferred":                {a: triage, b: fixed{err: down}, down: Defer, fails: true},
		"refused, whoever sleeps": {a: reject, b: fixed{err: down}, down: Defer, want: Reject},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := both(&c.a, &c.b, c.down).Scan(t.Context(), envelope, message.InMemory("x"))
			if v.Action != c.want || (err != nil) != c.fails {
				t.Errorf("%+v, %v", v, err)
			}
		})
	}
	got := Combine(Verdict{Action: Mark, Score: 7, Reasons: []string{"r"}}, Verdict{Action: Triage, Virus: "V", Reasons: []string{"c"}, Down: []string{"d"}})
	if want := (Verdict{Action: Triage, Score: 7, Virus: "V", Reasons: []string{"r", "c"}, Down: []string{"d"}}); !reflect.DeepEqual(got, want) {
		t.Errorf("combined: %+v", got)
	}
	if got := Combine(); !reflect.DeepEqual(got, Verdict{}) {
		t.Errorf("nothing combined: %+v", got)
	}
}

func TestABigMailIsMarked(t *testing.T) {
	var a, b fixed
	s := both(&a, &b, Defer)
	if v, err := s.Scan(t.Context(), envelope, make(message.InMemory, 101)); err != nil || v.Action != Mark || v.Reasons[0] != "not scanned: 101 bytes are over the limit of 100" {
		t.Errorf("over the limit: %+v, %v", v, err)
	}
	if v, err := s.Scan(t.Context(), envelope, make(message.InMemory, 100)); err != nil || v.Action != Pass || a.asked != 1 || b.asked != 1 {
		t.Errorf("at the limit: %+v, %v", v, err)
	}
}

// A scanner that is down is not waited for by every mail, and is found again when it is back.
func TestPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fixed{err: errors.New("down")}
		s := both(f, &fixed{}, Accept)
		ask := func(times int, want int, down bool) {
			t.Helper()
			before := f.asked
			for range times {
				v, err := s.Scan(t.Context(), envelope, message.InMemory("x"))
				if err != nil || (len(v.Down) == 1) != down {
					t.Fatalf("%+v, %v", v, err)
				}
			}
			if got := f.asked - before; got != want {
				t.Errorf("asked %d times, want %d", got, want)
			}
		}
		ask(10, tolerated, true)
		time.Sleep(pause) // of the bubble: it takes no time
		ask(10, 1, true)
		time.Sleep(pause - time.Nanosecond)
		ask(10, 0, true)
		f.err = nil
		ask(10, 0, true)
		time.Sleep(time.Nanosecond)
		ask(10, 10, false)
		f.err = errors.New("down")
		ask(tolerated-1, tolerated-1, true)
		f.err = nil
		ask(1, 1, false)
		f.err = errors.New("down")
		ask(tolerated-1, tolerated-1, true) // not in a row
		f.err = nil
		ask(1, 1, false)
	})
}

func TestOptionsAreChecked(t *testing.T) {
	for name, o := range map[string]Options{
		"no URL":           {Rspamd: &Rspamd{URL: "127.0.0.1:11333"}},
		"another scheme":   {Rspamd: &Rspamd{URL: "ftp://127.0.0.1"}},
		"negative":         {Rspamd: &Rspamd{URL: "http://127.0.0.1:11333", Mark: -1}},
		"no port":          {Clamd: &Clamd{Address: "127.0.0.1", Found: Reject}},
		"a virus may pass": {Clamd: &Clamd{Address: "127.0.0.1:3310"}},
		"no such action":   {Clamd: &Clamd{Address: "127.0.0.1:3310", Found: Reject + 1}},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for _, a := range []Action{Pass, Mark, Triage, Reject} {
		if got, err := ParseAction(a.String()); err != nil || got != a {
			t.Errorf("%v is read as %v, %v", a, got, err)
		}
	}
	if _, err := ParseAction("delete"); err == nil {
		t.Error("an unknown action is read")
	}
	if v, err := scanners(t, Options{}).Scan(t.Context(), envelope, make(message.InMemory, DefaultMaxBytes+1)); err != nil || v.Action != Pass || len(v.Reasons) != 0 {
		t.Errorf("without scanners: %+v, %v", v, err)
	}
}
