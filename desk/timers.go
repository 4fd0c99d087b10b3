package desk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
)

// capped is how long a reminder waits that would be one mail too many for its recipient.
const capped = time.Hour

// retime brings the timers of a case to what it wants after a change, in the transaction of that change.
func (d *Desk) retime(tx casestore.Tx, before, after casework.Case) error {
	rules := d.Notices[after.Org].rules()
	had, wanted := map[string]casework.Timer{}, casework.Timers(after, rules)
	for _, t := range casework.Timers(before, rules) {
		had[string(casestore.TimerKey(t))] = t
	}
	for _, t := range wanted {
		key := string(casestore.TimerKey(t))
		if was, ok := had[key]; !ok || !was.DueAt.Equal(t.DueAt) {
			if err := setTimer(tx, t); err != nil {
				return err
			}
		}
		delete(had, key)
	}
	for _, t := range had {
		if err := dropTimer(tx, t); err != nil {
			return err
		}
	}
	if after.Schedule != "" && (before.Status == casework.StatusClosed) != (after.Status == casework.StatusClosed) {
		return d.resumeSchedule(tx, after)
	}
	return nil
}

func setTimer(tx casestore.Tx, t casework.Timer) error {
	was, err := casestore.Timers.Get(tx, casestore.TimerKey(t))
	if ignoreNotFound(err) != nil {
		return err
	}
	t.Version = was.Version
	return casestore.Timers.Put(tx, &t)
}

func dropTimer(tx casestore.Tx, t casework.Timer) error {
	was, err := casestore.Timers.Get(tx, casestore.TimerKey(t))
	if err != nil {
		return ignoreNotFound(err)
	}
	return casestore.Timers.Delete(tx, &was)
}

// RunTimers does what is due and tells how many timers it ran. Any process may call it at any time: a timer is claimed, run and
// set anew, or dropped, in one transaction, so that what it does is done once. One that fails keeps no other from its turn,
// and is tried again by the next call.
func (d *Desk) RunTimers(ctx context.Context) (ran int, err error) {
	for _, org := range d.Orgs {
		if err := errors.Join(d.setMorning(ctx, org), d.noticeRetention(ctx, org)); err != nil {
			return ran, fmt.Errorf("timers of %s: %w", org, err)
		}
		var after casestore.Key
		for done := false; !done && ctx.Err() == nil; {
			var at casestore.Key
			err := d.update(ctx, func(tx casestore.Tx) (err error) {
				at, err = d.runNext(tx, org, after)
				return err
			})
			if s := (*stuck)(nil); errors.As(err, &s) {
				if err := d.passOver(ctx, s); err != nil {
					return ran, fmt.Errorf("timers of %s: %w", org, err)
				}
				continue // the same timer again
			}
			switch {
			case err != nil && at == nil:
				return ran, fmt.Errorf("timers of %s: %w", org, err)
			case err != nil:
				d.Log.Error("timer", "org", org, "err", err)
			case at == nil:
				done = true
			default:
				ran++
			}
			after = at
		}
	}
	return ran, ctx.Err()
}

// runNext runs the first timer that is due behind a position, and returns its own; nil where there is none.
func (d *Desk) runNext(tx casestore.Tx, org casework.OrgID, after casestore.Key) (at casestore.Key, err error) {
	now := d.Now()
	due := casestore.Query{
		Index: "by_due", Prefix: casestore.K(string(org)), After: after, Until: casestore.TimerDue(org, now.Add(time.Microsecond)), Limit: 1,
	}
	for f, err := range casestore.Timers.Claim(tx, due) {
		if err != nil {
			return nil, err
		}
		return f.Pos, d.runTimer(tx, f.Record, now)
	}
	return nil, nil
}

func (d *Desk) runTimer(tx casestore.Tx, t casework.Timer, now time.Time) error {
	switch t.Kind { // of no case
	case casework.TimerMorning:
		return d.writeMorning(tx, t, now)
	case casework.TimerSchedule:
		return d.openScheduled(tx, t, now)
	case casework.TimerRetention:
		return d.retain(tx, t, now)
	}
	c, err := casestore.Cases.Get(tx, casestore.CaseKey(t.Org, t.Case))
	if err != nil {
		return caseError(t.Case, err)
	}
	switch t.Kind {
	case casework.TimerOrder:
		return d.remind(tx, t, c, now)
	case casework.TimerDeadline:
		return d.escalate(tx, t, c, now)
	default:
		return dropTimer(tx, t)
	}
}

// escalate tells whoever answers for a case that its deadline is over: the one whom its class names, else the organisation's manager.
func (d *Desk) escalate(tx casestore.Tx, t casework.Timer, c casework.Case, now time.Time) error {
	n := d.Notices[t.Org]
	at, ok := c.EscalatesAt(n.rules())
	if ok && at.After(now) { // the rules are others now
		t.DueAt = at
		return setTimer(tx, t)
	}
	class, err := classRules(tx, t.Org, c.Class)
	if err != nil {
		return err
	}
	to := cmp.Or(class.Escalate, n.Manager)
	if !ok || to == "" {
		return dropTimer(tx, t)
	}
	_, _, err = d.act(tx, c, casework.Escalate{To: to, By: n.rules()}, rule("deadline"), now)
	return err
}

// remind reminds the supplier of an order, or at last the orderer.
func (d *Desk) remind(tx casestore.Tx, t casework.Timer, c casework.Case, now time.Time) error {
	n := d.Notices[t.Org]
	what, at, ok := c.DueReminder(t.Order, n.Orders, now)
	switch {
	case !ok:
		return dropTimer(tx, t)
	case what == "": // the rules are others now
		t.DueAt = at
		return setTimer(tx, t)
	}
	o, _ := c.Order(t.Order)
	cmd := casework.Remind{Order: t.Order, By: n.Orders, Text: reminder(*o, what, n)}
	if what != casework.RemindNoMore {
		leave, err := d.leave(tx, t.Org, c.Supplier(*o).Email, now, (*casework.Notified).Another)
		switch {
		case err != nil:
			return err
		case leave == later:
			t.DueAt = now.Add(capped)
			return setTimer(tx, t)
		}
		cmd.Useless = leave == never
	}
	_, _, err := d.act(tx, c, cmd, rule("reminder"), now)
	return err
}

// reminder says in a sentence of what a supplier is reminded.
func reminder(o casework.WorkOrder, what casework.Occasion, n Notices) string {
	word := func(en, sv string) string {
		if n.Language == "en" {
			return en
		}
		return sv
	}
	when := o.Deadline
	if !o.BookedFrom.IsZero() {
		when = o.BookedFrom
	}
	moment := when.In(n.location()).Format("2006-01-02 15:04")
	switch {
	case what == casework.RemindAnswer && o.State == casework.OrderAsked:
		return word("We are waiting for your price.", "Vi väntar på ert pris.")
	case what == casework.RemindAnswer:
		return word("We have not heard whether you take the job.", "Vi har inte hört om ni tar jobbet.")
	case what == casework.RemindBefore && o.State == casework.OrderBooked:
		return fmt.Sprintf(word("You have booked %s.", "Ni har bokat %s."), moment)
	case what == casework.RemindBefore:
		return fmt.Sprintf(word("The job is to be done by %s.", "Jobbet ska vara klart senast %s."), moment)
	case o.State == casework.OrderBooked:
		return fmt.Sprintf(word("You had booked %s. Is the job done?", "Ni hade bokat %s. Är jobbet klart?"), moment)
	}
	return fmt.Sprintf(word("The job was to be done by %s. Is it done?", "Jobbet skulle ha varit klart %s. Är det klart?"), moment)
}
