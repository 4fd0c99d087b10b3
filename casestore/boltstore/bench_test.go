package boltstore

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"go.etcd.io/bbolt"

	"smartmail/casestore"
)

var benchSchema = &casestore.Schema{Name: "docs", Format: 1, Indexes: []casestore.IndexSchema{{Name: "one", Unique: true}, {Name: "two"}}}

func benchRow(n uint64) casestore.Row {
	k := casestore.K("bench")
	spread := n * 0x9E3779B97F4A7C15 // keys come in no order, as with random ids
	return casestore.Row{Key: k.Uint(spread), Format: 1, Doc: make([]byte, 4096),
		Index: [][]casestore.Key{{k.Uint(spread)}, {k.Uint(n % 16)}}}
}

// concurrently runs op b.N times from so many goroutines.
func concurrently(b *testing.B, goroutines int, op func(n uint64) error) {
	b.ReportAllocs()
	b.ResetTimer()
	var next atomic.Uint64
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for n := next.Add(1); n <= uint64(b.N); n = next.Add(1) {
				if err := op(n); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// BenchmarkUpdate compares with bbolt's own batching, which is given the same keys and values, in buckets that exist.
func BenchmarkUpdate(b *testing.B) {
	for _, goroutines := range []int{1, 20, 100} {
		b.Run(fmt.Sprintf("ours/%d", goroutines), func(b *testing.B) {
			s := open(b, Options{})
			concurrently(b, goroutines, func(n uint64) error {
				row := benchRow(n)
				return s.Update(context.Background(), func(tx casestore.Tx) error { return tx.Put(benchSchema, row) })
			})
		})
		b.Run(fmt.Sprintf("bbolt.Batch/%d", goroutines), func(b *testing.B) {
			db := bareBolt(b, boltOptions(Options{}))
			concurrently(b, goroutines, func(n uint64) error {
				return db.Batch(func(tx *bbolt.Tx) error { return bareput(tx, benchRow(n)) })
			})
		})
	}
}

func bareBolt(b *testing.B, opt *bbolt.Options) *bbolt.DB {
	b.Helper()
	db, err := bbolt.Open(filepath.Join(b.TempDir(), "bare.db"), 0o600, opt)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	})
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, name := range []string{"docs", "docs.one", "docs.two"} {
			if _, err := tx.CreateBucket([]byte(name)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return db
}

func bareput(tx *bbolt.Tx, row casestore.Row) error {
	if err := tx.Bucket([]byte("docs")).Put(row.Key, encodeRow(benchSchema, row)); err != nil {
		return err
	}
	if err := tx.Bucket([]byte("docs.one")).Put(position(true, row.Index[0][0], row.Key), row.Key); err != nil {
		return err
	}
	return tx.Bucket([]byte("docs.two")).Put(position(false, row.Index[1][0], row.Key), row.Key)
}

// BenchmarkFreelist measures what boltOptions chooses between, on a file of some 200 MiB of which every second row
// was deleted: one small commit, and what opening the file takes.
func BenchmarkFreelist(b *testing.B) {
	for _, kind := range []bbolt.FreelistType{bbolt.FreelistArrayType, bbolt.FreelistMapType} {
		for _, noSync := range []bool{false, true} {
			opt := boltOptions(Options{})
			opt.FreelistType, opt.NoFreelistSync = kind, noSync
			name := fmt.Sprintf("%s,nosync=%t", kind, noSync)
			db := bareBolt(b, opt)
			fragment(b, db)
			n := uint64(1 << 32)
			b.Run("commit/"+name, func(b *testing.B) {
				for b.Loop() {
					n++
					if err := db.Update(func(tx *bbolt.Tx) error { return bareput(tx, benchRow(n)) }); err != nil {
						b.Fatal(err)
					}
				}
			})
			path := filepath.Join(b.TempDir(), "copy.db")
			if err := db.View(func(tx *bbolt.Tx) error { return tx.CopyFile(path, 0o600) }); err != nil {
				b.Fatal(err)
			}
			b.Run("open/"+name, func(b *testing.B) {
				for b.Loop() {
					again, err := bbolt.Open(path, 0o600, opt)
					if err != nil {
						b.Fatal(err)
					}
					if err := again.Close(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// fragment fills the file and deletes every second row.
func fragment(b *testing.B, db *bbolt.DB) {
	b.Helper()
	const rows, step = 25000, 1000
	for from := uint64(0); from < rows; from += step {
		err := db.Update(func(tx *bbolt.Tx) error {
			for n := from; n < from+step; n++ {
				if err := bareput(tx, benchRow(n)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	for from := uint64(0); from < rows; from += step {
		err := db.Update(func(tx *bbolt.Tx) error {
			for n := from; n < from+step; n += 2 {
				if err := tx.Bucket([]byte("docs")).Delete(benchRow(n).Key); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
