package message

import (
	"context"
	"io"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"

	"smartmail/fault"
)

func TestUnflow(t *testing.T) {
	tests := []struct {
		name, in, want string
		delSp          bool
	}{
		{"joined", "en lång \nrad\nnästa", "en lång rad\nnästa", false},
		{"DelSp", "sam \nman", "samman", true},
		{"space-stuffed", " From oss\n >inte citat", "From oss\n>inte citat", false},
		{"quoted", "> en \n> rad\n>> djupare \nny", "> en rad\n>> djupare \nny", false},
		{"signature", "text \n-- \nAnna", "text \n-- \nAnna", false},
		{"blank lines", "a\n\nb", "a\n\nb", false},
		{"a blank line ends a paragraph", "a \n\nb", "a \n\nb", false},
		{"the mail ends in the middle", "a \nb ", "a b ", false},
		{"a deeper quotation ends it", "> a \n>> b", "> a \n>> b", false},
		{"marks apart are of the text, section 4.5", "> > a", "> > a", false},
		{"marks behind the stuffing are of the text", " > a \nb", "> a b", false},
		{"a line of one stuffed blank is fixed, section 4.4", "a\n \nb", "a\n\nb", false},
		{"blanks behind the stuffing stay", "   a", "  a", false},
		{"a quoted paragraph", "> en \n> lång \n> rad\n>\n> en till", "> en lång rad\n>\n> en till", false},
		{"a quoted signature, section 4.3", "> text\n> -- \n> Anna \n> Ek", "> text\n> -- \n> Anna Ek", false},
		{"a signature is fixed with DelSp", "a\n-- \nAnna", "a\n-- \nAnna", true},
		{"DelSp takes one blank of two", "a  \nb", "a b", true},
		{"DelSp in a quotation", "> rör \n> mokare", "> rörmokare", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := unflow(tt.in, tt.delSp); got != tt.want {
				t.Errorf("%q, expected %q", got, tt.want)
			}
		})
	}
}

// A flowed mail is read as its writer saw it (RFC 3676): paragraphs in one line each, quotations folded, whatever the case of the
// parameters.
func TestFlowedMail(t *testing.T) {
	body := "Ja tack, kom gärna \r\npå tisdag.\r\n\r\n From oss alla.\r\n\r\nDen 5 jan. 2026 10:00 skrev Demo:\r\n> Passar det \r\n> på tisdag?\r\n>> äldre \r\n>> text\r\n\r\n-- \r\nAnna \r\n"
	for params, want := range map[string][2]string{
		"format=flowed":            {"Ja tack, kom gärna på tisdag.\n\nFrom oss alla.", "> Passar det på tisdag?\n>> äldre text\n\n-- \nAnna"},
		"Format=Flowed; DelSp=YES": {"Ja tack, kom gärnapå tisdag.\n\nFrom oss alla.", "> Passar detpå tisdag?\n>> äldretext\n\n-- \nAnna"},
		"format=fixed":             {"Ja tack, kom gärna \npå tisdag.\n\n From oss alla.", "> Passar det \n> på tisdag?\n>> äldre \n>> text\n\n-- \nAnna"},
	} {
		c := Parse(context.Background(), InMemory("Content-Type: text/plain; charset=utf-8; "+params+"\r\n\r\n"+body), Limits{})
		if c.Text != want[0] || !strings.HasSuffix(c.FullText, want[1]) {
			t.Errorf("%s: text %q\nfull %q", params, c.Text, c.FullText)
		}
		checkReply(t, c.FullText, Reply{c.Text, c.Folded})
	}
}

// mixed builds a multipart of a kind.
func mixed(kind string, parts ...string) string {
	return "Content-Type: multipart/" + kind + "; boundary=" + kind + "\r\n\r\n--" + kind + "\r\n" + strings.Join(parts, "\r\n--"+kind+"\r\n") + "\r\n--" + kind + "--\r\n"
}

