package search

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"smartmail/casestore"
	"smartmail/casestore/boltstore"
	"smartmail/casework"
)

// BenchmarkMillion takes the first page of a list that nine of ten of a million cases are on: the most that a list can cost.
func BenchmarkMillion(b *testing.B) {
	store, err := boltstore.Open(filepath.Join(b.TempDir(), "derived.db"), boltstore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	const org, million = casework.OrgID("a"), 1_000_000
	flats := make([]string, 20_000)
	for i := range flats {
		flats[i] = fmt.Sprint("flat ", i)
	}
	r, closed := rand.New(rand.NewPCG(1, 2)), set{}
	err = store.Update(b.Context(), func(tx casestore.Tx) error {
		begin := time.Date(2022, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
		for page := range uint64(million / pageSize) {
			t := cells{Org: org, Page: page, Cells: make([]byte, 0, 8*pageSize)}
			o := cells{Org: org, Page: page, Cells: make([]byte, 0, 4*pageSize)}
			for low := range uint64(pageSize) {
				n := page*pageSize + low
				at := begin + int64(n)*time.Minute.Microseconds() + int64(r.ExpFloat64()*float64((10*24*time.Hour).Microseconds()))
				t.Cells = binary.BigEndian.AppendUint64(t.Cells, uint64(at))
				o.Cells = binary.BigEndian.AppendUint32(o.Cells, markOf(flats[r.IntN(len(flats))]))
				if number, bit := split(casework.CaseNumber(n)); r.IntN(10) > 0 {
					closed.at(number).add(bit)
				}
			}
			if err := errors.Join(changes.rows.Put(tx, &t), objects.rows.Put(tx, &o)); err != nil {
				return err
			}
		}
		for number, c := range closed {
			if err := postings.Put(tx, &posting{Org: org, Value: value{Status, "closed"}, Chunk: number, Set: c.encode()}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	x, q := &Index{Store: store}, Query{Where: []Condition{{Status, []string{"closed"}}}}
	for name, q := range map[string]Query{
		"newest": q, "oldest": {Where: q.Where, Oldest: true}, "number": {Where: q.Where, ByNumber: true}, "lowest": {Where: q.Where, ByNumber: true, Oldest: true},
		"newest in half of the flats": {Where: append(q.Where, Condition{Object, flats[:10_000]})},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if hits, err := x.Find(b.Context(), org, q, nil, 51); err != nil || len(hits) != 51 {
					b.Fatal(len(hits), err)
				}
			}
		})
	}
}
