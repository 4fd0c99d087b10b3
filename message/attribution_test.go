package message

import (
	"strings"
	"testing"
)

// attributions are the lines by which mail programs say whom they quote, as they write them in each language.
var attributions = map[string][]string{
	"Swedish": {
		"Den mån 5 jan. 2026 kl 10:00 skrev Anna Ek <anna@example.com>:",
		"Den 5 jan. 2026 kl. 10:00 skrev Anna Ek <anna@example.com>:",
		"5 jan. 2026 kl. 10:00 skrev Anna Ek <anna@example.com>:",
		"Den 2026-01-05 kl. 10:00, skrev Anna Ek:",
		"Den 5 januari 2026 10:00 skrev Anna Ek <anna@example.com>:",
		"måndag 5 januari 2026 skrev Anna Ek <anna@example.com>:",
		"On 2026-01-05 10:00, Anna Ek skrev:",
		"Den mån 5 jan. 2026 10:00Anna Ek <anna@example.com> skrev:",
	},
	"Norwegian": {"man. 5. jan. 2026 kl. 10:00 skrev Anna Ek <anna@example.com>:", "Den 05.01.2026 10:00, skrev Anna Ek:", "5. jan. 2026 kl. 10:00 skrev Anna Ek <anna@example.com>:", "På 5. januar 2026 kl. 10.00.00, Anna Ek (anna@example.com) skrev:"},
	"Danish":    {"Den man. 5. jan. 2026 kl. 10.00 skrev Anna Ek <anna@example.com>:", "Den 5. jan. 2026 kl. 10.00 skrev Anna Ek <anna@example.com>:", "Den 05-01-2026 kl. 10:00 skrev Anna Ek:"},
	"Finnish":   {"ma 5. tammik. 2026 klo 10.00 Anna Ek (anna@example.com) kirjoitti:", "Anna Ek <anna@example.com> kirjoitti 5.1.2026 kello 10.00:", "5.1.2026 10.00, Anna Ek kirjoitti:", "Anna Ek kirjoitti 5.1.2026 klo 10.00:"},
	"English": {
		"On Mon, Jan 5, 2026 at 10:00 AM Anna Ek <anna@example.com> wrote:",
		"On Mon, 5 Jan 2026 at 10:00, Anna Ek <anna@example.com> wrote:",
		"On Jan 5, 2026, at 10:00 AM, Anna Ek <anna@example.com> wrote:",
		"On 5 Jan 2026, at 10:00, Anna Ek <anna@example.com> wrote:",
		"On 05/01/2026 10:00, Anna Ek wrote:",
		"On Monday, January 5th, 2026 at 10:00 AM, Anna Ek <anna@example.com> wrote:",
		"On Monday 05 January 2026 10:00:00 Anna Ek wrote:",
		"On Mon, Jan 05, 2026 at 10:00:00AM +0100, Anna Ek wrote:",
		"On 1/5/26, 10:00 AM, \"Anna Ek\" <anna@example.com> wrote:",
		"Anna Ek <anna@example.com> wrote:",
		"Anna Ek wrote on 5/1/2026 10:00 AM:",
		"--- On Mon, 1/5/26, Anna Ek <anna@example.com> wrote:",
		"---- On Mon, 05 Jan 2026 10:00:00 +0100 Anna Ek <anna@example.com> wrote ----",
		"On Mon, 05 Jan 2026 10:00:00 +0100 anna@example.com wrote",
		"At 10:00 AM 1/5/2026, Anna Ek wrote:",
		"On Mon, Jan 5, 2026 at 10:00 AM Anna Ek via Helpdesk <\nhelpdesk@example.com> wrote:",
		"On Mon, Jan 5, 2026 at 10:00 AM Anna Ek <anna@example.com>\nwrote:",
		"On Jan 5, 2026, at 10:00 AM, Anna Ek\n<anna@example.com>\nwrote:",
		"On Mon, Jan 5, 2026\nat 10:00,\nAnna Ek <anna@example.com> wrote:",
		"*On Mon, Jan 5, 2026 at 10:00 AM Anna Ek <anna@example.com> wrote:*",
	},
	"German": {
		"Am Mo., 5. Jan. 2026 um 10:00 Uhr schrieb Anna Ek <anna@example.com>:", "Am 05.01.2026 um 10:00 schrieb Anna Ek <anna@example.com>:", "Am 05.01.26 um 10:00 schrieb Anna Ek:", "Anna Ek <anna@example.com> schrieb am Mo., 5. Jan. 2026, 10:00:",
		"Am Montag, 5. Januar 2026 schrieb Anna Ek :", "Gesendet: Montag, 05. Januar 2026 um 10:00 Uhr\nVon: \"Anna Ek\" <anna@example.com>\nAn: b@example.com\nBetreff: Kran",
	},
	"French":     {"Le lun. 5 janv. 2026 à 10:00, Anna Ek <anna@example.com> a écrit :", "Le 5 janv. 2026 à 10:00, Anna Ek <anna@example.com> a écrit :", "Le 05/01/2026 à 10:00, Anna Ek a écrit :", "Le lundi 5 janvier 2026 10h00, Anna Ek <anna@example.com> a écrit :", "Le lun. 5 janv. 2026 à 10:00, Anna Ek <anna@example.com> a\nécrit :"},
	"Spanish":    {"El lun, 5 ene 2026 a las 10:00, Anna Ek (<anna@example.com>) escribió:", "El 5 ene 2026, a las 10:00, Anna Ek <anna@example.com> escribió:", "El 05/01/2026 a las 10:00, Anna Ek escribió:", "El lunes, 5 de enero de 2026, Anna Ek<anna@example.com> escribió:"},
	"Portuguese": {"Em seg., 5 de jan. de 2026 às 10:00, Anna Ek <anna@example.com> escreveu:", "Em 05/01/2026 10:00, Anna Ek escreveu:", "No dia 5 de janeiro de 2026 às 10:00, Anna Ek <anna@example.com>\nescreveu:", "Anna Ek <anna@example.com> escreveu no dia segunda, 5/01/2026 à(s) 10:00:"},
	"Italian":    {"Il giorno lun 5 gen 2026 alle ore 10:00 Anna Ek <anna@example.com> ha scritto:", "Il 05/01/2026 10:00, Anna Ek ha scritto:", "Il lun 5 gen 2026, 10:00 Anna Ek <anna@example.com> ha scritto:", "Il giorno 5 gennaio 2026 10:00, Anna Ek <anna@example.com>\nha scritto:"},
	"Dutch":      {"Op ma 5 jan 2026 om 10:00 schreef Anna Ek <anna@example.com>:", "Op 5 jan. 2026 om 10:00 heeft Anna Ek <anna@example.com> het volgende geschreven:", "Op 05-01-2026 om 10:00 schreef Anna Ek:", "Op maandag 5 januari 2026 heeft Anna Ek <anna@example.com> het\nvolgende geschreven:"},
	"Polish":     {"pon., 5 sty 2026 o 10:00 Anna Ek <anna@example.com> napisał(a):", "W dniu 05.01.2026 o 10:00, Anna Ek pisze:", "W dniu 5 stycznia 2026 10:00 użytkownik Anna Ek <anna@example.com> napisał:", "Wiadomość napisana przez Anna Ek <anna@example.com> w dniu 5 sty 2026, o godz. 10:00:", "Dnia 5 stycznia 2026 10:00 Anna Ek <anna@example.com> napisał(a):"},
	"Czech":      {"po 5. 1. 2026 v 10:00 odesílatel Anna Ek <anna@example.com> napsal:", "Dne 5. 1. 2026 v 10:00 Anna Ek napsal(a):", "Dňa 5. 1. 2026 o 10:00 Anna Ek <anna@example.com> napísal(a):"},
	"Hungarian":  {"Anna Ek <anna@example.com> ezt írta (időpont: 2026. jan. 5., H, 10:00):", "2026. 01. 05. 10:00 keltezéssel, Anna Ek írta:", "2026. január 5. 10:00 Anna Ek írta, <anna@example.com>:"},
	"Romanian":   {"În lun., 5 ian. 2026 la 10:00, Anna Ek <anna@example.com> a scris:", "Pe 5 ian. 2026, la 10:00, Anna Ek <anna@example.com> a scris:"},
	"Russian":    {"пн, 5 янв. 2026 г. в 10:00, Anna Ek <anna@example.com>:", "5 янв. 2026 г., в 10:00, Anna Ek <anna@example.com> написал(а):", "05.01.2026 10:00, Anna Ek пишет:", "Понедельник, 5 января 2026, 10:00 +03:00 от Anna Ek <anna@example.com>:", "5 января 2026 г., 10:00 пользователь Anna Ek <anna@example.com> написал:"},
	"Ukrainian":  {"пн, 5 січ. 2026 р. о 10:00 Anna Ek <anna@example.com> пише:", "5 січ. 2026 р. о 10:00 Anna Ek <anna@example.com> написав:", "29 грудня 2017 р. о 19:09 <support@domain.com> написав:"},
	"Turkish":    {"Anna Ek <anna@example.com>, 5 Oca 2026 Pzt, 10:00 tarihinde şunu yazdı:", "5 Oca 2026 Pzt 10:00 tarihinde Anna Ek <anna@example.com> şunu yazdı:"},
	"Greek":      {"Στις Δευ 5 Ιαν 2026 στις 10:00 π.μ., ο χρήστης Anna Ek <anna@example.com> έγραψε:"},
	"Chinese":    {"Anna Ek <anna@example.com> 于2026年1月5日周一 10:00写道：", "在 2026年1月5日，10:00，Anna Ek <anna@example.com> 写道：", "Anna Ek <anna@example.com> 於 2026年1月5日 週一 上午10:00寫道："},
	"Japanese":   {"2026年1月5日(月) 10:00 Anna Ek <anna@example.com>:", "2026/01/05 10:00、Anna Ek <anna@example.com>のメール:", "2026年1月5日 10:00、Anna Ek <anna@example.com>のメッセージ:"},
	"Korean":     {"2026년 1월 5일 (월) 오전 10:00, Anna Ek <anna@example.com>님이 작성:", "2026. 1. 5. 오전 10:00, Anna Ek <anna@example.com> 작성:"},
	"Vietnamese": {"Vào Th 2, 5 thg 1, 2026 vào lúc 10:00 Anna Ek <anna@example.com> đã viết:"},
	"Hebrew":     {"\u202bבתאריך יום ב׳, 5 בינו׳ 2026 ב-10:00 מאת \u202aAnna Ek\u202c\u200f <\u202aanna@example.com\u202c\u200f>:\u202c"},
	"Arabic":     {"في الاثنين، 5 يناير 2026 في 10:00 ص تمت كتابة ما يلي بواسطة Anna Ek <anna@example.com>:"},
	"Icelandic":  {"Þann mán., 5. jan. 2026 kl. 10:00 skrifaði Anna Ek <anna@example.com>:"},
	"Estonian":   {"Kuupäev E, 5. jaanuar 2026 kell 10:00 kirjutas Anna Ek <anna@example.com>:"},
	"Croatian":   {"Dana pon, 5. sij 2026. u 10:00 Anna Ek <anna@example.com> napisao je:", "On pon., 5. jan. 2026 at 10:00, Anna Ek <anna@example.com> je napisal(a):"},
	"Indonesian": {"Pada tanggal Sen, 5 Jan 2026 pukul 10.00 Anna Ek <anna@example.com> menulis:"},
	"Catalan":    {"Missatge de Anna Ek <anna@example.com> del dia dl., 5 de gen. 2026 a les 10:00:"},
	"dates alone": {
		"2026-01-05 10:00 GMT+01:00 Anna Ek <anna@example.com>:", "2026-01-05 10:00 GMT+01:00 Anna Ek", "05.01.2026, 10:00, \"Anna Ek\" <anna@example.com>:", "10:00 AM, January 5, 2026, \"Anna Ek\" <anna@example.com>:",
		"Monday, 5 January 2026, 10:00 AM +0100 from Anna Ek <anna@example.com>:", "2026-01-05 10:00 GMT+02:00 Anna Ek with a very long name <\nanna@example.com>:",
	},
}

