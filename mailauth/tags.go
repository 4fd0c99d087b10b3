package mailauth

import (
	"errors"
	"strings"
	"unicode"
)

var errTags = errors.New("malformed tag list")

// parseTags reads a tag list (RFC 6376 section 3.2) strictly: names as the grammar has them, none twice.
func parseTags(s string) (map[string]string, error) {
	tags := make(map[string]string)
	terms := strings.Split(s, ";")
	for i, term := range terms {
		if i == len(terms)-1 && strings.TrimSpace(term) == "" {
			break // one semicolon may end the list
		}
		name, value, ok := strings.Cut(term, "=")
		name = strings.Trim(name, " \t\r\n")
		if _, twice := tags[name]; !ok || twice || !isTagName(name) {
			return nil, errTags
		}
		tags[name] = strings.Trim(value, " \t\r\n")
	}
	return tags, nil
}

func isTagName(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c != '_' && (c < '0' || c > '9')) {
			return false
		}
	}
	return s != ""
}

// squeeze takes all white space out, as package dkim does with domains, selectors and base64.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}
