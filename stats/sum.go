package stats

import (
	"context"
	"fmt"
	"slices"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
)

// Figures are the sums of some cases. Each is counted when it happened: a case is opened in one month and done in another.
type Figures struct {
	Opened    int
	Open      int // of those opened: not done yet
	Late      int // of those: over the deadline
	Done      int // done or closed for the last time
	Closed    int
	Reopened  int // how often a case was opened again after it was done
	Repeats   int // of those opened: the same fault was done at most RepeatWithin before
	Deadlines int // of those done: had a deadline
	InTime    int // of those: were done within it
	Lead      Spread
	Cost      Cost // of orders, when they were done, or else answered

	SquareMetres float64 // of the objects that the row is about
}

// Spread tells how a duration is distributed over some cases. It is exact.
type Spread struct {
	N                 int
	Mean, Median, P90 time.Duration // the median of an even number is the lower one
}

// Table is the answer to a query.
type Table struct {
	By    []By
	Rows  []Row // in the order of their keys; none where By is empty
	Total Figures
}

// Row is what belongs together by the query's By.
type Row struct {
	Keys []Key
	Figures
}

// Key is what a row is about, in one of the query's By. An empty one is what has no such thing.
type Key struct {
	ID    string
	Label string              // what people call it
	Seen  casework.CaseNumber // a case from which a person can be told whom the register does not have; 0: no need to
}

// Figures answers a query.
func (x *Index) Figures(ctx context.Context, org casework.OrgID, q Query, e *Estate) (t Table, err error) {
	s := &summing{}
	err = x.walk(ctx, org, q, e, func(l *lens) { s.begin(l) }, func(f *fact) bool {
		s.take(f)
		return len(s.groups) <= MaxGroups
	})
	if err != nil {
		return t, err
	}
	if len(s.groups) > MaxGroups {
		return t, fault.New(fault.Invalid, fmt.Sprintf("by: more than %d groups: ask for fewer days, or for a part of the cases", MaxGroups))
	}
	return s.table(), nil
}

// walk calls f with every fact until it returns false, after begin, in one View.
func (x *Index) walk(ctx context.Context, org casework.OrgID, q Query, e *Estate, begin func(*lens), f func(*fact) bool) error {
	if err := q.Check(); err != nil {
		return err
	}
	return x.Store.View(ctx, func(tx casestore.Tx) error {
		names, err := x.names.of(tx, org)
		if err != nil {
			return err
		}
		begin(newLens(q, e, names))
		return each(tx, org, names, f)
	})
}

// sum is a row that is being summed.
type sum struct {
	Figures
	place int32
	lead  []uint32 // seconds of each done case
}

// key is a row's keys: places in grouping.values.
type key [MaxBy]int32

// summing sums facts up.
type summing struct {
	l        *lens
	g        *grouping
	from, to int64
	now      int64
	groups   map[key]*sum
	faults   faults
	cells    []*sum  // by place; the total is the first
	opened   []int32 // places where the faults were counted as opened
	multi    []code  // suppliers of the case at hand
}

func (s *summing) begin(l *lens) {
	*s = summing{l: l, g: newGrouping(l), groups: map[key]*sum{}, cells: []*sum{{}}, now: l.q.Now.Unix()}
	s.from, s.to = l.q.span()
}

// take counts a case wherever it belongs.
func (s *summing) take(f *fact) {
	if !s.l.sees(f) {
		return
	}
	first := len(s.opened)
	if s.l.wants(f) {
		s.count(f, func(int64, int) *sum { return s.cells[0] }, nil)
		switch {
		case len(s.l.q.By) == 0:
		case s.g.supplier >= 0:
			for _, who := range s.suppliers(f) {
				k := s.g.key(f, who)
				s.count(f, func(at int64, use int) *sum { return s.cell(k, at, use) }, &who)
			}
		default:
			k := s.g.key(f, 0)
			s.count(f, func(at int64, use int) *sum { return s.cell(k, at, use) }, nil)
		}
	}
	if f.object != 0 && f.class != 0 && !f.merged {
		s.faults.add(f, first, len(s.opened))
	}
}