func TestAttributions(t *testing.T) {
	for language, headers := range attributions {
		for _, h := range headers {
			for style, quote := range map[string]string{"marked": "> Går det bra nu?\n>\n> Demo", "not marked": "Går det bra nu?\n\nDemo", "marked behind a blank line": "\n> Går det bra nu?"} {
				if style == "not marked" && !strings.Contains(h, "@") && !startsWithOpener(h) {
					continue // such programs always set marks
				}
				full := "Ja, tack. Det går bra nu.\n\n" + h + "\n" + quote
				if got := NewText(full); got != "Ja, tack. Det går bra nu." {
					t.Errorf("%s, %s: %q of %q", language, style, got, h)
				}
			}
			if got := NewText(h + "\n> Går det bra nu?\n\nJa, tack.\n"); got != "Ja, tack." && !strings.Contains(h, "\nVon:") {
				t.Errorf("%s, answer below: %q of %q", language, got, h)
			}
		}
	}
}

// What people write themselves looks like an attribution at times.
func TestNotAttributions(t *testing.T) {
	for _, full := range []string{
		"Hej,\nden 5 januari 2026 skrev jag till er:\nkranen droppar fortfarande.",
		"On 5 January 2026 I wrote to you:\nthe tap is leaking.",
		"Som jag skrev:\ndet droppar.",
		"Hyresgästen skrev:\n- kran\n- lampa",
		"Hej Anna,\n\nGrannen på 3:an skrev:\ndet luktar rök.",
		"Vi kan komma:\n2026-01-05 10:00\n2026-01-06 13:00\nVilken passar:\na eller b?",
		"Ring mig på 070-123 45 67 före 16:00:\nså öppnar jag.",
		"Mail me at anna@example.com before 16:00 or call:\n070-123 45 67",
		"Mötet är den 5 januari 2026 kl. 10:00:\n\nplats: källaren",
		"Kontakt för nyckeln:\nBo Ek <bo@example.com>\nring först",
		"Am 5. Januar um 10:00 habe ich geschrieben:\nder Hahn tropft.",
		"Le 5 janvier nous avons écrit :\nle robinet fuit.",
		"From: the beginning it was leaking.\nTo: me it looks like the seal.",
		"Från: köket\nkommer vatten hela tiden.",
		"Datum: 5 januari\nTid: 10:00\nPlats: tvättstugan",
		"Mätning:\n> 5 grader i rummet\n> 10 grader i hallen",
		"Det är\n> 5 grader i rummet\noch det är för kallt.",
		"Det är\n> 5 grader i rummet",
		"Lista:\n- kran\n-- packning\n-- \n- lampa",
		"```\n> kod\n-- \nOn 2026-01-05 10:00, A wrote:\n```",
		"Pris:\n\nArbete   500\n-----------\nSumma    500",
		"Arbete | 500 kr\n--- | ---\nResa | 300 kr",
		"Post | Belopp\n----------------\nArbete | 500",
		"Här är kontakten:\n\nAnna Ek\nanna@example.com\n070-123 45 67",
		"Hej!\n\nMvh Anna\n\nPS. Nyckeln ligger under mattan.",
		"Hej!\n\nMvh\nAnna\n\nKan ni komma på fredag?",
		"Hej!\n\nMvh Anna\n\nNyckeln finns hos grannen",
		"Hej!\n\nMvh Anna\nNyckeln finns hos grannen",
		"Hälsningar från oss i föreningen, vi ses på lördag.",
		"Kommer du\n-- eller inte",
		"Sent from my desk, is much easier than my mobile phone.\nHej",
		"Skickat från verkstaden i går.",
		"Meddelandet är konfidentiellt.",
		"Hej\nSent from my iPhone is a line that everybody knows",
		"Först\n\n----------\n\nsedan",
		"Arbete 500\n\n-----\nSumma 500",
		"Kostnad:\n\n---\nArbete: 500 kr",
		"Vi har valt:\n\n/Alternativ två",
		"On December 15, 2024, I wrote to you about the tap.",
		"The system wrote: \"Error: no connection\" to the log at 10:00.",
		"Ämne: kranen\nFrån: köket\nDen droppar.",
		"Best regards to all of you from the house on the hill.",
	} {
		if got := NewText(full); got != full {
			t.Errorf("%q of %q", got, full)
		}
	}
}

