package boltstore

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"go.etcd.io/bbolt"

	"smartmail/casestore"
	"smartmail/casestore/storetest"
	"smartmail/fault"
)

var errDisk = errors.New("the disk is on fire")

// failOnce replaces the next commit by fn.
func failOnce(s *Store, fn func(*bbolt.Tx) error) {
	s.commit = func(tx *bbolt.Tx) error {
		s.commit = (*bbolt.Tx).Commit
		return fn(tx)
	}
}

func TestFailedCommit(t *testing.T) {
	for name, fail := range map[string]func(*bbolt.Tx) error{
		"nothing written": func(tx *bbolt.Tx) error { return errors.Join(errDisk, tx.Rollback()) },
		// As when syncing the meta page fails: the new state shows, the disk may hold either.
		"shown but not durable": func(tx *bbolt.Tx) error { return errors.Join(errDisk, tx.Commit()) },
		"panic":                 func(*bbolt.Tx) error { panic(errDisk) },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "cases.db")
			s := openAt(t, path, Options{})
			if err := putItem(s, "before"); err != nil {
				t.Fatal(err)
			}
			for _, id := range []string{"one", "two"} { // commits of an even and an odd number
				failOnce(s, fail)
				err := putItem(s, id)
				if !fault.Is(err, fault.Ours) {
					t.Errorf("error is %v", err)
				}
				if hasItem(t, s, id) {
					t.Errorf("%s was refused, but is there", id)
				}
				wantClean(t, s)
				if err := putItem(s, "after "+id); err != nil {
					t.Errorf("the trouble is over, but: %v", err)
				}
			}
			wantClean(t, s)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			again := openAt(t, path, Options{})
			for id, want := range map[string]bool{"before": true, "one": false, "two": false, "after one": true, "after two": true} {
				if hasItem(t, again, id) != want {
					t.Errorf("%s: want %t", id, want)
				}
			}
		})
	}
}

func TestFailedCommitFailsItsBatch(t *testing.T) {
	s := open(t, Options{})
	release := hold(t, s)
	errs := make(chan error)
	fns := []func(tx casestore.Tx) error{
		func(tx casestore.Tx) error { return items.Put(tx, &storetest.Item{Org: "o", ID: "a"}) },
		func(tx casestore.Tx) error { // reads what will not come to be
			_, err := items.Get(tx, casestore.K("o").Str("a"))
			return err
		},
		func(tx casestore.Tx) error { // and fails because of it
			return items.Put(tx, &storetest.Item{Org: "o", ID: "a"})
		},
	}
	for i, fn := range fns {
		go func() { errs <- s.Update(context.Background(), fn) }()
		waitQueued(s, i+1)
	}
	failOnce(s, func(tx *bbolt.Tx) error { return errDisk }) // runBatch rolls back
	if err := release(); !errors.Is(err, errDisk) {
		t.Errorf("error of the one that only read is %v", err)
	}
	for range fns {
		if err := <-errs; !errors.Is(err, errDisk) || !fault.Is(err, fault.Ours) {
			t.Errorf("error is %v", err)
		}
	}
	if hasItem(t, s, "a") {
		t.Error("refused, but there")
	}
}

func TestViewWaitsForDurability(t *testing.T) {
	for _, outcome := range []error{nil, errDisk} {
		t.Run(fmt.Sprint(outcome), func(t *testing.T) {
			s := open(t, Options{})
			shownNow, finish := make(chan bool), make(chan bool)
			failOnce(s, func(tx *bbolt.Tx) error {
				err := tx.Commit() // shows it
				close(shownNow)
				<-finish
				return errors.Join(err, outcome)
			})
			updated := make(chan error)
			go func() { updated <- putItem(s, "a") }()
			<-shownNow
			seen, viewed := make(chan bool), make(chan error)
			go func() {
				viewed <- s.View(context.Background(), func(tx casestore.Tx) error {
					has, err := items.Has(tx, casestore.K("o").Str("a"))
					seen <- has
					return err
				})
			}()
			if !<-seen {
				t.Error("this test is about a View that sees the commit, but it did not")
			}
			select {
			case err := <-viewed:
				t.Errorf("the View returned %v before the commit was durable", err)
			default:
			}
			close(finish)
			if err := <-viewed; (err == nil) != (outcome == nil) {
				t.Errorf("commit %v, but View %v", outcome, err)
			}
			if err := <-updated; (err == nil) != (outcome == nil) {
				t.Errorf("commit %v, but Update %v", outcome, err)
			}
			if hasItem(t, s, "a") != (outcome == nil) {
				t.Error("the store has not what it says")
			}
		})
	}
}

