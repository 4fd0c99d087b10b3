package message

import (
	"regexp"
	"strings"
)

// NewText returns what is new in a mail's text: without the mail that it answers, which programs put below or above, and
// without a signature. It only ever leaves out whole lines, and where nothing would remain it returns all: a reader may
// see too much, never too little. Text is blank only if full is. Time is linear in the length of full.
//
//	full → cut at "-- " → at the first header of a quoted mail → "Sent from my phone" and ">" lines at the end → rest
func NewText(full string) string {
	lines := strings.Split(newlines(full), "\n")
	kept := cutQuoted(cutSeparated(lines))
	kept = cutTrailingQuote(cutPhone(kept)) // above the line of a phone there may be a quotation
	kept = trimBlank(kept)
	if text := strings.Join(kept, "\n"); strings.TrimSpace(text) != "" {
		return text
	}
	return strings.TrimSpace(newlines(full))
}

// cutQuoted drops the quoted mail: everything behind a separator or a header block; behind an attribution
// ("Den 5 jan. 2026 skrev Anna:") the ">" lines, or everything where it is not marked so.
func cutQuoted(lines []string) []string {
	start := skipBlank(lines, 0) // the first line with text
	for i := start; i < len(lines); i++ {
		if isQuoted(lines[i]) || strings.TrimSpace(lines[i]) == "" {
			continue
		}
		if separates(lines, i) {
			if i == start {
				return lines // a forwarded mail alone: it is what the sender wanted to say
			}
			return lines[:i]
		}
		n := attribution(lines, i)
		if n == 0 {
			continue
		}
		quote := skipBlank(lines, i+n)
		end := quote
		for end < len(lines) && isQuoted(lines[end]) {
			end = skipBlank(lines, end+1)
		}
		switch {
		case end == quote && i == start: // nothing but a mail that is not marked as quoted
			return lines
		case end == quote, end == len(lines): // the usual reply on top
			return lines[:i]
		case i == start: // the answer stands below
			lines = lines[end:]
			start, i = 0, -1
		default: // answers between the lines: the quotation gives them their sense
			i = end - 1
		}
	}
	return cutTrailingQuote(lines)
}

// cutTrailingQuote drops ">" lines at the end with the blank lines around them.
func cutTrailingQuote(lines []string) []string {
	end := len(lines)
	for end > 0 && (isQuoted(lines[end-1]) || strings.TrimSpace(lines[end-1]) == "") {
		end--
	}
	return lines[:end]
}

// cutSeparated drops what follows the signature separator (RFC 3676 section 4.3).
func cutSeparated(lines []string) []string {
	for i := skipBlank(lines, 0) + 1; i < len(lines); i++ {
		if lines[i] == "-- " || lines[i] == "--" {
			return lines[:i]
		}
	}
	return lines
}

// cutPhone drops the line that phones and tablets put at the end.
func cutPhone(lines []string) []string {
	for {
		lines = trimBlank(lines)
		n := len(lines)
		if n == 0 || len(lines[n-1]) > 120 || !phoneLine.MatchString(lines[n-1]) {
			return lines
		}
		lines = lines[:n-1]
	}
}

func isQuoted(line string) bool { return strings.HasPrefix(strings.TrimLeft(line, " \t"), ">") }

func skipBlank(lines []string, i int) int {
	for i < len(lines) && strings.TrimSpace(lines[i]) == "" {
		i++
	}
	return i
}

