package mailauth

import (
	"cmp"
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"smartmail/mailauth/canon"
	"smartmail/mailauth/verdict"
)

// maxSignedFields bounds the h= list of a signature: each entry costs a walk through the header.
const maxSignedFields = 256

// signature is a DKIM-Signature or ARC-Message-Signature as its verifier needs it (RFC 6376 section 3.5).
type signature struct {
	field            field
	domain, selector string
	identity         string // the domain of i=
	kind             string // rsa or ed25519
	names            []string
	headerForm       string
	bodyForm         string
	limit            int64 // octets of the body that are signed; -1: all
	bodyHash, value  []byte
}

// readSignature reads a signature without any look-up. Reason is why it can't hold, empty where it may.
func readSignature(f field, now time.Time) (s signature, reason string) {
	s = signature{field: f, limit: -1}
	tags, err := parseTags(f.value())
	if err != nil {
		tags = looseTags(f.value()) // to name the signature by
	}
	s.domain, s.selector = strings.ToLower(squeeze(tags["d"])), strings.ToLower(squeeze(tags["s"]))
	if err != nil {
		return s, "malformed tags"
	}
	if squeeze(tags["v"]) != "1" {
		return s, "unknown version"
	}
	for _, name := range []string{"a", "b", "bh", "d", "h", "s"} {
		if tags[name] == "" {
			return s, "a required tag is missing"
		}
	}
	s.identity = s.domain
	if i, ok := tags["i"]; ok {
		at := strings.LastIndexByte(i, '@')
		s.identity = strings.ToLower(squeeze(i[at+1:]))
		if at < 0 || !isWithin(s.identity, s.domain) {
			return s, "signed for another domain" // section 3.5: i= is the domain or under it
		}
	}
	reason = s.read(tags, simple, now)
	if reason == "" && !s.signsFrom() {
		reason = "From is not signed" // section 5.4
	}
	return s, reason
}

func (s *signature) signsFrom() bool { return slices.Contains(s.names, "from") }

// read reads what DKIM and ARC have in common; form is the canonical form where none is named.
func (s *signature) read(tags map[string]string, form string, now time.Time) string {
	return cmp.Or(s.readForms(tags, form), s.readFields(tags), s.readHashes(tags), checkTimes(tags, now))
}

// readForms reads how things were put together: algorithm, canonical forms, length, key look-up.
func (s *signature) readForms(tags map[string]string, missing string) string {
	switch squeeze(tags["a"]) {
	case "rsa-sha256":
		s.kind = "rsa"
	case "ed25519-sha256":
		s.kind = "ed25519"
	case "rsa-sha1":
		return "rsa-sha1 is too weak" // RFC 8301 section 3.1
	default:
		return "unknown algorithm"
	}
	s.headerForm, s.bodyForm = forms(tags, missing)
	if !isForm(s.headerForm) || !isForm(s.bodyForm) {
		return "unknown canonical form"
	}
	if l, ok := tags["l"]; ok {
		n, err := strconv.ParseUint(l, 10, 63)
		if err != nil {
			return "malformed body length"
		}
		s.limit = int64(n)
	}
	if q, ok := tags["q"]; ok && !listed(q, "dns/txt") {
		return "unknown way to the key"
	}
	return ""
}

// readFields reads which fields were signed.
func (s *signature) readFields(tags map[string]string) string {
	s.names = strings.Split(strings.ToLower(squeeze(tags["h"])), ":")
	if len(s.names) > maxSignedFields {
		return "too many signed fields"
	}
	if _, ok := tags["h"]; !ok {
		return "a required tag is missing"
	}
	return ""
}

func (s *signature) readHashes(tags map[string]string) string {
	var err error
	if s.bodyHash, err = base64.StdEncoding.DecodeString(squeeze(tags["bh"])); err != nil {
		return "malformed body hash"
	}
	if s.value, err = base64.StdEncoding.DecodeString(squeeze(tags["b"])); err != nil {
		return "malformed signature"
	}
	return ""
}

// checkTimes checks when a signature was made and how long it holds. One from the future is let through: clocks differ.
func checkTimes(tags map[string]string, now time.Time) string {
	times := map[string]uint64{}
	for _, name := range []string{"t", "x"} {
		text, ok := tags[name]
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(text, 10, 63)
		if err != nil {
			return "malformed time"
		}
		times[name] = n
	}
	x, expires := times["x"]
	switch {
	case expires && x < times["t"]:
		return "expires before it was made"
	case expires && uint64(max(now.Unix(), 0)) > x:
		return "the signature has expired"
	}
	return ""
}

// Canonical forms (RFC 6376 section 3.4).
const (
	simple  = "simple"
	relaxed = "relaxed"
)

func isForm(s string) bool { return s == simple || s == relaxed }

// forms reads the canonical forms of header and body; where the tag is missing, both are the one given.
func forms(tags map[string]string, missing string) (header, body string) {
	c, ok := tags["c"]
	if !ok {
		return missing, missing
	}
	header, body, ok = strings.Cut(squeeze(c), "/")
	if !ok {
		body = simple
	}
	return header, body
}

// listed reports whether a word is in a list parted by colons.
func listed(list, word string) bool {
	return slices.Contains(strings.Split(squeeze(list), ":"), word)
}

// signedData is what a signature signs of the header: the fields named, of several the lowest first, and its own field
// without its value (RFC 6376 sections 3.7 and 5.4.2). A name with no field left stands for none.
func signedData(h header, own string, names []string, form string) string {
	canonical := canon.Field
	if form == simple {
		canonical = func(text string) string { return text }
	}
	var b strings.Builder
	taken := make(map[string]int)
	for _, name := range names {
		same := h.named(name)
		if taken[name]++; taken[name] <= len(same) {
			b.WriteString(canonical(same[len(same)-taken[name]].text))
		}
	}
	b.WriteString(canonical(withoutSignature(own)))
	return strings.TrimSuffix(b.String(), "\r\n")
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

// unkeyed is the outcome of a signature without a key to check it with.
func (s signature) unkeyed(err error) verdict.DKIM {
	var ke *keyError
	if errors.As(err, &ke) {
		return s.failed(ke.result, ke.reason)
	}
	return s.failed(verdict.Temperror, "the key can't be looked up at the moment")
}

// failed is the outcome of a signature that does not hold.
func (s signature) failed(result, reason string) verdict.DKIM {
	return verdict.DKIM{Result: result, Domain: s.domain, Selector: s.selector, Reason: reason}
}
