package desk

import (
	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/message"
)

// visitOf is the newest visit that entries tell of, and its order; nil where they tell of none.
func visitOf(entries []casework.Entry) (v *casework.Visit, order casework.OrderNo) {
	for _, e := range entries {
		if e.Visit != nil && e.Kind == casework.KindChange {
			v, order = e.Visit, e.Order
		}
	}
	return v, order
}

// invitationAnswered carries out what somebody's calendar answers to our invitation. Its words are the program's, and are not read as
// an answer to the order. Calendars that answer by themselves count as well: they do so because their owner said so.
func (d *Desk) invitationAnswered(tx casestore.Tx, c casework.Case, m casework.Mail, e casework.Entry, rights casework.Rights) error {
	k := m.Content.Calendar
	n, no, ours := casework.ParseVisitUID(k.UID)
	_, there := c.Order(no)
	class := m.Content.Class
	if !ours || n != c.Number || !there || e.MailIn.Held || class != message.Personal && class != message.Automatic {
		return nil
	}
	if _, lane, ok := c.Participant(e.MailIn.Participant); !ok || lane != e.Lane {
		return nil
	}
	loc := d.Notices[m.Org].location()
	cmd := casework.AnswerInvitation{
		Order: no, Participant: e.MailIn.Participant, Lane: e.Lane, Answer: k.Answer, Sequence: k.Sequence,
		From: k.Start, To: k.End, Sender: e.MailIn.Sender, Rights: rights,
	}
	if !cmd.From.IsZero() {
		cmd.From = cmd.From.In(loc)
	}
	if !cmd.To.IsZero() {
		cmd.To = cmd.To.In(loc)
	}
	_, _, err := d.act(tx, c, cmd, author(m), m.At)
	return err
}