// Blocks of header fields, as programs put them above a mail in each language.
func TestHeaderBlocks(t *testing.T) {
	for _, block := range []string{
		"Från: Anna Ek <anna@example.com>\nSkickat: den 5 januari 2026 10:00\nTill: Bo Ek <bo@example.com>\nÄmne: Kranen",
		"*Från:* Anna Ek <anna@example.com>\n*Skickat:* den 5 januari 2026 10:00\n*Till:* Bo Ek <bo@example.com>\n*Ämne:* Kranen",
		"Från: Anna Ek <anna@example.com>\n\nSkickat: den 5 januari 2026 10:00\n\nTill: Bo Ek <bo@example.com>\n\nÄmne: Kranen",
		"Från: Anna Ek <anna@example.com> Skickat: den 5 januari 2026 10:00 Till: Bo Ek <bo@example.com> Ämne: Kranen",
		"Fra: Anna Ek <anna@example.com>\nSendt: 5. januar 2026 10:00\nTil: Bo\nEmne: Kranen",
		"Lähettäjä: Anna Ek\nLähetetty: maanantai 5. tammikuuta 2026 10.00\nVastaanottaja: Bo\nAihe: Hana",
		"From: Anna Ek\nSent: Monday, January 5, 2026 10:00 AM\nTo: Bo; Cecilia;\n David\nCc: Eva\nSubject: Tap",
		"From: Anna Ek <anna@example.com>\nDate: Monday, January 5, 2026 at 10:00 AM\nTo: Bo\nSubject: Tap",
		"Von: Anna Ek\nGesendet: Montag, 5. Januar 2026 10:00\nAn: Bo\nBetreff: Hahn",
		"De : Anna Ek\nEnvoyé : lundi 5 janvier 2026 10:00\nÀ : Bo\nObjet : Robinet",
		"Subject: Tap\nFrom: Anna Ek <anna@example.com>\nDate: Mon, 5 Jan 2026 10:00:00 +0100\nTo: Bo",
		"Message du : 05/01/2026 10:00\nDe : Anna Ek\nA : bo@example.com\nCopie à : \nSujet : Robinet",
		"De: Anna Ek\nEnviado el: lunes, 5 de enero de 2026 10:00\nPara: Bo\nAsunto: Grifo",
		"De: Anna Ek\nEnviada em: segunda-feira, 5 de janeiro de 2026 10:00\nPara: Bo\nAssunto: Torneira",
		"Da: Anna Ek\nInviato: lunedì 5 gennaio 2026 10:00\nA: Bo\nOggetto: Rubinetto",
		"Van: Anna Ek\nVerzonden: maandag 5 januari 2026 10:00\nAan: Bo\nOnderwerp: Kraan",
		"Od: Anna Ek\nWysłano: poniedziałek, 5 stycznia 2026 10:00\nDo: Bo\nTemat: Kran",
		"Od: Anna Ek\nOdesláno: pondělí 5. ledna 2026 10:00\nKomu: Bo\nPředmět: Kohoutek",
		"От: Anna Ek\nОтправлено: 5 января 2026 г. 10:00\nКому: Bo\nТема: Кран",
		"Від: Anna Ek\nНадіслано: 5 січня 2026 р. 10:00\nКому: Bo\nТема: Кран",
		"Feladó: Anna Ek\nElküldve: 2026. január 5. 10:00\nCímzett: Bo\nTárgy: Csap",
		"Kimden: Anna Ek\nGönderildi: 5 Ocak 2026 10:00\nKime: Bo\nKonu: Musluk",
		"发件人: Anna Ek\n发送时间: 2026年1月5日 10:00\n收件人: Bo\n主题: 水龙头",
		"寄件者: Anna Ek\n寄件日期: 2026年1月5日 10:00\n收件者: Bo\n主旨: 水龍頭",
		"差出人: Anna Ek\n送信日時: 2026年1月5日 10:00\n宛先: Bo\n件名: 蛇口",
		"보낸 사람: Anna Ek\n보낸 날짜: 2026년 1월 5일 10:00\n받는 사람: Bo\n제목: 수도꼭지",
		"________________________________\nFrån: Anna Ek <anna@example.com>\nSkickat: den 5 januari 2026 10:00\nTill: Bo\nÄmne: Kranen",
		"-----Ursprungligt meddelande-----\nFrån: Anna Ek",
		"-----Original Message-----\nFrom: Anna Ek",
		"-------- Originalmeddelande --------",
		"-------- Opprinnelig melding --------",
		"-----Oprindelig meddelelse-----",
		"----- Alkuperäinen viesti -----",
		"-----Ursprüngliche Nachricht-----",
		"-----Message d'origine-----",
		"-----Mensaje original-----",
		"-----Oorspronkelijk bericht-----",
		"-----Messaggio originale-----",
		"-----Mensagem original-----",
		"-----Wiadomość oryginalna-----",
		"-----Исходное сообщение-----",
		"-----邮件原件-----\n发件人: Anna Ek\n发送时间: 2026年1月5日 10:00\n收件人: Bo",
		"------------------ 原始邮件 ------------------",
		"---------- Forwarded message ---------\nFrom: Anna Ek <anna@example.com>",
		"---------- Vidarebefordrat meddelande ---------\nFrån: Anna Ek",
		"---------- Videresendt melding ---------",
		"---------- Edelleenlähetetty viesti ---------",
		"---------- Weitergeleitete Nachricht ----------",
		"---------- Message transféré ---------",
		"Begin forwarded message:\n\nFrom: Anna Ek",
		"Vidarebefordrat brev:\n\nFrån: Anna Ek",
		"##- Please type your reply above this line -##",
		"-------- Svara ovanför denna rad --------",
	} {
		if got := NewText("Ja, tack.\n\n" + block + "\n\nGår det bra nu?\n\nDemo"); got != "Ja, tack." {
			t.Errorf("%q of %q", got, block)
		}
	}
}

