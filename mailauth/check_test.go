package mailauth

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartmail/fault"
)

var client = netip.MustParseAddr("198.51.100.7")

// exampleZone has a domain that wants failing mail refused and lets only 198.51.100.7 send.
func exampleZone() *zone {
	z := newZone()
	z.txt["example.com"] = []string{"v=spf1 ip4:198.51.100.7 -all"}
	z.txt["_dmarc.example.com"] = []string{"v=DMARC1; p=reject; sp=quarantine"}
	z.txt["other.net"] = []string{"v=spf1 ip4:198.51.100.7 -all"}
	return z
}

// TestVerdict is the table of what decides: which results align, and which failed look-ups the verdict hangs on.
func TestVerdict(t *testing.T) {
	elsewhere := netip.MustParseAddr("203.0.113.9")
	for _, tt := range []struct {
		label  string
		change func(*zone)
		sign   []signing
		from   string // From header; default Anna's
		in     Input  // client, HELO and reverse-path; default: SPF passes for example.com
		spf    string
		dkim   []string
		dmarc  string
		policy string
		temp   bool // an error of kind fault.Ours
	}{
		{label: "SPF alone", spf: "pass", dmarc: "pass", policy: "reject"},
		{label: "SPF by HELO for the null reverse-path", in: Input{Client: client, Helo: "mail.example.com"},
			change: func(z *zone) { z.txt["mail.example.com"] = z.txt["example.com"] },
			spf:    "pass", dmarc: "pass", policy: "reject"},
		{label: "SPF of another domain", in: Input{Client: client, ReversePath: "x@other.net"},
			spf: "pass", dmarc: "fail", policy: "reject"},
		{label: "DKIM alone, RSA", in: Input{Client: elsewhere, ReversePath: "x@example.com"}, sign: []signing{{domain: "example.com"}},
			spf: "fail", dkim: []string{"pass"}, dmarc: "pass", policy: "reject"},
		{label: "DKIM alone, Ed25519", in: Input{Client: elsewhere, ReversePath: "x@example.com"},
			sign: []signing{{domain: "example.com", selector: "ed"}},
			spf:  "fail", dkim: []string{"pass"}, dmarc: "pass", policy: "reject"},
		{label: "DKIM of a subdomain", in: Input{Client: elsewhere, ReversePath: "x@other.net"}, sign: []signing{{domain: "mail.example.com"}},
			spf: "fail", dkim: []string{"pass"}, dmarc: "pass", policy: "reject"},
		{label: "DKIM of a subdomain, strict", change: func(z *zone) { z.txt["_dmarc.example.com"] = []string{"v=DMARC1; p=reject; adkim=s"} },
			in: Input{Client: elsewhere, ReversePath: "x@other.net"}, sign: []signing{{domain: "mail.example.com"}},
			spf: "fail", dkim: []string{"pass"}, dmarc: "fail", policy: "reject"},
		{label: "DKIM of another domain", in: Input{Client: client, ReversePath: "x@other.net"}, sign: []signing{{domain: "other.net"}},
			spf: "pass", dkim: []string{"pass"}, dmarc: "fail", policy: "reject"},
		{label: "DKIM of the public suffix", in: Input{Client: client, ReversePath: "x@other.net"}, sign: []signing{{domain: "com"}},
			spf: "pass", dkim: []string{"pass"}, dmarc: "fail", policy: "reject"},
		{label: "one good signature of two", in: Input{Client: client, ReversePath: "x@other.net"},
			sign: []signing{{domain: "example.com"}, {domain: "other.net", selector: "nokey", keep: true}},
			spf:  "pass", dkim: []string{"permerror", "pass"}, dmarc: "pass", policy: "reject"},
		{label: "expired signature", in: Input{Client: client, ReversePath: "x@other.net"},
			sign: []signing{{domain: "example.com", expires: time.Unix(1e9, 0)}},
			spf:  "pass", dkim: []string{"permerror"}, dmarc: "fail", policy: "reject"},
		{label: "an import has no path", in: Input{ReversePath: "x@example.com"}, spf: "none", dmarc: "fail", policy: "reject"},
		{label: "a client on loopback proves nothing", in: Input{Client: netip.MustParseAddr("127.0.0.1"), ReversePath: "x@example.com"},
			spf: "fail", dmarc: "fail", policy: "reject"},
		{label: "IPv4 in IPv6", in: Input{Client: netip.MustParseAddr("::ffff:198.51.100.7"), ReversePath: "x@example.com"},
			spf: "pass", dmarc: "pass", policy: "reject"},
		{label: "subdomain without a record", from: "a@sub.example.com", in: Input{Client: client, ReversePath: "x@other.net"},
			spf: "pass", dmarc: "fail", policy: "quarantine"},
		{label: "no record", from: "a@other.net", in: Input{Client: client, ReversePath: "x@other.net"}, spf: "pass", dmarc: "none"},
		{label: "several records", change: func(z *zone) { z.txt["_dmarc.example.com"] = []string{"v=DMARC1; p=reject", "v=DMARC1; p=none"} },
			spf: "pass", dmarc: "none"},
		{label: "junk beside the record", change: func(z *zone) {
			z.txt["_dmarc.example.com"] = []string{"v=spf1 -all", "v=DMARC1;p=none;;x", "v=DMARC12; p=reject"}
		}, spf: "pass", dmarc: "pass", policy: "none"},
		{label: "international domain", from: "a@exämple.com", in: Input{Client: client, ReversePath: "x@xn--exmple-cua.com"},
			change: func(z *zone) {
				z.txt["xn--exmple-cua.com"] = z.txt["example.com"]
				z.txt["_dmarc.xn--exmple-cua.com"] = z.txt["_dmarc.example.com"]
			}, spf: "pass", dmarc: "pass", policy: "reject"},
		{label: "two addresses of one domain, which sent them", from: "a@example.com, b@example.com", spf: "pass", dmarc: "permerror"},
		{label: "two addresses, one of a domain that did not", from: "a@example.com, b@other.net", in: Input{Client: client, ReversePath: "x@other.net"},
			spf: "pass", dmarc: "fail", policy: "reject"},
		{label: "two addresses, the stricter policy counts", from: "a@sub.example.com, b@example.com", in: Input{Client: elsewhere, ReversePath: "x@other.net"},
			spf: "fail", dmarc: "fail", policy: "reject"},
		{label: "an address in an encoded word", from: "=?utf-8?q?=3Ca=40example=2Ecom=3E=2C?= <x@other.net>", in: Input{Client: client, ReversePath: "x@other.net"},
			spf: "pass", dmarc: "fail", policy: "reject"},
		{label: "a group", from: "us: a@example.com;", in: Input{Client: elsewhere, ReversePath: "x@other.net"},
			spf: "fail", dmarc: "fail", policy: "reject"},
		{label: "the sixth domain is not asked about", from: "a@b1.test, a@b2.test, a@b3.test, a@b4.test, a@b5.test, a@example.com",
			in: Input{Client: elsewhere, ReversePath: "x@other.net"}, spf: "fail", dmarc: "permerror"},
		{label: "unusable From, no policy", from: "a@other.net, b@other.net", in: Input{Client: elsewhere, ReversePath: "x@other.net"},
			spf: "fail", dmarc: "permerror"},

		{label: "no policy known", change: func(z *zone) { z.down["_dmarc.example.com"] = true }, spf: "pass", dmarc: "temperror", temp: true},
		{label: "SPF undecided, nothing else", change: func(z *zone) { z.down["example.com"] = true },
			spf: "temperror", dmarc: "temperror", policy: "reject", temp: true},
		{label: "SPF undecided, DKIM passes", change: func(z *zone) { z.down["example.com"] = true }, sign: []signing{{domain: "example.com"}},
			spf: "temperror", dkim: []string{"pass"}, dmarc: "pass", policy: "reject"},
		{label: "SPF undecided for another domain", change: func(z *zone) { z.down["other.net"] = true },
			in: Input{Client: client, ReversePath: "x@other.net"}, spf: "temperror", dmarc: "fail", policy: "reject"},
		{label: "SPF undecided, no policy", from: "a@other.net", change: func(z *zone) { z.down["other.net"] = true },
			in: Input{Client: client, ReversePath: "x@other.net"}, spf: "temperror", dmarc: "none"},
		{label: "DKIM undecided", change: func(z *zone) { z.down["rsa._domainkey.example.com"] = true },
			in: Input{Client: elsewhere, ReversePath: "x@example.com"}, sign: []signing{{domain: "example.com"}},
			spf: "fail", dkim: []string{"temperror"}, dmarc: "temperror", policy: "reject", temp: true},
		{label: "DKIM undecided, SPF passes", change: func(z *zone) { z.down["rsa._domainkey.example.com"] = true },
			sign: []signing{{domain: "example.com"}}, spf: "pass", dkim: []string{"temperror"}, dmarc: "pass", policy: "reject"},
		{label: "DKIM undecided for another domain", change: func(z *zone) { z.down["rsa._domainkey.other.net"] = true },
			in: Input{Client: elsewhere, ReversePath: "x@example.com"}, sign: []signing{{domain: "other.net"}},
			spf: "fail", dkim: []string{"temperror"}, dmarc: "fail", policy: "reject"},
		{label: "unusable From, all undecided", from: "a@example.com, b@example.com", change: func(z *zone) { z.down["example.com"] = true },
			spf: "temperror", dmarc: "temperror", temp: true},
		{label: "junk in a record that asks for nothing", change: func(z *zone) { z.txt["_dmarc.example.com"] = []string{"v=DMARC1; p=none; bogus"} },
			in: Input{Client: elsewhere, ReversePath: "x@example.com"}, spf: "fail", dmarc: "permerror", policy: "none"},
		{label: "junk in a record that asks for something", change: func(z *zone) { z.txt["_dmarc.example.com"] = []string{"v=DMARC1; p=reject; bogus"} },
			in: Input{Client: elsewhere, ReversePath: "x@example.com"}, spf: "fail", dmarc: "fail", policy: "reject"},
	} {
		t.Run(tt.label, func(t *testing.T) {
			z := exampleZone()
			s := newSigner(t, z)
			text := []byte(plainMail)
			if tt.from != "" {
				text = bytes.Replace(text, []byte("Anna <anna@example.com>"), []byte(tt.from), 1)
			}
			for _, o := range tt.sign {
				text = s.sign(t, text, o)
			}
			if tt.change != nil {
				tt.change(z)
			}
			in := tt.in
			if in == (Input{}) {
				in = Input{Client: client, Helo: "mail.example.com", ReversePath: "x@example.com"}
			}
			in.Raw = bytes.NewReader(text)
			v, err := New(Options{Resolver: z}).Check(t.Context(), in)
			if tt.temp != (err != nil) || err != nil && !fault.Is(err, fault.Ours) {
				t.Errorf("error %v", err)
			}
			var signatures []string
			for _, d := range v.DKIM {
				signatures = append(signatures, d.Result)
			}
			got := []any{v.SPF.Result, signatures, v.DMARC.Result, v.DMARC.Policy}
			if diff := cmp.Diff([]any{tt.spf, tt.dkim, tt.dmarc, tt.policy}, got); diff != "" {
				t.Errorf("SPF, DKIM, DMARC, policy (-want +got):\n%s\n%+v", diff, v)
			}
			if v.Aligned() != (tt.dmarc == "pass") {
				t.Errorf("aligned: %v", v.Aligned())
			}
		})
	}
}

