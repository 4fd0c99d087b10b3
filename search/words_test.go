package search

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func collect(text string, parts bool) (words []string) {
	tokens(text, parts, func(w string) bool { words = append(words, w); return true })
	return words
}

func TestTokens(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "",
		"Kranen, i köket: DROPPAR!":      "kranen köket droppar",
		"Lgh 1101, 3 tr (port B)":        "lgh 1101 3 tr port",
		"Anna <Anna@Home.example>, tack": "anna anna@home.example anna home example tack",
		"mailto:a.b@c.example.":          "a.b@c.example mailto example",
		"@ a@ @b a@b@c":                  "",
		"IMG_1234.HEIC":                  "img 1234 heic",
		"a\u030ang\u0308":                "ång\u0308",
		"\xff\xfekran\xff":               "kran",
		strings.Repeat("å", 50):          strings.Repeat("å", 40),
		"x\u00a0y12\u2028zz":             "y12 zz",
	} {
		if got := strings.Join(collect(text, true), " "); got != want {
			t.Errorf("%q has the words %q, want %q", text, got, want)
		}
	}
	if got := collect("anna@home.example", false); !slices.Equal(got, []string{"anna@home.example"}) {
		t.Errorf("a query for an address asks for %q", got)
	}
}

func TestInside(t *testing.T) {
	for w, want := range map[string]string{
		"lås": "", "kranen": "", "kranarm": "narm", "tvättmaskin": "ttmaskin tmaskin maskin askin skin", "abcdef12": "", "värmeläckage": "melackage elackage lackage ackage ckage kage",
	} {
		var got []string
		inside(w, func(part string, at int) {
			got = append(got, part)
			if string([]rune(fold(w))[at:]) != part {
				t.Errorf("%s: %s is not at %d", w, part, at)
			}
		})
		if strings.Join(got, " ") != want {
			t.Errorf("%s has %q inside, want %q", w, got, want)
		}
	}
}

func TestWithin(t *testing.T) {
	for _, x := range []struct {
		a, b string
		want int
	}{{"kran", "kran", 0}, {"kran", "karn", 1}, {"kran", "kan", 1}, {"kran", "krans", 1}, {"kran", "kron", 1}, {"blandare", "blanader", 2}, {"blandare", "lbanader", 3}, {"element", "elmenet", 2}, {"", "ab", 2}, {"ab", "", 2}} {
		for most := range 4 {
			if within(x.a, x.b, most) != (x.want <= most) {
				t.Errorf("%s and %s within %d: want distance %d", x.a, x.b, most, x.want)
			}
		}
	}
}

// What is one slip away is among the slips of a word, and the other way round.
func TestSlips(t *testing.T) {
	for s := range slips("kran") {
		if !within("kran", s, 1) {
			t.Errorf("%s is no single slip", s)
		}
	}
	all := slices.Collect(slips("kran"))
	for _, s := range []string{"ran", "kan", "kra", "rkan", "karn", "krna", "kron", "kranz", "zkran"} {
		if !slices.Contains(all, s) {
			t.Errorf("%s is missing", s)
		}
	}
}

func TestStem(t *testing.T) {
	for w, want := range map[string]string{"kranen": "kran", "kranarna": "kran", "lägenhet": "lägenh", "pumpar": "pump", "lås": "lås", "krans": "kran", "bad": "bad"} {
		if got := stem(w); got != want {
			t.Errorf("%s has the stem %s, want %s", w, got, want)
		}
	}
}

// A text, whatever it is, has bounded words, each of which finds the text.
func FuzzTokens(f *testing.F) {
	for _, s := range []string{"Kranen droppar", "anna@home.example", "a\u030a", "\xff", "ǅ İ ß ﬁ", strings.Repeat("x", 200), "1234-ABC_é",
		"Tel:070-174 08 78, 4997-1", "+46 (0)70 1740878@x.se 0:0:0", "08-123 45 67-12-3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		said := collect(text, true)
		for _, w := range said {
			if !utf8.ValidString(w) || w == "" || len(w) > max(maxAddress, 4*maxLetters) || strings.ContainsAny(w, " \n") {
				t.Fatalf("%q has the word %q", text, w)
			}
			if utf8.RuneCountInString(fold(w)) != utf8.RuneCountInString(w) {
				t.Fatalf("%q folds to %q", w, fold(w))
			}
		}
		terms := parse(text)
		if len(terms) > MaxWords {
			t.Fatalf("%d terms", len(terms))
		}
		for _, q := range terms {
			if !slices.Contains(said, q.word) {
				t.Fatalf("%q asks for %q, which it does not say: %q", text, q.word, said)
			}
			if !q.fits(spelling{Word: q.word}) {
				t.Fatalf("%q does not find itself", q.word)
			}
		}
	})
}