func TestShownText(t *testing.T) {
	plain := func(s string) string { return "Content-Type: text/plain; charset=utf-8\r\n\r\n" + s }
	html := func(s string) string { return "Content-Type: text/html; charset=utf-8\r\n\r\n" + s }
	const picture = "Content-Type: image/png\r\nContent-ID: <p@x>\r\n\r\nPNG"
	tests := []struct {
		name, mail, full, html string
		attachments            int
	}{
		{"plain", plain("hej"), "hej", "", 0},
		{"HTML alone", html("<p>hej</p><p>du</p>"), "hej\n\ndu", "<p>hej</p><p>du</p>", 0},
		{"alternative", mixed("alternative", plain("hej"), html("<b>hej</b>")), "hej", "<b>hej</b>", 0},
		{"alternative with a blank plain form", mixed("alternative", plain(" "), html("<b>hej</b>")), "hej", "<b>hej</b>", 0},
		{"texts around a picture", mixed("mixed", plain("före"), picture, plain("efter")), "före\n\nefter", "", 1},
		{"plain, then HTML", mixed("mixed", plain("a <b"), html("<i>b</i>")), "a <b\n\nb", "<pre>a &lt;b</pre>\n<i>b</i>", 0},
		{"Apple: HTML around a picture in an alternative", mixed("alternative", plain("allt"), mixed("mixed", html("<b>ett</b>"), picture, html("<b>två</b>"))), "allt", "<b>ett</b><b>två</b>", 1},
		{"text called an attachment", mixed("mixed", plain("hej"), "Content-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nlog"), "hej\n\nlog", "", 1},
		{"text with a file name", mixed("mixed", plain("hej"), "Content-Type: text/plain; name=log.txt\r\n\r\nlog"), "hej", "", 1},
		{"the only part has a name", "Content-Type: text/plain; name=hej.txt\r\n\r\nhej", "hej", "", 0},
		{"base64", "Content-Transfer-Encoding: base64\r\n\r\naGVq", "hej", "", 0},
		{"quoted-printable", "Content-Transfer-Encoding: quoted-printable\r\n\r\nhe=\r\nj =C3=A5 100=%  \r\n", "hej å 100=%", "", 0},
		{"unreadable type", "Content-Type: ???\r\n\r\nhej", "hej", "", 0},
		{"digest", mixed("digest", "\r\nSubject: a\r\n\r\nx"), "x", "", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := Parse(context.Background(), InMemory(tt.mail), Limits{})
			checkContent(t, tt.name, []byte(tt.mail), c)
			if c.FullText != tt.full || c.HTML != tt.html || len(c.Attachments) != tt.attachments {
				t.Errorf("text %q, html %q, attachments %+v", c.FullText, c.HTML, c.Attachments)
			}
		})
	}
}

func TestLongTextIsCut(t *testing.T) {
	mail := "Content-Type: text/plain; charset=utf-8\r\n\r\n" + strings.Repeat("å", 1000)
	c := Parse(context.Background(), InMemory(mail), Limits{TextBytes: 101})
	if c.FullText != strings.Repeat("å", 50) || len(c.Notices) == 0 {
		t.Errorf("%d bytes, %q", len(c.FullText), c.Notices)
	}
}

