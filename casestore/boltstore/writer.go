package boltstore

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"

	"smartmail/casestore"
)

// request is one Update on its way through the writer.
type request struct {
	ctx   context.Context
	fn    func(casestore.Tx) error
	taken atomic.Bool // by the writer, which then runs it, or by the caller, who then has given up
	err   error       // what fn returned
	done  chan error  // the answer; buffered
}

// Update implements casestore.Store. When ctx ends before fn has begun, fn does not run; once it has begun,
// Update waits for the outcome.
func (s *Store) Update(ctx context.Context, fn func(casestore.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("update: %w", err)
	}
	r := &request{ctx: ctx, fn: fn, done: make(chan error, 1)}
	select {
	case s.queue <- r:
	case <-ctx.Done():
		return fmt.Errorf("update: %w", ctx.Err())
	case <-s.closing:
		return errClosed
	}
	var gaveUp error
	select {
	case err := <-r.done:
		return err
	case <-ctx.Done():
		gaveUp = fmt.Errorf("update: %w", ctx.Err())
	case <-s.stopped:
		gaveUp = errClosed
	}
	if r.taken.CompareAndSwap(false, true) {
		return gaveUp
	}
	return <-r.done
}

// write is the writer. It begins anew where a fn ended its goroutine (runtime.Goexit, which is what a failing test does).
func (s *Store) write() {
	defer close(s.stopped)
	for {
		ended := make(chan bool, 1)
		go s.writeOn(ended)
		if <-ended {
			return
		}
	}
}

// writeOn runs batch after batch until the store is closed, all in one goroutine: its stack has grown to what a batch takes, which
// a new one would have to do for each. It tells whether that was the end, or its goroutine was ended.
func (s *Store) writeOn(ended chan<- bool) {
	closed := false
	defer func() { ended <- closed }()
	for {
		select {
		case <-s.closing:
			closed = true
			return
		case r := <-s.queue:
			s.runBatch(r)
		}
	}
}

// batch is the Updates that share one commit.
type batch struct {
	base  *bbolt.Tx
	ran   []*request
	wrote int   // how many of them wrote
	bytes int   // keys and values written
	err   error // common to all of them
}

var errGoexit = errors.New("a transaction function ended its goroutine")

func (s *Store) runBatch(r *request) {
	b := &batch{err: ours("update", errGoexit)} // stands when a fn ends this goroutine
	defer b.answer()
	base, err := s.begin()
	if err != nil {
		b.err = err
		if r.taken.CompareAndSwap(false, true) {
			b.ran = append(b.ran, r)
		}
		return
	}
	b.base = base
	defer func() { _ = base.Rollback() }() // after a commit this does nothing
	var failed error
	for ; r != nil && failed == nil; r = s.next(b) {
		if r.taken.CompareAndSwap(false, true) {
			b.ran = append(b.ran, r)
			failed = s.runOne(b, r)
		}
	}
	switch {
	case failed != nil:
		b.err = ours("update", failed)
	case b.wrote > 0:
		b.err = s.commitBatch(b)
	default:
		b.err = nil
	}
}

// next takes a further Update into the batch if one is waiting. It gives way once before it finds nobody: those who
// got their answer from the last batch may be on their way here. When there is nobody else, that takes no time.
func (s *Store) next(b *batch) *request {
	if len(b.ran) >= s.opt.MaxBatch || b.bytes >= s.opt.MaxBatchBytes {
		return nil
	}
	select {
	case r := <-s.queue:
		return r
	default:
		runtime.Gosched()
	}
	select {
	case r := <-s.queue:
		return r
	default:
		return nil
	}
}

// runOne runs one fn on an overlay of its own. Its error is the trouble of the whole batch; what fn returned is in r.err.
func (s *Store) runOne(b *batch, r *request) error {
	t := newTx(r.ctx, b.base, true)
	defer t.end()
	if r.err = s.protect(func() error { return r.fn(t) }); r.err != nil || len(t.pending) == 0 {
		return nil
	}
	b.wrote++
	b.bytes += t.bytes
	return t.apply()
}

// answer tells everybody the outcome: the batch's trouble, else what the own fn returned.
func (b *batch) answer() {
	for _, r := range b.ran {
		if b.err != nil {
			r.done <- b.err
		} else {
			r.done <- r.err
		}
	}
}

// flight is a commit under way; err is valid when done is closed.
type flight struct {
	id   int
	done chan struct{}
	err  error
}

func (s *Store) commitBatch(b *batch) error {
	c := &flight{id: b.base.ID(), done: make(chan struct{})}
	s.inflight.Store(c)
	start := time.Now()
	err := s.tryCommit(b.base)
	if err != nil {
		s.opt.Log.Error("commit failed", "err", err, "batch", len(b.ran))
		s.afterFailure(c.id)
		c.err = ours("commit", err)
	}
	s.inflight.Store(nil)
	close(c.done)
	if err == nil && s.opt.OnCommit != nil {
		s.opt.OnCommit(b.wrote, b.bytes, time.Since(start))
	}
	if err == nil && s.opt.OnWrite != nil {
		stats := b.base.Stats()
		s.opt.OnWrite(stats.GetWriteTime())
	}
	return c.err
}

// tryCommit commits; a panic in it (bbolt asserts much) is an error like others, and the transaction is rolled back.
// Should that panic too, the process ends: nothing in memory is to be trusted then, and the file is whole.
func (s *Store) tryCommit(tx *bbolt.Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.Join(fmt.Errorf("panic: %v", p), tx.Rollback())
		}
	}()
	return s.commit(tx)
}
