package mailauth

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"smartmail/mailauth/verdict"
)

// TestMacros has the examples of RFC 7208 section 7.4, and what they leave out.
func TestMacros(t *testing.T) {
	z := newZone()
	z.ptr["192.0.2.3"] = []string{"elsewhere.test.", "mx.example.org."}
	z.ip["mx.example.org"] = []string{"192.0.2.3"}
	z.ip["elsewhere.test"] = []string{"192.0.2.4"}
	four, six := netip.MustParseAddr("192.0.2.3"), netip.MustParseAddr("2001:db8::cb01")
	const domain = "email.example.com"
	for _, tt := range []struct {
		spec   string
		client netip.Addr
		want   string
	}{
		{"%{s}", four, "strong-bad@email.example.com"},
		{"%{o}", four, "email.example.com"},
		{"%{d4}", four, "email.example.com"},
		{"%{d2}", four, "example.com"},
		{"%{d1}", four, "com"},
		{"%{dr}", four, "com.example.email"},
		{"%{d2r}", four, "example.email"},
		{"%{l}", four, "strong-bad"},
		{"%{l-}", four, "strong.bad"},
		{"%{lr}", four, "strong-bad"},
		{"%{lr-}", four, "bad.strong"},
		{"%{l1r-}", four, "strong"},
		{"%{ir}.%{v}._spf.%{d2}", four, "3.2.0.192.in-addr._spf.example.com"},
		{"%{lr-}.lp._spf.%{d2}", four, "bad.strong.lp._spf.example.com"},
		{"%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", four, "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"},
		{"%{d2}.trusted-domains.example.net", four, "example.com.trusted-domains.example.net"},
		{"%{ir}.%{v}._spf.%{d2}", six, "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com"},
		{"%{h}.x.test", four, "Mail.Example.net.x.test"},
		{"%{S}", four, "strong-bad%40email.example.com"},
		{"a%%b%_c%-d.test.", four, "a%b c%20d.test"},
		{"%{p}.x.test", four, "mx.example.org.x.test"},
		{"%{p}.x.test", six, "unknown.x.test"},
		{"%{d999999999999999999999}", four, "email.example.com"},
		{strings.Repeat("abcdefghi.", 30) + "test", four, strings.Repeat("abcdefghi.", 24) + "test"},
		{"", four, "email.example.com"},
	} {
		if tt.spec != "" && !isMacroString(tt.spec) {
			t.Errorf("%s: not by the grammar", tt.spec)
		}
		e := spfEval{dns: guard{z}, client: tt.client, helo: "Mail.Example.net", local: "strong-bad", sender: domain}
		if got, ok := e.expand(t.Context(), tt.spec, domain); got != tt.want || !ok {
			t.Errorf("%s: %q, %v, want %q", tt.spec, got, ok, tt.want)
		}
	}
	e := spfEval{local: "björn", sender: domain}
	if _, ok := e.expand(t.Context(), "%{L}.x.test", domain); ok {
		t.Error("a local part that is not ASCII names something")
	}
	for _, spec := range []string{"%{d0}.x.test", "%{c}.x.test", "%{t}.x.test", "%{R}.x.test", "%{d", "%{dx}.x.test", "%", "%d.x.test"} {
		if isDomainSpec(spec) {
			t.Errorf("%s passes the grammar", spec)
		}
	}
}

