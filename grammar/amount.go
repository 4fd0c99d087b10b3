package grammar

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// smallNumbers are the numbers that dictation writes as words.
func smallNumbers() map[string]int64 {
	return map[string]int64{
		"en": 1, "ett": 1, "två": 2, "tre": 3, "fyra": 4, "fem": 5, "sex": 6, "sju": 7, "åtta": 8, "nio": 9, "tio": 10, "elva": 11, "tolv": 12,
		"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
	}
}

// number passes a number and returns it in thousandths. "2,500" and "2.500" are refused: two thousand and a half, or two and a half?
func (s *scanner) number() (thousandths int64, ok bool) {
	s.spaces()
	ok = s.try(func() bool {
		if s.half() {
			thousandths = 500
			return true
		}
		whole, found := s.digits(6)
		if !found {
			return s.numberWord(&thousandths)
		}
		n, _ := strconv.ParseInt(whole, 10, 64) // six digits
		thousandths = n * 1000
		if s.half() {
			thousandths += 500
			return true
		}
		return s.try(func() bool {
			if !s.byte(",.") {
				return false
			}
			part, found := s.digits(2)
			if !found {
				return false
			}
			f, _ := strconv.ParseInt((part + "00")[:3], 10, 64)
			thousandths += f
			return true
		}) || !s.numberGoesOn()
	})
	return thousandths, ok && !s.numberGoesOn()
}

// numberGoesOn tells whether what follows belongs to a number that was not understood: more digits, a range, a fraction, a product.
func (s *scanner) numberGoesOn() bool {
	rest := s.low[s.pos:]
	if rest == "" {
		return false
	}
	if digit(rest[0]) {
		return true
	}
	rest = strings.TrimLeft(rest, " ")
	return len(rest) > 0 && strings.IndexByte(",.:/-*+", rest[0]) >= 0 && startsDigit(strings.TrimLeft(rest[1:], " "))
}

func (s *scanner) half() bool {
	if rest, ok := strings.CutPrefix(s.low[s.pos:], "½"); ok {
		s.pos = len(s.low) - len(rest)
		return true
	}
	return s.try(func() bool { return s.byte(" ") && strings.HasPrefix(s.low[s.pos:], "½") && s.half() })
}

// numberWord passes "två", "två och en halv", "två komma fem".
func (s *scanner) numberWord(thousandths *int64) bool {
	n, ok := smallNumbers()[s.word()]
	if !ok || !s.take(s.word()) {
		return false
	}
	*thousandths = n * 1000
	s.try(func() bool {
		if s.take("och en halv", "och ett halvt", "och en halvt", "and a half") {
			*thousandths += 500
			return true
		}
		if !s.take("komma", "point") {
			return false
		}
		f, ok := smallNumbers()[s.word()]
		if !ok || f > 9 || !s.take(s.word()) {
			return false
		}
		*thousandths += f * 100
		return true
	})
	return true
}

// money passes an amount and returns it in öre. With currency false it may stand without one.
func (s *scanner) money(currency bool) (ore int64, ok bool) {
	ok = s.try(func() bool {
		before := s.take("sek", "kr")
		s.spaces()
		var whole, part string
		if whole, ok = s.digits(7); !ok {
			return false
		}
		mark := byte(0) // of the thousands
		for len(whole) < 8 && s.pos+4 <= len(s.low) && strings.IndexByte(" .,", s.low[s.pos]) >= 0 && (mark == 0 || mark == s.low[s.pos]) && len(whole) <= 3 || mark != 0 && mark == s.at() {
			d, ok := s.thousand()
			if !ok {
				break
			}
			mark = s.low[s.pos-4]
			whole += d
			if len(whole) > 9 {
				return false
			}
		}
		decimals := s.try(func() bool {
			c := s.at()
			if c != mark && s.byte(",.:") {
				if part, ok = s.digits(2); ok && len(part) == 2 || ok && c != ':' {
					return true
				}
			}
			part = ""
			return false
		})
		if mark != 0 && mark != ' ' && !decimals {
			return false // 1.200 or 1,200
		}
		n, err := strconv.ParseInt(whole+(part + "00")[:2], 10, 64)
		ore = n
		after := s.currency()
		return err == nil && ore < 1e9 && (before || after || !currency) && !s.numberGoesOn()
	})
	return ore, ok
}

// at returns the byte that stands here, or 0.
func (s *scanner) at() byte {
	if s.pos < len(s.low) {
		return s.low[s.pos]
	}
	return 0
}

// thousand passes a mark and three digits.
func (s *scanner) thousand() (d string, ok bool) {
	ok = s.try(func() bool {
		if !s.byte(" .,") {
			return false
		}
		var found bool
		d, found = s.digits(3)
		return found && len(d) == 3
	})
	return d, ok
}

func (s *scanner) currency() bool {
	return s.take(":-", ",-", ".-", "kronor", "krona", "kr.", "kr", "sek", "spänn")
}

