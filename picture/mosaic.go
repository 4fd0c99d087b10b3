package picture

import (
	"context"
	"errors"
	"fmt"
	"image"

	"golang.org/x/image/draw"

	"smartmail/picture/hevc"
)

// mosaic is a picture that is coded in parts: phones code 48 and more of 512 by 512 pixels (ISO/IEC 23008-12 section
// 6.6.2.3). A picture in one piece is a mosaic of one part.
type mosaic struct {
	tiles         []hevc.Still
	columns       int
	width, height int // of a tile, in pixels
	visible       image.Rectangle
}

// Bounds of a mosaic. The steps are 15 to 20 seconds; a phone's photo takes one or two.
const (
	maxTiles = 1024
	maxSteps = 5_000_000_000
)

// mosaic reads how the item with this number is put together.
func (l *look) mosaic(id uint32) (*mosaic, error) {
	it := l.byID[id]
	if it == nil {
		return nil, ErrDamaged
	}
	if it.kind == itemGrid {
		return l.grid(it)
	}
	s, err := l.still(it)
	if err != nil {
		return nil, err
	}
	m := &mosaic{tiles: []hevc.Still{s}, columns: 1, width: s.Width, height: s.Height}
	m.visible, err = l.cropped(it, s.Width, s.Height)
	return m, err
}

func (l *look) grid(it *item) (*mosaic, error) {
	parts, err := l.bytes(it)
	if err != nil || len(parts) != 1 {
		return nil, errors.Join(ErrDamaged, err)
	}
	r := reader{b: parts[0]}
	r.number(1)
	wide := r.number(1) & 1
	rows, columns := int(r.number(1))+1, int(r.number(1))+1
	w, h := int(r.number(2+2*int(wide))), int(r.number(2+2*int(wide)))
	switch {
	case r.err != nil:
		return nil, r.err
	case rows*columns > maxTiles:
		return nil, ErrTooBig
	case rows*columns != len(it.madeOf):
		return nil, fmt.Errorf("%w: parts are missing", ErrDamaged)
	}
	m := &mosaic{columns: columns}
	coded := 0
	for _, id := range it.madeOf {
		s, err := l.still(l.byID[id])
		if err != nil {
			return nil, err
		}
		if m.width == 0 {
			m.width, m.height = s.Width, s.Height
		}
		coded += len(s.Data)
		if s.Width != m.width || s.Height != m.height || coded > len(l.file) {
			return nil, fmt.Errorf("%w: parts that don't fit", ErrDamaged)
		}
		m.tiles = append(m.tiles, s)
	}
	if w < 1 || h < 1 || w > columns*m.width || h > rows*m.height {
		return nil, fmt.Errorf("%w: a picture bigger than its parts", ErrDamaged)
	}
	if len(m.tiles)*m.width*m.height > MaxPixels+MaxPixels/8 { // parts stand out over the edges
		return nil, ErrTooBig
	}
	m.visible, err = l.cropped(it, w, h)
	return m, err
}

// shrink is by what the parts can be made smaller, one by one and without a seam, and the whole still be as long as edge.
func (m *mosaic) shrink(edge int) int {
	k := 1
	for longer := max(m.visible.Dx(), m.visible.Dy()); longer/(2*k) >= edge; k *= 2 {
		if len(m.tiles) > 1 && (m.width%(2*k) != 0 || m.height%(2*k) != 0) {
			break
		}
	}
	return k
}

// decode decodes the parts one by one and makes each smaller at once, so that memory is taken for one part and for a picture
// of about the asked size.
func (m *mosaic) decode(ctx context.Context, d *hevc.Decoder, edge int) (image.Image, error) {
	k := m.shrink(edge)
	w, h := max(1, m.width/k), max(1, m.height/k)
	rows := len(m.tiles) / m.columns
	canvas := 4 * w * m.columns * h * rows
	limits := hevc.Limits{Memory: MaxMemory - canvas, Steps: maxSteps}
	whole := image.NewRGBA(image.Rect(0, 0, w*m.columns, h*rows))
	err := d.Decode(ctx, m.tiles, limits, func(i int, part image.Image) error {
		at := image.Pt(i%m.columns*w, i/m.columns*h)
		draw.ApproxBiLinear.Scale(whole, image.Rectangle{at, at.Add(image.Pt(w, h))}, part, part.Bounds(), draw.Src, nil)
		return nil
	})
	switch {
	case errors.Is(err, hevc.ErrTooMuch):
		return nil, fmt.Errorf("%w: %w", ErrTooBig, err)
	case errors.Is(err, hevc.ErrDamaged):
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	case errors.Is(err, hevc.ErrUnavailable):
		return nil, fmt.Errorf("%w: %w", ErrKind, err)
	case err != nil:
		return nil, err
	}
	v := m.visible
	small := image.Rect(v.Min.X/k, v.Min.Y/k, max(v.Min.X/k+1, v.Max.X/k), max(v.Min.Y/k+1, v.Max.Y/k))
	return whole.SubImage(small.Intersect(whole.Rect)), nil
}
