package desk

import (
	"context"
	"fmt"
	"slices"
	"time"

	"smartmail/access"
	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
	"smartmail/register"
)

// RetentionView is a retention rule with what it would do now and what it did.
type RetentionView struct {
	register.RetentionRule
	Edition string
	State   casework.Retention // zero: nobody has noticed it yet
	Classes []RetentionClass   // of the cases that it would erase now; merged ones wait for the case in which they go on
}

// Confirmed reports whether the rule works as it is.
func (v RetentionView) Confirmed() bool { return v.State.Confirmed == v.Edition }

// RetentionClass counts the cases of one class that a rule would erase.
type RetentionClass struct {
	Class          string
	Cases          int
	Oldest, Newest time.Time // when the first and the last of them were closed
	Sample         []casework.CaseNumber
}

const retentionSample = 10 // cases that are shown of a class, the oldest

// retention reads an organisation's rules.
func (d *Desk) retention(tx casestore.Tx, org casework.OrgID) (register.Retention, error) {
	var classes []register.Class
	for f, err := range casestore.Classes.Scan(tx, casestore.Query{Index: "by_retention", Prefix: casestore.K(string(org))}) {
		if err != nil {
			return register.Retention{}, err
		}
		classes = append(classes, f.Record.Thing)
	}
	return register.NewRetention(d.Retain[org], classes), nil
}

// Retention lists the rules by which an organisation's cases are erased, each with what it would do now: the dry run that somebody has to see before
// he confirms it.
func (d *Desk) Retention(ctx context.Context, org casework.OrgID) (all []RetentionView, err error) {
	err = d.Store.View(ctx, func(tx casestore.Tx) error {
		all = []RetentionView{}
		rules, err := d.retention(tx, org)
		if err != nil {
			return err
		}
		for _, r := range rules.Rules() {
			v := RetentionView{RetentionRule: r, Edition: r.Edition(), Classes: []RetentionClass{}}
			if v.State, err = casestore.Retention.Get(tx, casestore.ThingKey(org, r.Class)); ignoreNotFound(err) != nil {
				return err
			}
			all = append(all, v)
		}
		for class, err := range closedClasses(tx, org, nil) {
			if err != nil {
				return err
			}
			rule, months := rules.For(class)
			i := slices.IndexFunc(all, func(v RetentionView) bool { return v.Class == rule })
			if months == 0 || i < 0 {
				continue
			}
			n, err := expiring(ctx, tx, org, class, casework.ClosedBefore(d.Now(), months))
			if err != nil {
				return err
			}
			if n.Cases > 0 {
				all[i].Classes = append(all[i].Classes, n)
			}
		}
		return nil
	})
	return all, err
}

// closedClasses yields each class of which there are cases that a rule may be about, from a position in by_closed on; the empty one too.
func closedClasses(tx casestore.Tx, org casework.OrgID, after casestore.Key) func(yield func(string, error) bool) {
	return func(yield func(string, error) bool) {
		for at := after; ; {
			class, found := "", false
			for row, err := range tx.Scan(casestore.Cases.Schema(), casestore.Query{Index: "by_closed", Prefix: casestore.K(string(org)), After: at, Limit: 1}) {
				if err == nil {
					class, _, err = casestore.ClosedPlace(row.Pos)
				}
				if err != nil {
					yield("", err)
					return
				}
				found = true
			}
			if !found || !yield(class, nil) {
				return
			}
			at = casestore.Behind(casestore.ClosedOf(org, class))
		}
	}
}

