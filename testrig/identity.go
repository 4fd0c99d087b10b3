package testrig

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"

	"smartmail/mailauth/dkimsign"
	"smartmail/message"
)

// Selector of an Identity's DKIM key.
const Selector = "s1"

// Identity is a domain that can prove its mail: SPF for loopback, a DKIM key, and DMARC that asks to reject all else.
type Identity struct {
	Domain  string
	KeyFile string // Ed25519, PKCS#8, as the configuration takes it

	key    dkimsign.Key
	signer *dkimsign.Signer
}

// NewIdentity makes a domain's key and keeps it in the folder.
func NewIdentity(dir, domain string) (*Identity, error) {
	i := &Identity{Domain: domain, KeyFile: filepath.Join(dir, domain+".pem")}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("identity of %s: %w", domain, err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, fmt.Errorf("identity of %s: %w", domain, err)
	}
	file := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err := os.WriteFile(i.KeyFile, file, 0o600); err != nil {
		return nil, fmt.Errorf("identity of %s: %w", domain, err)
	}
	if i.key, err = dkimsign.ParseKey(domain, Selector, file); err != nil {
		return nil, fmt.Errorf("identity of %s: %w", domain, err)
	}
	if i.signer, err = dkimsign.New(nil, i.key); err != nil {
		return nil, fmt.Errorf("identity of %s: %w", domain, err)
	}
	return i, nil
}

// Records are the domain's lines for NewZone.
func (i *Identity) Records() []string {
	return []string{
		fmt.Sprintf(`%s. 300 IN TXT "v=spf1 ip4:127.0.0.0/8 -all"`, i.Domain),
		fmt.Sprintf(`_dmarc.%s. 300 IN TXT "v=DMARC1; p=reject"`, i.Domain),
		fmt.Sprintf(`%s. 300 IN TXT "%s"`, i.key.Name(), i.key.Record()),
	}
}

// Sign returns the mail with the domain's signature before it.
func (i *Identity) Sign(raw []byte) ([]byte, error) {
	fields, err := i.signer.Sign(message.InMemory(raw))
	if err != nil {
		return nil, fmt.Errorf("identity of %s: %w", i.Domain, err)
	}
	return append(fields, raw...), nil
}
