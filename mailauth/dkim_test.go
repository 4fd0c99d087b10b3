package mailauth

import (
	"bytes"
	"context"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"math/big"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"smartmail/mailauth/canon"
	"smartmail/mailauth/verdict"
)

// handSigned signs plainMail with tags of the test's choosing, for what no signing library does.
func (s *signer) handSigned(t *testing.T, tags string, limit int) []byte {
	t.Helper()
	h := mustHeader(t, plainMail)
	sum := sha256.New()
	body := &canon.Body{W: &bodyHash{sum, limit >= 0, int64(limit)}, Relaxed: true}
	if _, err := body.Write([]byte(plainMail)[h.body:]); err != nil {
		t.Fatal(err)
	}
	if err := body.Close(); err != nil {
		t.Fatal(err)
	}
	f := fmt.Sprintf("DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; s=rsa; h=from:subject:to; %s; bh=%s; b=",
		tags, base64.StdEncoding.EncodeToString(sum.Sum(nil)))
	data := signedData(h, f+"\r\n", []string{"from", "subject", "to"}, relaxed)
	return []byte(f + s.raw(t, data) + "\r\n" + plainMail)
}

// TestFlagsAndLimits is about signatures that hold and yet have a catch.
func TestFlagsAndLimits(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for _, tt := range []struct {
		label, tags string
		limit       int
		flags       string // of the key record
		appended    string
		want        string
		aligned     bool
	}{
		{"plain", "d=example.com", -1, "", "", "pass", true},
		{"i= under the domain", "d=example.com; i=a@mail.example.com", -1, "", "", "pass", true},
		{"i= of another domain", "d=example.com; i=a@example.net", -1, "", "", "permerror", false},
		{"i= without an @", "d=example.com; i=example.com", -1, "", "", "permerror", false},
		{"l= with text appended", "d=example.com; l=4", 4, "", "More.\r\n", "pass", false},
		{"l= over all of it", "d=example.com; l=8", 8, "", "", "pass", false},
		{"l= of nothing", "d=example.com; l=0", 0, "", "", "pass", false},
		{"l= over more than there is", "d=example.com; l=9", -1, "", "", "fail", false},
		{"l= no number", "d=example.com; l=-1", -1, "", "", "permerror", false},
		{"t=y", "d=example.com", -1, "t=y;", "", "pass", false},
		{"t=y among others", "d=example.com", -1, "t=x : y;", "", "pass", false},
		{"t=s, the domain itself", "d=example.com; i=@example.com", -1, "t=s;", "", "pass", true},
		{"t=s, under it", "d=example.com; i=@mail.example.com", -1, "t=s;", "", "permerror", false},
		{"unknown flag", "d=example.com", -1, "t=q;", "", "pass", true},
		{"key for any service", "d=example.com", -1, "s=*;", "", "pass", true},
		{"key for another service", "d=example.com", -1, "s=tlsrpt;", "", "permerror", false},
		{"key for SHA-256 too", "d=example.com", -1, "h=sha1:sha256;", "", "pass", true},
		{"key for SHA-1 alone", "d=example.com", -1, "h=sha1;", "", "permerror", false},
		{"expires later", "d=example.com; t=1799999999; x=1800000001", -1, "", "", "pass", true},
		{"expires now", "d=example.com; x=1800000000", -1, "", "", "pass", true},
		{"expired", "d=example.com; x=1799999999", -1, "", "", "permerror", false},
		{"expires before it was made", "d=example.com; t=1900000000; x=1850000000", -1, "", "", "permerror", false},
		{"odd time", "d=example.com; t=now", -1, "", "", "permerror", false},
		{"from a clock ahead", "d=example.com; t=1800000600", -1, "", "", "pass", true},
		{"key by DNS", "d=example.com; q=dns/txt", -1, "", "", "pass", true},
		{"key by other means", "d=example.com; q=http", -1, "", "", "permerror", false},
		{"unknown tag", "d=example.com; z=From:x; foo=bar", -1, "", "", "pass", true},
		{"a tag twice", "d=example.com; d=example.com", -1, "", "", "permerror", false},
	} {
		t.Run(tt.label, func(t *testing.T) {
			z := exampleZone()
			s := newSigner(t, z)
			s.sign(t, []byte(plainMail), signing{domain: "example.com"}) // publishes the key
			key := z.txt["rsa._domainkey.example.com"]
			key[0] = strings.Replace(key[0], "v=DKIM1; ", "v=DKIM1; "+tt.flags, 1)
			text := append(s.handSigned(t, tt.tags, tt.limit), tt.appended...)
			c := New(Options{Resolver: z, Now: func() time.Time { return now }})
			v, err := c.Check(t.Context(), Input{Raw: bytes.NewReader(text)})
			if err != nil || len(v.DKIM) != 1 {
				t.Fatalf("%+v, %v", v, err)
			}
			d := v.DKIM[0]
			if d.Result != tt.want || v.Aligned() != tt.aligned || (d.Result == "pass" && !tt.aligned) != d.Discounted {
				t.Errorf("got %+v, aligned %v", d, v.Aligned())
			}
			if !tt.aligned && d.Reason == "" {
				t.Error("no reason")
			}
		})
	}
}

