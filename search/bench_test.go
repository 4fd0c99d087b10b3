package search

import (
	"encoding/binary"
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
	r, closed := rand.New(rand.NewPCG(1, 2)), set{}
	err = store.Update(b.Context(), func(tx casestore.Tx) error {
		begin := time.Date(2022, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
		for page := range uint64(million / pageSize) {
			t := times{Org: org, Page: page, At: make([]byte, 0, 8*pageSize)}
			for low := range uint64(pageSize) {
				n := page*pageSize + low
				at := begin + int64(n)*time.Minute.Microseconds() + int64(r.ExpFloat64()*float64((10*24*time.Hour).Microseconds()))
				t.At = binary.BigEndian.AppendUint64(t.At, uint64(at))
				if number, bit := split(casework.CaseNumber(n)); r.IntN(10) > 0 {
					closed.at(number).add(bit)
				}
			}
			if err := changes.Put(tx, &t); err != nil {
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
