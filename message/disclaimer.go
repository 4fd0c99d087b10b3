package message

import "strings"

// maxDisclaimer is how many bytes of a paragraph are looked at.
const maxDisclaimer = 3 << 10

// lastDisclaimer finds where a legal text at the end of lines begins; -1: there is none.
func lastDisclaimer(lines []*line) int {
	start, size := len(lines), 0
	for start > 0 && lines[start-1].text != "" && !lines[start-1].quoted && lines[start-1].kind == "" {
		if delimiter(lines[start-1].text) != 0 {
			break
		}
		start--
		if size += len(lines[start].text); size > maxDisclaimer {
			return -1
		}
	}
	var b strings.Builder
	for _, l := range lines[start:] {
		b.WriteString(l.text + " ")
	}
	if text := b.String(); legal(text) || systemNote(text) {
		return start
	}
	return -1
}

// legal tells a text that speaks of secrecy, and of two of these in any of the languages: a message, whom it is meant for,
// what others should do with it.
func legal(text string) bool {
	if len(text) < 60 || !containsAny(text, secrecyWords) {
		return false
	}
	text = strings.ToLower(text)
	n := 0
	for _, group := range legalWords {
		if containsAny(text, group) {
			n++
		}
	}
	return n >= 2
}

// systemNote tells short texts of programs and servers.
func systemNote(text string) bool {
	return len(text) <= 600 && containsAny(strings.ToLower(text), noticeTexts)
}

func containsAny(text string, words []string) bool {
	for _, w := range words {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

// banner folds the warning that mail servers put above mail from outside.
func (r *reader) banner(lines []*line) []*line {
	start := skipBlank(lines, 0)
	end, size := start, 0
	for end < len(lines) && lines[end].text != "" && end-start < 8 {
		if size += len(lines[end].text); size > 800 {
			return lines
		}
		end++
	}
	if next := skipBlank(lines, end); end == start || next >= len(lines) || lines[start].quoted {
		return lines
	}
	var b strings.Builder
	for _, l := range lines[start:end] {
		b.WriteString(l.text + " ")
	}
	text := strings.ToLower(b.String())
	for _, w := range bannerBegins {
		if strings.HasPrefix(strings.TrimLeft(text, "[*!⚠️ "), w) {
			for _, s := range bannerTexts {
				if strings.Contains(text, s) {
					fold(lines[start:end], FoldDisclaimer)
					return lines[end:]
				}
			}
		}
	}
	return lines
}

// secrecyWords are without their first letters, which may be capitals; so few that most texts are soon done with.
var secrecyWords = []string{"onfiden", "CONFIDENTIAL", "rivileged", "ekretess", "örtrolig", "ortrolig", "aushetsplikt", "avshedspligt", "uottamuksel", "alassapid", "ertraulich", "ertrouwelijk", "iservat", "oufn", "онфиденциальн"}

// legalWords are three groups: the message, its addressee, what to do with it.
var legalWords = [3][]string{
	{"message", "e-mail", "email", "meddeland", "e-post", "epost", "mejl", "melding", "meddelelse", "besked", "viesti", "sähköposti", "nachricht", "courriel", "mensaje", "correo", "bericht", "messaggio", "wiadomość", "mensagem", "сообщение", "письмо"},
	{"intended for", "intended solely", "intended only", "intended recipient", "addressee", "avsedd för", "avsett för", "avsedda för", "avsedd endast", "avsett endast", "avsedda mottagar", "rätt mottagare", "mottagaren", "adressat", "ment for", "beregnet", "tiltænkt", "tiltenkt", "rette mottaker", "rette modtager",
		"mottaker", "vastaanottaja", "tarkoitettu", "bestimmt", "empfänger", "adressaten", "destiné", "destinataire", "destinatari", "bestemd", "geadresseerde", "adresat", "destinatário", "адресат"},
	{"delete", "destroy", "notify the sender", "notify us", "unauthori", "prohibited", "radera", "ta bort det", "förstör", "meddela avsändaren", "underrätta", "kontakta avsändaren", "inte tillåt", "otillåt", "förbjud", "slett", "slet ", "slettes", "underrette", "varsle", "gi beskjed", "kontakt afsender", "kontakt avsender",
		"poista", "hävit", "tuhoa", "ilmoita", "ilmoittakaa", "kiellet", "löschen", "vernichten", "informieren", "unbefugt", "untersagt", "détrui", "supprim", "interdit", "elimin", "notifi", "prohib", "verwijder", "vernietig", "cancell", "usuń", "usunąć", "удалит"},
}

// noticeTexts are parts of what programs and servers put below a mail.
var noticeTexts = []string{
	"consider the environment before printing", "think before you print", "tänk på miljön innan du", "tänk på miljön, skriv", "tenk på miljøet før", "tænk på miljøet før", "ajattele ympäristöä", "ympäristöä ennen kuin tulostat", "denken sie an die umwelt", "umwelt zuliebe",
	"virus-free", "virusfri", "avast.com", "has been scanned for viruses", "e-posten är kontrollerad av", "behandlar vi personuppgifter", "behandlar personuppgifter", "hanterar vi personuppgifter", "hur vi behandlar dina personuppgifter", "behandler personopplysninger", "behandler personoplysninger", "käsittelemme henkilötietoja",
	"you received this message because you are subscribed", "you are receiving this because", "to unsubscribe from this", "to unsubscribe, ", "för att avregistrera dig", "reply to this email directly or view it on",
}

// bannerBegins and bannerTexts tell a warning above a mail, together.
var (
	bannerBegins = []string{"caution", "warning", "external", "notice", "attention", "varning", "obs", "extern", "advarsel", "huom", "varoitus", "achtung", "warnung", "vorsicht", "this email originated", "this message came from", "detta mejl kommer", "detta e-postmeddelande kommer", "den här e-posten kommer", "du får inte ofta", "you don't often get", "some people who received this"}
	bannerTexts  = []string{"originated from outside", "originated outside", "external sender", "from an external", "outside of the organi", "outside of your organi", "outside of this", "outside your organi", "outside the organi", "extern avsändare", "utanför organisationen", "utanför företaget", "kommer utifrån", "externt", "ekstern", "ulkopuolelta", "ulkoinen", "externen absender", "extern", "don't often get", "får inte ofta"}
)