func trimBlank(lines []string) []string {
	for len(lines) > 0 && strings.TrimSpace(lines[0]) == "" {
		lines = lines[1:]
	}
	for len(lines) > 0 && strings.TrimSpace(lines[len(lines)-1]) == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// separates reports whether the quoted mail begins at line i: a separator line, or a block of header fields, perhaps
// under a line of underscores.
func separates(lines []string, i int) bool {
	line := strings.TrimSpace(lines[i])
	if len(line) > 200 {
		return false
	}
	if strings.IndexByte("-_=*\xE2", line[0]) >= 0 || strings.HasSuffix(line, ":") {
		if separator.MatchString(line) {
			return true
		}
	}
	if underscores.MatchString(line) {
		return headerBlock(lines, skipBlank(lines, i+1))
	}
	return headerBlock(lines, i)
}

// headerBlock tells a block such as "Från: / Skickat: / Till: / Ämne:": a From or a date, and two more kinds within
// the next few lines.
func headerBlock(lines []string, i int) bool {
	if i >= len(lines) {
		return false
	}
	if kind := label(lines[i]); kind != "from" && kind != "date" {
		return false
	}
	kinds := map[string]bool{}
	for misses, end := 0, min(len(lines), i+8); i < end && misses < 2; i++ {
		if kind := label(lines[i]); kind != "" {
			kinds[kind] = true
		} else {
			misses++ // a folded list of recipients
		}
		if len(kinds) >= 3 {
			return kinds["from"]
		}
		if strings.TrimSpace(lines[i]) == "" {
			return false
		}
	}
	return false
}

// label tells which header field a line of a quoted header block stands for, in any of the languages; bold labels
// come as *Från:*.
func label(line string) string {
	if len(line) > 1000 {
		line = line[:1000]
	}
	name, rest, ok := strings.Cut(strings.Trim(line, " \t*>\u00A0"), ":")
	if !ok || len(name) > 30 {
		return ""
	}
	switch strings.ToLower(strings.Trim(name, " \t*\u00A0")) {
	case "från", "from", "von", "fra", "lähettäjä", "de", "van", "da", "od", "от", "от кого":
		if strings.TrimSpace(rest) == "" {
			return ""
		}
		return "from"
	case "skickat", "datum", "sent", "date", "gesendet", "sendt", "dato", "lähetetty", "päivämäärä", "päiväys", "envoyé", "enviado",
		"fecha", "verzonden", "inviato", "data", "enviada em", "wysłano", "отправлено", "дата":
		return "date"
	case "till", "to", "an", "til", "vastaanottaja", "à", "para", "aan", "a", "do", "кому":
		return "to"
	case "ämne", "subject", "betreff", "emne", "aihe", "objet", "asunto", "onderwerp", "oggetto", "assunto", "temat", "тема":
		return "subject"
	case "kopia", "cc", "kopie", "kopi", "kopio":
		return "cc"
	}
	return ""
}

// attribution tells how many lines, from i on, say who wrote the text that follows; 0 if they do not. A verb and a colon
// at the end are not enough, as people write such sentences: an address, a time of day or ">" lines must bear it out.
func attribution(lines []string, i int) int {
	n, size := 0, 0
	for k := 1; n == 0; k++ {
		if k > 4 || i+k > len(lines) {
			return 0
		}
		line := strings.TrimSpace(lines[i+k-1])
		if size += len(line); line == "" || size > 400 || isQuoted(line) {
			return 0
		}
		if strings.HasSuffix(line, ":") || strings.HasSuffix(line, ":*") {
			n = k
		}
	}
	joined := strings.Join(strings.Fields(strings.Join(lines[i:i+n], " ")), " ")
	if last := strings.TrimSpace(lines[i+n-1]); n > 1 && wroteVerb.MatchString(last) && !opener.MatchString(joined) && attribution(lines, i+n-1) > 0 {
		return 0 // the lines before belong to the text
	}
	if isoHeader.MatchString(joined) || addressVerb.MatchString(joined) {
		return n
	}
	if !wroteVerb.MatchString(joined) {
		return 0
	}
	if next := skipBlank(lines, i+n); next < len(lines) && isQuoted(lines[next]) {
		return n
	}
	if opener.MatchString(joined) && (strings.Contains(joined, "@") || timeOfDay.MatchString(joined)) {
		return n
	}
	return 0
}

var (
	wroteVerb = regexp.MustCompile(`(?i)(?:^|[\s>,)"])(?:wrote|writes|skrev|schrieb|kirjoitti|a écrit|escribió|schreef|ha scritto|` +
		`escreveu|napisał\(?a?\)?|написал\(?а?\)?|пишет)(?:$|[\s:*,])`)
	opener = regexp.MustCompile(`(?i)^\*?(?:on|den|am|le|el|op|il|em|w dniu|dne|ma|ti|ke|to|pe|la|su|\d{1,4}[-./]|` +
		`(?:mån|man|tis|tir|ons|tors?|fre|lör|lør|sön|søn|mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so)[a-zåäöø]*)[\s,.\d]`)
	addressVerb = regexp.MustCompile(`(?i)\S@\S+[>)]?\s(?:wrote|skrev|schrieb|kirjoitti|a écrit|schreef|ha scritto|escribió|pisze)\s?:\*?$`)
	isoHeader   = regexp.MustCompile(`^\d{4}-\d{2}-\d{2} \d{1,2}:\d{2} (?:GMT|UTC)[+\-:0-9]* .*<.*@.*>:$`)
	timeOfDay   = regexp.MustCompile(`\b\d{1,2}[:.]\d{2}\b`)
	separator   = regexp.MustCompile(`(?i)^(?:[-–—_=*]{2,}\s*(?:` +
		`original message|original mail|originalmeddelande|ursprungligt meddelande|vidarebefordrat meddelande|vidarebefordrat brev|` +
		`forwarded message|ursprüngliche nachricht|originalnachricht|weitergeleitete nachricht|original(?:e)? nachricht|` +
		`oprindelig meddelelse|original meddelelse|videresendt (?:meddelelse|melding)|opprinnelig melding|original melding|` +
		`alkuperäinen viesti|välitetty viesti|edelleenlähetetty viesti|message (?:d'origine|original)|mensaje original|` +
		`oorspronkelijk bericht|messaggio originale|mensagem original|reply message|reply above this line` +
		`)\s*[-–—_=*]{2,}.*|begin forwarded message:|vidarebefordrat brev:|början på vidarebefordrat brev:|` +
		`anfang der weitergeleiteten nachricht:|start på videresendt besked:|videresendt besked:|välitetty viesti alkaa:)$`)
	underscores = regexp.MustCompile(`^[_\x{2500}—-]{10,}$`)
	phoneLine   = regexp.MustCompile(`(?i)^\W{0,3}(?:` +
		`(?:sent|skickat|gesendet|sendt|envoyé|enviado|verzonden|inviato|wysłano) (?:from|via|using|med|från|mit|von|fra|med|de|depuis|desde|vanaf|met|da|z) ` +
		`.{0,30}\b(?:` + device + `)\b.{0,40}|` +
		`(?:von meine[mr]|från min|fra min) .{0,20}(?:` + device + `) (?:gesendet|skickat|sendt)|` +
		`lähetetty .{0,20}(?:iphonesta|ipadista|androidista|puhelimesta|laitteesta|samsung|outlook).{0,40}|` +
		`(?:hämta|get|hent|download|laden sie) outlook (?:för|for|til|für) .{0,40})\W{0,3}$`)
)

// device is what a phone's or tablet's line names.
const device = `iphone|ipad|ios|android|samsung|galaxy|outlook|e-?post|e-?mail|mail|yahoo|gmail|windows|blackberry|xperia|huawei|` +
	`nokia|proton|mobil|mobile|mobiltelefon|handy|telefon|phone|smartphone|tablet|surfplatta|nettbrett`
