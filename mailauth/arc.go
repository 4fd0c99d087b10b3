package mailauth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"io"
	"strconv"
	"strings"

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
// reason, a failed look-up too, is no pass; nothing hangs on it that would be worth a 451.
func (c *Checker) arc(ctx context.Context, mail *signed) string {
	sets, err := arcSets(mail.header)
	switch {
	case err != nil:
		return verdict.Fail
	case len(sets) == 0:
		return verdict.None
	case c.validate(ctx, mail, sets) != nil:
		return verdict.Fail
	}
	return verdict.Pass
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
func (c *Checker) validate(ctx context.Context, mail *signed, sets []arcSet) error {
	newest := sets[len(sets)-1]
	data, err := messageData(mail.header, newest)
	if err != nil {
		return err
	}
	if err := c.holds(ctx, newest.messageTags, data); err != nil {
		return err
	}
	if err := checkBody(ctx, mail, newest.messageTags); err != nil {
		return err
	}
	for n := len(sets); n > 0; n-- {
		tags := sets[n-1].sealTags
		if _, ok := tags["h"]; ok {
			return errChain // RFC 8617 section 4.1.3
		}
		if err := c.holds(ctx, tags, sealData(sets[:n])); err != nil {
			return err
		}
	}
	return nil
}

// sealData is what a seal signs: all sets up to its own, in order, its own signature empty (RFC 8617 section 5.1.1).
func sealData(sets []arcSet) string {
	var b strings.Builder
	for i, s := range sets {
		b.WriteString(relaxedField(s.results.text))
		b.WriteString(relaxedField(s.message.text))
		seal := s.seal.text
		if i == len(sets)-1 {
			seal = withoutSignature(seal)
		}
		b.WriteString(relaxedField(seal))
	}
	return strings.TrimSuffix(b.String(), "\r\n")
}

// messageData is what a message signature signs of the header (RFC 6376 section 3.7, RFC 8617 section 4.1.2).
func messageData(h header, s arcSet) (string, error) {
	list, ok := s.messageTags["h"]
	names := strings.Split(list, ":")
	if !ok || len(names) > maxSignedFields {
		return "", errChain
	}
	form, _ := arcForms(s.messageTags)
	canonical, err := fieldForm(form)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	taken := make(map[string]int)
	for _, name := range names {
		name = strings.ToLower(squeeze(name))
		if name == "arc-seal" {
			return "", errChain
		}
		same := h.named(name)
		if taken[name]++; taken[name] <= len(same) {
			b.WriteString(canonical(same[len(same)-taken[name]].text)) // from the bottom up
		}
	}
	b.WriteString(canonical(withoutSignature(s.message.text)))
	return strings.TrimSuffix(b.String(), "\r\n"), nil
}

// arcForms reads the canonical forms of header and body. Without the tag, relaxed is what the sealers in the field use
// and the public test suite asks for, against the simple of RFC 6376 section 3.5.
func arcForms(tags map[string]string) (header, body string) {
	c, ok := tags["c"]
	if !ok {
		return "relaxed", "relaxed"
	}
	header, body, ok = strings.Cut(squeeze(c), "/")
	if !ok {
		body = "simple"
	}
	return header, body
}

func fieldForm(name string) (func(string) string, error) {
	switch name {
	case "simple":
		return func(text string) string { return text }, nil
	case "relaxed":
		return relaxedField, nil
	}
	return nil, errChain
}

// checkBody compares the body's hash with the one that was signed.
func checkBody(ctx context.Context, mail *signed, tags map[string]string) error {
	_, form := arcForms(tags)
	want, err := base64.StdEncoding.DecodeString(squeeze(tags["bh"]))
	_, limited := tags["l"] // as with DKIM: what is not signed must not ride along
	if err != nil || limited || form != "simple" && form != "relaxed" {
		return errChain
	}
	hash := sha256.New()
	canon := &bodyCanon{w: hash, relaxed: form == "relaxed"}
	body := mail.body(ctx, "")
	if _, err := io.Copy(canon, body); err != nil {
		return err
	}
	if err := canon.Close(); err != nil {
		return err
	}
	if body.cut {
		return errCutBody
	}
	if subtle.ConstantTimeCompare(hash.Sum(nil), want) != 1 {
		return errArcSig
	}
	return nil
}

// withoutSignature empties the value of the b tag (RFC 6376 section 3.5).
func withoutSignature(text string) string {
	name, value, _ := strings.Cut(text, ":")
	terms := strings.Split(value, ";")
	for i, term := range terms {
		if tag, _, ok := strings.Cut(term, "="); ok && strings.Trim(tag, " \t\r\n") == "b" {
			terms[i] = tag + "="
			if i == len(terms)-1 {
				terms[i] += "\r\n"
			}
		}
	}
	return name + ":" + strings.Join(terms, ";")
}
