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
	f.Add([]byte("\rContent-Type: multipart/x; boundary=\"=\"\r\r--=\r\r--=--"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c := Parse(context.Background(), InMemory(raw), Limits{})
		checkContent(t, "fuzz", raw, c)
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
	for _, s := range []string{"a\n> b", "On 2026-01-05 10:00, A wrote:\n> b\nc", "-- \na", "Från: a\nSkickat: b\nTill: c\n", "a\n\nSent from my iPhone"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, full string) {
		got := NewText(full)
		if (strings.TrimSpace(got) == "") != (strings.TrimSpace(full) == "") {
			t.Errorf("%q of %q", got, full)
		}
		if len(got) > len(full) {
			t.Errorf("%q is longer than %q", got, full)
		}
	})
}
