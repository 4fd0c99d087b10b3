package mailauth

import (
	"bytes"
	"strings"
	"testing"

	"smartmail/mailauth/verdict"
)

// FuzzCheck gives any octets to a checker whose DNS is empty: nothing passes, and nothing is an error.
func FuzzCheck(f *testing.F) {
	z := newZone()
	s := newSigner(f, newZone())
	f.Add(s.sign(f, []byte(plainMail), signing{domain: "example.com", selector: "ed"}))
	f.Add([]byte(plainMail))
	f.Add([]byte("DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=x; h=from; bh=; b=\nFrom: a@example.com"))
	f.Add([]byte("ARC-Seal: i=1; cv=none; a=rsa-sha256; d=x.test; s=s; b=\r\nARC-Message-Signature: i=1\r\n" +
		"ARC-Authentication-Results: i=1; x\r\n\r\n"))
	c := New(Options{Resolver: z})
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := c.Check(t.Context(), Input{
			Client: client, Helo: string(text), ReversePath: "a@example.com", Raw: bytes.NewReader(text),
		})
		if err != nil || v.Aligned() || v.SPF.Result == verdict.Pass || v.ARC == verdict.Pass {
			t.Errorf("got %+v, %v", v, err)
		}
		for _, d := range v.DKIM {
			if d.Result == verdict.Pass {
				t.Errorf("a signature without a key passed: %+v", d)
			}
		}
		if line := AuthenticationResults("mx.example.org", v); strings.ContainsAny(line, "\r\n\x00") {
			t.Errorf("an explanation of more than a line: %q", line)
		}
	})
}
