package desk

import (
	"time"

	"smartmail/casestore"
	"smartmail/casework"
)

// texted erases from the text messages that were written with an entry of a case: they tell whose it is by its subject. As with mails, their ids
// say when they were.
func (e *eraser) texted(c casework.Case, x casework.Erase, told casework.Entry) error {
	q := casestore.Query{
		Prefix: casestore.K(string(c.Org)),
		After:  casestore.SMSKey(c.Org, casework.OutboxID(casework.FirstID(told.At))),
		Until:  casestore.SMSKey(c.Org, casework.OutboxID(casework.FirstID(told.At.Add(time.Millisecond)))),
	}
	_, err := some(e.tx, casestore.SMS, q, func(s casework.SMS) error {
		if s.Case != c.Number {
			return nil
		}
		return put(e, casestore.SMS, s, x.Person.SMS(c, s), &e.did.Outgoing)
	})
	return err
}