func TestSanitise(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"script", `a<script>b()</script><p onclick="x()">c</p>`, `a<p>c</p>`},
		{"style", `<style>p{}</style><p style="position:fixed">c</p>`, `<p>c</p>`},
		{"harmless styles", `<p style="COLOR: #FF0000 !important; Font-Weight:bold;mso-x:y;margin:0 0 4px">c</p>`, `<p style="color: #ff0000; font-weight: bold; margin: 0 0 4px">c</p>`},
		{"borders of a table", `<table border="1" style="border-collapse:collapse"><tr><td style="border:solid #ccc 1.0pt;width:50%" bgcolor="#eee">c</td></tr></table>`, `<table border="1" style="border-collapse: collapse"><tr><td style="border: solid #ccc 1.0pt; width: 50%" bgcolor="#eee">c</td></tr></table>`},
		{"a plain background", `<p style="background:#1F5F8B">c</p><p style="background:red url(x)">c</p>`, `<p style="background: #1f5f8b">c</p><p>c</p>`},
		{"styles that fetch", `<p style="background:url(https://example.com/a.gif);background-color:url(x);color:expression(x())">c</p>`, `<p>c</p>`},
		{"styles with escapes", `<p style="color:\72 ed;width:1\70 x;display:/**/none">c</p>`, `<p>c</p>`},
		{"styles out of place", `<p style="margin:-99px;margin-left:-9px;z-index:9;width:99999px;opacity:0">c</p>`, `<p>c</p>`},
		{"quotes in a style", `<p style='color:red&quot;&gt;&lt;script&gt;'>c</p>`, `<p>c</p>`},
		{"picture in the HTML", `<img src="data:image/png;base64,iVBORw0KGgo=" width="20">`, `<img src="data:image/png;base64,iVBORw0KGgo=" width="20">`},
		{"tracking pixel", `a<img src="https://example.com/p.gif" width="1" height="1" style="display:block;width:1px">`, `a`},
		{"drawing in the HTML", `<img src="data:image/svg+xml;base64,PHN2Zz4=">`, ``},
		{"page in a link", `<a href="data:text/html,x">c</a>`, `c`},
		{"form", `<form action="/x"><input name="y"><button>c</button></form>`, `c`},
		{"frame", `<iframe src="https://example.com"></iframe>c`, `c`},
		{"remote picture", `<img src="https://example.com/a.gif">`, ``},
		{"remote picture with a text", `<img src="//example.com/a.gif" alt="Logo">`, `<img alt="Logo">`},
		{"picture of the mail", `<img src="cid:a@b">`, `<img src="cid:a@b">`},
		{"script link", `<a href="javascript:x()">c</a>`, `c`},
		{"relative link", `<a href="/admin">c</a>`, `c`},
		{"mail link", `<a href="mailto:a@b.se">c</a>`, `<a href="mailto:a@b.se" rel="nofollow noreferrer">c</a>`},
		{"link", `<a href="https://example.com/">c</a>`, `<a href="https://example.com/" rel="nofollow noreferrer noopener" target="_blank">c</a>`},
		{"background", `<table background="http://example.com/a.gif"><tr><td>c</td></tr></table>`, `<table><tr><td>c</td></tr></table>`},
		{"meta refresh", `<meta http-equiv="refresh" content="0;url=https://example.com">c`, `c`},
		{"svg", `<svg><script>x()</script></svg>c`, `c`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := sanitise(tt.in); got != tt.want {
				t.Errorf("%s, expected %s", got, tt.want)
			}
		})
	}
}

// Pictures elsewhere are counted, whatever names them; those of the mail are not.
func TestRemotePictures(t *testing.T) {
	const body = `<img src="https://example.com/a.gif"><img src="//example.com/pixel" width=1 height=1><table background="http://example.com/b.gif"><tr><td style="background:url('https://example.com/c.gif')">x</td></tr></table>` +
		`<img src="cid:d@x"><img src="data:image/png;base64,aaaa"><a href="https://example.com/">y</a>`
	c := Parse(context.Background(), InMemory("Content-Type: text/html\r\n\r\n"+body), Limits{})
	if c.RemotePictures != 4 || strings.Contains(c.HTML, ".gif") || strings.Contains(c.HTML, "pixel") {
		t.Errorf("%d pictures, %s", c.RemotePictures, c.HTML)
	}
}

func TestInlineByReference(t *testing.T) {
	mail := mixed("related", "Content-Type: text/html\r\n\r\n<img src=\"cid:p%40x\">", "Content-Type: image/png\r\nContent-ID: <p@x>\r\nContent-Disposition: attachment; filename=p.png\r\n\r\nPNG", "Content-Type: image/png\r\nContent-ID: <q@x>\r\n\r\nPNG")
	c := Parse(context.Background(), InMemory(mail), Limits{})
	if len(c.Attachments) != 2 || !c.Attachments[0].Inline || c.Attachments[1].Inline || c.Attachments[0].ContentID != "p@x" {
		t.Errorf("%+v", c.Attachments)
	}
}

func TestDecoders(t *testing.T) {
	long := strings.Repeat("0123456789åäö ", 20_000)
	tests := []struct{ name, encoding, body, want string }{
		{"base64", "base64", "aGVq\r\nZHU=", "hejdu"},
		{"base64 with junk", "BASE64", "aG!Vq\r\n-- ZH(U", "hejdu"},
		{"base64 in pieces", "base64", "aA==\r\nZQ==\r\nag==", "hej"},
		{"base64 cut in a group", "base64", "aGVqZ", "hej"},
		{"base64 of CR lines", "base64", "aGVq\rZHU=\r", "hejdu"},
		{"quoted-printable", "quoted-printable", "h=65j =\r\ndu=", "hej du"},
		{"quoted-printable with blanks at line ends", "quoted-printable", "hej  \r\ndu =  \r\n!", "hej\r\ndu !"},
		{"quoted-printable of LF lines", "Quoted-Printable", "hej=\ndu", "hejdu"},
		{"quoted-printable, damaged", "quoted-printable", "a=zb=4", "a=zb=4"},
		{"8bit", "8bit", "hej", "hej"},
		{"unknown", "x-own", "hej", "hej"},
		{"long quoted-printable line", "quoted-printable", strings.ReplaceAll(long, "å", "=C3=A5"), long},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			mail := mixed("mixed", "Content-Type: application/x\r\nContent-Transfer-Encoding: "+tt.encoding+"\r\n\r\n"+tt.body)
			for _, raw := range []Raw{InMemory(mail), onDisk([]byte(mail))} {
				_, r, err := OpenAttachment(context.Background(), raw, Limits{}, 0)
				if err != nil {
					t.Fatal(err)
				}
				if got, err := io.ReadAll(iotest.OneByteReader(r)); err != nil || string(got) != tt.want {
					t.Errorf("%.100q, %v, expected %.100q", got, err, tt.want)
				}
			}
		})
	}
}

