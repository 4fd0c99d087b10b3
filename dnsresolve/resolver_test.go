package dnsresolve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"
)

// clock is a time that stands until it is moved.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

func newResolver(t *testing.T, o Options) *Resolver {
	t.Helper()
	if o.Timeout == 0 {
		o.Timeout = 5 * time.Second
	}
	r, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// kind puts an error into a word.
func kind(err error) string {
	var de *net.DNSError
	switch {
	case err == nil:
		return "ok"
	case !errors.As(err, &de):
		return fmt.Sprintf("not a DNSError: %v", err)
	case de.IsNotFound && !de.IsTemporary && !de.IsTimeout:
		return "not found"
	case de.IsTimeout && de.IsTemporary && !de.IsNotFound:
		return "timeout"
	case de.IsTemporary && !de.IsNotFound:
		return "temporary"
	default:
		return "permanent"
	}
}

func TestLookups(t *testing.T) {
	s := serve(t, zone(t,
		`a.test. 60 IN A 192.0.2.1`,
		`a.test. 60 IN AAAA 2001:db8::1`,
		`four.test. 60 IN A 192.0.2.4`,
		`txt.test. 60 IN TXT "v=spf1 " "-all \"q\" \195\165"`,
		`txt.test. 60 IN TXT "second"`,
		`mx.test. 60 IN MX 20 b.test.`,
		`mx.test. 60 IN MX 10 a.test.`,
		`null.test. 60 IN MX 0 .`,
		`alias.test. 60 IN CNAME Far.test.`,
		`far.test. 60 IN TXT "far"`,
		`loop.test. 60 IN CNAME loop.test.`,
		`1.2.0.192.in-addr.arpa. 60 IN PTR a.test.`,
		`odd\ name.test. 60 IN TXT "odd"`,
	))
	r := newResolver(t, Options{Servers: []string{s.addr}})
	ctx := context.Background()
	txt := func(name string) (any, error) { return r.LookupTXT(ctx, name) }
	mx := func(name string) (any, error) {
		mxs, err := r.LookupMX(ctx, name)
		var out []string
		for _, m := range mxs {
			out = append(out, fmt.Sprint(m.Pref, " ", m.Host))
		}
		return out, err
	}
	ip := func(name string) (any, error) {
		addrs, err := r.LookupIPAddr(ctx, name)
		var out []string
		for _, a := range addrs {
			out = append(out, a.String())
		}
		return out, err
	}
	ip4 := func(name string) (any, error) {
		addrs, err := r.LookupNetIP(ctx, "ip4", name)
		return []string{fmt.Sprint(addrs)}, err
	}
	ip6 := func(name string) (any, error) {
		addrs, err := r.LookupNetIP(ctx, "ip6", name)
		return []string{fmt.Sprint(addrs)}, err
	}
	ptr := func(name string) (any, error) { return r.LookupAddr(ctx, name) }
	for _, tt := range []struct {
		label, name string
		ask         func(string) (any, error)
		want        []string
		kind        string
	}{
		{"both families", "a.test", ip, []string{"192.0.2.1", "2001:db8::1"}, "ok"},
		{"one family only", "four.test.", ip, []string{"192.0.2.4"}, "ok"},
		{"IPv4 alone", "a.test", ip4, []string{"[192.0.2.1]"}, "ok"},
		{"IPv6 alone", "a.test", ip6, []string{"[2001:db8::1]"}, "ok"},
		{"no address", "txt.test", ip, nil, "not found"},
		{"strings joined, escapes undone", "txt.test", txt, []string{`v=spf1 -all "q" å`, "second"}, "ok"},
		{"case", "TXT.Test", txt, []string{`v=spf1 -all "q" å`, "second"}, "ok"},
		{"no such name", "nx.test", txt, nil, "not found"},
		{"no such type", "a.test", txt, nil, "not found"},
		{"alias", "alias.test", txt, []string{"far"}, "ok"},
		{"alias to itself", "loop.test", txt, nil, "not found"},
		{"exchangers in order", "mx.test", mx, []string{"10 a.test.", "20 b.test."}, "ok"},
		{"null MX", "null.test", mx, []string{"0 ."}, "ok"},
		{"reverse", "192.0.2.1", ptr, []string{"a.test."}, "ok"},
		{"reverse of nonsense", "nonsense", ptr, nil, "not found"},
		{"odd octets", "odd name.test", txt, []string{"odd"}, "ok"},
		{"empty", "", txt, nil, "not found"},
		{"empty label", "a..test", txt, nil, "not found"},
		{"long label", strings.Repeat("a", 64) + ".test", txt, nil, "not found"},
		{"long name", strings.Repeat("abcdefg.", 40) + "test", txt, nil, "not found"},
		{"the root", ".", mx, nil, "not found"},
	} {
		t.Run(tt.label, func(t *testing.T) {
			got, err := tt.ask(tt.name)
			if kind(err) != tt.kind {
				t.Fatalf("error %v is %q, want %q", err, kind(err), tt.kind)
			}
			if err == nil {
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
		})
	}
}

// TestCache asks, moves the clock, asks again, and counts what reached the server.
func TestCache(t *testing.T) {
	s := serve(t, zone(t,
		`kept.test. 60 IN TXT "x"`,
		`short.test. 10 IN CNAME kept.test.`,
		`zero.test. 0 IN TXT "x"`,
	))
	for _, tt := range []struct {
		label, name string
		after       time.Duration
		want        int
	}{
		{"within the TTL", "kept.test", 59 * time.Second, 1},
		{"other case", "KEPT.test", 59 * time.Second, 1},
		{"at the TTL", "kept.test", 60 * time.Second, 2},
		{"the alias's TTL is shorter", "short.test", 10 * time.Second, 2},
		{"TTL 0", "zero.test", 0, 2},
		{"negative within the SOA minimum", "nx.test", 59 * time.Second, 1},
		{"negative at the SOA minimum", "nx.test", 60 * time.Second, 2},
	} {
		t.Run(tt.label, func(t *testing.T) {
			c := &clock{t: time.Unix(1e9, 0)}
			r := newResolver(t, Options{Servers: []string{s.addr}, Now: c.now})
			before := s.asked("udp")
			_, first := r.LookupTXT(context.Background(), tt.name)
			c.move(tt.after)
			_, second := r.LookupTXT(context.Background(), tt.name)
			if kind(first) != kind(second) {
				t.Errorf("first %v, then %v", first, second)
			}
			if got := s.asked("udp") - before; got != tt.want {
				t.Errorf("asked %d times, want %d", got, tt.want)
			}
		})
	}
}

func TestCacheIsBounded(t *testing.T) {
	c := newCache(100, nil)
	for i := range 1000 {
		q, ok := question(fmt.Sprintf("n%d.test", i), dns.TypeTXT)
		if !ok {
			t.Fatal("not a name")
		}
		c.put(q, answer{reason: "none", ttl: time.Hour})
		if _, ok := c.get(q); !ok {
			t.Fatalf("the newest answer %d is not kept", i)
		}
	}
	if n := len(c.entries); n > 100 {
		t.Errorf("%d entries, want at most 100", n)
	}
}

func TestTruncatedGoesToTCP(t *testing.T) {
	big := zone(t, `big.test. 60 IN TXT "`+strings.Repeat("x", 250)+`"`)
	s := serve(t, func(network string, q dns.Question, reply *dns.Msg) *dns.Msg {
		if network == "udp" {
			reply.Truncated = true
			return reply
		}
		return big(network, q, reply)
	})
	r := newResolver(t, Options{Servers: []string{s.addr}})
	got, err := r.LookupTXT(context.Background(), "big.test")
	if err != nil || len(got) != 1 || len(got[0]) != 250 {
		t.Errorf("got %v, %v", got, err)
	}
	if s.asked("udp") != 1 || s.asked("tcp") != 1 {
		t.Errorf("asked %v", s.counts)
	}
}

// TestBadServers puts a server that misbehaves alone, and then before a good one.
func TestBadServers(t *testing.T) {
	good := serve(t, zone(t, `a.test. 60 IN TXT "good"`))
	record := zone(t, `a.test. 60 IN TXT "bad"`)
	for _, tt := range []struct {
		label  string
		handle func(string, dns.Question, *dns.Msg) *dns.Msg
		alone  string
	}{
		{"SERVFAIL", func(_ string, _ dns.Question, reply *dns.Msg) *dns.Msg {
			reply.Rcode = dns.RcodeServerFailure
			return reply
		}, "temporary"},
		{"REFUSED", func(_ string, _ dns.Question, reply *dns.Msg) *dns.Msg {
			reply.Rcode = dns.RcodeRefused
			return reply
		}, "temporary"},
		{"silence", func(string, dns.Question, *dns.Msg) *dns.Msg { return nil }, "timeout"},
		{"another id", func(n string, q dns.Question, reply *dns.Msg) *dns.Msg {
			reply.Id++
			return record(n, q, reply)
		}, "timeout"},
		{"another question", func(n string, q dns.Question, reply *dns.Msg) *dns.Msg {
			reply.Question[0].Name = "b.test."
			return record(n, q, reply)
		}, "temporary"},
		{"truncated over TCP too", func(_ string, _ dns.Question, reply *dns.Msg) *dns.Msg {
			reply.Truncated = true
			return reply
		}, "temporary"},
	} {
		t.Run(tt.label, func(t *testing.T) {
			bad := serve(t, tt.handle)
			o := Options{Servers: []string{bad.addr}, Timeout: 100 * time.Millisecond, Attempts: 1}
			_, err := newResolver(t, o).LookupTXT(context.Background(), "a.test")
			if kind(err) != tt.alone {
				t.Errorf("alone: %v is %q, want %q", err, kind(err), tt.alone)
			}
			o.Servers = append(o.Servers, good.addr)
			got, err := newResolver(t, o).LookupTXT(context.Background(), "a.test")
			if err != nil || !slices.Equal(got, []string{"good"}) {
				t.Errorf("before a good one: %v, %v", got, err)
			}
		})
	}
}

func TestUnrelatedRecordsAreIgnored(t *testing.T) {
	s := serve(t, zone(t, `a.test. 60 IN TXT "mine"`))
	q, _ := question("a.test", dns.TypeTXT)
	m := new(dns.Msg)
	m.SetQuestion(q.Name, q.Qtype)
	m.Response = true
	for _, line := range []string{`b.test. 60 IN TXT "foreign"`, `a.test. 60 CH TXT "other class"`, `a.test. 60 IN A 192.0.2.1`} {
		rr, err := dns.NewRR(line)
		if err != nil {
			t.Fatal(err)
		}
		m.Answer = append(m.Answer, rr)
	}
	if a, err := read(m, q); err != nil || len(a.records) != 0 {
		t.Errorf("read %v, %v from %s", a, err, s.addr)
	}
}

func TestRetryAfterFailure(t *testing.T) {
	var mu sync.Mutex
	failed := false
	record := zone(t, `a.test. 60 IN TXT "x"`)
	s := serve(t, func(n string, q dns.Question, reply *dns.Msg) *dns.Msg {
		mu.Lock()
		defer mu.Unlock()
		if !failed {
			failed = true
			reply.Rcode = dns.RcodeServerFailure
			return reply
		}
		return record(n, q, reply)
	})
	r := newResolver(t, Options{Servers: []string{s.addr}})
	if got, err := r.LookupTXT(context.Background(), "a.test"); err != nil || len(got) != 1 {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestEqualQuestionsShareAFlight(t *testing.T) {
	arrived, release := make(chan struct{}, 100), make(chan struct{})
	record := zone(t, `a.test. 60 IN TXT "x"`)
	s := serve(t, func(n string, q dns.Question, reply *dns.Msg) *dns.Msg {
		arrived <- struct{}{}
		<-release
		return record(n, q, reply)
	})
	r := newResolver(t, Options{Servers: []string{s.addr}})
	first, cancel := context.WithCancel(context.Background())
	gone := make(chan error)
	go func() {
		_, err := r.LookupTXT(first, "a.test")
		gone <- err
	}()
	<-arrived
	results := make(chan error, 10)
	for range 10 {
		go func() {
			_, err := r.LookupTXT(context.Background(), "A.test")
			results <- err
		}()
	}
	cancel() // the one that started the flight leaves; the others are served all the same
	if err := <-gone; kind(err) != "temporary" || !errors.Is(err, context.Canceled) {
		t.Errorf("the cancelled caller got %v", err)
	}
	close(release)
	for range 10 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	if n := s.asked("udp"); n != 1 {
		t.Errorf("asked %d times, want once", n)
	}
}

func TestCallersDeadline(t *testing.T) {
	s := serve(t, func(string, dns.Question, *dns.Msg) *dns.Msg { return nil })
	r := newResolver(t, Options{Servers: []string{s.addr}, Timeout: 200 * time.Millisecond, Attempts: 1})
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if _, err := r.LookupTXT(ctx, "a.test"); kind(err) != "timeout" {
		t.Errorf("%v is %q, want a timeout", err, kind(err))
	}
}

func TestBudget(t *testing.T) {
	s := serve(t, zone(t, `a.test. 60 IN A 192.0.2.1`))
	r := newResolver(t, Options{Servers: []string{s.addr}})
	ctx := WithBudget(context.Background(), 4)
	for i := range 2 { // two families each
		if _, err := r.LookupIPAddr(ctx, "a.test"); err != nil {
			t.Fatalf("look-up %d: %v", i, err)
		}
	}
	if _, err := r.LookupIPAddr(ctx, "a.test"); kind(err) != "permanent" || !errors.Is(err, ErrBudget) {
		t.Errorf("beyond the budget: %v", err)
	}
	if _, err := r.LookupIPAddr(context.Background(), "a.test"); err != nil {
		t.Errorf("without a budget: %v", err)
	}
}

func TestNew(t *testing.T) {
	for _, tt := range []struct {
		server, want string
	}{
		{"192.0.2.1", "192.0.2.1:53"},
		{"192.0.2.1:5353", "192.0.2.1:5353"},
		{"2001:db8::1", "[2001:db8::1]:53"},
		{"[2001:db8::1]", "[2001:db8::1]:53"},
		{"[2001:db8::1]:5353", "[2001:db8::1]:5353"},
		{"dns.example.org", ""},
	} {
		got, err := serverAddr(tt.server)
		if got != tt.want || (err != nil) != (tt.want == "") {
			t.Errorf("%s: %q, %v, want %q", tt.server, got, err, tt.want)
		}
	}
	if _, err := New(Options{Servers: []string{"nonsense"}}); err == nil {
		t.Error("a server without an address was taken")
	}
}

// FuzzRead gives the reader of answers hostile messages: what it takes is about the question, and kept no longer than
// the records allow.
func FuzzRead(f *testing.F) {
	q, _ := question("a.test", dns.TypeTXT)
	for _, lines := range [][]string{
		{`a.test. 60 IN TXT "x"`},
		{`a.test. 60 IN CNAME b.test.`, `b.test. 5 IN TXT "x"`},
		{`a.test. 60 IN CNAME a.test.`},
	} {
		m := new(dns.Msg)
		m.SetQuestion(q.Name, q.Qtype)
		m.Response = true
		for _, line := range lines {
			rr, err := dns.NewRR(line)
			if err != nil {
				f.Fatal(err)
			}
			m.Answer = append(m.Answer, rr)
		}
		wire, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(wire)
	}
	f.Fuzz(func(t *testing.T, wire []byte) {
		m := new(dns.Msg)
		if m.Unpack(wire) != nil {
			return
		}
		a, err := read(m, q)
		if err != nil && len(a.records) > 0 {
			t.Errorf("records together with error %v", err)
		}
		for _, rr := range a.records {
			if rr.Header().Rrtype != q.Qtype {
				t.Errorf("a record of another type: %v", rr)
			}
			if a.ttl > time.Duration(rr.Header().Ttl)*time.Second {
				t.Errorf("kept for %v: %v", a.ttl, rr)
			}
		}
	})
}

// FuzzName takes any octets for a name: what becomes a question reads back as the same octets.
func FuzzName(f *testing.F) {
	for _, s := range []string{"a.test", "odd name.test", `back\slash.test`, "nul\x00.test", "å.test", ".", "0..", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		q, ok := question(name, dns.TypeTXT)
		if !ok {
			return
		}
		if got := unescapeName(q.Name); strings.TrimSuffix(got, ".") != strings.TrimSuffix(name, ".") {
			t.Errorf("%q became %q", name, got)
		}
	})
}
