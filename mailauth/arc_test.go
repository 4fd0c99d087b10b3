package mailauth

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"smartmail/mailauth/canon"
	"smartmail/mailauth/verdict"
)

// forward does what a forwarder does: it adds a set on top of the mail.
func (s *signer) forward(t *testing.T, text []byte, i int, domain string) []byte {
	t.Helper()
	s.sign(t, []byte(plainMail), signing{domain: domain}) // publishes the key
	h := mustHeader(t, string(text))
	sum := sha256.New()
	body := &canon.Body{W: sum, Relaxed: true}
	if _, err := body.Write(text[h.body:]); err != nil {
		t.Fatal(err)
	}
	if err := body.Close(); err != nil {
		t.Fatal(err)
	}
	make := func(text string) field { name, _, _ := strings.Cut(text, ":"); return field{name, text} }
	set := arcSet{results: make(fmt.Sprintf("ARC-Authentication-Results: i=%d; %s; dmarc=pass header.from=example.com\r\n", i, domain))}
	message := fmt.Sprintf("ARC-Message-Signature: i=%d; a=rsa-sha256; c=relaxed/relaxed; d=%s; s=rsa; h=from:subject:to; bh=%s; b=",
		i, domain, base64.StdEncoding.EncodeToString(sum.Sum(nil)))
	set.message = make(message + "\r\n")
	data := signedData(h, set.message.text, []string{"from", "subject", "to"}, relaxed)
	set.message = make(message + s.raw(t, data) + "\r\n")
	seal := fmt.Sprintf("ARC-Seal: i=%d; a=rsa-sha256; cv=%s; d=%s; s=rsa; b=", i, validation(i), domain)
	set.seal = make(seal + "\r\n")
	before, err := arcSets(h)
	if err != nil {
		t.Fatal(err)
	}
	seal += s.raw(t, sealData(append(before, set))) + "\r\n"
	return append([]byte(seal+set.message.text+set.results.text), text...)
}

// raw signs data with the RSA key.
func (s *signer) raw(t *testing.T, data string) string {
	t.Helper()
	sum := sha256.Sum256([]byte(data))
	sig, err := s.rsa.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(sig)
}

func TestARC(t *testing.T) {
	z := newZone()
	s := newSigner(t, z)
	once := s.forward(t, []byte(plainMail), 1, "list.test")
	twice := s.forward(t, once, 2, "relay.test")
	replace := func(text []byte, old, new string) []byte { return bytes.Replace(text, []byte(old), []byte(new), 1) }
	var long strings.Builder
	for i := range 60 {
		fmt.Fprintf(&long, "ARC-Seal: i=%d; cv=pass\r\nARC-Message-Signature: i=%d\r\nARC-Authentication-Results: i=%d; x\r\n", i+1, i+1, i+1)
	}
	for _, tt := range []struct {
		label string
		text  []byte
		down  string
		want  string
	}{
		{"not forwarded", []byte(plainMail), "", verdict.None},
		{"forwarded", once, "", verdict.Pass},
		{"forwarded twice", twice, "", verdict.Pass},
		{"body changed", replace(twice, "Hello.", "Hellx."), "", verdict.Fail},
		{"subject changed", replace(twice, "Subject: H", "Subject: J"), "", verdict.Fail},
		{"earlier results changed", replace(twice, "i=1; list.test; dmarc=pass", "i=1; list.test; dmarc=fail"), "", verdict.Fail},
		{"first seal gone", replace(twice, "ARC-Seal: i=1", "X-Seal: i=1"), "", verdict.Fail},
		{"a set out of line", replace(twice, "ARC-Seal: i=2", "ARC-Seal: i=3"), "", verdict.Fail},
		{"results alone", append([]byte("ARC-Authentication-Results: i=1; x\r\n"), plainMail...), "", verdict.Fail},
		{"too long a chain", append([]byte(long.String()), plainMail...), "", verdict.Fail},
		{"no key", twice, "rsa._domainkey.relay.test", verdict.Fail},
	} {
		t.Run(tt.label, func(t *testing.T) {
			z.down = map[string]bool{tt.down: true}
			v, err := New(Options{Resolver: z}).Check(t.Context(), Input{Raw: bytes.NewReader(tt.text)})
			if err != nil || v.ARC != tt.want {
				t.Errorf("got %s, %v, want %s", v.ARC, err, tt.want)
			}
		})
	}
}

