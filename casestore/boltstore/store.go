// Package boltstore keeps the tables of casestore in one bbolt file, for one process.
//
// Updates share their commit. One goroutine owns the file's write transaction: it takes the Updates that are
// waiting, runs each on an overlay of its own (writes held in memory, over what the transaction has), adds the
// overlays of those that succeed to the transaction, commits once, and only then answers. An Update that comes
// alone waits for nobody.
//
//	Update → queue → batch {fn → overlay → bbolt transaction}* → commit (two fsyncs) → answers
//
// Invariants:
//   - An answer follows the fsync. That holds for an Update that only read, or that failed, in a batch where another
//     wrote: what it saw must be durable before its caller acts on it. It holds for a View as well: bbolt shows a
//     commit shortly before it is durable, and a View that saw such a commit returns with its outcome.
//   - A fn that fails or panics leaves no trace in its batch.
//   - After a failed commit the file holds the state before it, or the store refuses to work until it does (recover.go).
//   - A stored row carries a checksum and its own index entries, so that Update and Verify need to know no types.
//   - No byte of the file is handed out past its transaction.
//
// View and Update must not be nested in one another: the outer one can keep the inner one from ever starting.
package boltstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"smartmail/casestore"
	"smartmail/fault"
)

// Options tune a store. The zero value is fit for use.
type Options struct {
	Log *slog.Logger // failed commits and panics; nil: slog.Default()

	// OnCommit, for metrics, is told of each durable commit: how many Updates wrote in it, how many bytes of keys and
	// values, and how long the commit took. It runs on the writer's goroutine: it must not block.
	OnCommit func(batch, bytes int, took time.Duration)

	// OnWrite, for metrics, is told how much of a durable commit was writing pages and having them synced, twice.
	OnWrite func(took time.Duration)

	MaxBatch      int // most Updates in one commit; 0: 256
	MaxBatchBytes int // a batch that has written so much takes no further Update; 0: 16 MiB

	// MmapSize is how much address space, in bytes, is reserved for the file; 0: 64 GiB, or 256 MiB on 32 bits.
	// bbolt maps anew when the file outgrows it, and for that waits for every View to end: one long View would hold up
	// all Updates. A reservation costs neither memory nor disk, so it is made larger than the file is likely to get.
	MmapSize int

	// NoSync leaves it to the system when commits reach the disk, all of them at Close: for what can be made again. The file
	// outlives the end of the process, but not that of the machine, after which it may be torn without showing it.
	NoSync bool
}

const lockTimeout = 900 * time.Millisecond // how long Open waits for another process to let go of the file

var errClosed = fault.New(fault.Ours, "the store is closed")

// Store is a casestore.Store in a bbolt file.
type Store struct {
	path   string
	opt    Options
	commit func(*bbolt.Tx) error // (*bbolt.Tx).Commit, but for tests of its failures

	queue   chan *request
	closing chan struct{} // closed by Close
	stopped chan struct{} // closed when the writer has ended

	inflight atomic.Pointer[flight] // the commit that is being made durable

	mu       sync.RWMutex // held for reading by each View, for writing to exchange db
	db       *bbolt.DB    // nil when closed
	trouble  error        // set while the state of the file is in doubt: nothing is read or written
	doubted  int          // the commit that the trouble is about
	pageSize int64

	closeOnce sync.Once
	closeErr  error
}

var _ casestore.Store = (*Store)(nil)

// Open opens the database at path, or makes one. Another process that has it open is an error of kind
// fault.Conflict, found within a second; a file of a later format, or one that is no database of ours,
// is of kind fault.Invalid; anything else is of kind fault.Ours.
func Open(path string, opt Options) (*Store, error) {
	if opt.Log == nil {
		opt.Log = slog.Default()
	}
	if opt.MaxBatch <= 0 {
		opt.MaxBatch = 256
	}
	if opt.MaxBatchBytes <= 0 {
		opt.MaxBatchBytes = 16 << 20
	}
	s := &Store{
		path:    path,
		opt:     opt,
		commit:  (*bbolt.Tx).Commit,
		queue:   make(chan *request, opt.MaxBatch),
		closing: make(chan struct{}),
		stopped: make(chan struct{}),
	}
	db, err := s.openFile()
	if err != nil {
		return nil, err
	}
	s.db, s.pageSize = db, int64(db.Info().PageSize)
	go s.write()
	return s, nil
}

// openFile opens the file and checks its format.
func (s *Store) openFile() (*bbolt.DB, error) {
	var (
		db   *bbolt.DB
		file *os.File
	)
	opt := boltOptions(s.opt)
	opt.OpenFile = func(name string, flag int, mode os.FileMode) (f *os.File, err error) {
		f, err = os.OpenFile(name, flag, mode) //nolint:gosec // the database's own path
		file = f
		return f, err
	}
	err := create(s.path, s.opt)
	if err == nil {
		err = guard(func() (err error) {
			db, err = bbolt.Open(s.path, 0o600, opt)
			return err
		})
	}
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, fault.New(fault.Conflict, "another process uses "+s.path)
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrVersionMismatch), errors.Is(err, bolterrors.ErrChecksum):
		return nil, fault.Wrap(fault.Invalid, s.path+" is no database, or a damaged one", err)
	case err != nil:
		return nil, fault.Wrap(fault.Ours, "the database cannot be opened", fmt.Errorf("open %s: %w", s.path, err))
	}
	if err = replaced(s.path, file); err == nil {
		err = guard(func() error { return checkFormat(db) })
	}
	if err == nil {
		err = syncDir(filepath.Dir(s.path)) // a new file's name must be as durable as its content
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", s.path, err), db.Close())
	}
	return db, nil
}

