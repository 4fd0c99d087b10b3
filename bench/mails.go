package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"

	"github.com/emersion/go-msgauth/dkim"
	"golang.org/x/sync/errgroup"
)

const (
	senderDomain  = "rorservice.example.net"
	senderAddress = "jour@" + senderDomain
	selector      = "s1"
)

// sender writes and signs the mails of a domain that publishes SPF, DKIM and DMARC.
type sender struct{ key *rsa.PrivateKey }

func newSender() (*sender, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	return &sender{key}, err
}

// records are the domain's, as lines of a zone file.
func (s *sender) records() []string {
	der, err := x509.MarshalPKIXPublicKey(&s.key.PublicKey)
	if err != nil {
		panic(err) // an RSA key can always be marshalled
	}
	key := "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der)
	const half = 200 // a string in a TXT record has at most 255 octets (RFC 1035 section 3.3)
	return []string{
		senderDomain + `. 3600 IN TXT "v=spf1 ip4:127.0.0.0/8 -all"`,
		"_dmarc." + senderDomain + `. 3600 IN TXT "v=DMARC1; p=reject"`,
		fmt.Sprintf(`%s._domainkey.%s. 3600 IN TXT "%s" "%s"`, selector, senderDomain, key[:half], key[half:]),
	}
}

// pool writes n signed mails of about that many bytes, each with a Message-ID and a body of its own.
func (s *sender) pool(ctx context.Context, size, n int) ([][]byte, error) {
	pool := make([][]byte, n)
	g, ctx := errgroup.WithContext(ctx)
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		g.Go(func() error {
			for i := w; i < n; i += workers {
				if err := ctx.Err(); err != nil {
					return err
				}
				var err error
				if pool[i], err = s.sign(letter(i, size)); err != nil {
					return fmt.Errorf("sign mail: %w", err)
				}
			}
			return nil
		})
	}
	return pool, g.Wait()
}

// sign signs as a mail server does: relaxed, RSA with SHA-256, over the fields that people see.
func (s *sender) sign(mail []byte) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(len(mail) + 1024)
	err := dkim.Sign(&b, bytes.NewReader(mail), &dkim.SignOptions{
		Domain: senderDomain, Selector: selector, Signer: s.key,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
		HeaderKeys: []string{"From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"},
	})
	return b.Bytes(), err
}

// letter is a supplier's answer: plain text up to 32 KiB, above that with a picture attached. No line begins with a dot.
func letter(n, size int) []byte {
	const (
		line     = "Hej! Packningen är bytt och kranen är tät igen, återkommer med pris på blandaren.\r\n"
		boundary = "=_bench"
		withFile = 32 << 10
	)
	var b strings.Builder
	b.Grow(size + 512)
	fmt.Fprintf(&b, "From: =?UTF-8?Q?R=C3=B6rservice?= <%s>\r\nTo: Demo Bostad <felanmalan@arende.example.org>\r\n"+
		"Subject: SV: Droppande kran %d\r\nDate: Tue, 24 Nov 2026 09:12:00 +0100\r\n"+
		"Message-ID: <bench-%d@%s>\r\nMIME-Version: 1.0\r\n", senderAddress, n, n, senderDomain)
	text := fmt.Sprintf("Ärende %d.\r\n", n)
	if size < withFile {
		b.WriteString("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + text)
		for b.Len()+len(line) < size {
			b.WriteString(line)
		}
		return []byte(b.String())
	}
	fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=%q\r\n\r\n--%s\r\nContent-Type: text/plain; charset=utf-8\r\n"+
		"Content-Transfer-Encoding: 8bit\r\n\r\n%s%s\r\n--%s\r\nContent-Type: image/jpeg; name=\"bild.jpg\"\r\n"+
		"Content-Disposition: attachment; filename=\"bild.jpg\"\r\nContent-Transfer-Encoding: base64\r\n\r\n",
		boundary, boundary, text, line, boundary)
	seed := byte(n)
	for b.Len()+78 < size {
		var row [57]byte
		for i := range row {
			row[i] = seed
			seed = seed*5 + 3
		}
		b.WriteString(base64.StdEncoding.EncodeToString(row[:]) + "\r\n")
	}
	b.WriteString("--" + boundary + "--\r\n")
	return []byte(b.String())
}
