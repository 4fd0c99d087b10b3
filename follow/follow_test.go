package follow_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"smartmail/casestore"
	"smartmail/casestore/boltstore"
	"smartmail/casework"
	"smartmail/follow"
)

// subject is what the projection of these tests holds of a case.
type subject struct {
	Org     casework.OrgID
	Case    casework.CaseNumber
	Subject string
	Writes  int
	Version uint64 `json:"-"`
}

var subjects = casestore.Declare("subjects", 1,
	func(s *subject) casestore.Key { return casestore.CaseKey(s.Org, s.Case) },
	func(s *subject) *uint64 { return &s.Version })

type projection struct {
	edition int
	fail    error
	asked   [][]follow.Change
	meet    func() // called between reading and writing
}

func (p *projection) Name() string { return "subjects" }
func (p *projection) Edition() int { return p.edition }
func (p *projection) Derive(source casestore.Tx, org casework.OrgID, changes []follow.Change) (func(casestore.Tx) error, error) {
	p.asked = append(p.asked, changes)
	var rows []subject
	for _, ch := range changes {
		c, err := casestore.Cases.Get(source, casestore.CaseKey(org, ch.Case))
		if err != nil {
			return nil, err
		}
		rows = append(rows, subject{Org: org, Case: ch.Case, Subject: c.Subject})
	}
	if p.meet != nil {
		p.meet()
	}
	return func(target casestore.Tx) error {
		for _, r := range rows {
			old, err := subjects.Get(target, casestore.CaseKey(org, r.Case))
			if err == nil {
				r.Version, r.Writes = old.Version, old.Writes
			}
			r.Writes++
			if err := subjects.Put(target, &r); err != nil {
				return err
			}
		}
		return p.fail
	}, nil
}

type house struct {
	t              *testing.T
	source, target *boltstore.Store
}

