package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"smartmail/casestore"
	"smartmail/fault"
)

var errTest = errors.New("changed my mind")

func testViewReadOnly(t *testing.T, s casestore.Store) {
	item := put(t, s, Item{Org: "o", ID: "a"})[0]
	view(t, s, func(tx casestore.Tx) error {
		again := item
		if Items().Put(tx, &again) == nil {
			t.Error("Put in a View")
		}
		if Items().Delete(tx, &item) == nil {
			t.Error("Delete in a View")
		}
		if _, err := tx.Next(casestore.K("o")); err == nil {
			t.Error("Next in a View")
		}
		for _, err := range tx.Claim(Items().Schema(), casestore.Query{}) {
			if err == nil {
				t.Error("Claim in a View")
			}
		}
		return nil
	})
	wantKind(t, s.View(context.Background(), func(casestore.Tx) error { panic("view") }), fault.Ours)
	wantSame(t, "stored", get(t, s, "o", "a"), &item)
}

func testViewSnapshot(t *testing.T, s casestore.Store) {
	item := put(t, s, Item{Org: "o", ID: "a", Due: 1})[0]
	view(t, s, func(tx casestore.Tx) error {
		changed := make(chan error)
		go func() {
			changed <- s.Update(context.Background(), func(tx casestore.Tx) error {
				r := item
				r.Due = 2
				return errors.Join(Items().Put(tx, &r), Items().Put(tx, &Item{Org: "o", ID: "b"}))
			})
		}()
		if err := <-changed; err != nil { // the Update does not wait for this View
			return err
		}
		old, err := Items().Get(tx, itemKey("o", "a"))
		if err != nil {
			return err
		}
		wantSame(t, "in the snapshot", old, item)
		found, err := ids(tx, casestore.Query{})
		wantSame(t, "scan of the snapshot", found, []string{"a"})
		return err
	})
	wantSame(t, "after it", scan(t, s, casestore.Query{}), []string{"a", "b"})
}

func testFailing(t *testing.T, s casestore.Store) {
	kept := put(t, s, Item{Org: "o", ID: "kept", Name: "k", Tags: []string{"t"}})[0]
	mess := func(tx casestore.Tx) error {
		changed := kept
		changed.Name, changed.Tags = "other", nil
		gone := Item{Org: "o", ID: "new", Name: "k"}
		_, err := tx.Next(casestore.K("o").Str("s"))
		return errors.Join(err, Items().Put(tx, &changed), Items().Put(tx, &gone), Items().Delete(tx, &changed))
	}
	err := s.Update(context.Background(), func(tx casestore.Tx) error {
		if err := mess(tx); err != nil {
			t.Error(err)
		}
		return fmt.Errorf("no: %w", errTest)
	})
	if !errors.Is(err, errTest) {
		t.Errorf("the function's own error should come back, not %v", err)
	}
	err = s.Update(context.Background(), func(tx casestore.Tx) error {
		if err := mess(tx); err != nil {
			t.Error(err)
		}
		panic("in a transaction")
	})
	wantKind(t, err, fault.Ours)
	wantSame(t, "kept", get(t, s, "o", "kept"), &kept)
	wantSame(t, "rows", scan(t, s, casestore.Query{}), []string{"kept"})
	wantSame(t, "tags", scan(t, s, casestore.Query{Index: "tag"}), []string{"kept"})
	wantClean(t, s)
}

func testSeries(t *testing.T, s casestore.Store) {
	next := func(series string, outcome error) uint64 {
		var n uint64
		err := s.Update(context.Background(), func(tx casestore.Tx) (err error) {
			if n, err = tx.Next(casestore.K("o").Str(series)); err != nil {
				return err
			}
			return outcome
		})
		if !errors.Is(err, outcome) {
			t.Errorf("series: %v", err)
		}
		return n
	}
	for i, outcome := range []error{nil, errTest, nil, errTest, errTest, nil} {
		want := []uint64{1, 2, 2, 3, 3, 3}[i]
		wantSame(t, fmt.Sprint("number ", i), next("a", outcome), want)
	}
	wantSame(t, "another series", next("b", nil), uint64(1))
	update(t, s, func(tx casestore.Tx) error {
		for want := uint64(4); want < 7; want++ {
			n, err := tx.Next(casestore.K("o").Str("a"))
			if err != nil {
				return err
			}
			wantSame(t, "several in one transaction", n, want)
		}
		return nil
	})
	wantClean(t, s)
}

