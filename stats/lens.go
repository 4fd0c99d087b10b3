package stats

import (
	"slices"
	"strings"

	"smartmail/property"
	"smartmail/register"
)

// lens answers for codes what a query wants to know of names, each name once.
type lens struct {
	q      Query
	estate *Estate
	names  []name
	scope  sieve
	where  sieve
	places []*place // by code of an object

	houses  []property.ID         // see houseOf
	byHouse map[property.ID]int32 // place in houses, from 1
}

// place is what the register says of an object.
type place struct {
	path    []property.ID
	segment string
	scope   bool // the object lies within the scope's objects
	where   bool // and within those that are asked for
	house   int32
}

// sieve holds, of a filter, which codes fit; a nil list does not limit.
type sieve struct {
	classes, suppliers, technicians []bool
	segments                        []string
}

func newLens(q Query, e *Estate, names []name) *lens {
	l := &lens{q: q, estate: e, names: names, places: make([]*place, len(names)), byHouse: map[property.ID]int32{}}
	l.scope, l.where = l.sieve(q.Scope), l.sieve(q.Where)
	return l
}

func (l *lens) sieve(f Filter) sieve {
	s := sieve{segments: f.Segments}
	if len(f.Classes) > 0 {
		s.classes = l.fitting(dimClass, func(text string) bool {
			return slices.ContainsFunc(f.Classes, func(c string) bool { return text == c || strings.HasPrefix(text, c+register.Separator) })
		})
	}
	s.suppliers, s.technicians = l.people(f.Suppliers), l.people(f.Technicians)
	return s
}

func (l *lens) people(wanted []string) []bool {
	if len(wanted) == 0 {
		return nil
	}
	digests := map[string]bool{}
	for _, w := range wanted {
		digests[Person(w)] = true
	}
	return l.fitting(dimPerson, func(text string) bool { return digests[text] })
}

func (l *lens) fitting(d dimension, fits func(text string) bool) []bool {
	out := make([]bool, len(l.names))
	for i, n := range l.names {
		out[i] = n.dim == d && fits(n.text)
	}
	return out
}

// place returns what the register says of an object.
func (l *lens) place(c code) *place {
	p := l.places[c]
	if p == nil {
		path := l.estate.path(property.ID(l.names[c].text))
		p = &place{path: path, segment: l.estate.segment(path), scope: lies(path, l.q.Scope.Objects), where: lies(path, l.q.Where.Objects)}
		l.places[c] = p
	}
	return p
}

func lies(path, within []property.ID) bool {
	return len(within) == 0 || slices.ContainsFunc(path, func(id property.ID) bool { return slices.Contains(within, id) })
}

// segment is the segment of a case: that of who reported it, or else of where it is.
func (l *lens) segment(f *fact) string {
	if f.segment != 0 {
		return l.names[f.segment].text
	}
	return l.place(f.object).segment
}

// sees reports whether the case lies in the scope, as access.Scope.Holds decides it.
func (l *lens) sees(f *fact) bool {
	s := &l.scope
	return l.place(f.object).scope && (s.classes == nil || s.classes[f.class]) && (len(s.segments) == 0 || slices.Contains(s.segments, l.segment(f))) &&
		(s.suppliers == nil || slices.ContainsFunc(f.parties, func(c code) bool { return s.suppliers[c] }))
}

// wants reports whether the case is one of those that are asked for.
func (l *lens) wants(f *fact) bool {
	return l.wantsCase(f) && (l.where.suppliers == nil || slices.ContainsFunc(f.orders, func(o order) bool { return l.wantsOrder(&o) }))
}

// wantsCase is wants whatever orders the case has.
func (l *lens) wantsCase(f *fact) bool {
	s := &l.where
	return l.place(f.object).where && (s.classes == nil || s.classes[f.class]) && (len(s.segments) == 0 || slices.Contains(s.segments, l.segment(f))) &&
		(s.technicians == nil || s.technicians[f.technician])
}

// wantsOrder reports whether an order counts: it is one to do the work, to a supplier who is asked for.
func (l *lens) wantsOrder(o *order) bool {
	return o.work() && (l.where.suppliers == nil || l.where.suppliers[o.supplier])
}

// squareMetres is the floor of all objects that the query is about.
func (l *lens) squareMetres() float64 {
	segments := [][]string{l.q.Scope.Segments, l.q.Where.Segments}
	return l.estate.areaOf(func(id property.ID) bool {
		path := l.estate.path(id)
		if !lies(path, l.q.Scope.Objects) || !lies(path, l.q.Where.Objects) {
			return false
		}
		own := l.estate.segment(path)
		return !slices.ContainsFunc(segments, func(s []string) bool { return len(s) > 0 && !slices.Contains(s, own) })
	})
}

// areaSeen is the floor of an object, as far as it lies within the scope's objects.
func (l *lens) areaSeen(id property.ID) float64 {
	if lies(l.estate.path(id), l.q.Scope.Objects) {
		return l.estate.area(id)
	}
	return l.estate.areaOf(func(o property.ID) bool {
		path := l.estate.path(o)
		return lies(path, l.q.Scope.Objects) && slices.Contains(path, id)
	})
}
