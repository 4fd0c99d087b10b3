package message

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each mail in testdata/auto is of the class that its name says. The personal ones sound like the automatic ones.
func TestNordicAnswers(t *testing.T) {
	files, err := filepath.Glob("testdata/auto/*.eml")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d mails, %v", len(files), err)
	}
	for _, path := range files {
		name := strings.TrimSuffix(filepath.Base(path), ".eml")
		t.Run(name, func(t *testing.T) {
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			want := Class(strings.Split(name, "-")[2])
			if c := Parse(context.Background(), InMemory(raw), Limits{}); c.Class != want {
				t.Errorf("%s, expected %s: %q %q", c.Class, want, c.Subject, c.Text)
			}
		})
	}
}

func TestAutomaticElsewhere(t *testing.T) {
	for subject, want := range map[string]Class{
		"Automatische Antwort: Heizung":   Automatic,
		"Réponse automatique : chauffage": Automatic,
		"Respuesta automática: llaves":    Automatic,
		"Risposta automatica: chiavi":     Automatic,
		"Automatisch antwoord: sleutels":  Automatic,
		"Odpowiedź automatyczna: klucze":  Automatic,
		"Resposta automática: chaves":     Automatic,
		"Automatic reply: Keys":           Automatic,
		"Out of Office Re: Keys":          Automatic,
		"Out of order: the lift":          Personal,
		"Vacation rental, heating broken": Personal,
		"Away from home, please use key":  Personal,
		"Automatic door does not answer":  Personal,
		"Abwesenheit von Warmwasser":      Personal,
	} {
		raw := "From: Kim <kim@example.com>\r\nSubject: " + subject + "\r\n\r\nThe heating is cold.\r\n"
		if c := Parse(context.Background(), InMemory(raw), Limits{}); c.Class != want {
			t.Errorf("%q: %s, expected %s", subject, c.Class, want)
		}
	}
}

// What somebody answers to an automatic answer is his own; what says of itself what it is, whatever the subject, is not.
func TestAnswersToAutomaticAnswers(t *testing.T) {
	for _, c := range []struct {
		subject, text string
		want          Class
	}{
		{"SV: Automatiskt svar: Arbetsorder [#1042-1]", "Vi tar jobbet. BOKAT 2/12 8-10", Personal},
		{"Sv: Autosvar: Nyckel", "Hej! Tack, jag hämtar nyckeln i morgon.", Personal},
		{"Automatiskt svar från er?", "Hej, jag fick ett automatiskt svar i går, men kranen droppar fortfarande.", Personal},
		{"SV: Kranen droppar", "Detta är ett automatiskt svar. Jag är inte på plats.", Automatic},
		{"Re: Order", "Hej Anna!\n\nDetta är ett autosvar, jag läser mejlen på måndag.", Automatic},
		{"SV: Automatiskt svar: Arbetsorder", "Detta är ett automatiskt svar.", Automatic},
		{"Sjálfvirkt svar: Lykill", "Ég er í fríi.", Automatic},
	} {
		raw := "From: Kim <kim@example.com>\r\nSubject: " + c.subject + "\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + strings.ReplaceAll(c.text, "\n", "\r\n") + "\r\n"
		if got := Parse(context.Background(), InMemory(raw), Limits{}); got.Class != c.want {
			t.Errorf("%q, %q: %s, expected %s", c.subject, c.text, got.Class, c.want)
		}
	}
}
