package mailauth

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"strings"

	"smartmail/mailauth/canon"
	"smartmail/mailauth/verdict"
)

// maxSets is the longest chain (RFC 8617 section 4.2.1).
const maxSets = 50

// arcSet is what one forwarder added, with the tags of its two signatures.
type arcSet struct {
	results, message, seal field
	messageTags, sealTags  map[string]string
}

var (
	errChain   = errors.New("broken chain")
	errArcSig  = errors.New("signature does not hold")
	errCutBody = errors.New("the time for this mail was up")
)

// arc validates the chain of forwarders' seals (RFC 8617 section 5.2). A chain that can't be validated for whatever
// reason is no pass; where it was a look-up that failed for the moment, Chain says so.
func (c *Checker) arc(ctx context.Context, mail *signed, sets []arcSet, keys *keyring) (string, verdict.Chain) {
	chain := verdict.Chain{Seals: seals(sets)}
	if sig, err := c.newestSignature(sets); err != nil || !sig.signsFrom() {
		for i := range chain.Seals {
			chain.Seals[i].DMARC, chain.Seals[i].From = "", "" // From may have been changed since
		}
	}
	if err := c.validate(ctx, mail, sets, keys); err != nil {
		var ke *keyError
		chain.Temporary = errors.Is(err, errCutBody) || errors.As(err, &ke) && ke.result == verdict.Temperror
		return verdict.Fail, chain
	}
	return verdict.Pass, chain
}

// newestSignature reads the message signature that must hold. Without c=, relaxed is what the sealers in the field use
// and the public test suite asks for, against the simple of RFC 6376 section 3.5. As with DKIM, what is not signed must
// not ride along.
func (c *Checker) newestSignature(sets []arcSet) (signature, error) {
	newest := sets[len(sets)-1]
	s := signature{field: newest.message, limit: -1}
	if s.read(newest.messageTags, relaxed, c.now()) != "" || s.limit >= 0 || slices.Contains(s.names, "arc-seal") {
		return s, errChain
	}
	return s, nil
}

// unchained is the result for a mail without a chain that could be validated.
func unchained(err error) string {
	if err != nil {
		return verdict.Fail
	}
	return verdict.None
}

// arcSets orders the chain's fields and checks its structure (RFC 8617 section 5.2 steps 1 to 3).
func arcSets(h header) ([]arcSet, error) {
	results, messages, seals := h.named("ARC-Authentication-Results"), h.named("ARC-Message-Signature"), h.named("ARC-Seal")
	n := len(seals)
	if len(results) != n || len(messages) != n || n > maxSets {
		return nil, errChain
	}
	sets := make([]arcSet, n)
	for k := range n {
		i, ok := resultsInstance(results[k])
		if !ok || i > n || sets[i-1].results.text != "" {
			return nil, errChain
		}
		sets[i-1].results = results[k]
	}
	for k := range n {
		tags, err := parseTags(messages[k].value())
		i, ok := instance(tags["i"])
		if err != nil || !ok || i > n || sets[i-1].messageTags != nil {
			return nil, errChain
		}
		sets[i-1].message, sets[i-1].messageTags = messages[k], tags
		tags, err = parseTags(seals[k].value())
		i, ok = instance(tags["i"])
		if err != nil || !ok || i > n || sets[i-1].sealTags != nil || tags["cv"] != validation(i) {
			return nil, errChain
		}
		sets[i-1].seal, sets[i-1].sealTags = seals[k], tags
	}
	return sets, nil
}

// validation is what the seal of an unbroken chain says of the chain before it.
func validation(i int) string {
	if i == 1 {
		return verdict.None
	}
	return verdict.Pass
}

// resultsInstance reads the instance that an ARC-Authentication-Results field begins with (RFC 8617 section 4.1.1).
func resultsInstance(f field) (int, bool) {
	first, _, ok := strings.Cut(f.value(), ";")
	name, value, tagged := strings.Cut(first, "=")
	if !ok || !tagged || strings.Trim(name, " \t\r\n") != "i" {
		return 0, false
	}
	return instance(strings.Trim(value, " \t\r\n"))
}

func instance(s string) (int, bool) {
	i, err := strconv.Atoi(s)
	return i, err == nil && i >= 1 && i <= maxSets && len(s) <= 2
}

// validate checks the newest message signature and every seal, newest first (RFC 8617 section 5.2 steps 4 to 6).
func (c *Checker) validate(ctx context.Context, mail *signed, sets []arcSet, keys *keyring) error {
	sig, err := c.newestSignature(sets)
	if err != nil {
		return err
	}
	bodies, ok := hashBody(ctx, mail, []signature{sig})
	if !ok {
		return errCutBody
	}
	if subtle.ConstantTimeCompare(bodies[sig.bodyPart()].Sum(nil), sig.bodyHash) != 1 {
		return errArcSig
	}
	data := signedData(mail.header, sig.field.text, sig.names, sig.headerForm)
	if err := c.holds(ctx, sets[len(sets)-1].messageTags, data, keys); err != nil {
		return err
	}
	for n := len(sets); n > 0; n-- {
		tags := sets[n-1].sealTags
		if _, ok := tags["h"]; ok {
			return errChain // RFC 8617 section 4.1.3
		}
		if err := c.holds(ctx, tags, sealData(sets[:n]), keys); err != nil {
			return err
		}
	}
	return nil
}

// holds checks one signature of a set with its key out of the DNS.
func (c *Checker) holds(ctx context.Context, tags map[string]string, data string, keys *keyring) error {
	var s signature
	if tags["d"] == "" || tags["s"] == "" || tags["b"] == "" || checkTimes(tags, c.now()) != "" {
		return errChain
	}
	if s.readForms(tags, relaxed) != "" {
		return errChain
	}
	value, err := base64.StdEncoding.DecodeString(squeeze(tags["b"]))
	if err != nil {
		return errChain
	}
	key, err := keys.find(ctx, sealer(tags), strings.ToLower(squeeze(tags["s"])), s.kind)
	if err != nil {
		return err
	}
	if !key.holds(data, value) {
		return errArcSig
	}
	return nil
}

// sealer is the domain of a signature.
func sealer(tags map[string]string) string { return strings.ToLower(squeeze(tags["d"])) }

// sealData is what a seal signs: all sets up to its own, in order, its own signature empty (RFC 8617 section 5.1.1).
func sealData(sets []arcSet) string {
	var b strings.Builder
	for i, s := range sets {
		b.WriteString(canon.Field(s.results.text))
		b.WriteString(canon.Field(s.message.text))
		seal := s.seal.text
		if i == len(sets)-1 {
			seal = withoutSignature(seal)
		}
		b.WriteString(canon.Field(seal))
	}
	return strings.TrimSuffix(b.String(), "\r\n")
}
