// Package search finds cases: by the values of their fields, by what is said on them, in the order of their last change or
// of their numbers. It is a projection (package follow) and the queries over what that holds.
//
//	case, entries, mails ─▶ Derive ─▶ sets of case numbers, by field and value and by word; times of last change
//	Query ─▶ words as typed ─▶ words that there are ─▶ sets, intersected ─▶ the first by their time ─▶ Hits
//
// A set is kept in chunks of 16,384 numbers, as a list or as bits, so that any combination of conditions over a million cases
// is a few thousand machine words. The order comes from a column of times, in pages of 256 cases of which the newest time is
// known: what changed last is found in the few pages where something did, however long the history behind them is. Other
// orders read the times of all that was found, some milliseconds for half a million. No list is kept in the order of change,
// so that an entry on a case moves one number in one column.
//
// Words are found through the vocabulary: by their beginning, by what can be a part of a compound (the suffixes that follow on
// at least three letters), without regard to dots and accents where none were typed, and, where that finds little, by one or two
// slips of the finger or another ending. Numbers of orders and telephone numbers are words, the latter in one form. Vocabularies grow far slower than texts, so that this costs next to nothing.
//
// Invariants:
//   - A Hit is a hint: the caller loads the case and asks Query.Match, and so never shows a case for what it no longer is.
//   - The pages of a query have every case once while nothing changes.
//   - What is derived can be derived again over itself, or from nothing.
//   - Text, words, expansions and conditions are bounded; a query reads what it needs in one View, which ends with its context.
package search

import (
	"context"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
)

// Index is the projection and the queries. It is safe for concurrent use.
type Index struct {
	// Store is where the follower writes what is derived.
	Store casestore.Store
}

// Query says which cases are wanted. The zero Query wants all, the last changed first.
type Query struct {
	Where                 []Condition // all of them hold
	Created, Updated, Due Span
	Internal              *bool  // only those that are, or that are not; nil: both
	Text                  string // words, numbers and addresses, all of which are on the case; the first MaxWords count
	Oldest                bool   // the first changed first, or the lowest number
	ByNumber              bool   // in the order of numbers, not of changes
}

// Condition holds for a case that has one of the values in the field.
type Condition struct {
	Field  Field
	Values []string
}

// Span holds for an instant from From and before To; a zero end is open. A zero Span holds for everything, and one with an
// end for nothing that has no such instant.
type Span struct{ From, To time.Time }

func (s Span) open() bool { return s == Span{} }

func (s Span) has(t time.Time) bool {
	return s.open() || !t.IsZero() && !t.Before(s.From) && (s.To.IsZero() || t.Before(s.To))
}

// Empty reports whether the query wants every case.
func (q Query) Empty() bool {
	return len(q.Where) == 0 && q.Internal == nil && q.Created.open() && q.Updated.open() && q.Due.open() && strings.TrimSpace(q.Text) == ""
}

// Match reports whether a case is as the query wants it, but for the words.
func (q Query) Match(c casework.Case) bool {
	if q.Internal != nil && *q.Internal != c.Internal || !q.Created.has(c.CreatedAt) || !q.Updated.has(c.UpdatedAt) || !q.Due.has(c.DueAt) {
		return false
	}
	has := map[value]bool{}
	for _, v := range values(c) {
		has[v] = true
	}
	return !slices.ContainsFunc(q.Where, func(w Condition) bool {
		return !slices.ContainsFunc(w.Values, func(s string) bool { return has[valueOf(w.Field, s)] })
	})
}

// number is the case number that the text may be.
func (q Query) number() (casework.CaseNumber, bool) {
	n, err := strconv.ParseUint(strings.TrimPrefix(strings.TrimSpace(q.Text), "#"), 10, 64)
	return casework.CaseNumber(n), err == nil && n > 0
}

// Hit is a case that was found, and the place behind which the search goes on.
type Hit struct {
	Case casework.CaseNumber
	At   casestore.Key
}

// The parts of a list, in this order.
const (
	partNumber uint64 = iota // the case whose number was asked for, or that of one of its orders
	partExact                // what was asked for
	partNear                 // what may have been meant
)

// few is how many cases found exactly are enough: with fewer, near ones follow.
const few = 5

// Find returns the hits behind a place, limit at most; fewer mean that there are no more. A place of another query is
// of kind fault.Invalid or gives a part of this list.
func (x *Index) Find(ctx context.Context, org casework.OrgID, q Query, after casestore.Key, limit int) (hits []Hit, err error) {
	from := place{}
	if after != nil {
		if from, err = readPlace(after); err != nil {
			return nil, err
		}
	}
	err = x.Store.View(ctx, func(tx casestore.Tx) error {
		hits = nil
		r := &reader{tx: tx, org: org, query: q}
		own, named, err := r.named()
		if err != nil {
			return err
		}
		if named && after == nil {
			hits = append(hits, Hit{own, place{part: partNumber}.key()})
		}
		for _, part := range []uint64{partExact, partNear} {
			if from.part > part || len(hits) >= limit {
				continue
			}
			found, err := r.part(part)
			if err != nil {
				return err
			}
			if named {
				found.remove(own)
			}
			start := place{part: part, start: true}
			if from.part == part {
				start = from
			}
			more, err := r.first(found, start, limit-len(hits))
			if err != nil {
				return err
			}
			hits = append(hits, more...)
		}
		return nil
	})
	return hits, err
}

// place is where in a list a hit stands.
type place struct {
	part   uint64
	at     int64 // last change, in microseconds since 1970; 0 in a list by number
	number casework.CaseNumber
	start  bool // before the first of the part
}

const placeSize = 3 * 8

func (p place) key() casestore.Key {
	return casestore.Key(nil).Uint(p.part).Uint(uint64(p.at)).Uint(uint64(p.number))
}

func readPlace(k casestore.Key) (place, error) {
	if len(k) != placeSize {
		return place{}, fault.New(fault.Invalid, "this cursor is not one of a search")
	}
	return place{
		part:   binary.BigEndian.Uint64(k),
		at:     int64(binary.BigEndian.Uint64(k[8:])),
		number: casework.CaseNumber(binary.BigEndian.Uint64(k[16:])),
	}, nil
}
