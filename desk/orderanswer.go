package desk

import (
	"regexp"
	"strings"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/grammar"
	"smartmail/message"
)

// answered carries out what a supplier's mail says in the reply grammar, and tells him what was understood. What was not understood,
// what his order does not allow, and what somebody wrote who may not command, is flagged for staff.
func (d *Desk) answered(tx casestore.Tx, c casework.Case, m casework.Mail, e casework.Entry, rights casework.Rights) error {
	if k := m.Content.Calendar; k != nil && k.Answer != "" {
		return d.invitationAnswered(tx, c, m, e, rights)
	}
	l, ok := c.Lane(e.Lane)
	if !ok || l.Kind != casework.LaneSupplier || m.Content.Class != message.Personal || e.MailIn.Held {
		return nil
	}
	o, why := c.Answered(e.Lane, named(m.Content.Subject, c.Number))
	if o == nil && why == "" {
		return nil
	}
	n := d.Notices[m.Org]
	text, err := unrepeated(tx, c.Org, c.Number, e.Lane, grammar.WithHeadings(m.Content.Text, m.Content.FullText))
	if err != nil {
		return err
	}
	said := grammar.Read(text, written(m), n.location())
	if len(said.Commands) == 0 {
		if o != nil && o.State.Ended() {
			return nil // what only looks like an answer needs nobody, where there is nothing to answer
		}
		_, err := d.flag(tx, c, casework.Flag{Lane: e.Lane, Order: orderNo(o), Pieces: said.Rest, Why: notCertain}, m.At)
		return err
	}
	if why == "" && !rights.May(e.MailIn.Sender, casework.MayCommand) {
		why = "the sender is " + string(e.MailIn.Sender)
	}
	if why != "" {
		pieces := append(describe(said.Commands, n.Language), said.Rest...)
		_, err := d.flag(tx, c, casework.Flag{Lane: e.Lane, Order: orderNo(o), Pieces: pieces, Why: notCarriedOut + why}, m.At)
		return err
	}
	c, err = d.carryOut(tx, c, m, e, *o, casework.AnswerOrder{
		Order: o.No, Mail: e.ID, Sender: e.MailIn.Sender, Rights: rights, Said: said.Commands,
	})
	if err != nil {
		return err
	}
	_, err = d.flag(tx, c, casework.Flag{Lane: e.Lane, Order: o.No, Pieces: said.Rest, Why: notCertain}, m.At)
	return err
}

// Why an answer is flagged.
const (
	notCertain    = "looks like an answer to the order and was not understood for certain"
	notCarriedOut = "not carried out: "
	notConfirmed  = "carried out, and he was not told so: this address gets no mail of ours just now"
)

func orderNo(o *casework.WorkOrder) casework.OrderNo {
	if o == nil {
		return 0
	}
	return o.No
}

// carryOut does what the order allows, confirms that to the supplier, and flags the rest with the reason.
func (d *Desk) carryOut(tx casestore.Tx, c casework.Case, m casework.Mail, e casework.Entry, o casework.WorkOrder, cmd casework.AnswerOrder) (casework.Case, error) {
	language := d.Notices[m.Org].Language
	var done, refused []grammar.Command
	why := ""
	for _, said := range cmd.Said {
		if reason := o.Refuses(said.Kind); reason != "" {
			why = reason
			refused = append(refused, said)
		} else {
			done = append(done, said)
		}
	}
	if len(done) > 0 {
		next, entries, err := d.act(tx, c, cmd, author(m), m.At)
		if err != nil {
			return c, err
		}
		c = next
		if p, lane, ok := c.Participant(e.MailIn.Participant); ok && lane == e.Lane {
			n := casework.Notify{Order: o.No, Auto: casework.AutoUnderstood, Text: "- " + strings.Join(describe(done, language), "\n- ")}
			n.Visit, _ = visitOf(entries)
			before := c.LastSeq
			if c, err = d.write(tx, c, p, n, m.At); err != nil {
				return c, err
			}
			if c.LastSeq == before { // a supplier who hears nothing believes that nothing came
				if c, err = d.flag(tx, c, casework.Flag{Lane: e.Lane, Order: o.No, Pieces: describe(done, language), Why: notConfirmed}, m.At); err != nil {
					return c, err
				}
			}
		}
	}
	return d.flag(tx, c, casework.Flag{Lane: e.Lane, Order: o.No, Pieces: describe(refused, language), Why: notCarriedOut + why}, m.At)
}

// flag puts pieces of a mail before staff, where there are any.
func (d *Desk) flag(tx casestore.Tx, c casework.Case, f casework.Flag, at time.Time) (casework.Case, error) {
	if len(f.Pieces) == 0 {
		return c, nil
	}
	c, _, err := d.act(tx, c, f, rule("reply grammar"), at)
	return c, err
}

// orderInSubject is an order's number as our subjects have it: [#1042-2].
var orderInSubject = regexp.MustCompile(`#([1-9][0-9]{0,17}-[1-9][0-9]{0,5})\b`)

// named is the order of that case which a subject names, or 0.
func named(subject string, n casework.CaseNumber) casework.OrderNo {
	for _, found := range orderInSubject.FindAllStringSubmatch(subject, 3) {
		if c, no, ok := casework.ParseOrderID(found[1]); ok && c == n {
			return no
		}
	}
	return 0
}
