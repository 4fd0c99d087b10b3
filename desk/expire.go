package desk

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/register"
)

// retainNight bounds how many cases are looked at in a night; the next one goes on behind them.
const retainNight = 5000

// retain takes people out of the next cases that rules are about, and sets the timer behind itself, or for the next night: each portion has a
// transaction of its own, whoever runs it.
func (d *Desk) retain(tx casestore.Tx, t casework.Timer, now time.Time) error {
	rules, err := d.retention(tx, t.Org)
	if err != nil {
		return err
	}
	if len(rules.Rules()) == 0 {
		return dropTimer(tx, t)
	}
	after, err := base64.RawURLEncoding.DecodeString(t.After)
	if err != nil {
		return fmt.Errorf("retention of %s: %w", t.Org, err)
	}
	n := night{desk: d, tx: tx, org: t.Org, rules: rules, now: now, skip: t.Skip, at: t.Version}
	if err := n.read(t.Count == 0); err != nil {
		return err
	}
	next, err := n.portion(after)
	if err != nil {
		return err
	}
	t.After, t.Count = base64.RawURLEncoding.EncodeToString(next), t.Count+n.looked
	t.Skip = nil
	over := next == nil || t.Count >= retainNight
	if t.DueAt = t.DueAt.Add(time.Microsecond); over { // behind itself, so that it is next
		t.Count, t.DueAt = 0, casework.NextNight(now, d.Notices[t.Org].location())
	}
	if err := n.write(over); err != nil {
		return err
	}
	return setTimer(tx, t)
}

// night is one portion of the work of a night.
type night struct {
	desk   *Desk
	tx     casestore.Tx
	org    casework.OrgID
	rules  register.Retention
	now    time.Time
	states []casework.Retention  // of the rules that may work
	skip   []casework.CaseNumber // that could not be erased
	at     uint64                // the timer's version
	looked int
}

// stuck is why a case could not be erased. What was done in its transaction is taken back.
type stuck struct {
	org  casework.OrgID
	kase casework.CaseNumber
	at   uint64 // the timer's version
	err  error
}

func (s *stuck) Error() string { return fmt.Sprintf("retention: case %d: %v", s.kase, s.err) }

func (s *stuck) Unwrap() error { return s.err }

// passOver has the timer of the night leave a case out of the portion that it stopped, so that it does not keep the others from their turn.
func (d *Desk) passOver(ctx context.Context, s *stuck) error {
	d.Log.Error("a case can't be erased", "org", s.org, "case", s.kase, "err", s.err)
	if d.NotErased != nil {
		d.NotErased()
	}
	return d.update(ctx, func(tx casestore.Tx) error {
		t, err := casestore.Timers.Get(tx, casestore.TimerKey(casework.Timer{Org: s.org, Kind: casework.TimerRetention}))
		if err != nil || t.Version != s.at { // somebody else was quicker
			return ignoreNotFound(err)
		}
		t.Skip = append(t.Skip, s.kase)
		return casestore.Timers.Put(tx, &t)
	})
}

// read finds the rules that somebody has confirmed as they are. A night that begins counts anew.
func (n *night) read(begins bool) error {
	for _, r := range n.rules.Rules() {
		s, err := casestore.Retention.Get(n.tx, casestore.ThingKey(n.org, r.Class))
		if ignoreNotFound(err) != nil {
			return err
		}
		if s.Confirmed != r.Edition() {
			continue
		}
		if begins {
			s.Begin()
		}
		n.states = append(n.states, s)
	}
	return nil
}

// portion erases up to eraseCases cases behind a position in by_closed, and returns where to go on; nil: that was all.
func (n *night) portion(after casestore.Key) (casestore.Key, error) {
	var classes []string
	for class, err := range closedClasses(n.tx, n.org, after) {
		if err != nil {
			return nil, err
		}
		classes = append(classes, class)
	}
	for _, class := range classes {
		rule, months := n.rules.For(class)
		i := slices.IndexFunc(n.states, func(s casework.Retention) bool { return s.Class == rule })
		if i < 0 || months == 0 {
			continue
		}
		q := casestore.Query{
			Index: "by_closed", Prefix: casestore.ClosedOf(n.org, class), After: after, Limit: eraseCases - n.looked,
			Until: casestore.ClosedUntil(n.org, class, casework.ClosedBefore(n.now, months)),
		}
		next, err := n.class(q, &n.states[i])
		if next != nil || err != nil {
			return next, err
		}
	}
	return nil, nil
}

// class erases cases of one class, and returns where to go on. Their records are read one by one: one that can't be is no other's trouble.
func (n *night) class(q casestore.Query, s *casework.Retention) (next casestore.Key, err error) {
	before := n.looked
	for row, err := range n.tx.Scan(casestore.Cases.Schema(), q) {
		if err != nil {
			return nil, err
		}
		number, err := casestore.CaseOf(row.Key)
		if err != nil {
			return nil, err
		}
		n.looked, next = n.looked+1, bytes.Clone(row.Pos)
		if slices.Contains(n.skip, number) {
			s.Fail(number)
			continue
		}
		erased, err := n.one(row.Key)
		switch {
		case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
			return nil, err
		case err != nil:
			return nil, &stuck{n.org, number, n.at, err}
		case erased:
			s.Ran++
			s.Total++
		}
	}
	if n.looked-before < q.Limit {
		return nil, nil
	}
	return next, nil
}

func (n *night) one(key casestore.Key) (erased bool, err error) {
	c, err := casestore.Cases.Get(n.tx, key)
	if err != nil {
		return false, err
	}
	return n.expire(c)
}

// write stores what was done, and when the night is over tells of it in the audit trail: a line for each rule.
func (n *night) write(over bool) error {
	for _, s := range n.states {
		s.RanAt = n.now
		if err := casestore.Retention.Put(n.tx, &s); err != nil {
			return err
		}
		if !over {
			continue
		}
		id, err := newID[string](n.desk, n.now)
		if err != nil {
			return err
		}
		l := casework.Look{ID: id, Org: n.org, At: n.now, Who: "retention", Token: "retention", Call: "retention", Kind: "retention", Item: s.Class, Count: s.Ran, Status: http.StatusOK}
		if s.Failures > 0 {
			l.Status = http.StatusInternalServerError
		}
		if err := casestore.Looks.Put(n.tx, &l); err != nil {
			return err
		}
	}
	return nil
}
