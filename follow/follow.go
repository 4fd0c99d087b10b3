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
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
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
	Derive(source casestore.Tx, org casework.OrgID, changes []Change) (write func(target casestore.Tx) error, err error)
}

// Registrar is a projection that derives something of a case from the register as well.
type Registrar interface {
	Projection
	// Touched returns the cases of which something else may have to be held now that a thing of the register, "kind/id", has
	// changed. They are derived as a whole.
	Touched(source casestore.Tx, org casework.OrgID, thing string) ([]casework.CaseNumber, error)
}

// Change tells that something happened on a case. A projection of what entries say may read only the new ones, for they
// change with an entry of kind erasure alone; it must take the whole case where the first entry is among them: the case is new, or all is derived anew.
type Change struct {
	Case        casework.CaseNumber
	First, Last uint64 // the first and the last of the entries that are told of, by Entry.Seq
}

const (
	portion  = 2000             // events in a transaction
	interval = 5 * time.Second  // between looks at the log when nobody wakes us: another process may write
	patience = 30 * time.Second // after trouble, at most
	longest  = time.Second      // that a reader waits
	breath   = time.Second      // that a rest takes at least: a portion of one event costs nearly as much as one of twenty
	hopeless = 2500             // events behind: a reader would wait in vain
)

// Follower brings projections up with the log. It is safe for concurrent use.
type Follower struct {
	Options
	wake  chan struct{}
	hurry chan struct{} // a reader waits: no rest

	mu     sync.Mutex
	passed chan struct{} // closed after each portion, and after each pass over the log
}

// Options of a follower; all are needed. Source and Target may be the same store.
type Options struct {
	Source, Target casestore.Store
	Orgs           []casework.OrgID
	Projections    []Projection
	Log            *slog.Logger
	// Rest is how many times as long as it took to read a portion nothing is done before the next one, unless a reader waits: whoever
	// follows a flood reads it in large portions and leaves the processors to those who make it. With 7 he takes an eighth of one. A rest is
	// a second at least. 0: no rest.
	Rest int
}

// New returns a follower; Run makes it work.
func New(o Options) *Follower {
	return &Follower{Options: o, wake: make(chan struct{}, 1), hurry: make(chan struct{}, 1), passed: make(chan struct{})}
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
	next := interval
	for {
		if err := f.CatchUp(ctx); err == nil {
			next = interval
		} else if ctx.Err() == nil {
			f.Log.Error("what is derived from the log is late", "err", err)
			next = min(2*next, patience)
		}
		timer := time.NewTimer(next)
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
				start := time.Now()
				var err error
				if more, err = f.step(ctx, org, p); err == nil && more {
					f.announce() // who waits for what is in this portion need not wait for the rest
					err = f.rest(ctx, start)
				}
				if err != nil {
					return fmt.Errorf("follow %s of %s: %w", p.Name(), org, err)
				}
			}
		}
	}
	return nil
}

// rest does nothing for a while after a portion that was begun then, or until a reader waits.
func (f *Follower) rest(ctx context.Context, begun time.Time) error {
	if f.Rest == 0 {
		return nil
	}
	timer := time.NewTimer(max(time.Duration(f.Rest)*time.Since(begun), breath))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-f.hurry:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (f *Follower) announce() {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(f.passed)
	f.passed = make(chan struct{})
}

// step takes the next portion of the log. more tells that there was something in it.
func (f *Follower) step(ctx context.Context, org casework.OrgID, p Projection) (more bool, err error) {
	at, err := f.cursor(ctx, org, p)
	if err != nil {
		return false, err
	}
	var write func(casestore.Tx) error
	from := at.Seq
	err = f.Source.View(ctx, func(tx casestore.Tx) error {
		var changes []Change
		if changes, at.Seq, err = changed(tx, org, from, p); err != nil || at.Seq == from {
			return err
		}
		write, err = p.Derive(tx, org, changes)
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
		err = nil
	}
	return true, err
}

// changed reads the next events and returns the cases that they are about, each once and by number, and the number of the
// last event.
func changed(tx casestore.Tx, org casework.OrgID, after uint64, p Projection) (changes []Change, last uint64, err error) {
	last = after
	n := 0
	cases, things := map[casework.CaseNumber]Change{}, map[string]bool{}
	for f, err := range casestore.Log.Scan(tx, casestore.Query{Prefix: casestore.K(string(org)), After: casestore.LogKey(org, after), Limit: portion}) {
		if err != nil {
			return nil, 0, err
		}
		e := f.Record
		n, last = n+1, e.Seq
		if e.Thing != "" {
			things[e.Thing] = true
		}
		if e.Case == 0 {
			continue
		}
		c, again := cases[e.Case]
		if !again {
			c = Change{Case: e.Case, First: e.Entry, Last: e.Entry}
		}
		c.First, c.Last = min(c.First, e.Entry), max(c.Last, e.Entry)
		cases[e.Case] = c
	}
	if n == 0 && after > 0 {
		// An event that is not there was read: it is another log, of a store that was restored perhaps.
		if there, err := casestore.Log.Has(tx, casestore.LogKey(org, after)); err != nil || there {
			return nil, after, err
		}
		return changed(tx, org, 0, p)
	}
	if err := touched(tx, org, p, things, cases); err != nil {
		return nil, 0, err
	}
	changes = slices.SortedFunc(maps.Values(cases), func(a, b Change) int { return cmp.Compare(a.Case, b.Case) })
	return changes, last, nil
}

// touched adds the cases of which changed things of the register make something else, as if they were new.
func touched(tx casestore.Tx, org casework.OrgID, p Projection, things map[string]bool, cases map[casework.CaseNumber]Change) error {
	r, ok := p.(Registrar)
	if !ok {
		return nil
	}
	for thing := range things {
		numbers, err := r.Touched(tx, org, thing)
		if err != nil {
			return fmt.Errorf("%s: %w", thing, err)
		}
		for _, n := range numbers {
			c := cases[n]
			cases[n] = Change{Case: n, First: 1, Last: max(c.Last, 1)}
		}
	}
	return nil
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

// Wait returns when all that was committed before it was called is derived, after a second at the latest, and at once where
// that would be in vain: what is a little old is better than no answer.
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
		var behind uint64
		if behind, err = f.behind(ctx, org, end); behind == 0 || err != nil {
			return err
		}
		if behind > hopeless {
			return nil
		}
		f.Wake()
		select {
		case f.hurry <- struct{}{}:
		default: // it has been told already
		}
		select {
		case <-passed:
		case <-ctx.Done():
			return fmt.Errorf("wait for what is derived: %w", ctx.Err())
		}
	}
	return err
}

// behind is how many events the projection that is furthest behind has yet to read, up to that one.
func (f *Follower) behind(ctx context.Context, org casework.OrgID, seq uint64) (most uint64, err error) {
	for _, p := range f.Projections {
		at, err := f.cursor(ctx, org, p)
		if err != nil {
			return 0, err
		}
		if at.Seq < seq {
			most = max(most, seq-at.Seq)
		}
	}
	return most, nil
}

// Behind is how many events of the log are not derived yet.
func (f *Follower) Behind(ctx context.Context, org casework.OrgID) (n uint64, err error) {
	var end uint64
	err = f.Source.View(ctx, func(tx casestore.Tx) (err error) {
		end, err = head(tx, org)
		return err
	})
	if err != nil {
		return 0, err
	}
	return f.behind(ctx, org, end)
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
