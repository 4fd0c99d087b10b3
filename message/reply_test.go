package message

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
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
		{"answers between the lines stay", "Hej,\n\nOn 2026-01-05 10:00, Demo wrote:\n> Fråga ett?\nJa.\n> Fråga två?\nNej.", "Hej,\n\n> Fråga ett?\nJa.\n> Fråga två?\nNej."},
		{"behind bars", "Ja.\n\nOn 2026-01-05 10:00, Demo wrote:\n| Hej,\n|\n| är det bra nu?", "Ja."},
		{"answers between bars", "Hej,\n\nOn 2026-01-05 10:00, Demo wrote:\n| Fråga ett?\nJa.\n| Fråga två?\nNej.", "Hej,\n\n| Fråga ett?\nJa.\n| Fråga två?\nNej."},
		{"a table below a colon", "Så här skrev de:\n| a | b |\n| c | d |", "Så här skrev de:\n| a | b |\n| c | d |"},
		{"a table of bars in front", "Mått:\n| 12 cm\n| 14 cm", "Mått:\n| 12 cm\n| 14 cm"},
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
		{"Gmail, answers between", `<div>Svar nedan.</div><div class="gmail_quote"><div class="gmail_attr">Den 5 jan skrev Demo:</div><blockquote class="gmail_quote">Hej, fråga ett?</blockquote><div>Ja.</div><blockquote class="gmail_quote">Fråga två?</blockquote><div>Nej.</div></div>`, "Svar nedan.\n> Hej, fråga ett?\nJa.\n> Fråga två?\nNej."},
		{"Gmail, a mail passed on", `<div>Se här.</div><div class="gmail_quote"><div class="gmail_attr">---------- Forwarded message ---------<br>Från: Demo</div>Hej<blockquote>äldre</blockquote>slut</div>`, "Se här."},
		{"Gmail, quotation in what is passed on", `<div>Se här.</div><div class="gmail_quote"><div class="gmail_attr">Forwarded</div>Hej<div class="gmail_quote"><blockquote class="gmail_quote">äldre</blockquote></div>slut</div>`, "Se här."},
		{"Gmail, signature", `<div>Ja.</div><div class="gmail_signature">Anna Ek<br>Hej Bygg AB</div>`, "Ja."},
		{"Proton, with its own quotation", `<div>Ja.</div><div class="protonmail_quote">On Monday Demo wrote:<br><blockquote class="protonmail_quote" type="cite">Hej</blockquote></div>`, "Ja."},
		{"Hotmail", `<div>Ja.<br><hr id="stopSpelling">Date: Mon, 5 Jan 2026<br>From: a@example.com<br>Hej</div>`, "Ja."},
		{"Zimbra", `<div>Ja.</div><hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__QUOTED_TEXT__">Hej</div>`, "Ja."},
		{"Windows Mail", `<div>Ja.</div><div style="padding-top: 5px; border-top-color: rgb(229, 229, 229); border-top-width: 1px; border-top-style: solid;"><b>Från:</b> Demo</div><div>Hej</div>`, "Ja."},
		{"Outlook 2003", `<div>Ja.</div><div class="OutlookMessageHeader"><b>Från:</b> Demo</div><div>Hej</div>`, "Ja."},
		{"Outlook in text alone", `<p>Ja.</p><p><b>Från:</b> Demo &lt;d@example.org&gt;<br><b>Skickat:</b> den 5 januari 2026<br><b>Till:</b> Anna<br><b>Ämne:</b> Kranen</p><p>Hej</p>`, "Ja."},
		{"Outlook on phones", `<div>Ja.</div><div id="ms-outlook-mobile-signature">Hämta <a href="https://aka.ms/o0ukef">Outlook för iOS</a></div><div id="divRplyFwdMsg">Från: Demo</div><div>Hej</div>`, "Ja."},
		{"Outlook's own lines, with a signature of a greeting and a name", `<div class="WordSection1"><p class="MsoNormal">Ja.<o:p></o:p></p><p class="MsoNormal"><o:p>&nbsp;</o:p></p><p class="MsoNormal">Hej, kom på tisdag.</p><p class="MsoNormal"><o:p>&nbsp;</o:p></p><p class="MsoNormal">Med vänliga hälsningar<o:p></o:p></p><p class="MsoNormal">Anna<o:p></o:p></p></div>`, "Ja.\n\nHej, kom på tisdag."},
		{"lines that are paragraphs without margins", `<p style="margin: 0cm 0cm 0.0001pt">Ett</p><p style="margin:0px">två</p><p style="color:red;margin:0"><br></p><p style="margin:0 10px">tre</p><p style="margin:0 0 1em">fyra</p><p>Hej</p>`, "Ett\ntvå\n\ntre\n\nfyra\n\nHej"},
		{"Outlook on the web, its signature", `<div>Ja.</div><div id="Signature"><p>Hej då</p><p>Anna</p></div>`, "Ja."},
		{"Apple Mail", `<div>Ja.</div><div><br><blockquote type="cite"><div>On 5 Jan 2026, at 10:00, Demo wrote:</div><br><div>Hej</div></blockquote></div>`, "Ja."},
		{"Yandex", `<p>Ja.<br><br>05.01.2026, 10:00, "Demo" &lt;<a href="mailto:d@example.org">d@example.org</a>&gt;:</p><blockquote>Hej<br>hej</blockquote>`, "Ja."},
		{"Mail.ru", `<p>Ja.<br><br>Mon, 5 Jan 2026 10:00:51 +0400 от Demo &lt;d@example.org&gt;:<br></p><blockquote style="border-left:1px solid #0857A6"><div>Hej</div></blockquote>`, "Ja."},
		{"AOL", `<font>Ja.<br><br><div>-----Original Message-----<br>From: Demo &lt;d@example.org&gt;<br>To: a@example.com<br><br>Hej</div></font>`, "Ja."},
		{"Yahoo on Android", `Ja.<br><br><a href="https://example.com">Skickat från Yahoo Mail på Android</a><html><body><blockquote><p>Den mån 5 jan. 2026 kl. 10:00, Demo</p><p>&lt;d@example.org&gt; skrev:</p> Hej</blockquote></body></html>`, "Ja."},
		{"Thunderbird, passed on", `<p>Se här.</p><div class="moz-forward-container">-------- Vidarebefordrat meddelande --------<table><tr><td>Hej</td></tr></table></div>`, "Se här."},
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