func TestKeys(t *testing.T) {
	wrap := func(bits int, e int) string {
		n := new(big.Int).SetBit(big.NewInt(1), bits-1, 1)
		der, err := x509.MarshalPKIXPublicKey(&rsa.PublicKey{N: n, E: e})
		if err != nil {
			t.Fatal(err)
		}
		return "p=" + base64.StdEncoding.EncodeToString(der)
	}
	ed := "k=ed25519; p=" + base64.StdEncoding.EncodeToString(make([]byte, 32))
	none := "no key for signature"
	for _, tt := range []struct {
		label string
		txts  []string
		kind  string
		want  string // why there is none; empty: there is
	}{
		{"RSA of 1,024 bits", []string{wrap(1024, 65537)}, "rsa", ""},
		{"RSA of 1,023 bits", []string{wrap(1023, 65537)}, "rsa", "the key is too weak"},
		{"RSA of 8,192 bits", []string{wrap(8192, 65537)}, "rsa", ""},
		{"RSA of 8,193 bits", []string{wrap(8193, 65537)}, "rsa", "the key is too big"},
		{"a huge exponent", []string{wrap(2048, 1<<31+1)}, "rsa", "the key is too big"},
		{"Ed25519", []string{"v=DKIM1; " + ed}, "ed25519", ""},
		{"Ed25519 of a wrong length", []string{"k=ed25519; p=AAAA"}, "ed25519", "the key can't be read"},
		{"of the other kind", []string{ed}, "rsa", "the key is for another algorithm"},
		{"RSA of two", []string{ed, wrap(2048, 3)}, "rsa", ""},
		{"Ed25519 of two", []string{ed, wrap(2048, 3)}, "ed25519", ""},
		{"two of a kind", []string{ed, ed}, "ed25519", "several keys under one selector"},
		{"junk beside", []string{"hello", wrap(2048, 3)}, "rsa", ""},
		{"revoked", []string{"v=DKIM1; p="}, "rsa", "the key is revoked"},
		{"no key in it", []string{"v=DKIM1"}, "rsa", "the key record can't be read"},
		{"of another version", []string{"v=DKIM2; " + ed}, "ed25519", "the key record can't be read"},
		{"no base64", []string{"p=*"}, "rsa", "the key record can't be read"},
		{"no key", []string{"p=AAAA"}, "rsa", "the key can't be read"},
		{"too long", []string{"p=" + strings.Repeat("A", maxKeyBytes)}, "rsa", "the key is too long"},
		{"no record", nil, "rsa", none},
	} {
		_, err := pickKey(tt.txts, tt.kind)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.label, got, tt.want)
		}
	}
}

// counting counts the questions for keys.
type counting struct {
	*zone
	keys atomic.Int64
}

func (c *counting) LookupTXT(ctx context.Context, name string) ([]string, error) {
	if strings.Contains(name, "_domainkey") {
		c.keys.Add(1)
	}
	return c.zone.LookupTXT(ctx, name)
}

// TestCheapRefusals counts what signatures cost: a key that many name is fetched once, and none for a wrong body.
func TestCheapRefusals(t *testing.T) {
	z := exampleZone()
	s := newSigner(t, z)
	text := []byte(plainMail)
	for range 9 {
		text = s.sign(t, text, signing{domain: "example.com"})
	}
	for label, tt := range map[string]struct {
		text  []byte
		asked int64
		want  string
	}{
		"nine signatures":     {text, 1, verdict.Pass},
		"another body":        {append(bytes.Clone(text), "More.\r\n"...), 0, verdict.Fail},
		"signature and seals": {s.forward(t, s.forward(t, s.sign(t, []byte(plainMail), signing{domain: "list.test"}), 1, "list.test"), 2, "list.test"), 1, verdict.Pass},
	} {
		c := &counting{zone: z}
		v, err := New(Options{Resolver: c}).Check(t.Context(), Input{Raw: bytes.NewReader(tt.text)})
		if err != nil || v.DKIM[0].Result != tt.want || c.keys.Load() != tt.asked {
			t.Errorf("%s: %d keys asked for, want %d: %+v, %v", label, c.keys.Load(), tt.asked, v.DKIM, err)
		}
	}
}

var _ Resolver = (*net.Resolver)(nil)
