package desk

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
	"smartmail/register"
)

// tellAssignee tells whoever has got a case that it is his, at once and in the way that he has chosen, unless he took it himself.
func (d *Desk) tellAssignee(tx casestore.Tx, c casework.Case, by casework.Actor, at time.Time) (casework.Case, error) {
	if c.Assignee == "" {
		return c, nil
	}
	r, err := casestore.Contacts.Get(tx, casestore.ThingKey(c.Org, c.Assignee))
	to := r.Thing
	if err != nil || to.Archived || to.Notify == nil || isHe(to, by) {
		return c, ignoreNotFound(err)
	}
	number, ok := d.reachable(to)
	ok = ok && to.Notify.NewCase.SMS()
	if ok {
		if err := d.text(tx, c, to, number, at); err != nil {
			return c, err
		}
	}
	if to.Notify.NewCase.Mail() || to.Notify.NewCase.SMS() && !ok { // whoever cannot be reached so is told all the same
		return d.mailAssignee(tx, c, to, at)
	}
	return c, nil
}

// mailAssignee writes to who has got a case.
func (d *Desk) mailAssignee(tx casestore.Tx, c casework.Case, to register.Contact, at time.Time) (casework.Case, error) {
	text := fmt.Sprintf(inLanguage(d.Notices[c.Org].Language, "Ärende #%d är ditt.", "Case #%d is yours."), c.Number)
	return d.mailStaff(tx, c, to, casework.TellStaff{Auto: casework.AutoNewCase, Text: text}, at)
}

// mailStaff writes to somebody of the house about a case, within the caps.
func (d *Desk) mailStaff(tx casestore.Tx, c casework.Case, to register.Contact, tell casework.TellStaff, at time.Time) (casework.Case, error) {
	if len(to.Emails) == 0 {
		return c, nil
	}
	if l, err := d.leave(tx, c.Org, to.Emails[0], at, (*casework.Notified).AnotherToStaff); l != granted || err != nil {
		return c, err
	}
	tell.Name, tell.Email = to.Name, to.Emails[0]
	told, _, err := d.act(tx, c, tell, rule(strings.ReplaceAll(tell.Auto, "_", " ")), at)
	if fault.Is(err, fault.Conflict) {
		return c, nil // the case has no room for another participant: he finds it in his to-do list
	}
	return told, err
}

// isHe reports whether an actor is that contact, by one of the names under which he acts.
func isHe(c register.Contact, by casework.Actor) bool {
	if by.Via == casework.ViaMail {
		return slices.ContainsFunc(c.Emails, func(e string) bool { return casework.Address(e) == casework.Address(by.Mail) })
	}
	return by.Via == casework.ViaAPI && (by.Name == c.ID || by.Name == c.Name || slices.Contains(c.Emails, by.Name))
}
