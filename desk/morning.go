package desk

import (
	"context"
	"fmt"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/register"
)

const (
	morningLines   = 50            // of a to-do list that are written
	morningSubject = 200           // bytes of a subject
	morningOver    = 4 * time.Hour // after the opening nobody reads what waits this morning
)

// setMorning sets an organisation's timer for the next opening, where it has none and somebody wants to be written to.
func (d *Desk) setMorning(ctx context.Context, org casework.OrgID) error {
	n, chosen := d.Notices[org]
	t := casework.Timer{Org: org, Kind: casework.TimerMorning}
	set := false
	err := d.Store.View(ctx, func(tx casestore.Tx) (err error) {
		if set, err = casestore.Timers.Has(tx, casestore.TimerKey(t)); set || err != nil {
			return err
		}
		_, wanted, err := nextMorning(tx, org, "")
		set = !wanted
		return err
	})
	if err != nil || set || !chosen {
		return err
	}
	if t.DueAt = n.Hours.NextOpening(d.Now()); t.DueAt.IsZero() {
		return nil
	}
	return d.update(ctx, func(tx casestore.Tx) error { return setTimer(tx, t) })
}

// nextMorning is the first contact behind another one who wants to be written to.
func nextMorning(tx casestore.Tx, org casework.OrgID, after string) (c register.Contact, ok bool, err error) {
	q := casestore.Query{Index: "by_morning", Prefix: casestore.K(string(org)), Limit: 1}
	if after != "" {
		q.After = append(casestore.ThingKey(org, after), 0xFF)
	}
	for f, err := range casestore.Contacts.Scan(tx, q) {
		return f.Record.Thing, err == nil, err
	}
	return c, false, nil
}

// writeMorning writes to the next of those who want to know in the morning what waits for them. The timer goes on behind him, or to the
// next opening: each has a transaction of his own, whoever runs it.
func (d *Desk) writeMorning(tx casestore.Tx, t casework.Timer, now time.Time) error {
	n := d.Notices[t.Org]
	to, ok, err := nextMorning(tx, t.Org, t.After)
	if err != nil {
		return err
	}
	if ok && now.Sub(t.DueAt) < morningOver {
		if err := d.writeTodo(tx, t.Org, to, n, now); err != nil {
			return err
		}
		t.After, t.DueAt = to.ID, t.DueAt.Add(time.Microsecond) // behind itself, so that it is next
		return setTimer(tx, t)
	}
	next := n.Hours.NextOpening(now)
	if next.IsZero() || !ok && t.After == "" {
		return dropTimer(tx, t)
	}
	t.After, t.DueAt = "", next
	return setTimer(tx, t)
}

// writeTodo puts into the outbox what waits for somebody, if anything does.
func (d *Desk) writeTodo(tx casestore.Tx, org casework.OrgID, to register.Contact, n Notices, now time.Time) error {
	if len(to.Emails) == 0 {
		return nil
	}
	page, err := d.todosIn(context.Background(), tx, org, todoQuery{who: to.ID, triage: true, retention: true, webhooks: true}, todoCursor{}, morningLines)
	if err != nil || len(page.Items) == 0 {
		return err
	}
	if l, err := d.leave(tx, org, to.Emails[0], now, (*casework.Notified).AnotherToStaff); l != granted || err != nil {
		return err
	}
	language := casework.Language(n.Language)
	if to.Language != "" {
		language = casework.Language(to.Language)
	}
	m := &casework.StaffMail{Contact: to.ID, Auto: casework.AutoMorning, Language: language, Text: inLanguage(language, "Det här väntar på dig i dag.", "This waits for you today.")}
	if page.Next != nil {
		m.Text = fmt.Sprintf(inLanguage(language, "Det här väntar på dig i dag. De %d mest brådskande av det:", "This waits for you today. The %d most urgent of it:"), morningLines)
	}
	for _, i := range page.Items {
		line := casework.StaffTodo{Case: i.Case.Number, Subject: i.Case.Subject, Why: i.Words(language), Urgency: i.Urgency, DueAt: i.Case.DueAt}
		if i.Triage != nil {
			line.Subject = i.Triage.Mail.Content.Subject
		}
		if i.Webhook != nil {
			line.Subject = i.Webhook.Host()
		}
		line.Subject = clip(line.Subject, morningSubject)
		m.Todo = append(m.Todo, line)
	}
	return d.enqueueStaff(tx, org, casework.Participant{Name: to.Name, Email: to.Emails[0]}, m, now)
}

// enqueueStaff puts a mail into the outbox that is on no case. Nobody reads an answer but the postmaster, and no bounce is wanted:
// an empty return path says so (RFC 3834 section 3.3).
func (d *Desk) enqueueStaff(tx casestore.Tx, org casework.OrgID, to casework.Participant, m *casework.StaffMail, at time.Time) error {
	id, err := newID[casework.OutboxID](d, at)
	if err != nil {
		return err
	}
	domain := d.Router.Domain(org)
	o := casework.OutboxItem{
		Org: org, ID: id, To: to, ReplyTo: "postmaster@" + domain, MessageID: "s-" + string(id) + "@" + domain,
		State: casework.Queued, At: at, NextAt: at, Staff: m,
	}
	return casestore.Outbox.Put(tx, &o)
}
