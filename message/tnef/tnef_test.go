package tnef

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// builder writes a container.
type builder struct{ bytes.Buffer }

func newBuilder() *builder {
	b := &builder{}
	b.Write([]byte{0x78, 0x9f, 0x3e, 0x22, 1, 0})
	return b
}

func u32(n int) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(n)) }

func (b *builder) attribute(level byte, id uint32, data []byte) {
	b.WriteByte(level)
	b.Write(u32(int(id)))
	b.Write(u32(len(data)))
	b.Write(data)
	sum := uint16(0)
	for _, c := range data {
		sum += uint16(c)
	}
	b.Write(binary.LittleEndian.AppendUint16(nil, sum))
}

// variable is one property of variable length.
func variable(id, kind int, value []byte) []byte {
	out := append(u32(id<<16|kind), u32(1)...)
	out = append(out, u32(len(value))...)
	out = append(out, value...)
	return append(out, make([]byte, int(padded(int64(len(value))))-len(value))...)
}

func wide(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s + "\x00")) {
		out = binary.LittleEndian.AppendUint16(out, u)
	}
	return out
}

func list(props ...[]byte) []byte { return append(u32(len(props)), bytes.Join(props, nil)...) }

// example is a container with two files, one of them with a long name in Unicode, and an RTF body.
func example() []byte {
	b := newBuilder()
	b.attribute(1, attOemCodepge, append(u32(1252), 0, 0, 0, 0))
	rtf := `{\rtf1\ansi\ansicpg1252{\fonttbl\f0 Arial;}Kranen droppar i k\'f6ket}`
	raw := append(append(append(u32(len(rtf)+12), u32(len(rtf))...), u32(0x414C454D)...), u32(0)...)
	b.attribute(1, attProps, list(
		append(append(append(u32(0x8001_001E), make([]byte, 16)...), u32(0)...), append(u32(7), append(u32(1), append(u32(3), 'a', 'b', 'c', 0)...)...)...),
		append(u32(0x0E07_0003), u32(5)...),
		variable(propRTF, typeBinary, append(raw, rtf...))))
	b.attribute(2, attRendData, make([]byte, 14))
	b.attribute(2, attTitle, []byte("BILDER~1.JPG\x00"))
	b.attribute(2, attData, []byte("the picture"))
	b.attribute(2, attFileProps, list(variable(propAttachLong, typeUnicode, wide("Bilder på kranen.jpg")), variable(propAttachMIME, typeString, []byte("image/jpeg\x00"))))
	b.attribute(2, attRendData, make([]byte, 14))
	b.attribute(2, attTitle, []byte("r\xe4kning.pdf\x00"))
	b.attribute(2, attData, []byte("%PDF-1.4 the bill"))
	return b.Bytes()
}

