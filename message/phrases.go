package message

import "regexp"

// The words by which mail programs and people mark what is not new, lower case, by language where it matters:
// Nordic first, then the other languages of Europe and Asia.

// wordSet makes a set of the words of some lists.
func wordSet(lists ...[]string) map[string]bool {
	set := map[string]bool{}
	for _, list := range lists {
		for _, w := range list {
			set[w] = true
		}
	}
	return set
}

// openers begin attributions: "On", "Den", and the names of weekdays.
var openers = wordSet([]string{
	"den", "på", "kl", "klo", "mån", "månd", "måndag", "tis", "tisd", "tisdag", "ons", "onsd", "onsdag", "tors", "torsd", "tor", "torsdag", "fre",
	"fred", "fredag", "lör", "lörd", "lördag", "sön", "sönd", "söndag", "man", "mand", "mandag", "tir", "tirs", "tirsdag", "lør", "lørdag", "søn",
	"søndag", "ma", "ti", "ke", "to", "pe", "la", "su", "maanantaina", "tiistaina", "keskiviikkona", "torstaina", "perjantaina", "lauantaina",
	"sunnuntaina", "þann", "fim", "mið", "mán", "þri", "fös",
	"on", "mon", "monday", "tue", "tues", "tuesday", "wed", "wednesday", "thu", "thur", "thurs", "thursday", "fri", "friday", "sat", "saturday",
	"sun", "sunday", "at", "in", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec",
}, []string{
	"am", "um", "mo", "di", "mi", "do", "fr", "sa", "so", "montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag",
	"le", "el", "il", "em", "op", "a", "à", "lun", "mar", "mer", "mié", "jeu", "jue", "ven", "vie", "sam", "sáb", "dim", "dom", "gio",
	"sab", "seg", "ter", "qua", "qui", "sex", "lunes", "martes", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche", "lunedì",
	"vr", "zo", "wo", "za", "zat", "din", "dnia", "w", "pon", "wt", "śr", "czw", "pt", "sob", "niedz", "dne", "po", "út", "st", "čt", "pá", "so", "ne",
	"pe", "în", "la", "tarihinde", "vào", "στις", "την", "τη", "на", "в", "пн", "вт", "ср", "чт", "пт", "сб", "вс", "нд", "от", "кому", "pada", "dana",
	"za", "vineri", "joi", "u", "dňa", "ut", "str", "štv", "pia", "pir", "antr", "em", "no", "ven", "ב", "בתאריך", "ביום", "في", "بتاريخ", "vp", "pp",
	"于", "在",
})

// wroteVerbs are what attributions say: wrote, writes, has written.
var wroteVerbs = []string{
	"skrev", "skriver", "har skrivit", "har skrevet", "kirjoitti", "skrifaði", "wrote", "writes", "schrieb", "schrieben", "geschrieben", "a écrit",
	"escribió", "escribio", "escrigué", "va escriure", "ha scritto", "escreveu", "schreef", "geschreven", "napisał(a)", "napisał", "napisała", "pisze",
	"napsal(a)", "napsal", "napsala", "napísal(a)", "napísal", "napísala", "írta", "a scris", "yazdı", "έγραψε", "написал(а)", "написал", "написала",
	"написав", "написав(ла)", "писал(а)", "писал", "пишет", "пише", "написа", "đã viết", "menulis", "je napisao", "je napisala", "je napisao/la", "je napisal", "napisao je", "kirjutas",
	"rakstīja", "rašė", "كتب", "כתב", "כתב/ה", "נכתב על ידי", "เขียนว่า", "เขียน", "missatge de", "napisana przez", "je napisal(a)", "napísala",
	"写道", "寫道", "のメール", "のメッセージ", "は書きました", "님이 작성", "님이 다음을 작성", "작성", "님이 쓴",
}

// pronouns beside the verb say that a person tells of their own writing.
var pronouns = wordSet([]string{"jag", "vi", "jeg", "minä", "me", "i", "we", "ich", "wir", "je", "nous", "yo", "io", "ik", "wij", "ja", "eu", "я", "мы"})

// months by their first three bytes, for languages in which dates come with names.
var months = wordSet([]string{
	"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "maj", "mai", "okt", "des", "dez", "mär", "mrt", "mei",
	"tam", "hel", "maa", "huh", "tou", "kes", "hei", "elo", "syy", "lok", "mar", "jou", "fév", "avr", "jui", "aoû", "ene", "abr", "ago", "dic",
	"gen", "mag", "giu", "lug", "set", "ott", "fev", "out", "sty", "lut", "kwi", "cze", "lip", "sie", "wrz", "paź", "lis", "gru",
})

