// Package dkimsign signs outgoing mail (RFC 6376, RFC 8463), with several keys side by side: RSA for every receiver,
// Ed25519 for those who know it, and old beside new while a key is changed.
//
//	mail (message.Raw) → header in memory, body as a stream → one DKIM-Signature a key → put before the mail
//
// Invariants:
//   - The same mail at the same time gives the same octets: a repeated attempt sends what the first one sent.
//   - Nobody can add a second From, Subject, To or the like to a signed mail: those are signed once more than they
//     occur (RFC 6376 section 8.15).
//   - The whole body is signed, never a part of it (no l=).
//   - Memory does not grow with the body.
package dkimsign

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"smartmail/mailauth/canon"
	"smartmail/message"
)

// maxHeader bounds the header of what is signed, in octets: we composed it.
const maxHeader = 256 << 10

// maxPiece is how much of a body is read at a time.
const maxPiece = 32 << 10

// ErrHeader is wrapped by the error for a header that can't be signed: malformed, without exactly one From, or too big.
// It is as true the next time.
var ErrHeader = errors.New("the header can't be signed")

// Signer signs with all its keys. It is safe for use by many goroutines.
type Signer struct {
	keys []Key
	now  func() time.Time
}

// New returns a signer with at least one key; no two may have the same domain and selector. A nil now is time.Now.
func New(now func() time.Time, keys ...Key) (*Signer, error) {
	if len(keys) == 0 {
		return nil, errors.New("DKIM: no key to sign with")
	}
	seen := make(map[string]bool)
	for _, k := range keys {
		if seen[k.Name()] {
			return nil, fmt.Errorf("DKIM: two keys for %s", k.Name())
		}
		seen[k.Name()] = true
	}
	if now == nil {
		now = time.Now
	}
	return &Signer{keys: keys, now: now}, nil
}

// Sign returns the DKIM-Signature fields to put before the mail, CRLF at the end of each. The mail must have CRLF line
// ends, as it goes out: a bare LF would be changed on its way. The error wraps ErrHeader where the mail is to blame,
// else it is that of reading the mail or of the key.
func (s *Signer) Sign(raw message.Raw) ([]byte, error) {
	fields, body, err := readHeader(raw)
	if err != nil {
		return nil, err
	}
	bodyHash, err := hashBody(raw, body)
	if err != nil {
		return nil, err
	}
	names, data := selectFields(fields)
	if !strings.HasPrefix(names, "from:from:") || strings.HasPrefix(names, "from:from:from:") {
		return nil, fmt.Errorf("%w: it has not exactly one From", ErrHeader)
	}
	var out bytes.Buffer
	at := s.now().Unix()
	for _, k := range s.keys {
		field, err := k.sign(names, data, bodyHash, at)
		if err != nil {
			return nil, err
		}
		out.WriteString(field)
	}
	return out.Bytes(), nil
}

// hashBody hashes the relaxed form of the body.
func hashBody(raw message.Raw, start int64) ([]byte, error) {
	sum := sha256.New()
	body := &canon.Body{W: sum, Relaxed: true}
	size := raw.Size() - start
	_, err := io.CopyBuffer(struct{ io.Writer }{body}, io.NewSectionReader(raw, start, size), make([]byte, min(size, maxPiece)+1))
	if err != nil {
		return nil, fmt.Errorf("DKIM: read the body: %w", err)
	}
	if err := body.Close(); err != nil {
		return nil, fmt.Errorf("DKIM: hash the body: %w", err)
	}
	return sum.Sum(nil), nil
}

// sign makes one field. Ed25519 signs the hash as RSA does (RFC 8463 section 3).
func (k Key) sign(names, data string, bodyHash []byte, at int64) (string, error) {
	algorithm, options := "ed25519-sha256", crypto.Hash(0)
	if _, ok := k.private.(*rsa.PrivateKey); ok {
		algorithm, options = "rsa-sha256", crypto.SHA256
	}
	field := "DKIM-Signature: v=1; a=" + algorithm + "; c=relaxed/relaxed; t=" + strconv.FormatInt(at, 10) + ";\r\n" +
		"\td=" + k.domain + ";\r\n" +
		"\ts=" + k.selector + ";\r\n" +
		"\th=" + foldNames(names) + ";\r\n" +
		"\tbh=" + base64.StdEncoding.EncodeToString(bodyHash) + ";\r\n" +
		"\tb="
	sum := sha256.Sum256([]byte(data + strings.TrimSuffix(canon.Field(field+"\r\n"), "\r\n")))
	sig, err := k.private.Sign(rand.Reader, sum[:], options) // PKCS #1 v1.5 and Ed25519 draw nothing
	if err != nil {
		return "", fmt.Errorf("DKIM: sign with %s: %w", k.Name(), err)
	}
	text := base64.StdEncoding.EncodeToString(sig)
	for len(text) > lineLength {
		field += text[:lineLength] + "\r\n\t"
		text = text[lineLength:]
	}
	return field + text + "\r\n", nil
}

// lineLength keeps lines within the 78 characters of RFC 5322 section 2.1.1.
const lineLength = 72

// foldNames breaks the list of signed fields behind colons.
func foldNames(names string) string {
	var b strings.Builder
	line := 0
	for name := range strings.SplitAfterSeq(names, ":") {
		if line+len(name) > lineLength-2 {
			b.WriteString("\r\n\t ")
			line = 0
		}
		b.WriteString(name)
		line += len(name)
	}
	return b.String()
}
