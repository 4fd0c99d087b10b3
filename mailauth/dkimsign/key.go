package dkimsign

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

// minBits is the shortest RSA key that is signed with (RFC 8301 section 3.2).
const minBits = 1024

// Key signs for a domain under a selector.
type Key struct {
	domain, selector string
	private          crypto.Signer
	record           string
}

// ParseKey reads an RSA or Ed25519 key from the PEM of a PKCS #8 file, for a domain in A-labels. No error repeats what
// is in the file.
func ParseKey(domain, selector string, file []byte) (Key, error) {
	k := Key{domain: strings.ToLower(domain), selector: strings.ToLower(selector)}
	if !isName(k.domain) || !isName(k.selector) {
		return Key{}, fmt.Errorf("DKIM: %q is no name for a key", k.Name())
	}
	block, _ := pem.Decode(file)
	if block == nil || block.Type != "PRIVATE KEY" {
		return Key{}, fmt.Errorf("DKIM: the key file for %s is not PKCS #8 in PEM", k.Name())
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return Key{}, fmt.Errorf("DKIM: the key file for %s can't be read as PKCS #8", k.Name())
	}
	if err := k.use(parsed); err != nil {
		return Key{}, fmt.Errorf("DKIM: the key for %s: %w", k.Name(), err)
	}
	return k, nil
}

// use takes the private key and derives the record to publish (RFC 6376 section 3.6.1, RFC 8463 section 4).
func (k *Key) use(parsed any) error {
	switch private := parsed.(type) {
	case *rsa.PrivateKey:
		if private.N.BitLen() < minBits {
			return fmt.Errorf("RSA of %d bits is too weak", private.N.BitLen())
		}
		der, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
		if err != nil {
			return fmt.Errorf("public key: %w", err)
		}
		k.private, k.record = private, "v=DKIM1; k=rsa; p="+base64.StdEncoding.EncodeToString(der)
	case ed25519.PrivateKey:
		public := private[ed25519.PrivateKeySize-ed25519.PublicKeySize:]
		k.private, k.record = private, "v=DKIM1; k=ed25519; p="+base64.StdEncoding.EncodeToString(public)
	default:
		return errors.New("neither RSA nor Ed25519")
	}
	return nil
}

// Name is the domain name at which receivers look for the public key.
func (k Key) Name() string { return k.selector + "._domainkey." + k.domain }

// Record is the TXT record to publish there.
func (k Key) Record() string { return k.record }

// isName checks for letter-digit-hyphen labels, underscores let through: anything else could end a tag.
func isName(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || strings.ContainsFunc(label, func(r rune) bool {
			return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z')
		}) {
			return false
		}
	}
	return true
}