// checkReply holds for every text: nothing is lost, and what is folded is told in order.
func checkReply(t testing.TB, full string, r Reply) {
	t.Helper()
	at := 0
	var shown strings.Builder
	for _, f := range r.Folded {
		if f.Start < at || f.End <= f.Start || f.End > len(full) || f.Kind == "" {
			t.Fatalf("range %+v behind %d of %q", f, at, full)
		}
		if f.Start > 0 && full[f.Start-1] != '\n' || f.End < len(full) && full[f.End-1] != '\n' {
			t.Fatalf("range %+v cuts a line of %q", f, full)
		}
		shown.WriteString(full[at:f.Start])
		at = f.End
	}
	shown.WriteString(full[at:])
	if got := trimLines(shown.String()); got != r.Text {
		t.Fatalf("text %q, but the ranges %+v leave %q", r.Text, r.Folded, got)
	}
	if strings.TrimSpace(r.Text) == "" && strings.TrimSpace(full) != "" {
		t.Fatalf("nothing remains of %q", full)
	}
}

// What is quoted below a signature with contact details, as Outlook and phones have it, is no part of the signature.
func TestKindsOfWhatIsFolded(t *testing.T) {
	type piece struct {
		kind FoldKind
		text string
	}
	const fields = "Från: Demo <a1@demo.example>\nSkickat: den 5 januari 2026 10:00\nTill: anna@example.com\nÄmne: Kran [#1]\n\n"
	quote := piece{FoldQuote, "Vi kommer."}
	for name, pieces := range map[string][]piece{
		"a line above":                  {{FoldHeader, "________________________________\n" + fields}, quote},
		"a phone's line":                {{FoldHeader, "Hämta Outlook för iOS<https://aka.ms/o0ukef>\n________________________________\n" + fields}, quote},
		"a greeting above":              {{FoldSignature, "Mvh\nAnna\n\n"}, {FoldHeader, fields}, quote},
		"a separator above":             {{FoldSignature, "-- \nAnna Ek\n070-123 45 67\n\n"}, {FoldHeader, fields}, quote},
		"a separator, then attribution": {{FoldSignature, "-- \nAnna Ek\n\n"}, {FoldHeader, "Den 5 jan. 2026 10:00 skrev Demo <a@demo.example>:\n\n"}, quote},
	} {
		full := "Ja tack.\n\n"
		var want []Range
		for _, p := range pieces {
			want = append(want, Range{Start: len(full), End: len(full) + len(p.text), Kind: p.kind})
			full += p.text
		}
		if got := ReadReply(full, ReplyContext{}); !slices.Equal(got.Folded, want) {
			t.Errorf("%s: %+v, expected %+v", name, got.Folded, want)
		}
	}
}

