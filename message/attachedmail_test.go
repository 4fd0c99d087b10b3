package message

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"
)

func TestTextOfAttachedMails(t *testing.T) {
	const inner = "From: Bo <bo@example.com>\r\nSubject: Hissen\r\n\r\nHissen i port B står stilla.\r\n"
	attach := func(mail string) string { return "Content-Type: message/rfc822\r\n\r\n" + mail }
	own := "Content-Type: text/plain; charset=utf-8\r\n\r\nSe nedan.\r\n\r\nMed vänlig hälsning\r\nAnna Ek"
	html := mixed("alternative", "Content-Type: text/html; charset=utf-8\r\n\r\n<p>Kom <b>strax</b></p>")
	tests := []struct{ name, mail, text, full string }{
		{"below the sender's words, which lose their signature", mixed("mixed", own, attach(inner)),
			"Se nedan.", "Se nedan.\n\nMed vänlig hälsning\nAnna Ek\n\nHissen i port B står stilla."},
		{"words behind the attached mail", mixed("mixed", "\r\nett", attach(inner), "\r\ntvå"), "ett\n\ntvå", "ett\n\ntvå\n\nHissen i port B står stilla."},
		{"alone", mixed("mixed", attach(inner)), "Hissen i port B står stilla.", "Hissen i port B står stilla."},
		{"the mail is one", attach(inner), "Hissen i port B står stilla.", "Hissen i port B står stilla."},
		{"HTML alone", mixed("mixed", "\r\nVb", attach(html)), "Vb", "Vb\n\nKom strax"},
		{"in base64", mixed("mixed", "\r\nVb", "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"+
			base64.StdEncoding.EncodeToString([]byte(inner))), "Vb", "Vb\n\nHissen i port B står stilla."},
		{"mails within", mixed("mixed", "\r\nVb", attach(mixed("related", "\r\nen", attach(mixed("digest", "\r\nSubject: x\r\n\r\ntvå"))))), "Vb", "Vb\n\nen\n\ntvå"},
		{"too many parts to be taken apart", mixed("mixed", "\r\nVb", attach(mixed("related", strings.Split(strings.Repeat("\r\nx|", 501), "|")...))), "Vb", "Vb"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := Parse(context.Background(), InMemory(tt.mail), Limits{Parts: 2000})
			checkContent(t, tt.name, []byte(tt.mail), c)
			if c.Text != tt.text || c.FullText != tt.full {
				t.Errorf("text %q\nfull %q", c.Text, c.FullText)
			}
			checkReply(t, c.FullText, Reply{c.Text, c.Folded})
			if onFile := Parse(context.Background(), onDisk([]byte(tt.mail)), Limits{Parts: 2000}); onFile.FullText != c.FullText {
				t.Errorf("read from a file: %q", onFile.FullText)
			}
		})
	}
}

func TestAttachedMailsAreBounded(t *testing.T) {
	deep := "Subject: x\r\n\r\ninnermost"
	for range maxMailsDeep + 1 {
		deep = "Content-Type: message/rfc822\r\n\r\n" + deep
	}
	long := mixed("mixed", "\r\nVb", "Content-Type: message/rfc822\r\n\r\n\r\n"+strings.Repeat("lång ", 100))
	for name, mail := range map[string]string{"deep": deep, "long": long} {
		c := Parse(context.Background(), InMemory(mail), Limits{TextBytes: 100})
		if len(c.FullText) > 102 || strings.Contains(c.FullText, "innermost") || len(c.Notices) == 0 {
			t.Errorf("%s: %d bytes of text, notices %q", name, len(c.FullText), c.Notices)
		}
	}
}

// What an attached mail says makes nothing of the mail that carries it.
func TestClassIsOfTheMailItself(t *testing.T) {
	bounce := "From: MAILER-DAEMON@example.com\r\nSubject: failure notice\r\n\r\n<borta@example.com>:\r\n550 5.1.1 no such user\r\n"
	mail := "From: Anna <anna@example.com>\r\nSubject: Undelivered mail\r\n" + mixed("mixed", "\r\nDet här fick jag tillbaka. Varför?", "Content-Type: message/rfc822\r\n\r\n"+bounce)
	if c := Parse(context.Background(), InMemory(mail), Limits{}); c.Class != Personal || !strings.Contains(c.FullText, "550 5.1.1") {
		t.Errorf("%s: %q", c.Class, c.FullText)
	}
}