// The lines that phones and programs put at the end.
func TestFooterLines(t *testing.T) {
	for _, line := range []string{
		"Skickat från min iPhone", "Skickat från min iPad", "Skickat från Outlook för Android", "Skickat från Outlook för iOS<https://aka.ms/o0ukef>", "Skickat från min Samsung Galaxy-smartphone.", "Skickat från Mail för Windows", "Hämta Outlook för iOS<https://aka.ms/o0ukef>", "Skickat från Yahoo Mail på Android", "Skickat från Proton Mail för iOS", "Från min mobil skickat",
		"Sendt fra min iPhone", "Sendt fra min iPad", "Sendt fra Outlook for Android", "Hent Outlook for iOS", "Sendt fra min Samsung-enhed", "Sendt fra Mail til Windows",
		"Lähetetty iPhonesta", "Lähetetty iPhonestani", "Lähetetty Samsung Galaxy -älypuhelimesta.", "Lähetetty Outlookin iOS-versiosta", "Hanki Outlook for iOS",
		"Sent from my iPhone", "Sent from my Verizon Wireless BlackBerry", "Sent from Outlook for Android<https://aka.ms/AAb9ysg>", "Get Outlook for iOS", "Sent from Mail for Windows 10", "Sent from Yahoo Mail on Android", "Sent via the Samsung Galaxy S21 5G, an AT&T 5G smartphone", "Sent from Proton Mail mobile", "Sent with Proton Mail secure email.", "Sent from my mobile device", "Sent from my phone.",
		"Von meinem iPhone gesendet", "Gesendet von Outlook für Android", "Diese Nachricht wurde von meinem Android-Mobiltelefon mit K-9 Mail gesendet.", "Gesendet mit der WEB.DE Mail App", "Von meinem Samsung Galaxy Smartphone gesendet.",
		"Envoyé de mon iPhone", "Envoyé à partir de Outlook pour Android", "Envoyé depuis mon mobile", "Obtenez Outlook pour iOS", "Enviado desde mi iPhone", "Enviado do meu iPhone", "Enviado desde Outlook para Android", "Inviato da iPhone", "Inviato dal mio iPad", "Verzonden vanaf mijn iPhone", "Verstuurd vanaf mijn iPhone", "Wysłane z iPhone'a", "Wysłano z mojego iPhone'a", "Отправлено с iPhone", "Odesláno z iPhonu", "iPhoneから送信", "发自我的 iPhone", "나의 iPhone에서 보냄", "iPhone'umdan gönderildi",
	} {
		if got := NewText("Ja, tack.\n\n" + line); got != "Ja, tack." {
			t.Errorf("%q of %q", got, line)
		}
	}
}

