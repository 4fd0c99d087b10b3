package boltstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.etcd.io/bbolt"

	"smartmail/casestore"
	"smartmail/fault"
)

// tx is a casestore.Tx: an overlay of pending writes over a bbolt transaction.
type tx struct {
	ctx      context.Context
	base     *bbolt.Tx // nil when the transaction has ended
	writable bool
	pending  map[string]*overlay // by bucket
	bytes    int                 // written to pending
}

const (
	metaBucket   = ".meta" // a leading dot: no table has such a name
	seriesBucket = ".series"
)

var (
	errEnded    = errors.New("the transaction has ended")
	errReadOnly = errors.New("write in a View")
)

func newTx(ctx context.Context, base *bbolt.Tx, writable bool) *tx {
	return &tx{ctx: ctx, base: base, writable: writable, pending: map[string]*overlay{}}
}

// end makes the transaction useless for a fn that has kept it.
func (t *tx) end() { t.base = nil }

func (t *tx) mayWrite() error {
	switch {
	case t.base == nil:
		return errEnded
	case !t.writable:
		return errReadOnly
	}
	return nil
}

func (t *tx) stored(bucket string, key []byte) []byte {
	if b := t.base.Bucket([]byte(bucket)); b != nil {
		return b.Get(key)
	}
	return nil
}

func (t *tx) get(bucket string, key []byte) []byte {
	if o := t.pending[bucket]; o != nil {
		if i, found := search(o.entries, key); found {
			return o.entries[i].value
		}
	}
	return t.stored(bucket, key)
}

// set takes ownership of key and value; a nil value deletes.
func (t *tx) set(bucket string, key, value []byte) {
	o := t.pending[bucket]
	if o == nil {
		o = &overlay{}
		t.pending[bucket] = o
	}
	o.set(key, value)
	t.bytes += len(key) + len(value)
}

// fullPages is how full pages are left that a bucket is split into when it grows at its end. Most do, for numbers and ids rise with time:
// what lies behind is hardly added to, and half of each page would stay empty for good. Elsewhere the usual half keeps room.
const fullPages = 0.9

// apply adds the overlay to the bbolt transaction.
func (t *tx) apply() error {
	for _, name := range slices.Sorted(maps.Keys(t.pending)) {
		b, err := t.base.Bucket([]byte(name)), error(nil) // remembered by the transaction, unlike what the other call finds
		if b == nil {
			b, err = t.base.CreateBucketIfNotExists([]byte(name))
		}
		if err != nil {
			return fmt.Errorf("bucket %s: %w", name, err)
		}
		entries := t.pending[name].entries
		if last, _ := b.Cursor().Last(); bytes.Compare(entries[len(entries)-1].key, last) > 0 {
			b.FillPercent = fullPages
		}
		for _, e := range entries {
			if e.value == nil {
				err = b.Delete(e.key)
			} else {
				err = b.Put(e.key, e.value)
			}
			if err != nil {
				return fmt.Errorf("bucket %s: %w", name, err)
			}
		}
	}
	return nil
}

// Get implements casestore.Tx.
func (t *tx) Get(s *casestore.Schema, key casestore.Key) (casestore.Row, error) {
	if t.base == nil {
		return casestore.Row{}, errEnded
	}
	stored := t.get(s.Name, key)
	if stored == nil {
		return casestore.Row{}, fault.New(fault.NotFound, "no such "+s.Name)
	}
	return toRow(s, key, key, stored)
}

func toRow(s *casestore.Schema, key, pos casestore.Key, stored []byte) (casestore.Row, error) {
	rec, err := decodeRow(key, stored)
	if err != nil {
		return casestore.Row{}, ours(s.Name, err)
	}
	return casestore.Row{Key: key, Version: rec.version, Format: rec.format, Doc: rec.doc, Pos: pos}, nil
}

// Put implements casestore.Tx.
func (t *tx) Put(s *casestore.Schema, row casestore.Row) error {
	if err := t.mayWrite(); err != nil {
		return err
	}
	if err := checkRow(s, row); err != nil {
		return err
	}
	old, err := t.current(s, row.Key, row.Version)
	if err != nil {
		return err
	}
	key := bytes.Clone(row.Key)
	missing := map[string]map[string]bool{} // index bucket, position of the new row: whether the entry is yet to be made
	for i, ix := range s.Indexes {
		bucket := indexBucket(s.Name, ix.Name)
		missing[bucket] = map[string]bool{}
		for _, k := range row.Index[i] {
			pos := position(ix.Unique, k, key)
			if holder := t.get(bucket, pos); holder != nil && !bytes.Equal(holder, key) {
				return conflict(s, "another record has the same key", "index %s: %x belongs to %x", ix.Name, pos, holder)
			}
			missing[bucket][string(pos)] = true
		}
	}
	for index, pos := range old.positions(key) {
		bucket := indexBucket(s.Name, index)
		if _, stays := missing[bucket][string(pos)]; stays {
			missing[bucket][string(pos)] = false
		} else {
			t.set(bucket, pos, nil)
		}
	}
	for bucket, positions := range missing {
		for pos, yet := range positions {
			if yet {
				t.set(bucket, []byte(pos), key)
			}
		}
	}
	t.set(s.Name, key, encodeRow(s, row))
	return nil
}

