package stats_test

import (
	"slices"
	"strings"
	"time"

	"smartmail/casework"
	"smartmail/property"
	"smartmail/stats"
)

// lived is a case with what its timeline says.
type lived struct {
	c            casework.Case
	done, closed time.Time
	reopened     []time.Time
	orderDone    map[casework.OrderNo]time.Time
}

func life(c casework.Case, entries []casework.Entry) lived {
	l := lived{c: c, closed: c.ClosedAt, orderDone: map[casework.OrderNo]time.Time{}}
	over := func(s string) bool { return s == "done" || s == "closed" }
	for _, e := range entries {
		if e.Kind == casework.KindStatus && over(e.Change.From) != over(e.Change.To) {
			l.done = time.Time{}
			if over(e.Change.To) {
				l.done = e.At
			} else {
				l.reopened = append(l.reopened, e.At)
			}
		}
		if e.Order != 0 && e.Change != nil && e.Change.To == "done" {
			l.orderDone[e.Order] = e.At
		}
	}
	return l
}

func (l lived) path() (path []property.Object) {
	id := property.ID(l.c.Object)
	for i := slices.IndexFunc(objects(), func(o property.Object) bool { return o.ID == id }); i >= 0; i = slices.IndexFunc(objects(), func(o property.Object) bool { return o.ID == id }) {
		path = append(path, objects()[i])
		id = objects()[i].Parent
	}
	if len(path) == 0 && id != "" {
		path = []property.Object{{ID: id}}
	}
	return path
}

func (l lived) kind(k property.Kind) string {
	o, _ := property.Of(l.path(), k)
	return string(o.ID)
}

// orders are those to do the work.
func (l lived) orders(suppliers []string) (out []casework.WorkOrder) {
	for _, o := range l.c.Orders {
		if (o.Request == 0 || o.Chosen) && (len(suppliers) == 0 || slices.Contains(suppliers, l.c.Supplier(o).Email)) {
			out = append(out, o)
		}
	}
	return out
}

func (l lived) fits(f stats.Filter, ordered bool) bool {
	ok := len(f.Objects) == 0 || slices.ContainsFunc(l.path(), func(o property.Object) bool { return slices.Contains(f.Objects, o.ID) })
	ok = ok && (len(f.Classes) == 0 || slices.ContainsFunc(f.Classes, func(c string) bool { return strings.HasPrefix(l.c.Class+" > ", c+" > ") }))
	ok = ok && (len(f.Segments) == 0 || slices.Contains(f.Segments, property.Segment(l.path())))
	if ordered {
		ok = ok && (len(f.Technicians) == 0 || slices.Contains(f.Technicians, casework.Address(l.c.Assignee)))
		return ok && (len(f.Suppliers) == 0 || len(l.orders(f.Suppliers)) > 0)
	}
	return ok && (len(f.Suppliers) == 0 || slices.ContainsFunc(f.Suppliers, func(s string) bool {
		_, lane, on := l.c.ParticipantByMail(s)
		return on && strings.HasPrefix(string(lane), "supplier")
	}))
}

// ids are the keys that the case is counted under at an instant: several where it has several suppliers.
func (l lived) ids(q stats.Query, at time.Time, supplier string) string {
	var ids []string
	at = at.In(q.Location)
	for _, b := range q.By {
		ids = append(ids, map[stats.By]string{
			stats.ByClass: l.c.Class, stats.ByTopClass: strings.Split(l.c.Class, " > ")[0], stats.ByObject: l.c.Object,
			stats.ByBuilding: l.kind(property.Building), stats.ByProperty: l.kind(property.Property), stats.ByArea: l.kind(property.Area),
			stats.BySegment: property.Segment(l.path()), stats.BySupplier: stats.Person(supplier), stats.ByTechnician: stats.Person(l.c.Assignee),
			stats.ByStatus: string(l.c.Status), stats.ByDay: at.Format("2006-01-02"), stats.ByMonth: at.Format("2006-01"), stats.ByYear: at.Format("2006"),
			stats.ByQuarter: at.Format("2006-Q") + string(rune('1'+(at.Month()-1)/3)),
		}[b])
	}
	return strings.Join(ids, "\x00")
}

