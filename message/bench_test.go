package message

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/jhillyerd/enmime/v2"
)

// plainMail is an ordinary mail of about that size.
func plainMail(size int) []byte {
	head := "Received: from mx.example.com by mx.example.org; Mon, 5 Jan 2026 10:00:00 +0100\r\nFrom: =?utf-8?q?Anna_Ek?= <anna@example.com>\r\n" +
		"To: felanmalan@arende.example.org\r\nSubject: =?utf-8?q?Det_droppar_i_k=C3=B6ket?=\r\nDate: Mon, 5 Jan 2026 09:59:00 +0100\r\n" +
		"Message-ID: <1@example.com>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
	line := "Hej, det droppar från kranen i köket sedan i lördags och det blir bara värre.\r\n"
	return []byte(head + strings.Repeat(line, size/len(line)))
}

func BenchmarkParse(b *testing.B) {
	for _, bb := range []struct {
		name string
		mail []byte
	}{{"4KiB", plainMail(4 << 10)}, {"100KiB", plainMail(100 << 10)}, {"5MiB-attachment", photoMail(5 << 20)}} {
		b.Run(bb.name+"/memory", func(b *testing.B) { benchParse(b, InMemory(bb.mail)) })
		b.Run(bb.name+"/file", func(b *testing.B) { benchParse(b, onDisk(bb.mail)) })
		b.Run(bb.name+"/bare-enmime", func(b *testing.B) {
			b.SetBytes(int64(len(bb.mail)))
			for b.Loop() {
				if _, err := enmime.ReadEnvelope(bytes.NewReader(bb.mail)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func benchParse(b *testing.B, raw Raw) {
	b.SetBytes(raw.Size())
	b.ReportAllocs()
	for b.Loop() {
		if c := Parse(context.Background(), raw, Limits{}); c.Unparseable {
			b.Fatal(c.Notices)
		}
	}
}

func BenchmarkOpenAttachment(b *testing.B) {
	raw := InMemory(photoMail(5 << 20))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := OpenAttachment(context.Background(), raw, Limits{}, 0); err != nil {
			b.Fatal(err)
		}
	}
}

// Each of these is 1 MB.
func BenchmarkNewText(b *testing.B) {
	for name, full := range hostileTexts(1 << 20) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(full)))
			for b.Loop() {
				if NewText(full) == "" {
					b.Fatal("nothing remains")
				}
			}
		})
	}
}

func BenchmarkHTMLText(b *testing.B) {
	for name, unit := range map[string]string{
		"blockquotes": "<blockquote>a", "quotes": `<div class="gmail_quote">a`, "tables": "<table><tr><td>a", "lists": "<ul><li>a", "links": `<a href="https://example.com/">a</a>`,
		"open links": `<a href="https://example.com/">`, "hidden": `<div style="display:none">`, "words": "hej ", "one tag": "<", "attributes": "<a b=c ",
	} {
		src := strings.Repeat(unit, 1<<20/len(unit))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				readHTML(src, 1<<20)
			}
		})
	}
}
