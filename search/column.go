package search

import (
	"bytes"
	"encoding/binary"
	"hash/fnv"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
)

// column holds one number of every case, by case number, in pages.
type column struct {
	rows  *casestore.Table[cells]
	width int // bytes of a number, 8 at most
}

// cells is a page of a column.
type cells struct {
	Org     casework.OrgID
	Page    uint64
	Cells   []byte // width bytes for each case, by the low part of its number; 0: nothing is known of such a case
	Version uint64
}

const (
	pageBits = 8
	pageSize = 1 << pageBits
)

var (
	changes = newColumn("changes", 8) // last changes, in microseconds since 1970
	objects = newColumn("objects", 4) // mark of the object
)

func newColumn(name string, width int) column {
	rows := casestore.Declare(name, 1,
		func(c *cells) casestore.Key { return casestore.K(string(c.Org)).Uint(c.Page) },
		func(c *cells) *uint64 { return &c.Version },
	).WithCodec(
		func(c *cells) ([]byte, error) { return c.Cells, nil },
		func(doc []byte, c *cells) error {
			if len(doc) != width*pageSize {
				return errTorn
			}
			c.Cells = bytes.Clone(doc)
			return nil
		})
	return column{rows, width}
}

// page returns a page to read, or to change and put; an empty one where there is none.
func (c column) page(tx casestore.Tx, org casework.OrgID, page uint64) (cells, error) {
	p, err := c.rows.Get(tx, casestore.K(string(org)).Uint(page))
	if fault.Is(err, fault.NotFound) {
		p, err = cells{Cells: make([]byte, c.width*pageSize)}, nil
	}
	p.Org, p.Page = org, page
	return p, err
}

// enter writes numbers of a page's cases.
func (c column) enter(tx casestore.Tx, org casework.OrgID, page uint64, numbers map[casework.CaseNumber]uint64) error {
	p, err := c.page(tx, org, page)
	if err != nil {
		return err
	}
	var whole [8]byte
	for n, v := range numbers {
		binary.BigEndian.PutUint64(whole[:], v)
		copy(p.Cells[c.width*int(n%pageSize):], whole[8-c.width:])
	}
	return c.rows.Put(tx, &p)
}

// columnReader reads a column for one query.
type columnReader struct {
	column
	tx   casestore.Tx
	org  casework.OrgID
	now  cells
	open bool
}

// at is the number of a case. Cases must come in order, or pages are read again.
func (r *columnReader) at(n casework.CaseNumber) (v uint64, err error) {
	if page := uint64(n) >> pageBits; !r.open || r.now.Page != page {
		if r.now, err = r.page(r.tx, r.org, page); err != nil {
			return 0, err
		}
		r.open = true
	}
	at := r.width * int(n%pageSize)
	if r.width == 4 {
		return uint64(binary.BigEndian.Uint32(r.now.Cells[at:])), nil
	}
	return binary.BigEndian.Uint64(r.now.Cells[at:]), nil
}

// markOf tells objects apart, nearly always: what is found by it is a hint as all hits are. It is never 0.
func markOf(object string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(object))
	return max(h.Sum32(), 1)
}

// marks are those of many objects, a bit for each that begins alike. Of ten thousand objects it lets one of four hundred
// others through.
type marks [1 << (markBits - 6)]uint64

const markBits = 22

func marksOf(texts []string) *marks {
	var all marks
	for _, text := range texts {
		at := markOf(valueOf(Object, text).text) >> (32 - markBits)
		all[at/64] |= 1 << (at % 64)
	}
	return &all
}

func (m *marks) has(mark uint32) bool {
	at := mark >> (32 - markBits)
	return m[at/64]>>(at%64)&1 == 1
}