// fieldNames are the labels of the header fields that programs put above a quoted mail.
var fieldNames = fieldTable(map[fieldSet][]string{
	isFrom: {"från", "fra", "lähettäjä", "from", "von", "de", "van", "da", "od", "od kogo", "от", "от кого", "від", "від кого", "feladó", "kimden", "gönderen", "από", "de la",
		"מאת", "من", "发件人", "寄件者", "寄件人", "差出人", "送信者", "보낸 사람", "보낸사람", "từ", "pošiljatelj", "saatja", "frá", "remitente", "expéditeur", "absender", "avsändare", "afsender",
		"avsender", "mittente", "remetente", "afzender", "nadawca", "відправник", "отправитель", "dari", "odesílatel", "odosielateľ", "expeditor", "nuo", "no"},
	isDate: {"skickat", "datum", "sendt", "dato", "lähetetty", "päivämäärä", "päiväys", "pvm", "sent", "date", "gesendet", "envoyé", "envoyé le", "message du", "enviado", "enviado el",
		"enviada em", "enviado em", "fecha", "verzonden", "datum/tid", "inviato", "data", "wysłano", "data wysłania", "отправлено", "дата", "надіслано", "odesláno", "odoslané", "dátum", "küldve",
		"elküldve", "gönderildi", "gönderilme tarihi", "tarih", "στάλθηκε", "ημερομηνία", "trimis", "data trimiterii", "נשלח", "תאריך", "التاريخ", "تاريخ الإرسال", "发送时间", "日期", "时间", "寄件日期",
		"傳送日期", "已傳送", "送信日時", "日付", "日時", "보낸 날짜", "날짜", "đã gửi", "ngày", "sent on", "poslano", "saadetud", "sent at", "date d'envoi", "dagsetning", "sendt den", "received", "mottaget", "tid"},
	isTo: {"till", "til", "vastaanottaja", "to", "an", "à", "a", "para", "aan", "do", "кому", "кому/куда", "komu", "pre", "címzett", "kime", "alıcı", "προς", "către", "catre", "אל", "إلى", "收件人", "收件者",
		"宛先", "받는 사람", "받는사람", "đến", "tới", "prima", "saaja", "destinataire", "destinatario", "destinatário", "empfänger", "mottagare", "mottaker", "modtager", "ontvanger", "adresat", "za", "kepada", "per"},
	isSubject: {"ämne", "emne", "aihe", "otsikko", "subject", "betreff", "objet", "sujet", "asunto", "assunto", "onderwerp", "oggetto", "temat", "тема", "předmět", "predmet", "tárgy", "konu",
		"θέμα", "subiect", "subiectul", "נושא", "الموضوع", "主题", "主旨", "主題", "件名", "제목", "chủ đề", "tiêu đề", "zadeva", "teema", "efni", "assumpte", "subjek", "perihal", "ärende"},
	isCc: {"kopia", "kopi", "kopio", "cc", "bcc", "kopie", "copie", "copie à", "cc à", "dw", "копия", "копія", "kópia", "másolat", "másolatot kap", "bilgi", "κοιν.", "κοινοποίηση", "עותק",
		"نسخة", "抄送", "副本", "참조", "reply-to", "svara till", "antwort an", "répondre à", "responder a", "reply to", "importance", "prioritet", "vikt", "wichtigkeit", "attachments", "bilagor", "pièces jointes", "anlagen",
		"organization", "newsgroups", "bifogade filer", "resent-from", "list-id", "conversation", "cópia", "cc."},
})

func fieldTable(names map[fieldSet][]string) map[string]fieldSet {
	table := map[string]fieldSet{}
	for kind, list := range names {
		for _, n := range list {
			table[n] |= kind
		}
	}
	return table
}

