// Package casestore is the store's contract: transactions over typed tables with declared indexes.
//
//	desk → Table[T] (typed, here) → Tx (an engine: boltstore; pgstore later)
//
// A table is declared once, in tables.go; a new kind of record touches no engine. An engine knows only
// Rows: a key, a version, index keys and the bytes of the document.
//
// Invariants, each kept by package storetest against every engine:
//   - Every key and every index key begins with the organisation.
//   - An Update is all or nothing, durable when it returns nil, and sees no other Update half done.
//   - An Update may run its function again, so the function has no side effects.
//   - A stale write is a Conflict (fault.Conflict), never a silent overwrite.
//   - Nobody assumes to be the only process: what must be unique is a unique index, what must be
//     ordered is a series, what must be done by one is claimed.
package casestore

import (
	"context"
	"iter"
)

// Store is a database of tables.
type Store interface {
	// View runs fn on a consistent snapshot.
	View(ctx context.Context, fn func(Tx) error) error
	// Update runs fn and commits what it wrote; it returns after the data is durable. fn may run again:
	// no side effects in it. Several Updates that wait at the same time share one commit; the failure of one
	// leaves the others untouched. Store trouble (disk full, read-only) is an error of kind fault.Ours, and
	// the store goes on to work when the trouble is over.
	Update(ctx context.Context, fn func(Tx) error) error
	// Verify reads everything and reports each fault found: every index entry against its row and back.
	Verify(ctx context.Context, report func(problem string)) error
	// Close waits for the running transactions and releases the store.
	Close() error
}

// Tx is what an engine offers inside a transaction. Documents and keys that it hands out
// are valid until the transaction ends; Table decodes them before that.
type Tx interface {
	// Get returns the row, or an error of kind fault.NotFound.
	Get(s *Schema, key Key) (Row, error)
	// Put writes a row with its index entries. Row.Version is the version that the caller read; 0 means that
	// there must be no such row. Otherwise, and where a unique index key is taken by another row, the error
	// is of kind fault.Conflict. The stored version is Row.Version+1.
	Put(s *Schema, row Row) error
	// Delete removes the row of that version with its index entries.
	Delete(s *Schema, key Key, version uint64) error
	// Scan yields rows in key order, or in the order of an index, as they are when the loop begins:
	// what the loop's body writes does not show in it.
	Scan(s *Schema, q Query) iter.Seq2[Row, error]
	// Claim is Scan without the rows that another running transaction has claimed (SKIP LOCKED where
	// several processes share the store). The caller writes the lease into the rows in this transaction.
	Claim(s *Schema, q Query) iter.Seq2[Row, error]
	// Next returns the next number of a series, from 1, without gaps: a transaction that fails gives it back.
	Next(series Key) (uint64, error)
}

// Schema is what an engine needs to know of a table.
type Schema struct {
	Name    string // bucket or table name: lower case letters and underscores
	Format  uint16 // format number of newly written documents, from 1
	Indexes []IndexSchema
}

// IndexSchema names one index of a table.
type IndexSchema struct {
	Name   string
	Unique bool
}

// Row is one record as an engine sees it.
type Row struct {
	Key     Key
	Version uint64
	Format  uint16  // format number that the document was written with
	Index   [][]Key // for Put: for each index of the schema, in order, the row's keys in it: none, one or several
	Doc     []byte
	Pos     Key // from Scan and Claim: where this row stands in the order scanned; a Query goes on After it
}

// Query says what to scan. Keys and positions of the primary order are Row.Key; those of an index are
// the index key followed by Row.Key (for a unique index the index key alone).
type Query struct {
	Index   string // index name; empty: the primary key
	Prefix  Key    // only keys that begin with it
	After   Key    // start behind this position (before it when Reverse); empty: at the beginning
	Until   Key    // stop before the first position >= it (at the first < it when Reverse); empty: no bound
	Reverse bool
	Limit   int // 0: no limit
}
