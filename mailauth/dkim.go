package mailauth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"hash"
	"io"
	"sync"

	"smartmail/mailauth/canon"
	"smartmail/mailauth/verdict"
)

// dkim verifies the mail's first signatures (RFC 6376 section 6.1), the cheapest refusals first: what a signature says
// of itself, then the body's hash, all in one pass, then the key, then the arithmetic. So a made-up signature costs no
// look-up, and a mail without one no reading of its body.
func (c *Checker) dkim(ctx context.Context, mail *signed, keys *keyring) []verdict.DKIM {
	if mail.header.tooBig {
		return nil
	}
	var out []verdict.DKIM
	var sigs []signature // those that may hold
	var places []int     // where in out they stand
	for _, f := range mail.header.fields {
		if !f.is("DKIM-Signature") {
			continue
		}
		if len(out) == c.maxSignatures {
			break
		}
		s, reason := readSignature(f, c.now())
		if reason == "" {
			sigs, places = append(sigs, s), append(places, len(out))
		}
		out = append(out, s.failed(verdict.Permerror, reason))
	}
	if len(sigs) == 0 {
		return out
	}
	bodies, ok := hashBody(ctx, mail, sigs)
	var wg sync.WaitGroup
	for i, s := range sigs {
		result := &out[places[i]]
		switch body := bodies[s.bodyPart()]; {
		case !ok:
			// Hashes of half a body mean nothing, neither good nor bad.
			*result = s.failed(verdict.Temperror, "the time for this mail was up")
		case body.left > 0:
			*result = s.failed(verdict.Fail, "the body is shorter than what was signed")
		case subtle.ConstantTimeCompare(body.Sum(nil), s.bodyHash) != 1:
			*result = s.failed(verdict.Fail, "body hash did not verify")
		case len(sigs) == 1:
			*result = s.verify(ctx, mail.header, keys)
		default:
			wg.Go(func() { *result = s.verify(ctx, mail.header, keys) })
		}
	}
	wg.Wait()
	return out
}

// verify checks a signature whose body hash is right. What holds without proving that the domain stands behind the whole
// mail is a pass all the same, and does not count for DMARC.
func (s signature) verify(ctx context.Context, h header, keys *keyring) verdict.DKIM {
	key, err := keys.find(ctx, s.domain, s.selector, s.kind)
	if err != nil {
		return s.unkeyed(err)
	}
	if key.strict && s.identity != s.domain {
		return s.failed(verdict.Permerror, "the key is not for subdomains")
	}
	out := verdict.DKIM{Result: verdict.Pass, Domain: s.domain, Selector: s.selector}
	switch {
	case !key.holds(signedData(h, s.field.text, s.names, s.headerForm), s.value):
		out.Result, out.Reason = verdict.Fail, "signature did not verify"
	case s.limit >= 0:
		// RFC 6376 section 8.2: what was appended would look signed.
		out.Discounted, out.Reason = true, fmt.Sprintf("only %d octets of the body are signed", s.limit)
	case key.testing:
		// RFC 6376 section 3.6.1: not to be treated in another way than unsigned mail.
		out.Discounted, out.Reason = true, "the domain is testing DKIM"
	}
	return out
}

// bodyPart is what of the body a signature hashes, and how.
type bodyPart struct {
	form  string
	limit int64
}

func (s signature) bodyPart() bodyPart { return bodyPart{s.bodyForm, s.limit} }

// bodyHash hashes a canonical body up to a limit.
type bodyHash struct {
	hash.Hash
	limited bool
	left    int64
}

// Write takes what is within the limit.
func (b *bodyHash) Write(p []byte) (int, error) {
	n := len(p)
	if b.limited {
		p = p[:min(int64(n), b.left)]
		b.left -= int64(len(p))
	}
	_, err := b.Hash.Write(p)
	return n, err
}

// maxPiece is how much of a body is read at a time.
const maxPiece = 32 << 10

// hashBody hashes the body in every way that the signatures ask for, in one pass. False: not to its end.
func hashBody(ctx context.Context, mail *signed, sigs []signature) (map[bodyPart]*bodyHash, bool) {
	hashes := make(map[bodyPart]*bodyHash)
	byForm := make(map[string][]io.Writer)
	for _, s := range sigs {
		part := s.bodyPart()
		if hashes[part] == nil {
			hashes[part] = &bodyHash{sha256.New(), part.limit >= 0, max(part.limit, 0)}
			byForm[part.form] = append(byForm[part.form], hashes[part])
		}
	}
	var forms []*canon.Body
	var all []io.Writer
	for form, writers := range byForm {
		b := &canon.Body{W: io.MultiWriter(writers...), Relaxed: form == relaxed}
		forms, all = append(forms, b), append(all, b)
	}
	w := all[0]
	if len(all) > 1 {
		w = io.MultiWriter(all...)
	}
	body := mail.body(ctx)
	size := min(max(mail.raw.Size()-mail.header.body, 1), maxPiece)
	_, err := io.CopyBuffer(w, body, make([]byte, size))
	for _, b := range forms {
		if e := b.Close(); err == nil {
			err = e
		}
	}
	return hashes, err == nil && !body.cut
}
