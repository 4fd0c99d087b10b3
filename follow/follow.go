// Package follow keeps tables that are derived from cases (search, figures, lists) up with the log.
//
// A projection is asked to derive again what it holds of some cases, from the cases as they are now. It follows the commit
// and is no part of it, so that what is derived never makes a mail wait; it may lie in a store of its own; and it can be
// derived anew while everything runs.
//
//	source: log, cases ─▶ Projection.Derive ─▶ target: rows and cursor, in one transaction
//
// Invariants:
//   - Derive takes the whole from the records and replaces what it held, so that the same event again changes nothing, and
//     events may be read in any number at a time.
//   - A cursor moves in the transaction that writes what was derived: after a crash nothing is missing. Of two processes that
//     follow the same log, one finds that the cursor has moved, writes nothing, and begins again behind the other.
//   - A reader who waits (Wait) sees at least what was committed before he asked, or the wait's end.
package follow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
)

// Projection derives tables of its own from cases. Only its follower writes to them.
type Projection interface {
	// Name is that of its cursor; Edition is raised when it derives something else than before: all is derived anew then.
	Name() string
	Edition() int
	// Derive reads the cases from the source and returns what replaces the rows held of them in the target. A case that is
	// not there is one of which nothing is to be held. write may run again.
	Derive(source casestore.Tx, org casework.OrgID, cases []casework.CaseNumber) (write func(target casestore.Tx) error, err error)
}

const (
	portion  = 500              // events in a transaction
	interval = 5 * time.Second  // between looks at the log when nobody wakes us: another process may write
	patience = 30 * time.Second // after trouble, at most
	longest  = time.Second      // that a reader waits
)

// Follower brings projections up with the log. It is safe for concurrent use.
type Follower struct {
	Options
	wake chan struct{}

	mu     sync.Mutex
	passed chan struct{} // closed after each pass over the log
}

// Options of a follower; all are needed. Source and Target may be the same store.
type Options struct {
	Source, Target casestore.Store
	Orgs           []casework.OrgID
	Projections    []Projection
	Log            *slog.Logger
}

// New returns a follower; Run makes it work.
func New(o Options) *Follower {
	return &Follower{Options: o, wake: make(chan struct{}, 1), passed: make(chan struct{})}
}

// Wake tells that something was committed. It does not block.
func (f *Follower) Wake() {
	select {
	case f.wake <- struct{}{}:
	default: // it has been told already
	}
}

