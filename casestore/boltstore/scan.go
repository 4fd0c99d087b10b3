package boltstore

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"slices"

	"go.etcd.io/bbolt"

	"smartmail/casestore"
)

// Claim implements casestore.Tx. There is one write transaction at a time, so nothing is ever claimed by another.
func (t *tx) Claim(s *casestore.Schema, q casestore.Query) iter.Seq2[casestore.Row, error] {
	if err := t.mayWrite(); err != nil {
		return func(yield func(casestore.Row, error) bool) { yield(casestore.Row{}, err) }
	}
	return t.Scan(s, q)
}

// Scan implements casestore.Tx. It shows the table as it is when the loop begins: what the loop's body
// writes does not show in it, so a loop that moves rows within the index that it scans comes to an end.
func (t *tx) Scan(s *casestore.Schema, q casestore.Query) iter.Seq2[casestore.Row, error] {
	return func(yield func(casestore.Row, error) bool) {
		bucket, err := t.scanned(s, q)
		if err != nil {
			yield(casestore.Row{}, err)
			return
		}
		rows := t.pending[s.Name].snapshot()
		n := 0
		for pos, value := range t.merged(bucket, q) {
			row, err := t.rowAt(s, q, rows, pos, value)
			if !yield(row, err) || err != nil {
				return
			}
			if n++; n == q.Limit {
				return
			}
		}
	}
}

// scanned returns the bucket that the query scans.
func (t *tx) scanned(s *casestore.Schema, q casestore.Query) (string, error) {
	if t.base == nil {
		return "", errEnded
	}
	if q.Index == "" {
		return s.Name, nil
	}
	if !slices.ContainsFunc(s.Indexes, func(ix casestore.IndexSchema) bool { return ix.Name == q.Index }) {
		return "", fmt.Errorf("%s has no index %q", s.Name, q.Index)
	}
	return indexBucket(s.Name, q.Index), nil
}

var errDangling = errors.New("index entry without a row")

func (t *tx) rowAt(s *casestore.Schema, q casestore.Query, rows []entry, pos, value []byte) (casestore.Row, error) {
	if t.base == nil {
		return casestore.Row{}, errEnded // the loop outlived its transaction
	}
	if err := t.ctx.Err(); err != nil {
		return casestore.Row{}, fmt.Errorf("scan %s: %w", s.Name, err)
	}
	if q.Index == "" {
		return toRow(s, pos, pos, value)
	}
	key := value
	var stored []byte
	if i, found := search(rows, key); found {
		stored = rows[i].value
	} else {
		stored = t.stored(s.Name, key)
	}
	if stored == nil {
		return casestore.Row{}, ours(s.Name+"."+q.Index, fmt.Errorf("%w: %x", errDangling, pos))
	}
	return toRow(s, key, pos, stored)
}

// span is a range of positions, lo <= position < hi, in one direction; a nil hi is no bound.
type span struct {
	lo, hi  []byte
	reverse bool
}

func spanOf(q casestore.Query) span {
	r := span{lo: q.Prefix, hi: q.Prefix.End(), reverse: q.Reverse}
	above, below := q.After, q.Until
	if q.Reverse {
		above, below = q.Until, q.After
	} else if len(above) > 0 {
		above = append(bytes.Clone(above), 0) // the least key behind it
	}
	if bytes.Compare(above, r.lo) > 0 {
		r.lo = above
	}
	if len(below) > 0 && (r.hi == nil || bytes.Compare(below, r.hi) < 0) {
		r.hi = below
	}
	return r
}

func (r span) has(k []byte) bool {
	return k != nil && bytes.Compare(k, r.lo) >= 0 && (r.hi == nil || bytes.Compare(k, r.hi) < 0)
}

// merged yields what the bucket holds in the span: what is stored, with the pending writes laid over it.
func (t *tx) merged(bucket string, q casestore.Query) iter.Seq2[[]byte, []byte] {
	r := spanOf(q)
	return func(yield func(k, v []byte) bool) {
		pending := cut(t.pending[bucket].snapshot(), r)
		emit := func(k, v []byte) bool { return v == nil || yield(k, v) }
		for k, v := range walk(t.base.Bucket([]byte(bucket)), r) {
			hidden := false
			for len(pending) > 0 && !hidden {
				order := bytes.Compare(pending[0].key, k)
				if r.reverse {
					order = -order
				}
				if order > 0 {
					break
				}
				hidden = order == 0
				if !emit(pending[0].key, pending[0].value) {
					return
				}
				pending = pending[1:]
			}
			if !hidden && !yield(k, v) {
				return
			}
		}
		for _, e := range pending {
			if !emit(e.key, e.value) {
				return
			}
		}
	}
}

// cut returns the entries within the span, in its direction.
func cut(entries []entry, r span) []entry {
	from, _ := search(entries, r.lo)
	to := len(entries)
	if r.hi != nil {
		to, _ = search(entries, r.hi)
	}
	if from >= to {
		return nil
	}
	entries = entries[from:to]
	if r.reverse {
		entries = slices.Clone(entries)
		slices.Reverse(entries)
	}
	return entries
}

// walk yields what is stored in the bucket, which may be nil, within the span.
func walk(b *bbolt.Bucket, r span) iter.Seq2[[]byte, []byte] {
	return func(yield func(k, v []byte) bool) {
		if b == nil {
			return
		}
		c := b.Cursor()
		first, v := c.Seek(r.lo)
		if !r.has(first) {
			return
		}
		if !r.reverse {
			for k := first; r.has(k) && yield(k, v); k, v = c.Next() {
			}
			return
		}
		k, v := seekBefore(c, r.hi)
		for {
			// bbolt v1.5.0: Prev returns nil at the beginning, but also on a page that deletions in the same transaction
			// have emptied, where the next call goes on. There is a first key in the span, so that the loop ends.
			if k != nil && (!yield(k, v) || bytes.Equal(k, first)) {
				return
			}
			k, v = c.Prev()
		}
	}
}

// seekBefore moves the cursor to the last key before hi, or to the last of all.
func seekBefore(c *bbolt.Cursor, hi []byte) (k, v []byte) {
	if hi != nil {
		if k, _ = c.Seek(hi); k != nil {
			return c.Prev()
		}
	}
	return c.Last()
}
