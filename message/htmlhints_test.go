package message

import (
	"context"
	"strings"
	"testing"
)

// What the HTML form marks is told in the plain form, where its lines don't tell it.
func TestHTMLTellsOfThePlainForm(t *testing.T) {
	const (
		own     = `<div>Ja tack, kom på tisdag.</div>`
		quote   = `<blockquote type="cite"><p>Passar det att rörmokaren kommer på tisdag eller onsdag?</p><p>Hälsningar från Demo</p></blockquote>`
		plain   = "Ja tack, kom på tisdag.\n\nPassar det att rörmokaren kommer på\ntisdag eller onsdag?\n\nHälsningar från Demo"
		signed  = `<div class="gmail_signature">Anna Ek<br>Verkstan i Storstad</div>`
		between = `<blockquote type="cite">Passar tisdag för er därhemma?</blockquote><div>Ja, tisdag passar bra.</div><blockquote type="cite">Har ni husdjur i lägenheten?</blockquote><div>En katt, som är snäll.</div>`
	)
	tests := []struct{ name, plain, html, text string }{
		{"a quotation without marks", plain, own + quote, "Ja tack, kom på tisdag."},
		{"a signature without marks", "Ja tack, kom på tisdag.\n\nAnna Ek\nVerkstan i Storstad", own + signed, "Ja tack, kom på tisdag."},
		{"both", "Ja tack, kom på tisdag.\n\nAnna Ek\nVerkstan i Storstad\n\nPassar det att rörmokaren kommer på tisdag eller onsdag?\n\nHälsningar från Demo", own + signed + quote, "Ja tack, kom på tisdag."},
		{"links written out", "Ja tack, kom på tisdag.\n\nPassar det <https://demo.example/a> att rörmokaren kommer på\ntisdag eller onsdag?", own + strings.Replace(quote, "det", `<a href="https://demo.example/a">det</a>`, 1), "Ja tack, kom på tisdag."},
		{"answers between", "Passar tisdag för er därhemma?\n\nJa, tisdag passar bra.\n\nHar ni husdjur i lägenheten?\n\nEn katt, som är snäll.", between, "Ja, tisdag passar bra.\n\nEn katt, som är snäll."},
		{"the lines tell it, and the structure takes too much", "Den 5 jan. 2026 10:00 skrev Demo <a@demo.example>:\n> Passar det att rörmokaren kommer på tisdag eller onsdag?\n\nJa tack, kom på tisdag.", `<div class="OutlookMessageHeader"></div>` + quote + own, "Ja tack, kom på tisdag."},
		{"other words", "Ja tack, kom på tisdag.\n\nDet droppar rätt mycket nu.", own + quote, "Ja tack, kom på tisdag.\n\nDet droppar rätt mycket nu."},
		{"all of it is quoted", "Passar det att rörmokaren kommer på tisdag eller onsdag?", quote, "Passar det att rörmokaren kommer på tisdag eller onsdag?"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			mail := mixed("alternative", "Content-Type: text/plain; charset=utf-8\r\n\r\n"+tt.plain, "Content-Type: text/html; charset=utf-8\r\n\r\n"+tt.html)
			c := Parse(context.Background(), InMemory(mail), Limits{})
			checkContent(t, tt.name, []byte(mail), c)
			if c.FullText != tt.plain || c.Text != tt.text {
				t.Errorf("text %q\nfull %q", c.Text, c.FullText)
			}
			checkReply(t, c.FullText, Reply{c.Text, c.Folded})
		})
	}
}
