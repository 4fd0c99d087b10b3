package stats

import (
	"cmp"
	"context"
	"slices"
	"time"

	"smartmail/casework"
	"smartmail/property"
)

// RepeatWithin is how long after a fault was done the same one on the same object is a complaint about the work.
const RepeatWithin = 90 * 24 * time.Hour

// occurrence is a case among those of the same class on the same object.
type occurrence struct {
	kind         uint64 // object and class
	number       casework.CaseNumber
	opened, done int64
	first, last  int32 // where it was counted
}

// faults gathers occurrences. Most are the only ones of their kind: what no other shares a slot with need not be sorted.
type faults struct {
	all   []occurrence
	slots []uint8 // how many have that hash, up to 2
}

const slotBits = 21

func slotOf(kind uint64) uint64 { return kind * 0x9E3779B97F4A7C15 >> (64 - slotBits) }

// add notes a case that has an object and a class; what first and last mean is the caller's matter.
func (f *faults) add(c *fact, first, last int) {
	if f.slots == nil {
		f.slots = make([]uint8, 1<<slotBits)
	}
	o := occurrence{kind: uint64(c.object)<<32 | uint64(c.class), number: c.number, opened: c.opened, done: c.done, first: int32(first), last: int32(last)}
	f.all = append(f.all, o)
	if n := &f.slots[slotOf(o.kind)]; *n < 2 {
		*n++
	}
}

// repeats calls tell with every case that was opened at most RepeatWithin after one of the same kind was done, and with the one of
// those that was done last before.
func (f *faults) repeats(tell func(again, before *occurrence)) {
	all := slices.DeleteFunc(f.all, func(o occurrence) bool { return f.slots[slotOf(o.kind)] < 2 })
	slices.SortFunc(all, func(a, b occurrence) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.opened, b.opened), cmp.Compare(a.number, b.number))
	})
	var done []*occurrence
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].kind == all[0].kind {
			n++
		}
		same := all[:n]
		if all = all[n:]; n == 1 {
			continue
		}
		done = done[:0]
		for i := range same {
			if same[i].done != 0 {
				done = append(done, &same[i])
			}
		}
		slices.SortStableFunc(done, func(a, b *occurrence) int { return cmp.Compare(a.done, b.done) })
		next := 0 // the first that was not done before
		for i := range same {
			for next < len(done) && done[next].done < same[i].opened {
				next++
			}
			if next > 0 && same[i].opened-done[next-1].done <= int64(RepeatWithin/time.Second) {
				tell(&same[i], done[next-1])
			}
		}
	}
}

// Repeat is a case whose fault had been done not long before.
type Repeat struct {
	Case, Before  casework.CaseNumber
	Object, Class string
	Label         string // of the object
	Opened, Done  time.Time
}

// Repeats lists the cases that were opened within the query's period and are repeats, the newest first.
func (x *Index) Repeats(ctx context.Context, org casework.OrgID, q Query, e *Estate) (list []Repeat, err error) {
	var (
		l        *lens
		all      faults
		from, to = q.span()
	)
	err = x.walk(ctx, org, q, e, func(of *lens) { l, all = of, faults{} }, func(f *fact) bool {
		if f.object != 0 && f.class != 0 && !f.merged && l.sees(f) {
			asked := 0
			if l.wants(f) && f.opened >= from && f.opened < to {
				asked = 1
			}
			all.add(f, 0, asked)
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	list = []Repeat{}
	all.repeats(func(again, before *occurrence) {
		if again.last == 0 {
			return
		}
		object := l.names[again.kind>>32].text
		list = append(list, Repeat{
			Case: again.number, Before: before.number, Object: object, Class: l.names[uint32(again.kind)].text, Label: e.label(property.ID(object)),
			Opened: time.Unix(again.opened, 0).UTC(), Done: time.Unix(before.done, 0).UTC(),
		})
	})
	slices.SortFunc(list, func(a, b Repeat) int {
		return cmp.Or(b.Opened.Compare(a.Opened), cmp.Compare(b.Case, a.Case))
	})
	return list, nil
}
