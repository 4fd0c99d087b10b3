package compose_test

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"smartmail/casework"
	"smartmail/compose"
	"smartmail/fault"
	"smartmail/message"
)

// drawn is a picture of that many pixels, as the encoder writes it.
func drawn(t testing.TB, width, height int, encode func(*bytes.Buffer, image.Image) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asPNG(b *bytes.Buffer, m image.Image) error  { return png.Encode(b, m) }
func asJPEG(b *bytes.Buffer, m image.Image) error { return jpeg.Encode(b, m, nil) }
func asGIF(b *bytes.Buffer, m image.Image) error  { return gif.Encode(b, m, nil) }

func logo(t testing.TB) *compose.Logo {
	t.Helper()
	l, err := compose.NewLogo(drawn(t, 24, 8, asPNG))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLogoFiles(t *testing.T) {
	for name, x := range map[string]struct {
		content       []byte
		width, height int
		wrong         string
	}{
		"PNG":              {drawn(t, 480, 48, asPNG), 240, 24, ""},
		"JPEG":             {drawn(t, 100, 112, asJPEG), 50, 56, ""},
		"small":            {drawn(t, 10, 20, asPNG), 10, 20, ""},
		"thin":             {drawn(t, 2000, 1, asPNG), 240, 1, ""},
		"GIF":              {drawn(t, 10, 10, asGIF), 0, 0, "neither PNG nor JPEG"},
		"SVG":              {[]byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), 0, 0, "neither PNG nor JPEG"},
		"too many":         {drawn(t, 2001, 1, asPNG), 0, 0, "2001 x 1 pixels"},
		"too big":          {append(drawn(t, 10, 10, asPNG), make([]byte, compose.MaxLogoBytes)...), 0, 0, "more than 204800 bytes"},
		"cut short":        {drawn(t, 10, 10, asPNG)[:40], 0, 0, "cannot be read"},
		"nothing":          {nil, 0, 0, "neither PNG nor JPEG"},
		"on its side":      {sideways(t), 0, 0, "on its side"},
		"only a beginning": {[]byte("\x89PNG\r\n\x1a\n"), 0, 0, "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "logo")
			if err := os.WriteFile(path, x.content, 0o600); err != nil {
				t.Fatal(err)
			}
			l, err := compose.ReadLogo(path)
			if x.wrong != "" {
				if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), x.wrong) {
					t.Errorf("error is %v, want %q", err, x.wrong)
				}
				return
			}
			if err != nil || l.Width != x.width || l.Height != x.height {
				t.Errorf("%v: %+v, want %d x %d", err, l, x.width, x.height)
			}
		})
	}
	if _, err := compose.ReadLogo(filepath.Join(t.TempDir(), "none")); !fault.Is(err, fault.Invalid) {
		t.Errorf("a file that is not there: %v", err)
	}
}

// sideways is a JPEG whose Exif says that it must be turned.
func sideways(t *testing.T) []byte {
	b := drawn(t, 10, 10, asJPEG)
	exif := "\xff\xe1\x00\x22Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"
	return append(append(bytes.Clone(b[:2]), exif...), b[2:]...)
}

// The logo lies beside the HTML that shows it, and is no attachment of its own to whoever reads the mail.
func TestLogoIsInline(t *testing.T) {
	m, err := composer(t, shelf{c: theCase(), entry: out("", "x")}, "en", "D").Compose(t.Context(), item("", "x@y.example"))
	if err != nil {
		t.Fatal(err)
	}
	c := message.Parse(t.Context(), message.InMemory(m.Raw), message.Limits{})
	if len(c.Attachments) != 1 || !c.Attachments[0].Inline || c.Attachments[0].Type != "image/png" || c.Attachments[0].ContentID == "" {
		t.Fatalf("%+v", c.Attachments)
	}
	if img := `src="cid:` + c.Attachments[0].ContentID + `" width="24" height="8" alt="D"`; !strings.Contains(htmlOf(t, m.Raw), img) {
		t.Errorf("the HTML has no %s", img)
	}
}

