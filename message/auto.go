package message

import (
	"regexp"
	"strings"
)

// autoWords are what programs put at the beginning of the subject when they answer for people who are away, or only say
// that a mail has come in, in the languages of those who write to us.
const autoWords = `auto(?:matisk[ta]?|matic|mated|maattinen|matisch(?:e[rs]?)?|matiche?)?[ -]*(?:svar|reply|response|repl|antwort|antwoord|melding|besked|vastaus|abwesenheit\w*)` +
	`|auto[ -]?(?:svar|reply|responder?)|autosv|sjálfvirkt svar|réponse automatique|respuesta automática|risposta automatica|resposta automática|odpowiedź automatyczna|automatyczna odpowiedź` +
	`|automaattivastaus|frånvaro(?:meddelande|besked|svar|notis)?|frånvarande|semester(?:svar|meddelande|besked|hälsning)|fraværs?(?:besked|smelding|melding|assistent)?|fraværende|feriesvar|feriebesked|feriemelding` +
	`|poissaolo(?:ilmoitus|viesti)?|poissa toimistosta|lomavastaus|lomaviesti|abwesenheit(?:snotiz|smeldung|sassistent)?|urlaubsvertretung` +
	`|out[ -]of[ -](?:the[ -])?office|ooo|vacation (?:reply|response|message)|away message|absence du bureau|message d'absence|fuera de (?:la )?oficina|fuori sede|fora do escritório|ausência temporária|afwezig(?:heids\w*)?|nieobecność`

var (
	// A beginning that no person writes: the words alone, or before a colon, a dash, or the subject of the mail answered. Behind "SV:" they are the
	// subject of what a person answers.
	autoSubject = compile(`(?i)^\s*\[?(?:` + autoWords + `)\s*(?:$|[:\]!.]|[-–—]\s|\(|(?:re|sv|vs|aw|fwd?|vb|angående|ang)\b[:.]?)`)

	// The same and more where people may write them as well: with a second sign.
	awaySubject = compile(`(?i)(?:^\W*(?:(?:re|sv|vs|aw)\s*:\W*)?(?:` + autoWords + `)\b|\b(?:på|har|under) (?:semester|ledighet|tjänstledig\w*|föräldraledig\w*)|\bsemester(?:stängt|ledig)?\b|\bledig\b|\bbortrest\b|inte på (?:kontoret|plats)|` +
		`ikke (?:til stede|på kontoret|på plass)|\bute av kontoret|på ferie\b|\bferie(?:lukket|stengt)?\b|bortreist|(?:^|[^\pL])(?:poissa|lomalla|loma)(?:$|[^\pL-])|en ole paikalla|abwesend|im urlaub|nicht im büro|on (?:vacation|holiday|leave|annual leave)|\baway\b|out of (?:the )?office|` +
		`tack för (?:ditt|ert) (?:mejl|mail|meddelande|e-?post)|takk for (?:din|e-posten|meldingen|henvendelsen)|tak for din (?:mail|henvendelse|besked)|kiitos (?:viestistäsi|yhteydenotosta|sähköpostistasi)|thank(?:s| you) for (?:your|contacting)|` +
		`mottagningsbekräftelse|vi har (?:mottagit|tagit emot) (?:ditt|din|ert)|vi har modtaget|vi har mottatt|viestisi on vastaanotettu|we have received your)`)

	// What such an answer says of itself, or how a person says when he is back.
	autoText = compile(`(?i)` + strings.Join([]string{
		`(?:detta|det här) är ett (?:autosvar|automatiskt|automatgenererat)`, `går (?:inte|ej) att svara på`, `svara (?:inte|ej) på (?:detta|det här)`, `automatiskt genererat`, `^\s*automatiskt (?:svar|meddelande)`, `^\s*autosvar`,
		`(?:är|har) (?:\S+ ){0,4}?(?:på |under )?(?:semester|ledig|tjänstledig|föräldraledig|bortrest|frånvarande|på tjänsteresa|sjukskriven)(?: \S+){0,8}? (?:till|t\.?o\.?m|åter|tillbaka|vecka|från)`, `(?:är )?(?:åter|tillbaka)(?: \S+){0,3}? (?:den|måndag|tisdag|onsdag|torsdag|fredag|vecka|\d)`, `läser inte (?:min|mina|mejl|mail|e-?post)`, `vid brådskande`,
		`dette er et automatisk`, `ikke svar(?:e)? på denne`, `(?:ute av|ikke på) kontoret`, `(?:tilbake|tilbage)(?: \S+){0,3}? (?:den|igjen|igen|mandag|tirsdag|onsdag|torsdag|fredag|uke|uge|\d)`, `(?:er|har|holder|avvikler) (?:\S+ ){0,3}?(?:ferie|fravær|permisjon|orlov|barsel)`, `(?:haster det|ved hastesaker|i presserende)`,
		`tämä on automaattinen`, `automaattinen (?:vastaus|viesti)`, `älä vastaa tähän`, `(?:olen|olemme) (?:\S+ ){0,3}?(?:lomalla|poissa|vapaalla|matkoilla)`, `palaan (?:töihin|toimistolle|\d|takaisin)`, `kiireellisissä`,
		`this is an auto`, `do not reply to this`, `(?:am|are|will be|currently) (?:\S+ ){0,4}?(?:out of (?:the )?office|on (?:annual )?(?:leave|vacation|holiday)|away)`, `(?:will be back|return(?:ing)? (?:to the office )?on|back (?:in the office )?on)`, `limited access to (?:my )?e?-?mail`,
		`dies ist eine automatisch`, `(?:bin|sind) (?:\S+ ){0,4}?(?:nicht im büro|im urlaub|abwesend)`, `(?:wieder|zurück) (?:\S+ ){0,3}?(?:erreichbar|im büro)`, `in dringenden fällen`,
		`réponse automatique`, `(?:suis|serai) (?:\S+ ){0,3}?(?:absent|en congé)`, `respuesta automática`, `estoy (?:\S+ ){0,3}?(?:fuera|de vacaciones)`, `risposta automatica`, `sono (?:\S+ ){0,3}?(?:fuori|in ferie|assente)`, `automatisch (?:antwoord|bericht)`, `(?:ben|zijn) (?:\S+ ){0,4}?(?:afwezig|met vakantie)`, `mensagem automática`, `estou (?:\S+ ){0,3}?(?:de férias|fora|ausente)`,
	}, "|"))

	// A text that begins with what it is.
	selfText = regexp.MustCompile(`(?i)^\s*(?:(?:hej|hei|hallo|hi|hello)\b[^\n]{0,40}\n\s*)?(?:(?:detta|det här) är ett (?:autosvar|automatiskt svar|automatgenererat (?:svar|meddelande))|dette er et automatisk svar|tämä on automaattinen vastaus|þetta er sjálfvirkt svar|this is an auto(?:matic|mated)?[ -]?(?:reply|response)|dies ist eine automatische antwort)\b`)

	noReply = compile(`(?i)^(?:no|do-?not|nicht|inte|ikke|ala|alä)[-_.]?(?:reply|svara?|vastaa|respond|antworten)(?:$|[@+._-])`)

	// Somebody wants proof that a person wrote before he reads the mail.
	challengeText = compile(`(?i)(?:click|follow|visit|reply)(?: \S+){0,12}? (?:(?:have|get) your (?:address|e-?mail)(?: \S+){0,6}? (?:added|approved|allowed|whitelisted)|to (?:verify|confirm) (?:that )?you(?:r e-?mail| are)|allowed list|approved senders)`)
)

