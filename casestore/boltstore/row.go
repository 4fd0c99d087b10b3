package boltstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"iter"

	"smartmail/casestore"
)

// A stored row, layout 1 (numbers are unsigned varints unless said otherwise; a string is its length and its bytes):
//
//	layout   1 byte
//	checksum 4 bytes, big-endian: CRC-32C of the primary key and all that follows
//	version, format
//	number of indexes, and for each: name, unique (1 byte), number of keys, keys
//	document
//
// The index entries are those of the version that is stored, under the index names of its time: the next
// version, or Verify, finds and removes them whatever the schema has become.
const rowLayout = 1

const rowHeader = 1 + 4

// record is a decoded row. Its slices point into the stored bytes.
type record struct {
	version uint64
	format  uint16
	index   []byte // the index section, for positions
	doc     []byte
}

func checksum(key, rest []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	return crc32.Update(crc32.Checksum(key, table), table, rest)
}

// encodeRow encodes the row as the version after row.Version.
func encodeRow(s *casestore.Schema, row casestore.Row) []byte {
	size := rowHeader + 2*binary.MaxVarintLen64 + len(row.Doc)
	for i, ix := range s.Indexes {
		size += len(ix.Name) + 8
		for _, k := range row.Index[i] {
			size += len(k) + binary.MaxVarintLen32
		}
	}
	b := append(make([]byte, 0, size), rowLayout, 0, 0, 0, 0)
	b = binary.AppendUvarint(b, row.Version+1)
	b = binary.AppendUvarint(b, uint64(row.Format))
	b = binary.AppendUvarint(b, uint64(len(s.Indexes)))
	for i, ix := range s.Indexes {
		b = appendString(b, []byte(ix.Name))
		var unique byte
		if ix.Unique {
			unique = 1
		}
		b = append(b, unique)
		b = binary.AppendUvarint(b, uint64(len(row.Index[i])))
		for _, k := range row.Index[i] {
			b = appendString(b, k)
		}
	}
	b = append(b, row.Doc...)
	binary.BigEndian.PutUint32(b[1:], checksum(row.Key, b[rowHeader:]))
	return b
}

func appendString(b, s []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

var errRow = errors.New("damaged row")

// decodeRow checks and decodes a stored row.
func decodeRow(key, stored []byte) (record, error) {
	if len(stored) < rowHeader {
		return record{}, fmt.Errorf("%w %x: %d bytes", errRow, key, len(stored))
	}
	if stored[0] != rowLayout {
		return record{}, fmt.Errorf("%w %x: layout %d is not known", errRow, key, stored[0])
	}
	body := stored[rowHeader:]
	if checksum(key, body) != binary.BigEndian.Uint32(stored[1:]) {
		return record{}, fmt.Errorf("%w %x: checksum", errRow, key)
	}
	r := reader{rest: body}
	rec := record{version: r.uint()}
	format := r.uint()
	rec.format = uint16(format)
	before := r.rest
	r.skipIndexes()
	if r.bad || uint64(rec.format) != format {
		return record{}, fmt.Errorf("%w %x: broken off or malformed", errRow, key)
	}
	rec.index = before[:len(before)-len(r.rest)]
	rec.doc = r.rest
	return rec, nil
}

// positions yields index name and position of each entry that the row with this primary key has.
func (rec record) positions(key []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		r := reader{rest: rec.index}
		r.indexes(func(name []byte, unique bool, k []byte) bool {
			return yield(string(name), position(unique, k, key))
		})
	}
}

// position is where an index has an entry: under the index key alone when that is unique, else with the primary key behind it.
func position(unique bool, indexKey, key []byte) []byte {
	if unique {
		return append(make([]byte, 0, len(indexKey)), indexKey...)
	}
	return append(append(make([]byte, 0, len(indexKey)+len(key)), indexKey...), key...)
}

// reader reads the parts of a row; after the first fault it is bad, and reads zeros.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) uint() uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		r.bad, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.bad, r.rest = true, nil
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) skipIndexes() { r.indexes(func([]byte, bool, []byte) bool { return true }) }

// indexes reads the index section and calls fn for each key, until it returns false.
func (r *reader) indexes(fn func(name []byte, unique bool, key []byte) bool) {
	for n := r.uint(); n > 0 && !r.bad; n-- {
		name := r.bytes(r.uint())
		flag := r.bytes(1)
		unique := len(flag) == 1 && flag[0] == 1
		for keys := r.uint(); keys > 0 && !r.bad; keys-- {
			key := r.bytes(r.uint())
			if r.bad || !fn(name, unique, key) {
				return
			}
		}
	}
}