// While the failed commit cannot be taken back, nothing is read or written.
func TestStaysDownWhileInDoubt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cases.db")
	s := openAt(t, path, Options{})
	if err := putItem(s, "before"); err != nil {
		t.Fatal(err)
	}
	away := path + ".away"
	failOnce(s, func(tx *bbolt.Tx) error {
		return errors.Join(errDisk, tx.Commit(), os.Rename(path, away))
	})
	never := func(casestore.Tx) error { t.Error("ran"); return nil }
	for name, err := range map[string]error{
		"commit": putItem(s, "a"),
		"update": s.Update(context.Background(), never),
		"view":   s.View(context.Background(), never),
		"verify": s.Verify(context.Background(), func(p string) { t.Error(p) }),
	} {
		if !fault.Is(err, fault.Ours) || errors.Is(err, errClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.Rename(away, path); err != nil {
		t.Fatal(err)
	}
	if err := putItem(s, "after"); err != nil {
		t.Fatal(err)
	}
	if !hasItem(t, s, "before") || hasItem(t, s, "a") || !hasItem(t, s, "after") {
		t.Error("not the state before the failure, and what came after")
	}
	wantClean(t, s)
}

// A disk that is full is an error, not a crash, and passes.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Skipf("needs the right to mount a tmpfs: %v", err)
	}
	s, err := Open(filepath.Join(dir, "cases.db"), Options{Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := errors.Join(s.Close(), syscall.Unmount(dir, 0)); err != nil {
			t.Error(err)
		}
	}()
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 2<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	schema := &casestore.Schema{Name: "raw"}
	row := func(i int) casestore.Row {
		return casestore.Row{Key: casestore.K("o").Uint(uint64(i)), Format: 1, Doc: make([]byte, 40<<10)}
	}
	write := func(i int) error {
		return s.Update(context.Background(), func(tx casestore.Tx) error { return tx.Put(schema, row(i)) })
	}
	n := 0
	for ; err == nil; n++ {
		err = write(n)
	}
	n-- // the last one failed
	if !fault.Is(err, fault.Ours) || !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("after %d rows: %v", n, err)
	}
	for range 20 {
		if err := write(n); !fault.Is(err, fault.Ours) {
			t.Fatal(err)
		}
	}
	wantClean(t, s)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if err := write(n); err != nil {
		t.Fatalf("there is space again, but: %v", err)
	}
	found := 0
	err = s.View(context.Background(), func(tx casestore.Tx) error {
		for _, err := range tx.Scan(schema, casestore.Query{}) {
			if err != nil {
				return err
			}
			found++
		}
		return nil
	})
	if err != nil || found != n+1 {
		t.Errorf("%d rows were acknowledged, %d are there: %v", n+1, found, err)
	}
	wantClean(t, s)
}

// A process that is killed loses nothing that it has acknowledged.
func TestKill(t *testing.T) {
	const rounds = 10
	path := filepath.Join(t.TempDir(), "cases.db")
	random := rand.New(rand.NewPCG(1, 2))
	acknowledged := map[string]bool{}
	for round := range rounds {
		cmd, _, out := child(t, "write", path)
		for n := 1 + random.IntN(200); n > 0 && out.Scan(); n-- {
			acknowledged[out.Text()] = true
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for out.Scan() { // what it said before it died
			acknowledged[out.Text()] = true
		}
		if err := cmd.Wait(); err == nil {
			t.Fatalf("round %d: the child ended by itself", round)
		}
		s := openAt(t, path, Options{})
		checkSurvivors(t, s, acknowledged)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(acknowledged) < rounds {
		t.Errorf("only %d rows were written", len(acknowledged))
	}
}

// checkSurvivors checks that all that was acknowledged is there, and that the rows are numbered without a gap.
func checkSurvivors(t *testing.T, s *Store, acknowledged map[string]bool) {
	t.Helper()
	wantClean(t, s)
	next, there := 1, map[string]bool{}
	err := s.View(context.Background(), func(tx casestore.Tx) error {
		for f, err := range items.Scan(tx, casestore.Query{}) {
			if err != nil {
				return err
			}
			if want := fmt.Sprintf("%09d", next); f.Record.ID != want {
				return fmt.Errorf("found row %s, want %s", f.Record.ID, want)
			}
			there[f.Record.ID] = true
			next++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for id := range acknowledged {
		if !there[id] {
			t.Errorf("row %s was acknowledged and is gone", id)
		}
	}
}

// childWrite stores numbered rows from several goroutines, and prints each number that is acknowledged, until it is killed.
func childWrite(path string) {
	s, err := Open(path, Options{})
	if err != nil {
		panic(err)
	}
	var mu sync.Mutex
	out := bufio.NewWriter(os.Stdout)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for {
				var id string
				err := s.Update(context.Background(), func(tx casestore.Tx) error {
					n, err := tx.Next(casestore.K("o").Str("rows"))
					if err != nil {
						return err
					}
					id = fmt.Sprintf("%09d", n)
					return items.Put(tx, &storetest.Item{Org: "o", ID: id, Name: "n" + id, Tags: []string{"t", id}})
				})
				if err != nil {
					panic(err)
				}
				mu.Lock()
				fmt.Fprintln(out, id)
				err = out.Flush()
				mu.Unlock()
				if err != nil {
					panic(err)
				}
			}
		})
	}
	wg.Wait()
}