// maxAutoText is how much of a text is searched for what an automatic answer says of itself; they are short.
const maxAutoText = 2 << 10

// isAutomatic tells answers and notices by programs (RFC 3834 section 5, and what was there before it).
// X-Auto-Response-Suppress is no proof: Exchange puts it on people's mail. A subject proves it only in a form that no
// person writes; in every other form it takes the text, or that suppression, as a second sign.
func isAutomatic(h header, c *Content, lim Limits) bool {
	if v, _, _ := strings.Cut(strings.ToLower(h.get("Auto-Submitted")), ";"); v != "" && strings.TrimSpace(v) != "no" {
		return true
	}
	switch strings.ToLower(h.get("Precedence")) {
	case "auto_reply", "auto-reply", "autoreply", "junk":
		return true
	}
	for _, name := range []string{
		"X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Autoresponse", "X-Auto-Response", "X-Mail-Autoreply",
		"X-AutoReply-From", "X-Autogenerated", "X-Auto-Reply-From", "X-Vacation", "X-Autoreply-Domain",
	} {
		if v := strings.ToLower(h.get(name)); v != "" && v != "no" && v != "false" {
			return true
		}
	}
	if autoSubject.MatchString(c.Subject) || nullSender(h, lim) || robotSender(c) {
		return true
	}
	if local, _, _ := strings.Cut(c.From.Email, "@"); noReply.MatchString(local) && (c.ReplyTo == nil || noReply.MatchString(c.ReplyTo.Email)) {
		return true // nobody would read an answer; a form that people fill in names them in Reply-To
	}
	text := cutRunes(c.Text, maxAutoText)
	if awaySubject.MatchString(c.Subject) && (autoText.MatchString(text) || h.has("X-Auto-Response-Suppress")) {
		return true
	}
	return selfText.MatchString(text) || isAway(c.Subject, text) || len(c.Text) < maxAutoText && isChallenge(text)
}

// isChallenge tells a text that asks its reader to prove that he is a person. The words are looked for first: they are
// rare, and the pattern is slow.
func isChallenge(text string) bool {
	for _, word := range []string{"allowed", "approved", "verify", "confirm", "whitelist"} {
		if strings.Contains(text, word) {
			return challengeText.MatchString(strings.Join(strings.Fields(text), " "))
		}
	}
	return false
}
