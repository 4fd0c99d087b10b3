package message

import (
	"net/mail"
	"strings"
)

// parseAddresses reads an address list (RFC 5322 section 3.4), at most limit of them. What is no address keeps what it
// says as a name without an address, so that nothing is silently dropped and nothing is guessed.
func parseAddresses(v string, limit int) []Mailbox {
	if v == "" {
		return nil
	}
	// Encoded words and raw bytes are for our own reader: it joins what was split and knows all charsets.
	if len(v) <= 4<<10 && isASCII(v) && !strings.Contains(v, "=?") {
		if list, err := mail.ParseAddressList(v); err == nil {
			out := make([]Mailbox, 0, min(len(list), limit))
			for _, a := range list[:min(len(list), limit)] {
				out = append(out, Mailbox{Name: oneLine(a.Name, maxName), Email: cleanAddress(a.Address)})
			}
			return out
		}
	}
	var out []Mailbox
	for _, item := range splitAddresses(v, limit) {
		if m := parseMailbox(item); m != (Mailbox{}) {
			out = append(out, m)
		}
	}
	return out
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// splitAddresses cuts a list at its commas, and at the semicolons that Outlook writes; a group's name goes
// (RFC 5322 section 3.4: "name: a, b;"). A quote or bracket that nobody closes ends with the list.
func splitAddresses(v string, limit int) []string {
	var out []string
	start := 0
	quoted, angle, comment := false, false, 0
	lastQuote := strings.LastIndexByte(v, '"')
	lastAngle := strings.LastIndexByte(v, '>')
	lastParen := strings.LastIndexByte(v, ')')
	for i := 0; i < len(v) && len(out) < limit; i++ {
		switch c := v[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"' && comment == 0:
			quoted = !quoted && i < lastQuote
		case quoted:
		case c == '(' && i < lastParen:
			comment++
		case c == ')' && comment > 0:
			comment--
		case comment > 0:
		case c == '<':
			angle = i < lastAngle
		case c == '>':
			angle = false
		case angle:
		case c == ',' || c == ';':
			out = append(out, v[start:i])
			start = i + 1
		case c == ':' && i-start < 200 && !strings.ContainsAny(v[start:i], "@<\"["):
			start = i + 1
		}
	}
	if len(out) < limit && start < len(v) {
		out = append(out, v[start:])
	}
	return out
}

// parseMailbox reads one address in whatever form it stands. Structure comes first, decoding after it: an address that
// only an encoded word brings to light is a name and no address.
func parseMailbox(s string) Mailbox {
	s = strings.TrimSpace(s)
	if lt := strings.LastIndexByte(s, '<'); lt >= 0 {
		inner, after, _ := strings.Cut(s[lt+1:], ">")
		if email := cleanAddress(inner); email != "" {
			return Mailbox{Name: displayName(firstOf(s[:lt], after)), Email: email}
		}
		if strings.TrimSpace(inner) == "" {
			return Mailbox{Name: displayName(s[:lt])} // "MAILER-DAEMON <>"
		}
		return Mailbox{Name: oneLine(decodeWords(s), maxName)}
	}
	rest, comment := s, ""
	if open := strings.IndexByte(s, '('); open >= 0 && !strings.Contains(s[:open], `"`) {
		before, after, _ := strings.Cut(s[open+1:], ")")
		rest, comment = s[:open]+after, before
	}
	if email := cleanAddress(rest); email != "" {
		return Mailbox{Name: displayName(comment), Email: email}
	}
	// "Anna Ek anna@example.com": no brackets.
	if fields := strings.Fields(rest); len(fields) > 1 {
		if email := cleanAddress(strings.Trim(fields[len(fields)-1], "[]'\"")); email != "" {
			return Mailbox{Name: displayName(strings.Join(fields[:len(fields)-1], " ")), Email: email}
		}
	}
	return Mailbox{Name: displayName(s)}
}

// displayName unquotes and decodes a phrase.
func displayName(s string) string {
	s = strings.TrimSpace(s)
	if len(s) >= 2 && s[0] == '"' && strings.Count(s, `"`) >= 2 {
		s = unquote(s)
	}
	name := oneLine(decodeWords(s), maxName)
	if len(name) >= 2 && name[0] == '"' && name[len(name)-1] == '"' {
		name = strings.TrimSpace(name[1 : len(name)-1]) // quoted inside the encoded word
	}
	return name
}

func unquote(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] != '"':
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// cleanAddress returns an address with its domain in lower case and its local part as it is (RFC 5321 section 2.4),
// or nothing where s is no address.
func cleanAddress(s string) string {
	s = strings.TrimSpace(clean(s))
	s = strings.Trim(s, "<> \t")
	s = strings.TrimPrefix(s, "mailto:")
	at := strings.LastIndexByte(s, '@')
	if at <= 0 || at == len(s)-1 || len(s) > 320 {
		return ""
	}
	local, domain := s[:at], strings.ToLower(strings.TrimSuffix(s[at+1:], "."))
	if domain == "" || strings.ContainsAny(domain, " \t<>()\",;@\\") || strings.IndexFunc(s, hidden) >= 0 {
		return ""
	}
	quotedLocal := len(local) > 2 && local[0] == '"' && local[len(local)-1] == '"'
	if !quotedLocal && strings.ContainsAny(local, " \t<>(),;:\"") {
		return ""
	}
	if strings.Contains(domain, "=?") || strings.Contains(local, "=?") {
		return ""
	}
	return local + "@" + domain
}