func TestHTMLText(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"words across elements", "<b>voil\u00e0</b>, <i>h</i>ej", "voil\u00e0, hej"},
		{"white space", "a \n\t b&nbsp;<b> c</b>", "a b c"},
		{"entities", "a &lt;b&gt; &amp; &aring;", "a <b> & å"},
		{"lines", "a<br>b<br><br><br>c", "a\nb\n\nc"},
		{"list", "<ul><li>a</li><li>b</li></ul>c", "- a\n- b\n\nc"},
		{"table", "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a | b\nc"},
		{"table of a quotation", "<table><tr><th>Arbete</th><th>Pris</th></tr><tr><td><p>Byta kran</p></td><td><p>1 200 kr</p></td></tr><tr><td><p>Resa</p></td><td><p>300 kr</p></td></tr></table>", "Arbete | Pris\nByta kran | 1 200 kr\nResa | 300 kr"},
		{"table with long cells", "<table><tr><td><p>a</p><p>b</p></td><td>c</td></tr></table>", "a\n\nb\n\nc"},
		{"table in a table", "<table><tr><td><table><tr><td>a</td><td>b</td></tr></table></td></tr><tr><td>c</td></tr></table>", "a | b\n\nc"},
		{"numbered list", "<ol><li>a</li><li>b<ul><li>c</li></ul></li></ol>", "1. a\n2. b\n  - c"},
		{"paragraphs in a list", "<ul><li><p>a</p></li><li><p>b</p></li></ul>", "- a\n\n- b"},
		{"link", `<a href="https://example.com/x">h&auml;r</a>, <a href="https://www.example.com/">example.com</a>, <a href="mailto:a@example.com?subject=x">Anna</a>`, "här (https://example.com/x), example.com, Anna (a@example.com)"},
		{"link without an address to show", `<a href="javascript:x()">a</a> <a name="b">b</a> <a href="https://example.com/c"></a>`, "a b"},
		{"pictures", `<img src="cid:a" alt="Ritning av  k&ouml;ket"><img src="https://example.com/p.gif">`, "[Ritning av köket]"},
		{"heading", "<h2>Offert</h2><p>Hej</p>", "Offert\n\nHej"},
		{"hidden line for the list of mails", `<div style="display: none; max-height:0">Se erbjudandet<div>nu</div></div><p>Hej</p>`, "Hej"},
		{"hidden paragraph", `<p style="display:none">a<p>b`, "b"},
		{"nothing but hidden text", `<div style="display:none">a</div>`, "a"},
		{"preformatted", "<pre>a  b\n  c</pre>", "a  b\n  c"},
		{"quotation", "a<blockquote>b<blockquote>c</blockquote></blockquote>d", "a\n> b\n>> c\nd"},
		{"nothing shown", "<title>x</title><style>y</style><script>z</script><!-- c -->", ""},
		{"not closed", "<p>a<b>b<div>c", "ab\nc"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := readHTML(tt.in, 1000); got.full != tt.want || len(got.marks) > 0 || got.cut {
				t.Errorf("%q, expected %q", got.full, tt.want)
			}
		})
	}
	if got := readHTML(strings.Repeat("<p>ord</p>", 100), 50); !got.cut || len(got.full) > 50 {
		t.Errorf("not cut: %q", got.full)
	}
}

