package search

import "iter"

// slips yields what a folded word becomes by one slip of the finger: a letter left out, two exchanged, another one typed, one
// too many. A thousand look-ups in the vocabulary cost less than an index of all slips.
func slips(folded string) iter.Seq[string] {
	const alphabet = "abcdefghijklmnopqrstuvwxyz"
	w := []rune(folded)
	return func(yield func(string) bool) {
		for i := range w {
			if !yield(string(w[:i]) + string(w[i+1:])) {
				return
			}
			if i+1 < len(w) && w[i] != w[i+1] && !yield(string(w[:i])+string(w[i+1])+string(w[i])+string(w[i+2:])) {
				return
			}
		}
		for i := 0; i <= len(w); i++ {
			for _, r := range alphabet {
				if i < len(w) && r != w[i] && !yield(string(w[:i])+string(r)+string(w[i+1:])) {
					return
				}
				if !yield(string(w[:i]) + string(r) + string(w[i:])) {
					return
				}
			}
		}
	}
}

// within reports whether at most so many slips lead from one word to the other. It is the restricted Damerau-Levenshtein distance.
func within(from, to string, most int) bool {
	a, b := []rune(from), []rune(to)
	if len(a)-len(b) > most || len(b)-len(a) > most {
		return false
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, before
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := last[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			row[j] = min(change, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)] <= most
}
