package message

import (
	"context"
	"testing"
)

// away are answers by programs for people who are away, by the words of their subject and text alone.
var away = []struct{ subject, text string }{
	{"Ej på kontoret", "Hej! Jag är föräldraledig till och med den 1 september. Kontakta växeln på 08-12 34 56."},
	{"Ej på kontoret Re: Droppande kran", "Jag är åter måndag 12 augusti."},
	{"Semesterstängt", "Tack för ditt mejl! Vi har semesterstängt vecka 28-31. Akuta ärenden: ring jouren."},
	{"Semesterstängt v. 28–31", "Vi håller stängt och öppnar igen den 4 augusti."},
	{"Sommarstängt", "Kontoret är stängt för semester och öppnar måndag 5 augusti."},
	{"Stängt för semester", "Vi öppnar åter den 7 augusti. Vid akuta fel, ring 08-12 34 56."},
	{"Julstängt hos Rör AB", "Vi har stängt mellan jul och nyår och är tillbaka den 7 januari."},
	{"Utanför kontoret", "Jag är inte på kontoret i dag och läser mina mejl först på torsdag."},
	{"Jag är på semester!", "Jag är åter på plats den 15 juli och svarar då."},
	{"Tjänstledig", "Jag är tjänstledig till årsskiftet. Mejl vidarebefordras inte."},
	{"Föräldraledig Re: Offert", "Hej, jag är föräldraledig fram till augusti. Kontakta Bo Ek i stället."},
	{"Ledig", "Jag är ledig i dag och svarar på ditt mejl i morgon."},
	{"Sjukskriven", "Jag är sjukskriven tills vidare. Kontakta kundtjänst."},
	{"Jag har slutat", "Jag har slutat min anställning på Rör AB. Den här adressen bevakas inte, skriv till info@ror.example."},
	{"Ikke på kontoret", "Jeg er ute av kontoret til mandag 12. august. Ved hastesaker ring 22 33 44 55."},
	{"Sommerferie", "Jeg har ferie og er tilbake 5. august."},
	{"Ferielukket", "Vi har feriestengt i uke 28-30. Ring vakttelefonen hvis det haster."},
	{"Jeg har ferie", "Jeg leser ikke e-post i ferien. Kontakt sentralbordet."},
	{"Foreldrepermisjon", "Jeg er i foreldrepermisjon til 1. oktober. Henvendelser rettes til Kari Vik."},
	{"Ikke på kontoret", "Jeg er på kurs og svarer på mail når jeg er tilbage på torsdag."},
	{"Ferielukning", "Vi holder ferielukket i uge 29 og 30. Akut hjælp: ring vagten."},
	{"Sommerlukket", "Kontoret er lukket på grund af ferie og åbner igen den 4. august."},
	{"På barsel", "Jeg er på barsel til 1. marts. Kontakt venligst Mette."},
	{"Holder fri", "Jeg holder fri i dag og besvarer din mail i morgen."},
	{"Jeg er fratrådt", "Jeg er ikke længere ansat i firmaet. Skriv til post@ror.example."},
	{"Lomalla", "Olen kesälomalla 1.7.–31.7. Kiireellisissä asioissa soita päivystykseen."},
	{"Olen vuosilomalla", "Palaan töihin maanantaina 5. elokuuta."},
	{"Kesäloma", "Toimisto on suljettu heinäkuun ajan. Avaamme jälleen 1.8."},
	{"Perhevapaalla", "Olen perhevapaalla 1.9. asti. Ota yhteyttä sijaiseeni."},
	{"En ole toimistolla", "Vastaan viestiisi, kun palaan torstaina 8.8."},
	{"Toimistomme on kiinni", "Toimisto on kiinni lomien ajan ja avaamme jälleen 5.8."},
}

// present are people's own mails that sound like it.
var present = []struct{ subject, text string }{
	{"Semester i juli", "Hej! Vi åker på semester den 5 juli. Kan någon vattna i trapphuset?"},
	{"Stängt vatten", "Vattnet är avstängt sedan i morse. När kommer det tillbaka?"},
	{"Ej på kontoret?", "Jag var hos er i dag men ingen var på kontoret. När har ni öppet?"},
	{"Semesterstängt?", "Har ni semesterstängt nu? Jag når ingen."},
	{"Ledig lägenhet", "Jag är intresserad av den lediga lägenheten på Storgatan 1."},
	{"Ledig parkeringsplats", "Finns det någon ledig plats från den 1 augusti?"},
	{"Ledig på tisdag", "Det går bra att komma på tisdag, jag är ledig då och kan öppna."},
	{"Sommarstängt i tvättstugan?", "Tvättstugan är låst. Är det sommarstängt där?"},
	{"Föräldraledig, hemma på dagarna", "Kranen droppar. Jag är hemma på dagarna så ni kan komma när som helst."},
	{"Jag har slutat få varmvatten", "Det är bara kallt vatten i duschen."},
	{"Utanför kontoret", "Det ligger glas på marken utanför kontoret. Kan någon sopa?"},
	{"Sjukskriven granne", "Min granne behöver hjälp med hissen, den står stilla."},
	{"Åter fel på hissen", "Hissen stannade igen på måndag kväll."},
	{"Julgran i trapphuset", "Någon har ställt en gran i trapphuset, den är i vägen."},
	{"Ikke på kontoret", "Jeg var innom i dag, men det var ingen der. Når har dere åpent?"},
	{"Sommerferie og nøkkel", "Vi reiser bort i juli. Hvem kan få nøkkelen?"},
	{"Ferie", "Vi skal på ferie i uke 30. Kan dere skifte vinduet da?"},
	{"Lukket afløb", "Afløbet er stoppet, og vandet står i brusekabinen."},
	{"Sommerlukket vaskeri?", "Hvornår åbner vaskeriet igen?"},
	{"Barselsgave", "Hvem har ansvaret for opslagstavlen i opgangen?"},
	{"Lomalla oleva naapuri", "Naapurin hälytin soi eikä hän ole kotona."},
	{"Kesäloma-aika", "Voiko korjaaja tulla heinäkuussa, vaikka olemme poissa?"},
	{"Toimisto kiinni", "Kävin tänään toimistolla mutta ovi oli lukossa. Milloin olette paikalla?"},
	{"Kiinni jäänyt ovi", "Kellarin ovi ei aukea."},
}

func TestAway(t *testing.T) {
	for _, group := range []struct {
		mails []struct{ subject, text string }
		want  Class
	}{{away, Automatic}, {present, Personal}} {
		for _, m := range group.mails {
			raw := "From: Kim Ek <kim@example.com>\r\nSubject: " + m.subject + "\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + m.text + "\r\n"
			if c := Parse(context.Background(), InMemory(raw), Limits{}); c.Class != group.want {
				t.Errorf("%s, expected %s: %q %q", c.Class, group.want, m.subject, m.text)
			}
			// As the text of a person under a subject of his own it says nothing of a program.
			raw = "From: Kim Ek <kim@example.com>\r\nSubject: SV: Droppande kran\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + m.text + "\r\n"
			if c := Parse(context.Background(), InMemory(raw), Limits{}); c.Class != Personal {
				t.Errorf("%s by its text alone: %q", c.Class, m.text)
			}
		}
	}
}
