package desk

import (
	"fmt"
	"strings"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/grammar"
	"smartmail/mailauth/verdict"
	"smartmail/message"
)

// rule is the actor of what nobody in person did.
func rule(name string) casework.Actor { return casework.Actor{Via: casework.ViaRule, Name: name} }

// acknowledge tells who opened a case by mail that it came. Never a machine, an import, an address of ours, nor one whose owner denies
// the mail: an answer to a forged mail is spam to whoever it names.
func (d *Desk) acknowledge(tx casestore.Tx, c casework.Case, m casework.Mail, sender casework.Sender) error {
	n := d.Notices[m.Org]
	p, _, ok := c.ParticipantByMail(m.Content.From.Email)
	if !n.Acknowledge || !ok || imported(m) || m.Content.Class != message.Personal || m.Envelope.ReversePath == "" ||
		sender == casework.Unconfirmed || m.Auth.DMARC.Result == verdict.Fail {
		return nil
	}
	_, err := d.sayReceived(tx, c, p, m.At)
	return err
}

// imported reports whether a mail came by no connection: it is an old one.
func imported(m casework.Mail) bool {
	return m.Envelope.Protocol == "" && !m.Envelope.Client.IsValid()
}

// notify writes to a participant within the caps, which are counted in the same transaction. What is over them is not sent.
func (d *Desk) notify(tx casestore.Tx, c casework.Case, p casework.Participant, auto, text string, at time.Time) (casework.Case, error) {
	return d.write(tx, c, p, casework.Notify{Auto: auto, Text: text}, at)
}

// write is notify for a mail that says more.
func (d *Desk) write(tx casestore.Tx, c casework.Case, p casework.Participant, n casework.Notify, at time.Time) (casework.Case, error) {
	if l, err := d.leave(tx, c.Org, p.Email, at, (*casework.Notified).Another); l != granted || err != nil {
		return c, err
	}
	n.Participant = p.No
	c, _, err := d.act(tx, c, n, rule("notice"), at)
	return c, err
}

// leave is whether a rule may write to an address.
type leave int

const (
	granted leave = iota
	later         // it has had as many mails as it may
	never         // it is one of ours, or takes no mail
)

// leave asks for leave to write once, and counts it by the caps of another.
func (d *Desk) leave(tx casestore.Tx, org casework.OrgID, email string, at time.Time, another func(n *casework.Notified, unix int64) bool) (leave, error) {
	if _, err := d.Router.Route(email); err == nil || casework.Unattended(email) {
		return never, nil // an address of ours, or one that nobody reads
	}
	if suspended, err := casestore.Suspended.Has(tx, casestore.PartyKey(org, email)); suspended || err != nil {
		return never, err
	}
	count, err := casestore.Notified.Get(tx, casestore.PartyKey(org, email))
	if err = ignoreNotFound(err); err != nil {
		return never, err
	}
	count.Org, count.Email = org, casework.Address(email)
	if !another(&count, at.Unix()) {
		return later, nil
	}
	return granted, casestore.Notified.Put(tx, &count)
}

// written is when the mail was written, if its own date can be believed: tomorrow is a day after that, also where it came late.
func written(m casework.Mail) time.Time {
	const believed = 7 * 24 * time.Hour
	if at := m.Content.Date; !at.After(m.At) && m.At.Sub(at) < believed {
		return at
	}
	return m.At
}

// describe says in words what was understood.
func describe(said []grammar.Command, language string) (out []string) {
	word := func(en, sv string) string {
		if language == "en" {
			return en
		}
		return sv
	}
	for _, c := range said {
		var s string
		switch c.Kind {
		case grammar.Accept:
			s = word("You take the job", "Ni tar jobbet")
		case grammar.Decline:
			s = strings.TrimSuffix(word("You decline: ", "Ni tackar nej: ")+c.Reason, ": ")
		case grammar.Done:
			s = word("The job is done", "Jobbet är klart")
		case grammar.Booked:
			s = word("Booked ", "Bokat ") + c.From.Format("2006-01-02 15:04")
			if !c.To.IsZero() {
				s += c.To.Format("-15:04")
			}
		case grammar.Time:
			s = fmt.Sprintf("%s %d h %02d min %s", word("Time", "Tid"), c.Minutes/60, c.Minutes%60, c.Who)
		case grammar.Material:
			s = fmt.Sprintf("Material %s %s %s", thousandths(c.Quantity, language), c.Unit, c.Article)
			if c.Priced {
				s += word(" at ", " à ") + kronor(c.Ore, language)
			}
		case grammar.Travel:
			s = word("Travel ", "Resa ") + thousandths(c.Metres, language) + " km"
		case grammar.Price:
			s = word("Price ", "Pris ") + kronor(c.Ore, language)
		}
		if c.Note != "" {
			s += " (" + c.Note + ")"
		}
		out = append(out, strings.Join(strings.Fields(s), " "))
	}
	return out
}

func thousandths(n int64, language string) string {
	s := strings.TrimRight(strings.TrimRight(fmt.Sprintf("%d.%03d", n/1000, n%1000), "0"), ".")
	return point(s, language)
}

func kronor(ore int64, language string) string {
	return point(strings.TrimSuffix(fmt.Sprintf("%d.%02d", ore/100, ore%100), ".00"), language) + " kr"
}

func point(s, language string) string {
	if language == "en" {
		return s
	}
	return strings.Replace(s, ".", ",", 1)
}
