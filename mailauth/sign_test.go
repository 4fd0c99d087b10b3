package mailauth

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"
)

// signer signs for domains and publishes its keys in a zone.
type signer struct {
	zone    *zone
	rsa     *rsa.PrivateKey
	ed25519 ed25519.PrivateKey
}

// testKeys are made once: an RSA key takes a while.
var testKeys = sync.OnceValues(func() (*signer, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	return &signer{rsa: key, ed25519: ed}, err
})

func newSigner(t testing.TB, z *zone) *signer {
	t.Helper()
	keys, err := testKeys()
	if err != nil {
		t.Fatal(err)
	}
	return &signer{zone: z, rsa: keys.rsa, ed25519: keys.ed25519}
}

// signing tells how to sign.
type signing struct {
	domain   string
	selector string // "ed..." signs with Ed25519
	expires  time.Time
	keep     bool // leave the DNS as it is
}

// sign puts a signature on top of the mail.
func (s *signer) sign(t testing.TB, text []byte, o signing) []byte {
	t.Helper()
	if o.selector == "" {
		o.selector = "rsa"
	}
	var key crypto.Signer = s.rsa
	der, err := x509.MarshalPKIXPublicKey(s.rsa.Public())
	record := "v=DKIM1; p="
	if strings.HasPrefix(o.selector, "ed") {
		key, der, record = s.ed25519, s.ed25519.Public().(ed25519.PublicKey), "v=DKIM1; k=ed25519; p="
	}
	if err != nil {
		t.Fatal(err)
	}
	if !o.keep {
		s.zone.txt[o.selector+"._domainkey."+o.domain] = []string{record + base64.StdEncoding.EncodeToString(der)}
	}
	var out bytes.Buffer
	options := &dkim.SignOptions{
		Domain: o.domain, Selector: o.selector, Signer: key, Expiration: o.expires,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
		HeaderKeys: []string{"From", "Subject", "To"},
	}
	if err := dkim.Sign(&out, bytes.NewReader(text), options); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

const plainMail = "From: Anna <anna@example.com>\r\nTo: b@example.net\r\nSubject: Hello\r\n\r\nHello.\r\n"
