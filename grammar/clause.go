package grammar

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// line reads one line, sentence by sentence.
func (r *reader) line(l string) {
	if quoted, ok := strings.CutPrefix(l, "> "); ok {
		if s := newScanner(quoted); !headingOnly(quoted) && s.command() && strings.ContainsAny(quoted, "0123456789") {
			r.flag(quoted) // filled in where it was asked, or only quoted: who knows
		}
		return
	}
	for _, st := range sentences(l) {
		if r.declined(st) {
			return // the reason goes to the end of the line
		}
		r.sentence(st)
	}
}

// declined reads NEJ TACK with its reason.
func (r *reader) declined(st sentence) bool {
	s := newScanner(st.text)
	if s.fillers(); !s.begins(Decline) {
		return false
	}
	s = newScanner(st.rest)
	s.fillers()
	s.keyword(Decline)
	s.take("till jobbet", "till uppdraget", "the job", "the order")
	reason := strings.Trim(s.src[s.pos:], " ,.:;!-")
	low := newScanner(reason)
	otherwise := low.take("till", "to")
	for _, w := range words(Accept) {
		otherwise = otherwise || strings.Contains(low.low, w)
	}
	if st.asks || otherwise {
		r.flag(st.rest)
		return true
	}
	r.add(Command{Kind: Decline, Reason: reason}, st.rest)
	return true
}

// found is a command that waits for its sentence to be read to the end.
type found struct {
	c     Command
	words string
}

// sentence reads its clauses, and drops all of them for a person where it asks or sets a condition.
func (r *reader) sentence(st sentence) {
	var got []found
	held := st.asks
	last := Kind("")
	for i, clause := range st.clauses {
		next := ""
		if i+1 < len(st.clauses) {
			next = st.clauses[i+1]
		}
		held = held || conditional(clause)
		commands, ok := r.clause(clause, last, startsDigit(next))
		if !ok && newScanner(clause).begins(Booked) && next != "" { // Dec 1, 8-10
			if joined, both := r.clause(clause+" "+next, last, false); both {
				commands, ok = joined, true
				st.clauses[i+1] = ""
			}
		}
		if !ok {
			r.flag(clause)
			last = ""
			continue
		}
		if len(commands) > 0 {
			last = commands[len(commands)-1].Kind
		}
		for _, c := range commands {
			got = append(got, found{c, clause})
		}
	}
	for i, f := range got {
		switch {
		case !held:
			r.add(f.c, f.words)
		case i == 0 || got[i-1].words != f.words:
			r.flag(f.words)
		}
	}
}

// clause reads the commands of a clause. ok is false where it looks like some and is not understood for certain; then none count.
func (r *reader) clause(text string, last Kind, digitFollows bool) (commands []Command, ok bool) {
	s := newScanner(text)
	said := s.fillers()
	for len(commands) < maxCommands {
		before := s.pos
		s.joint()
		if s.end() {
			break
		}
		c, read := r.command(s, said, last, digitFollows)
		if read == empty {
			return commands, len(commands) == 0
		}
		if read != understood {
			s.pos = before // a stroke or a dash may matter: 1200 kr/h
			break
		}
		commands, last, said = append(commands, c), c.Kind, ""
	}
	rest := strings.TrimSpace(s.src[s.pos:])
	switch {
	case len(commands) == 0:
		return nil, !r.suspicious(text) && !r.loose(text)
	case hedged(text, commands):
		return nil, false
	case s.end():
		return commands, true
	}
	note := &commands[len(commands)-1]
	if !trails(*note, rest) || r.suspicious(rest) {
		return nil, false
	}
	if !politeStart(rest) && !signature(rest) {
		note.Note = rest
	}
	return commands, true
}

// How a command was read.
type outcome int

const (
	nothing outcome = iota
	empty           // a field of a form that was left empty
	understood
)

// command reads one command with its arguments. A further amount after a comma needs no command word of its own.
func (r *reader) command(s *scanner, said string, last Kind, digitFollows bool) (c Command, out outcome) {
	start := s.pos
	switch {
	case s.keyword(Accept):
		c.Kind = Accept
		s.take("the job", "the order", "jobbet", "uppdraget", "ordern", "this job")
	case s.keyword(Done):
		if !r.done(s, s.low[start:s.pos], said) {
			s.pos = start
			return c, nothing
		}
		c.Kind = Done
	case s.keyword(Booked):
		english := strings.Contains(s.low[start:s.pos], "book")
		s.colon()
		c.Kind = Booked
		var ok bool
		if c.From, c.To, ok = s.when(r.now, english); !ok || digitFollows && s.end() {
			s.pos = start
			return c, emptyOr(s, Booked)
		}
	default:
		return r.amount(s, last, digitFollows)
	}
	return c, understood
}