// No text of the corpora or of the golden files loses anything.
func TestNothingIsLost(t *testing.T) {
	files, err := filepath.Glob("testdata/*/*.*")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(corpora); err == nil {
		files = append(files, mailFiles(t)...)
	}
	for _, path := range files {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		full := strings.ToValidUTF8(newlines(string(raw)), "?")
		checkReply(t, full, ReadReply(full, ReplyContext{Sent: []string{full[:len(full)/2]}}))
		c := Parse(context.Background(), InMemory(raw), Limits{})
		checkReply(t, c.FullText, Reply{Text: c.Text, Folded: c.Folded})
	}
}

// hostileTexts would take long if the work grew faster than the text.
func hostileTexts(size int) map[string]string {
	fill := func(unit string) string { return strings.Repeat(unit, size/len(unit)) }
	return map[string]string{
		"blank lines":              fill("\n") + "x",
		"quote marks":              "x\n" + fill("> x\n"),
		"deep quote marks":         "x\n" + fill(">"),
		"initials":                 "x\n" + fill("AB> x\n"),
		"attributions":             "x\n" + fill("On 2026-01-05 10:00, A wrote:\n> x\ny\n"),
		"answers below":            fill("On 2026-01-05 10:00, A wrote:\n> x\n") + "y",
		"attributions without end": "x\n" + fill("On 2026-01-05 10:00 A <\n"),
		"On On On":                 fill("On "),
		"On lines":                 fill("On\n"),
		"wrote:":                   fill("wrote: "),
		"wrote: lines":             "x\n" + fill("wrote:\n"),
		"labels":                   "x\n" + fill("From: a\n"),
		"dates":                    "x\n" + fill("Date: a\n"),
		"underscores":              "x\n" + fill("____________\n\n"),
		"signatures":               "x\n" + fill("-- \n"),
		"signatures with text":     "x\n" + fill("-- \nAnna\n"),
		"phones":                   "x\n" + fill("Sent from my iPhone\n"),
		"greetings":                "x\n" + fill("Mvh\n\nAnna\n"),
		"colons":                   "x\n" + fill("a wrote\n:\n"),
		"separators":               fill("-----Original Message-----\n"),
		"fences":                   fill("```\n"),
		"one line":                 fill("a"),
		"one line of dashes":       fill("-"),
		"one word lines":           fill("ab\n"),
		"zero width":               fill("\u200B"),
		"legal words":              "x\n\n" + fill("this message is confidential "),
		"carriage returns":         fill("\r") + "x",
		"mentions":                 "x\n" + fill("@a <b@c>\n:\n"),
	}
}

func TestNewTextOfHostileTexts(t *testing.T) {
	for name, full := range hostileTexts(256 << 10) {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			got := NewText(full)
			if strings.TrimSpace(strings.ReplaceAll(full, "\u200B", "")) != "" && strings.TrimSpace(got) == "" {
				t.Error("nothing remains")
			}
			if took := time.Since(start); took > time.Second { // the race detector and a busy machine included
				t.Errorf("took %v", took)
			}
			checkReply(t, newlines(full), ReadReply(newlines(full), ReplyContext{Sent: []string{full}}))
		})
	}
}

// A quotation of our whole mail is told where nothing marks it, with what stands around its text.
func TestFrame(t *testing.T) {
	frame := NewFrame([]string{
		"Vad händer nu? Vi hör av oss när det finns en tid eller om vi behöver veta något mer.\nSe ärendet: https://x.example/p/sample\n--\nSvara på det här mejlet, så hamnar svaret i ärende #7.\nDemo Bostad AB",
	}, []string{"Demo Bostad AB"})
	sent := []string{"Vi har bokat en rörmokare som kommer till er på tisdag förmiddag."}
	full := "Tisdag passar bra, nyckeln ligger hos grannen.\n\nVi har bokat en rörmokare som kommer till er på tisdag förmiddag.\n\n" +
		"Vad händer nu? Vi hör av oss när det finns en tid eller om vi behöver veta något mer.\n" +
		"Se ärendet: https://mx.example.org/p/eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9abcdefgh\n--\nSvara på det här mejlet, så hamnar svaret i ärende #1042.\nDemo Bostad AB\n"
	if got := ReadReply(full, ReplyContext{Sent: sent, Frame: frame}).Text; got != "Tisdag passar bra, nyckeln ligger hos grannen." {
		t.Errorf("%q", got)
	}
	own := "Se ärendet: https://mx.example.org/p/eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9abcdefgh\nDet stämmer inte."
	if got := ReadReply(own, ReplyContext{Sent: sent, Frame: frame}).Text; got != own {
		t.Errorf("%q became %q", own, got)
	}
}
