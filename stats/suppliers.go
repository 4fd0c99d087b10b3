package stats

import (
	"context"
	"slices"

	"smartmail/casework"
)

// Score is how a supplier did with the orders that were placed with him within a period.
type Score struct {
	Supplier  Key
	Asked     int // orders to do work
	Accepted  int // of those: said yes, booked or did it
	Declined  int // said no, or handed it back
	Withdrawn int // were taken back by us
	Done      int
	Waiting   int    // he has neither answered nor done it yet
	Accept    Spread // from asked to accepted; offers that were chosen are not counted, since they were accepted before
	Lead      Spread // from asked to done
	Deadlines int    // of those done: had a deadline
	InTime    int    // of those: were done within it
	Over      int    // whose price is over the cap
	Reopened  int    // of those done: the case was opened again after that
	Cost      Cost
	Requests  int // for a price
	Offers    int // prices that he gave
	Chosen    int // of those
}

// scoring sums up what is said of one supplier.
type scoring struct {
	Score
	accept, lead []uint32
}

// Suppliers compares the suppliers by their orders on the cases that are asked for; the one with most orders comes first. The period is that of
// when the order was placed.
func (x *Index) Suppliers(ctx context.Context, org casework.OrgID, q Query, e *Estate) ([]Score, error) {
	q.By = []By{BySupplier}
	var (
		l        *lens
		g        *grouping
		all      map[int32]*scoring
		from, to = q.span()
	)
	begin := func(of *lens) { l, g, all = of, newGrouping(of), map[int32]*scoring{} }
	err := x.walk(ctx, org, q, e, begin, func(f *fact) bool {
		if !l.sees(f) || !l.wantsCase(f) {
			return true
		}
		for i := range f.orders {
			o := &f.orders[i]
			if o.asked < from || o.asked >= to || o.supplier == 0 || l.where.suppliers != nil && !l.where.suppliers[o.supplier] {
				continue
			}
			k := g.key(f, o.supplier)[0]
			s := all[k]
			if s == nil {
				s = &scoring{Score: Score{Supplier: g.values[k]}}
				all[k] = s
			}
			s.add(f, o)
		}
		return len(all) <= MaxGroups
	})
	if err != nil {
		return nil, err
	}
	list := make([]Score, 0, len(all))
	for _, s := range all {
		s.Accept, s.Lead = spread(s.accept), spread(s.lead)
		list = append(list, s.Score)
	}
	slices.SortFunc(list, func(a, b Score) int {
		if a.Asked != b.Asked {
			return b.Asked - a.Asked
		}
		return compareKeys(a.Supplier, b.Supplier)
	})
	return list, nil
}

func (s *scoring) add(f *fact, o *order) {
	if o.price {
		s.Requests++
		if o.offered {
			s.Offers++
		}
		if !o.chosen {
			return
		}
		s.Chosen++
	}
	s.Asked++
	if o.accepted != 0 {
		s.Accepted++
		if !o.chosen {
			s.accept = append(s.accept, gap(o.asked, o.accepted))
		}
	}
	switch o.state {
	case casework.OrderDeclined, casework.OrderReturned:
		s.Declined++
	case casework.OrderWithdrawn:
		s.Withdrawn++
	case casework.OrderOpen:
		s.Waiting++
	}
	if o.over {
		s.Over++
	}
	s.Cost.add(o.cost)
	if o.done == 0 {
		return
	}
	s.Done++
	s.lead = append(s.lead, gap(o.asked, o.done))
	if o.deadline != 0 {
		s.Deadlines++
		if o.done <= o.deadline {
			s.InTime++
		}
	}
	if slices.ContainsFunc(f.reopened, func(at int64) bool { return at >= o.done }) {
		s.Reopened++
	}
}

// gap is how many seconds lie between two instants.
func gap(from, to int64) uint32 { return uint32(max(0, min(to-from, 1<<32-1))) }
