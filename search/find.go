package search

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"math/bits"
	"slices"
	"strings"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
)

// reader answers one query in one View.
type reader struct {
	tx    casestore.Tx
	org   casework.OrgID
	query Query

	terms []term
	where set      // cases for which the conditions hold
	lying []*marks // of the objects that they are on as well, one of each
	exact set      // of those, the ones with all words
}

// part returns the cases of a part of the list.
func (r *reader) part(which uint64) (set, error) {
	if r.exact == nil {
		if err := r.conditions(); err != nil {
			return nil, err
		}
		r.terms = parse(r.query.Text)
		var err error
		if r.exact, err = r.words(false); err != nil {
			return nil, err
		}
	}
	switch {
	case which == partExact:
		return r.exact.clone(), nil
	case len(r.terms) == 0 || r.exact.count() >= few:
		return set{}, nil
	}
	found, err := r.words(true)
	if err == nil {
		found.without(r.exact)
	}
	return found, err
}

// conditions finds the cases that every condition of the query lets through.
func (r *reader) conditions() error {
	r.where = nil
	narrow := func(s set, err error) error {
		switch {
		case err != nil:
			return err
		case r.where == nil:
			r.where = s
		default:
			r.where.and(s)
		}
		return nil
	}
	where := r.query.Where
	if only := r.query.Internal; only != nil && *only {
		where = append(slices.Clone(where), Condition{internal, []string{"yes"}})
	}
	for _, w := range where {
		if w.Field == Object && len(w.Values) > manyObjects {
			r.lying = append(r.lying, marksOf(w.Values))
		} else if err := narrow(r.anyOf(w)); err != nil {
			return err
		}
	}
	for _, s := range []struct {
		field Field
		span  Span
	}{{created, r.query.Created}, {due, r.query.Due}} {
		if s.span.open() {
			continue
		}
		if err := narrow(r.days(s.field, s.span)); err != nil {
			return err
		}
	}
	if r.where != nil || len(parse(r.query.Text)) > 0 {
		return nil
	}
	return narrow(r.anyOf(Condition{everyone, []string{"x"}}))
}

