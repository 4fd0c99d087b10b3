package grammar

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// scanner walks over a clause. low is src in lower case, byte for byte in the same place.
type scanner struct {
	src, low string
	pos      int
}

func newScanner(s string) *scanner { return &scanner{src: s, low: lower(s)} }

func (s *scanner) spaces() {
	for s.pos < len(s.low) && s.low[s.pos] == ' ' {
		s.pos++
	}
}

// end tells whether nothing is left but punctuation.
func (s *scanner) end() bool { return strings.Trim(s.low[s.pos:], " .,;:!-_()[]") == "" }

func (s *scanner) atDigit() bool {
	s.spaces()
	return s.pos < len(s.low) && digit(s.low[s.pos])
}

// take passes one of the words, if it stands here and no letter follows; a digit may ("TID2"). Words may hold a space, for which
// any number of them may stand, also none ("TARJOBBET").
func (s *scanner) take(words ...string) bool {
	s.spaces()
	for _, w := range words {
		if n, ok := match(s.low[s.pos:], w); ok {
			s.pos += n
			return true
		}
	}
	return false
}

func match(low, word string) (int, bool) {
	i := 0
	for j := 0; j < len(word); j++ {
		if word[j] == ' ' {
			for i < len(low) && low[i] == ' ' {
				i++
			}
			continue
		}
		if i >= len(low) || low[i] != word[j] {
			return 0, false
		}
		i++
	}
	last, _ := utf8.DecodeLastRuneInString(word)
	next, _ := utf8.DecodeRuneInString(low[i:])
	return i, !unicode.IsLetter(last) || i == len(low) || !unicode.IsLetter(next) && next != '\''
}

// colon passes what may stand between a command word and its arguments.
func (s *scanner) colon() {
	s.spaces()
	for s.pos < len(s.low) && strings.IndexByte(":=.", s.low[s.pos]) >= 0 {
		s.pos++
		s.spaces()
	}
	if strings.HasPrefix(s.low[s.pos:], "- ") {
		s.pos++
		s.spaces()
	}
}

// byte passes one of these characters.
func (s *scanner) byte(set string) bool {
	if s.pos < len(s.low) && strings.IndexByte(set, s.low[s.pos]) >= 0 {
		s.pos++
		return true
	}
	return false
}

// digits passes and returns digits, at most max of them; more are none.
func (s *scanner) digits(most int) (string, bool) {
	i := s.pos
	for i < len(s.low) && digit(s.low[i]) {
		i++
	}
	if i == s.pos || i-s.pos > most {
		return "", false
	}
	d := s.low[s.pos:i]
	s.pos = i
	return d, true
}

// try runs a parser and goes back if it fails.
func (s *scanner) try(parse func() bool) bool {
	at := s.pos
	if parse() {
		return true
	}
	s.pos = at
	return false
}

// words of the commands. What means the same in both languages stands once.
func words(k Kind) []string {
	switch k {
	case Accept:
		return []string{"tar jobbet", "tar uppdraget", "tar ordern", "accepterar", "accepteras", "accepterat", "accepted", "accept",
			"take the job", "taking the job", "take this job", "taking this job"}
	case Decline:
		return []string{"nej tack", "tackar nej", "avböjer", "no thanks", "no thank you", "declined", "declining", "decline"}
	case Booked:
		return []string{"bokat", "bokad", "bokar", "bokning", "booked", "booking"}
	case Done:
		return []string{"klar", "klart", "klara", "färdig", "färdigt", "utfört", "utförd", "åtgärdat", "åtgärdad", "done", "completed", "finished"}
	case Time:
		return []string{"tidsåtgång", "arbetstid", "tid", "time"}
	case Material:
		return []string{"materials", "material", "mtrl", "mtr", "mat"}
	case Travel:
		return []string{"resor", "resa", "travel"}
	default:
		return []string{"fast pris", "fixed price", "prisuppgift", "offert", "pris", "price", "quote"}
	}
}

func kinds() []Kind {
	return []Kind{Accept, Decline, Booked, Done, Time, Material, Travel, Price}
}

func (s *scanner) keyword(k Kind) bool { return s.take(words(k)...) }

// begins tells whether a command word of that kind stands here.
func (s scanner) begins(k Kind) bool { return s.keyword(k) }

// command tells whether any command word stands here.
func (s scanner) command() bool {
	for _, k := range kinds() {
		if s.begins(k) {
			return true
		}
	}
	return false
}

// word returns the word that stands here, in lower case, and its length with the spaces before it.
func (s *scanner) word() string {
	rest := strings.TrimLeft(s.low[s.pos:], " ")
	i := strings.IndexFunc(rest, func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' })
	if i < 0 {
		i = len(rest)
	}
	return rest[:i]
}
