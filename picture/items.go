package picture

import (
	"encoding/binary"
	"fmt"
)

// box is one box of an ISO base media file (ISO/IEC 14496-12 section 4.2).
type box struct {
	kind string
	data []byte
}

// maxBoxes bounds the boxes, items, extents and the like that are looked at.
const maxBoxes = 20000

// walkBoxes gives the boxes in b one after the other.
func walkBoxes(b []byte, take func(box) error) error {
	for n := 0; len(b) > 0; n++ {
		if len(b) < 8 || n > maxBoxes {
			return fmt.Errorf("%w: boxes", ErrDamaged)
		}
		size, head := uint64(binary.BigEndian.Uint32(b)), uint64(8)
		switch {
		case size == 0:
			size = uint64(len(b))
		case size == 1 && len(b) >= 16:
			size, head = binary.BigEndian.Uint64(b[8:]), 16
		}
		if size < head || size > uint64(len(b)) {
			return fmt.Errorf("%w: box of %d bytes", ErrDamaged, size)
		}
		if err := take(box{string(b[4:8]), b[head:size]}); err != nil {
			return err
		}
		b = b[size:]
	}
	return nil
}

// reader takes numbers in big-endian order; after the end it gives zeros and an error.
type reader struct {
	b   []byte
	err error
}

func (r *reader) number(size int) uint64 {
	if len(r.b) < size {
		r.b, r.err = nil, fmt.Errorf("%w: cut short", ErrDamaged)
		return 0
	}
	n := uint64(0)
	for _, c := range r.b[:size] {
		n = n<<8 | uint64(c)
	}
	r.b = r.b[size:]
	return n
}

// fullBox takes the version and the flags that some boxes begin with.
func (r *reader) fullBox() (version, flags uint64) { return r.number(1), r.number(3) }

// Kinds of items.
const (
	itemCoded = "hvc1"
	itemGrid  = "grid"
	itemExif  = "Exif"
	itemMIME  = "mime" // XMP
	itemURI   = "uri "
)

// items is what the box meta says about the parts of a file (ISO/IEC 14496-12 section 8.11).
type items struct {
	file, idat []byte
	byID       map[uint32]*item
	located    bool // there are locations
	count      int  // of items and extents, against maxBoxes
}

type item struct {
	kind    string
	method  uint64
	extents []extent
	props   []int    // places in the list of properties, from 1, in the order in which they apply
	madeOf  []uint32 // the reference dimg
	thumbOf []uint32 // the reference thmb
}

type extent struct{ at, size uint64 }

// readItems reads what items there are and where they lie.
func readItems(file, meta []byte) (*items, error) {
	if len(meta) < 4 {
		return nil, fmt.Errorf("%w: meta", ErrDamaged)
	}
	t := &items{file: file, byID: map[uint32]*item{}}
	err := walkBoxes(meta[4:], func(x box) error {
		switch x.kind {
		case "iinf":
			return t.readKinds(x.data)
		case "iloc":
			t.located = true
			return t.readLocations(x.data)
		case "idat":
			t.idat = x.data
		}
		return nil
	})
	return t, err
}

func (t *items) item(id uint32) *item {
	it := t.byID[id]
	if it == nil {
		it = &item{}
		t.byID[id] = it
		t.count++
	}
	return it
}

func (t *items) bound() error {
	if t.count > maxBoxes {
		return fmt.Errorf("%w: too many items", ErrDamaged)
	}
	return nil
}

func (t *items) readKinds(b []byte) error {
	r := reader{b: b}
	if version, _ := r.fullBox(); version == 0 {
		r.number(2)
	} else {
		r.number(4)
	}
	if r.err != nil {
		return r.err
	}
	return walkBoxes(r.b, func(x box) error {
		r := reader{b: x.data}
		version, _ := r.fullBox()
		if x.kind != "infe" || version < 2 { // or too short to say a version: it says nothing
			return nil
		}
		id := r.number(idSize(version, 3))
		r.number(2)
		kind := binary.BigEndian.AppendUint32(nil, uint32(r.number(4)))
		if r.err == nil {
			t.item(uint32(id)).kind = string(kind)
		}
		if r.err == nil {
			r.err = t.bound()
		}
		return r.err
	})
}

// idSize is how many bytes an item's number has, in a box that has wide ones from a version on.
func idSize(version, wide uint64) int {
	if version >= wide {
		return 4
	}
	return 2
}

func (t *items) readLocations(b []byte) error {
	r := reader{b: b}
	version, _ := r.fullBox()
	sizes := r.number(2)
	offsetSize, lengthSize, baseSize, indexSize := int(sizes>>12&15), int(sizes>>8&15), int(sizes>>4&15), int(sizes&15)
	if version == 0 {
		indexSize = 0
	}
	for range r.number(idSize(version, 2)) {
		it := t.item(uint32(r.number(idSize(version, 2))))
		if version > 0 {
			it.method = r.number(2) & 15
		}
		r.number(2)
		base := r.number(baseSize)
		for range r.number(2) {
			r.number(indexSize)
			it.extents = append(it.extents, extent{base + r.number(offsetSize), r.number(lengthSize)})
			t.count++
			if r.err != nil || t.bound() != nil {
				break
			}
		}
		if r.err == nil {
			r.err = t.bound()
		}
		if r.err != nil {
			return r.err
		}
	}
	return r.err
}

// bytes are the parts of the file that an item lies in. They are the file's own, not copies.
func (t *items) bytes(it *item) ([][]byte, error) {
	where := t.file
	if it.method == 1 {
		where = t.idat
	}
	var parts [][]byte
	for _, e := range it.extents {
		if it.method > 1 || e.at > uint64(len(where)) || e.size > uint64(len(where))-e.at {
			return nil, fmt.Errorf("%w: an item that can't be found", ErrDamaged)
		}
		if e.size == 0 && e.at > 0 { // to the end of the file: whatever else lies there as well
			return nil, fmt.Errorf("%w: an item without a length", ErrDamaged)
		}
		parts = append(parts, where[e.at:e.at+e.size])
	}
	return parts, nil
}
