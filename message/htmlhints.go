package message

import (
	"slices"
	"strings"
)

// Bounds of holding a plain text against its HTML form.
const (
	maxHinted = 256 << 10 // bytes of each
	hintAhead = 40        // words that one form may have more than the other
)

// hints carries what the structure of a mail's HTML form marks over to the lines of its plain form, which has the same words in the
// same order: a line takes the kind that three quarters of its words have there.
func hints(plain string, h htmlText) []Range {
	if len(h.marks) == 0 || len(plain) > maxHinted || len(h.full) > maxHinted {
		return nil
	}
	words, kinds := markedWords(h)
	var out []Range
	at, start := 0, 0
	for l := range strings.Lines(plain) {
		line := plainWords(nil, l)
		count := map[FoldKind]int{}
		for i, w := range line {
			next := ""
			if i+1 < len(line) {
				next = line[i+1]
			}
			if k := findWord(words, at, w, next); k >= 0 {
				count[kinds[k]]++
				at = k + 1
			}
		}
		delete(count, "")
		for kind, n := range count {
			if 4*n >= 3*len(line) {
				out = append(out, Range{Start: start, End: start + len(l), Kind: kind})
			}
		}
		start += len(l)
	}
	return out
}

// markedWords lists the words of HTML's text, and what is marked of each.
func markedWords(h htmlText) (words []string, kinds []FoldKind) {
	add := func(text string, kind FoldKind) {
		words = plainWords(words, text)
		for len(kinds) < len(words) {
			kinds = append(kinds, kind)
		}
	}
	at := 0
	for _, m := range h.marks {
		end := min(m.End, len(h.full))
		add(h.full[at:max(at, m.Start)], "")
		add(h.full[max(at, m.Start):max(at, end)], m.Kind)
		at = max(at, end)
	}
	add(h.full[at:], "")
	return words, kinds
}

// findWord finds a word from a place on; further ahead only together with the one behind it.
func findWord(words []string, at int, w, next string) int {
	for k := at; k < min(len(words), at+hintAhead); k++ {
		if words[k] == w && (k == at || k+1 < len(words) && words[k+1] == next) {
			return k
		}
	}
	return -1
}

// helpful leaves of the hints what the lines alone did not tell: nothing quoted, or no signature.
func helpful(hints []Range, told []Range) []Range {
	has := func(signature bool) bool {
		return slices.ContainsFunc(told, func(r Range) bool {
			return signature == (r.Kind == FoldSignature) && r.Kind != FoldFooter && r.Kind != FoldDisclaimer
		})
	}
	quoted, signed := has(false), has(true)
	return slices.DeleteFunc(slices.Clone(hints), func(r Range) bool {
		if r.Kind == FoldSignature {
			return signed
		}
		return quoted
	})
}
