package dnsresolve

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
)

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

func TestDeadServerIsAskedOnce(t *testing.T) {
	dead := serve(t, func(string, dns.Question, *dns.Msg) *dns.Msg { return nil })
	good := serve(t, zone(t, `a.test. 60 IN TXT "x"`))
	r := newResolver(t, Options{Servers: []string{dead.addr, good.addr}, Timeout: 100 * time.Millisecond})
	for range 3 {
		if _, err := r.LookupTXT(context.Background(), "a.test"); err != nil {
			t.Fatal(err)
		}
		if _, err := r.LookupMX(context.Background(), "a.test"); kind(err) != "not found" {
			t.Fatal(err)
		}
	}
	if n := dead.asked("udp"); n != 1 {
		t.Errorf("the dead server was asked %d times", n)
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
