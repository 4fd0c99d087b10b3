package dnsresolve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
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