// suppliers are those that a case counts for: code 0 where it has no order.
func (s *summing) suppliers(f *fact) []code {
	s.multi = s.multi[:0]
	for i := range f.orders {
		if o := &f.orders[i]; s.l.wantsOrder(o) && !slices.Contains(s.multi, o.supplier) {
			s.multi = append(s.multi, o.supplier)
		}
	}
	if len(s.multi) == 0 {
		s.multi = append(s.multi, 0)
	}
	return s.multi
}

func (s *summing) cell(k key, at int64, use int) *sum {
	if s.g.period >= 0 {
		k[s.g.period] = s.g.periodOf(at, use)
	}
	c := s.groups[k]
	if c == nil {
		c = &sum{place: int32(len(s.cells))}
		s.groups[k], s.cells = c, append(s.cells, c)
	}
	return c
}

// What instants are of, so that each kind remembers the period of the last one.
const (
	useOpened = iota
	useDone
	useClosed
	useOther
	uses
)

// count adds a case to the cells of its instants. of: only the orders to that supplier count; nil: all.
func (s *summing) count(f *fact, cell func(at int64, use int) *sum, of *code) {
	within := func(at int64) bool { return at != 0 && at >= s.from && at < s.to }
	if !f.merged {
		s.course(f, cell, within)
	}
	for i := range f.orders {
		if o := &f.orders[i]; within(o.at) && o.cost != (Cost{}) && s.l.wantsOrder(o) && (of == nil || o.supplier == *of) {
			cell(o.at, useOther).Cost.add(o.cost)
		}
	}
}

// course adds what became of a case.
func (s *summing) course(f *fact, cell func(at int64, use int) *sum, within func(int64) bool) {
	if within(f.opened) {
		c := cell(f.opened, useOpened)
		s.opened = append(s.opened, c.place)
		c.Opened++
		if !finished(f.status) {
			c.Open++
			if f.due != 0 && f.due < s.now {
				c.Late++
			}
		}
	}
	if within(f.done) {
		c := cell(f.done, useDone)
		c.Done++
		c.lead = append(c.lead, gap(f.opened, f.done))
		if f.due != 0 {
			c.Deadlines++
			if f.done <= f.due {
				c.InTime++
			}
		}
	}
	if within(f.closed) {
		cell(f.closed, useClosed).Closed++
	}
	for _, at := range f.reopened {
		if within(at) {
			cell(at, useOther).Reopened++
		}
	}
}

// table is what was summed.
func (s *summing) table() Table {
	s.faults.repeats(func(o, _ *occurrence) {
		for _, c := range s.opened[o.first:o.last] {
			s.cells[c].Repeats++
		}
	})
	s.fill()
	floor := s.l.squareMetres()
	t := Table{By: slices.Clone(s.l.q.By), Rows: make([]Row, 0, len(s.groups)), Total: s.cells[0].figures(floor)}
	for k, c := range s.groups {
		keys, area := s.g.keys(k, floor)
		t.Rows = append(t.Rows, Row{keys, c.figures(area)})
	}
	slices.SortFunc(t.Rows, func(a, b Row) int {
		return slices.CompareFunc(a.Keys, b.Keys, compareKeys)
	})
	return t
}

func (c *sum) figures(squareMetres float64) Figures {
	c.Lead, c.SquareMetres = spread(c.lead), squareMetres
	return c.Figures
}

// spread tells how seconds are distributed; it sorts them.
func spread(all []uint32) (s Spread) {
	if s.N = len(all); s.N == 0 {
		return s
	}
	slices.Sort(all)
	total := uint64(0)
	for _, v := range all {
		total += uint64(v)
	}
	second := func(v uint64) time.Duration { return time.Duration(v) * time.Second }
	s.Mean, s.Median = second(total/uint64(s.N)), second(uint64(all[(s.N-1)/2]))
	s.P90 = second(uint64(all[(s.N*9+9)/10-1])) // the least that nine in ten do not exceed
	return s
}
