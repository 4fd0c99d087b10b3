package stats

import (
	"reflect"
	"testing"

	"smartmail/casework"
)

func someFacts() []fact {
	return []fact{
		{}, {opened: -5, due: 7, status: casework.StatusNew},
		{
			class: 1, object: 2, segment: 3, technician: 4, status: casework.StatusReturned, merged: true, opened: 1_800_000_000, done: 1_800_000_000, closed: 1_799_999_999, due: 1,
			reopened: []int64{1_800_000_001, 1_900_000_000}, parties: []code{5, 9},
			orders: []order{
				{supplier: 5, state: casework.OrderDone, price: true, chosen: true, offered: true, over: true, asked: 1_800_000_100, accepted: 1_800_000_100, done: 1_800_000_200, deadline: 1, at: 2,
					cost: Cost{Price: 1, Material: -2, Minutes: 3, Metres: 1 << 40}},
				{supplier: 9, state: casework.OrderAsked},
			},
		},
	}
}

func TestPack(t *testing.T) {
	r := newUnpacker(9)
	for _, want := range someFacts() {
		got := fact{reopened: []int64{1}, parties: []code{1}, orders: []order{{}}} // of the fact before
		if err := r.unpack(want.pack(), &got); err != nil {
			t.Fatal(err)
		}
		if len(want.orders) == 0 {
			got.reopened, got.parties, got.orders = nil, nil, nil
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	whole, last := someFacts()[2], fact{}
	packed := whole.pack()
	for n := range packed {
		if r.unpack(packed[:n], &last) == nil {
			t.Errorf("%d of %d bytes are a fact", n, len(packed))
		}
	}
	if newUnpacker(8).unpack(packed, &last) == nil {
		t.Error("a code that nobody gave is taken")
	}
}

// Whatever a page holds, reading it ends, and what reads as a fact is written as the same.
func FuzzUnpack(f *testing.F) {
	for _, one := range someFacts() {
		f.Add(one.pack())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var one, again fact
		r := newUnpacker(1 << 20)
		if r.unpack(b, &one) != nil {
			return
		}
		if err := r.unpack(one.pack(), &again); err != nil || !reflect.DeepEqual(one.orders, again.orders) || one.opened != again.opened || one.status != again.status {
			t.Errorf("%v: %+v, then %+v", err, one, again)
		}
	})
}
