package mailauth

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"smartmail/dnsresolve"
	"smartmail/mailauth/verdict"
)

func TestSPFSyntax(t *testing.T) {
	for terms, want := range map[string]bool{
		"":                                    true,
		"-all":                                true,
		"+a -MX ~ptr ?all":                    true,
		"a:example.com/24//64 mx//64 a/0":     true,
		"ip4:192.0.2.0/24 ip6:2001:db8::/32":  true,
		"include:_spf.example.com -all":       true,
		"exists:%{ir}.%{v}._spf.%{d2}":        true,
		"a:%{d}.example.com. redirect=x.test": true,
		"moo.cow-far_out=man:dog/cat -all":    true,
		"exp=explain._spf.%{d}":               true,
		"  -all  ":                            true,
		"all:x":                               false,
		"all/8":                               false,
		"include":                             false,
		"include:":                            false,
		"exists:example":                      false,
		"a:example.123":                       false,
		"a:example.-com":                      false,
		"a/33":                                false,
		"a//129":                              false,
		"a/024":                               false,
		"a//":                                 false,
		"ip4:192.0.2":                         false,
		"ip4:192.0.2.1/032":                   false,
		"ip4:2001:db8::1":                     false,
		"ip6:192.0.2.1":                       false,
		"ip6:fe80::1%eth0":                    false,
		"ptr:":                                false,
		"-all redirect=":                      false,
		"redirect=a.test redirect=b.test":     false,
		"exp=a.test exp=b.test":               false,
		"redirect:a.test":                     false,
		"-redirect=a.test":                    false,
		"a:%{x}.test":                         false,
		"a:%.test":                            false,
		"a:a.test\tb":                         false,
		"a:ä.test":                            false,
		"nonsense":                            false,
		"++all":                               false,
	} {
		if _, got := parseSPF(terms); got != want {
			t.Errorf("%q: %v, want %v", terms, got, want)
		}
	}
}

func TestSPFSender(t *testing.T) {
	for _, tt := range []struct{ reverse, helo, want string }{
		{"a@example.com", "h.test", "a@example.com"},
		{"a@EXAMPLE.com.", "h.test", "a@example.com"},
		{"@example.com", "h.test", "postmaster@example.com"},
		{"", "mail.h.test", "postmaster@mail.h.test"},
		{"", "localhost", ""},
		{"", "[192.0.2.1]", ""},
		{"a", "h.test", ""},
		{"a@exämple.com", "h.test", "a@xn--exmple-cua.com"},
		{"@one.test,@two.test:a@example.com", "h.test", "a@example.com"},
		{"a@one.test'@example.com", "h.test", ""},
		{"\"a@b\"@example.com", "h.test", ""},
		{"a@" + strings.Repeat("abcdefg.", 40) + "com", "h.test", ""},
	} {
		local, domain, ok := spfSender(tt.reverse, tt.helo)
		got := ""
		if ok {
			got = local + "@" + domain
		}
		if got != tt.want {
			t.Errorf("%q, %q: got %q, want %q", tt.reverse, tt.helo, got, tt.want)
		}
	}
}

func TestDMARCRecord(t *testing.T) {
	for _, tt := range []struct {
		txt  string
		want *record
	}{
		{"v=DMARC1; p=reject", &record{policy: "reject", subPolicy: "reject", percent: 100}},
		{"v=DMARC1;p=Reject;sp=NONE;adkim=s;aspf=S;pct=20", &record{policy: "reject", subPolicy: "none", strictDKIM: true, strictSPF: true, percent: 20}},
		{"v=DMARC1; p=none; bogus; rf=x; ri=0; fo=z; pct=900", &record{policy: "none", subPolicy: "none", percent: 100, broken: true}},
		{"v=DMARC1; p=none; p=reject", &record{policy: "none", subPolicy: "none", percent: 100}},
		{"v=DMARC1; p=strict; rua=mailto:a@example.com", &record{policy: "none", subPolicy: "none", percent: 100}},
		{"v=DMARC1; p=reject; sp=x; rua=mailto:a@example.com", &record{policy: "none", subPolicy: "none", percent: 100}},
		{"v=DMARC1; rua=a@example.com", nil},
		{"v=DMARC1", nil},
	} {
		if diff := cmp.Diff(tt.want, parseRecord(tt.txt), cmp.AllowUnexported(record{})); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.txt, diff)
		}
	}
	for txt, want := range map[string]bool{
		"v=DMARC1": true, "v = DMARC1 ; p=none": true, "v=DMARC1;": true,
		"v=DMARC2; p=none": false, "V=DMARC1; p=none": false, "p=none; v=DMARC1": false, "v=dmarc1": false, "": false,
	} {
		if got := isDMARC(txt); got != want {
			t.Errorf("%q: %v, want %v", txt, got, want)
		}
	}
}

