package desk

import (
	"fmt"
	"slices"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/message"
)

// Bounds of what an answer is held against: the newest messages of its lane, as far as they are among the last entries.
const (
	maxSent     = 20
	maxSentBack = 200 // entries
)

// readAnswer derives the new text of a mail from what we had said on a lane before: so much of it is told as quoted, whatever the
// sender's program put around it. The first case that a mail is put on decides, so that its text stays what it was when it comes
// to another.
func (d *Desk) readAnswer(tx casestore.Tx, c *message.Content, org casework.OrgID, n casework.CaseNumber, lane casework.LaneID, before casestore.Key) error {
	texts, err := sentOn(tx, org, n, lane, before)
	if err == nil && len(texts) > 0 {
		c.ReadAgain(texts, d.Notices[org].Frame)
	}
	return err
}

// sentOn returns what we said on a lane, oldest first, before an entry's key; nil: up to now.
func sentOn(tx casestore.Tx, org casework.OrgID, n casework.CaseNumber, lane casework.LaneID, before casestore.Key) (texts []string, err error) {
	q := casestore.Query{Prefix: casestore.EntriesOf(org, n), After: before, Reverse: true, Limit: maxSentBack}
	for f, err := range casestore.Entries.Scan(tx, q) {
		if err != nil {
			return nil, err
		}
		if e := f.Record; e.MailOut != nil && e.Lane == lane && e.MailOut.Text != "" {
			if texts = append(texts, e.MailOut.Text); len(texts) == maxSent {
				break
			}
		}
	}
	slices.Reverse(texts)
	return texts, nil
}

// readStored does for a reading of a stored mail what readAnswer did when the mail was put on its first case.
func (d *Desk) readStored(tx casestore.Tx, m casework.Mail, today *message.Content) error {
	i := slices.IndexFunc(m.Places, onCase)
	if i < 0 {
		return nil
	}
	e, err := casestore.Entries.Find(tx, "by_id", casestore.K(string(m.Org)).Str(string(m.Places[i].Entry)))
	if err != nil {
		return fmt.Errorf("entry of the mail: %w", err)
	}
	return d.readAnswer(tx, today, m.Org, e.Case, e.Lane, casestore.EntriesOf(m.Org, e.Case).Uint(e.Seq))
}

func onCase(p casework.Place) bool { return p.Case != 0 }