func emptyOr(s *scanner, k Kind) outcome {
	t := *s
	t.keyword(k)
	t.colon()
	for t.take("h", "tim", "timmar", "hours", "km", "kr", "sek", "st", "pcs", "à", "datum", "tid", "date", "time", "kl") {
	}
	if t.end() {
		return empty
	}
	return nothing
}

// amount reads time, material, travel and price.
func (r *reader) amount(s *scanner, last Kind, digitFollows bool) (c Command, out outcome) {
	start := s.pos
	kind, named := Kind(""), false
	for _, k := range []Kind{Time, Material, Travel, Price} {
		if kind == "" && s.keyword(k) {
			kind, named = k, true
			s.colon()
		}
	}
	if !named {
		if kind = last; kind != Time && kind != Material || !s.atNumber() {
			return c, nothing
		}
	}
	c, ok := r.argument(s, kind, named, digitFollows)
	if !ok || digitFollows && s.pos == len(s.low) && digit(s.low[s.pos-1]) { // à 45, 50 kr
		s.pos = start
		if named {
			return c, emptyOr(s, kind)
		}
		return c, nothing
	}
	return c, understood
}

func (r *reader) argument(s *scanner, kind Kind, named, digitFollows bool) (c Command, ok bool) {
	c.Kind = kind
	switch kind {
	case Time:
		var unit bool
		s.take("totalt", "total", "tot")
		if c.Minutes, unit, ok = s.duration(); !ok || c.Minutes == 0 {
			return c, false
		}
		c.Who = s.name()
		if !unit {
			at := *s
			at.joint()
			ok = named && !digitFollows && (s.end() || at.command())
		}
	case Material:
		if c, ok = s.material(); ok && !c.Priced && digitFollows {
			ok = c.Unit != "" && !strings.ContainsAny(c.Article, "0123456789")
		}
		ok = ok && c.Quantity > 0
	case Travel:
		s.take("totalt", "total", "tot", "t/r", "tor")
		c.Metres, ok = s.distance()
		ok = ok && c.Metres > 0
	default:
		at := s.pos
		c.Ore, ok = s.money(true)
		if !ok { // a bare number that ends the clause: "PRIS: 1200"
			s.pos = at
			if c.Ore, ok = s.money(false); ok {
				next := *s
				next.joint()
				ok = !digitFollows && (s.end() || next.command())
			}
		}
		c.Priced = true
		ok = ok && c.Ore > 0
	}
	return c, ok
}

// done tells whether a word for done is meant as one. "Klart!" is also "of course!", and "klara" a verb: they need the job beside them.
func (r *reader) done(s *scanner, word, said string) bool {
	word = strings.TrimSpace(word)
	switch word {
	case "klart":
		t := *s
		t.joint()
		job := slices.ContainsFunc([]string{"jobbet", "arbetet", "allt", "uppdraget"}, func(w string) bool { return strings.Contains(said, w) })
		if !job && (t.pos >= len(t.low) || !t.command()) {
			return false
		}
	case "klara":
		if !strings.Contains(said, "är") {
			return false
		}
	}
	s.take("med jobbet", "med arbetet", "med uppdraget", "with the job")
	return true
}

// fillers passes what people write before a command word, and returns it.
func (s *scanner) fillers() string {
	start := s.pos
	for s.take(
		"hejsan", "hej", "hallå", "tjena", "hello", "hi", "god morgon", "ok", "okej", "okay", "ja", "japp", "jodå", "yes", "yep", "absolut",
		"we're", "we'll", "i'm", "i'll", "it's", "jag", "vi", "i", "we", "har", "have", "är", "jobbet", "arbetet", "uppdraget", "allt", "the job is", "the work is", "job", "work", "all",
		"it is", "am", "are", "nu", "då", "det", "så", "och", "and", "samt", "also", "plus", "även", "bra", "perfekt",
		"tack", "thanks", "toppen", "will", "now", "besök",
	) {
		for s.byte(" ,:.-!") {
		}
	}
	return s.low[start:s.pos]
}

// joint passes what may stand between two commands.
func (s *scanner) joint() {
	for s.pos < len(s.low) {
		if !s.byte(" ,.;:!-+&/") && !s.take("och", "and", "samt", "plus", "även") {
			return
		}
	}
}

func (s *scanner) connector(w string) bool {
	return w == "och" || w == "and" || w == "samt" || w == "plus"
}

func (s *scanner) atNumber() bool {
	t := *s
	_, ok := t.number()
	return ok
}

// contains tells whether one of a list of words, spaces around each, stands in a text.
func contains(list, text string) bool {
	for w := range strings.FieldsFuncSeq(lower(text), func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' }) {
		if strings.Contains(list, " "+w+" ") {
			return true
		}
	}
	return false
}