// What people and their programs put below a reply, and how much of it folds.
func TestSignatures(t *testing.T) {
	for _, below := range []string{
		"-- \nAnna Ek\nStorgatan 5\n\n070-123 45 67", "--\nAnna Ek", "—\nAnna Ek", "---\nAnna Ek", "_____\nAnna Ek\nDemo Bostad", "—————\nAnna Ek\nFörvaltare\nanna@example.com",
		"Mvh\nAnna", "Mvh Anna", "Mvh, Anna Ek", "MVH\nAnna Ek\nFörvaltare, Demo Bostad\n070-123 45 67", "Med vänliga hälsningar\n\nAnna Ek\nTel: 070-123 45 67\nanna@example.com", "Med vänlig hälsning / Best regards\nAnna Ek\n\nDemo Bostad AB\nStorgatan 5, 123 45 Storstad",
		"Hälsningar Anna", "Vänligen,\nAnna Ek", "/Anna", "// Anna Ek", "-Anna Ek", "Med vennlig hilsen\nKari Nordmann", "Vennlig hilsen,\nKari", "Mvh\nKari\nTlf. 123 45 678", "Venlig hilsen\nPeter", "Kh\nPeter", "Hilsen Peter", "Terveisin\nMatti", "Ystävällisin terveisin\nMatti Meikäläinen\npuh. 040 123 4567", "T: Matti", "Terv. Matti",
		"Best regards,\nAnna Ek", "Kind regards\nAnna", "Regards,\n\nAnna Ek\nDemo Ltd\n+44 20 7946 0000", "Mit freundlichen Grüßen\nAnna Ek", "MfG\nAnna", "Mit freundlichen Grüßen\n\nMax Mustermann\n\nFirma GmbH\n12345 Berlin\nTel. 030 123456\n\nGeschäftsführer: X\nAmtsgericht Berlin HRB 12345", "Cordialement,\nAnna", "Saludos,\nAnna", "Groeten,\nAnna", "Pozdrawiam\nAnna", "С уважением,\nАнна",
		"Mvh\nAnna\n\nSkickat från min iPhone", "Mvh Anna\n--\nDemo Bostad\nanna@example.com",
	} {
		if got := NewText("Ja, tack. Det går bra nu.\n\n" + below + "\n"); got != "Ja, tack. Det går bra nu." {
			t.Errorf("%q of %q", got, below)
		}
	}
}