type walked struct {
	q     stats.Query
	seen  []lived
	total walkedRow
	rows  map[string]*walkedRow
}

type walkedRow struct {
	stats.Figures
	ids  string
	lead []time.Duration
}

func (w *walked) add(l lived) {
	w.count(l, w.q.Where.Suppliers, func(time.Time) *walkedRow { return &w.total })
	if len(w.q.By) == 0 {
		return
	}
	suppliers := []string{""}
	if by := slices.Contains(w.q.By, stats.BySupplier); by && len(l.orders(w.q.Where.Suppliers)) > 0 {
		suppliers = nil
		for _, o := range l.orders(w.q.Where.Suppliers) {
			if s := l.c.Supplier(o).Email; !slices.Contains(suppliers, s) {
				suppliers = append(suppliers, s)
			}
		}
	}
	for _, s := range suppliers {
		only := w.q.Where.Suppliers
		if s != "" {
			only = []string{s}
		}
		w.count(l, only, func(at time.Time) *walkedRow {
			ids := l.ids(w.q, at, s)
			if w.rows[ids] == nil {
				w.rows[ids] = &walkedRow{ids: ids}
			}
			return w.rows[ids]
		})
	}
}

func (w *walked) count(l lived, suppliers []string, row func(time.Time) *walkedRow) {
	on := func(at time.Time, f func(*walkedRow)) {
		if !at.IsZero() && !at.Before(w.q.From) && (w.q.To.IsZero() || at.Before(w.q.To)) {
			f(row(at))
		}
	}
	open := l.done.IsZero()
	on(l.c.CreatedAt, func(r *walkedRow) {
		r.Opened++
		if open {
			r.Open++
		}
		if open && !l.c.DueAt.IsZero() && l.c.DueAt.Before(w.q.Now) {
			r.Late++
		}
		if w.repeat(l) {
			r.Repeats++
		}
	})
	on(l.done, func(r *walkedRow) {
		r.Done++
		r.lead = append(r.lead, l.done.Sub(l.c.CreatedAt))
		if !l.c.DueAt.IsZero() {
			r.Deadlines++
			if !l.done.After(l.c.DueAt) {
				r.InTime++
			}
		}
	})
	on(l.closed, func(r *walkedRow) { r.Closed++ })
	for _, at := range l.reopened {
		on(at, func(r *walkedRow) { r.Reopened++ })
	}
	for _, o := range l.orders(suppliers) {
		if o.Sums == (casework.Sums{}) {
			continue
		}
		at := o.AnsweredAt
		if o.State == casework.OrderDone {
			at = l.orderDone[o.No]
		}
		on(at, func(r *walkedRow) {
			r.Cost.Price += o.Sums.Price
			r.Cost.Material += o.Sums.Material
			r.Cost.Minutes += int64(o.Sums.Minutes)
			r.Cost.Metres += o.Sums.Metres
		})
	}
}

func (w *walked) repeat(l lived) bool {
	return l.c.Object != "" && l.c.Class != "" && slices.ContainsFunc(w.seen, func(b lived) bool {
		gap := l.c.CreatedAt.Sub(b.done)
		return b.c.Object == l.c.Object && b.c.Class == l.c.Class && !b.done.IsZero() && gap > 0 && gap <= stats.RepeatWithin
	})
}

func (r *walkedRow) figures(squareMetres float64) stats.Figures {
	f := r.Figures
	f.SquareMetres, f.Lead.N = squareMetres, len(r.lead)
	if n := len(r.lead); n > 0 {
		slices.Sort(r.lead)
		sum := time.Duration(0)
		for _, d := range r.lead {
			sum += d
		}
		f.Lead.Mean, f.Lead.Median = (sum / time.Duration(n)).Truncate(time.Second), r.lead[(n+1)/2-1]
		for _, d := range r.lead { // the least that nine in ten do not exceed
			if under := len(slices.DeleteFunc(slices.Clone(r.lead), func(o time.Duration) bool { return o > d })); 10*under >= 9*n {
				f.Lead.P90 = d
				break
			}
		}
	}
	return f
}