// Delete implements casestore.Tx.
func (t *tx) Delete(s *casestore.Schema, key casestore.Key, version uint64) error {
	if err := t.mayWrite(); err != nil {
		return err
	}
	if version == 0 {
		return conflict(s, "the record was never stored", "delete of %x", key)
	}
	old, err := t.current(s, key, version)
	if err != nil {
		return err
	}
	for index, pos := range old.positions(key) {
		t.set(indexBucket(s.Name, index), pos, nil)
	}
	t.set(s.Name, bytes.Clone(key), nil)
	return nil
}

// current returns the stored row, empty when there is none, after it has checked that it is of that version.
func (t *tx) current(s *casestore.Schema, key casestore.Key, version uint64) (record, error) {
	var rec record
	if stored := t.get(s.Name, key); stored != nil {
		var err error
		if rec, err = decodeRow(key, stored); err != nil {
			return rec, ours(s.Name, err)
		}
	}
	switch {
	case rec.version == version:
		return rec, nil
	case version == 0:
		return rec, conflict(s, "there is such a record already", "%x", key)
	case rec.version == 0:
		return rec, conflict(s, "the record was deleted meanwhile", "%x", key)
	default:
		return rec, conflict(s, "the record was changed meanwhile", "%x: version %d is stored, %d was read", key, rec.version, version)
	}
}

func conflict(s *casestore.Schema, public, format string, args ...any) error {
	return fault.Wrap(fault.Conflict, public, fmt.Errorf(s.Name+": "+format, args...))
}

// Next implements casestore.Tx.
func (t *tx) Next(series casestore.Key) (uint64, error) {
	if err := t.mayWrite(); err != nil {
		return 0, err
	}
	if err := checkKey("series", series, series); err != nil {
		return 0, err
	}
	n := uint64(1)
	if stored := t.get(seriesBucket, series); len(stored) == 8 {
		n += binary.BigEndian.Uint64(stored)
	} else if stored != nil {
		return 0, ours("series", fmt.Errorf("%x: stored number has %d bytes", series, len(stored)))
	}
	t.set(seriesBucket, bytes.Clone(series), binary.BigEndian.AppendUint64(nil, n))
	return n, nil
}

func indexBucket(table, index string) string { return table + "." + index }

// checkRow finds what is wrong with a row before any of it is written. Such an error is a mistake
// in the program, but for a key that is too long, which is of kind fault.Invalid.
func checkRow(s *casestore.Schema, row casestore.Row) error {
	if err := checkName("table", s.Name); err != nil {
		return err
	}
	if len(row.Index) != len(s.Indexes) {
		return fmt.Errorf("%s: keys for %d indexes, the schema has %d", s.Name, len(row.Index), len(s.Indexes))
	}
	if err := checkKey(s.Name, row.Key, row.Key); err != nil {
		return err
	}
	for i, ix := range s.Indexes {
		if err := checkName("index", ix.Name); err != nil {
			return err
		}
		for _, k := range row.Index[i] {
			if err := checkKey(s.Name+"."+ix.Name, k, row.Key); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkName(what, name string) error {
	if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_") != "" {
		return fmt.Errorf("%s name %q: only lower case letters and underscores", what, name)
	}
	return nil
}

// checkKey checks that a key begins with an organisation, the one of the row, and that a position made of
// it and of another key fits in bbolt's limit.
func checkKey(what string, key, row casestore.Key) error {
	if len(key) > bbolt.MaxKeySize/2 {
		return fault.New(fault.Invalid, fmt.Sprintf("%s: a key of %d bytes is too long", what, len(key)))
	}
	org := row.Org()
	if org == nil {
		return fmt.Errorf("%s: key %x does not begin with an organisation", what, key)
	}
	if !bytes.HasPrefix(key, org) {
		return fmt.Errorf("%s: key %x belongs to another organisation than its row", what, key)
	}
	return nil
}
