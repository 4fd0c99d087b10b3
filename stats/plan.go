package stats

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"smartmail/casework"
	"smartmail/property"
)

// planYears is how far back a plan looks unless somebody says otherwise.
const planYears = 5

// PlanRow is what the faults of one part of a building suggest for a maintenance plan.
type PlanRow struct {
	Building, Label string // or what is nearest to a building
	System          string // code of the nearest object that has one, in the landlord's own system
	AFF             string // the code where it says that it is one of AFF: "AFF:" goes before it
	Class           string // of most of the cases
	Installed       int    // year in which the oldest of the objects was, or 0
	Cases           int
	Repeats         int
	Cost            int64 // öre, of the orders on those cases within the period
	PerYear         int64
	Start           int // year in which the next one is due, as often as they came
	Interval        int // years between two, 1 at least
}

// part is a row of a plan that is being made.
type part struct {
	PlanRow
	last    int64
	classes map[code]int
}

type partKey struct {
	building property.ID
	system   string
	class    code // where there is no system code
}

// Plan suggests rows for a maintenance plan, from the cases that were opened in the query's period: by building and system code, or by class
// where nothing on the way to the object has a code. least is how many cases make a row. The dearest come first. A
// period without ends is the last planYears.
func (x *Index) Plan(ctx context.Context, org casework.OrgID, q Query, e *Estate, least int) ([]PlanRow, error) {
	var (
		l     *lens
		parts map[partKey]*part
		of    []*part // by place in all; nil: it is not asked for
		all   faults
	)
	if q.To.IsZero() {
		q.To = q.Now.Add(time.Second) // instants are whole seconds here
	}
	if q.From.IsZero() {
		q.From = q.To.AddDate(-planYears, 0, 0)
	}
	from, to := q.span()
	begin := func(to *lens) { l, parts, of, all = to, map[partKey]*part{}, nil, faults{} }
	err := x.walk(ctx, org, q, e, begin, func(f *fact) bool {
		if f.object == 0 || !l.sees(f) {
			return true
		}
		var p *part
		if f.opened >= from && f.opened < to && l.wants(f) {
			p = l.part(parts, f)
			p.add(l, f)
		}
		if f.class != 0 && !f.merged {
			all.add(f, len(of), len(of)+1)
			of = append(of, p)
		}
		return len(parts) <= MaxGroups
	})
	if err != nil {
		return nil, err
	}
	all.repeats(func(again, _ *occurrence) {
		if p := of[again.first]; p != nil {
			p.Repeats++
		}
	})
	years := q.To.Sub(q.From).Hours() / 24 / 365.25
	list := []PlanRow{}
	for _, p := range parts {
		if p.Cases >= max(least, 1) {
			list = append(list, p.row(l, years, q.Now.In(q.location()).Year()))
		}
	}
	slices.SortFunc(list, func(a, b PlanRow) int {
		return cmp.Or(cmp.Compare(b.Cost, a.Cost), cmp.Compare(b.Cases, a.Cases), cmp.Compare(a.Building, b.Building), cmp.Compare(a.System, b.System), cmp.Compare(a.Class, b.Class))
	})
	return list, nil
}

// part is the row that a case belongs to.
func (l *lens) part(parts map[partKey]*part, f *fact) *part {
	path := l.place(f.object).path
	k := partKey{building: l.house(f.object), system: l.estate.first(path, func(n *node) string { return n.system })}
	if k.system == "" {
		k.class = f.class
	}
	p := parts[k]
	if p == nil {
		p = &part{PlanRow: PlanRow{Building: string(k.building), Label: l.estate.label(k.building), System: k.system}, classes: map[code]int{}}
		if rest, ok := strings.CutPrefix(k.system, "AFF:"); ok {
			p.AFF = strings.TrimSpace(rest)
		}
		parts[k] = p
	}
	return p
}

func (p *part) add(l *lens, f *fact) {
	if !f.merged {
		p.Cases++
		p.classes[f.class]++
		p.last = max(p.last, f.opened)
	}
	for i := range f.orders {
		if o := &f.orders[i]; l.wantsOrder(o) {
			p.Cost += o.cost.Total()
		}
	}
	for _, id := range l.place(f.object).path { // the nearest that has a year says how old it is
		if n := l.estate.nodes[id]; n != nil && n.year != 0 {
			if p.Installed == 0 || n.year < p.Installed {
				p.Installed = n.year
			}
			break
		}
	}
}

func (p *part) row(l *lens, years float64, this int) PlanRow {
	most := 0
	for c, n := range p.classes {
		if text := l.names[c].text; n > most || n == most && text < p.Class {
			most, p.Class = n, text
		}
	}
	years = max(years, 1.0/365)
	p.PerYear = int64(math.Round(float64(p.Cost) / max(years, 1)))
	p.Interval = max(1, int(math.Round(years/float64(p.Cases))))
	p.Start = max(this, time.Unix(p.last, 0).In(l.q.location()).Year()+p.Interval)
	return p.PlanRow
}
