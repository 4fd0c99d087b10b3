package dnsresolve

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/miekg/dns"
)

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