// expiring counts the cases of a class that were closed before an instant. Their records are not read.
func expiring(ctx context.Context, tx casestore.Tx, org casework.OrgID, class string, before time.Time) (n RetentionClass, err error) {
	n.Class = class
	q := casestore.Query{Index: "by_closed", Prefix: casestore.ClosedOf(org, class), Until: casestore.ClosedUntil(org, class, before)}
	for row, err := range tx.Scan(casestore.Cases.Schema(), q) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return n, err
		}
		if n.Cases++; n.Cases > retentionSample {
			continue
		}
		number, err := casestore.CaseOf(row.Key)
		if err != nil {
			return n, err
		}
		if n.Sample = append(n.Sample, number); n.Cases > 1 {
			continue
		}
		if _, n.Oldest, err = casestore.ClosedPlace(row.Pos); err != nil {
			return n, err
		}
	}
	last := casestore.Query{Index: "by_closed", Prefix: q.Prefix, After: q.Until, Reverse: true, Limit: 1}
	for row, err := range tx.Scan(casestore.Cases.Schema(), last) {
		if err == nil {
			_, n.Newest, err = casestore.ClosedPlace(row.Pos)
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// ConfirmRetention lets a rule work, as it is in the edition whose dry run somebody has seen. Errors: fault.NotFound where there is no such rule;
// Conflict where it is another by now.
func (d *Desk) ConfirmRetention(ctx context.Context, org casework.OrgID, class, edition string, by casework.Actor) (state casework.Retention, err error) {
	err = d.update(ctx, func(tx casestore.Tx) error {
		rules, err := d.retention(tx, org)
		if err != nil {
			return err
		}
		all := rules.Rules()
		i := slices.IndexFunc(all, func(r register.RetentionRule) bool { return r.Class == class })
		switch {
		case i < 0:
			return fault.New(fault.NotFound, fmt.Sprintf("there is no retention rule of %q", class))
		case all[i].Edition() != edition:
			return fault.New(fault.Conflict, fmt.Sprintf("the retention rule of %q is another by now: look at what it would do", class))
		}
		if state, err = casestore.Retention.Get(tx, casestore.ThingKey(org, class)); ignoreNotFound(err) != nil {
			return err
		}
		now := d.Now()
		if state.Edition != edition {
			state.Edition, state.Since = edition, now
		}
		state.Org, state.Class, state.Confirmed, state.By, state.At = org, class, edition, by, now
		return casestore.Retention.Put(tx, &state)
	})
	return state, err
}

// noticeRetention notes rules that are new, others, or gone, so that they wait for an administrator, and sets the timer of the night where there is a rule.
func (d *Desk) noticeRetention(ctx context.Context, org casework.OrgID) error {
	var changed []casework.Retention
	t := casework.Timer{Org: org, Kind: casework.TimerRetention}
	set := false
	look := func(tx casestore.Tx) error {
		rules, err := d.retention(tx, org)
		if err != nil {
			return err
		}
		if changed, err = d.changedRules(tx, org, rules); err != nil || len(rules.Rules()) == 0 {
			return err
		}
		has, err := casestore.Timers.Has(tx, casestore.TimerKey(t))
		set = !has
		return err
	}
	if err := d.Store.View(ctx, look); err != nil || len(changed) == 0 && !set {
		return err
	}
	return d.update(ctx, func(tx casestore.Tx) error {
		if err := look(tx); err != nil {
			return err
		}
		for _, r := range changed {
			if err := casestore.Retention.Put(tx, &r); err != nil {
				return err
			}
		}
		if !set {
			return nil
		}
		t.DueAt = casework.NextNight(d.Now(), d.Notices[org].location())
		return setTimer(tx, t)
	})
}

// changedRules are the states of rules that are not as they were noticed last, as they are now.
func (d *Desk) changedRules(tx casestore.Tx, org casework.OrgID, rules register.Retention) (changed []casework.Retention, err error) {
	now := map[string]string{}
	for _, r := range rules.Rules() {
		now[r.Class] = r.Edition()
	}
	for f, err := range casestore.Retention.Scan(tx, casestore.Query{Prefix: casestore.K(string(org))}) {
		if err != nil {
			return nil, err
		}
		r := f.Record
		edition := now[r.Class]
		delete(now, r.Class)
		if edition != r.Edition {
			r.Edition, r.Since = edition, d.Now()
			changed = append(changed, r)
		}
	}
	for class, edition := range now {
		changed = append(changed, casework.Retention{Org: org, Class: class, Edition: edition, Since: d.Now()})
	}
	return changed, nil
}

// Retention is Desk.Retention, for those who administer.
func (g *Guarded) Retention(ctx context.Context, org casework.OrgID) ([]RetentionView, error) {
	if err := g.need(access.Administer); err != nil {
		return nil, err
	}
	return g.desk.Retention(ctx, org)
}

// ConfirmRetention is Desk.ConfirmRetention, for those who administer.
func (g *Guarded) ConfirmRetention(ctx context.Context, org casework.OrgID, class, edition string, by casework.Actor) (casework.Retention, error) {
	if err := g.need(access.Administer); err != nil {
		return casework.Retention{}, err
	}
	return g.desk.ConfirmRetention(ctx, org, class, edition, by)
}
