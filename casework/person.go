package casework

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Erased stands where a person's name, address or number stood.
const Erased = "[erased]"

// Person is somebody whose traces are looked for: to be told to him, or to be erased.
type Person struct {
	Emails  []string // as Address has them
	Names   []string // whole, as he is called
	Numbers []string // telephone, personal and other numbers, as they are written
	Company bool     // the names are a company's: their parts are words like any others

	everybody bool // who is outside: whoever reported a case is one of them
}

// Has reports whether an address is his.
func (p Person) Has(email string) bool {
	return email != "" && slices.Contains(p.Emails, Address(email))
}

// on is the person as a case calls him: with the names that he has there.
func (p Person) on(c Case) Person {
	p.Names = slices.Clone(p.Names)
	add := func(name string) {
		if name != "" && name != Erased && !slices.Contains(p.Names, name) {
			p.Names = append(p.Names, name)
		}
	}
	for _, l := range c.Lanes {
		for _, q := range l.Participants {
			if p.Has(q.Email) {
				add(q.Name)
			}
		}
	}
	if p.reported(c) {
		p.Numbers = append(slices.Clone(p.Numbers), c.Reporter.Phone)
		add(c.Reporter.Name)
	}
	return p
}

// reported reports whether he reported the case: by his address, or by a number of his where none was given.
func (p Person) reported(c Case) bool {
	r := c.Reporter
	if r == nil {
		return false
	}
	return p.everybody || p.Has(r.Email) || r.Email == "" && r.Phone != "" && slices.ContainsFunc(p.Numbers, func(n string) bool { return national(n) == national(r.Phone) })
}

// national is a telephone number without what is written differently at its beginning and between its digits.
func national(number string) string {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, number)
	digits = strings.TrimPrefix(digits, "00")
	if strings.HasPrefix(strings.TrimSpace(number), "+") || strings.HasPrefix(strings.TrimSpace(number), "00") {
		digits = strings.TrimPrefix(digits, "46")
	}
	return strings.TrimPrefix(digits, "0")
}

// minDigits is how many digits a number has at least that is looked for in text, and minPart how many letters a part of a name.
const (
	minDigits = 6
	minPart   = 3
)

// sign finds what points at him: his addresses and numbers, however they are divided. nil: nothing does.
func (p Person) sign() *regexp.Regexp {
	var all []string
	for _, e := range p.Emails {
		all = append(all, "(?i:"+regexp.QuoteMeta(e)+")")
	}
	for _, n := range p.Numbers {
		if digits := national(n); len(digits) >= minDigits {
			const between = `[ ().\-]*`
			all = append(all, `(?:(?:\+|00)46`+between+`)?(?:\(?0\)?)?`+between+strings.Join(strings.Split(digits, ""), between))
			if birth, ok := personalNumber(n); ok {
				all = append(all, birth)
			}
		}
	}
	return anyOf(all)
}

// personalNumber is the pattern of a personal number that is written without its century.
func personalNumber(n string) (string, bool) {
	day, last, ok := strings.Cut(n, "-")
	if !ok || len(day) != len("YYYYMMDD") || len(last) != 4 {
		return "", false
	}
	return `(?:` + regexp.QuoteMeta(day[:2]) + `)?` + regexp.QuoteMeta(day[2:]) + `[ +\-]?` + regexp.QuoteMeta(last), true
}

// called finds his name. With parts the first and the last name by themselves count too, written as names are: on what he takes part in they
// mean him.
func (p Person) called(parts bool) *regexp.Regexp {
	var all []string
	for _, name := range p.Names {
		words := strings.Fields(name)
		for i := range words {
			words[i] = regexp.QuoteMeta(words[i])
		}
		if len(words) == 0 || name == Erased {
			continue
		}
		all = append(all, "(?i:"+strings.Join(words, `\s+`)+")")
		for _, w := range strings.Fields(name) {
			if parts && !p.Company && utf8.RuneCountInString(w) >= minPart {
				all = append(all, regexp.QuoteMeta(w))
			}
		}
	}
	return anyOf(all)
}

func anyOf(patterns []string) *regexp.Regexp {
	if len(patterns) == 0 {
		return nil
	}
	slices.SortFunc(patterns, func(a, b string) int { return len(b) - len(a) }) // the longest first: it is taken whole
	return regexp.MustCompile(strings.Join(patterns, "|"))                      // of quoted text
}

// eraser puts Erased in the place of what it finds in texts.
type eraser []*regexp.Regexp

// eraser is the one for texts of what he takes part in.
func (p Person) eraser() eraser { return eraser{p.sign(), p.called(true)} }

// outsider is the one for other texts that point at him.
func (p Person) outsider() eraser { return eraser{p.sign(), p.called(false)} }

// text replaces what is found where no letter or digit stands beside it.
func (e eraser) text(s string) string { return e.moving(s, nil) }

// moving is text; places in s are moved to where they are afterwards.
func (e eraser) moving(s string, places []*int) string {
	for _, re := range e {
		if re == nil || s == "" {
			continue
		}
		var out strings.Builder
		done := 0
		moved := make([]int, len(places))
		for i, p := range places {
			moved[i] = *p
		}
		for _, m := range re.FindAllStringIndex(s, -1) {
			if !alone(s, m[0], m[1]) {
				continue
			}
			out.WriteString(s[done:m[0]])
			for i, p := range places {
				switch {
				case *p >= m[1]:
					moved[i] += len(Erased) - (m[1] - m[0])
				case *p > m[0]: // within what is gone
					moved[i] += len(Erased) - (*p - m[0])
				}
			}
			out.WriteString(Erased)
			done = m[1]
		}
		out.WriteString(s[done:])
		s = out.String()
		for i, p := range places {
			*p = moved[i]
		}
	}
	return s
}

// alone reports whether a part of a text is no part of a longer word or number.
func alone(s string, start, end int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:start])
	after, _ := utf8.DecodeRuneInString(s[end:])
	word := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	return (start == 0 || !word(before)) && (end == len(s) || !word(after))
}

// texts is text for several.
func (e eraser) texts(all []string) []string {
	all = slices.Clone(all)
	for i := range all {
		all[i] = e.text(all[i])
	}
	return all
}
