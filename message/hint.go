package message

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode"
)

// pattern is a regular expression that is asked only about texts that can match it: nearly every text lacks all the words that a
// list of phrases is made of, and to look for words takes a fraction of what the expression takes.
type pattern struct {
	*regexp.Regexp
	words []string // folded; whatever matches has one of them; none: not known
}

const minHint = 2 // bytes of a word that is worth looking for

// compile makes a pattern of an expression that is known to be one.
func compile(expr string) pattern {
	p := pattern{Regexp: regexp.MustCompile(expr)}
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		panic("message: " + err.Error()) // MustCompile has just read it
	}
	if words := required(tree); shortest(words) >= minHint {
		p.words = words
	}
	return p
}

// MatchString is that of the expression.
func (p pattern) MatchString(s string) bool { return p.likely(s) && p.Regexp.MatchString(s) }

// FindStringIndex is that of the expression.
func (p pattern) FindStringIndex(s string) []int {
	if !p.likely(s) {
		return nil
	}
	return p.Regexp.FindStringIndex(s)
}

// likely is false where s cannot match.
func (p pattern) likely(s string) bool {
	return len(p.words) == 0 || containsAny(foldCase(s), p.words)
}

// required returns words of which every match has at least one; nil where none are known.
func required(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		return []string{foldCase(string(re.Rune))}
	case syntax.OpCapture, syntax.OpPlus:
		return required(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return required(re.Sub[0])
		}
	case syntax.OpConcat:
		var best []string
		for _, sub := range re.Sub {
			if words := required(sub); shortest(words) > shortest(best) {
				best = words
			}
		}
		return best
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			words := required(sub)
			if len(words) == 0 {
				return nil
			}
			all = append(all, words...)
		}
		return all
	}
	return nil
}

// shortest is the length in bytes of the shortest word, 0 where there are none.
func shortest(words []string) int {
	least := 0
	for i, w := range words {
		if i == 0 || len(w) < least {
			least = len(w)
		}
	}
	return least
}

// foldCase brings letters that (?i) takes for the same to the same. A text that has none but small letters of ASCII is returned
// as it is, and one of ASCII takes a short way.
func foldCase(s string) string {
	capitals := false
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return strings.Map(foldRune, s)
		}
		capitals = capitals || 'A' <= s[i] && s[i] <= 'Z'
	}
	if capitals {
		return strings.ToLower(s)
	}
	return s
}

func foldRune(r rune) rune {
	if r < 0x80 {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	if 'A' <= least && least <= 'Z' {
		least += 'a' - 'A'
	}
	return least
}
