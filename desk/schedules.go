package desk

import (
	"context"
	"fmt"
	"iter"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/register"
)

// Schedules open cases again and again. A change of one moves its timer.
func (d *Desk) Schedules() Register[register.Schedule] {
	return Register[register.Schedule]{desk: d, kind: "schedule", table: casestore.Schedules, fits: scheduleFits, then: d.reschedule}
}

// ScheduleState is how far a schedule has come.
type ScheduleState struct {
	casework.Turn
	Opens time.Time // when the next case is opened; zero: none is, or it waits
	Waits bool      // for the last case to be closed
}

// ScheduleState tells how far a schedule has come. Errors: fault.NotFound.
func (d *Desk) ScheduleState(ctx context.Context, org casework.OrgID, id string) (s ScheduleState, err error) {
	err = d.Store.View(ctx, func(tx casestore.Tx) error {
		schedule, turn, err := scheduled(tx, org, id)
		if err != nil {
			return renamed(err, fmt.Sprintf("there is no schedule %q", id))
		}
		s, err = d.stateOf(tx, schedule, turn)
		return err
	})
	return s, err
}

func (d *Desk) stateOf(tx casestore.Tx, s register.Schedule, turn casework.Turn) (ScheduleState, error) {
	waiting, err := waits(tx, s, turn)
	state := ScheduleState{Turn: turn, Waits: waiting}
	if !waiting {
		state.Opens, _ = turn.Opens(s, d.Notices[turn.Org].Hours)
	}
	return state, err
}

// Coming is a schedule that goes on.
type Coming struct {
	register.Schedule
	State ScheduleState
}

// Coming lists the schedules that go on, by the day of their next case, until that day at most; the zero day: all.
func (d *Desk) Coming(ctx context.Context, org casework.OrgID, until casework.Day, after casestore.Key, limit int) (Page[Coming], error) {
	return coming(ctx, d.Schedules(), org, until, after, limit)
}

func coming(ctx context.Context, r Register[register.Schedule], org casework.OrgID, until casework.Day, after casestore.Key, limit int) (Page[Coming], error) {
	if r.guard.read != nil {
		return Page[Coming]{}, r.guard.read
	}
	q := casestore.Query{Index: "by_next", Prefix: casestore.K(string(org)), After: after}
	if until != (casework.Day{}) {
		q.Until = casestore.TurnsFrom(org, until.Add(1))
	}
	return page(ctx, r.desk, limit, func(tx casestore.Tx) iter.Seq2[casestore.Found[casework.Turn], error] {
		return casestore.Turns.Scan(tx, q)
	}, func(tx casestore.Tx, turn casework.Turn) (Coming, bool, error) {
		s, err := casestore.Schedules.Get(tx, casestore.ThingKey(org, turn.Schedule))
		if err != nil {
			return Coming{}, false, err
		}
		seen, err := r.guard.sees(tx, org, s.Thing)
		if err != nil || !seen {
			return Coming{}, false, err
		}
		state, err := r.desk.stateOf(tx, s.Thing, turn)
		return Coming{s.Thing, state}, true, err
	})
}

// reschedule brings a schedule's turn and its timer to a change of it, in the transaction of that change.
func (d *Desk) reschedule(tx casestore.Tx, org casework.OrgID, was, s register.Schedule, at time.Time) error {
	turn, err := casestore.Turns.Get(tx, casestore.ThingKey(org, s.ID))
	if ignoreNotFound(err) != nil {
		return err
	}
	turn.Org, turn.Schedule = org, s.ID
	if turn, err = turn.Follow(was, s, d.Notices[org].Hours.Day(at)); err != nil {
		return err
	}
	if err := casestore.Turns.Put(tx, &turn); err != nil {
		return err
	}
	return d.setTurn(tx, s, turn)
}

// setTurn sets a schedule's timer for its next case; one that has none, or waits for the last, has no timer.
func (d *Desk) setTurn(tx casestore.Tx, s register.Schedule, turn casework.Turn) error {
	t := casework.Timer{Org: turn.Org, Kind: casework.TimerSchedule, Schedule: turn.Schedule}
	at, ok := turn.Opens(s, d.Notices[turn.Org].Hours)
	waiting, err := waits(tx, s, turn)
	switch {
	case err != nil:
		return err
	case !ok || waiting:
		return dropTimer(tx, t)
	}
	t.DueAt = at
	return setTimer(tx, t)
}

// waits reports whether a schedule opens its next case only when the last one is closed.
func waits(tx casestore.Tx, s register.Schedule, turn casework.Turn) (bool, error) {
	if !s.Wait || turn.Next == (casework.Day{}) || turn.Case == 0 {
		return false, nil
	}
	c, err := casestore.Cases.Get(tx, casestore.CaseKey(turn.Org, turn.Case))
	return c.Status != casework.StatusClosed, err
}

// resumeSchedule lets a schedule that waits for its last case go on when that is closed, and wait again when it is opened again.
func (d *Desk) resumeSchedule(tx casestore.Tx, c casework.Case) error {
	s, turn, err := scheduled(tx, c.Org, c.Schedule)
	if err != nil || turn.Case != c.Number {
		return err
	}
	return d.setTurn(tx, s, turn)
}

// scheduled is a schedule and how far it has come.
func scheduled(tx casestore.Tx, org casework.OrgID, id string) (register.Schedule, casework.Turn, error) {
	s, err := casestore.Schedules.Get(tx, casestore.ThingKey(org, id))
	if err != nil {
		return s.Thing, casework.Turn{}, err
	}
	turn, err := casestore.Turns.Get(tx, casestore.ThingKey(org, id))
	return s.Thing, turn, err
}

// openScheduled opens the case that a schedule's timer is for, and sets the timer anew.
func (d *Desk) openScheduled(tx casestore.Tx, t casework.Timer, now time.Time) error {
	s, turn, err := scheduled(tx, t.Org, t.Schedule)
	if err != nil {
		return err
	}
	hours := d.Notices[t.Org].Hours
	next, missed, due, err := turn.Take(s, hours, now)
	waiting, werr := waits(tx, s, turn)
	switch {
	case err != nil:
		return err
	case werr != nil:
		return werr
	case waiting || !due: // the rules are others now
		return d.setTurn(tx, s, turn)
	}
	cmd := next.Opening(s, hours, missed)
	works, err := ofTheHouse(tx, t.Org, []string{s.Assignee})
	if err != nil {
		return err
	}
	if len(works) == 0 { // he does not any more: the routes say who does it
		cmd.Assignee = ""
	}
	c, err := d.openFor(tx, t.Org, cmd, rule("schedule"), now, nil)
	if err != nil {
		return err
	}
	next.Case = c.Number
	if err := casestore.Turns.Put(tx, &next); err != nil {
		return err
	}
	return d.setTurn(tx, s, next)
}
