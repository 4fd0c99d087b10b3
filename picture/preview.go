package picture

import (
	"context"
	"errors"
	"image"
	"slices"

	"smartmail/picture/hevc"
)

// decodeHEIC decodes a HEIC so that its longer side is edge pixels or more, or as many as it has. The thumbnail that
// most phones put into the file is taken for the picture if it is good enough for edge.
func decodeHEIC(ctx context.Context, d *hevc.Decoder, b []byte, edge int) (image.Image, Orientation, error) {
	l, err := readLook(b)
	if err != nil {
		return nil, Upright, err
	}
	id := l.primary
	if small, ok := l.preview(edge); ok {
		id = small
	}
	m, err := l.mosaic(id)
	if err != nil {
		return nil, Upright, err
	}
	o, err := l.turned(l.byID[id])
	if err != nil {
		return nil, Upright, err
	}
	img, err := m.decode(ctx, d, edge)
	return img, o, err
}

// preview finds the smallest item that is a thumbnail of the main picture, has its shape, and is at least half as long as
// edge: phones write 320 pixels for 4032, and reading those takes a hundredth of the time.
func (l *look) preview(edge int) (id uint32, ok bool) {
	w, h, err := l.seenSize(l.byID[l.primary])
	if err != nil {
		return 0, false
	}
	best := 0
	for n, it := range l.byID {
		if it.kind != itemCoded || !slices.Contains(it.thumbOf, l.primary) {
			continue
		}
		tw, th, err := l.seenSize(it)
		longer := max(tw, th)
		if err != nil || longer > max(w, h) || 2*longer < min(edge, max(w, h)) || !sameShape(w, h, tw, th) {
			continue
		}
		if !ok || longer < best || longer == best && n < id {
			id, ok, best = n, true, longer
		}
	}
	return id, ok
}

// seenSize is how big an item is when it is turned. That it is too big to be decoded is no error here.
func (l *look) seenSize(it *item) (w, h int, err error) {
	w, h, err = l.size(it)
	if err != nil && !errors.Is(err, ErrTooBig) {
		return 0, 0, err
	}
	o, err := l.turned(it)
	if o.swaps() {
		w, h = h, w
	}
	return w, h, err
}

// sameShape tells whether two sizes have the same ratio, but for what rounding to whole and even pixels makes of it.
func sameShape(w, h, tw, th int) bool {
	return max(w*th, h*tw)-min(w*th, h*tw) <= 2*max(w, h)
}
