package message

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/mail/*.eml")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range files {
		raw, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte(nested(11)))
	f.Add([]byte(mixed("alternative", "\r\nJa.\r\n\r\nHej, kan ni komma?", "Content-Type: text/html\r\n\r\n<p class=MsoNormal>Ja.</p><blockquote type=cite>Hej, kan ni komma?</blockquote>")))
	f.Add([]byte(mixed("digest", "\r\n\r\nett", "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nDQp0dsOl", "\r\nContent-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\n> tre")))
	f.Add([]byte("\rContent-Type: multipart/x; boundary=\"=\"\r\r--=\r\r--=--"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c := Parse(context.Background(), InMemory(raw), Limits{})
		checkContent(t, "fuzz", raw, c)
		checkReply(t, c.FullText, Reply{c.Text, c.Folded})
		again := c
		again.ReadAgain([]string{c.Subject, c.FullText}, NewFrame([]string{c.Text}, []string{c.Subject}))
		checkReply(t, c.FullText, Reply{again.Text, again.Folded})
		if onFile := Parse(context.Background(), onDisk(raw), Limits{}); onFile.Identity != c.Identity || onFile.FullText != c.FullText {
			t.Error("a file reads differently from memory")
		}
		for i, a := range c.Attachments {
			b, _, err := OpenAttachment(context.Background(), InMemory(raw), Limits{}, i)
			if err != nil || b.Name != a.Name {
				t.Errorf("attachment %d: %+v, %v", i, b, err)
			}
		}
	})
}

func FuzzAddress(f *testing.F) {
	for _, s := range []string{"a@b", `"x, y" <a@b>, c@d`, "g: a@b, c@d;", "=?utf-8?q?=C3=A5?= <a@b>", `"<(`, "a@b (c) <d@e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		list := parseAddresses(s, 50)
		if len(list) > 50 {
			t.Errorf("%d addresses", len(list))
		}
		for _, m := range list {
			if !utf8.ValidString(m.Name) || !utf8.ValidString(m.Email) || strings.ContainsAny(m.Name+m.Email, "\x00\r\n") {
				t.Errorf("%+q", m)
			}
			if m.Email != "" && (!strings.Contains(m.Email, "@") || len(m.Email) > 400) {
				t.Errorf("%q is no address", m.Email)
			}
		}
	})
}

func FuzzNewText(f *testing.F) {
	for _, s := range []string{"a\n> b", "On 2026-01-05 10:00, A wrote:\n> b\nc", "-- \na", "Från: a\nSkickat: b\nTill: c\n", "a\n\nSent from my iPhone",
		"a\n\nMvh\nAnna\n\n____\nb@c", "a\n```\n> b\n```\n", "Hej\nA> b\nA> c", "d\n\n-Anna Ek", "x <\n>:\n> y", "CAUTION: external sender\n\na\n\n-----Original Message-----\nb"} {
		f.Add(s, "Hej, när kan ni komma och titta på kranen i köket som droppar?")
	}
	f.Fuzz(func(t *testing.T, full, sent string) {
		got := NewText(full)
		if (strings.TrimSpace(got) == "") != (strings.TrimSpace(full) == "") {
			t.Errorf("%q of %q", got, full)
		}
		for _, rc := range []ReplyContext{{}, {Sender: Mailbox{Name: "Anna Ek"}, Sent: []string{sent, full}}} {
			checkReply(t, full, ReadReply(full, rc))
		}
	})
}

func FuzzHTMLText(f *testing.F) {
	for _, s := range []string{`a<div class="gmail_quote">b<blockquote class="gmail_quote">c</blockquote>d</div>`, `<table><tr><td>a<td><p>b</table>`, `<ol><li>a<ul><li>b`,
		`<a href="https://example.com">x</a><img alt=y>`, `<p style="display:none">a<p>b`, `<hr id=stopSpelling>a`, `<pre>a\n > b</pre><blockquote>c`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		got := readHTML(src, 10_000)
		if len(got.full) > 10_000 || !utf8.ValidString(got.full) {
			t.Errorf("%q", got.full)
		}
		checkReply(t, got.full, readReply(got.full, got.marks, ReplyContext{}))
		if safe := sanitise(src); hostile.MatchString(safe) {
			t.Errorf("%q", safe)
		}
	})
}
