package message

import (
	"strings"
)

// notice is what a mail system writes to people about a mail that did not arrive: its own words, and the header of that
// mail, where it is shown in the text.
type notice struct {
	lead     string // its own words, before what it returns
	rest     string // what follows the header shown in the text: the returned text, or more of its own words
	original header
}

// maxNotice is how much of a text is searched for what a notice says.
const maxNotice = 16 << 10

// returnedHint is how programs introduce the mail that they return.
var returnedHint = compile(`(?i)original (?:message|mail)|(?:headers?|copy) of (?:the|your)|(?:headers?|text|message|mail) follows?\b|` +
	`(?:unsent|returned|undelivered) (?:message|mail)|ursprungligt? meddelande|oprindelig|opprinnelig|alkuperäinen|ursprüngliche|message d'origine|mensaje original|messaggio originale`)

// readNotice parts a text at the first header of a mail in it. That is told by its fields and not by the line before it,
// which every program words in its own way. A header fields' block costs one look: the walk goes on behind it.
func readNotice(text string) notice {
	text = cutRunes(text, maxNotice)
	hinted := false
	for at := 0; at < len(text); {
		line, _, _ := strings.Cut(text[at:], "\n")
		body := strings.TrimLeft(line, " \t")
		indent := line[:len(line)-len(body)]
		if !fieldLine(body) {
			if strings.TrimSpace(body) != "" {
				hinted = returnedHint.MatchString(body) && len(body) < 200 || hinted && isRule(body)
			}
			at += len(line) + 1
			continue
		}
		block := fieldBlock(text[at:], indent)
		h, _ := parseBlock([]byte(strings.ReplaceAll("\n"+block, "\n"+indent, "\n")[1:]))
		end := min(at+len(block), len(text))
		if isReturned(h, hinted) {
			return notice{lead: text[:at], rest: text[end:], original: h}
		}
		at = end
	}
	return notice{lead: text}
}

// fieldBlock is the block of lines with that indentation at the start of s: up to a blank line.
func fieldBlock(s, indent string) string {
	n := 0
	for n < len(s) {
		line, _, _ := strings.Cut(s[n:], "\n")
		if n > 0 && (strings.TrimSpace(line) == "" || !strings.HasPrefix(line, indent)) {
			break
		}
		n = min(n+len(line)+1, len(s))
	}
	return s[:n]
}

// fieldLine tells a line that may begin a mail's header.
func fieldLine(line string) bool {
	name, _, ok := strings.Cut(line[:min(len(line), 60)], ":")
	return ok && wellKnown(strings.TrimRight(name, " "))
}

// isRule tells a line of dashes, stars and the like.
func isRule(line string) bool {
	return strings.IndexFunc(line, func(r rune) bool { return !strings.ContainsRune("-=_*#| \t\r", r) }) < 0
}

// isReturned tells the header of a mail from lines that only look like fields. Behind a hint it takes less.
func isReturned(h header, hinted bool) bool {
	marks, common := 0, 0
	for _, f := range h {
		switch strings.ToLower(f.Name) {
		case "message-id", "received", "return-path", "mime-version", "dkim-signature":
			marks++
		case "from", "to", "subject", "date":
			common++
		}
	}
	return marks > 0 && marks+common > 1 || hinted && common > 1
}

// original is the header of the returned mail, from the parts of the notice or from its text.
func (n notice) returned(parts []header) header {
	for _, h := range parts {
		if h.has("To") || h.has("Message-ID") {
			return h
		}
	}
	return n.original
}