// Decoders give the same whatever pieces the raw mail comes in.
func TestDecodersInPieces(t *testing.T) {
	for _, body := range []string{"aGVqaGVq\r\naGVqaGVq", "aA==\r\nZ!Q==\r\nag", "=\r=\n=="} {
		whole, err := io.ReadAll(newBase64Reader(strings.NewReader(body), 300))
		if err != nil {
			t.Fatal(err)
		}
		pieces, err := io.ReadAll(newBase64Reader(iotest.OneByteReader(strings.NewReader(body)), 300))
		if err != nil || string(pieces) != string(whole) {
			t.Errorf("%q: %q whole, %q in pieces, %v", body, whole, pieces, err)
		}
	}
	for _, body := range []string{"a=20b=\r\nc  \r\nd=", "a= \r\nb=C3=A5==", "=\r=\n"} {
		whole, err := io.ReadAll(&qpReader{r: strings.NewReader(body), buf: make([]byte, 300)})
		if err != nil {
			t.Fatal(err)
		}
		pieces, err := io.ReadAll(&qpReader{r: iotest.OneByteReader(strings.NewReader(body)), buf: make([]byte, 300)})
		if err != nil || string(pieces) != string(whole) {
			t.Errorf("%q: %q whole, %q in pieces, %v", body, whole, pieces, err)
		}
	}
}

func TestOpenAttachmentNotFound(t *testing.T) {
	for name, mail := range map[string]string{"none": "Subject: x\r\n\r\ntext", "not taken apart": manyParts(600)} {
		for _, index := range []int{-1, 0, 7} {
			if _, _, err := OpenAttachment(context.Background(), InMemory(mail), Limits{}, index); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: attachment %d: %v", name, index, err)
			}
		}
	}
}

// Both libraries read the skeleton, and agree with the scan on a mail without faults.
func TestSkeletonReaders(t *testing.T) {
	mail := mixed("mixed", mixed("alternative", "Content-Type: text/plain\r\n\r\na", "Content-Type: text/html\r\n\r\nb"), "Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"c.pdf\"\r\nContent-ID: <c@x>\r\n\r\nPDF")
	src, err := newSource(InMemory(mail))
	if err != nil {
		t.Fatal(err)
	}
	tr, err := scan(context.Background(), src, Limits{}.orDefaults())
	if err != nil {
		t.Fatal(err)
	}
	if s := string(tr.skeleton()); strings.Contains(s, "PDF") {
		t.Errorf("the skeleton has a body in it:\n%s", s)
	}
	for name, read := range map[string]func(context.Context, []byte, func(string, description)) error{"enmime": readEnmime, "go-message": readGoMessage} {
		var got []string
		err := read(context.Background(), tr.skeleton(), func(body string, d description) {
			got = append(got, strings.Join([]string{strings.TrimSpace(body), d.mediaType, d.disposition, cleanID(d.contentID), d.fileName}, "|"))
		})
		want := "leaf:2|text/plain||| leaf:3|text/html||| leaf:4|application/pdf|attachment|c@x|c.pdf"
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %q, %v, expected %q", name, got, err, want)
		}
	}
}

func TestGuard(t *testing.T) {
	if err := guard(func() error { panic("library") }); err == nil {
		t.Error("a panic passed as success")
	}
}

// hostile is what no sanitised HTML may have in it.
var hostile = regexp.MustCompile(`(?i)<(?:script|style|form|input|iframe|object|embed|link|meta|base|svg)\b|<[^>]*\son[a-z]+\s*=|<[^>]*(?:src|background)="(?:https?:|//|data:)|<[^>]*(?:href|src)="(?:javascript|data|vbscript):|<[^>]*style="[^"]*(?:url\(|expression|@import|position\s*:)`)

// What we drop takes nothing with it that is for people, closed or not.
func TestSanitiseKeepsWhatStandsInFor(t *testing.T) {
	for _, src := range []string{
		`<p>Hej</p><object data=x><p>Kranen droppar</p>`, `<p>Hej</p><object data="x"><embed src=y><p>Kranen droppar</p></object>`,
	} {
		got := sanitise(src)
		if !strings.Contains(got, "Kranen droppar") || strings.Contains(got, "object") || strings.Contains(got, "embed") {
			t.Errorf("%s became %s", src, got)
		}
	}
	if got := sanitise(`<object><img src="https://evil.example/pixel"><script>alert(1)</script><style>p{}</style></object>`); strings.Contains(got, "evil") || strings.Contains(got, "alert") || strings.Contains(got, "{") {
		t.Errorf("became %s", got)
	}
}
