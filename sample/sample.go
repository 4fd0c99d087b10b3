// Package sample makes up an organisation with a past: houses, people, suppliers, and years of cases as they come to a landlord, for trying
// the program out and for tests of figures and lists.
//
//	seed, size, day → Plan (estate, stories; pure) → Write → the desk, command by command, at the times of the past
//
// Invariants:
//   - The same seed, size and day give the same organisation.
//   - Everything passes the desk as it does in earnest, in the order of its time; only the clock and the dice are ours.
//   - Nothing is sent: every mail of the past counts as delivered when it is written.
package sample

import (
	"math/rand/v2"
	"time"
)

// Size says how much there is of everything.
type Size struct {
	Properties, Buildings, Units, People, Suppliers, Cases, Years int
}

// Full is the size for figures and lists; Small one that is there at once.
func Full() Size {
	return Size{Properties: 3, Buildings: 12, Units: 400, People: 500, Suppliers: 40, Cases: 5000, Years: 3}
}

// Small is the size for trying the program out.
func Small() Size {
	return Size{Properties: 3, Buildings: 4, Units: 40, People: 50, Suppliers: 10, Cases: 60, Years: 1}
}

// Plan is an organisation that is made up but not written yet.
type Plan struct {
	Estate
	Steps []Step // of all cases, in the order of their time
}

// New makes up an organisation whose past ends at the hour before now.
func New(seed uint64, size Size, now time.Time) Plan {
	until := now.UTC().Truncate(time.Hour)
	p := Plan{Estate: newEstate(rand.New(rand.NewPCG(seed, 1)), size, until)}
	p.Steps = newPast(rand.New(rand.NewPCG(seed, 2)), p.Estate, size, until)
	return p
}

// pick returns one of a list.
func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }
