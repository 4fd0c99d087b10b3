package boltstore

import (
	"bytes"
	"slices"
)

// overlay is what a transaction function has written to one bucket, sorted by key. It is meant for the few
// dozen writes of a usual transaction; ten thousand still take a fraction of a second.
type overlay struct {
	entries []entry
	shared  bool // entries belong to a snapshot too: copy them before the next write
}

// entry is a pending write; a nil value deletes. Neither key nor value changes once it is here.
type entry struct{ key, value []byte }

func search(entries []entry, key []byte) (int, bool) {
	return slices.BinarySearchFunc(entries, key, func(e entry, key []byte) int { return bytes.Compare(e.key, key) })
}

// set takes ownership of key and value.
func (o *overlay) set(key, value []byte) {
	if o.shared {
		o.entries, o.shared = slices.Clone(o.entries), false
	}
	i, found := search(o.entries, key)
	if found {
		o.entries[i].value = value
		return
	}
	o.entries = slices.Insert(o.entries, i, entry{key, value})
}

// snapshot returns the entries as they are now, for reading; later writes do not show in it.
func (o *overlay) snapshot() []entry {
	if o == nil {
		return nil
	}
	o.shared = true
	return o.entries
}
