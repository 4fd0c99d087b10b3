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

// keyName is where the key stands in the DNS.
const keyName = selector + "._domainkey." + senderDomain

// keyRecord is what stands there.
func (s *sender) keyRecord() string {
	der, err := x509.MarshalPKIXPublicKey(&s.key.PublicKey)
	if err != nil {
		panic(err) // an RSA key can always be marshalled
	}
	return "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der)
}

// records are the domain's, as lines of a zone file.
func (s *sender) records() []string {
	key := s.keyRecord()
	const half = 200 // a string in a TXT record has at most 255 octets (RFC 1035 section 3.3)
	return []string{
		senderDomain + `. 3600 IN TXT "v=spf1 ip4:127.0.0.0/8 -all"`,
		"_dmarc." + senderDomain + `. 3600 IN TXT "v=DMARC1; p=reject"`,
		fmt.Sprintf(`%s. 3600 IN TXT "%s" "%s"`, keyName, key[:half], key[half:]),
	}
}

// mail lies in two pieces, the second of which others have as well. Neither has a line that begins with a dot.
type mail struct{ head, tail []byte }

func (m mail) size() int { return len(m.head) + len(m.tail) }

// pool writes n signed mails of about that many bytes, each with a Message-ID and a body of its own.
func (s *sender) pool(ctx context.Context, size, n int) ([]mail, error) {
	var pictures [][]byte
	if size >= withFile {
		for seed := range byte(8) {
			pictures = append(pictures, picture(seed, size))
		}
	}
	pool := make([]mail, n)
	g, ctx := errgroup.WithContext(ctx)
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		g.Go(func() error {
			for i := w; i < n; i += workers {
				if err := ctx.Err(); err != nil {
					return err
				}
				m := mail{head: letter(i, size)}
				if pictures != nil {
					m.tail = pictures[i%len(pictures)]
				}
				var err error
				if pool[i], err = s.sign(m); err != nil {
					return fmt.Errorf("sign mail: %w", err)
				}
			}
			return nil
		})
	}
	return pool, g.Wait()
}

// sign signs as a mail server does: relaxed, RSA with SHA-256, over the fields that people see.
func (s *sender) sign(m mail) (mail, error) {
	signer, err := dkim.NewSigner(&dkim.SignOptions{
		Domain: senderDomain, Selector: selector, Signer: s.key,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
		HeaderKeys: []string{"From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"},
	})
	if err != nil {
		return m, err
	}
	for _, piece := range [][]byte{m.head, m.tail} {
		if _, err := signer.Write(piece); err != nil {
			return m, err
		}
	}
	if err := signer.Close(); err != nil {
		return m, err
	}
	m.head = append([]byte(signer.Signature()), m.head...)
	return m, nil
}

const (
	line     = "Hej! Packningen är bytt och kranen är tät igen, återkommer med pris på blandaren.\r\n"
	boundary = "=_bench"
	withFile = 32 << 10 // mails of this size have a picture
)

// letter is a supplier's answer: plain text, or what stands before the picture that is attached to it.
func letter(n, size int) []byte {
	var b strings.Builder
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
		"Content-Transfer-Encoding: 8bit\r\n\r\n%s%s\r\n--%s\r\n", boundary, boundary, text, line, boundary)
	return []byte(b.String())
}

// picture is the part that brings a mail to its size, and the end.
func picture(seed byte, size int) []byte {
	const before = 600 // what a letter has before it
	var b bytes.Buffer
	b.Grow(size)
	b.WriteString("Content-Type: image/jpeg; name=\"bild.jpg\"\r\nContent-Disposition: attachment; filename=\"bild.jpg\"\r\n" +
		"Content-Transfer-Encoding: base64\r\n\r\n")
	for b.Len()+78+before < size {
		var row [57]byte
		for i := range row {
			row[i] = seed
			seed = seed*5 + 3
		}
		b.WriteString(base64.StdEncoding.EncodeToString(row[:]) + "\r\n")
	}
	b.WriteString("--" + boundary + "--\r\n")
	return b.Bytes()
}