// Run follows until ctx ends.
func (f *Follower) Run(ctx context.Context) error {
	pause := interval
	for {
		if err := f.CatchUp(ctx); err == nil {
			pause = interval
		} else if ctx.Err() == nil {
			f.Log.Error("what is derived from the log is late", "err", err)
			pause = min(2*pause, patience)
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-f.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// CatchUp brings every projection to the present end of the log.
func (f *Follower) CatchUp(ctx context.Context) error {
	defer f.announce()
	for _, org := range f.Orgs {
		for _, p := range f.Projections {
			for more := true; more; {
				var err error
				if more, err = f.step(ctx, org, p); err != nil {
					return fmt.Errorf("follow %s of %s: %w", p.Name(), org, err)
				}
			}
		}
	}
	return nil
}

func (f *Follower) announce() {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(f.passed)
	f.passed = make(chan struct{})
}

// step takes the next portion of the log. more tells that there may be another.
func (f *Follower) step(ctx context.Context, org casework.OrgID, p Projection) (more bool, err error) {
	at, err := f.cursor(ctx, org, p)
	if err != nil {
		return false, err
	}
	var write func(casestore.Tx) error
	from := at.Seq
	err = f.Source.View(ctx, func(tx casestore.Tx) error {
		var cases []casework.CaseNumber
		if cases, at.Seq, more, err = changed(tx, org, from); err != nil || at.Seq == from {
			return err
		}
		write, err = p.Derive(tx, org, cases)
		return err
	})
	if err != nil || write == nil {
		return false, err
	}
	err = f.Target.Update(ctx, func(tx casestore.Tx) error {
		moved := at
		if err := casestore.Cursors.Put(tx, &moved); err != nil { // first: what another process wrote is not overwritten
			return err
		}
		return write(tx)
	})
	if fault.Is(err, fault.Conflict) {
		return true, nil
	}
	return more, err
}

// changed reads the next events and returns the cases that they are about, each once, and the number of the last event.
func changed(tx casestore.Tx, org casework.OrgID, after uint64) (cases []casework.CaseNumber, last uint64, more bool, err error) {
	last = after
	n := 0
	for e, err := range casestore.Log.Scan(tx, casestore.Query{Prefix: casestore.K(string(org)), After: casestore.LogKey(org, after), Limit: portion}) {
		if err != nil {
			return nil, 0, false, err
		}
		n, last = n+1, e.Record.Seq
		if e.Record.Case != 0 {
			cases = append(cases, e.Record.Case)
		}
	}
	slices.Sort(cases)
	return slices.Compact(cases), last, n == portion, nil
}

// cursor is where the projection stands: before the first event when it has none, or one of another edition.
func (f *Follower) cursor(ctx context.Context, org casework.OrgID, p Projection) (at casework.Cursor, err error) {
	err = f.Target.View(ctx, func(tx casestore.Tx) error {
		at, err = casestore.Cursors.Get(tx, casestore.CursorKey(org, p.Name()))
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		return err
	})
	if at.Edition != p.Edition() {
		at.Seq = 0
	}
	at.Org, at.Name, at.Edition = org, p.Name(), p.Edition()
	return at, err
}

// head is the number of the newest event; 0 where there is none.
func head(tx casestore.Tx, org casework.OrgID) (seq uint64, err error) {
	for e, err := range casestore.Log.Scan(tx, casestore.Query{Prefix: casestore.K(string(org)), Reverse: true, Limit: 1}) {
		if err != nil {
			return 0, err
		}
		seq = e.Record.Seq
	}
	return seq, nil
}

// Wait returns when all that was committed before it was called is derived, after a second at the latest: what is a little
// old is better than no answer.
func (f *Follower) Wait(ctx context.Context, org casework.OrgID) error {
	limited, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	err := f.wait(limited, org)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		f.Log.Warn("answered from what was derived so far", "org", org)
		return nil
	}
	return err
}

func (f *Follower) wait(ctx context.Context, org casework.OrgID) error {
	var end uint64
	err := f.Source.View(ctx, func(tx casestore.Tx) (err error) {
		end, err = head(tx, org)
		return err
	})
	for err == nil {
		f.mu.Lock()
		passed := f.passed // before the look, so that no pass is missed
		f.mu.Unlock()
		var there bool
		if there, err = f.reached(ctx, org, end); there || err != nil {
			return err
		}
		f.Wake()
		select {
		case <-passed:
		case <-ctx.Done():
			return fmt.Errorf("wait for what is derived: %w", ctx.Err())
		}
	}
	return err
}

// reached reports whether every projection has come to an event.
func (f *Follower) reached(ctx context.Context, org casework.OrgID, seq uint64) (bool, error) {
	for _, p := range f.Projections {
		if at, err := f.cursor(ctx, org, p); err != nil || at.Seq < seq {
			return false, err
		}
	}
	return true, nil
}

// Rebuild makes a projection derive everything anew, while it goes on to be read.
func (f *Follower) Rebuild(ctx context.Context, org casework.OrgID, name string) error {
	err := f.Target.Update(ctx, func(tx casestore.Tx) error {
		at, err := casestore.Cursors.Get(tx, casestore.CursorKey(org, name))
		if err != nil {
			return err
		}
		at.Seq = 0
		return casestore.Cursors.Put(tx, &at)
	})
	if err != nil {
		return fmt.Errorf("rebuild %s: %w", name, err)
	}
	f.Wake()
	return nil
}
