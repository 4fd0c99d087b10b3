package stats

import (
	"slices"

	"smartmail/property"
)

// Estate is the property tree as the register has it. It must not be changed once it is asked.
type Estate struct {
	nodes    map[property.ID]*node
	children map[property.ID][]property.ID
}

// node is what figures need of an object.
type node struct {
	kind         property.Kind
	parent       property.ID
	name         string
	segment      string
	system       string
	year         int
	squareMetres float64
}

// NewEstate returns one without objects.
func NewEstate() *Estate {
	return &Estate{nodes: map[property.ID]*node{}, children: map[property.ID][]property.ID{}}
}

// Put adds an object. What is archived still lies where it lay, and has no floor any more.
func (e *Estate) Put(o property.Object) {
	n := &node{kind: o.Kind, parent: o.Parent, name: o.Name, segment: o.Segment, system: o.SystemCode, year: o.Year, squareMetres: o.SquareMetres}
	if o.Archived {
		n.squareMetres = 0
	}
	e.nodes[o.ID] = n
	e.children[o.Parent] = append(e.children[o.Parent], o.ID)
}

// Below returns objects with all that lies in them; nil where those are more than most.
func (e *Estate) Below(roots []property.ID, most int) []property.ID {
	seen := make(map[property.ID]bool, len(roots))
	all := make([]property.ID, 0, len(roots))
	for next := slices.Clone(roots); len(next) > 0; {
		id := next[len(next)-1]
		next = next[:len(next)-1]
		if seen[id] {
			continue
		}
		if len(all) == most {
			return nil
		}
		seen[id], all = true, append(all, id)
		next = append(next, e.children[id]...)
	}
	return all
}

// Within reports whether an object is one of the roots, or lies in one.
func (e *Estate) Within(id property.ID, roots []property.ID) bool {
	return slices.ContainsFunc(e.path(id), func(p property.ID) bool { return slices.Contains(roots, p) })
}

const maxDepth = 12 // of the register, see property.Path

// path is the object and what it lies in, nearest first. One that is not in the register lies in itself alone.
func (e *Estate) path(id property.ID) []property.ID {
	var path []property.ID
	for id != "" && len(path) < maxDepth {
		path = append(path, id)
		n := e.nodes[id]
		if n == nil {
			break
		}
		id = n.parent
	}
	return path
}

// nearest is the nearest object of that kind on a path.
func (e *Estate) nearest(path []property.ID, kind property.Kind) property.ID {
	for _, id := range path {
		if n := e.nodes[id]; n != nil && n.kind == kind {
			return id
		}
	}
	return ""
}

// first is the first text on a path that is not empty.
func (e *Estate) first(path []property.ID, text func(*node) string) string {
	for _, id := range path {
		if n := e.nodes[id]; n != nil && text(n) != "" {
			return text(n)
		}
	}
	return ""
}

func (e *Estate) segment(path []property.ID) string {
	return e.first(path, func(n *node) string { return n.segment })
}

// area is the floor of an object in square metres: what is said of it, or else of what lies in it.
func (e *Estate) area(id property.ID) float64 {
	if id == "" {
		return 0
	}
	return e.areaWithin(id, 0)
}

func (e *Estate) areaWithin(id property.ID, depth int) (sum float64) {
	if n := e.nodes[id]; n != nil && n.squareMetres > 0 {
		return n.squareMetres
	}
	if depth >= maxDepth {
		return 0
	}
	for _, child := range e.children[id] {
		sum += e.areaWithin(child, depth+1)
	}
	return sum
}

// areaOf is the floor of all topmost objects that fit, from a place of the tree downwards.
func (e *Estate) areaOf(fits func(property.ID) bool) float64 { return e.areaBelow("", fits, 0) }

func (e *Estate) areaBelow(id property.ID, fits func(property.ID) bool, depth int) (sum float64) {
	if depth > maxDepth {
		return 0
	}
	for _, child := range e.children[id] {
		if fits(child) {
			sum += e.area(child)
		} else {
			sum += e.areaBelow(child, fits, depth+1)
		}
	}
	return sum
}

// label is what an object is called.
func (e *Estate) label(id property.ID) string {
	if n := e.nodes[id]; n != nil {
		return n.name
	}
	return string(id)
}
