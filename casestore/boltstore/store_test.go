package boltstore

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"smartmail/casestore"
	"smartmail/casestore/storetest"
	"smartmail/fault"
)

// childMode names, in the environment, the part that this binary plays as a child of a test.
const childMode = "BOLTSTORE_TEST_CHILD"

func TestMain(m *testing.M) {
	mode, path, _ := strings.Cut(os.Getenv(childMode), ":")
	switch mode {
	case "":
		os.Exit(m.Run())
	case "hold":
		childHold(path)
	case "write":
		childWrite(path)
	}
}

// child starts this binary again in the mode on the path; its end is waited for.
func child(t *testing.T, mode, path string) (cmd *exec.Cmd, in io.WriteCloser, out *bufio.Scanner) {
	t.Helper()
	cmd = exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childMode+"="+mode+":"+path)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, in, bufio.NewScanner(stdout)
}

var quiet = slog.New(slog.DiscardHandler)

func open(t testing.TB, opt Options) *Store {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "cases.db"), opt)
}

func openAt(t testing.TB, path string, opt Options) *Store {
	t.Helper()
	opt.Log = quiet
	s, err := Open(path, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

var items = storetest.Items()

func putItem(s *Store, id string) error {
	return s.Update(context.Background(), func(tx casestore.Tx) error {
		return items.Put(tx, &storetest.Item{Org: "o", ID: id, Name: "n" + id, Tags: []string{"t", id}})
	})
}

func hasItem(t *testing.T, s *Store, id string) bool {
	t.Helper()
	var has bool
	err := s.View(context.Background(), func(tx casestore.Tx) (err error) {
		has, err = items.Has(tx, casestore.K("o").Str(id))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return has
}

func wantClean(t *testing.T, s *Store) {
	t.Helper()
	if err := s.Verify(context.Background(), func(p string) { t.Errorf("verify: %s", p) }); err != nil {
		t.Errorf("verify: %v", err)
	}
}

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) casestore.Store {
		s := open(t, Options{})
		s.db.NoSync = true // thousands of commits; durability has tests of its own
		return s
	})
}

func TestOpenInUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cases.db")
	cmd, in, out := child(t, "hold", path)
	if !out.Scan() {
		t.Fatal("the child did not open the file")
	}
	start := time.Now()
	s, err := Open(path, Options{})
	if err == nil {
		t.Fatal("opened twice", s.Close())
	}
	if !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), path) || !strings.Contains(fault.Public(err), "another process") {
		t.Errorf("unclear: %v", err)
	}
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("found out only after %v", took)
	}
	if err := errors.Join(in.Close(), cmd.Wait()); err != nil {
		t.Fatal(err)
	}
	openAt(t, path, Options{})
}

// childHold opens the store and keeps it until its input ends.
func childHold(path string) {
	s, err := Open(path, Options{})
	if err != nil {
		panic(err)
	}
	fmt.Println("open")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		panic(err)
	}
	if err := s.Close(); err != nil {
		panic(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	bolt := func(name string, fn func(*bbolt.Tx) error) string {
		path := filepath.Join(dir, name)
		db, err := bbolt.Open(path, 0o600, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(db.Update(fn), db.Close()); err != nil {
			t.Fatal(err)
		}
		return path
	}
	later := bolt("later", func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucket([]byte(metaBucket))
		if err != nil {
			return err
		}
		return b.Put([]byte(formatKey), []byte{0, dbFormat + 1})
	})
	foreign := bolt("foreign", func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket([]byte("theirs"))
		return err
	})
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("no database\n", 10000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		path string
		kind fault.Kind
		says string
	}{
		{later, fault.Invalid, "use a newer one"},
		{foreign, fault.Invalid, "not a database of this program"},
		{text, fault.Invalid, "no database"},
		{filepath.Join(dir, "none", "cases.db"), fault.Ours, "no such file"},
		{dir, fault.Ours, "is a directory"},
	} {
		s, err := Open(test.path, Options{})
		if err == nil {
			t.Fatalf("%s was opened: %v", test.path, s.Close())
		}
		if fault.KindOf(err) != test.kind || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), test.path) {
			t.Errorf("kind %v: %v", fault.KindOf(err), err)
		}
	}
}

func TestSnapshot(t *testing.T) {
	s := open(t, Options{})
	if err := putItem(s, "a"); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "copy.db")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	size := int64(0)
	err = s.Snapshot(context.Background(), func(n int64, write func(io.Writer) error) error {
		size = n
		return write(f)
	})
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() != size {
		t.Errorf("%d bytes were told of: %v, %v", size, info, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Snapshot(ctx, func(_ int64, write func(io.Writer) error) error { return write(io.Discard) }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	copied := openAt(t, path, Options{})
	if !hasItem(t, copied, "a") {
		t.Error("the copy lacks a row")
	}
	wantClean(t, copied)
}

// Of many who make a database at once one has it; its name stands for a whole one from the beginning, and nothing is left beside it.
func TestMadeAtOnce(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "new.db")
	var (
		all sync.WaitGroup
		got atomic.Int32
	)
	for range 8 {
		all.Go(func() {
			s, err := Open(path, Options{})
			if fault.Is(err, fault.Conflict) {
				return
			}
			if err != nil {
				t.Error(err)
				return
			}
			got.Add(1)
			t.Cleanup(func() { _ = s.Close() })
		})
	}
	all.Wait()
	left, err := os.ReadDir(dir)
	if err != nil || got.Load() != 1 || len(left) != 1 {
		t.Errorf("%d have it, %v is left, %v", got.Load(), left, err)
	}
}

// A database that is made beside its place is one that Open takes for its own.
func TestCreate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new.db")
	if err := create(path, Options{}); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := create(path, Options{}); err != nil {
		t.Fatal(err)
	}
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("opening wrote to it: %v", err)
	}
	if _, err := Open(filepath.Join(path, "x.db"), Options{}); !fault.Is(err, fault.Ours) {
		t.Errorf("in no folder: %v", err)
	}
}
