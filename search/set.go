package search

import (
	"encoding/binary"
	"iter"
	"maps"
	"math/bits"
	"slices"

	"smartmail/casework"
)

// A set of case numbers is divided into chunks; each is stored by itself, as a list while that is shorter than its bits.
const (
	chunkBits = 14
	chunkSize = 1 << chunkBits
	chunkMask = chunkSize - 1
	bitBytes  = chunkSize / 8
)

// chunk is the numbers of one chunk, a bit for each.
type chunk [chunkSize / 64]uint64

func (c *chunk) add(n uint16)    { c[n/64] |= 1 << (n % 64) }
func (c *chunk) remove(n uint16) { c[n/64] &^= 1 << (n % 64) }

func (c *chunk) count() (n int) {
	for _, w := range c {
		n += bits.OnesCount64(w)
	}
	return n
}

// numbers yields what is in the chunk, in order, or backwards.
func (c *chunk) numbers(backwards bool) iter.Seq[uint16] {
	return func(yield func(uint16) bool) {
		for i := range c {
			if backwards {
				i = len(c) - 1 - i
			}
			for w := c[i]; w != 0; {
				bit := bits.TrailingZeros64(w)
				if backwards {
					bit = 63 - bits.LeadingZeros64(w)
				}
				if !yield(uint16(i*64 + bit)) {
					return
				}
				w &^= 1 << bit
			}
		}
	}
}

// encode returns the stored form: two bytes for each number in order, or, where that would be as long, all bits.
func (c *chunk) encode() []byte {
	if n := c.count(); 2*n < bitBytes {
		b := make([]byte, 0, 2*n)
		for v := range c.numbers(false) {
			b = binary.BigEndian.AppendUint16(b, v)
		}
		return b
	}
	b := make([]byte, 0, bitBytes)
	for _, w := range c {
		b = binary.BigEndian.AppendUint64(b, w)
	}
	return b
}

// decode adds what is stored.
func (c *chunk) decode(b []byte) {
	if len(b) == bitBytes {
		for i := range c {
			c[i] |= binary.BigEndian.Uint64(b[8*i:])
		}
		return
	}
	for ; len(b) >= 2; b = b[2:] {
		c.add(binary.BigEndian.Uint16(b) & chunkMask)
	}
}

// set is a set of case numbers, by the number of the chunk.
type set map[uint64]*chunk

func split(n casework.CaseNumber) (uint64, uint16) {
	return uint64(n) >> chunkBits, uint16(n & chunkMask)
}

// at returns a chunk to add to.
func (s set) at(number uint64) *chunk {
	c := s[number]
	if c == nil {
		c = new(chunk)
		s[number] = c
	}
	return c
}

func (s set) remove(n casework.CaseNumber) {
	if number, low := split(n); s[number] != nil {
		s[number].remove(low)
	}
}

func (s set) has(n casework.CaseNumber) bool {
	number, low := split(n)
	c := s[number]
	return c != nil && c[low/64]>>(low%64)&1 == 1
}

func (s set) count() (n int) {
	for _, c := range s {
		n += c.count()
	}
	return n
}

// and keeps what is in the other as well.
func (s set) and(other set) {
	for number, c := range s {
		o := other[number]
		if o == nil {
			delete(s, number)
			continue
		}
		for i := range c {
			c[i] &= o[i]
		}
	}
}

// or adds what is in the other.
func (s set) or(other set) {
	for number, o := range other {
		c := s.at(number)
		for i := range c {
			c[i] |= o[i]
		}
	}
}

// without takes away what is in the other.
func (s set) without(other set) {
	for number, c := range s {
		if o := other[number]; o != nil {
			for i := range c {
				c[i] &^= o[i]
			}
		}
	}
}

func (s set) clone() set {
	copied := set{}
	copied.or(s)
	return copied
}

// numbers yields what is in the set, in order, or backwards.
func (s set) numbers(backwards bool) iter.Seq[casework.CaseNumber] {
	chunks := slices.Sorted(maps.Keys(s))
	if backwards {
		slices.Reverse(chunks)
	}
	return func(yield func(casework.CaseNumber) bool) {
		for _, number := range chunks {
			for low := range s[number].numbers(backwards) {
				if !yield(casework.CaseNumber(number<<chunkBits | uint64(low))) {
					return
				}
			}
		}
	}
}
