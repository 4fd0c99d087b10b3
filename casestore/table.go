package casestore

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"

	jsonv1 "github.com/go-json-experiment/json/v1"

	"smartmail/fault"
)

// Table is the typed face of a table of T.
type Table[T any] struct {
	schema  Schema
	key     func(*T) Key
	version func(*T) *uint64
	index   []func(*T) []Key
	upgrade func(format uint16, doc []byte) ([]byte, error)
	codec   codec[T]
}

// Index declares one index of a table of T. Keys returns the record's keys in it.
type Index[T any] struct {
	Name   string
	Unique bool
	Keys   func(*T) []Key
}

type codec[T any] struct {
	encode func(*T) ([]byte, error)
	decode func([]byte, *T) error
}

// unmarshal reads a document as encoding/json does, in half the time: most of what a mail costs in a transaction is reading
// the rows that it changes.
func unmarshal(doc []byte, r any) error { return jsonv1.Unmarshal(doc, r) }

// Declare declares a table whose documents are JSON. version points to the record's version field,
// which the store keeps outside the document.
func Declare[T any](name string, format uint16, key func(*T) Key, version func(*T) *uint64, indexes ...Index[T]) *Table[T] {
	t := &Table[T]{
		schema:  Schema{Name: name, Format: format},
		key:     key,
		version: version,
		codec: codec[T]{
			encode: func(r *T) ([]byte, error) { return json.Marshal(r) },
			decode: func(doc []byte, r *T) error { return unmarshal(doc, r) },
		},
	}
	for _, ix := range indexes {
		t.schema.Indexes = append(t.schema.Indexes, IndexSchema{Name: ix.Name, Unique: ix.Unique})
		t.index = append(t.index, ix.Keys)
	}
	return t
}

// WithCodec replaces JSON by another encoding of the document. decode must not keep doc.
func (t *Table[T]) WithCodec(encode func(*T) ([]byte, error), decode func(doc []byte, r *T) error) *Table[T] {
	t.codec = codec[T]{encode: encode, decode: decode}
	return t
}

// WithUpgrade gives the function that brings a document of an earlier format to the present one.
func (t *Table[T]) WithUpgrade(fn func(format uint16, doc []byte) ([]byte, error)) *Table[T] {
	t.upgrade = fn
	return t
}

// Schema returns what engines and verify need to know.
func (t *Table[T]) Schema() *Schema { return &t.schema }

// Get reads one record.
func (t *Table[T]) Get(tx Tx, key Key) (T, error) {
	row, err := tx.Get(&t.schema, key)
	if err != nil {
		var none T
		return none, err
	}
	return t.decode(row)
}

// Has reports whether there is such a record.
func (t *Table[T]) Has(tx Tx, key Key) (bool, error) {
	_, err := tx.Get(&t.schema, key)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// Put writes r: a new record when its version is 0, else over the version that it was read with.
// The record's version is raised.
func (t *Table[T]) Put(tx Tx, r *T) error {
	doc, err := t.codec.encode(r)
	if err != nil {
		return fmt.Errorf("encode %s: %w", t.schema.Name, err)
	}
	row := Row{Key: t.key(r), Version: *t.version(r), Format: t.schema.Format, Doc: doc, Index: make([][]Key, len(t.index))}
	for i, keys := range t.index {
		row.Index[i] = keys(r)
	}
	if err := tx.Put(&t.schema, row); err != nil {
		return fmt.Errorf("put %s: %w", t.schema.Name, err)
	}
	*t.version(r)++
	return nil
}

// Delete removes r in the version that it was read with.
func (t *Table[T]) Delete(tx Tx, r *T) error {
	return tx.Delete(&t.schema, t.key(r), *t.version(r))
}

// Find reads the one record that a unique index has under the key.
func (t *Table[T]) Find(tx Tx, index string, key Key) (T, error) {
	for row, err := range tx.Scan(&t.schema, Query{Index: index, Prefix: key, Limit: 1}) {
		if err != nil {
			var none T
			return none, err
		}
		if bytes.Equal(row.Pos, key) {
			return t.decode(row)
		}
	}
	var none T
	return none, fault.New(fault.NotFound, "no such "+t.schema.Name)
}

// Scan yields records with their positions, for cursors.
func (t *Table[T]) Scan(tx Tx, q Query) iter.Seq2[Found[T], error] {
	return t.typed(tx.Scan(&t.schema, q))
}

// ScanNaming is Scan of the records whose document has a member of that name, at whatever depth; the others are passed over unread.
// It may yield some without it. It is for tables whose documents are JSON.
func (t *Table[T]) ScanNaming(tx Tx, q Query, member string) iter.Seq2[Found[T], error] {
	name := []byte(`"` + member + `":`)
	return t.typed(func(yield func(Row, error) bool) {
		for row, err := range tx.Scan(&t.schema, q) {
			if err == nil && row.Format == t.schema.Format && !bytes.Contains(row.Doc, name) {
				continue
			}
			if !yield(row, err) {
				return
			}
		}
	})
}

// Claim yields records that no other running transaction has claimed.
func (t *Table[T]) Claim(tx Tx, q Query) iter.Seq2[Found[T], error] {
	return t.typed(tx.Claim(&t.schema, q))
}

// Found is a record with its position in the scanned order.
type Found[T any] struct {
	Record T
	Pos    Key
}

func (t *Table[T]) typed(rows iter.Seq2[Row, error]) iter.Seq2[Found[T], error] {
	return func(yield func(Found[T], error) bool) {
		for row, err := range rows {
			var f Found[T]
			if err == nil {
				f.Record, err = t.decode(row)
				f.Pos = bytes.Clone(row.Pos)
			}
			if !yield(f, err) || err != nil {
				return
			}
		}
	}
}

func (t *Table[T]) decode(row Row) (T, error) {
	var r T
	doc := row.Doc
	if row.Format != t.schema.Format {
		if t.upgrade == nil || row.Format > t.schema.Format {
			return r, fmt.Errorf("%s: format %d is not known to this version, which writes format %d", t.schema.Name, row.Format, t.schema.Format)
		}
		var err error
		if doc, err = t.upgrade(row.Format, doc); err != nil {
			return r, fmt.Errorf("%s: upgrade from format %d: %w", t.schema.Name, row.Format, err)
		}
	}
	if err := t.codec.decode(doc, &r); err != nil {
		return r, fmt.Errorf("decode %s: %w", t.schema.Name, err)
	}
	*t.version(&r) = row.Version
	return r, nil
}
