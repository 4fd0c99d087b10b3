package picture

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"

	"smartmail/picture/hevc"
)

// quality of a thumbnail's JPEG: enough to see a crack in a pipe.
const quality = 80

// Maker makes thumbnails. It is safe for concurrent use.
type Maker struct {
	heic *hevc.Decoder
}

// NewMaker gives a maker of thumbnails that decodes at most jobs HEIC at once, each in MaxMemory bytes at most; others wait.
// It takes no memory before the first HEIC, and some 10 MB from then on.
func NewMaker(jobs int) *Maker { return &Maker{hevc.New(jobs)} }

// Thumbnail gives a JPEG whose longer side is at most edge pixels, upright and without metadata. A smaller picture keeps
// its size. The error is ErrKind for kinds that can't be decoded, ErrTooBig or ErrDamaged, or the context's: a HEIC, which
// takes seconds if it is big, is given up between its parts.
func (m *Maker) Thumbnail(ctx context.Context, b []byte, edge int) (thumb []byte, err error) {
	defer func() {
		if r := recover(); r != nil { // a decoder's panic is the file's fault
			thumb, err = nil, fmt.Errorf("%w: %v", ErrDamaged, r)
		}
	}()
	edge = min(max(edge, 1), MaxEdge)
	if len(b) > MaxBytes {
		return nil, ErrTooBig
	}
	var src image.Image
	var o Orientation
	if KindOf(b) == HEIC {
		src, o, err = decodeHEIC(ctx, m.heic, b, edge)
	} else {
		o = OrientationOf(b)
		src, err = decode(b)
	}
	if err != nil {
		return nil, err
	}
	small := turn(scale(src, edge), o)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, small, &jpeg.Options{Quality: quality}); err != nil {
		return nil, fmt.Errorf("encode thumbnail: %w", err)
	}
	return out.Bytes(), nil
}

// decode reads a picture of a kind that Go decodes, after a look at its size.
func decode(b []byte) (image.Image, error) {
	var config func() (image.Config, error)
	var read func() (image.Image, error)
	switch KindOf(b) {
	case JPEG:
		config = func() (image.Config, error) { return jpeg.DecodeConfig(bytes.NewReader(b)) }
		read = func() (image.Image, error) { return jpeg.Decode(bytes.NewReader(b)) }
	case PNG:
		config = func() (image.Config, error) { return png.DecodeConfig(bytes.NewReader(b)) }
		read = func() (image.Image, error) { return png.Decode(bytes.NewReader(b)) }
	case WebP:
		config = func() (image.Config, error) { return webp.DecodeConfig(bytes.NewReader(b)) }
		read = func() (image.Image, error) { return webp.Decode(bytes.NewReader(b)) }
	default:
		return nil, ErrKind
	}
	c, err := config()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if c.Width <= 0 || c.Height <= 0 {
		return nil, ErrDamaged
	}
	if pixels := int64(c.Width) * int64(c.Height); pixels > MaxPixels || pixels*bytesPerPixel(b, c.ColorModel) > MaxMemory {
		return nil, ErrTooBig
	}
	img, err := read()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return img, nil
}

// bytesPerPixel is what decoding takes at most. A progressive JPEG keeps all its coefficients until the last scan.
func bytesPerPixel(b []byte, model color.Model) int64 {
	switch KindOf(b) {
	case JPEG:
		progressive := false
		_ = walkJPEG(b, func(marker byte, _ []byte) { progressive = progressive || marker == 0xC2 })
		if progressive {
			return 15
		}
		return 4
	case PNG:
		if model == color.RGBA64Model || model == color.NRGBA64Model {
			return 8
		}
	}
	return 4
}

// scale makes the picture fit into a square, on white where it is transparent.
func scale(src image.Image, edge int) *image.RGBA {
	w, h := src.Bounds().Dx(), src.Bounds().Dy()
	if longer := max(w, h); longer > edge {
		w, h = max(1, w*edge/longer), max(1, h*edge/longer)
	}
	dst := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(dst, dst.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.ApproxBiLinear.Scale(dst, dst.Bounds(), src, src.Bounds(), draw.Over, nil)
	return dst
}

// turn sets a picture upright.
func turn(src *image.RGBA, o Orientation) *image.RGBA {
	if o <= Upright || o > 8 {
		return src
	}
	w, h := src.Rect.Dx(), src.Rect.Dy()
	dw, dh := w, h
	if o.swaps() {
		dw, dh = h, w
	}
	dst := image.NewRGBA(image.Rect(0, 0, dw, dh))
	for y := range h {
		for x := range w {
			dx, dy := target(o, x, y, w, h)
			copy(dst.Pix[dst.PixOffset(dx, dy):][:4], src.Pix[src.PixOffset(x, y):][:4])
		}
	}
	return dst
}

// target is where the pixel at x, y of a stored picture stands in the upright one.
func target(o Orientation, x, y, w, h int) (int, int) {
	switch o {
	case 2:
		return w - 1 - x, y
	case 3:
		return w - 1 - x, h - 1 - y
	case 4:
		return x, h - 1 - y
	case 5:
		return y, x
	case 6:
		return h - 1 - y, x
	case 7:
		return h - 1 - y, w - 1 - x
	case 8:
		return y, w - 1 - x
	}
	return x, y
}
