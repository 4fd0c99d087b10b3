package desk

import (
	"strings"

	"smartmail/casestore"
	"smartmail/casework"
)

// Bounds of what is looked for in a mail that may repeat what we wrote: the newest notices of its lane, as far as they are
// among the last entries.
const (
	maxNotices     = 20
	maxNoticesBack = 200 // entries
)

// unrepeated leaves out the lines of a mail that repeat, bullet and all, what a rule told on its lane. A program that answers
// with the mail that it got has not said again what we understood: its time would be counted twice, and confirmed to it for ever.
func unrepeated(tx casestore.Tx, org casework.OrgID, n casework.CaseNumber, lane casework.LaneID, text string) (string, error) {
	told := map[string]bool{}
	notices := 0
	q := casestore.Query{Prefix: casestore.EntriesOf(org, n), Reverse: true, Limit: maxNoticesBack}
	for f, err := range casestore.Entries.Scan(tx, q) {
		if err != nil {
			return "", err
		}
		e := f.Record
		if e.Lane != lane || e.MailOut == nil || e.MailOut.Auto != casework.AutoUnderstood {
			continue
		}
		for line := range strings.Lines(e.MailOut.Text) {
			told[bulleted(line)] = true
		}
		if notices++; notices == maxNotices {
			break
		}
	}
	if notices == 0 {
		return text, nil
	}
	var own strings.Builder
	for line := range strings.Lines(text) {
		if b := bulleted(line); b == "" || !told[b] {
			own.WriteString(line)
		}
	}
	return own.String(), nil
}

// bulleted is what a line says behind its bullet; empty where it has none, as what people write.
func bulleted(line string) string {
	line = strings.TrimLeft(line, "> \t")
	rest := strings.TrimLeft(line, "-*•")
	if rest == line {
		return ""
	}
	return strings.Join(strings.Fields(rest), " ")
}
