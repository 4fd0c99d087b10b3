package stats

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"smartmail/casestore"
	"smartmail/casestore/boltstore"
	"smartmail/casework"
	"smartmail/property"
)

// The facts of a million cases, and of as many as have a million events where a case has seven: opened, assigned, ordered, accepted,
// two lines, done. Twenty thousand flats in a thousand buildings, sixty classes, two hundred suppliers, four years.
func BenchmarkFigures(b *testing.B) {
	for _, size := range []struct {
		name  string
		cases int
	}{{"events=1M", 1_000_000 / 7}, {"cases=1M", 1_000_000}} {
		b.Run(size.name, func(b *testing.B) { benchmark(b, size.cases) })
	}
}

func benchmark(b *testing.B, cases int) {
	x, e := filled(b, cases)
	run := func(name string, ask func() error) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := ask(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	for name, q := range map[string]Query{
		"total":            {},
		"class,month":      {By: []By{ByClass, ByMonth}},
		"supplier,quarter": {By: []By{BySupplier, ByQuarter}},
		"building":         {By: []By{ByBuilding}},
		"month of an area": {By: []By{ByMonth}, Where: Filter{Objects: []property.ID{"area-3"}}},
		"class of a month in a scope": {
			By: []By{ByClass}, Scope: Filter{Objects: []property.ID{"area-3"}, Classes: []string{"class 1"}}, From: start.AddDate(2, 0, 0), To: start.AddDate(2, 1, 0),
		},
	} {
		run("by="+name, func() error { _, err := x.Figures(b.Context(), "a", q, e); return err })
	}
	run("suppliers", func() error { _, err := x.Suppliers(b.Context(), "a", Query{}, e); return err })
	run("clusters", func() error {
		_, err := x.Clusters(b.Context(), "a", Query{}, e, Together{10, 72 * time.Hour})
		return err
	})
	n := 0
	run("change of a case", func() error {
		n = (n + 1) % cases
		f := someFact(casework.CaseNumber(n+1), rand.New(rand.NewPCG(1, 2)))
		return x.Store.Update(b.Context(), func(tx casestore.Tx) error { return replace(tx, "a", []*reading{f}) })
	})
}

var start = time.Date(2022, 1, 1, 0, 0, 0, 0, time.UTC)

const (
	someFlats     = 20_000
	someBuildings = 1_000
)

func filled(b *testing.B, cases int) (*Index, *Estate) {
	b.Helper()
	s, err := boltstore.Open(filepath.Join(b.TempDir(), "derived.db"), boltstore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	chance := rand.New(rand.NewPCG(1, 2))
	for n := 0; n < cases; {
		var some []*reading
		for ; len(some) < 20_000 && n < cases; n++ {
			some = append(some, someFact(casework.CaseNumber(n+1), chance))
			some[len(some)-1].opened += int64(n) * 4 * 365 * 24 * 3600 / int64(cases)
		}
		if err := s.Update(b.Context(), func(tx casestore.Tx) error { return replace(tx, "a", some) }); err != nil {
			b.Fatal(err)
		}
	}
	e := NewEstate()
	for i := range 10 {
		e.Put(property.Object{ID: property.ID(fmt.Sprint("area-", i)), Kind: property.Area})
	}
	for i := range someBuildings {
		e.Put(property.Object{ID: property.ID(fmt.Sprint("building-", i)), Kind: property.Building, Parent: property.ID(fmt.Sprint("area-", i%10))})
	}
	for i := range someFlats {
		e.Put(property.Object{ID: property.ID(fmt.Sprint("flat-", i)), Kind: property.Unit, Parent: property.ID(fmt.Sprint("building-", i%someBuildings)), SquareMetres: 60})
	}
	return &Index{Store: s}, e
}

func someFact(n casework.CaseNumber, chance *rand.Rand) *reading {
	hours := func(most int) int64 { return int64(chance.IntN(most)) * 3600 }
	opened := start.Unix() + hours(48)
	r := &reading{fact: fact{number: n, status: casework.StatusClosed, opened: opened, done: opened + hours(1000), closed: opened + hours(2000), due: opened + hours(500)}}
	class := chance.IntN(60)
	r.class = r.code(dimClass, fmt.Sprintf("class %d > part %d", class/6, class%6))
	r.object = r.code(dimObject, fmt.Sprint("flat-", chance.IntN(someFlats)))
	r.technician = r.code(dimPerson, Person(fmt.Sprint("technician ", chance.IntN(40))))
	supplier := r.code(dimPerson, Person(fmt.Sprint("supplier ", chance.IntN(200))))
	r.parties = []code{supplier}
	r.orders = []order{{
		supplier: supplier, state: casework.OrderDone, asked: opened + hours(24), accepted: opened + hours(48), done: r.done, at: r.done, deadline: r.due,
		cost: Cost{Price: int64(chance.IntN(500_000)), Material: int64(chance.IntN(50_000)), Minutes: 90},
	}}
	return r
}
