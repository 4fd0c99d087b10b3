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
