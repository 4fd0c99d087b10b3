package mailauth

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"strconv"
	"strings"
)

// holds checks one signature of a set with its key out of the DNS.
func (c *Checker) holds(ctx context.Context, tags map[string]string, data string) error {
	for _, name := range []string{"a", "b", "d", "s"} {
		if tags[name] == "" {
			return errChain
		}
	}
	if t, ok := tags["t"]; ok && strings.Trim(t, "0123456789") != "" || ok && t == "" {
		return errChain
	}
	if x, err := strconv.ParseInt(tags["x"], 10, 64); err == nil && c.now().Unix() > x {
		return errArcSig
	}
	kind, hash, _ := strings.Cut(tags["a"], "-")
	if hash != "sha256" {
		return errChain
	}
	sig, err := base64.StdEncoding.DecodeString(squeeze(tags["b"]))
	if err != nil {
		return err
	}
	key, err := c.key(ctx, squeeze(tags["s"])+"._domainkey."+squeeze(tags["d"]), kind)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(data))
	switch key := key.(type) {
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], sig)
	case ed25519.PublicKey:
		if ed25519.Verify(key, sum[:], sig) {
			return nil
		}
	}
	return errArcSig
}

// key fetches a public key (RFC 6376 section 3.6.1, RFC 8463 section 4).
func (c *Checker) key(ctx context.Context, name, kind string) (crypto.PublicKey, error) {
	txts, err := guard{c.resolver, false}.LookupTXT(ctx, name)
	if err != nil {
		return nil, err
	}
	txts, err = pickKey(name, txts, kind)
	if err != nil || len(txts) != 1 {
		return nil, errKey
	}
	tags, err := parseTags(txts[0])
	if err != nil {
		return nil, err
	}
	version, versioned := tags["v"]
	stated, ok := tags["k"]
	if !ok {
		stated = "rsa"
	}
	der, err := base64.StdEncoding.DecodeString(squeeze(tags["p"]))
	if err != nil || len(der) == 0 || stated != kind || versioned && version != "DKIM1" {
		return nil, errKey
	}
	if kind == "ed25519" {
		if len(der) != ed25519.PublicKeySize {
			return nil, errKey
		}
		return ed25519.PublicKey(der), nil
	}
	return rsaKey(der)
}

// rsaKey reads an RSA key in either of its wrappings (RFC 6376 erratum 3017) if it is long enough (RFC 8301 section 3.2).
func rsaKey(der []byte) (crypto.PublicKey, error) {
	parsed, err := x509.ParsePKIXPublicKey(der)
	key, ok := parsed.(*rsa.PublicKey)
	if err != nil {
		key, err = x509.ParsePKCS1PublicKey(der)
		ok = err == nil
	}
	if !ok || key.N.BitLen() < 1024 {
		return nil, errKey
	}
	return key, nil
}
