package search

import (
	"maps"
	"slices"
	"strings"

	"smartmail/casestore"
	"smartmail/casework"
)

// What a query may ask for and lead to.
const (
	MaxWords = 10 // that count; the rest of the text is not looked at

	maxSpellings = 1000 // words that begin with a word of the query, and as many that have it inside
	maxNear      = 100  // words that it may have been meant for
	maxLooked    = 5000 // words that are compared with it
	minBegin     = 3    // letters of a word that is looked for as a beginning
)

// term is a word of a query.
type term struct {
	word    string
	folded  string
	letters []rune
	parts   []term // of a number that is written in several: what else it may be
}

// parse returns the words of a query, each once.
func parse(text string) (terms []term) {
	text = strings.ToValidUTF8(text[:min(maxText, len(text))], " ")
	var rest strings.Builder
	add := func(w, parts string) bool {
		if !slices.ContainsFunc(terms, func(t term) bool { return t.word == w }) {
			t := newTerm(w)
			for part := range strings.FieldsFuncSeq(parts, inNoWord) {
				t.parts = append(t.parts, newTerm(part))
			}
			terms = append(terms, t)
		}
		return len(terms) < MaxWords
	}
	end := 0
	telephones(text, func(number string, from, to int) bool {
		rest.WriteString(text[end:from] + " ")
		end = to
		return add(number, text[from:to])
	})
	if len(terms) == MaxWords {
		return terms
	}
	rest.WriteString(text[end:])
	tokens(rest.String(), false, func(w string) bool {
		if _, _, ok := orderID(w); ok {
			return add(w, w)
		}
		return add(w, "")
	})
	return terms
}

func newTerm(w string) term { return term{word: w, folded: fold(w), letters: []rune(w)} }

// loose reports whether the term is looked for by its parts too: a number in one piece may be something else, and one in several
// is only where nothing else is meant.
func (t term) loose(near bool) bool { return len(t.parts) == 1 || near && len(t.parts) > 1 }

// fits reports whether the word has the term at that position: a letter with dots or an accent stands for itself alone,
// one without for all of its kind.
func (t term) fits(s spelling) bool {
	letters, folded := []rune(s.Word), []rune(t.folded)
	if len(letters) < s.At+len(t.letters) {
		return false
	}
	for i, want := range t.letters {
		if got := letters[s.At+i]; want != folded[i] && want != got {
			return false
		}
	}
	return true
}

// spellings are the words that a word of a query finds: itself, with dots where it has none, what begins with it, and
// what has it inside.
func (t term) spellings(tx casestore.Tx, org casework.OrgID) (words []string, err error) {
	whole := spelled(org, false)
	if len(t.letters) < minBegin {
		return t.look(tx, whole.Str(t.folded))
	}
	if words, err = t.look(tx, whole.Begin(t.folded)); err != nil || len(t.letters) < minPart || !isPlain(t.word) {
		return words, err
	}
	parts, err := t.look(tx, spelled(org, true).Begin(t.folded))
	return append(words, parts...), err
}

func (t term) look(tx casestore.Tx, prefix casestore.Key) (words []string, err error) {
	for f, err := range vocabulary.Scan(tx, casestore.Query{Prefix: prefix, Limit: maxSpellings}) {
		if err != nil {
			return nil, err
		}
		if t.fits(f.Record) {
			words = append(words, f.Record.Word)
		}
	}
	return words, nil
}

// Letters from which on one slip, or two, are looked for.
const (
	oneSlip  = 4
	twoSlips = 8
)

// near are words that this one may have been meant for: other forms of it, and those that a slip or two lead to.
func (t term) near(tx casestore.Tx, org casework.OrgID) ([]string, error) {
	words := map[string]bool{}
	if len(t.letters) < oneSlip || !isPlain(t.word) {
		return nil, nil
	}
	if s := stem(t.word); s != t.word {
		other, err := newTerm(s).spellings(tx, org)
		if err != nil {
			return nil, err
		}
		for _, w := range other {
			words[w] = true
		}
	}
	for slip := range slips(t.folded) {
		if len(words) >= maxNear {
			break
		}
		prefix := spelled(org, false)
		if len(t.letters) == oneSlip {
			prefix = prefix.Str(slip)
		} else {
			prefix = prefix.Begin(slip)
		}
		for f, err := range vocabulary.Scan(tx, casestore.Query{Prefix: prefix, Limit: maxNear}) {
			if err != nil {
				return nil, err
			}
			words[f.Record.Word] = true
		}
	}
	if len(t.letters) >= twoSlips {
		if err := t.twoSlips(tx, org, words); err != nil {
			return nil, err
		}
	}
	return slices.Collect(maps.Keys(words)), nil
}

// twoSlips adds the words with the same beginning that are two slips away.
func (t term) twoSlips(tx casestore.Tx, org casework.OrgID, words map[string]bool) error {
	head := []rune(t.folded)[:minBegin]
	for f, err := range vocabulary.Scan(tx, casestore.Query{Prefix: spelled(org, false).Begin(string(head)), Limit: maxLooked}) {
		if err != nil {
			return err
		}
		if within(t.folded, fold(f.Record.Word), 2) {
			words[f.Record.Word] = true
		}
	}
	return nil
}
