package stats_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"smartmail/casestore"
	"smartmail/casestore/boltstore"
	"smartmail/casework"
	"smartmail/follow"
	"smartmail/grammar"
	"smartmail/property"
	"smartmail/register"
	"smartmail/stats"
)

// noon is when the tests' cases begin.
var noon = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

// house is a store of one organisation's cases with the figures that follow them.
type house struct {
	tb       testing.TB
	org      casework.OrgID
	source   *boltstore.Store
	index    *stats.Index
	follower *follow.Follower
	estate   *stats.Estate
	cases    map[casework.CaseNumber]casework.Case
	entries  map[casework.CaseNumber][]casework.Entry
	unsaved  []casework.Entry
	ids      int
}

func open(tb testing.TB) *boltstore.Store {
	tb.Helper()
	s, err := boltstore.Open(filepath.Join(tb.TempDir(), "store.db"), boltstore.Options{MmapSize: 1 << 28})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	return s
}

func newHouse(tb testing.TB) *house {
	tb.Helper()
	return houseOf(tb, "a", open(tb), &stats.Index{Store: open(tb)})
}

// houseOf is the house of one organisation among others in the same stores.
func houseOf(tb testing.TB, org casework.OrgID, source *boltstore.Store, x *stats.Index) *house {
	return &house{tb: tb, org: org, source: source, index: x, estate: estate(), cases: map[casework.CaseNumber]casework.Case{}, entries: map[casework.CaseNumber][]casework.Entry{},
		follower: follow.New(follow.Options{Source: source, Target: x.Store, Orgs: []casework.OrgID{org}, Projections: []follow.Projection{x}, Log: slog.New(slog.DiscardHandler)})}
}

// objects are two areas: north with a building of two flats, south with a building of its own segment, and a flat in it.
func objects() []property.Object {
	return []property.Object{
		{ID: "north", Kind: property.Area, Name: "Norr"},
		{ID: "oak", Kind: property.Property, Parent: "north", Name: "Eken", Segment: "family"},
		{ID: "oak-a", Kind: property.Building, Parent: "oak", Name: "Eken A", Year: 1960},
		{ID: "oak-1", Kind: property.Unit, Parent: "oak-a", Name: "Eken 1", SquareMetres: 60},
		{ID: "oak-2", Kind: property.Unit, Parent: "oak-a", Name: "Eken 2", SquareMetres: 40},
		{ID: "lift", Kind: property.Component, Parent: "oak-a", Name: "Hissen", SystemCode: "AFF: T2", Year: 1998},
		{ID: "south", Kind: property.Area, Name: "Syd"},
		{ID: "elm", Kind: property.Building, Parent: "south", Name: "Almen", Segment: "student", SquareMetres: 500},
		{ID: "elm-1", Kind: property.Unit, Parent: "elm", Name: "Almen 1", SquareMetres: 20},
	}
}

func estate() *stats.Estate {
	e := stats.NewEstate()
	for _, o := range objects() {
		e.Put(o)
	}
	return e
}

// do lets a command act on a case, as the desk does. A command that is refused changes nothing.
func (h *house) do(n casework.CaseNumber, cmd casework.Command, at time.Time) {
	h.tb.Helper()
	c, known := h.cases[n]
	if !known {
		c = casework.Case{Org: h.org, Number: n}
	}
	next, entries, err := casework.Do(c, cmd, casework.Actor{Via: casework.ViaRule}, at, func() (casework.EntryID, error) {
		h.ids++
		return casework.EntryID(fmt.Sprint(h.org, "-", h.ids)), nil
	})
	if err != nil || len(entries) == 0 {
		return
	}
	h.cases[n] = next
	h.entries[n] = append(h.entries[n], entries...)
	h.unsaved = append(h.unsaved, entries...)
}

// save stores what commands did since it was called last.
func (h *house) save() {
	h.tb.Helper()
	err := h.source.Update(h.tb.Context(), func(tx casestore.Tx) error {
		for _, e := range h.unsaved {
			if err := casestore.Entries.Put(tx, &e); err != nil {
				return err
			}
			if err := log(tx, casework.Event{Org: h.org, Kind: casework.EventEntry, Case: e.Case, Entry: e.Seq}); err != nil {
				return err
			}
			c := h.cases[e.Case]
			had, err := casestore.Cases.Get(tx, casestore.CaseKey(h.org, e.Case))
			if err == nil {
				c.Version = had.Version
			}
			if err := casestore.Cases.Put(tx, &c); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		h.tb.Fatal(err)
	}
	h.unsaved = nil
}

func log(tx casestore.Tx, e casework.Event) error {
	seq, err := tx.Next(casestore.LogSeries(e.Org))
	e.Seq = seq
	if err != nil {
		return err
	}
	return casestore.Log.Put(tx, &e)
}

// open opens a case.
func (h *house) open(n casework.CaseNumber, class, object string, at time.Time) {
	h.tb.Helper()
	h.do(n, casework.Open{Subject: "x", Class: class, Object: object, Priority: "7", Reporter: &casework.Reporter{Email: "eva@home.example"}}, at)
}

// status brings a case to a status.
func (h *house) status(n casework.CaseNumber, s casework.Status, at time.Time) {
	h.tb.Helper()
	h.do(n, casework.Edit{Status: &s}, at)
}

// answer lets the supplier of an order answer it.
func (h *house) answer(n casework.CaseNumber, o casework.OrderNo, at time.Time, said ...grammar.Command) {
	h.tb.Helper()
	h.do(n, casework.AnswerOrder{Order: o, Sender: casework.Verified, Said: said}, at)
}

// contact stores an edition of a contact.
func (h *house) contact(c register.Contact) {
	h.tb.Helper()
	keep(h, "contact", casestore.Contacts, c)
}

// keep stores an edition of a thing.
func keep[T casework.Thing](h *house, kind string, table *casestore.Table[casework.Registered[T]], thing T) {
	h.tb.Helper()
	err := h.source.Update(h.tb.Context(), func(tx casestore.Tx) error {
		r, err := table.Get(tx, casestore.ThingKey(h.org, thing.Key()))
		if err != nil {
			r = casework.Registered[T]{Org: h.org}
		}
		r.Thing = thing
		if err := table.Put(tx, &r); err != nil {
			return err
		}
		doc, err := json.Marshal(thing)
		if err != nil {
			return err
		}
		e := casework.Edition{Org: h.org, Kind: kind, ID: thing.Key(), Number: r.Version, Thing: doc}
		if err := casestore.Editions.Put(tx, &e); err != nil {
			return err
		}
		return log(tx, casework.Event{Org: h.org, Kind: casework.EventRegister, Thing: kind + "/" + thing.Key()})
	})
	if err != nil {
		h.tb.Fatal(err)
	}
}

func (h *house) catchUp() {
	h.tb.Helper()
	h.save()
	if err := h.follower.CatchUp(h.tb.Context()); err != nil {
		h.tb.Fatal(err)
	}
}

func (h *house) figures(q stats.Query) stats.Table {
	h.tb.Helper()
	table, err := h.index.Figures(h.tb.Context(), h.org, q, h.estate)
	if err != nil {
		h.tb.Fatal(err)
	}
	return table
}
