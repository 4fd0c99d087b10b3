package casestore

import (
	"encoding/binary"
	"time"
)

// Key is an order-preserving encoding of a tuple: comparing the bytes compares the parts in turn, and
// the encoding of a tuple's first parts is a prefix of the whole, so that a prefix scan selects by them.
type Key []byte

// K starts a key. Every key begins with the organisation, so that no scan can cross from one to another.
func K(org string) Key { return Key(nil).Str(org) }

// Str appends a string: NUL is escaped as 00 FF and the end is marked by 00 01, so that "a" sorts before "ab"
// and no string is a prefix of another.
func (k Key) Str(s string) Key { return append(k.Begin(s), 0x00, 0x01) }

// Begin appends the beginning of a string: a prefix scan selects every string that begins so.
func (k Key) Begin(s string) Key {
	k = k[:len(k):len(k)] // never write into a prefix that somebody else extends too
	for i := 0; i < len(s); i++ {
		k = append(k, s[i])
		if s[i] == 0 {
			k = append(k, 0xFF)
		}
	}
	return k
}

// Uint appends a number, big-endian.
func (k Key) Uint(n uint64) Key {
	return binary.BigEndian.AppendUint64(k[:len(k):len(k)], n)
}

// Time appends an instant with microsecond resolution.
func (k Key) Time(t time.Time) Key {
	const signBit = 1 << 63 // instants before 1970 sort first
	return k.Uint(uint64(t.UnixMicro()) ^ signBit)
}

// Org returns the key's first part, the encoded organisation, or nil where the key does not begin with a string.
func (k Key) Org() Key {
	for i := 0; i+1 < len(k); i++ {
		if k[i] != 0 {
			continue
		}
		switch k[i+1] {
		case 0x01:
			return k[: i+2 : i+2]
		case 0xFF:
			i++
		default:
			return nil
		}
	}
	return nil
}

// End returns the first key behind all keys that begin with k, or nil where there is none.
func (k Key) End() Key {
	for i := len(k) - 1; i >= 0; i-- {
		if k[i] != 0xFF {
			end := append(Key(nil), k[:i+1]...)
			end[i]++
			return end
		}
	}
	return nil
}