// originalStems and forwardStems stand between two lines above a quoted or a forwarded mail.
var (
	originalStems = []string{
		"ursprungl", "originalmeddel", "original m", "originalb", "opprinnelig", "oprindelig", "alkuperäinen", "ursprüngliche", "originalnachricht", "original nachricht",
		"originale nachricht", "d'origine", "d’origine", "message original", "mensaje original", "mensagem original", "messaggio original", "mail original", "original",
		"oorspronkelijk", "oryginaln", "wiadomość pierwotna", "исходное", "оригинал", "вихідне", "původní", "pôvodná", "eredeti", "orijinal", "özgün", "αρχικό", "mesaj original", "mesajul inițial",
		"ההודעה המקורית", "הודעה מקורית", "الرسالة الأصلية", "原始邮件", "原始郵件", "原邮件", "邮件原件", "元のメッセージ", "원본 메", "thư gốc", "izvorna", "reply message", "svarat meddelande", "in reply to", "previous message",
	}
	forwardStems = []string{
		"vidarebefordra", "videresend", "välitetty", "edelleenlähetetty", "forwarded", "forward mess", "weitergeleitet", "transféré", "réexpédié", "reenviad", "encaminhad", "doorgestuurd",
		"inoltrat", "przekazan", "przesłan", "пересылаем", "перенаправ", "переслан", "přeposlan", "preposlan", "továbbított", "iletilen", "yönlendirilen", "προωθημένο", "redirecționat", "הועבר", "转发", "轉寄", "転送", "전달된",
		"mensaje reenviado", "reenviat", "begin forwarded message", "framsent", "edasi saadetud",
	}
	// forwardLines stand above a forwarded mail without lines around them, as Apple's programs write it.
	forwardLines = []string{
		"begin forwarded message", "vidarebefordrat brev", "början på vidarebefordrat brev", "början på vidarebefordrat meddelande", "anfang der weitergeleiteten nachricht", "start på videresendt besked", "videresendt besked",
		"videresendt melding", "start på videresendt melding", "välitetty viesti alkaa", "edelleenlähetetty viesti alkaa", "début du message réexpédié", "début du message transféré", "inicio del mensaje reenviado", "início da mensagem reencaminhada",
		"início da mensagem encaminhada", "begin doorgestuurd bericht", "inizio messaggio inoltrato", "początek przekazywanej wiadomości", "начало переадресованного сообщения", "začátek přeposílané zprávy", "továbbított levél kezdete", "下面是被转发的邮件", "転送されたメッセージ",
	}
	replyAboveLines = []string{
		"reply above this line", "type your reply above", "please reply above", "write below this line", "do not write below", "svara ovanför", "skriv ditt svar ovanför", "svar över denna rad", "svar over denne", "antworten oberhalb",
		"antworten sie oberhalb", "répondre au-dessus", "escriba su respuesta", "responda por encima", "kirjoita vastauksesi",
	}
)

// closings are the greetings above a name at the end, alone in their line or before the name. Thanks are none: they say something.
var closings = []string{
	"med vänlig hälsning", "med vänliga hälsningar", "med vänlig hälsningar", "vänlig hälsning", "vänliga hälsningar", "med bästa hälsningar", "bästa hälsningar", "bästa hälsning", "varma hälsningar", "hälsningar", "hälsning", "vänligen", "mvh", "m.v.h", "med vänlig hälsning / best regards", "med vänliga hälsningar / best regards", "vh", "v.h.",
	"med vennlig hilsen", "vennlig hilsen", "med venlig hilsen", "venlig hilsen", "med venlige hilsner", "de bedste hilsner", "bedste hilsner", "beste hilsen", "beste hilsener", "mange hilsner", "mange hilsener", "kærlig hilsen", "hilsen", "hilsner", "kh", "mvh.", "vh.",
	"ystävällisin terveisin", "ystävällisesti", "parhain terveisin", "terveisin", "kunnioittavasti", "terv.", "terv", "t:", "yt.", "yst.terv.", "ystävällisin terveisin/best regards", "kær hilsen",
	"best regards", "kind regards", "kindest regards", "warm regards", "warmest regards", "with best regards", "with kind regards", "regards", "rgds", "br", "br.", "brgds", "yours faithfully", "all the best", "many regards",
	"mit freundlichen grüßen", "mit freundlichen grüssen", "mit freundlichem gruß", "mit freundlichem gruss", "mit besten grüßen", "freundliche grüße", "freundliche grüsse", "beste grüße", "beste grüsse", "viele grüße", "viele grüsse", "liebe grüße", "herzliche grüße", "mfg", "lg", "vg",
	"cordialement", "bien cordialement", "très cordialement", "bien à vous", "sincères salutations", "meilleures salutations", "saludos", "saludos cordiales", "un saludo", "atentamente", "cordiales saludos", "atte", "cordiali saluti", "distinti saluti", "un saluto",
	"met vriendelijke groet", "met vriendelijke groeten", "vriendelijke groet", "vriendelijke groeten", "groeten", "groetjes", "mvg", "hartelijke groet", "hartelijke groeten", "atenciosamente", "cumprimentos", "com os melhores cumprimentos", "melhores cumprimentos", "abraços", "att",
	"pozdrawiam", "pozdrawiam serdecznie", "serdecznie pozdrawiam", "z poważaniem", "z powazaniem", "z wyrazami szacunku", "pozdrowienia", "с уважением", "с наилучшими пожеланиями", "з повагою", "s pozdravem", "s pozdravom", "s přátelským pozdravem", "üdvözlettel", "tisztelettel", "cu stimă", "cu respect",
	"saygılarımla", "iyi çalışmalar", "με εκτίμηση", "trân trọng", "敬具", "此致", "此致敬礼", "lugupidamisega", "ar cieņu", "pagarbiai", "lep pozdrav", "lijep pozdrav", "srdačan pozdrav", "kveðja", "bestu kveðjur",
}

