package search

import (
	"cmp"
	"encoding/binary"
	"maps"
	"math"
	"math/bits"
	"slices"

	"smartmail/casestore"
	"smartmail/casework"
)

// peaks has the last change within each page of the column of changes, by the number of the page. A list in the order of change begins
// with the page where something changed last, and ends where no page has anything newer than what was found: of a long history it
// reads little. A page of which no peak is known is read.
var peaks = newColumn("peaks", 8)

// rise notes the peaks of pages that were written. Where none of their neighbours' are known, from before there were peaks, it notes
// those as well.
func rise(tx casestore.Tx, org casework.OrgID, pages []uint64) error {
	groups := map[uint64]map[casework.CaseNumber]uint64{}
	note := func(page uint64) error {
		p, err := changes.page(tx, org, page)
		if err != nil {
			return err
		}
		top := int64(math.MinInt64)
		for i := 0; i < len(p.Cells); i += 8 {
			top = max(top, int64(binary.BigEndian.Uint64(p.Cells[i:])))
		}
		groups[page>>pageBits][casework.CaseNumber(page)] = uint64(top)
		return nil
	}
	for _, page := range pages {
		group := page >> pageBits
		if groups[group] == nil {
			groups[group] = map[casework.CaseNumber]uint64{}
			known, err := peaks.rows.Has(tx, casestore.K(string(org)).Uint(group))
			if err != nil {
				return err
			}
			for n := group << pageBits; !known && n < (group+1)<<pageBits; n++ {
				if err := note(n); err != nil {
					return err
				}
			}
		}
		if err := note(page); err != nil {
			return err
		}
	}
	for _, group := range slices.Sorted(maps.Keys(groups)) {
		if err := peaks.enter(tx, org, group, groups[group]); err != nil {
			return err
		}
	}
	return nil
}

// picker picks the first so many places.
type picker struct {
	order func(a, b place) int
	limit int
	best  []place // sorted and cut whenever it is full; more than limit may wait to be
}

func newPicker(limit int, order func(a, b place) int) *picker {
	return &picker{order, limit, make([]place, 0, 2*limit)}
}

// late tells that enough was picked that comes before a place.
func (b *picker) late(p place) bool {
	return len(b.best) >= b.limit && b.order(p, b.best[b.limit-1]) >= 0
}

func (b *picker) offer(p place) {
	if b.late(p) {
		return
	}
	if b.best = append(b.best, p); len(b.best) == cap(b.best) || len(b.best) == b.limit {
		b.cut()
	}
}

func (b *picker) cut() {
	slices.SortFunc(b.best, b.order)
	b.best = b.best[:min(b.limit, len(b.best))]
}

// stretch is a page of the column of changes.
type stretch struct {
	page uint64
	peak int64
}

const pageWords = pageSize / 64 // of a chunk

// newest offers the cases of a set that changed within a span, behind a place, the pages that changed last first.
func (r *reader) newest(found set, from place, low, high int64, best *picker) error {
	all, err := r.stretches(found)
	if err != nil {
		return err
	}
	for _, s := range all {
		if s.peak < low || best.late(place{part: from.part, at: s.peak, number: math.MaxUint64}) {
			break // so are all that follow
		}
		p, err := changes.page(r.tx, r.org, s.page)
		if err != nil {
			return err
		}
		words := found[s.page>>(chunkBits-pageBits)][s.page%(chunkSize/pageSize)*pageWords:][:pageWords]
		for i, w := range words {
			for ; w != 0; w &= w - 1 {
				low64 := i*64 + bits.TrailingZeros64(w)
				at := int64(binary.BigEndian.Uint64(p.Cells[8*low64:]))
				here := place{part: from.part, at: at, number: casework.CaseNumber(s.page<<pageBits | uint64(low64))}
				if at >= low && at < high && (from.start || best.order(here, from) > 0) {
					best.offer(here)
				}
			}
		}
	}
	return nil
}

// stretches are the pages on which a set has cases, the one that changed last first.
func (r *reader) stretches(found set) ([]stretch, error) {
	var all []stretch
	tops := columnReader{column: peaks, tx: r.tx, org: r.org}
	for _, number := range slices.Sorted(maps.Keys(found)) {
		c := found[number]
		for i := 0; i < len(c); i += pageWords {
			if c[i]|c[i+1]|c[i+2]|c[i+3] == 0 {
				continue
			}
			s := stretch{page: number<<(chunkBits-pageBits) | uint64(i/pageWords), peak: math.MaxInt64}
			top, err := tops.at(casework.CaseNumber(s.page))
			if err != nil {
				return nil, err
			}
			if top != 0 {
				s.peak = int64(top)
			}
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b stretch) int { return cmp.Compare(b.peak, a.peak) })
	return all, nil
}
