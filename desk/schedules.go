package desk

import (
	"context"
	"fmt"
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
	Opens time.Time // when the next case is opened; zero: none is, or nobody knows yet
	Waits bool      // for the last case to be closed
}

// ScheduleState tells how far a schedule has come. Errors: fault.NotFound.
func (d *Desk) ScheduleState(ctx context.Context, org casework.OrgID, id string) (s ScheduleState, err error) {
	err = d.Store.View(ctx, func(tx casestore.Tx) error {
		schedule, turn, err := scheduled(tx, org, id)
		if err != nil {
			return renamed(err, fmt.Sprintf("there is no schedule %q", id))
		}
		s = ScheduleState{Turn: turn}
		if s.Waits, err = waits(tx, schedule, turn); err == nil && !s.Waits {
			s.Opens, _ = turn.Opens(schedule, d.Notices[org].Hours)
		}
		return err
	})
	return s, err
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

// waits reports whether a schedule opens no case until the last one is closed.
func waits(tx casestore.Tx, s register.Schedule, turn casework.Turn) (bool, error) {
	if !s.Wait || !s.Runs() || turn.Case == 0 {
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
	c, err := d.openFor(tx, t.Org, cmd, rule("schedule"), now)
	if err != nil {
		return err
	}
	next.Case = c.Number
	if err := casestore.Turns.Put(tx, &next); err != nil {
		return err
	}
	return d.setTurn(tx, s, next)
}