// footerLine is what phones and mail programs put at the end. A device, a program or "my" must be named.
var footerLine = regexp.MustCompile(`(?i)^\W{0,4}(?:` +
	// "Sent from my …", a few words and no more of a sentence
	`(?:sent from my|skickat från min|sendt fra min|sent from the|sendt frå min|lähetetty|gesendet von meine[mr]|von meine[mr]|envoyé de mon|envoyé depuis mon|enviado desde mi|enviado do meu|inviato dal mio|inviato da|verzonden vanaf mijn|verstuurd vanaf mijn|` +
	`wysłane z mojego|wysłano z mojego|отправлено с моего|отправлено с|надіслано з|odesláno z mého|odesláno z|elküldve az|trimis de pe|αποστολή από) [^.,!?\s]+(?: [^.,!?\s]+){0,3}\.?|` +
	// "Sent from Outlook …"
	`(?:sent|skickat|gesendet|sendt|envoyé|envoyée|enviado|verzonden|verstuurd|inviato|wysłano|wysłane|skickades|отправлено|odesláno|lähetetty) (?:from|via|using|with|med|från|fra|frå|mit|von|über|de|depuis|à partir de|desde|do|com|con|vanaf|met|da|dal|z|с|из) ` +
	`[^,;!?]{0,40}(?:` + device + `).{0,60}|` +
	`(?:sent|skickat|gesendet) (?:from|från|von) (?:my|min|meinem?) [^,;!?]{0,30}(?:` + device + `).{0,40}|` +
	`(?:von meine[mr]|från min|fra min|fra mit|mit) .{0,30}(?:` + device + `).{0,20}(?:gesendet|skickat|sendt)|` +
	`(?:diese nachricht wurde von|detta meddelande skickades från|denne meddelelse er sendt fra|this (?:message|e-?mail) was sent from) .{0,40}(?:` + device + `).{0,40}|` +
	`lähetetty .{0,30}(?:sta|stä|lta|ltä|outlook|samsung|iphone).{0,40}|` +
	`(?:hämta|get|hent|download|laden sie|obtenez|obtener|obtenha|télécharger|descargar|ottieni|scarica|download|holen sie sich|lataa|hanki|pobierz|скачать) outlook (?:för|for|til|für|pour|para|per|voor|dla|для).{0,80}|` +
	`(?:hämta|hent|hanki) outlook .{0,40}|` +
	`(?:sent|skickat|verstuurd|enviado) (?:with|med|met|con) \S{3,20}|` +
	`iphone(?: ?から送信)|.{2,20}[dt][ae]n gönderildi|.{0,20}(?:から送信|发自我的|從我的|发送自).{0,30}|나의 .{0,20}에서 보냄|` +
	`yahoo mail: .{0,60}|.{0,20}yahoo mail (?:on|för|für|pour) (?:android|iphone).{0,40}` +
	`)\W{0,4}(?:<?https?://\S{0,200})?$`)

// footerWords are in every such line.
var footerWords = []string{"sent ", "skickat", "skickades", "sendt", "lähetetty", "gesendet", "outlook", "yahoo", "envoy", "enviad", "inviat", "verzonden", "verstuurd", "wysłan", "отправлено", "надіслано", "odesláno", "elküldve", "trimis", "αποστολή", "送信", "发", "發", "從", "보냄", "gönderildi"}

// device is what a phone's or a mail program's line names.
const device = `iphone|ipad|ios|android|samsung|galaxy|outlook|e-?post|e-?mail|mail|yahoo|gmail|windows|blackberry|xperia|huawei|honor|oneplus|pixel|motorola|` +
	`nokia|proton|mobil|mobile|mobiltelefon|handy|telefon|phone|smartphone|tablet|surfplatta|nettbrett|läsplatta|spark|thunderbird|airmail|sparrow|k-9|tutanota|mailbox|webmail|boxer|nine|hey`