func newHouse(t *testing.T) *house {
	t.Helper()
	open := func(name string) *boltstore.Store {
		s, err := boltstore.Open(filepath.Join(t.TempDir(), name), boltstore.Options{MmapSize: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	return &house{t, open("source.db"), open("derived.db")}
}

// change stores a case under those subjects in turn, with an event for each.
func (h *house) change(n casework.CaseNumber, texts ...string) {
	h.t.Helper()
	err := h.source.Update(h.t.Context(), func(tx casestore.Tx) error {
		c, _ := casestore.Cases.Get(tx, casestore.CaseKey("a", n)) // none yet: a new one
		for _, text := range texts {
			c.Org, c.Number, c.Subject = "a", n, text
			if err := casestore.Cases.Put(tx, &c); err != nil {
				return err
			}
			seq, err := tx.Next(casestore.LogSeries("a"))
			if err != nil {
				return err
			}
			if err := casestore.Log.Put(tx, &casework.Event{Org: "a", Seq: seq, Kind: casework.EventEntry, Case: n, Entry: c.Version}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) follower(p follow.Projection) *follow.Follower {
	return follow.New(follow.Options{Source: h.source, Target: h.target, Orgs: []casework.OrgID{"a", "b"}, Projections: []follow.Projection{p}, Log: slog.New(slog.DiscardHandler)})
}

// want compares what is derived with lines "number subject writes".
func (h *house) want(lines ...string) {
	h.t.Helper()
	var got []string
	err := h.target.View(h.t.Context(), func(tx casestore.Tx) error {
		for f, err := range subjects.Scan(tx, casestore.Query{Prefix: casestore.K("a")}) {
			if err != nil {
				return err
			}
			got = append(got, fmt.Sprint(f.Record.Case, " ", f.Record.Subject, " ", f.Record.Writes))
		}
		return nil
	})
	if err != nil || fmt.Sprint(got) != fmt.Sprint(lines) {
		h.t.Errorf("derived %q, %v, want %q", got, err, lines)
	}
}

func TestCatchUp(t *testing.T) {
	h, p := newHouse(t), &projection{edition: 1}
	f := h.follower(p)
	h.change(1, "kran")
	h.change(2, "lås")
	h.change(1, "kran i kök")
	for range 2 { // the second finds nothing to do
		if err := f.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if fmt.Sprint(p.asked) != "[[{1 1 2} {2 1 1}]]" {
		t.Errorf("asked for %v: each case once, with its entries, in one go", p.asked)
	}
	h.want("1 kran i kök 1", "2 lås 1")

	h.change(2, "lås i port")
	if err := f.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.want("1 kran i kök 1", "2 lås i port 2")

	if err := f.Rebuild(t.Context(), "a", "subjects"); err != nil {
		t.Fatal(err)
	}
	if err := f.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.want("1 kran i kök 2", "2 lås i port 3")

	p.edition = 2
	if err := f.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.want("1 kran i kök 3", "2 lås i port 4")
}

// What fails leaves the cursor where it is, and no half of what was derived.
func TestFailure(t *testing.T) {
	h, p := newHouse(t), &projection{edition: 1, fail: errors.New("no room")}
	f := h.follower(p)
	h.change(1, "kran")
	if err := f.CatchUp(t.Context()); !errors.Is(err, p.fail) {
		t.Errorf("error is %v", err)
	}
	h.want()
	p.fail = nil
	if err := f.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.want("1 kran 1")
}

// Of two that follow at the same moment one writes; the other begins again behind it and overwrites nothing with what is older.
func TestTwoFollowers(t *testing.T) {
	h, slow, fast := newHouse(t), &projection{edition: 1}, &projection{edition: 1}
	h.change(1, "kran")
	slow.meet = func() {
		slow.meet = nil
		h.change(1, "kran i kök")
		if err := h.follower(fast).CatchUp(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if err := h.follower(slow).CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.want("1 kran i kök 1")
}

func TestManyEvents(t *testing.T) {
	h, p := newHouse(t), &projection{edition: 1}
	for n := range 7 {
		h.change(casework.CaseNumber(n+1), append(slices.Repeat([]string{"x"}, 699), fmt.Sprint(n))...)
	}
	if err := h.follower(p).CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(p.asked) != 3 {
		t.Errorf("%d portions, want 3", len(p.asked))
	}
	h.want("1 0 1", "2 1 1", "3 2 2", "4 3 1", "5 4 1", "6 5 2", "7 6 1") // the third and the sixth are in two of them
}

// Who is far behind rests between portions, and nobody waits for him.
func TestRest(t *testing.T) {
	h, p := newHouse(t), &projection{edition: 1}
	h.change(1, slices.Repeat([]string{"x"}, 4001)...)
	f := follow.New(follow.Options{Source: h.source, Target: h.target, Orgs: []casework.OrgID{"a"}, Projections: []follow.Projection{p}, Rest: 1e9, Log: slog.New(slog.DiscardHandler)})
	if err := f.Wait(t.Context(), "a"); err != nil || len(p.asked) > 0 {
		t.Error(err, p.asked)
	}
	ctx, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer stop()
	if err := f.CatchUp(ctx); !errors.Is(err, context.DeadlineExceeded) || len(p.asked) != 1 {
		t.Errorf("%d portions, %v: want one, and a rest that ends with the caller", len(p.asked), err)
	}
}

// A reader ends the rest of whoever has read all but the newest.
func TestReaderEndsRest(t *testing.T) {
	h, p := newHouse(t), &projection{edition: 1}
	f := follow.New(follow.Options{Source: h.source, Target: h.target, Orgs: []casework.OrgID{"a"}, Projections: []follow.Projection{p}, Rest: 1e9, Log: slog.New(slog.DiscardHandler)})
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := f.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	for n := range 3 {
		h.change(1, fmt.Sprint(n))
		if err := f.Wait(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		h.want(fmt.Sprint("1 ", n, " ", n+1))
	}
	stop()
	wg.Wait()
}

func TestWait(t *testing.T) {
	h, p := newHouse(t), &projection{edition: 1}
	f := h.follower(p)
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := f.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	for n := range 20 {
		h.change(1, fmt.Sprint(n))
		if err := f.Wait(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		h.want(fmt.Sprint("1 ", n, " ", n+1))
	}
	stop()
	wg.Wait()

	h.change(1, "too late")
	start := time.Now()
	if err := f.Wait(t.Context(), "a"); err != nil { // nobody follows: an answer all the same
		t.Errorf("%v after %v", err, time.Since(start))
	}
	h.want("1 19 20")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Wait(gone, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller who has gone: %v", err)
	}
}
