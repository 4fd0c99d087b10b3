package desk

import (
	"fmt"
	"slices"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/message"
)

const maxSent = 20 // messages of its lane, the newest, that an answer is held against

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
	q := casestore.Query{Index: "by_sent", Prefix: casestore.SentOn(org, n, lane), Reverse: true, Limit: maxSent}
	if len(before) > 0 {
		q.After = slices.Concat(q.Prefix, before)
	}
	for f, err := range casestore.Entries.Scan(tx, q) {
		if err != nil {
			return nil, err
		}
		texts = append(texts, f.Record.MailOut.Text)
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
