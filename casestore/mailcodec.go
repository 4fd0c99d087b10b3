package casestore

import (
	"encoding/json"

	"smartmail/casework"
)

// encodeMail leaves out the new text where it is all of the text, as in most mails: that halves the row, and with it much
// of what a commit writes.
func encodeMail(m *casework.Mail) ([]byte, error) {
	slim := *m
	if slim.Content.Text == slim.Content.FullText {
		slim.Content.Text = ""
	}
	return json.Marshal(&slim)
}

// decodeMail brings back what encodeMail left out: a mail that has text always has some that is new.
func decodeMail(doc []byte, m *casework.Mail) error {
	err := unmarshal(doc, m)
	if m.Content.Text == "" {
		m.Content.Text = m.Content.FullText
	}
	return err
}
