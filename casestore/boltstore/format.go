package boltstore

import (
	"encoding/binary"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"smartmail/fault"
)

// dbFormat is the number of the file's layout: which buckets there are, and what stands in them. testdata has a
// file of every format that was ever released. (The formats of documents are the tables' own affair.)
//
//	1: a bucket per table (primary key: row, see row.go), per index (table.index; position: primary key),
//	   and .series (key: last number, 8 bytes, big-endian)
const dbFormat = 1

const formatKey = "format" // in .meta, 2 bytes, big-endian

// checkFormat refuses a file of a later format or of other origin, and marks a new one. When dbFormat grows, this
// is where the steps from each earlier format to the next are taken, in one transaction.
func checkFormat(db *bbolt.DB) error {
	var format uint16
	var empty bool
	err := db.View(func(tx *bbolt.Tx) error {
		first, _ := tx.Cursor().First()
		empty = first == nil
		if meta := tx.Bucket([]byte(metaBucket)); meta != nil {
			if stored := meta.Get([]byte(formatKey)); len(stored) == 2 {
				format = binary.BigEndian.Uint16(stored)
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case format == dbFormat:
		return nil
	case format > dbFormat:
		return fault.New(fault.Invalid, fmt.Sprintf("the database has format %d; this program knows formats up to %d: use a newer one", format, dbFormat))
	case !empty:
		return fault.Wrap(fault.Invalid, "this is not a database of this program", errors.New("no format number"))
	}
	return db.Update(func(tx *bbolt.Tx) error {
		meta, err := tx.CreateBucketIfNotExists([]byte(metaBucket))
		if err != nil {
			return err
		}
		return meta.Put([]byte(formatKey), binary.BigEndian.AppendUint16(nil, dbFormat))
	})
}
