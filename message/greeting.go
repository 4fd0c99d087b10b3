package message

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// closing finds a greeting with a name, and perhaps contact details, below or beside it. A name alone that stands apart
// stays, as it does where people write "Best regards" and their name as part of a letter.
func closing(lines []*line) int {
	n := 0
	for i := len(lines) - 1; i > 0 && n <= 14; i-- {
		l := lines[i]
		if l.quoted || l.code || l.kind != "" || len(l.text) > 150 {
			return -1
		}
		if l.text == "" {
			continue
		}
		n++
		if name, ok := afterClosing(l.text); ok {
			if signs(lines[i+1:], name != "") {
				return i
			}
			return -1
		}
	}
	return -1
}

// afterClosing reports whether a line is a greeting, and gives the name that stands behind it in the same line.
func afterClosing(text string) (name string, ok bool) {
	lower := strings.ToLower(strings.TrimLeft(text, "*/ "))
	lower = strings.TrimRight(lower, "*,.!;: ")
	for _, c := range closingsBy[firstWord(lower)] {
		behind, found := strings.CutPrefix(lower, c)
		if !found {
			continue
		}
		if behind == "" {
			return "", true
		}
		if r, _ := utf8.DecodeRuneInString(behind); unicode.IsLetter(r) || unicode.IsDigit(r) {
			continue
		}
		name = strings.Trim(text[max(0, len(text)-len(behind)):], " ,.!/:;*-–")
		if nameLike(name) {
			return name, true
		}
	}
	return "", false
}

// particles are the small words of names.
var particles = wordSet([]string{"&", "/", "och", "og", "ja", "and", "und", "von", "van", "der", "de", "af", "av", "la", "al"})

// firstWord is what stands before the first blank or mark.
func firstWord(s string) string {
	if i := strings.IndexAny(s, " ,.:!;/-"); i > 0 {
		return s[:i]
	}
	return s
}

// closingsBy has the greetings by their first word.
var closingsBy = func() map[string][]string {
	by := map[string][]string{}
	for _, c := range closings {
		c = strings.TrimRight(c, ".:")
		by[firstWord(c)] = append(by[firstWord(c)], c)
	}
	return by
}()

// nameLike tells one to four words that all begin with a capital letter.
func nameLike(s string) bool {
	words := strings.Fields(s)
	if len(words) == 0 || len(words) > 4 || len(s) > 60 {
		return false
	}
	for _, w := range words {
		r, _ := utf8.DecodeRuneInString(strings.TrimLeft(w, "(\"'/&"))
		if !unicode.IsUpper(r) && !unicode.Is(unicode.Lo, r) && !particles[w] {
			return false
		}
	}
	return !strings.ContainsAny(s, "?!:")
}

// signs reports whether the lines below a greeting are a signature: in the first paragraph short lines without sentences,
// in every further one a contact detail, until two are found. named says that the name stands beside the greeting.
func signs(below []*line, named bool) bool {
	gap := len(below) > 0 && below[0].text == ""
	contacts, lines := 0, 0
	for i, part := range paragraphs(below) {
		found, told := 0, false // contact details, and a line that may say something
		for _, l := range part {
			words := len(strings.Fields(l.text))
			switch {
			case contact(l.text):
				found++
			case delimiter(l.text) != 0:
				found++
			case sentence(l.text), i == 0 && words > 7:
				return false
			case words > 3 && !nameLike(l.text):
				told = true
			}
		}
		apart := i > 0 || gap && named
		if found == 0 && contacts < 2 && (apart || named && told) {
			return false
		}
		contacts, lines = contacts+found, lines+len(part)
	}
	if gap && !named && contacts == 0 && lines == 1 {
		return false
	}
	return named || lines > 0
}

func paragraphs(lines []*line) [][]*line {
	var out [][]*line
	for i := skipBlank(lines, 0); i < len(lines); i = skipBlank(lines, i) {
		start := i
		for i < len(lines) && !lines[i].blank() {
			i++
		}
		out = append(out, lines[start:i])
	}
	return out
}

// sentence tells a line that says something: it ends as sentences do, or is a postscript.
func sentence(text string) bool {
	lower := strings.ToLower(text[:min(len(text), 8)])
	for _, p := range []string{"ps", "p.s", "obs", "nb", "n.b"} {
		if behind, ok := strings.CutPrefix(lower, p); ok && (behind == "" || strings.IndexByte(" .:!,", behind[0]) >= 0) {
			return true
		}
	}
	switch text[len(text)-1] {
	case '?', '!', ':':
		return true
	case '.':
		return len(strings.Fields(text)) > 4
	}
	return len(strings.Fields(text)) > 12
}

// dashName finds "-Anna Ek" or "/Anna" as the last paragraph.
func dashName(lines []*line) int {
	i := len(lines) - 1
	text := lines[i].text
	if i < 2 || lines[i-1].text != "" || len(text) < 3 || text[0] != '-' && text[0] != '/' {
		return -1
	}
	name := strings.TrimLeft(text, text[:1])
	if strings.HasPrefix(text, "//") {
		name = strings.TrimSpace(name)
	}
	if name == "" || name[0] == ' ' || !nameLike(name) || strings.ContainsAny(name, "0123456789") {
		return -1
	}
	if above := lines[i-2].text; strings.HasPrefix(above, text[:1]) || strings.HasSuffix(above, ":") {
		return -1 // the last of a list, or what a sentence leads to
	}
	return i
}
