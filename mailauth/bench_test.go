package mailauth

import (
	"bytes"
	"net"
	"strings"
	"testing"

	"blitiri.com.ar/go/spf"
	"github.com/emersion/go-msgauth/dkim"
	"github.com/emersion/go-msgauth/dmarc"

	"smartmail/mailauth/verdict"
)

// BenchmarkCheck compares a whole check of a 4 KiB mail with one RSA-2048 signature, its DNS in memory, with the bare
// calls of libraries that answer the same questions: is it signed, was it sent from the right place, what is the policy.
// benchstat -col /kind sets one against the other.
func BenchmarkCheck(b *testing.B) {
	z := exampleZone()
	text := newSigner(b, z).sign(b, []byte(plainMail+strings.Repeat("All work and no play.\r\n", 165)), signing{domain: "example.com"})
	lookup := func(name string) ([]string, error) { return z.LookupTXT(b.Context(), name) }
	b.Run("kind=bare", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			v, err := dkim.VerifyWithOptions(bytes.NewReader(text), &dkim.VerifyOptions{LookupTXT: lookup})
			if err != nil || v[0].Err != nil {
				b.Fatal(err)
			}
			ip := net.IP(client.AsSlice())
			if r, _ := spf.CheckHostWithSender(ip, "h.test", "a@example.com", spf.WithResolver(z)); r != spf.Pass {
				b.Fatal(r)
			}
			if r, err := dmarc.LookupWithOptions("example.com", &dmarc.LookupOptions{LookupTXT: lookup}); err != nil || r.Policy != "reject" {
				b.Fatal(r, err)
			}
		}
	})
	b.Run("kind=check", func(b *testing.B) {
		b.ReportAllocs()
		c := New(Options{Resolver: z})
		for b.Loop() {
			v, err := c.Check(b.Context(), Input{Client: client, Helo: "h.test", ReversePath: "a@example.com", Raw: bytes.NewReader(text)})
			if err != nil || v.DMARC.Result != verdict.Pass {
				b.Fatal(v, err)
			}
		}
	})
}
