package message

import (
	"regexp"
	"strings"
)

// awayBegins are what subjects of Nordic answers begin with whose writer is away, closed or gone. People write so as well, thus the
// text has to say it too.
var awayBegins = compile(`(?i)^\W*(?:` + strings.Join([]string{
	// Swedish
	`(?:jag är )?(?:ej|inte|utanför|borta från|ute från) (?:på |i )?(?:kontoret|plats|jobbet|tjänst|arbetet|anträffbar)`, `(?:vi har |kontoret är )?(?:semester|sommar|jul|påsk|nyårs)?stängt(?: för semester| över \pL+)?`,
	`(?:jag är |är )?(?:på )?(?:semester|semesterledig|(?:föräldra|pappa|mamma|barn|tjänst|studie)ledig(?:het)?|ledig|sjukskriven|bortrest)`, `(?:jag )?har slutat`, `ny (?:e-post|mejl|mail)adress`,
	// Norwegian and Danish
	`(?:jeg er )?(?:ikke|ute fra|ute av|ude af) (?:på |til )?(?:kontoret|jobb|jobben|plass|arbejde|stede|huset)`, `(?:jeg |vi )?(?:har |holder |er på |på |avvikler )?(?:sommer|jule|påske|vinter|høst|efterårs)?(?:ferie|ferielukket|feriestengt|ferielukning|stengt|lukket)`,
	`(?:jeg |vi )?(?:har |holder |er (?:på |i )?|på )?(?:fri|orlov|barsel|permisjon|(?:foreldre|fedre|forældre|barsels?)(?:permisjon|orlov)|sykemeldt|sygemeldt)`, `(?:jeg (?:er|har) )?(?:fratrådt|sluttet|stoppet)`,
	// Finnish
	`(?:olen |olemme )?(?:(?:kesä|vuosi|talvi|joulu|äitiys|sairaus|isyys)?lomalla|(?:perhe|vanhempain|opinto|virka|hoito)?vapaalla|poissa|matkoilla)`, `(?:kesä|vuosi|talvi|joulu)?loma`,
	`en ole (?:toimistolla|paikalla|töissä|tavoitettavissa)`, `(?:toimisto(?:mme)?|myymälä(?:mme)?) (?:on )?(?:kiinni|suljettu)`, `en työskentele enää`,
}, "|") + `)(?:$|[^\pL?-])`)

// awaySays are the ways in which a text says that nobody will read the mail for now: away for a time that it names, back on a day,
// or who else is there to ask.
var awaySays = compile(`(?i)(?:^|[^\pL])(?:` + strings.Join([]string{
	// Swedish
	`(?:jag|vi|kontoret|butiken|verkstaden) (?:är|har|håller)(?: \S+){0,3}? (?:\pL*stängt?|semester|\pL*ledig|sjukskriven|bortrest|borta|inte på (?:kontoret|plats))(?: \S+){0,4}? (?:till|tom|t\.o\.m|tills|t o m|fram|under|i dag|idag|hela|mellan|vecka|v\.?)`,
	`(?:öppnar|åter|tillbaka)(?: \S+){0,3}? (?:den|på|igen|måndag|tisdag|onsdag|torsdag|fredag|vecka|\d)`, `(?:mejl|mejlen|mail|e-post|adressen)(?: \S+){0,3}? (?:bevakas|läses|vidarebefordras) (?:inte|ej)`, `bevakas (?:inte|ej)`,
	`(?:slutat|avslutat) min anställning`, `läser (?:mina|min) (?:mejl|mail|e-post) först`, `svarar på (?:ditt|er|era|ert|dina) (?:mejl|mail|e-post) (?:i morgon|när|på|efter|den)`,
	// Norwegian and Danish
	`(?:jeg|vi|kontoret|butikken|verkstedet|værkstedet) (?:er|har|holder)(?: \S+){0,3}? (?:\pL*ferie|ferie\pL+|fri|stengt|lukket|(?:\pL*permisjon)|(?:\pL*orlov)|barsel|sykemeldt|sygemeldt|fraværende)(?: \S+){0,4}? (?:til|tom|t\.o\.m|frem|fram|i dag|hele|mellom|mellem|i uke|i uge)`,
	`(?:åpner|åbner|tilbake|tilbage)(?: \S+){0,3}? (?:den|på|igjen|igen|mandag|tirsdag|onsdag|torsdag|fredag|uke|uge|\d)`, `(?:leser|læser) ikke (?:e-post|mail|mine mails?)`, `henvendelser (?:rettes|bedes)`,
	`ikke (?:lenger|længere) ansatt?`, `(?:svarer på|besvarer) (?:din|dine|e-post|mail|mails)(?: \S+){0,2}? (?:i morgen|i morgon|når|den|etter|efter)`,
	// Finnish
	`(?:olen|olemme|toimisto|myymälä)(?: \S+){0,2}? (?:\pL*lomalla|\pL*vapaalla|poissa|kiinni|suljettu|suljettuna)(?: \S+){0,4}? (?:asti|saakka|ajan|välillä|\d\S*)`, `(?:palaan|palaamme|avaamme|avoinna)(?: \S+){0,3}? (?:jälleen|maanantaina|tiistaina|keskiviikkona|torstaina|perjantaina|\d)`,
	`ota(?:thao|ttehan)? yhteyttä`, `(?:sähköposti(?:ani|a)?|viestejä(?:ni)?) ei (?:lueta|seurata)`, `en lue sähköposti`,
}, "|") + `)`)

// isAway tells the answer of a program, in a Nordic language, for somebody who is away. Whoever asks something is there.
func isAway(subject, text string) bool {
	at := awayBegins.FindStringIndex(subject)
	if at == nil || strings.Contains(text, "?") {
		return false
	}
	if rest := subject[at[1]:]; strings.Contains(rest, "?") && !quotedSubject.MatchString(rest) {
		return false
	}
	return awaySays.MatchString(text)
}

// quotedSubject is where the subject of the mail begins that is answered.
var quotedSubject = regexp.MustCompile(`(?i)^\W*(?:re|sv|vs|aw|fwd?|vb|vl|ang)\s*:`)
