package casestore

import (
	"bytes"
	"testing"

	"smartmail/casework"
	"smartmail/message"
)

func TestMailTextIsStoredOnce(t *testing.T) {
	for name, c := range map[string]struct {
		text, full string
		stored     int // how often the full text stands in the document
	}{
		"no quotation": {"Klart.", "Klart.", 1},
		"quotation":    {"Ja.", "Ja.\n\n> Klart.", 1},
		"no text":      {"", "", 0},
	} {
		m := casework.Mail{Org: "a", ID: "1", Content: message.Content{Text: c.text, FullText: c.full}}
		doc, err := encodeMail(&m)
		if err != nil {
			t.Fatal(name, err)
		}
		if m.Content.Text != c.text {
			t.Errorf("%s: encoding changed the mail", name)
		}
		var back casework.Mail
		if err := decodeMail(doc, &back); err != nil {
			t.Fatal(name, err)
		}
		if back.Content.Text != c.text || back.Content.FullText != c.full {
			t.Errorf("%s: %q and %q came back", name, back.Content.Text, back.Content.FullText)
		}
		if n := bytes.Count(doc, []byte("Klart.")); n != c.stored {
			t.Errorf("%s: the text is stored %d times, not %d", name, n, c.stored)
		}
	}
	// What was written before, with the text in both places, is read as it is.
	var old casework.Mail
	if err := decodeMail([]byte(`{"content":{"text":"Ja.","full_text":"Ja."}}`), &old); err != nil || old.Content.Text != "Ja." {
		t.Errorf("an earlier row gives %q, %v", old.Content.Text, err)
	}
}
