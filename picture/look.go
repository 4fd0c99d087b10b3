package picture

import (
	"bytes"
	"fmt"
	"image"

	"smartmail/picture/hevc"
)

// look is what a HEIC says about how its picture is to be seen (ISO/IEC 23008-12 section 6): the main item, what the items
// are made of, and their properties.
type look struct {
	*items
	primary uint32
	props   []box
}

func readLook(file []byte) (*look, error) {
	var l *look
	err := walkBoxes(file, func(x box) error {
		if x.kind != "meta" || l != nil {
			return nil
		}
		t, err := readItems(file, x.data)
		if err != nil {
			return err
		}
		l = &look{items: t}
		return walkBoxes(x.data[4:], func(x box) error {
			switch x.kind {
			case "pitm":
				r := reader{b: x.data}
				version, _ := r.fullBox()
				l.primary = uint32(r.number(idSize(version, 1)))
				return r.err
			case "iref":
				return l.readReferences(x.data)
			case "iprp":
				return walkBoxes(x.data, l.readProperties)
			}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	if l == nil || l.byID[l.primary] == nil {
		return nil, fmt.Errorf("%w: no main picture", ErrDamaged)
	}
	return l, nil
}

// readReferences reads which picture an item is made of, and which one it is a thumbnail of (ISO/IEC 14496-12 section 8.11.12).
func (l *look) readReferences(b []byte) error {
	r := reader{b: b}
	version, _ := r.fullBox()
	if r.err != nil {
		return r.err
	}
	return walkBoxes(r.b, func(x box) error {
		r := reader{b: x.data}
		from := l.byID[uint32(r.number(idSize(version, 1)))]
		for range r.number(2) {
			to := uint32(r.number(idSize(version, 1)))
			if l.count++; r.err != nil || from == nil || l.bound() != nil {
				break
			}
			switch x.kind {
			case "dimg":
				from.madeOf = append(from.madeOf, to)
			case "thmb":
				from.thumbOf = append(from.thumbOf, to)
			}
		}
		if r.err == nil {
			r.err = l.bound()
		}
		return r.err
	})
}

// readProperties reads the boxes in iprp: the properties, and which of them each item has.
func (l *look) readProperties(x box) error {
	switch x.kind {
	case "ipco":
		return walkBoxes(x.data, func(p box) error {
			l.props = append(l.props, p)
			return nil
		})
	case "ipma":
	default:
		return nil
	}
	r := reader{b: x.data}
	version, flags := r.fullBox()
	size := 1 + int(flags&1)
	for range r.number(4) {
		it := l.byID[uint32(r.number(idSize(version, 1)))]
		for range r.number(1) {
			place := int(r.number(size)) & (1<<(8*size-1) - 1) // the first bit: whether readers must know it
			if l.count++; it != nil {
				it.props = append(it.props, place)
			}
		}
		if r.err == nil {
			r.err = l.bound()
		}
		if r.err != nil {
			return r.err
		}
	}
	return r.err
}

// properties gives those of an item in the order in which they apply.
func (l *look) properties(it *item, take func(box) error) error {
	for _, place := range it.props {
		if place == 0 || place > len(l.props) {
			continue
		}
		if err := take(l.props[place-1]); err != nil {
			return err
		}
	}
	return nil
}

// size is how big an item is before it is cropped and turned.
func (l *look) size(it *item) (w, h int, err error) {
	err = l.properties(it, func(p box) error {
		if p.kind == "ispe" {
			r := reader{b: p.data}
			r.fullBox()
			w, h = int(r.number(4)), int(r.number(4))
			return r.err
		}
		return nil
	})
	if err == nil && (w <= 0 || h <= 0) {
		err = fmt.Errorf("%w: a picture without a size", ErrDamaged)
	}
	if err == nil && (w > MaxPixels || h > MaxPixels || w*h > MaxPixels) {
		err = ErrTooBig
	}
	return w, h, err
}

// still is a coded item.
func (l *look) still(it *item) (hevc.Still, error) {
	if it == nil || it.kind != itemCoded {
		return hevc.Still{}, ErrKind
	}
	w, h, err := l.size(it)
	if err != nil {
		return hevc.Still{}, err
	}
	s := hevc.Still{Width: w, Height: h}
	err = l.properties(it, func(p box) error {
		if p.kind == "hvcC" {
			s.Config = p.data
		}
		return nil
	})
	if err != nil {
		return s, err
	}
	parts, err := l.bytes(it)
	if err != nil {
		return s, err
	}
	n := 0
	for _, p := range parts {
		if n += len(p); n > len(l.file) {
			return s, fmt.Errorf("%w: a picture longer than the file", ErrDamaged)
		}
	}
	if len(parts) == 1 {
		s.Data = parts[0]
	} else {
		s.Data = bytes.Join(parts, nil)
	}
	return s, nil
}

// turned is how an item is to be turned: its properties irot and imir, one after the other (ISO/IEC 23008-12 sections 6.5.10
// and 6.5.12).
func (l *look) turned(it *item) (Orientation, error) {
	mirrored, quarters := false, 0 // first left for right, then clockwise
	err := l.properties(it, func(p box) error {
		r := reader{b: p.data}
		switch p.kind {
		case "irot": // anticlockwise
			quarters -= int(r.number(1) & 3)
		case "imir": // 0: top for bottom, which is left for right and half a turn; 1: left for right
			mirrored, quarters = !mirrored, 2-2*int(r.number(1)&1)-quarters
		}
		return r.err
	})
	if mirrored {
		return [...]Orientation{2, 7, 4, 5}[quarters&3], err
	}
	return [...]Orientation{1, 6, 3, 8}[quarters&3], err
}

// cropped is the part of an item that is to be seen: its property clap (ISO/IEC 14496-12 section 12.1.4).
func (l *look) cropped(it *item, w, h int) (image.Rectangle, error) {
	visible := image.Rect(0, 0, w, h)
	err := l.properties(it, func(p box) error {
		if p.kind != "clap" {
			return nil
		}
		r := reader{b: p.data}
		ratio := func() float64 {
			n, d := int32(r.number(4)), int32(r.number(4))
			return float64(n) / float64(d)
		}
		cw, ch, dx, dy := ratio(), ratio(), ratio(), ratio()
		left, top := (float64(w)-cw)/2+dx, (float64(h)-ch)/2+dy
		if r.err != nil || !(cw >= 1 && ch >= 1 && left > -1 && top > -1 && left+cw < float64(w)+1 && top+ch < float64(h)+1) {
			return fmt.Errorf("%w: a crop outside of the picture", ErrDamaged)
		}
		visible = visible.Intersect(image.Rect(int(left), int(top), int(left+cw), int(top+ch)))
		return nil
	})
	return visible, err
}
