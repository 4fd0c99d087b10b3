package boltstore

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"smartmail/casestore"
	"smartmail/casestore/storetest"
	"smartmail/fault"
)

// hold keeps the writer busy until release is called, so that what is queued meanwhile is one batch with it.
// release returns what became of the Update that held it, which writes nothing.
func hold(t *testing.T, s *Store) (release func() error) {
	t.Helper()
	begun, end, done := make(chan bool), make(chan bool), make(chan error)
	go func() {
		done <- s.Update(context.Background(), func(casestore.Tx) error {
			begun <- true
			<-end
			return nil
		})
	}()
	<-begun
	return func() error {
		end <- true
		return <-done
	}
}

// waitQueued returns when n Updates wait.
func waitQueued(s *Store, n int) {
	for len(s.queue) < n {
		runtime.Gosched()
	}
}

func TestGroupCommit(t *testing.T) {
	var batches []int
	s := open(t, Options{MaxBatch: 32, OnCommit: func(batch, bytes int, took time.Duration) {
		if bytes <= 0 || took <= 0 {
			t.Errorf("%d bytes in %v", bytes, took)
		}
		batches = append(batches, batch)
	}})
	release := hold(t, s)
	var wg sync.WaitGroup
	for i := range 31 {
		wg.Go(func() {
			if err := putItem(s, fmt.Sprint(i)); err != nil {
				t.Error(err)
			}
		})
		waitQueued(s, i+1)
	}
	if err := release(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if err := s.Close(); err != nil { // the writer has ended: batches is ours
		t.Fatal(err)
	}
	if fmt.Sprint(batches) != "[31]" {
		t.Errorf("commits with %v writers, want one with 31", batches)
	}
}

func TestBatchIsBounded(t *testing.T) {
	for name, opt := range map[string]Options{"count": {MaxBatch: 4}, "bytes": {MaxBatchBytes: 1}} {
		t.Run(name, func(t *testing.T) {
			var batches []int
			opt.OnCommit = func(batch, _ int, _ time.Duration) { batches = append(batches, batch) }
			s := open(t, opt)
			release := hold(t, s)
			var wg sync.WaitGroup
			for i := range 4 {
				wg.Go(func() {
					if err := putItem(s, fmt.Sprint(i)); err != nil {
						t.Error(err)
					}
				})
				waitQueued(s, i+1)
			}
			if err := release(); err != nil {
				t.Error(err)
			}
			wg.Wait()
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			want := map[string]string{"count": "[3 1]", "bytes": "[1 1 1 1]"}[name]
			if fmt.Sprint(batches) != want {
				t.Errorf("commits with %v writers, want %s", batches, want)
			}
		})
	}
}

func TestReadingDoesNotCommit(t *testing.T) {
	s := open(t, Options{OnCommit: func(int, int, time.Duration) { t.Error("a commit") }})
	s.commit = func(*bbolt.Tx) error { t.Error("a commit"); return nil }
	err := s.Update(context.Background(), func(tx casestore.Tx) error {
		_, err := items.Has(tx, casestore.K("o"))
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestGivesUpInQueue(t *testing.T) {
	s := open(t, Options{})
	release := hold(t, s)
	ctx, cancel := context.WithCancel(context.Background())
	gone := make(chan error)
	go func() {
		gone <- s.Update(ctx, func(casestore.Tx) error { t.Error("ran"); return nil })
	}()
	waitQueued(s, 1)
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := release(); err != nil {
		t.Error(err)
	}
	if err := putItem(s, "a"); err != nil { // behind it in the queue
		t.Error(err)
	}
}

func TestCloseFailsTheQueue(t *testing.T) {
	s := open(t, Options{MaxBatch: 1})
	release := hold(t, s)
	queued := make(chan error)
	go func() { queued <- putItem(s, "a") }()
	waitQueued(s, 1)
	closed := make(chan error)
	go func() { closed <- s.Close() }()
	<-s.closing
	if err := release(); err != nil {
		t.Error(err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	// The writer may have taken it first; then it is done.
	if err := <-queued; err != nil && !errors.Is(err, errClosed) {
		t.Error(err)
	}
}

// A failing test ends its goroutine inside a fn: that must not end the store.
func TestGoexit(t *testing.T) {
	s := open(t, Options{})
	err := s.Update(context.Background(), func(casestore.Tx) error { runtime.Goexit(); return nil })
	if !errors.Is(err, errGoexit) || !fault.Is(err, fault.Ours) {
		t.Error(err)
	}
	if err := putItem(s, "a"); err != nil {
		t.Error(err)
	}
}

func TestKeptTransaction(t *testing.T) {
	s := open(t, Options{})
	var kept casestore.Tx
	err := s.Update(context.Background(), func(tx casestore.Tx) error { kept = tx; return nil })
	if err != nil {
		t.Fatal(err)
	}
	_, getErr := items.Get(kept, casestore.K("o"))
	_, nextErr := kept.Next(casestore.K("o"))
	for name, err := range map[string]error{"get": getErr, "next": nextErr, "put": items.Put(kept, &storetest.Item{Org: "o"})} {
		if !errors.Is(err, errEnded) {
			t.Errorf("%s after the end: %v", name, err)
		}
	}
	for _, err := range items.Scan(kept, casestore.Query{}) {
		if !errors.Is(err, errEnded) {
			t.Errorf("scan after the end: %v", err)
		}
	}
}

// A View that lasts does not hold up Updates, even while the file grows.
func TestLongView(t *testing.T) {
	s := open(t, Options{})
	err := s.View(context.Background(), func(tx casestore.Tx) error {
		done := make(chan error)
		go func() {
			done <- s.Update(context.Background(), func(tx casestore.Tx) error {
				return items.Put(tx, &storetest.Item{Org: "o", ID: "big", Tags: []string{strings.Repeat("x", 16000)}, Name: ""})
			})
			for i := range 40 {
				done <- s.Update(context.Background(), func(tx casestore.Tx) error {
					raw := casestore.Row{Key: casestore.K("o").Uint(uint64(i)), Format: 1, Doc: make([]byte, 1<<20)}
					return tx.Put(&casestore.Schema{Name: "raw"}, raw)
				})
			}
		}()
		for range 41 {
			if err := <-done; err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	wantClean(t, s)
}

// One fn deletes whole pages, the next one of the same batch scans over them (see walk).
func TestScanOverEmptiedPages(t *testing.T) {
	s := open(t, Options{})
	const n = 500
	key := func(i int) casestore.Key { return casestore.K("o").Uint(uint64(i)) }
	schema := &casestore.Schema{Name: "raw"}
	err := s.Update(context.Background(), func(tx casestore.Tx) error {
		for i := range n {
			if err := tx.Put(schema, casestore.Row{Key: key(i), Format: 1, Doc: make([]byte, 500)}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	release := hold(t, s)
	results := make(chan error)
	go func() {
		results <- s.Update(context.Background(), func(tx casestore.Tx) error {
			for i := 1; i < n-1; i++ {
				if err := tx.Delete(schema, key(i), 1); err != nil {
					return err
				}
			}
			return nil
		})
	}()
	waitQueued(s, 1)
	go func() {
		results <- s.Update(context.Background(), func(tx casestore.Tx) error {
			for _, reverse := range []bool{false, true} {
				found := 0
				for _, err := range tx.Scan(schema, casestore.Query{Prefix: casestore.K("o"), Reverse: reverse}) {
					if err != nil {
						return err
					}
					found++
				}
				if found != 2 {
					return fmt.Errorf("reverse %t: %d rows, want the first and the last", reverse, found)
				}
			}
			return nil
		})
	}()
	waitQueued(s, 2)
	if err := release(); err != nil {
		t.Error(err)
	}
	if err := errors.Join(<-results, <-results); err != nil {
		t.Error(err)
	}
	wantClean(t, s)
}
