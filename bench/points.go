package main

import "fmt"

// point is a way of sending that targets are compared at.
type point struct {
	name     string // of -points, and in tables
	sessions int    // connections at once
	kib      int    // size of a mail
	each     bool   // a connection for each mail; else they are kept
	rate     int    // mails offered per second, whatever becomes of those before; 0: as fast as they are answered
}

// outPoint is the name under which mail out stands among the points.
const outPoint = "out"

// points are those that goals are set for; see goals.go. Mail out is one besides.
var points = []point{
	{name: "kept", sessions: 100, kib: 4},
	{name: "each", sessions: 100, kib: 4, each: true},
	{name: "one", sessions: 1, kib: 4},
	{name: "offered", sessions: 100, kib: 4, rate: 1000},
	{name: "100k", sessions: 20, kib: 100},
	{name: "5m", sessions: 4, kib: 5 << 10},
}

// grid is every number of sessions with every size, connections kept.
func grid(sessions, sizes []int) []point {
	var out []point
	for _, kib := range sizes {
		for _, s := range sessions {
			out = append(out, point{name: fmt.Sprintf("%dx%dk", s, kib), sessions: s, kib: kib})
		}
	}
	return out
}

// String tells what is sent.
func (p point) String() string {
	size := fmt.Sprintf("%d KiB", p.kib)
	if p.kib >= 1<<10 {
		size = fmt.Sprintf("%d MiB", p.kib>>10)
	}
	s := fmt.Sprintf("%s, %d sessions", size, p.sessions)
	switch {
	case p.rate > 0:
		return fmt.Sprintf("%s, %d/s offered", s, p.rate)
	case p.each:
		return s + ", one mail each"
	}
	return s
}

// pool is how many mails the point can need a second at most, far above what two cores take in durably; a target that is faster
// than that has a shorter point.
func (p point) pool() int {
	if p.rate > 0 {
		return p.rate + 1
	}
	return min(8000, max(150, 250_000/p.kib))
}