func (r *reader) anyOf(c Condition) (set, error) {
	found := set{}
	for _, v := range c.Values {
		if err := r.add(found, casestore.Query{Prefix: postingsOf(r.org, valueOf(c.Field, v))}); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// days finds by day; Match knows the hour.
func (r *reader) days(f Field, s Span) (set, error) {
	q := casestore.Query{Prefix: casestore.K(string(r.org)).Str(string(f))}
	if !s.From.IsZero() {
		q.After = q.Prefix.Str(day(s.From))
	}
	if !s.To.IsZero() {
		q.Until = q.Prefix.Str(day(s.To)).End()
	}
	found := set{}
	return found, r.add(found, q)
}

// add adds the sets of the postings in a range.
func (r *reader) add(to set, q casestore.Query) error {
	for f, err := range postings.Scan(r.tx, q) {
		if err != nil {
			return err
		}
		to.at(f.Record.Chunk).decode(f.Record.Set)
	}
	return nil
}

// words finds the cases for which the conditions hold and on which every word is said, or what near ones may mean.
func (r *reader) words(near bool) (set, error) {
	found := r.where
	if found != nil {
		found = found.clone()
	}
	for _, t := range r.terms {
		said, err := r.said(t, near)
		if err != nil {
			return nil, fmt.Errorf("find %d letters: %w", len(t.letters), err)
		}
		if found == nil {
			found = said
		} else {
			found.and(said)
		}
	}
	return found, r.sift(found)
}

// manyObjects are so many that the cases of each by itself take longer to read than the objects of all cases: an object
// has few cases, and a chunk for nearly each of them.
const manyObjects = 200

// sift takes away what lies in none of many objects. A case of which no object is known yet stays: the caller looks at it.
func (r *reader) sift(found set) error {
	for _, lying := range r.lying {
		column := columnReader{column: objects, tx: r.tx, org: r.org}
		for _, number := range slices.Sorted(maps.Keys(found)) {
			c := found[number]
			for i, w := range c {
				for ; w != 0; w &= w - 1 {
					bit := bits.TrailingZeros64(w)
					mark, err := column.at(casework.CaseNumber(number<<chunkBits | uint64(i*64+bit)))
					if err != nil {
						return err
					}
					if mark != 0 && !lying.has(uint32(mark)) {
						c[i] &^= 1 << bit
					}
				}
			}
		}
	}
	return nil
}

func (r *reader) said(t term, near bool) (set, error) {
	words, err := t.spellings(r.tx, r.org)
	if err == nil && near {
		var more []string
		more, err = t.near(r.tx, r.org)
		words = append(words, more...)
	}
	if err != nil {
		return nil, err
	}
	found := set{}
	slices.Sort(words)
	for _, w := range slices.Compact(words) {
		if err := r.add(found, casestore.Query{Prefix: postingsOf(r.org, value{word, w})}); err != nil {
			return nil, err
		}
	}
	if !t.loose(near) {
		return found, nil
	}
	var all set
	for _, p := range t.parts {
		said, err := r.said(p, false)
		if err != nil {
			return nil, err
		}
		if all == nil {
			all = said
		} else {
			all.and(said)
		}
	}
	found.or(all)
	return found, nil
}

// named returns the case that the text of the query is the number of, or the number of an order of, with ok where it comes first.
func (r *reader) named() (n casework.CaseNumber, ok bool, err error) {
	if n, ok = r.query.number(); ok {
		return n, true, nil
	}
	id, n, ok := orderID(strings.TrimSpace(r.query.Text))
	if !ok || strings.ContainsFunc(strings.TrimSpace(r.query.Text), isSpace) {
		return 0, false, nil
	}
	said, err := r.anyOf(Condition{word, []string{id}})
	return n, said.has(n), err
}

// first returns the first hits of a part behind a place.
func (r *reader) first(found set, from place, limit int) ([]Hit, error) {
	if limit <= 0 {
		return nil, nil
	}
	best := newPicker(limit, func(a, b place) int {
		o := cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.number, b.number))
		if r.query.Oldest {
			return o
		}
		return -o
	})
	low, high := instants(r.query.Updated)
	pick := r.each
	if !r.query.ByNumber && !r.query.Oldest {
		pick = r.newest
	}
	if err := pick(found, from, low, high, best); err != nil {
		return nil, err
	}
	best.cut()
	hits := make([]Hit, len(best.best))
	for i, p := range best.best {
		hits[i] = Hit{p.number, p.key()}
	}
	return hits, nil
}

// each offers the cases of a set that changed within a span, behind a place, in the order of their numbers.
func (r *reader) each(found set, from place, low, high int64, best *picker) error {
	changed := columnReader{column: changes, tx: r.tx, org: r.org}
	for n := range found.numbers(!r.query.Oldest) { // old numbers changed long ago, mostly: the first ones seen are among the best
		p := place{part: from.part, number: n}
		if !r.query.ByNumber || !r.query.Updated.open() {
			micro, err := changed.at(n)
			if err != nil {
				return err
			}
			at := int64(micro)
			if at < low || at >= high {
				continue
			}
			if !r.query.ByNumber {
				p.at = at
			}
		}
		if !from.start && best.order(p, from) <= 0 {
			continue
		}
		if r.query.ByNumber && best.late(p) {
			break // so are all that follow
		}
		best.offer(p)
	}
	return nil
}

// instants are the ends of a span in microseconds.
func instants(s Span) (low, high int64) {
	low, high = math.MinInt64, math.MaxInt64
	if !s.From.IsZero() {
		low = s.From.UnixMicro()
	}
	if !s.To.IsZero() {
		high = s.To.Add(time.Microsecond - 1).UnixMicro() // the column has whole ones
	}
	return low, high
}