// Legal texts and notes of programs and servers, below a reply and above it.
func TestDisclaimers(t *testing.T) {
	for _, below := range []string{
		"Detta e-postmeddelande och eventuella bilagor är konfidentiella och avsedda endast för mottagaren. Har du fått det av misstag ber vi dig meddela avsändaren och radera det.",
		"Denne e-posten kan inneholde konfidensiell informasjon og er kun ment for mottakeren. Har du mottatt den ved en feil, vennligst slett den og gi beskjed til avsender.",
		"Denne e-mail kan indeholde fortrolige oplysninger og er kun beregnet for modtageren. Har du modtaget den ved en fejl, bedes du kontakte afsenderen og slette den.",
		"Tämä viesti on luottamuksellinen ja tarkoitettu vain vastaanottajalle. Jos olet saanut viestin erehdyksessä, ilmoita lähettäjälle ja poista viesti.",
		"This e-mail and any attachments are confidential and intended solely for the addressee. If you are not the intended recipient, please notify the sender and delete it.",
		"Diese E-Mail enthält vertrauliche Informationen und ist nur für den Empfänger bestimmt. Wenn Sie nicht der richtige Adressat sind, informieren Sie bitte den Absender und löschen Sie diese Nachricht.",
		"Ce message est confidentiel et destiné exclusivement à ses destinataires. Toute utilisation est interdite; merci de le détruire.",
		"Tänk på miljön innan du skriver ut det här mejlet.", "Please consider the environment before printing this email.", "Så behandlar vi personuppgifter: https://example.com/gdpr", "Virus-free. www.avast.com",
	} {
		full := "Ja, tack.\n\n" + below
		r := ReadReply(full, ReplyContext{})
		if r.Text != "Ja, tack." || len(r.Folded) != 1 || r.Folded[0].Kind != FoldDisclaimer {
			t.Errorf("%q, %+v of %q", r.Text, r.Folded, below)
		}
		if got := NewText(below); got != below {
			t.Errorf("alone: %q of %q", got, below)
		}
	}
	for _, above := range []string{
		"CAUTION: This email originated from outside of the organization. Do not click links.", "VARNING: Det här mejlet kommer från en extern avsändare.", "[EXTERNAL] This message came from an external sender.", "ADVARSEL: Denne e-posten kommer fra en ekstern avsender.",
		"Du får inte ofta e-post från anna@example.com. Läs om varför det här är viktigt",
	} {
		if got := NewText(above + "\n\nDet droppar."); got != "Det droppar." {
			t.Errorf("%q of %q", got, above)
		}
	}
}