// boltOptions holds the choices that BenchmarkFreelist measures. On a fragmented file of 200 MiB a small commit takes
// 0.43 ms with the freelist as an array, 0.36 ms when the freelist is not written, and 0.78 ms with the hash map, which
// has to be sorted to be written. Not to write it makes Open read the whole file (18 ms instead of 0.4, and so in
// proportion to its size), and each failed commit as well: a full disk would become a slow one. Hence array and written.
func boltOptions(opt Options) *bbolt.Options {
	mmap := opt.MmapSize
	if mmap <= 0 {
		mmap = 256 << 20
		if strconv.IntSize == 64 {
			mmap <<= 8
		}
	}
	return &bbolt.Options{
		Timeout:         lockTimeout,
		FreelistType:    bbolt.FreelistArrayType,
		InitialMmapSize: mmap,
		NoStatistics:    true,
		NoSync:          opt.NoSync,
		NoGrowSync:      opt.NoSync,
	}
}

// View implements casestore.Store. A View keeps the pages of its snapshot from being used again:
// while it lasts, the file can only grow.
func (s *Store) View(ctx context.Context, fn func(casestore.Tx) error) error {
	return s.read(ctx, func(base *bbolt.Tx) error {
		t := newTx(ctx, base, false)
		defer t.end()
		return s.protect(func() error { return fn(t) })
	})
}

// Snapshot calls fn once with the size in bytes of a consistent copy of the database, which Open accepts, and with what writes it. The store
// goes on to work meanwhile; as with a View, its file can only grow.
func (s *Store) Snapshot(ctx context.Context, fn func(size int64, write func(io.Writer) error) error) error {
	return s.read(ctx, func(base *bbolt.Tx) error {
		return fn(base.Size(), func(w io.Writer) error {
			_, err := base.WriteTo(contextWriter{ctx, w})
			return err
		})
	})
}

type contextWriter struct {
	ctx context.Context
	w   io.Writer
}

func (c contextWriter) Write(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.w.Write(p)
}

// read runs fn on a snapshot and returns when everything in that snapshot is durable.
func (s *Store) read(ctx context.Context, fn func(*bbolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("view: %w", err)
	}
	pending, err := s.snapshot(fn)
	if pending == nil {
		return err
	}
	select {
	case <-pending.done:
		if pending.err != nil {
			return pending.err // fn saw what does not exist
		}
		return err
	case <-ctx.Done():
		return fmt.Errorf("view: %w", ctx.Err())
	}
}

// snapshot runs fn and returns the commit that fn saw and that was not durable yet, if there was one.
func (s *Store) snapshot(fn func(*bbolt.Tx) error) (*flight, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(); err != nil {
		return nil, err
	}
	base, err := s.db.Begin(false)
	if err != nil {
		return nil, ours("begin view", err)
	}
	defer func() { _ = base.Rollback() }() // of a read transaction: releases it, cannot fail
	// The lock is held: a commit that fails after bbolt has shown it is undone under the lock, so it is still found here.
	pending := s.inflight.Load()
	if pending != nil && base.ID() < pending.id {
		pending = nil
	}
	return pending, fn(base)
}

// usable reports why nothing can be read or written; the caller holds mu.
func (s *Store) usable() error {
	if s.db == nil && s.trouble == nil {
		return errClosed
	}
	return s.trouble
}

// Close implements casestore.Store: Updates that are running finish, those still queued fail, Views are waited for.
func (s *Store) Close() error {
	s.closeOnce.Do(func() {
		close(s.closing)
		<-s.stopped
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.db != nil {
			if s.opt.NoSync {
				s.closeErr = s.db.Sync()
			}
			s.closeErr = errors.Join(s.closeErr, s.db.Close())
		}
		s.db, s.trouble = nil, nil
	})
	return s.closeErr
}

// protect runs fn and turns a panic into an error.
func (s *Store) protect(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.opt.Log.Error("panic in a transaction", "panic", p, "stack", string(debug.Stack()))
			err = ours("transaction", fmt.Errorf("panic: %v", p))
		}
	}()
	return fn()
}

// guard runs fn, which reads a file that may be damaged: bbolt answers damage with a panic, or by
// running off the end of the mapping.
func guard(fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the file is damaged: %v", p)
		}
	}()
	return fn()
}

// ours is an error for trouble with the medium; its public text is neutral.
func ours(doing string, err error) error {
	return fault.Wrap(fault.Ours, "the store has trouble, try again later", fmt.Errorf("%s: %w", doing, err))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