// TestSPFRules is about results that records of others, limits and failures bring about.
func TestSPFRules(t *testing.T) {
	for _, tt := range []struct {
		label, record string
		change        func(*zone)
		from          string
		want          string
	}{
		{"include passes", "v=spf1 include:other.net -all", nil, "", verdict.Pass},
		{"include fails: go on", "v=spf1 include:no.test ~all", func(z *zone) { z.txt["no.test"] = []string{"v=spf1 -all"} }, "", verdict.Softfail},
		{"include of nothing", "v=spf1 include:void.test -all", nil, "", verdict.Permerror},
		{"include, DNS down", "v=spf1 include:down.test -all", func(z *zone) { z.down["down.test"] = true }, "", verdict.Temperror},
		{"a match before a DNS failure", "v=spf1 +all include:down.test", func(z *zone) { z.down["down.test"] = true }, "", verdict.Pass},
		{"redirect", "v=spf1 redirect=other.net", nil, "", verdict.Pass},
		{"redirect behind all", "v=spf1 -all redirect=other.net", nil, "", verdict.Fail},
		{"redirect to nothing", "v=spf1 redirect=void.test", nil, "", verdict.Permerror},
		{"redirect to itself", "v=spf1 redirect=example.com", nil, "", verdict.Permerror},
		{"exp is not asked for", "v=spf1 -all exp=down.test", func(z *zone) { z.down["down.test"] = true }, "", verdict.Fail},
		{"two records", "", func(z *zone) { z.txt["example.com"] = []string{"v=spf1 +all", "v=spf1 -all"} }, "", verdict.Permerror},
		{"another record beside", "", func(z *zone) { z.txt["example.com"] = []string{"\xffjunk", "V=SPF1 +all", "v=spf10 -all"} }, "", verdict.Pass},
		{"none", "", func(z *zone) { z.txt["example.com"] = []string{"v=spf10 +all"} }, "", verdict.None},
		{"an empty one", "v=spf1", nil, "", verdict.Neutral},
		{"octets beyond ASCII", "v=spf1 a:\xc3\xa4.test +all", nil, "", verdict.Permerror},
		{"three names that are not", "v=spf1 a:x.test a:y.test a:z.test +all", nil, "", verdict.Permerror},
		{"two names that are not", "v=spf1 a:x.test a:y.test +all", nil, "", verdict.Pass},
		{"eleven terms", "v=spf1" + strings.Repeat(" a:mail.test", 11) + " +all", func(z *zone) { z.ip["mail.test"] = []string{"203.0.113.1"} }, "", verdict.Permerror},
		{"ten terms", "v=spf1" + strings.Repeat(" a:mail.test", 10) + " +all", func(z *zone) { z.ip["mail.test"] = []string{"203.0.113.1"} }, "", verdict.Pass},
		{"the tenth MX host", "v=spf1 mx -all", hosts(10), "", verdict.Pass},
		{"the eleventh MX host", "v=spf1 mx +all", hosts(11), "", verdict.Permerror},
		{"a null MX", "v=spf1 mx -all", func(z *zone) { z.mx["example.com"] = []*net.MX{{Host: "."}} }, "", verdict.Fail},
		{"the client by name", "v=spf1 ptr -all", func(z *zone) {
			z.ptr["198.51.100.7"] = []string{"MX.Example.com."}
			z.ip["mx.example.com"] = []string{"198.51.100.7"}
		}, "", verdict.Pass},
		{"a name that does not lead back", "v=spf1 ptr -all", func(z *zone) { z.ptr["198.51.100.7"] = []string{"mx.example.com."} }, "", verdict.Fail},
		{"a network", "v=spf1 a:mail.test/24 -all", func(z *zone) { z.ip["mail.test"] = []string{"198.51.100.200"} }, "", verdict.Pass},
		{"a network of the other family", "v=spf1 a:mail.test//0 -all", func(z *zone) { z.ip["mail.test"] = []string{"2001:db8::1"} }, "", verdict.Fail},
		{"an IPv4 network in IPv6", "v=spf1 ip6:::ffff:198.51.100.0/120 -all", nil, "", verdict.Pass},
		{"any IPv6 network", "v=spf1 ip6:::/0 -all", nil, "", verdict.Fail},
		{"a local part that is not ASCII", "v=spf1 exists:%{l}.x.test -all", func(z *zone) { z.ip["björn.x.test"] = []string{"127.0.0.2"} }, "björn@example.com", verdict.Fail},
		{"no local part", "v=spf1 exists:%{l}.x.test -all", func(z *zone) { z.ip["postmaster.x.test"] = []string{"127.0.0.2"} }, "@example.com", verdict.Pass},
		{"an over-long label", "", nil, "a@" + strings.Repeat("a", 64) + ".example.com", verdict.None},
		{"an empty label", "", nil, "a@a..example.com", verdict.None},
	} {
		t.Run(tt.label, func(t *testing.T) {
			z := exampleZone()
			z.txt["example.com"] = []string{tt.record}
			if tt.change != nil {
				tt.change(z)
			}
			if tt.from == "" {
				tt.from = "a@example.com"
			}
			got := New(Options{Resolver: z}).spf(t.Context(), Input{Client: client, Helo: "h.test", ReversePath: tt.from})
			if got.Result != tt.want {
				t.Errorf("got %+v, want %s", got, tt.want)
			}
		})
	}
}

