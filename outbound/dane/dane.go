// Package dane checks the certificates of mail servers against TLSA records (RFC 6698, RFC 7671, RFC 7672).
//
//	TLSA records, validated by DNSSEC → Usable → Verify(certificates of the handshake) → nil or why not
//
// It is pure: whoever calls it has asked the DNS, and knows that the answer was validated.
//
// Invariants:
//   - A record of another usage than DANE-TA(2) and DANE-EE(3), of an unknown selector or matching type, or whose data can't be of
//     its type, is unusable: it neither proves nor refuses anything (RFC 7672 section 3.1).
//   - What a server sends is bounded by TLS; no more than maxRecords records are looked at.
package dane

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Usages that count for mail (RFC 7672 section 3.1).
const (
	usageTA = 2 // the record names an issuer of the certificate
	usageEE = 3 // the record names the certificate
)

// Selectors and matching types (RFC 6698 sections 2.1.2 and 2.1.3).
const (
	selectCert = 0
	selectKey  = 1

	matchFull   = 0
	matchSHA256 = 1
	matchSHA512 = 2
)

// Record is the content of one TLSA record.
type Record struct {
	Usage, Selector, Matching uint8
	Data                      []byte
}

// maxRecords bounds how many records of one host are looked at.
const maxRecords = 64

// usable reports whether the record can be matched with a certificate at all.
func (r Record) usable() bool {
	if r.Usage != usageTA && r.Usage != usageEE || r.Selector > selectKey {
		return false
	}
	switch r.Matching {
	case matchFull:
		if r.Selector == selectKey {
			_, err := x509.ParsePKIXPublicKey(r.Data)
			return err == nil
		}
		_, err := x509.ParseCertificate(r.Data)
		return err == nil
	case matchSHA256:
		return len(r.Data) == sha256.Size
	case matchSHA512:
		return len(r.Data) == sha512.Size
	default:
		return false
	}
}

// Usable returns the records that count: those that can be matched, and of digests over the same thing the strongest alone
// (RFC 7671 section 9).
func Usable(records []Record) []Record {
	records = slices.DeleteFunc(slices.Clone(records[:min(len(records), maxRecords)]), func(r Record) bool { return !r.usable() })
	strong := func(r Record) bool {
		return slices.ContainsFunc(records, func(o Record) bool {
			return o.Usage == r.Usage && o.Selector == r.Selector && o.Matching == matchSHA512
		})
	}
	var out []Record
	for _, r := range records {
		if r.Matching != matchSHA256 || !strong(r) {
			out = append(out, r)
		}
	}
	return out
}

// matches reports whether a certificate is the one that the record names.
func (r Record) matches(c *x509.Certificate) bool {
	content := c.Raw
	if r.Selector == selectKey {
		content = c.RawSubjectPublicKeyInfo
	}
	switch r.Matching {
	case matchSHA256:
		sum := sha256.Sum256(content)
		content = sum[:]
	case matchSHA512:
		sum := sha512.Sum512(content)
		content = sum[:]
	}
	return bytes.Equal(content, r.Data)
}

// ErrMismatch means that no record fits the server's certificates.
var ErrMismatch = errors.New("no TLSA record fits the server's certificate")

// Verify checks the certificates that a server sent, its own first, against usable records: one that fits is enough. For DANE-EE
// neither names nor dates of the certificate count (RFC 7672 section 3.1.1); for DANE-TA one of names, and the chain at now
// (section 3.1.2). Errors wrap ErrMismatch.
func Verify(records []Record, certs []*x509.Certificate, now time.Time, names ...string) error {
	if len(certs) == 0 {
		return fmt.Errorf("%w: it sent none", ErrMismatch)
	}
	reason := ErrMismatch
	anchors := x509.NewCertPool()
	found := false
	for _, r := range records {
		switch {
		case r.Usage == usageEE && r.matches(certs[0]):
			return nil
		case r.Usage == usageTA:
			for _, c := range anchorsOf(r, certs[1:]) {
				anchors.AddCert(c)
				found = true
			}
		}
	}
	if !found {
		return reason
	}
	between := x509.NewCertPool()
	for _, c := range certs[1:] {
		between.AddCert(c)
	}
	for _, name := range names {
		_, err := certs[0].Verify(x509.VerifyOptions{DNSName: name, Roots: anchors, Intermediates: between, CurrentTime: now})
		if err == nil {
			return nil
		}
		reason = fmt.Errorf("%w: %w", ErrMismatch, err)
	}
	return reason
}

// anchorsOf returns the issuers that a record names: those sent, or the whole certificate that the record itself holds.
func anchorsOf(r Record, sent []*x509.Certificate) (out []*x509.Certificate) {
	for _, c := range sent {
		if r.matches(c) {
			out = append(out, c)
		}
	}
	if len(out) == 0 && r.Selector == selectCert && r.Matching == matchFull {
		if c, err := x509.ParseCertificate(r.Data); err == nil {
			out = append(out, c)
		}
	}
	return out
}
