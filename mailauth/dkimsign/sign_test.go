package dkimsign_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"

	"smartmail/mailauth"
	"smartmail/mailauth/dkimsign"
	"smartmail/mailauth/verdict"
)

var at = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

const letter = "From: Förvaltning <svar@arende.example.org>\r\nTo: anna@example.com\r\nSubject: Droppande\r\n kran\r\n" +
	"Date: Tue, 24 Nov 2026 12:00:00 +0000\r\nMessage-ID: <1@arende.example.org>\r\nMIME-Version: 1.0\r\n" +
	"Content-Type: text/plain; charset=utf-8\r\n\r\nVi kommer  i morgon. \r\n\r\nHälsningar\r\n\r\n\r\n"

// newKey makes a key and gives it in a PKCS #8 file.
func newKey(t testing.TB, kind string) []byte {
	t.Helper()
	var private any
	var err error
	switch kind {
	case "rsa":
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	case "ed25519":
		_, private, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func mustKey(t testing.TB, selector, kind string) dkimsign.Key {
	t.Helper()
	k, err := dkimsign.ParseKey("Arende.Example.org", selector, newKey(t, kind))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// records is a DNS with TXT records alone.
type records map[string]string

func (r records) LookupTXT(_ context.Context, name string) ([]string, error) {
	if txt, ok := r[name]; ok {
		return []string{txt}, nil
	}
	return nil, &net.DNSError{Err: "no such name", Name: name, IsNotFound: true}
}

func (r records) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	return nil, &net.DNSError{Err: "no such name", Name: name, IsNotFound: true}
}

func (r records) LookupIPAddr(_ context.Context, name string) ([]net.IPAddr, error) {
	return nil, &net.DNSError{Err: "no such name", Name: name, IsNotFound: true}
}

func (r records) LookupAddr(_ context.Context, name string) ([]string, error) {
	return nil, &net.DNSError{Err: "no such name", Name: name, IsNotFound: true}
}

// TestBothKeysHold signs with both kinds side by side, and lets our verifier and that of go-msgauth read it.
func TestBothKeysHold(t *testing.T) {
	r, e := mustKey(t, "s1", "rsa"), mustKey(t, "s2", "ed25519")
	dns := records{r.Name(): r.Record(), e.Name(): e.Record(), "_dmarc.arende.example.org": "v=DMARC1; p=reject; adkim=s"}
	s, err := dkimsign.New(func() time.Time { return at }, r, e)
	if err != nil {
		t.Fatal(err)
	}
	for label, text := range map[string]string{
		"letter":     letter,
		"empty body": strings.SplitAfter(letter, "\r\n\r\n")[0],
		"big body":   letter + strings.Repeat("En rad till.\r\n", 100_000),
		"two of a field, folded": "Received: from a\r\nX-A: b\r\nTo: x@example.com,\r\n\ty@example.com\r\nReferences: <a@b>\r\n" +
			"To: z@example.com\r\n" + letter,
	} {
		fields, err := s.Sign(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		again, err := s.Sign(strings.NewReader(text))
		if err != nil || !bytes.Equal(fields, again) {
			t.Errorf("%s: the same mail was signed in two ways: %v", label, err)
		}
		for line := range strings.SplitSeq(string(fields), "\r\n") {
			if len(line) > 78 {
				t.Errorf("%s: a line of %d characters: %s", label, len(line), line)
			}
		}
		whole := append(fields, text...)
		v, err := mailauth.New(mailauth.Options{Resolver: dns}).Check(t.Context(), mailauth.Input{Raw: bytes.NewReader(whole)})
		if err != nil || !v.Aligned() || len(v.DKIM) != 2 || v.DKIM[0].Result != verdict.Pass || v.DKIM[1].Result != verdict.Pass {
			t.Errorf("%s: %+v, %v", label, v, err)
		}
		other, err := dkim.VerifyWithOptions(bytes.NewReader(whole), &dkim.VerifyOptions{
			LookupTXT: func(name string) ([]string, error) { return dns.LookupTXT(t.Context(), name) },
		})
		if err != nil || len(other) != 2 || other[0].Err != nil || other[1].Err != nil {
			t.Errorf("%s: go-msgauth says %+v, %v", label, other, err)
		}
	}
}

// TestNothingCanBeAdded puts a second field on top of a signed mail, and changes one.
func TestNothingCanBeAdded(t *testing.T) {
	k := mustKey(t, "s", "ed25519")
	s, err := dkimsign.New(nil, k)
	if err != nil {
		t.Fatal(err)
	}
	fields, err := s.Sign(strings.NewReader(letter))
	if err != nil {
		t.Fatal(err)
	}
	whole := string(fields) + letter
	c := mailauth.New(mailauth.Options{Resolver: records{k.Name(): k.Record()}})
	for text, want := range map[string]string{
		whole:                                                  verdict.Pass,
		"Received: from x\r\n" + whole:                         verdict.Pass,
		"From: x@evil.example\r\n" + whole:                     verdict.Fail,
		"Subject: x\r\n" + whole:                               verdict.Fail,
		"To: x@example.com\r\n" + whole:                        verdict.Fail,
		"Reply-To: x@evil.example\r\n" + whole:                 verdict.Fail,
		"Content-Type: text/html\r\n" + whole:                  verdict.Fail,
		strings.Replace(whole, "anna@", "bo@", 1):              verdict.Fail,
		strings.Replace(whole, "Vi kommer", "Vi kommer ej", 1): verdict.Fail,
		whole + "Mer.\r\n":                                     verdict.Fail,
	} {
		v, err := c.Check(t.Context(), mailauth.Input{Raw: strings.NewReader(text)})
		if err != nil || len(v.DKIM) != 1 || v.DKIM[0].Result != want {
			t.Errorf("%.40q: %+v, %v, want %s", text, v.DKIM, err, want)
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	good := newKey(t, "ed25519")
	weak := weakKey(t)
	for label, f := range map[string]func() error{
		"no keys":      func() error { _, err := dkimsign.New(nil); return err },
		"twice":        func() error { k := mustKey(t, "s", "ed25519"); _, err := dkimsign.New(nil, k, k); return err },
		"no PEM":       func() error { _, err := dkimsign.ParseKey("a.example", "s", []byte("x")); return err },
		"weak":         func() error { _, err := dkimsign.ParseKey("a.example", "s", weak); return err },
		"odd selector": func() error { _, err := dkimsign.ParseKey("a.example", "s; d=b.example", good); return err },
		"odd domain":   func() error { _, err := dkimsign.ParseKey("a..example", "s", good); return err },
		"not PKCS #8": func() error {
			_, err := dkimsign.ParseKey("a.example", "s", bytes.ReplaceAll(good, []byte("PRIVATE"), []byte("EC PRIVATE")))
			return err
		},
	} {
		if f() == nil {
			t.Errorf("%s: taken", label)
		}
	}
	s, err := dkimsign.New(nil, mustKey(t, "s", "ed25519"))
	if err != nil {
		t.Fatal(err)
	}
	for label, text := range map[string]string{
		"no From":            "To: a@b\r\n\r\nx",
		"two From":           "From: a@b\r\nFrom: a@b\r\n\r\nx",
		"no end":             "From: a@b\r\n",
		"bare LF":            "From: a@b\nTo: c@d\r\n\r\nx",
		"no colon":           "From: a@b\r\nnonsense\r\n\r\nx",
		"begins in a folded": " a\r\nFrom: a@b\r\n\r\nx",
		"too big":            "From: a@b\r\nX: " + strings.Repeat("y", 300<<10) + "\r\n\r\nx",
		"empty":              "",
	} {
		if _, err := s.Sign(strings.NewReader(text)); !errors.Is(err, dkimsign.ErrHeader) {
			t.Errorf("%s: %v", label, err)
		}
	}
}

// weakKey is an RSA key of 768 bits, which the standard library makes only when asked to.
func weakKey(t *testing.T) []byte {
	t.Helper()
	t.Setenv("GODEBUG", "rsa1024min=0")
	private, err := rsa.GenerateKey(rand.Reader, 768)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// FuzzSign signs any mail: what can be signed is verified.
func FuzzSign(f *testing.F) {
	k := mustKey(f, "s", "ed25519")
	s, err := dkimsign.New(nil, k)
	if err != nil {
		f.Fatal(err)
	}
	c := mailauth.New(mailauth.Options{Resolver: records{k.Name(): k.Record()}})
	for _, seed := range []string{letter, "From: a@b\r\n\r\n", "From : a@b\r\n\tc\r\nto: x\r\nTo: y\r\n\r\n \t\r\n x  y \r\r\n\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		fields, err := s.Sign(bytes.NewReader(text))
		if err != nil {
			if !errors.Is(err, dkimsign.ErrHeader) {
				t.Fatal(err)
			}
			return
		}
		v, err := c.Check(t.Context(), mailauth.Input{Raw: bytes.NewReader(append(fields, text...))})
		if err != nil || len(v.DKIM) == 0 || v.DKIM[0].Result != verdict.Pass {
			t.Errorf("%q is signed and does not hold: %+v, %v", text, v.DKIM, err)
		}
	})
}
