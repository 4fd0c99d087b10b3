package mailauth

import (
	"context"
	"errors"
	"net"
	"strings"

	"github.com/emersion/go-msgauth/dkim"

	"smartmail/mailauth/verdict"
)

const (
	// maxSignedFields bounds the h= list of a signature: each entry costs a walk through the header.
	maxSignedFields = 256
	// maxKeyBytes is the longest key record that is used; an RSA key of 16,384 bits fits (RFC 8301 asks for 4,096).
	maxKeyBytes = 4096
)

// signature is what we read of a DKIM-Signature besides the library, which tells neither selector nor algorithm.
type signature struct {
	field            field
	domain, selector string
	algorithm        string
	problem          string // why the library does not get to see it
}

func readSignature(f field) signature {
	s := signature{field: f}
	// As loosely as the library, for the record's sake; whether the signature holds is for the library to say.
	tags := make(map[string]string)
	for term := range strings.SplitSeq(f.value(), ";") {
		name, value, _ := strings.Cut(term, "=")
		if name = strings.TrimSpace(name); tags[name] == "" {
			tags[name] = squeeze(value)
		}
	}
	s.domain, s.selector = strings.ToLower(tags["d"]), strings.ToLower(tags["s"])
	s.algorithm, _, _ = strings.Cut(tags["a"], "-")
	if strings.Count(tags["h"], ":") >= maxSignedFields {
		s.problem = "too many signed fields"
	}
	return s
}

// dkim verifies the mail's first signatures (RFC 6376), all of them in one pass over the body. A mail without a
// signature costs no reading of its body.
func (c *Checker) dkim(ctx context.Context, mail *signed) []verdict.DKIM {
	if mail.header.tooBig {
		return nil
	}
	var all, sound []signature
	var text strings.Builder
	text.Grow(int(mail.header.body))
	for _, f := range mail.header.fields {
		if f.is("DKIM-Signature") {
			if len(all) == c.maxSignatures {
				continue // not shown to the library either; what signs it fails
			}
			s := readSignature(f)
			all = append(all, s)
			if s.problem != "" {
				continue
			}
			sound = append(sound, s)
		}
		text.WriteString(f.text)
	}
	if len(all) == 0 {
		return nil
	}
	out := make([]verdict.DKIM, 0, len(all))
	results := c.verify(ctx, mail, sound, text.String())
	for _, s := range all {
		d := verdict.DKIM{Domain: s.domain, Selector: s.selector}
		if s.problem != "" {
			d.Result, d.Reason = verdict.Permerror, s.problem
		} else {
			d.Result, d.Reason = results[0].Result, results[0].Reason
			results = results[1:]
		}
		out = append(out, d)
	}
	return out
}

// verify runs the library over the header given and the mail's body. Results stand in the order of the signatures.
func (c *Checker) verify(ctx context.Context, mail *signed, sigs []signature, header string) []verdict.DKIM {
	out := make([]verdict.DKIM, len(sigs))
	if len(sigs) == 0 {
		return out
	}
	body := mail.body(ctx, header+"\r\n")
	verifications, err := dkim.VerifyWithOptions(body, &dkim.VerifyOptions{
		LookupTXT:        c.keyLookup(ctx, sigs),
		MaxVerifications: c.maxSignatures,
	})
	for i := range out {
		switch {
		case body.cut:
			// Hashes of half a body mean nothing, neither good nor bad.
			out[i] = verdict.DKIM{Result: verdict.Temperror, Reason: "the time for this mail was up"}
		case err != nil || len(verifications) != len(sigs):
			out[i] = verdict.DKIM{Result: verdict.Permerror, Reason: "the header can't be read"}
		default:
			out[i] = outcome(sigs[i], verifications[i])
		}
	}
	return out
}

// outcome puts the library's words into those of RFC 8601 section 2.7.1.
func outcome(s signature, v *dkim.Verification) verdict.DKIM {
	if v.Err == nil {
		if !strings.EqualFold(v.Domain, s.domain) {
			return verdict.DKIM{Result: verdict.Permerror, Reason: "the signature reads in two ways"}
		}
		return verdict.DKIM{Result: verdict.Pass}
	}
	d := verdict.DKIM{Result: verdict.Fail, Reason: strings.TrimPrefix(v.Err.Error(), "dkim: ")}
	switch {
	case dkim.IsTempFail(v.Err):
		d.Result, d.Reason = verdict.Temperror, "the key can't be looked up at the moment"
	case strings.Contains(d.Reason, "body length tag"):
		// The signature may be good, but covers not all that is shown (RFC 6376 section 8.2).
		d.Result = verdict.Policy
	case strings.HasPrefix(d.Reason, "no key for signature"):
		d.Result, d.Reason = verdict.Permerror, "no key for signature"
	case dkim.IsPermFail(v.Err):
		d.Result = verdict.Permerror
	}
	return d
}

// keyLookup gives the library the mail's context, which its own look-up lacks. Where a name has several keys it picks
// the one for the algorithm that the signatures under that name use (RFC 6376 section 3.6.2.2 leaves several open).
func (c *Checker) keyLookup(ctx context.Context, sigs []signature) func(string) ([]string, error) {
	algorithms := make(map[string]string)
	for _, s := range sigs {
		name := s.selector + "._domainkey." + s.domain
		if known, ok := algorithms[name]; ok && known != s.algorithm {
			algorithms[name] = ""
			continue
		}
		algorithms[name] = s.algorithm
	}
	return func(name string) ([]string, error) {
		txts, err := guard{c.resolver, false}.LookupTXT(ctx, name)
		if err != nil {
			return nil, err
		}
		return pickKey(name, txts, algorithms[strings.ToLower(name)])
	}
}

// pickKey leaves the one key of the algorithm out of several, and none that is too long.
func pickKey(name string, txts []string, algorithm string) ([]string, error) {
	var fitting []string
	for _, txt := range txts {
		if len(txt) > maxKeyBytes {
			return nil, &net.DNSError{UnwrapErr: errKey, Err: "key is too long", Name: name}
		}
		tags, err := parseTags(txt)
		if kind, ok := tags["k"]; err == nil && (kind == algorithm || !ok && algorithm == "rsa") {
			fitting = append(fitting, txt)
		}
	}
	if len(txts) > 1 && len(fitting) == 1 {
		return fitting, nil
	}
	return txts, nil
}

var errKey = errors.New("unusable key")
