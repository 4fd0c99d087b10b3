package peers

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"smartmail/dnsresolve"
	"smartmail/mailauth"
	"smartmail/mailauth/dkimsign"
	"smartmail/mailauth/verdict"
	"smartmail/testrig"
)

const (
	signingDomain = "arende.example.org"
	signedLetter  = "From: Förvaltning <svar@arende.example.org>\r\nTo: Anna <anna@example.com>,\r\n\tbo@example.com\r\n" +
		"Subject: Droppande kran\r\nDate: Tue, 24 Nov 2026 12:00:00 +0000\r\nMessage-ID: <1@arende.example.org>\r\n\r\n" +
		"Vi kommer  i morgon. \r\n\r\n\tHälsningar\r\n\r\n\r\n"
)

// openDKIM is the milter in its test mode, in which it reads one mail and says what it would do: once with its keys in
// a file in the place of the DNS, once with a private key.
type openDKIM struct {
	t                *testing.T
	dir, kind        string
	key              dkimsign.Key
	keyFile, records string
}

// newOpenDKIM makes a key of a kind and publishes it.
func newOpenDKIM(t *testing.T, kind string) *openDKIM {
	t.Helper()
	need(t, "opendkim", "opendkim")
	var private any
	var err error
	if kind == "rsa" {
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	} else {
		_, private, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	file := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	o := &openDKIM{t: t, dir: t.TempDir(), kind: kind}
	if o.key, err = dkimsign.ParseKey(signingDomain, kind, file); err != nil {
		t.Fatal(err)
	}
	o.keyFile = o.write("key.pem", string(file))
	o.records = o.write("records", o.key.Name()+" "+o.key.Record()+"\n")
	return o
}

func (o *openDKIM) write(name, text string) string {
	o.t.Helper()
	path := filepath.Join(o.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		o.t.Fatal(err)
	}
	return path
}

// run shows a mail to opendkim and returns what it prints.
func (o *openDKIM) run(mail, conf string) string {
	o.t.Helper()
	cmd := exec.CommandContext(within(o.t, 20*time.Second), "opendkim",
		"-x", o.write("conf", "Syslog no\nRequireSafeKeys no\n"+conf), "-vv", "-t", o.write("mail", mail))
	out, err := cmd.CombinedOutput()
	if err != nil {
		o.t.Fatalf("opendkim: %v\n%s", err, out)
	}
	return string(out)
}

// verify reports whether opendkim finds the mail well signed with the key.
func (o *openDKIM) verify(mail string) (good bool, said string) {
	o.t.Helper()
	said = o.run(mail, "Mode v\nTestDNSData file:"+o.records+"\n")
	return strings.Contains(said, "dkim=pass") && strings.Contains(said, "header.a="+o.kind+"-sha256") &&
		strings.Contains(said, "verification (s="+o.kind+", d="+signingDomain) && strings.Contains(said, "succeeded"), said
}

var inserted = regexp.MustCompile(`(?s)hname='DKIM-Signature' hvalue='([^']*)'`)

// sign lets opendkim sign the mail, in the canonical forms given.
func (o *openDKIM) sign(mail, forms string) string {
	o.t.Helper()
	said := o.run(mail, fmt.Sprintf("Mode s\nDomain %s\nSelector %s\nKeyFile %s\nSignatureAlgorithm %s-sha256\nCanonicalization %s\nOversignHeaders From\n",
		signingDomain, o.kind, o.keyFile, o.kind, forms))
	m := inserted.FindStringSubmatch(said)
	if m == nil {
		o.t.Fatalf("opendkim signs nothing:\n%s", said)
	}
	return "DKIM-Signature: " + strings.ReplaceAll(m[1], "\n", "\r\n") + "\r\n" + mail
}

// TestOpenDKIM lets opendkim verify what we sign, and us what it signs, with both kinds of keys. Ours are looked up in a
// real zone.
func TestOpenDKIM(t *testing.T) {
	for _, kind := range []string{"rsa", "ed25519"} {
		t.Run(kind, func(t *testing.T) {
			o := newOpenDKIM(t, kind)
			t.Run("it verifies ours", func(t *testing.T) { o.verifiesOurs(t) })
			t.Run("we verify its", func(t *testing.T) { o.isVerified(t) })
		})
	}
}

func (o *openDKIM) verifiesOurs(t *testing.T) {
	signer, err := dkimsign.New(nil, o.key)
	if err != nil {
		t.Fatal(err)
	}
	mails := composed(t)
	mails["letter"], mails["empty body"] = signedLetter, strings.SplitAfter(signedLetter, "\r\n\r\n")[0]
	mails["long body"] = signedLetter + strings.Repeat("En rad  till. \r\n", 5000)
	for label, text := range mails {
		fields, err := signer.Sign(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if good, said := o.verify(string(fields) + text); !good {
			t.Errorf("%s:\n%s", label, said)
		}
		if good, said := o.verify(strings.Replace(string(fields)+text, "Subject: ", "Subject: x", 1)); good {
			t.Errorf("%s: it takes a changed mail for good:\n%s", label, said)
		}
	}
}

func (o *openDKIM) isVerified(t *testing.T) {
	zone, err := testrig.NewZone(txtRecord(o.key.Name(), o.key.Record()), txtRecord("_dmarc."+signingDomain, "v=DMARC1; p=reject"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := zone.Close(); err != nil {
			t.Error(err)
		}
	}()
	resolver, err := dnsresolve.New(dnsresolve.Options{Servers: []string{zone.Addr}})
	if err != nil {
		t.Fatal(err)
	}
	checker := mailauth.New(mailauth.Options{Resolver: resolver})
	for _, forms := range []string{"relaxed/relaxed", "relaxed/simple", "simple/relaxed", "simple/simple"} {
		text := o.sign(signedLetter, forms)
		mail := []byte(text)
		want := verdict.DKIM{Result: verdict.Pass, Domain: signingDomain, Selector: o.kind}
		v, err := checker.Check(t.Context(), mailauth.Input{Raw: bytes.NewReader(mail)})
		if broken := o.kind == "ed25519" && strings.HasPrefix(forms, "simple/"); broken {
			// OpenDKIM 2.11 signs something else than the simple form of a header with Ed25519: its own verifier does not
			// take it for good either, nor do others. When this is mended, the test tells.
			if good, said := o.verify(text); good || err != nil || v.Aligned() {
				t.Errorf("%s: it says %v, we say %+v, %v\n%s", forms, good, v, err, said)
			}
			continue
		}
		if err != nil || len(v.DKIM) != 1 || v.DKIM[0] != want || !v.Aligned() {
			t.Errorf("%s: %+v, %v\n%s", forms, v, err, mail)
		}
		v, err = checker.Check(t.Context(), mailauth.Input{Raw: bytes.NewReader(append(mail, "Mer.\r\n"...))})
		if err != nil || v.Aligned() {
			t.Errorf("%s: a changed mail: %+v, %v", forms, v, err)
		}
	}
}

// txtRecord is a line of a zone file; a string of a TXT record holds 255 octets.
func txtRecord(name, text string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s. 300 IN TXT", name)
	for len(text) > 0 {
		n := min(len(text), 255)
		fmt.Fprintf(&b, " %q", text[:n])
		text = text[n:]
	}
	return b.String()
}
