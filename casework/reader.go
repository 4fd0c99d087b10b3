package casework

import (
	"slices"
	"strings"
)

// LanguageOf is the language in which somebody on the case is written to, "sv" or "en": the reporter's own for him, and for all others
// that of the organisation.
func (c *Case) LanguageOf(email, organisation string) string {
	l := organisation
	if r := c.Reporter; r != nil && r.Language != "" && Address(r.Email) == Address(email) {
		l = r.Language
	}
	return Language(l)
}

// Language is the one of the languages that we write, "sv" or "en", which fits a tag of BCP 47 best: none is Swedish.
func Language(tag string) string {
	if tag == "" || tag == "sv" || strings.HasPrefix(tag, "sv-") {
		return "sv"
	}
	return "en"
}

// Unattended reports whether an address says of itself that nobody reads what comes to it.
func Unattended(email string) bool {
	local, _, _ := strings.Cut(Address(email), "@")
	bare := strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == '.' {
			return -1
		}
		return r
	}, local)
	return slices.Contains([]string{"noreply", "donotreply", "ingensvar", "svaraej", "svarainte", "mailerdaemon", "postmaster", "bounce", "bounces"}, bare)
}
