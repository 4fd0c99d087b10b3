package stats

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"smartmail/casework"
	"smartmail/property"
	"smartmail/register"
)

// grouping finds the keys of facts. Each value has a place in values, so that a key is a few small numbers.
type grouping struct {
	l        *lens
	values   []Key
	places   []map[string]int32 // of values, by the place in By
	memo     [MaxBy][]int32     // by code: place of the value + 1
	period   int                // place in By of the period; -1: none
	supplier int                // and of the supplier
	calendar [uses]calendar
	begun    int64 // of the first period that was asked for, and
	ended    int64 // of the last one
}

// calendar remembers the last period that was asked for: neighbours in number are neighbours in time.
type calendar struct {
	from, to int64
	place    int32
}

func newGrouping(l *lens) *grouping {
	g := &grouping{l: l, period: -1, supplier: -1}
	for i, b := range l.q.By {
		g.places = append(g.places, map[string]int32{})
		g.memo[i] = make([]int32, len(l.names))
		switch {
		case b.Period():
			g.period = i
		case b == BySupplier:
			g.supplier = i
		}
	}
	return g
}

// place is the place of a value, which is given one when it is new.
func (g *grouping) place(i int, k Key) int32 {
	at, ok := g.places[i][k.ID]
	if !ok {
		at = int32(len(g.values))
		g.places[i][k.ID] = at
		g.values = append(g.values, k)
	}
	return at
}

// key is the key of a fact but for its period; supplier is the one that it is counted for.
func (g *grouping) key(f *fact, supplier code) (k key) {
	for i, b := range g.l.q.By {
		switch b {
		case ByClass, ByTopClass:
			k[i] = g.remember(i, f.class, func() Key { return g.class(b, f.class) })
		case BySupplier:
			k[i] = g.remember(i, supplier, func() Key { return g.person(supplier) })
		case ByTechnician:
			k[i] = g.remember(i, f.technician, func() Key { return g.person(f.technician) })
		case ByStatus:
			k[i] = g.place(i, Key{ID: string(f.status), Label: string(f.status)})
		case BySegment:
			if f.segment != 0 {
				s := g.l.names[f.segment].text
				k[i] = g.place(i, Key{ID: s, Label: s})
				continue
			}
			k[i] = g.remember(i, f.object, func() Key { s := g.l.place(f.object).segment; return Key{ID: s, Label: s} })
		case ByDay, ByMonth, ByQuarter, ByYear:
		default:
			k[i] = g.remember(i, f.object, func() Key { return g.object(b, f.object) })
		}
	}
	return k
}

// remember is the place of what a code leads to, which is asked for once.
func (g *grouping) remember(i int, c code, value func() Key) int32 {
	if at := g.memo[i][c]; at > 0 {
		return at - 1
	}
	at := g.place(i, value())
	g.memo[i][c] = at + 1
	return at
}

func (g *grouping) class(b By, c code) Key {
	text := g.l.names[c].text
	if b == ByTopClass {
		text, _, _ = strings.Cut(text, register.Separator)
	}
	return Key{ID: text, Label: text}
}

// person is whom the register has under the digest, or the digest.
func (g *grouping) person(c code) Key {
	n := g.l.names[c]
	if id := g.l.q.People[n.text]; id != "" {
		return Key{ID: id, Label: id}
	}
	return Key{ID: n.text, Label: n.text, Seen: n.seen}
}

// object is the object itself, or the one of a kind that it lies in.
func (g *grouping) object(b By, c code) Key {
	path, id := g.l.place(c).path, property.ID(g.l.names[c].text)
	switch b {
	case ByBuilding:
		id = g.l.estate.nearest(path, property.Building)
	case ByProperty:
		id = g.l.estate.nearest(path, property.Property)
	case ByArea:
		id = g.l.estate.nearest(path, property.Area)
	}
	return Key{ID: string(id), Label: g.l.estate.label(id)}
}

// periodOf is the place of the period of an instant.
func (g *grouping) periodOf(at int64, use int) int32 {
	c := &g.calendar[use]
	if at >= c.from && at < c.to {
		return c.place
	}
	from, to, label := period(g.l.q.By[g.period], time.Unix(at, 0).In(g.l.q.location()))
	*c = calendar{from.Unix(), to.Unix(), g.place(g.period, Key{ID: label, Label: label})}
	if g.ended == 0 || c.from < g.begun {
		g.begun = c.from
	}
	g.ended = max(g.ended, c.to)
	return c.place
}

// period is the day, month, quarter or year of an instant.
func period(b By, at time.Time) (from, to time.Time, label string) {
	y, m, d := at.Date()
	begin := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, at.Location()) }
	switch b {
	case ByDay:
		return begin(y, m, d), begin(y, m, d+1), at.Format(time.DateOnly)
	case ByMonth:
		return begin(y, m, 1), begin(y, m+1, 1), at.Format("2006-01")
	case ByQuarter:
		q := (m-1)/3*3 + 1
		return begin(y, q, 1), begin(y, q+3, 1), fmt.Sprintf("%04d-Q%d", y, (m-1)/3+1)
	default:
		return begin(y, 1, 1), begin(y+1, 1, 1), at.Format("2006")
	}
}

// keys are the keys of a row, and the floor that it is about.
func (g *grouping) keys(k key, whole float64) (keys []Key, squareMetres float64) {
	squareMetres = whole
	for i, b := range g.l.q.By {
		v := g.values[k[i]]
		keys = append(keys, v)
		switch b {
		case ByObject, ByBuilding, ByProperty, ByArea:
			squareMetres = g.l.areaSeen(property.ID(v.ID))
		}
	}
	return keys, squareMetres
}

// compareKeys sorts by what people read; statuses in the order of a case's life.
func compareKeys(a, b Key) int {
	i := slices.Index(casework.Statuses(), casework.Status(a.ID))
	if j := slices.Index(casework.Statuses(), casework.Status(b.ID)); i >= 0 && j >= 0 {
		return cmp.Compare(i, j)
	}
	return cmp.Or(cmp.Compare(a.Label, b.Label), cmp.Compare(a.ID, b.ID))
}
