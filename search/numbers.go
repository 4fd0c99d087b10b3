package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"smartmail/casework"
)

// country is where a telephone number is that is written without one.
const country = "46"

// Digits of a telephone number: in Sweden with the 0 before it (the numbering plan has ten at most), and abroad (ITU-T E.164).
const (
	maxNational = 10
	maxDigits   = 15

	maxBefore = 16 // bytes before it that are no word of their own, as "tel:"
)

// telephones yields the telephone numbers that are written in a text, each as +46701740878 whatever it is written like, and where it
// stands. A number begins with + or 0; what is no number but looks like one is held as one, and so found.
func telephones(text string, yield func(number string, from, to int) bool) {
	for at := 0; ; {
		next := strings.IndexAny(text[at:], "+0")
		if next < 0 {
			return
		}
		at += next
		from := at
		at++
		if !begins(text[:from]) {
			continue
		}
		size := numberSize(text[from:])
		number, ok := casework.SMSNumber(text[from:from+size], country)
		if !ok {
			continue
		}
		if at = from + size; !yield(number, from, at) {
			return
		}
	}
}

// begins reports whether a number can stand behind a text: at the beginning of a run of characters, or behind a word with a colon.
func begins(before string) bool {
	run := before[max(0, len(before)-maxBefore):]
	space := strings.LastIndexFunc(run, isSpace)
	if space < 0 && len(before) > maxBefore {
		return false
	}
	_, size := utf8.DecodeRuneInString(run[max(0, space):])
	if space >= 0 {
		run = run[space+size:]
	}
	word, colon := strings.CutSuffix(run, ":")
	return run == "" || colon && !strings.ContainsFunc(word, func(r rune) bool { return !unicode.IsLetter(r) })
}

// ends reports whether no word goes on with the text, nor an address.
func ends(text string) bool {
	for _, r := range text {
		if isSpace(r) {
			return true
		}
		if r == '@' || !inNoWord(r) {
			return false
		}
	}
	return true
}

// numberSize is how many bytes of a text are the digits of a telephone number and what stands between them: whole groups, as many as
// a number has digits.
func numberSize(text string) (size int) {
	most := maxNational
	switch {
	case strings.HasPrefix(text, "+"+country):
		most = maxNational - 1 + len(country)
	case strings.HasPrefix(text, "00"+country):
		most = maxNational - 1 + len("00"+country)
	case strings.HasPrefix(text, "+"), strings.HasPrefix(text, "00"):
		most = maxDigits
	}
	if strings.Contains(text[:min(maxBefore, len(text))], "(0)") { // +46 (0)70: not dialled
		most++
	}
	digits, between := 0, 0
	for i, r := range text {
		isDigit := r >= '0' && r <= '9'
		if isDigit && digits == most {
			return size // of the groups before
		}
		switch {
		case isDigit:
			digits, between = digits+1, 0
			if ends(text[i+1:]) {
				size = i + 1
			}
		case r == '+' && i == 0:
		case strings.ContainsRune(" -/.()\u00a0\u2011\u2013", r) && between < 3:
			between++
		default:
			return size
		}
	}
	return size
}

// orderID is the number of an order that a run of characters is, as 4997-1.
func orderID(run string) (string, casework.CaseNumber, bool) {
	run = strings.TrimFunc(run, inNoWord)
	if strings.Count(run, "-") != 1 {
		return "", 0, false
	}
	n, no, ok := casework.ParseOrderID(run)
	return run, n, ok && n > 0 && no > 0
}