// hedges are words that take back, put off or make uncertain what stands beside them.
const hedges = " inte icke ej ingen inget aldrig om ifall kanske tror troligen troligtvis nog prel preliminärt preliminär ev eventuellt ungefär cirka ca runt drygt knappt minst högst upp max uppskattat beräknad beräknar eller men när innan förrän tills ska skall snart nästan delvis kunde kan skulle avbokat avbokad ombokat vill borde behöver går " +
	" not never if maybe perhaps might unless or but can't cannot can don't won't isn't didn't haven't wasn't aren't when until before probably approx approximately about around roughly nearly almost partly soon should could would think estimate estimated cancelled canceled need "

// tomorrows put off what is not a booking.
const tomorrows = " imorgon imorron imorrn morgon morron övermorgon måndag tisdag onsdag torsdag fredag lördag söndag tomorrow monday tuesday wednesday thursday friday saturday sunday vecka week "

func hedged(text string, commands []Command) bool {
	if contains(hedges, text) {
		return true
	}
	late := slices.ContainsFunc(commands, func(c Command) bool { return c.Kind == Booked || c.Kind == Accept })
	return !late && contains(tomorrows, text)
}

// conditional tells whether a clause begins with a word that binds the sentence it stands in.
func conditional(clause string) bool {
	s := newScanner(clause)
	if s.take("fast") {
		return !s.take("pris") // though; a fixed price is another thing
	}
	return s.take("men", "om", "förutsatt", "ifall", "inte", "ej", "dock", "eller", "när", "utan", "såvida", "under förutsättning",
		"but", "if", "provided", "unless", "not", "or", "when", "however", "though", "except", "nej", "no", "kan ni", "kan du", "can you")
}

// trails tells whether words may follow a command without changing it.
func trails(c Command, rest string) bool {
	s := newScanner(rest)
	if politeStart(rest) || signature(rest) {
		return true
	}
	if c.Kind == Booked && strings.ContainsAny(rest, "0123456789") {
		return false
	}
	if c.Kind == Done || s.pos < len(rest) && strings.IndexByte("-/*x+%=(", rest[0]) >= 0 && strings.ContainsAny(rest[:min(len(rest), 4)], "0123456789/") {
		return false
	}
	if c.Kind == Accept {
		return !strings.ContainsAny(rest, "0123456789") && s.take("på", "nu", "direkt", "imorgon", "i", "gärna", "on", "right", "och", "and", "with", "med")
	}
	return !startsDigit(rest) && !s.take("per", "till", "to", "x", "/", "euro", "eur", "usd", "kvar", "sen", "sent", "late", "försenad", "left", "från", "sedan")
}

func politeStart(rest string) bool {
	s := newScanner(strings.TrimLeft(rest, " ,.-/"))
	return polite(s.word()) || s.end()
}

// signature tells whether a name is signed: "/Bosse".
func signature(rest string) bool {
	name := strings.TrimLeft(rest, "/- ")
	first, _ := utf8.DecodeRuneInString(name)
	return name != rest && unicode.IsUpper(first) && strings.IndexFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && r != '.' }) < 0
}

func polite(w string) bool {
	const list = " tack tackar mvh hälsningar hälsn vänliga vänligen bästa thanks thank thx best kind regards cheers br hej skickat sent ha have trevlig hörs "
	return w != "" && strings.Contains(list, " "+w+" ")
}

// loose tells whether a clause holds an amount with its unit, or a day with a time, though no command word says what it is: hours and money
// that are passed over are hours and money lost.
func (r *reader) loose(text string) bool {
	s := newScanner(text)
	for s.pos < len(s.low) {
		at := *s
		if at.weekday() >= 0 {
			at.spaces()
			if at.take("kl", "klockan", "at", "den") || at.atDigit() {
				return true
			}
		}
		if digit(s.low[s.pos]) && (s.pos == 0 || !digit(s.low[s.pos-1]) && s.low[s.pos-1] != '-') {
			money, hours, road := *s, *s, *s
			if _, ok := money.money(true); ok {
				return true
			}
			if _, unit, ok := hours.duration(); ok && unit {
				return true
			}
			if _, ok := road.distance(); ok {
				return true
			}
		}
		s.step()
	}
	return false
}

// suspicious tells whether a clause looks as if a command was meant: it starts with a command word, or holds one in capitals or before
// a digit or a colon.
func (r *reader) suspicious(text string) bool {
	s := newScanner(text)
	if s.fillers(); s.command() || s.take("fixat", "restid", "milersättning") {
		return true
	}
	digits := strings.ContainsAny(text, "0123456789")
	for s.pos = 0; s.pos < len(s.low); {
		for s.pos < len(s.low) && s.low[s.pos] == ' ' {
			s.pos++
		}
		for _, k := range kinds() {
			t := *s
			if !t.keyword(k) {
				continue
			}
			word := s.src[s.pos:t.pos]
			loud := word == strings.ToUpper(word) && word != lower(word)
			t.spaces()
			if loud || t.pos < len(t.low) && (digit(t.low[t.pos]) || t.low[t.pos] == ':') || k == Booked && t.pos < len(t.low) && digits {
				return true
			}
		}
		s.step()
	}
	return false
}
