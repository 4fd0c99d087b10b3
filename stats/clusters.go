package stats

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"smartmail/casework"
	"smartmail/fault"
	"smartmail/property"
)

// Cluster is many cases of one class in one building within some days: perhaps they are one incident.
type Cluster struct {
	Object, Label string // the building, or what is nearest to one
	Class         string
	First, Last   time.Time
	Count, Open   int
	Cases         []casework.CaseNumber // oldest first, at most maxClustered
}

// Together says from when on cases are a cluster.
type Together struct {
	Least  int           // cases
	Within time.Duration // of one another
}

// maxClustered is how many cases of a cluster are named.
const maxClustered = 200

// report is a case in the line of those of its class in its building.
type report struct {
	kind   uint64 // house, by its place among those of the lens, and class
	opened int64
	number casework.CaseNumber
	open   bool
}

// Clusters lists the clusters of cases that were opened within the query's period, the newest first.
func (x *Index) Clusters(ctx context.Context, org casework.OrgID, q Query, e *Estate, t Together) ([]Cluster, error) {
	if t.Least < 2 || t.Within <= 0 {
		return nil, fault.New(fault.Invalid, fmt.Sprintf("a cluster is two cases or more within a time: %d within %s", t.Least, t.Within))
	}
	var (
		l        *lens
		all      []report
		from, to = q.span()
	)
	err := x.walk(ctx, org, q, e, func(of *lens) { l, all = of, nil }, func(f *fact) bool {
		if f.object != 0 && f.class != 0 && f.opened >= from && f.opened < to && l.sees(f) && l.wants(f) {
			all = append(all, report{uint64(l.houseOf(f.object))<<32 | uint64(f.class), f.opened, f.number, !finished(f.status)})
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b report) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.opened, b.opened), cmp.Compare(a.number, b.number))
	})
	list := []Cluster{}
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].kind == all[0].kind {
			n++
		}
		for _, c := range together(all[:n], t) {
			list = append(list, l.cluster(c))
		}
		all = all[n:]
	}
	slices.SortFunc(list, func(a, b Cluster) int {
		return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Object, b.Object), cmp.Compare(a.Class, b.Class))
	})
	return list, nil
}

// house is the building that an object is or lies in, or else the property, or else itself.
func (l *lens) house(c code) property.ID {
	path := l.place(c).path
	return cmp.Or(l.estate.nearest(path, property.Building), l.estate.nearest(path, property.Property), property.ID(l.names[c].text))
}

// houseOf is house as a number.
func (l *lens) houseOf(c code) int32 {
	p := l.place(c)
	if p.house == 0 {
		id := l.house(c)
		if l.byHouse[id] == 0 {
			l.houses = append(l.houses, id)
			l.byHouse[id] = int32(len(l.houses))
		}
		p.house = l.byHouse[id]
	}
	return p.house
}

// together finds the runs of one line in which every window of time that has enough cases joins the next one that shares a case.
func together(line []report, t Together) (runs [][]report) {
	within := int64(t.Within / time.Second)
	from, to := 0, 0 // the run that is being made
	for i := range line {
		end := i + t.Least
		if end > len(line) || line[end-1].opened-line[i].opened > within {
			continue
		}
		if i >= to && to > from {
			runs = append(runs, line[from:to])
		}
		if i >= to {
			from = i
		}
		to = end
	}
	if to > from {
		runs = append(runs, line[from:to])
	}
	return runs
}

func (l *lens) cluster(run []report) Cluster {
	house := l.houses[run[0].kind>>32-1]
	c := Cluster{
		Object: string(house), Label: l.estate.label(house), Class: l.names[uint32(run[0].kind)].text, Count: len(run),
		First: time.Unix(run[0].opened, 0).UTC(), Last: time.Unix(run[len(run)-1].opened, 0).UTC(),
	}
	for _, r := range run {
		if r.open {
			c.Open++
		}
		if len(c.Cases) < maxClustered {
			c.Cases = append(c.Cases, r.number)
		}
	}
	return c
}
