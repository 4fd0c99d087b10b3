package picture

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// box is one box of an ISO base media file (ISO/IEC 14496-12 section 4.2).
type box struct {
	kind string
	data []byte
}

// maxBoxes bounds the boxes, items and extents that are looked at.
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

// stripHEIC blanks the items of a HEIC that are metadata, where they stand: offsets and pixels stay as they are. A HEIC
// says its orientation in a property of the picture (ISO/IEC 23008-12 section 6.5.10), which is not touched.
func stripHEIC(b []byte) ([]byte, error) {
	out := bytes.Clone(b)
	found := false
	err := walkBoxes(out, func(x box) error {
		switch x.kind {
		case "meta":
			found = true
			return blankMeta(out, x.data)
		case "uuid", "free", "skip", "moov", "mpvd": // XMP in some files; films that carry a position of their own
			clear(x.data)
		}
		return nil
	})
	if err == nil && !found {
		err = fmt.Errorf("%w: no items", ErrDamaged)
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

// blankMeta finds the items of kind Exif and mime (XMP), and where they lie (ISO/IEC 14496-12 section 8.11).
func blankMeta(file, meta []byte) error {
	if len(meta) < 4 {
		return fmt.Errorf("%w: meta", ErrDamaged)
	}
	private := map[uint32]bool{}
	var locations, idat []byte
	err := walkBoxes(meta[4:], func(x box) error {
		switch x.kind {
		case "iinf":
			return readItems(x.data, private)
		case "iloc":
			locations = x.data
		case "idat":
			idat = x.data
		}
		return nil
	})
	if err != nil || len(private) == 0 {
		return err
	}
	return blankItems(file, idat, locations, private)
}

func readItems(b []byte, private map[uint32]bool) error {
	head := 6
	if len(b) > 0 && b[0] > 0 {
		head = 8
	}
	if len(b) < head {
		return fmt.Errorf("%w: items", ErrDamaged)
	}
	return walkBoxes(b[head:], func(x box) error {
		d := x.data
		if x.kind != "infe" || len(d) < 4 || d[0] < 2 {
			return nil
		}
		r := reader{b: d[4:]}
		id := uint32(r.number(2))
		if d[0] > 2 {
			id = id<<16 | uint32(r.number(2))
		}
		r.number(2)
		switch kind := uint32(r.number(4)); kind {
		case 0x45786966, 0x6D696D65, 0x75726920: // Exif, mime, uri
			private[id] = true
		}
		return r.err
	})
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

// blankItems walks over the item locations and blanks the extents of the private ones.
func blankItems(file, idat, b []byte, private map[uint32]bool) error {
	if len(b) < 8 {
		return fmt.Errorf("%w: no locations", ErrDamaged)
	}
	version := b[0]
	r := reader{b: b[4:]}
	sizes := r.number(2)
	offsetSize, lengthSize, baseSize, indexSize := int(sizes>>12&15), int(sizes>>8&15), int(sizes>>4&15), int(sizes&15)
	if version == 0 {
		indexSize = 0
	}
	wide := 2
	if version == 2 {
		wide = 4
	}
	extents := 0
	for range r.number(wide) {
		id, method := uint32(r.number(wide)), uint64(0)
		if version > 0 {
			method = r.number(2) & 15
		}
		r.number(2)
		base := r.number(baseSize)
		for range r.number(2) {
			r.number(indexSize)
			at, n := base+r.number(offsetSize), r.number(lengthSize)
			if extents++; extents > maxBoxes {
				return fmt.Errorf("%w: too many extents", ErrDamaged)
			}
			if r.err != nil {
				return r.err
			}
			if private[id] {
				if err := blankExtent(file, idat, method, at, n); err != nil {
					return err
				}
			}
		}
	}
	return r.err
}

func blankExtent(file, idat []byte, method, at, n uint64) error {
	where := file
	if method == 1 {
		where = idat
	}
	if method > 1 || at > uint64(len(where)) || n > uint64(len(where))-at {
		return fmt.Errorf("%w: metadata that can't be found", ErrDamaged)
	}
	if n == 0 && at > 0 { // to the end of the file: the pixels as well
		return fmt.Errorf("%w: metadata without a length", ErrDamaged)
	}
	clear(where[at : at+n])
	return nil
}
