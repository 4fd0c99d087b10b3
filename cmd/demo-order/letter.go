package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"smartmail/message"
	"smartmail/testrig"
)

// photo is a picture of 8 by 8 pixels.
const photo = "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEElEQVR4nGNgqDiBHQ0tCQAQmVAB0ge6SQAAAABJRU5ErkJggg=="

// write sends a person's mail, signed by his domain. An answer names the mail that it answers; withPhoto adds one.
func (s *stage) write(from mail.Address, to, subject, text, answers string, withPhoto bool) error {
	s.letters++
	_, domain, _ := strings.Cut(from.Address, "@")
	var b strings.Builder
	fmt.Fprintf(&b, "From: %s\nTo: <%s>\nSubject: %s\nDate: %s\nMessage-ID: <story-%d@%s>\n", from.String(), to, subject, time.Now().Format(time.RFC1123Z), s.letters, domain)
	if answers != "" {
		fmt.Fprintf(&b, "In-Reply-To: <%s>\nReferences: <%s>\n", answers, answers)
	}
	part := "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString([]byte(text)) + "\n"
	b.WriteString("MIME-Version: 1.0\n")
	if withPhoto {
		part = "Content-Type: multipart/mixed; boundary=story\n\n--story\n" + part +
			"--story\nContent-Type: image/png\nContent-Disposition: attachment; filename=kran.png\nContent-Transfer-Encoding: base64\n\n" + photo + "\n--story--\n"
	}
	b.WriteString(part)
	raw, err := s.ids[domain].Sign([]byte(strings.ReplaceAll(b.String(), "\n", "\r\n")))
	if err != nil {
		return err
	}
	return s.post.Send(testrig.Letter{From: from.Address, To: []string{to}, Raw: raw})
}

// arrived waits for a mail in somebody's mailbox whose subject and text have all the words, whatever spaces are between them.
func (s *stage) arrived(ctx context.Context, address string, words ...string) (message.Content, error) {
	l, err := s.post.Arrived(ctx, address, func(l testrig.Letter) bool {
		c := l.Content(ctx)
		for _, w := range words {
			if !strings.Contains(strings.Join(strings.Fields(c.Subject+" "+c.FullText), " "), w) {
				return false
			}
		}
		return true
	})
	if err != nil {
		return message.Content{}, fmt.Errorf("a mail that says %q: %w", words, err)
	}
	return l.Content(ctx), nil
}
