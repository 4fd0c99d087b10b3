package message

import (
	"context"
	"strings"
	"testing"
)

func TestNewText(t *testing.T) {
	const quoted = "> Hej,\n> är det bra nu?\n"
	tests := []struct{ name, full, want string }{
		{"nothing to fold", "Hej!\n\nDet droppar.", "Hej!\n\nDet droppar."},
		{"Swedish", "Ja.\n\nDen 5 jan. 2026 kl. 10:00 skrev Anna Ek <anna@example.com>:\n\n" + quoted, "Ja."},
		{"Swedish over two lines", "Ja.\n\nDen mån 5 jan. 2026 kl 10:00 skrev Demo <\na1-1-a@example.org>:\n\n" + quoted, "Ja."},
		{"English", "Yes.\n\nOn Mon, Jan 5, 2026 at 10:00 AM Anna <anna@example.com> wrote:\n" + quoted, "Yes."},
		{"German", "Ja.\n\nAm 05.01.2026 um 10:00 schrieb Anna:\n" + quoted, "Ja."},
		{"Norwegian", "Ja.\n\nman. 5. jan. 2026 kl. 10:00 skrev Anna <a@example.com>:\n" + quoted, "Ja."},
		{"Danish", "Ja.\n\nDen man. 5. jan. 2026 kl. 10.00 skrev Anna <a@example.com>:\n" + quoted, "Ja."},
		{"Finnish", "Kyllä.\n\nma 5. tammik. 2026 klo 10.00 Anna (a@example.com) kirjoitti:\n" + quoted, "Kyllä."},
		{"attribution without marks", "Ja.\n\nDen 5 jan. 2026 kl. 10:00 skrev Anna <a@example.com>:\n\nHej, är det bra?", "Ja."},
		{"Outlook in Swedish", "Ja.\n\nFrån: Demo\nSkickat: den 5 januari 2026\nTill: Anna\nÄmne: Kranen\n\nHej", "Ja."},
		{"Outlook in English with a line", "Yes.\n\n________________________________\nFrom: Demo\nSent: Monday\nTo: Anna\nSubject: x\n\nHi", "Yes."},
		{"Outlook in bold", "Ja.\n\n*Från:* Demo\n*Skickat:* i dag\n*Till:* Anna\n\nHej", "Ja."},
		{"separator", "Ja.\n\n-----Ursprungligt meddelande-----\nFrån: Demo\nHej", "Ja."},
		{"English separator", "Yes.\n\n----- Original Message -----\nHi", "Yes."},
		{"phone", "Ja.\n\nSkickat från min iPhone", "Ja."},
		{"phone between answer and quote", "Ja.\n\nSkickat från min iPhone\n\n5 jan. 2026 kl. 10:00 skrev Demo <d@example.org>:\n\n" + quoted, "Ja."},
		{"Android", "Yes.\n\nSent from my Samsung Galaxy smartphone.", "Yes."},
		{"signature", "Ja.\n-- \nAnna Ek\nStorgatan 5", "Ja."},
		{"signature below the quotation", "Ja.\n\nOn 2026-01-05 10:00, Demo wrote:\n" + quoted + "-- \nAnna", "Ja."},
		{"answer below", "On 2026-01-05 10:00, Demo wrote:\n" + quoted + "\nJa, tack.", "Ja, tack."},
		{"answers between the lines stay", "Hej,\n\nOn 2026-01-05 10:00, Demo wrote:\n> Fråga ett?\nJa.\n> Fråga två?\nNej.", "Hej,\n\nOn 2026-01-05 10:00, Demo wrote:\n> Fråga ett?\nJa.\n> Fråga två?\nNej."},
		{"a sentence with a verb and a colon", "Hej,\nden 5 januari skrev jag till er:\nkranen droppar fortfarande.", "Hej,\nden 5 januari skrev jag till er:\nkranen droppar fortfarande."},
		{"a list of labels", "Till: er\nÄmne: kranen\nDen droppar.", "Till: er\nÄmne: kranen\nDen droppar."},
		{"a sentence about sending", "Reservdelen är\nskickad från verkstaden i går.", "Reservdelen är\nskickad från verkstaden i går."},
		{"a line of dashes", "Först\n----------\nsedan", "Först\n----------\nsedan"},
		{"nothing but a quotation", quoted, strings.TrimSpace(quoted)},
		{"nothing but a forwarded mail", "---------- Forwarded message ---------\nFrån: Anna\nKranen droppar", "---------- Forwarded message ---------\nFrån: Anna\nKranen droppar"},
		{"CRLF", "Ja.\r\n\r\n> nej\r\n", "Ja."},
		{"blank", " \n\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := NewText(tt.full); got != tt.want {
				t.Errorf("%q, expected %q", got, tt.want)
			}
		})
	}
}