func TestSenderBlock(t *testing.T) {
	const text = "Det är min granne som har nyckeln."
	const block = "\n\nGina Ek\ngina@example.com\n(555) 346-9947"
	for name, want := range map[string]string{"Gina Ek": text, "Bo Berg": text + block, "": text + block} {
		if got := ReadReply(text+block, ReplyContext{Sender: Mailbox{Name: name}}); got.Text != want {
			t.Errorf("%q: %q", name, got.Text)
		}
	}
	if got := ReadReply("Mina uppgifter:"+block, ReplyContext{Sender: Mailbox{Name: "Gina Ek"}}); len(got.Folded) > 0 {
		t.Errorf("what was asked for is folded: %+v", got)
	}
}

// What we sent tells the quotation where nothing marks it, however it is wrapped, and leaves the answers in it.
func TestReadReplyBySentText(t *testing.T) {
	sent := []string{"Hej Anna,\n\nvi kan komma på torsdag klockan nio och titta på kranen i köket. Passar det?\n\nHar ni någon som kan öppna, eller ska vi ta nyckeln i nyckelskåpet?\n\nHälsningar\nDemo Bostad"}
	tests := []struct{ name, full, want string }{
		{"below, without any mark", "Ja, det passar.\n\nHej Anna,\nvi kan komma på torsdag klockan nio och titta på\nkranen i köket. Passar det?\nHar ni någon som kan öppna, eller ska vi ta\nnyckeln i nyckelskåpet?\nHälsningar\nDemo Bostad", "Ja, det passar."},
		{"answers between", "Se nedan.\n\nFrån: Demo\nSkickat: i går\nTill: Anna\n\nvi kan komma på torsdag klockan nio och titta på kranen i köket. Passar det?\n\nJa, det passar bra.\n\nHar ni någon som kan öppna, eller ska vi ta nyckeln i nyckelskåpet?\n\nTa den i skåpet.",
			"Se nedan.\n\nvi kan komma på torsdag klockan nio och titta på kranen i köket. Passar det?\n\nJa, det passar bra.\n\nHar ni någon som kan öppna, eller ska vi ta nyckeln i nyckelskåpet?\n\nTa den i skåpet."},
		{"a thread of unmarked mails, ours with what our templates add", "Då säger vi det.\n\nFrån: Demo\nSkickat: i dag\nTill: Anna\nÄmne: Kran\n\nvi kan komma på torsdag klockan nio och titta på kranen i köket. Passar det?\n\n--\nDemo Bostad, ärende #1\n\n" +
			"Från: Anna\nSkickat: i går\nTill: Demo\nÄmne: Kran\n\nDet är bråttom, det droppar.\n\nFrån: Demo\nSkickat: i förrgår\nTill: Anna\nÄmne: Kran\n\nHar ni någon som kan öppna, eller ska vi ta nyckeln i nyckelskåpet?", "Då säger vi det."},
		{"the same under attributions", "Då säger vi det.\n\nDen 5 jan. 2026 10:00 skrev Demo <a@demo.example>:\nvi kan komma på torsdag klockan nio och titta på kranen i köket. Passar det?\n\n--\nDemo Bostad, ärende #1\n\n" +
			"Den 4 jan. 2026 10:00 skrev Anna <anna@example.com>:\nDet är bråttom, det droppar.\n\nDen 3 jan. 2026 10:00 skrev Demo <a@demo.example>:\nHar ni någon som kan öppna, eller ska vi ta nyckeln i nyckelskåpet?", "Då säger vi det."},
		{"under words that are no attribution by themselves", "Ja, det passar.\n\nPå tisdag skrev någon:\n\nvi kan komma på torsdag klockan nio och titta på kranen i köket. Passar det?", "Ja, det passar."},
		{"below a quotation that is marked", "Hej!\n\nDen 5 jan. 2026 10:00 skrev Demo <a@demo.example>:\n> vi kan komma på torsdag klockan nio och titta på kranen i köket. Passar det?\n\nDet passar bra.",
			"Hej!\n\n> vi kan komma på torsdag klockan nio och titta på kranen i köket. Passar det?\n\nDet passar bra."},
		{"nothing of ours", "Kranen droppar igen.\n\nKan ni komma på måndag?", "Kranen droppar igen.\n\nKan ni komma på måndag?"},
		{"a few words of ours", "På torsdag klockan nio går bra.", "På torsdag klockan nio går bra."},
		{"nothing but ours", sent[0], sent[0]},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ReadReply(tt.full, ReplyContext{Sent: sent})
			if got.Text != tt.want {
				t.Errorf("%q, expected %q", got.Text, tt.want)
			}
			checkReply(t, tt.full, got)
		})
	}
}