// hosts gives example.com n mail hosts, of which the last is the client.
func hosts(n int) func(*zone) {
	return func(z *zone) {
		for i := range n {
			name := fmt.Sprintf("mx%d.test", i)
			z.mx["example.com"] = append(z.mx["example.com"], &net.MX{Host: name, Pref: uint16(i)})
			z.ip[name] = []string{fmt.Sprintf("203.0.113.%d", i)}
			if i == n-1 {
				z.ip[name] = []string{client.String()}
			}
		}
	}
}

// TestBothIdentities checks that HELO is recorded beside MAIL FROM and decides nothing.
func TestBothIdentities(t *testing.T) {
	z := exampleZone()
	z.txt["mail.other.net"] = []string{"v=spf1 -all"}
	c := New(Options{Resolver: z})
	for _, tt := range []struct {
		in         Input
		spf, helo  verdict.SPF
		authResult string
	}{
		{Input{Client: client, Helo: "mail.other.net", ReversePath: "a@example.com"},
			verdict.SPF{Result: "pass", Domain: "example.com", Identity: "mailfrom"},
			verdict.SPF{Result: "fail", Domain: "mail.other.net", Identity: "helo"},
			"spf=pass smtp.mailfrom=example.com; spf=fail smtp.helo=mail.other.net; "},
		{Input{Client: client, Helo: "mail.other.net"},
			verdict.SPF{Result: "fail", Domain: "mail.other.net", Identity: "helo"},
			verdict.SPF{Result: "fail", Domain: "mail.other.net", Identity: "helo"},
			"x; spf=fail smtp.helo=mail.other.net; dkim"},
		{Input{Client: client, Helo: "[192.0.2.1]", ReversePath: "a@example.com"},
			verdict.SPF{Result: "pass", Domain: "example.com", Identity: "mailfrom"},
			verdict.SPF{Result: "none", Identity: "helo"},
			"spf=pass smtp.mailfrom=example.com; dkim"},
	} {
		tt.in.Raw = rawMail(plainMail)
		v, err := c.Check(t.Context(), tt.in)
		if err != nil || v.SPF != tt.spf || v.SPFHelo != tt.helo {
			t.Errorf("%+v: %+v and %+v, %v", tt.in, v.SPF, v.SPFHelo, err)
		}
		if line := AuthenticationResults("x", v); !strings.Contains(line, tt.authResult) {
			t.Errorf("%+v: %s", tt.in, line)
		}
	}
}

// spender counts all questions, and answers every one about names with the record under test.
type spender struct {
	record string
	asked  int
}

func (s *spender) LookupTXT(context.Context, string) ([]string, error) {
	s.asked++
	return []string{s.record}, nil
}

func (s *spender) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	s.asked++
	return slices.Repeat([]*net.MX{{Host: "mx." + name}}, 20), nil
}

func (s *spender) LookupIPAddr(context.Context, string) ([]net.IPAddr, error) {
	s.asked++
	return []net.IPAddr{{IP: net.IPv4(203, 0, 113, 1)}}, nil
}

func (s *spender) LookupAddr(context.Context, string) ([]string, error) {
	s.asked++
	return slices.Repeat([]string{"host.test."}, 20), nil
}

// FuzzSPF evaluates any record that leads to itself for any sender: the result is a word of SPF, within its limits.
func FuzzSPF(f *testing.F) {
	for _, r := range []string{
		"v=spf1 mx mx:%{p}.test ptr exists:%{ir}.%{l1r+-}.%{v}.test/ -all", "v=spf1 include:%{d} redirect=%{o2}.test", "v=spf1 a/0 ip6:::ffff:1.2.3.4/99 +all",
	} {
		f.Add(r, "strong-bad@email.example.com", "helo.test")
	}
	words := []string{verdict.None, verdict.Neutral, verdict.Pass, verdict.Fail, verdict.Softfail, verdict.Permerror}
	f.Fuzz(func(t *testing.T, record, from, helo string) {
		s := &spender{record: record}
		got := New(Options{Resolver: s}).spf(t.Context(), Input{Client: client, Helo: helo, ReversePath: from})
		if !slices.Contains(words, got.Result) {
			t.Errorf("%q", got.Result)
		}
		if most := 1 + maxSPFTerms*(1+maxSPFNames) + 1 + maxSPFNames; s.asked > most {
			t.Errorf("asked %d times, at most %d", s.asked, most)
		}
	})
}