func TestRead(t *testing.T) {
	raw := example()
	m, err := Read(bytes.NewReader(raw))
	if err != nil || len(m.Files) != 2 {
		t.Fatalf("%+v, %v", m, err)
	}
	for i, want := range []struct{ name, mime, data string }{{"Bilder på kranen.jpg", "image/jpeg", "the picture"}, {"räkning.pdf", "", "%PDF-1.4 the bill"}} {
		f := m.Files[i]
		if f.Name != want.name || f.Type != want.mime || string(raw[f.Offset:f.Offset+f.Size]) != want.data {
			t.Errorf("%+v, expected %+v", f, want)
		}
	}
	rtf, err := Decompress(m.RTF, MaxBody)
	if got := RTFText(rtf); err != nil || got != "Kranen droppar i köket" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestDamaged(t *testing.T) {
	raw := example()
	broken := bytes.Clone(raw)
	broken[len(broken)-4] ^= 1
	if m, err := Read(bytes.NewReader(broken)); !errors.Is(err, ErrFormat) || len(m.Files) != 2 {
		t.Errorf("a wrong checksum: %v, %d files", err, len(m.Files))
	}
	if _, err := Read(strings.NewReader("something else")); !errors.Is(err, ErrFormat) {
		t.Errorf("no container: %v", err)
	}
	for n := range raw {
		if m, _ := Read(bytes.NewReader(raw[:n])); len(m.Files) > 2 {
			t.Errorf("cut at %d: %d files", n, len(m.Files))
		}
	}
}

// A count that is not borne out by bytes costs nothing: the test ends at once, or with the suite's own time.
func TestManyEmptyValues(t *testing.T) {
	b := newBuilder()
	b.attribute(1, attProps, list(append(u32(0x1000_1001), 0xff, 0xff, 0xff, 0xff), variable(propBody, typeString, []byte("Kranen droppar\x00"))))
	m, err := Read(bytes.NewReader(b.Bytes()))
	if err != nil || m.Text != "Kranen droppar" {
		t.Errorf("%+v, %v", m, err)
	}
}

// The example of [MS-OXRTFCP] section 4.1.1.
func TestDecompress(t *testing.T) {
	packed := []byte{
		0x2d, 0, 0, 0, 0x2b, 0, 0, 0, 0x4c, 0x5a, 0x46, 0x75, 0xf1, 0xc5, 0xc7, 0xa7, 0x03, 0, 0x0a, 0, 0x72, 0x63, 0x70, 0x67, 0x31, 0x32, 0x35,
		0x42, 0x32, 0x0a, 0xf3, 0x20, 0x68, 0x65, 0x6c, 0x09, 0, 0x20, 0x62, 0x77, 0x05, 0xb0, 0x6c, 0x64, 0x7d, 0x0a, 0x80, 0x0f, 0xa0,
	}
	got, err := Decompress(packed, 1000)
	if want := "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"; err != nil || string(got) != want {
		t.Errorf("%q, %v, expected %q", got, err, want)
	}
	if got := RTFText(got); got != "hello world" {
		t.Errorf("%q", got)
	}
}

func TestRTFText(t *testing.T) {
	for rtf, want := range map[string]string{
		`{\rtf1 a\par b\tab c}`:                  "a\nb\tc",
		`{\rtf1{\*\generator x;}a{\pict 00ff}b}`: "ab",
		`{\rtf1\uc1 \u229?\u-10179?}`:            "å\uFFFD",
		`{\rtf1\ansicpg1251 \'ef\'f0\'e8}`:       "при",
		`{\rtf1\fromhtml1{\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 a\htmlrtf }\htmlrtf0 b}`: "ab",
		`\`:    "",
		`{{{{`: "",
		`}}a`:  "a",
	} {
		if got := RTFText([]byte(rtf)); got != want {
			t.Errorf("%q: %q, expected %q", rtf, got, want)
		}
	}
}

func TestCorpora(t *testing.T) {
	const set = "../../../shared/corpora/tnef-teamwork"
	b, err := os.ReadFile(filepath.Join(set, "manifest.jsonl"))
	if err != nil {
		t.Skip("corpora not present")
	}
	for line := range strings.Lines(string(b)) {
		var e struct {
			File  string    `json:"file"`
			Names *[]string `json:"tnef_attachments"`
			Error bool      `json:"expect_error"`
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(filepath.Join(set, e.File))
		if err != nil {
			t.Fatal(err)
		}
		m, err := Read(bytes.NewReader(raw))
		if (err != nil) != e.Error {
			t.Errorf("%s: %v", e.File, err)
		}
		var names []string
		for _, f := range m.Files {
			names = append(names, f.Name)
		}
		if e.Names == nil {
			continue
		}
		if len(m.Files) != len(*e.Names) {
			t.Errorf("%s: %d files, expected %d", e.File, len(m.Files), len(*e.Names))
		}
		for _, want := range *e.Names {
			if !slices.Contains(names, want) && !strings.Contains(want, "~") { // the short form of a name whose long form is there
				t.Errorf("%s: %q, expected %q", e.File, names, want)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(example())
	f.Add(newBuilder().Bytes())
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, _ := Read(bytes.NewReader(raw))
		if len(m.Files) > MaxFiles || len(m.RTF) > MaxBody {
			t.Errorf("%d files", len(m.Files))
		}
		for _, file := range m.Files {
			if file.Offset < 0 || file.Size < 0 {
				t.Errorf("%+v", file)
			}
		}
		if rtf, err := Decompress(m.RTF, 10000); err == nil && len(rtf) > 10000 {
			t.Errorf("%d bytes of RTF", len(rtf))
		}
		RTFText(raw)
	})
}