func TestSample(t *testing.T) {
	for _, tt := range []struct {
		record string
		chance int
		want   string
	}{
		{"v=DMARC1; p=reject; pct=0", 0, "quarantine"},
		{"v=DMARC1; p=quarantine; pct=0", 0, "none"},
		{"v=DMARC1; p=reject; pct=30", 29, "reject"},
		{"v=DMARC1; p=reject; pct=30", 30, "quarantine"},
		{"v=DMARC1; p=reject; pct=100", 99, "reject"},
		{"v=DMARC1; p=reject; pct=many", 99, "reject"},
	} {
		z := newZone()
		z.txt["_dmarc.example.com"] = []string{tt.record}
		c := New(Options{Resolver: z, Chance: func() int { return tt.chance }})
		v, err := c.Check(t.Context(), Input{Raw: rawMail(plainMail)})
		if err != nil || v.DMARC.Policy != tt.want {
			t.Errorf("%s at %d: %+v, %v", tt.record, tt.chance, v.DMARC, err)
		}
	}
	c := New(Options{Resolver: newZone()})
	h := mustHeader(t, plainMail)
	if a, b := c.sample(h), c.sample(h); a != b || a < 0 || a > 99 {
		t.Errorf("the same mail drew %d and %d", a, b)
	}
}
