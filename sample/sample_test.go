package sample_test

import (
	"context"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"smartmail/blobstore/files"
	"smartmail/casestore"
	"smartmail/casestore/boltstore"
	"smartmail/casework"
	"smartmail/desk"
	"smartmail/fault"
	"smartmail/property"
	"smartmail/register"
	"smartmail/sample"
	"smartmail/threading"
)

var now = time.Date(2026, 11, 25, 10, 20, 0, 0, time.UTC)

func house(t testing.TB) desk.Options {
	t.Helper()
	dir := t.TempDir()
	store, err := boltstore.Open(filepath.Join(dir, "t.db"), boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	blobs, err := files.Open(filepath.Join(dir, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	keys := threading.NewKeyring(nil)
	o := desk.Options{
		Store: store, Blobs: blobs, Keys: keys, Orgs: []casework.OrgID{"a"}, Router: threading.NewRouter(keys, "", []threading.Organisation{{ID: "a", Domain: "a.example"}}),
		Notices: map[casework.OrgID]desk.Notices{"a": {Status: []casework.Status{casework.StatusDone}, Booked: true}},
		Wake:    func() { t.Error("somebody was woken to send") },
	}
	if err := desk.New(o).LoadKeys(t.Context()); err != nil {
		t.Fatal(err)
	}
	return o
}

// all reads a table.
func all[T any](t *testing.T, o desk.Options, table *casestore.Table[T]) (rows []T) {
	t.Helper()
	err := o.Store.View(t.Context(), func(tx casestore.Tx) error {
		for f, err := range table.Scan(tx, casestore.Query{Prefix: casestore.K("a")}) {
			if err != nil {
				return err
			}
			rows = append(rows, f.Record)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// The full size is what it says, whoever makes it up.
func TestFull(t *testing.T) {
	size := sample.Full()
	p := sample.New(7, size, now)
	kinds := map[property.Kind]int{}
	for _, o := range p.Objects {
		kinds[o.Kind]++
	}
	parts := map[register.Part]int{}
	for _, c := range p.Contacts {
		parts[c.Parts[0]]++
	}
	people := parts[register.Customer] + parts[register.Technician] + parts[register.Manager]
	if kinds[property.Property] != 3 || kinds[property.Building] != 12 || kinds[property.Unit] != 400 || people != 500 || parts[register.Supplier] != 40 {
		t.Errorf("%v, %v", kinds, parts)
	}
	cases, linked, heating, winter := 0, 0, 0, 0
	last := time.Time{}
	seen := map[int]bool{}
	for _, s := range p.Steps {
		if s.At.Before(last) || s.At.After(now) {
			t.Fatalf("a step at %v follows one at %v", s.At, last)
		}
		if last = s.At; s.Open == nil {
			if !seen[s.Case] {
				t.Fatalf("something is done on case %d, which is not open", s.Case)
			}
			continue
		}
		cases, seen[s.Case] = cases+1, true
		if s.Link > 0 {
			linked++
		}
		if strings.HasPrefix(s.Open.Class, "Värme") {
			heating++
			if m := s.At.Month(); m <= 3 || m >= 10 {
				winter++
			}
		}
	}
	if cases != 5000 || linked < 20 || winter*10 < heating*8 || p.Steps[0].At.After(now.AddDate(-2, -11, 0)) {
		t.Errorf("%d cases from %v on, %d of incidents, %d of %d heating faults in winter", cases, p.Steps[0].At, linked, winter, heating)
	}
	if !reflect.DeepEqual(p, sample.New(7, size, now)) {
		t.Error("the same seed gives something else")
	}
	if reflect.DeepEqual(p.Contacts, sample.New(8, size, now).Contacts) {
		t.Error("another seed gives the same")
	}
}

// What is written is as if it had happened: states, lead times, draft lines; nothing waits to be sent, and the store is sound.
func TestWrite(t *testing.T) {
	o, again := house(t), house(t)
	plan := sample.New(1, sample.Small(), now)
	steps := 0
	for _, o := range []desk.Options{o, again} {
		if err := sample.Empty(t.Context(), o.Store, "a"); err != nil {
			t.Fatal(err)
		}
		if err := sample.Write(t.Context(), o, "a", plan, func(done, total int) { steps = total - done }); err != nil {
			t.Fatal(err)
		}
	}
	cases, states, lines := all(t, o, casestore.Cases), map[casework.Status]int{}, 0
	for _, c := range cases {
		states[c.Status]++
		for _, w := range c.Orders {
			lines += len(w.Lines)
		}
		if c.Assignee == "" || c.DueAt.IsZero() || c.CreatedAt.After(now) {
			t.Errorf("case %d: %+v", c.Number, c)
		}
	}
	if len(cases) != sample.Small().Cases || states[casework.StatusClosed] < 30 || lines < 10 || steps != 0 {
		t.Errorf("%d cases, %v, %d lines, %d steps left", len(cases), states, lines, steps)
	}
	sent := 0
	for _, m := range all(t, o, casestore.Outbox) {
		if sent++; m.State != casework.Sent || !strings.HasSuffix(m.To.Email, ".example") {
			t.Errorf("%s to %s", m.State, m.To.Email)
		}
	}
	if sent == 0 {
		t.Error("no mail was sent in all that time")
	}
	if timers := all(t, o, casestore.Timers); len(timers) > 0 {
		t.Errorf("%d timers would remind of what is made up", len(timers))
	}
	if !reflect.DeepEqual(all(t, o, casestore.Entries), all(t, again, casestore.Entries)) || !reflect.DeepEqual(all(t, o, casestore.Log), all(t, again, casestore.Log)) {
		t.Error("the same plan was written another way")
	}
	if err := sample.Empty(t.Context(), o.Store, "a"); !fault.Is(err, fault.Conflict) {
		t.Errorf("over what is there: %v", err)
	}
	if _, err := desk.New(o).Verify(t.Context(), func(problem string) { t.Error(problem) }); err != nil {
		t.Error(err)
	}
}

func BenchmarkWrite(b *testing.B) {
	for b.Loop() {
		o := house(b)
		if err := sample.Write(context.Background(), o, "a", sample.New(1, sample.Full(), now), nil); err != nil {
			b.Fatal(fmt.Errorf("write: %w", err))
		}
	}
}
