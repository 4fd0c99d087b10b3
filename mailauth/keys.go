package mailauth

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"strings"
	"sync"

	"smartmail/mailauth/verdict"
)

// Bounds of RSA keys. Below the first a signature proves nothing (RFC 8301 section 3.2); beyond the others a
// verification costs more than any sender needs: they keep it under a millisecond.
const (
	minRSABits     = 1024
	maxRSABits     = 8192
	maxRSAExponent = 1<<31 - 1
	maxKeyBytes    = 4096 // of the record
)

// keyError says why there is no key: a result word, and the reason in ours.
type keyError struct{ result, reason string }

func (e *keyError) Error() string { return e.reason }

// publicKey is a key record that a signature may be checked with (RFC 6376 section 3.6.1).
type publicKey struct {
	rsa     *rsa.PublicKey
	ed25519 ed25519.PublicKey
	testing bool // t=y: the domain is trying DKIM out
	strict  bool // t=s: i= is the domain itself
}

// keyring fetches the keys of one mail, each once, however many signatures and seals name it.
type keyring struct {
	dns guard

	mu      sync.Mutex
	records map[string]*keyRecords
}

type keyRecords struct {
	once sync.Once
	txts []string
	err  error
}

func newKeyring(r Resolver) *keyring {
	return &keyring{dns: guard{r}, records: make(map[string]*keyRecords)}
}

// find returns the key of a kind under a selector. The error is a *keyError. Of several records the one of the kind is
// taken; RFC 6376 section 3.6.2.2 leaves open which.
func (k *keyring) find(ctx context.Context, domain, selector, kind string) (publicKey, error) {
	name := selector + "._domainkey." + domain
	k.mu.Lock()
	r, ok := k.records[name]
	if !ok {
		r = &keyRecords{}
		k.records[name] = r
	}
	k.mu.Unlock()
	r.once.Do(func() { r.txts, r.err = k.dns.LookupTXT(ctx, name) })
	switch {
	case r.err == nil:
		return pickKey(r.txts, kind)
	case isTemporary(r.err):
		return publicKey{}, &keyError{verdict.Temperror, "the key can't be looked up at the moment"}
	}
	return publicKey{}, &keyError{verdict.Permerror, "no key for signature"}
}

func pickKey(txts []string, kind string) (publicKey, error) {
	var found []publicKey
	err := error(&keyError{verdict.Permerror, "no key for signature"})
	for _, txt := range txts {
		key, problem := parseKey(txt, kind)
		if problem == "" {
			found = append(found, key)
		} else {
			err = &keyError{verdict.Permerror, problem}
		}
	}
	switch len(found) {
	case 0:
		return publicKey{}, err
	case 1:
		return found[0], nil
	}
	return publicKey{}, &keyError{verdict.Permerror, "several keys under one selector"}
}

// parseKey reads a key record for signatures of a kind with SHA-256. Unknown tags and flags are ignored.
func parseKey(txt, kind string) (publicKey, string) {
	if len(txt) > maxKeyBytes {
		return publicKey{}, "the key is too long"
	}
	tags, err := parseTags(txt)
	version, versioned := tags["v"]
	if err != nil || versioned && version != "DKIM1" {
		return publicKey{}, "the key record can't be read"
	}
	stated, ok := tags["k"]
	if !ok {
		stated = "rsa"
	}
	if stated != kind {
		return publicKey{}, "the key is for another algorithm"
	}
	if h, ok := tags["h"]; ok && !listed(h, "sha256") {
		return publicKey{}, "the key is for another hash"
	}
	if s, ok := tags["s"]; ok && !listed(s, "*") && !listed(s, "email") {
		return publicKey{}, "the key is for another service"
	}
	key := publicKey{testing: listed(tags["t"], "y"), strict: listed(tags["t"], "s")}
	p, ok := tags["p"]
	if ok && p == "" {
		return publicKey{}, "the key is revoked"
	}
	der, err := base64.StdEncoding.DecodeString(squeeze(p))
	if err != nil || !ok {
		return publicKey{}, "the key record can't be read"
	}
	if kind == "ed25519" {
		key.ed25519 = der // RFC 8463 section 4: the bare key
		if len(der) != ed25519.PublicKeySize {
			return publicKey{}, "the key can't be read"
		}
		return key, ""
	}
	var problem string
	key.rsa, problem = rsaKey(der)
	return key, problem
}

// rsaKey reads an RSA key in either of its wrappings (RFC 6376 erratum 3017).
func rsaKey(der []byte) (*rsa.PublicKey, string) {
	parsed, err := x509.ParsePKIXPublicKey(der)
	key, ok := parsed.(*rsa.PublicKey)
	if err != nil {
		key, err = x509.ParsePKCS1PublicKey(der)
		ok = err == nil
	}
	switch {
	case !ok:
		return nil, "the key can't be read"
	case key.N.BitLen() < minRSABits:
		return nil, "the key is too weak"
	case key.N.BitLen() > maxRSABits || key.E > maxRSAExponent:
		return nil, "the key is too big"
	}
	return key, ""
}

// holds checks a signature over data.
func (k publicKey) holds(data string, sig []byte) bool {
	sum := sha256.Sum256([]byte(data))
	if k.rsa != nil {
		return rsa.VerifyPKCS1v15(k.rsa, crypto.SHA256, sum[:], sig) == nil
	}
	return ed25519.Verify(k.ed25519, sum[:], sig)
}

// looseTags reads what it can of a malformed tag list.
func looseTags(s string) map[string]string {
	tags := make(map[string]string)
	for term := range strings.SplitSeq(s, ";") {
		name, value, _ := strings.Cut(term, "=")
		if name = strings.TrimSpace(name); tags[name] == "" {
			tags[name] = value
		}
	}
	return tags
}
