package mailauth

import (
	"bytes"
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartmail/fault"
	"smartmail/mailauth/verdict"
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
		{label: "unusable From", from: "a@example.com, b@example.com", spf: "pass", dmarc: "permerror"},

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
			spf: "temperror", dmarc: "permerror"},
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

// TestAltered changes a signed mail in ways that no signature may survive, and in ways that it must.
func TestAltered(t *testing.T) {
	z := exampleZone()
	text := newSigner(t, z).sign(t, []byte(plainMail), signing{domain: "example.com"})
	replace := func(old, new string) []byte { return bytes.Replace(text, []byte(old), []byte(new), 1) }
	lines := strings.Repeat("X: y\r\n", 100_000)
	for _, tt := range []struct {
		label string
		text  []byte
		want  string // DKIM result; empty: no signature read
		dmarc string
	}{
		{"as signed", text, "pass", "pass"},
		{"bare LF throughout", bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), "pass", "pass"},
		{"trace header on top", append([]byte("Received: from x\r\n"), text...), "pass", "pass"},
		{"body changed", replace("Hello.", "Hellx."), "fail", "fail"},
		{"body appended", append(bytes.Clone(text), "More.\r\n"...), "fail", "fail"},
		{"body cut", replace("Hello.\r\n", ""), "fail", "fail"},
		{"subject changed", replace("Subject: Hello", "Subject: Hollo"), "fail", "fail"},
		{"second From on top", append([]byte("From: c@example.com\r\n"), text...), "pass", "permerror"},
		{"l= added", replace("DKIM-Signature: ", "DKIM-Signature: l=8; "), "policy", "fail"},
		{"sha1 claimed", replace("a=rsa-sha256", "a=rsa-sha1"), "permerror", "fail"},
		{"no tags", replace("DKIM-Signature: a=", "DKIM-Signature: nonsense a="), "permerror", "fail"},
		{"too many signed fields", replace("h=", "h="+strings.Repeat("x:", 256)), "permerror", "fail"},
		{"100,000 header lines", append([]byte(lines), text...), "", "permerror"},
		{"a header line of 1 MB", append([]byte("X: "+strings.Repeat("y", 1<<20)+"\r\n"), text...), "", "permerror"},
		{"a field of 1 MB in short lines", append([]byte("X: y\r\n"+strings.Repeat(" y\r\n", 1<<18)), text...), "", "permerror"},
		{"header without end", bytes.SplitAfter(text, []byte("Subject: Hello\r\n"))[0], "fail", "fail"},
		{"cut in a header line", bytes.SplitAfter(text, []byte("Subject: He"))[0], "fail", "fail"},
	} {
		t.Run(tt.label, func(t *testing.T) {
			start := time.Now()
			v, err := New(Options{Resolver: z}).Check(t.Context(), Input{Raw: bytes.NewReader(tt.text)})
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if len(v.DKIM) > 0 {
				got = v.DKIM[0].Result
			}
			if got != tt.want || v.DMARC.Result != tt.dmarc {
				t.Errorf("got %q and %q, want %q and %q: %+v", got, v.DMARC.Result, tt.want, tt.dmarc, v)
			}
			if got != "pass" && got != "" && v.DKIM[0].Reason == "" {
				t.Errorf("no reason: %+v", v.DKIM[0])
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestEmptyBodyWithoutSeparator(t *testing.T) {
	z := exampleZone()
	text := newSigner(t, z).sign(t, []byte("From: a@example.com\r\n\r\n"), signing{domain: "example.com"})
	v, err := New(Options{Resolver: z}).Check(t.Context(), Input{Raw: bytes.NewReader(bytes.TrimSuffix(text, []byte("\r\n")))})
	if err != nil || !v.Aligned() {
		t.Errorf("got %+v, %v", v, err)
	}
}

func TestManySignatures(t *testing.T) {
	z := exampleZone()
	s := newSigner(t, z)
	text := []byte(plainMail)
	for range 12 {
		text = s.sign(t, text, signing{domain: "example.com", selector: "ed"})
	}
	v, err := New(Options{Resolver: z}).Check(t.Context(), Input{Raw: bytes.NewReader(text)})
	if err != nil || len(v.DKIM) != 10 {
		t.Fatalf("%d signatures, want 10: %v", len(v.DKIM), err)
	}
	for _, d := range v.DKIM {
		if want := (verdict.DKIM{Result: "pass", Domain: "example.com", Selector: "ed"}); d != want {
			t.Errorf("got %+v", d)
		}
	}
}

// spool is raw mail that fails behind an offset, and counts what is read behind the header.
type spool struct {
	*bytes.Reader
	fails int64
}

var errDisk = errors.New("disk trouble")

func (s spool) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > s.fails {
		return 0, errDisk
	}
	return s.Reader.ReadAt(p, off)
}

func TestUnreadableMail(t *testing.T) {
	z := exampleZone()
	big := plainMail + strings.Repeat("More.\r\n", 100_000)
	text := newSigner(t, z).sign(t, []byte(big), signing{domain: "example.com"})
	c := New(Options{Resolver: z})
	for _, tt := range []struct {
		label string
		raw   spool
		want  error
	}{
		{"header", spool{bytes.NewReader(text), 0}, errDisk},
		{"body", spool{bytes.NewReader(text), maxHeaderBytes + 1}, errDisk},
		{"a body that nobody signed is not read", spool{bytes.NewReader([]byte(big)), maxHeaderBytes + 1}, nil},
	} {
		t.Run(tt.label, func(t *testing.T) {
			v, err := c.Check(t.Context(), Input{Raw: tt.raw})
			if !errors.Is(err, tt.want) || err != nil && !fault.Is(err, fault.Ours) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
			if v.Aligned() {
				t.Errorf("aligned: %+v", v)
			}
		})
	}
}

// stuck is a resolver that answers to nothing but the context's end.
type stuck struct{ Resolver }

func (stuck) LookupTXT(ctx context.Context, _ string) ([]string, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestTimeBudget(t *testing.T) {
	z := exampleZone()
	text := newSigner(t, z).sign(t, []byte(plainMail), signing{domain: "example.com"})
	c := New(Options{Resolver: stuck{z}, Timeout: 20 * time.Millisecond})
	v, err := c.Check(t.Context(), Input{Client: client, ReversePath: "x@example.com", Raw: bytes.NewReader(text)})
	if !fault.Is(err, fault.Ours) || v.DMARC.Result != verdict.Temperror || v.SPF.Result != verdict.Temperror {
		t.Errorf("got %+v, %v", v, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h := mustHeader(t, string(text))
	got := New(Options{Resolver: z}).dkim(ctx, &signed{header: h, raw: bytes.NewReader(text)})
	if len(got) != 1 || got[0].Result != verdict.Temperror {
		t.Errorf("a body that was not read: %+v", got)
	}
}

// FuzzCheck gives any octets to a checker whose DNS is empty: nothing passes, and nothing is an error.
func FuzzCheck(f *testing.F) {
	z := newZone()
	s := newSigner(f, newZone())
	f.Add(s.sign(f, []byte(plainMail), signing{domain: "example.com", selector: "ed"}))
	f.Add([]byte(plainMail))
	f.Add([]byte("DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=x; h=from; bh=; b=\nFrom: a@example.com"))
	f.Add([]byte("ARC-Seal: i=1; cv=none; a=rsa-sha256; d=x.test; s=s; b=\r\nARC-Message-Signature: i=1\r\n" +
		"ARC-Authentication-Results: i=1; x\r\n\r\n"))
	c := New(Options{Resolver: z})
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := c.Check(t.Context(), Input{
			Client: client, Helo: string(text), ReversePath: "a@example.com", Raw: bytes.NewReader(text),
		})
		if err != nil || v.Aligned() || v.SPF.Result == verdict.Pass || v.ARC == verdict.Pass {
			t.Errorf("got %+v, %v", v, err)
		}
		for _, d := range v.DKIM {
			if d.Result == verdict.Pass {
				t.Errorf("a signature without a key passed: %+v", d)
			}
		}
		if line := AuthenticationResults("mx.example.org", v); strings.ContainsAny(line, "\r\n\x00") {
			t.Errorf("an explanation of more than a line: %q", line)
		}
	})
}