// HTML without a plain form: the structure tells what is quoted.
func TestNewTextOfHTML(t *testing.T) {
	tests := []struct{ name, html, want string }{
		{"Gmail", `<div>Ja.</div><div class="gmail_quote"><div>Den 5 jan skrev Demo:</div><blockquote>Hej</blockquote></div>`, "Ja."},
		{"Proton, text before the html element", `Ja.<html><body><div class="protonmail_quote">Hej</div></body></html>`, "Ja."},
		{"Yahoo", `<div>Ja.</div><div id="yahoo_quoted_1" class="yahoo_quoted"><div>Hej</div></div>`, "Ja."},
		{"Thunderbird", `<p>Ja.</p><div class="moz-cite-prefix">Den 5 jan skrev Demo:</div><blockquote type="cite"><p>Hej</p></blockquote>`, "Ja."},
		{"Outlook on the web", `<div>Ja.</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>Från:</b> Demo</div><div>Hej</div>`, "Ja."},
		{"Outlook on the web, prefixed", `<div>Ja.</div><div id="x_divRplyFwdMsg"><b>Från:</b> Demo</div><div>Hej</div>`, "Ja."},
		{"Outlook for Windows", `<p>Ja.</p><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p>Från: Demo</p></div><p>Hej</p>`, "Ja."},
		{"Outlook for Mac", `<div>Ja.</div><span id="OLK_SRC_BODY_SECTION"><div>Hej</div></span>`, "Ja."},
		{"new Outlook", `<div>Ja.</div><div id="mail-editor-reference-message-container"><div>Hej</div></div>`, "Ja."},
		{"text below the quotation", `<blockquote type="cite"><div>Hej</div></blockquote><div>Ja.</div>`, "Ja."},
		{"nothing but a quotation", `<div class="gmail_quote"><div>Hej</div></div>`, "Hej"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := Parse(context.Background(), InMemory("Content-Type: text/html; charset=utf-8\r\n\r\n"+tt.html), Limits{})
			if c.Text != tt.want || !strings.Contains(c.FullText, "Hej") {
				t.Errorf("%q, expected %q; full %q", c.Text, tt.want, c.FullText)
			}
		})
	}
}

// Work that grows faster than the text would not end within the test's time.
func TestNewTextIsLinear(t *testing.T) {
	const n = 100_000
	for name, full := range map[string]string{
		"blank lines":      strings.Repeat("\n", n) + "x",
		"quote marks":      strings.Repeat("> x\n", n),
		"attributions":     strings.Repeat("\n", n) + strings.Repeat("On 2026-01-05 10:00, A wrote:\n> x\ny\n", n/10),
		"answers below":    strings.Repeat("On 2026-01-05 10:00, A wrote:\n> x\n", n/10) + "y",
		"labels":           strings.Repeat("From: a\n", n),
		"dates":            strings.Repeat("Date: a\n", n),
		"underscores":      strings.Repeat("____________\n\n", n),
		"signatures":       "x\n" + strings.Repeat("-- \n", n),
		"phones":           "x\n" + strings.Repeat("Sent from my iPhone\n", n/10),
		"colons":           strings.Repeat("a wrote\n:\n", n/10),
		"one long line":    strings.Repeat("wrote: ", n),
		"carriage returns": strings.Repeat("\r", n) + "x",
	} {
		t.Run(name, func(t *testing.T) {
			if got := NewText(full); strings.TrimSpace(got) == "" {
				t.Error("nothing remains")
			}
		})
	}
}
