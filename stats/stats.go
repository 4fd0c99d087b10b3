// Package stats computes figures of cases: how many, how fast, how well, at what cost, by any mix of class, object, supplier,
// segment, technician and period; and what follows from them: suppliers compared, faults that came back, many that are one, and
// what a maintenance plan should hold. It is a projection (package follow) and the sums over what that holds.
//
//	case, entries ─▶ Derive ─▶ one fact for each case: codes, instants, amounts, some fifty bytes, packed in pages
//	Query, Estate ─▶ which codes fit ─▶ one pass over the facts ─▶ Table
//
// A fact is what one case adds to any sum, and is replaced as a whole when the case changes. Sums of facts by every mix of
// dimensions would be more numbers than there are facts, since nearly every case has an object of its own; so a question is answered
// by one pass, some tenths of a microsecond a case (docs/performance.md). That answers every mix, any days, and whatever part of the
// cases a caller may see, and quantiles are exact.
//
// Names are kept apart and once, with a code for each. What an object lies in, its segment and its floor are taken from the register at the
// moment of the question, so that a house that is moved to another area counts there, with all that was ever reported in it.
//
// Invariants:
//   - The same case derived again changes nothing; figures are what a walk over all cases and their entries would give.
//   - A caller with a scope gets sums of the cases that he sees, decided on each, and no others: they are computed, never subtracted.
//   - No fact holds what a person is called or reached by: suppliers and whoever cases are assigned to are told apart by a digest of
//     the address. What a person is forgotten by, on the case and in the register, leaves the figures as they are.
//   - Groups are bounded, and what is listed beside them by the cases that there are; a question is answered in one View, which ends with its context.
package stats

import (
	"fmt"
	"slices"
	"time"

	"smartmail/casestore"
	"smartmail/fault"
	"smartmail/property"
)

// Index is the projection and the queries. It is safe for concurrent use.
type Index struct {
	// Store is where the follower writes what is derived.
	Store casestore.Store

	names names
}

// By is what figures are grouped by.
type By string

// What figures can be grouped by. A period is that of what is counted: a case is opened in one month and done in another.
const (
	ByClass      By = "class"
	ByTopClass   By = "top_class" // the first name of the class's path
	ByObject     By = "object"
	ByBuilding   By = "building" // the nearest one that the object is, or lies in
	ByProperty   By = "property"
	ByArea       By = "area"
	BySegment    By = "segment"
	BySupplier   By = "supplier" // with an order; a case with orders to two counts for each
	ByTechnician By = "technician"
	ByStatus     By = "status"
	ByDay        By = "day"
	ByMonth      By = "month"
	ByQuarter    By = "quarter"
	ByYear       By = "year"
)

// Bys lists all that figures can be grouped by.
func Bys() []By {
	return []By{ByClass, ByTopClass, ByObject, ByBuilding, ByProperty, ByArea, BySegment, BySupplier, ByTechnician, ByStatus, ByDay, ByMonth, ByQuarter, ByYear}
}

// Period reports whether it is one of time.
func (b By) Period() bool { return b == ByDay || b == ByMonth || b == ByQuarter || b == ByYear }

// Filter selects cases. An empty list does not limit; of several values one must fit, and all lists that are given must.
type Filter struct {
	Objects     []property.ID // with all that lies in them
	Classes     []string      // with all classes under them
	Segments    []string
	Suppliers   []string // addresses, in the form in which they are compared
	Technicians []string // whom cases are assigned to: contacts, or what stands there else
}

// Query says of which cases, and how divided, figures are wanted. The zero Query wants one row for all.
type Query struct {
	By       []By              // each once, one period among them at most, at most MaxBy
	Days     Days              // From and To as somebody says them
	From, To time.Time         // what happened from From and before To; a zero end is open
	Location *time.Location    // where days and months begin; nil: UTC
	Now      time.Time         // decides what is late, and when a plan begins
	People   map[string]string // whose digest (Person) it is: an id of the register, under which several addresses are one
	Scope    Filter            // the cases that the caller may see; Suppliers are those who take part in any way
	Where    Filter            // those that he asks for; Suppliers are those with an order
}

// Limits of an answer.
const (
	MaxBy     = 3
	MaxGroups = 20_000
)

// Check finds what is wrong with a query. Errors are of kind fault.Invalid.
func (q Query) Check() error {
	if len(q.By) > MaxBy {
		return fault.New(fault.Invalid, fmt.Sprintf("by: at most %d", MaxBy))
	}
	periods := 0
	for i, b := range q.By {
		if !slices.Contains(Bys(), b) {
			return fault.New(fault.Invalid, fmt.Sprintf("by: %q is none of %v", b, Bys()))
		}
		if slices.Contains(q.By[:i], b) {
			return fault.New(fault.Invalid, fmt.Sprintf("by: %q is there twice", b))
		}
		if b.Period() {
			periods++
		}
	}
	if periods > 1 {
		return fault.New(fault.Invalid, "by: one of day, month, quarter and year")
	}
	if !q.From.IsZero() && !q.To.IsZero() && !q.From.Before(q.To) {
		return fault.New(fault.Invalid, "from is not before to")
	}
	return nil
}

// span is the query's period in seconds since 1970.
func (q Query) span() (from, to int64) {
	from, to = -1<<62, 1<<62
	if !q.From.IsZero() {
		from = q.From.Unix()
	}
	if !q.To.IsZero() {
		to = q.To.Unix()
	}
	return from, to
}

func (q Query) location() *time.Location {
	if q.Location == nil {
		return time.UTC
	}
	return q.Location
}
