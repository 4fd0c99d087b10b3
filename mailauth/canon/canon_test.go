package canon_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"smartmail/mailauth/canon"
)

func TestField(t *testing.T) {
	for text, want := range map[string]string{
		"A: X\r\n":                      "a:X\r\n",
		"B : Y\t\r\n\tZ  \r\n":          "b:Y Z\r\n", // both from RFC 6376 section 3.4.5
		"Subject:\r\n":                  "subject:\r\n",
		"Subject: a:b\r\n   c\r\n":      "subject:a:b c\r\n",
		"SUBJECT:\t \r\n x y\tz\r\n":    "subject:x y z\r\n",
		"Subject: \u00a0kvar\u00a0\r\n": "subject:\u00a0kvar\u00a0\r\n", // no white space to RFC 5322
	} {
		if got := canon.Field(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// body makes the canonical form, written in pieces of a size.
func body(t testing.TB, text string, relaxed bool, piece int) string {
	t.Helper()
	var out bytes.Buffer
	b := &canon.Body{W: &out, Relaxed: relaxed}
	for len(text) > 0 {
		n := min(piece, len(text))
		if _, err := b.Write([]byte(text[:n])); err != nil {
			t.Fatal(err)
		}
		text = text[n:]
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestBody(t *testing.T) {
	for _, tt := range []struct{ label, text, simple, relaxed string }{
		{"RFC 6376 section 3.4.5", " C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n", " C\r\nD E\r\n"},
		{"nothing", "", "\r\n", ""},
		{"empty lines alone", "\r\n\r\n", "\r\n", ""},
		{"white space alone", " \r\n\t\r\n", " \r\n\t\r\n", ""},
		{"no line end", "a", "a\r\n", "a\r\n"},
		{"bare LF", "a\nb\n\n", "a\r\nb\r\n", "a\r\nb\r\n"},
		{"bare CR", "a\rb\r\n", "a\rb\r\n", "a\rb\r\n"},
		{"CR at the end", "a\r", "a\r\r\n", "a\r\r\n"},
		{"white space at the end, ending no line", "a\r\n \t", "a\r\n \t\r\n", "a\r\n \r\n"},
		{"single spaces", "a b c d\r\n", "a b c d\r\n", "a b c d\r\n"},
		{"what may be skipped at once", "abcdefgh\r\nabcdefghi\xff\xe5jklmnop  q\x00\x1f!\r\n.\r\n\r\n", "abcdefgh\r\nabcdefghi\xff\xe5jklmnop  q\x00\x1f!\r\n.\r\n", "abcdefgh\r\nabcdefghi\xff\xe5jklmnop q\x00\x1f!\r\n.\r\n"},
		{"a line end before white space", "abcdefgh\r\n ijklmnop\r\n\tq\r\n", "abcdefgh\r\n ijklmnop\r\n\tq\r\n", "abcdefgh\r\n ijklmnop\r\n q\r\n"},
		{"a space before the end of a piece", "aaa bbb ccc \r\n", "aaa bbb ccc \r\n", "aaa bbb ccc\r\n"},
	} {
		for _, piece := range []int{1, 2, 3, 4, 1000} {
			if got := body(t, tt.text, false, piece); got != tt.simple {
				t.Errorf("%s, simple, by %d: %q", tt.label, piece, got)
			}
			if got := body(t, tt.text, true, piece); got != tt.relaxed {
				t.Errorf("%s, relaxed, by %d: %q", tt.label, piece, got)
			}
		}
	}
}

// widest remembers the biggest piece that it was given.
type widest int

func (w *widest) Write(p []byte) (int, error) {
	*w = max(*w, widest(len(p)))
	return len(p), nil
}

// TestMemory has a body that is nearly all line ends: they are passed on in pieces.
func TestMemory(t *testing.T) {
	var w widest
	b := &canon.Body{W: &w}
	for range 1000 {
		if _, err := io.WriteString(b, strings.Repeat("\r\n", 1000)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := io.WriteString(b, "a"); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil || w == 0 || w > 64<<10 {
		t.Errorf("a piece of %d octets, %v", w, err)
	}
}

// TestLongLines has pieces that are passed on without being gathered, and what waits before them.
func TestLongLines(t *testing.T) {
	long := strings.Repeat("x", 10_000)
	text := "a \r\n\r\n" + long + "\r\n" + long + " \t" + long + "\r\n\r\n"
	want := "a\r\n\r\n" + long + "\r\n" + long + " " + long + "\r\n"
	for _, piece := range []int{7, 4096, 5000, len(text)} {
		if got := body(t, text, true, piece); got != want {
			t.Errorf("by %d: %d octets, want %d", piece, len(got), len(want))
		}
	}
}

// BenchmarkBody has an encoded file of 5 MiB, and text of that size.
func BenchmarkBody(b *testing.B) {
	for name, line := range map[string]string{"base64": strings.Repeat("0123456789abcdef+/xy", 4)[:76] + "\r\n", "text": "Hej! Packningen är bytt och kranen är tät igen, återkommer med pris på blandaren.\r\n"} {
		text := []byte(strings.Repeat(line, 5<<20/len(line)))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				c := canon.Body{W: io.Discard, Relaxed: true}
				for rest := text; len(rest) > 0; rest = rest[min(len(rest), 32<<10):] {
					if _, err := c.Write(rest[:min(len(rest), 32<<10)]); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

// FuzzBody writes any body at once and in pieces: the form is the same, and a fixed point.
func FuzzBody(f *testing.F) {
	f.Add(" C \r\nD \t E\r\n\r\n\r\n", true, 3)
	f.Add("a\r\r\n \n", false, 1)
	f.Fuzz(func(t *testing.T, text string, relaxed bool, piece int) {
		whole := body(t, text, relaxed, len(text)+1)
		if got := body(t, text, relaxed, max(1, piece)); got != whole {
			t.Errorf("in pieces %q, at once %q", got, whole)
		}
		if strings.HasSuffix(whole, "\r\n\r\n") || whole != "" && !strings.HasSuffix(whole, "\r\n") {
			t.Errorf("%q ends in the wrong way", whole)
		}
		if again := body(t, whole, relaxed, len(whole)+1); !strings.HasPrefix(text, "\r") && again != whole && !strings.HasSuffix(whole, " \r\n") {
			t.Errorf("%q becomes %q", whole, again)
		}
	})
}