// duration passes working time and returns minutes: 2,5 h, 2 tim 30 min, 90 min, en halvtimme. A bare number is one of
// hours if it is small and nothing that belongs to it can follow.
func (s *scanner) duration() (minutes int, unit, ok bool) {
	ok = s.try(func() bool {
		if s.take("en halvtimme", "halvtimme", "en halv timme", "halv timme", "half an hour", "half hour") {
			minutes, unit = 30, true
			return true
		}
		n, found := s.number()
		if !found {
			return false
		}
		switch {
		case s.take("minuter", "minutes", "min", "mins"):
			minutes, unit = int(n/1000), true
			return n%1000 == 0 && minutes <= 6000
		case s.take("timmar", "timme", "timma", "tim", "hours", "hour", "hrs", "hr", "h", "t"):
			unit = true
		default:
			minutes = int(n * 60 / 1000)
			return n <= 12000 && (n*60)%1000 == 0
		}
		if n > 1000*1000 {
			return false
		}
		minutes = int((n*60 + 500) / 1000)
		s.try(func() bool { // 2 tim 30, 2h30min
			s.byte(".")
			s.take("och", "and")
			s.spaces()
			d, ok := s.digits(2)
			m, _ := strconv.Atoi(d)
			named := ok && s.take("minuter", "minutes", "min", "mins")
			if !ok || m > 59 || n%1000 != 0 || !named && len(d) != 2 || s.numberGoesOn() || !named && !s.end() {
				return false
			}
			minutes += m
			return true
		})
		return true
	})
	return minutes, unit, ok
}

// name passes who worked: in brackets, or one or two words with capitals that end what is said.
func (s *scanner) name() string {
	var name string
	s.try(func() bool {
		s.spaces()
		if s.byte("[(") {
			i := strings.IndexAny(s.low[s.pos:], "])")
			if i <= 0 {
				return false
			}
			name = strings.TrimSpace(s.src[s.pos : s.pos+i])
			s.pos += i + 1
			return len(name) <= 40 && !strings.ContainsAny(name, "0123456789")
		}
		s.byte("/")
		s.take("av", "by")
		for range 2 {
			at := s.pos
			s.spaces()
			w := s.word()
			first, _ := utf8.DecodeRuneInString(s.src[s.pos:])
			if w == "" || !unicode.IsUpper(first) || s.command() || polite(w) || s.connector(w) {
				s.pos = at
				break
			}
			s.pos += len(w)
			name = strings.TrimSpace(name + " " + s.src[s.pos-len(w):s.pos])
		}
		at := *s
		at.joint()
		return name != "" && (s.end() || at.command() || at.pos > s.pos && at.atDigit())
	})
	return name
}

// material passes quantity, unit, article and price.
func (s *scanner) material() (c Command, ok bool) {
	c.Kind = Material
	ok = s.try(func() bool {
		n, found := s.number()
		if !found {
			return false
		}
		c.Quantity = n
		s.byte("x")
		at := s.pos
		if s.take("styck", "stycken", "stk", "st.", "st", "meter", "m", "kg", "liter", "l", "förp", "pkt", "paket", "par", "rulle", "rullar", "burk", "burkar", "tub", "tuber", "pieces", "piece", "pcs", "pc", "ea", "set", "box", "boxes") {
			c.Unit = strings.Trim(s.low[at:s.pos], " .")
			s.take("of")
		}
		article, priced, valid := s.article(n, &c.Ore)
		c.Article, c.Priced = article, priced
		return valid && (c.Unit != "" || priced)
	})
	return c, ok
}

// article passes words up to a price, a joint before another command, or the end.
func (s *scanner) article(quantity int64, ore *int64) (name string, priced, ok bool) {
	s.spaces()
	start := s.pos
	if timeWord(s.word()) {
		return "", false, false // 2 weeks are no material
	}
	for s.pos < len(s.low) {
		if s.pos > start+maxQuoted {
			return "", false, false
		}
		end := s.pos
		s.spaces()
		name = strings.Trim(s.src[start:end], " .,-")
		if price, each := s.unitPrice(ore); price {
			return name, true, name != "" && (each || quantity == 1000)
		}
		at := *s
		if at.joint(); name != "" && (at.command() || at.pos > s.pos && at.atDigit()) {
			return name, false, true
		}
		if at.take("à", "@", "kr", "sek", "kronor", "eur", "euro", "usd") || s.at() == '?' {
			return "", false, false // a price that was not understood
		}
		s.step()
	}
	name = strings.Trim(s.src[start:], " .,-")
	return name, false, name != ""
}

// unitPrice passes a price; each tells that it is said to be that of one.
func (s *scanner) unitPrice(ore *int64) (price, each bool) {
	price = s.try(func() bool {
		each = s.take("à", "a", "@", "at", "för")
		n, ok := s.money(!each)
		if !ok {
			return false
		}
		if s.take("/st", "/m", "/kg", "/l", "/pc", "/ea", "per styck", "per st", "per meter", "per m", "per kg", "styck", "stycket", "st", "each", "apiece") {
			each = true
		}
		*ore = n
		return s.at() != '/' && !s.numberGoesOn()
	})
	return price, each
}

// step passes one word or one other character.
func (s *scanner) step() {
	i := s.pos
	for i < len(s.low) && s.low[i] != ' ' {
		i++
	}
	s.pos = max(i, s.pos+1)
}

// distance passes kilometres or Swedish miles of ten of them, and returns metres.
func (s *scanner) distance() (metres int64, ok bool) {
	ok = s.try(func() bool {
		n, found := s.number()
		if !found {
			return false
		}
		switch {
		case s.take("kilometer", "kilometres", "kilometers", "km"):
			metres = n
		case s.take("mil"):
			metres = n * 10
		default:
			return false
		}
		return metres <= 5_000_000 && !s.numberGoesOn()
	})
	return metres, ok
}

func timeWord(w string) bool {
	const list = " dag dagar dagars vecka veckor veckors månad månader timme timmar tim h min minuter day days week weeks month months hour hours "
	return strings.Contains(list, " "+w+" ")
}