func TestTemplatesOfAFolder(t *testing.T) {
	for name, x := range map[string]struct{ file, content, wrong string }{
		"text":             {"en/message.txt", `Hi {{.Name}} of {{.Organisation}}: {{.Text}}{{template "files" .}}`, ""},
		"no field":         {"en/message.txt", "a\n{{.Nothing}}", "en/message.txt:2:2: executing"},
		"no field in HTML": {"en/order.html", `{{define "content"}}` + "\n{{range .Rows}}{{.Price}}{{end}}{{end}}", "en/order.html:2:17: executing"},
		"not closed":       {"en/message.txt", "\n\n{{", "en/message.txt:3: unclosed action"},
		"no content":       {"sv/message.html", "{{.Text}}", `no such template "content"`},
		"unsafe place":     {"layout.html", `{{define "layout"}}{{if .Quote}}<a href="{{end}}{{.Text}}">{{end}}`, "layout.html:1"},
		"not the text":     {"sv/received.txt", `Hej!{{template "files" .}}`, "sv/received.txt: does not show what the mail says"},
		"not the links":    {"sv/received.html", `{{define "content"}}{{.Text}}{{end}}{{define "files"}}none{{end}}`, "sv/received.html: does not show the links to big files"},
		"not for all":      {"sv/order.txt", "{{.Text}}{{(index .Rows 20).Label}}", "sv/order.txt:1:"},
		"no such mail":     {"sv/ordr.txt", "{{.Text}}", "sv/ordr.txt: no mail has a template of this name"},
		"without end":      {"layout.txt", `{{define "signature"}}{{template "signature" .}}{{end}}`, "exceeded maximum template depth"},
		"too long":         {"sv/message.txt", strings.Repeat("x", 300<<10), "sv/message.txt: has more than"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, x.file, x.content)
			org := compose.Org{ID: "demo", Name: "D", Language: "en", Look: compose.Look{Templates: dir}}
			c, err := compose.New(compose.Options{Reader: shelf{c: theCase(), entry: out("", "x")}, Orgs: []compose.Org{org}})
			if x.wrong != "" {
				if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), x.wrong) {
					t.Errorf("error is %v, want %q", err, x.wrong)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if m, err := c.Compose(t.Context(), item("Bo Ek", "x@y.example")); err != nil || !strings.Contains(string(m.Raw), "Hi Bo of D: x") {
				t.Errorf("%v\n%s", err, m.Raw)
			}
		})
	}
	if err := (compose.Org{Look: compose.Look{Colour: "red;x"}}).Check(); !fault.Is(err, fault.Invalid) {
		t.Errorf("a colour that is none: %v", err)
	}
}

// folder is one of templates with one file.
func folder(t *testing.T, file, content string) string {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, file)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Every kind has a sample in each language, which shows the logo without a mail around it.
func TestPreview(t *testing.T) {
	dir := folder(t, "en/message.txt", `First: {{.Text}}{{template "files" .}}`)
	org := compose.Org{ID: "demo", Name: "Demo <Bostad>", Language: "sv", Look: compose.Look{Logo: logo(t), Templates: dir}}
	c, err := compose.New(compose.Options{Reader: shelf{}, Orgs: []compose.Org{org}})
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range compose.Kinds() {
		for language, word := range map[string]string{"sv": "packningen", "": "packningen", "en": "washer"} {
			p, err := c.Preview("demo", kind, language)
			if err != nil || !strings.Contains(p.Text, word) || !strings.Contains(p.HTML, word) || p.Subject == "" || strings.Contains(p.HTML, "Demo <Bostad>") ||
				!strings.Contains(p.HTML, `src="data:image/png;base64,`+base64.StdEncoding.EncodeToString(org.Look.Logo.Content)) {
				t.Errorf("%s in %q: %v: %+v", kind, language, err, p)
			}
		}
	}
	for _, x := range []struct{ content, text, wrong string }{{`Second: {{.Text}}{{template "files" .}}`, "Second: ", ""}, {"{{.Tekst}}", "", "can't evaluate field Tekst"}} {
		if err := os.WriteFile(filepath.Join(dir, "en", "message.txt"), []byte(x.content), 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := c.Preview("demo", "message", "en")
		if (err != nil) != (x.wrong != "") || !strings.Contains(p.Text, x.text) || x.wrong != "" && !strings.Contains(fault.Public(err), x.wrong) {
			t.Errorf("changed to %q: %v, %q", x.content, err, p.Text)
		}
	}
	for org, kind := range map[string]string{"demo": "letter", "other": "message"} {
		if _, err := c.Preview(casework.OrgID(org), kind, ""); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s of %s: %v", kind, org, err)
		}
	}
}

// What docs/templates.md says that templates may use is what they may use.
func TestFieldsAreDocumented(t *testing.T) {
	b, err := os.ReadFile("../docs/templates.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range reflect.VisibleFields(compose.FactsType()) {
		if f.IsExported() && !f.Anonymous && !strings.Contains(string(b), "`."+f.Name+"`") {
			t.Errorf("docs/templates.md does not name .%s", f.Name)
		}
	}
}

// Letters can be read on every colour, and in every colour on white and on dark.
func TestColoursCanBeRead(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := rapid.StringMatching("#[0-9a-fA-F]{6}").Draw(rt, "colour")
		p := compose.NewPalette(c)
		for _, pair := range [][2]string{{p.OnColour, p.Colour}, {p.Ink, "#ffffff"}, {p.InkDark, "#1f262d"}} {
			if got := compose.Contrast(pair[0], pair[1]); got < 4.5 {
				rt.Errorf("%s on %s: %.2f", pair[0], pair[1], got)
			}
		}
	})
}
