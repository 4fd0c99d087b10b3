package stats

import (
	"encoding/binary"
	"errors"

	"smartmail/casework"
)

var errTorn = errors.New("a page of facts is torn")

// A packed fact is a row of varints: codes, then instants as the distance from when the case was opened, with 0 for none.

// pack returns the packed fact, without its number.
func (f *fact) pack() []byte {
	w := packer{nil, f.opened}
	w.number(index(casework.Statuses(), f.status)<<1 | bit(f.merged))
	w.codes(f.class, f.object, f.segment, f.technician)
	w.b = binary.AppendVarint(w.b, f.opened)
	w.instants(f.done, f.closed, f.due)
	w.number(uint64(len(f.reopened)))
	w.instants(f.reopened...)
	w.number(uint64(len(f.parties)))
	w.codes(f.parties...)
	w.number(uint64(len(f.orders)))
	for i := range f.orders {
		o := &f.orders[i]
		w.number(index(casework.OrderStates(), o.state)<<4 | bit(o.offered)<<3 | bit(o.price)<<2 | bit(o.chosen)<<1 | bit(o.over))
		w.codes(o.supplier)
		w.instants(o.asked, o.accepted, o.done, o.deadline, o.at)
		for _, n := range []int64{o.cost.Price, o.cost.Material, o.cost.Minutes, o.cost.Metres} {
			w.b = binary.AppendVarint(w.b, n)
		}
	}
	return w.b
}

// index is the place of a value in its list, from 1; 0: it is not there.
func index[T comparable](list []T, v T) uint64 {
	for i := range list {
		if list[i] == v {
			return uint64(i) + 1
		}
	}
	return 0
}

func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

type packer struct {
	b      []byte
	opened int64
}

func (w *packer) number(n uint64) { w.b = binary.AppendUvarint(w.b, n) }

func (w *packer) codes(all ...code) {
	for _, c := range all {
		w.number(uint64(c))
	}
}

func (w *packer) instants(all ...int64) {
	for _, at := range all {
		switch d := at - w.opened; {
		case at == 0:
			w.number(0)
		case d >= 0:
			w.number(uint64(d)<<1 + 1)
		default:
			w.number(uint64(-d) << 1)
		}
	}
}

// unpacker reads packed facts. After a fault it gives zeroes.
type unpacker struct {
	b        []byte
	opened   int64
	most     code // that there is
	torn     bool
	statuses []casework.Status
	states   []casework.OrderState
}

func newUnpacker(most code) *unpacker {
	return &unpacker{most: most, statuses: casework.Statuses(), states: casework.OrderStates()}
}

// unpack reads a fact into f, whose slices it uses again.
func (r *unpacker) unpack(b []byte, f *fact) error {
	r.b, r.torn = b, false
	head := r.number()
	f.status, f.merged = at(r.statuses, head>>1), head&1 != 0
	f.class, f.object, f.segment, f.technician = r.code(), r.code(), r.code(), r.code()
	f.opened = r.signed()
	r.opened = f.opened
	f.done, f.closed, f.due = r.instant(), r.instant(), r.instant()
	f.reopened, f.parties, f.orders = f.reopened[:0], f.parties[:0], f.orders[:0]
	for range r.count() {
		f.reopened = append(f.reopened, r.instant())
	}
	for range r.count() {
		f.parties = append(f.parties, r.code())
	}
	for range r.count() {
		f.orders = append(f.orders, order{})
		r.order(&f.orders[len(f.orders)-1])
	}
	if r.torn || len(r.b) > 0 {
		return errTorn
	}
	return nil
}

func (r *unpacker) order(o *order) {
	head := r.number()
	o.state, o.offered, o.price, o.chosen, o.over = at(r.states, head>>4), head&8 != 0, head&4 != 0, head&2 != 0, head&1 != 0
	o.supplier = r.code()
	o.asked, o.accepted, o.done, o.deadline, o.at = r.instant(), r.instant(), r.instant(), r.instant(), r.instant()
	o.cost = Cost{Price: r.signed(), Material: r.signed(), Minutes: r.signed(), Metres: r.signed()}
}

func at[T any](list []T, place uint64) (v T) {
	if place > 0 && place <= uint64(len(list)) {
		v = list[place-1]
	}
	return v
}

func (r *unpacker) number() uint64 {
	if len(r.b) > 0 && r.b[0] < 0x80 { // most are short
		n := uint64(r.b[0])
		r.b = r.b[1:]
		return n
	}
	n, size := binary.Uvarint(r.b)
	if size <= 0 {
		r.torn, r.b = true, nil
		return 0
	}
	r.b = r.b[size:]
	return n
}

// count is a number of things that follow, each of a byte at least.
func (r *unpacker) count() int {
	n := r.number()
	if n > uint64(len(r.b)) {
		r.torn = true
		return 0
	}
	return int(n)
}

func (r *unpacker) code() code {
	n := r.number()
	if n > uint64(r.most) {
		r.torn = true
		return 0
	}
	return code(n)
}

// signed is binary.Varint.
func (r *unpacker) signed() int64 {
	n := r.number()
	return int64(n>>1) ^ -int64(n&1)
}

func (r *unpacker) instant() int64 {
	n := r.number()
	switch {
	case n == 0:
		return 0
	case n&1 == 1:
		return r.opened + int64(n>>1)
	default:
		return r.opened - int64(n>>1)
	}
}
