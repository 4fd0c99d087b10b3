package message

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// parseParams reads a Content-Type or Content-Disposition value: the value in lower case and its parameters, names in
// lower case and values decoded. RFC 2045 section 5.1 and RFC 2231, and what programs write instead: spaces and
// unescaped quotes in names, encoded words, raw bytes. An RFC 2231 value wins over a plain one of the same name.
func parseParams(v string) (string, map[string]string) {
	value, rest, _ := strings.Cut(v, ";")
	if i := strings.IndexByte(value, '('); i >= 0 {
		value = value[:i] // a comment
	}
	value = strings.TrimSpace(value)
	if i := strings.IndexAny(value, " \t"); i > 0 {
		if rest == "" {
			rest = value[i:] // "text/plain charset=utf-8": the semicolon is missing
		}
		value = value[:i]
	}
	value = strings.ToLower(clean(strings.Trim(value, `"'`)))
	params := map[string]string{}
	var pieces []piece
	for rest != "" {
		var name, val string
		name, val, rest = nextParam(rest)
		name = strings.ToLower(strings.TrimSpace(name))
		if name == "" || len(name) > 60 {
			continue
		}
		if base, star, ok := strings.Cut(name, "*"); ok {
			if p, ok := newPiece(base, star, val); ok && len(pieces) < 1000 {
				pieces = append(pieces, p)
			}
			continue
		}
		if _, twice := params[name]; !twice && len(params) < 100 {
			params[name] = decodeWords(val)
		}
	}
	joinPieces(pieces, params)
	return value, params
}

// nextParam reads one parameter up to its semicolon.
func nextParam(s string) (name, value, rest string) {
	s = strings.TrimLeft(s, "; \t")
	i := strings.IndexAny(s, "=;")
	if i < 0 {
		return s, "", ""
	}
	if s[i] == ';' {
		return s[:i], "", s[i+1:]
	}
	name, s = s[:i], strings.TrimLeft(s[i+1:], " \t")
	if !strings.HasPrefix(s, `"`) {
		value, rest, _ = strings.Cut(s, ";")
		return name, strings.TrimSpace(value), rest
	}
	var b strings.Builder
	for i = 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
			b.WriteByte(s[i])
		case c == '"' && closes(s[i+1:]):
			_, rest, _ = strings.Cut(s[i+1:], ";")
			return name, b.String(), rest
		default:
			b.WriteByte(c)
		}
	}
	return name, b.String(), ""
}

// closes reports whether what follows a quote shows that it was the closing one: some programs do not escape
// the quotes within a name.
func closes(after string) bool {
	i := 0
	for i < len(after) && i < 8 && (after[i] == ' ' || after[i] == '\t') {
		i++
	}
	if i == len(after) || after[i] == ';' || after[i] == '(' {
		return true
	}
	eq := strings.IndexByte(after[:min(len(after), 30)], '=')
	return i > 0 && eq > i && !strings.ContainsAny(after[i:eq], `" `) // the semicolon is missing
}

// piece is one section of a parameter (RFC 2231 section 3).
type piece struct {
	base    string
	n       int
	encoded bool
	value   string
}

func newPiece(base, star, value string) (piece, bool) {
	p := piece{base: base, value: value}
	digits, encoded := strings.CutSuffix("*"+star, "*")
	p.encoded = encoded
	digits = strings.TrimPrefix(digits, "*")
	if digits == "" {
		return p, true // name*=
	}
	n, err := strconv.Atoi(digits)
	p.n = n
	return p, err == nil && n >= 0
}

func joinPieces(pieces []piece, params map[string]string) {
	slices.SortStableFunc(pieces, func(a, b piece) int {
		return cmp.Or(strings.Compare(a.base, b.base), cmp.Compare(a.n, b.n))
	})
	for len(pieces) > 0 {
		base := pieces[0].base
		n := slices.IndexFunc(pieces, func(p piece) bool { return p.base != base })
		if n < 0 {
			n = len(pieces)
		}
		params[base] = joinPiece(pieces[:n])
		pieces = pieces[n:]
	}
}

func joinPiece(pieces []piece) string {
	var charset string
	var b []byte
	plain := true
	for i, p := range pieces {
		v := p.value
		if p.encoded && i == 0 {
			if parts := strings.SplitN(v, "'", 3); len(parts) == 3 {
				charset, v = parts[0], parts[2]
			}
		}
		if p.encoded {
			plain = false
			b = appendPercent(b, v)
		} else {
			b = append(b, v...)
		}
	}
	if plain {
		return decodeWords(string(b)) // some programs put encoded words into sections
	}
	return decodeText(b, charset)
}

func appendPercent(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			b = append(b, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
			continue
		}
		b = append(b, s[i])
	}
	return b
}