// testClaim has several workers claim what is due until nothing is: each item is taken once.
func testClaim(t *testing.T, s casestore.Store) {
	const items, workers = 40, 8
	for i := range items {
		put(t, s, Item{Org: "o", ID: fmt.Sprint(i), Due: 1})
	}
	var mu sync.Mutex
	taken := map[string]int{}
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for {
				var mine []string
				err := s.Update(context.Background(), func(tx casestore.Tx) error {
					mine = nil
					due := casestore.Query{Index: "due", Prefix: casestore.K("o").Uint(1), Limit: 3}
					for f, err := range Items().Claim(tx, due) {
						if err != nil {
							return err
						}
						f.Record.Due = 2
						if err := Items().Put(tx, &f.Record); err != nil {
							return err
						}
						mine = append(mine, f.Record.ID)
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
				if err != nil || len(mine) == 0 {
					return
				}
				mu.Lock()
				for _, id := range mine {
					taken[id]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	wantSame(t, "items taken", len(taken), items)
	for id, n := range taken {
		if n != 1 {
			t.Errorf("item %s was taken %d times", id, n)
		}
	}
	wantClean(t, s)
}

// testCounter has many goroutines read a number, and write it back one higher in another transaction.
func testCounter(t *testing.T, s casestore.Store) {
	const goroutines = 100
	put(t, s, Item{Org: "o", ID: "counter"})
	raise := func() error {
		for {
			var item Item
			err := s.View(context.Background(), func(tx casestore.Tx) (err error) {
				item, err = Items().Get(tx, itemKey("o", "counter"))
				return err
			})
			if err != nil {
				return err
			}
			item.Due++
			err = s.Update(context.Background(), func(tx casestore.Tx) error {
				r := item
				return Items().Put(tx, &r)
			})
			if !fault.Is(err, fault.Conflict) {
				return err
			}
		}
	}
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			if err := raise(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	wantSame(t, "counted", get(t, s, "o", "counter").Due, uint64(goroutines))
	wantClean(t, s)
}

// testBystanders runs functions that fail and panic beside others: these must not notice, and leave no number out.
func testBystanders(t *testing.T, s casestore.Store) {
	const goroutines = 90
	var wg sync.WaitGroup
	for i := range goroutines {
		wg.Go(func() {
			err := s.Update(context.Background(), func(tx casestore.Tx) error {
				n, err := tx.Next(casestore.K("o").Str("s"))
				if err != nil {
					return err
				}
				if err := Items().Put(tx, &Item{Org: "o", ID: fmt.Sprintf("%03d", n), Due: uint64(i % 3)}); err != nil {
					return err
				}
				switch i % 3 {
				case 1:
					return errTest
				case 2:
					panic("bystanders")
				}
				return nil
			})
			if (err == nil) != (i%3 == 0) {
				t.Errorf("function %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	var want []string
	for i := range goroutines / 3 {
		want = append(want, fmt.Sprintf("%03d", i+1))
	}
	wantSame(t, "numbers given out", scan(t, s, casestore.Query{}), want)
	wantSame(t, "all by the sound ones", len(scan(t, s, casestore.Query{Index: "due", Prefix: casestore.K("o").Uint(0)})), goroutines/3)
	wantClean(t, s)
}

func testCancelled(t *testing.T, s casestore.Store) {
	gone, cancel := context.WithCancelCause(context.Background())
	cancel(errTest)
	never := func(casestore.Tx) error { t.Error("ran although its context had ended"); return nil }
	for name, err := range map[string]error{"update": s.Update(gone, never), "view": s.View(gone, never)} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// One that has begun is waited for.
	ctx, cancelLater := context.WithCancel(context.Background())
	err := s.Update(ctx, func(tx casestore.Tx) error {
		err := Items().Put(tx, &Item{Org: "o", ID: "begun"})
		cancelLater()
		return err
	})
	if stored := get(t, s, "o", "begun"); (err == nil) != (stored != nil) {
		t.Errorf("update says %v, but stored is %v", err, stored)
	}
}

func testClosed(t *testing.T, s casestore.Store) {
	put(t, s, Item{Org: "o", ID: "a"})
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Errorf("close: %v", err)
	}
	never := func(casestore.Tx) error { t.Error("ran on a closed store"); return nil }
	wantKind(t, s.Update(context.Background(), never), fault.Ours)
	wantKind(t, s.View(context.Background(), never), fault.Ours)
	if s.Verify(context.Background(), func(string) {}) == nil {
		t.Error("a closed store was verified")
	}
}
