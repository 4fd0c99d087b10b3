package desk_test

import (
	"fmt"
	"testing"

	"smartmail/casestore"
	"smartmail/casework"
)

// The log tells of every entry in the order of the commits, and what was stored before there was a log is entered once.
func TestLog(t *testing.T) {
	d, _ := open(t, t.TempDir())
	told := 0
	d.Logged = func() { told++ }
	first, second := newCase(t, d, "Kran"), newCase(t, d, "Lås")
	class := "VVS"
	if _, _, err := d.Do(t.Context(), "a", first.Number, casework.Edit{Class: &class}, eva, 0); err != nil {
		t.Fatal(err)
	}
	want := [][3]uint64{{1, uint64(first.Number), 1}, {2, uint64(second.Number), 1}, {3, uint64(first.Number), 2}}
	read := func() (got [][3]uint64) {
		t.Helper()
		for after := uint64(0); ; {
			events, err := d.Events(t.Context(), "a", after, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				got = append(got, [3]uint64{e.Seq, uint64(e.Case), e.Entry})
				after = e.Seq
			}
			if len(events) == 0 {
				return got
			}
		}
	}
	if got := read(); fmt.Sprint(got) != fmt.Sprint(want) || told != 3 {
		t.Errorf("the log is %v, told %d times; want %v", got, told, want)
	}

	// As a store from before: without its log.
	err := d.Store.Update(t.Context(), func(tx casestore.Tx) error {
		for f, err := range casestore.Log.Scan(tx, casestore.Query{Prefix: casestore.K("a")}) {
			if err == nil {
				err = casestore.Log.Delete(tx, &f.Record)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := d.CompleteLog(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := [][3]uint64{{4, uint64(first.Number), 1}, {5, uint64(first.Number), 2}, {6, uint64(second.Number), 1}}
		if got := read(); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("the completed log is %v, want %v", got, want)
		}
	}
}
