package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	maxText    = 64 << 10 // bytes of one text that are read
	maxLetters = 40       // of a word; what follows is left out, for it is no word
	maxAddress = 100      // bytes
)

// tokens yields the words of a text in lower case, with composed letters, until yield returns false: runs of letters and
// digits, of two characters at least where the first is a letter. An e-mail address comes first as a whole and then, with
// parts, as its words; so does the number of an order. With parts telephone numbers come as well, in one form.
func tokens(text string, parts bool, yield func(string) bool) {
	text = strings.ToValidUTF8(text[:min(maxText, len(text))], " ")
	if parts {
		enough := false
		telephones(text, func(number string, _, _ int) bool {
			enough = !yield(number)
			return !enough
		})
		if enough {
			return
		}
	}
	for run := range strings.FieldsFuncSeq(norm.NFC.String(text), isSpace) {
		if id, _, ok := orderID(run); ok {
			if !yield(id) {
				return
			}
			if !parts {
				continue
			}
		}
		if a, ok := address(run); ok {
			if !yield(a) {
				return
			}
			if !parts {
				continue
			}
		}
		for w := range strings.FieldsFuncSeq(run, inNoWord) {
			w, letters := lower(w)
			if first, _ := utf8.DecodeRuneInString(w); letters == 1 && unicode.IsLetter(first) {
				continue
			}
			if !yield(w) {
				return
			}
		}
	}
}

func isSpace(r rune) bool {
	switch r {
	case '<', '>', ',', ';', '"', '(', ')', '[', ']', ' ', '\t', '\n', '\v', '\f', '\r':
		return true
	}
	return r >= utf8.RuneSelf && unicode.IsSpace(r)
}

func inNoWord(r rune) bool {
	if r < utf8.RuneSelf { // nearly all of them
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	}
	return !isLetter(r) && !unicode.IsDigit(r)
}

// isLetter counts marks that no letter is composed with among the letters.
func isLetter(r rune) bool { return unicode.IsLetter(r) || unicode.IsMark(r) }

// lower returns the word in lower case, cut to its first letters, and how many they are.
func lower(w string) (string, int) {
	if len(w) <= maxLetters && !strings.ContainsFunc(w, func(r rune) bool { return r < '0' || r > '9' && r < 'a' || r > 'z' }) {
		return w, len(w) // as most words are
	}
	n := 0
	return strings.Map(func(r rune) rune {
		if n++; n > maxLetters {
			return -1
		}
		return unicode.ToLower(r)
	}, w), min(n, maxLetters)
}

// address is the e-mail address that a run of characters is.
func address(run string) (string, bool) {
	if !strings.ContainsRune(run, '@') || len(run) > maxAddress {
		return "", false
	}
	run = strings.TrimPrefix(strings.ToLower(run), "mailto:")
	run = strings.TrimFunc(run, inNoWord)
	local, domain, ok := strings.Cut(run, "@")
	return run, ok && local != "" && domain != "" && !strings.ContainsRune(domain, '@')
}

// fold takes dots and accents away, letter for letter, so that positions in a word and in its folded form are the same.
func fold(w string) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf {
			return r
		}
		switch r {
		case 'æ':
			return 'a'
		case 'ø':
			return 'o'
		}
		base, _ := utf8.DecodeRuneInString(norm.NFD.String(string(r)))
		return base
	}, w)
}

// isPlain tells a word of letters alone, which may be a compound, from numbers, addresses and the like.
func isPlain(w string) bool {
	return !strings.ContainsFunc(w, func(r rune) bool { return !unicode.IsLetter(r) })
}

// What may be joined in a compound, in letters: what comes before, and the part that is found by itself.
const (
	minHead = 3
	minPart = 4
)

// inside yields the parts of a word that may be the later ones of a compound, folded, with the position of each in letters.
func inside(w string, yield func(part string, at int)) {
	if !isPlain(w) {
		return
	}
	letters := []rune(fold(w))
	for at := minHead; at+minPart <= len(letters); at++ {
		yield(string(letters[at:]), at)
	}
}

// endings are those of Swedish nouns, adjectives and verbs that hide a word from whoever types another form of it; longer ones first.
var endings = [...]string{"arnas", "ernas", "ornas", "arna", "erna", "orna", "ande", "ade", "ens", "ets", "ars", "ers", "en", "et", "ar", "er", "or", "na", "te", "de", "a", "n", "t", "s"}

// stem is a word without its ending, or the word where too little would be left.
func stem(w string) string {
	const least = 4 // letters, for shorter stems begin too much
	for _, e := range endings {
		if s, ok := strings.CutSuffix(w, e); ok && utf8.RuneCountInString(s) >= least {
			return s
		}
	}
	return w
}