// TestSealed checks what is known of the forwarders, and when a failed look-up leaves it open.
func TestSealed(t *testing.T) {
	z := exampleZone()
	s := newSigner(t, z)
	twice := s.forward(t, s.forward(t, []byte(plainMail), 1, "list.test"), 2, "relay.test")
	check := func(down string) verdict.Verdict {
		z.down = map[string]bool{down: true}
		v, err := New(Options{Resolver: z}).Check(t.Context(), Input{Client: client, ReversePath: "x@list.test", Raw: bytes.NewReader(twice)})
		if err != nil || v.DMARC.Result != verdict.Fail {
			t.Fatalf("%+v, %v", v, err)
		}
		return v
	}
	v := check("")
	want := verdict.Chain{Seals: []verdict.Seal{
		{Domain: "list.test", DMARC: "pass", From: "example.com"}, {Domain: "relay.test", DMARC: "pass", From: "example.com"},
	}}
	if diff := cmp.Diff(want, v.Chain); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, tt := range []struct {
		trusted []string
		want    string
	}{{[]string{"relay.test"}, "relay.test"}, {[]string{"list.test"}, ""}, {nil, ""}} {
		if got, ok := v.ForwardedBy(tt.trusted); got != tt.want || ok != (tt.want != "") {
			t.Errorf("trusting %v: %q, %v", tt.trusted, got, ok)
		}
	}
	v = check("rsa._domainkey.list.test")
	if _, ok := v.ForwardedBy([]string{"relay.test"}); ok || v.ARC != verdict.Fail || !v.ForwardUndecided([]string{"relay.test"}) {
		t.Errorf("a key could not be looked up: %+v", v)
	}
}

func TestSealedDMARC(t *testing.T) {
	for _, tt := range []struct{ value, result, from string }{
		{" i=1; mx.google.com; dkim=pass header.i=@a.test; spf=pass (google.com: x) smtp.mailfrom=a.test;\r\n dmarc=pass (p=REJECT dis=NONE) header.from=a.test", "pass", "a.test"},
		{" i=2; mx.test 1; spf=pass smtp.mailfrom=a.test; dmarc = pass action=none header.from = A.test; dkim=none", "pass", "a.test"},
		{"i=1; mx.test; dmarc/1=fail header.from=a.test", "fail", "a.test"},
		{"i=1; mx.test; DMARC=PASS Header.From=exämple.test", "pass", "xn--exmple-cua.test"},
		{"i=1; mx.test; spf=pass (dmarc=pass header.from=a.test)", "", ""},
		{"i=1; mx.test; spf=pass reason=\"x; dmarc=pass header.from=a.test\"", "", ""},
		{"i=1; mx.test; spf=pass (\\); dmarc=pass header.from=a.test", "", ""},
		{"i=1; mx.test; spf=none ((nested) ; dmarc=pass header.from=a.test)", "", ""},
		{"i=1; mx.test; dmarc=fail header.from=a.test; dmarc=pass header.from=a.test", "", ""},
		{"i=1; mx.test; dmarc=pass", "pass", ""},
		{"i=1; mx.test; dmarc=pass header.from=\"a.test\"", "pass", ""},
		{"i=1", "", ""},
		{"", "", ""},
	} {
		if result, from := sealedDMARC(tt.value); result != tt.result || from != tt.from {
			t.Errorf("%q: %q, %q", tt.value, result, from)
		}
	}
}