func TestAlignment(t *testing.T) {
	for _, tt := range []struct {
		from, identifier string
		relaxed, strict  bool
	}{
		{"example.com", "example.com", true, true},
		{"example.com", "EXAMPLE.com", true, true},
		{"example.com", "mail.example.com", true, false},
		{"mail.example.com", "example.com", true, false},
		{"a.example.co.uk", "b.example.co.uk", true, false},
		{"example.co.uk", "other.co.uk", false, false},
		{"example.com", "notexample.com", false, false},
		{"example.com", "com", false, false},
		{"alice.github.io", "bob.github.io", false, false},
		{"xn--exmple-cua.com", "exämple.com", true, true},
		{"legitimate.com", "legitimate.com'a.attack.com", false, false},
		{"example.com", "example.com\x00.attack.com", false, false},
		{"example.com", "", false, false},
	} {
		if r, s := aligned(tt.from, tt.identifier, false), aligned(tt.from, tt.identifier, true); r != tt.relaxed || s != tt.strict {
			t.Errorf("%s and %q: relaxed %v, strict %v", tt.from, tt.identifier, r, s)
		}
	}
}

func TestLongRecordIsNotEvaluated(t *testing.T) {
	z := newZone()
	z.txt["example.com"] = []string{"v=spf1 " + strings.Repeat("ip4:192.0.2.1 ", 2000) + "+all"}
	got := New(Options{Resolver: z}).spf(t.Context(), Input{Client: client, ReversePath: "a@example.com"})
	if got.Result != verdict.Permerror {
		t.Errorf("got %+v", got)
	}
}

// TestLookupBudget has a domain whose SPF record leads to 220 look-ups, over real DNS.
func TestLookupBudget(t *testing.T) {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int64
	ready, done := make(chan struct{}), make(chan error, 1)
	server := &dns.Server{PacketConn: pc, NotifyStartedFunc: func() { close(ready) }, Handler: dns.HandlerFunc(
		func(w dns.ResponseWriter, m *dns.Msg) {
			asked.Add(1)
			reply := new(dns.Msg).SetReply(m)
			q := m.Question[0]
			var lines []string
			switch q.Qtype {
			case dns.TypeTXT:
				var terms []string
				for i := range 10 {
					terms = append(terms, fmt.Sprintf("mx:m%d.test", i))
				}
				lines = []string{q.Name + ` 60 IN TXT "v=spf1 ` + strings.Join(terms, " ") + ` -all"`}
			case dns.TypeMX:
				for i := range 10 {
					lines = append(lines, fmt.Sprintf("%s 60 IN MX 10 h%d.%s", q.Name, i, q.Name))
				}
			case dns.TypeA:
				lines = []string{q.Name + " 60 IN A 192.0.2.1"}
			}
			for _, line := range lines {
				rr, err := dns.NewRR(line)
				if err != nil {
					t.Error(err)
				}
				reply.Answer = append(reply.Answer, rr)
			}
			if err := w.WriteMsg(reply); err != nil {
				t.Error(err)
			}
		})}
	go func() { done <- server.ActivateAndServe() }()
	<-ready
	t.Cleanup(func() {
		if err := server.Shutdown(); err != nil {
			t.Error(err)
		}
		<-done
	})
	resolver, err := dnsresolve.New(dnsresolve.Options{Servers: []string{pc.LocalAddr().String()}})
	if err != nil {
		t.Fatal(err)
	}
	v, err := New(Options{Resolver: resolver}).Check(t.Context(), Input{
		Client: netip.MustParseAddr("2001:db8::1"), ReversePath: "a@bomb.test", Raw: rawMail(plainMail),
	})
	if err != nil || v.SPF.Result != verdict.Permerror {
		t.Errorf("got %+v, %v", v.SPF, err)
	}
	if n := asked.Load(); n > maxLookups {
		t.Errorf("asked %d times", n)
	}
}

// FuzzRecords reads any record as each of the kinds: what is taken keeps to its kind's words.
func FuzzRecords(f *testing.F) {
	for _, s := range []string{"v=spf1 a:%{d}.test/24//64 -all", "v=DMARC1; p=none; pct=5", "v=DKIM1; k=rsa; p=AA==", "a=b;;c",
		"v=DKIM1; k=ed25519; t=y:s; p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "i=1; x; dmarc=pass (y) header.from=a.test"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, txt string) {
		terms, isSPF := cutSPF(txt)
		if _, ok := parseSPF(terms); ok && isSPF && strings.ContainsFunc(terms, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("well-formed with odd octets: %q", txt)
		}
		if r := parseRecord(txt); r != nil && (!isPolicy(r.policy) || !isPolicy(r.subPolicy) || r.percent < 0 || r.percent > 100) {
			t.Errorf("%q gives %+v", txt, r)
		}
		if result, _ := sealedDMARC(txt); strings.ContainsAny(result, " ;(\"") {
			t.Errorf("%q has the result %q", txt, result)
		}
		for _, kind := range []string{"rsa", "ed25519"} {
			if key, problem := parseKey(txt, kind); problem == "" && (key.rsa == nil) == (key.ed25519 == nil) {
				t.Errorf("%q is a key of no kind or of two", txt)
			}
		}
		if tags, err := parseTags(txt); err == nil {
			for name := range tags {
				if !isTagName(name) {
					t.Errorf("%q has a tag %q", txt, name)
				}
			}
		}
	})
}
