package picture

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// readSample reads a file that an encoder wrote.
func readSample(t testing.TB, name string) []byte {
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// part is an item of a HEIC to be written: a coded picture or a list of properties and bytes of any kind.
type part struct {
	kind   string
	data   []byte
	props  []box
	refs   map[string][]int // by number, from 1
	inside bool             // in the box idat
}

func be(size int, n int) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(n))[8-size:]
}

func boxed(kind string, parts ...[]byte) []byte {
	data := bytes.Join(parts, nil)
	return slices.Concat(be(4, len(data)+8), []byte(kind), data)
}

// heicOf writes a HEIC. The first part is the main picture; items are numbered from 1.
func heicOf(parts ...part) []byte {
	full := make([]byte, 4)
	var infos, assoc, props, refs, idat, mdat []byte
	place := 0
	for i, p := range parts {
		id := be(2, i+1)
		infos = append(infos, boxed("infe", []byte{2, 0, 0, 0}, id, be(2, 0), []byte(p.kind+"\x00"))...)
		assoc = append(append(assoc, id...), byte(len(p.props)))
		for _, prop := range p.props {
			place++
			props = append(props, boxed(prop.kind, prop.data)...)
			assoc = append(assoc, be(2, 0x8000|place)...)
		}
		for _, kind := range slices.Sorted(maps.Keys(p.refs)) {
			list := slices.Concat(id, be(2, len(p.refs[kind])))
			for _, to := range p.refs[kind] {
				list = append(list, be(2, to)...)
			}
			refs = append(refs, boxed(kind, list)...)
		}
	}
	write := func(start int) []byte {
		idat, mdat = nil, nil
		locations := slices.Concat([]byte{1, 0, 0, 0, 0x44, 0}, be(2, len(parts)))
		for i, p := range parts {
			at, method := start+len(mdat), 0
			if p.inside {
				at, method = len(idat), 1
				idat = append(idat, p.data...)
			} else {
				mdat = append(mdat, p.data...)
			}
			locations = slices.Concat(locations, be(2, i+1), be(2, method), be(2, 0), be(2, 1), be(4, at), be(4, len(p.data)))
		}
		return slices.Concat(boxed("ftyp", []byte("heic\x00\x00\x00\x00mif1heic")),
			boxed("meta", full,
				boxed("hdlr", full, full, []byte("pict"), make([]byte, 13)),
				boxed("pitm", full, be(2, 1)),
				boxed("iloc", locations),
				boxed("iinf", full, be(2, len(parts)), infos),
				boxed("iref", full, refs),
				boxed("iprp", boxed("ipco", props), boxed("ipma", []byte{0, 0, 0, 1}, be(4, len(parts)), assoc)),
				boxed("idat", idat)))
	}
	head := write(0)
	start := len(head) + 8
	return append(write(start), boxed("mdat", mdat)...)
}

func ispe(w, h int) box { return box{"ispe", slices.Concat(make([]byte, 4), be(4, w), be(4, h))} }

// coded takes the coded items out of a sample.
func coded(t testing.TB, name string) []part {
	l, err := readLook(readSample(t, name))
	if err != nil {
		t.Fatal(err)
	}
	var out []part
	for _, id := range slices.Sorted(maps.Keys(l.byID)) {
		s, err := l.still(l.byID[id])
		if errors.Is(err, ErrKind) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, part{kind: itemCoded, data: s.Data, props: []box{{"hvcC", s.Config}, ispe(s.Width, s.Height)}})
	}
	return out
}

// colours are those of the six parts of tiles.heic, which are 64 pixels wide and high.
var colours = []color.RGBA{{220, 0, 0, 255}, {0, 160, 0, 255}, {0, 0, 220, 255}, {255, 255, 255, 255}, {0, 0, 0, 255}, {230, 230, 0, 255}}

// gridOf is a picture of w by h pixels made of three by two parts, as phones write it, with more properties and items.
func gridOf(t testing.TB, w, h int, props []box, more ...part) []byte {
	grid := part{kind: itemGrid, inside: true, data: slices.Concat([]byte{0, 0, 1, 2}, be(2, w), be(2, h)),
		props: append([]box{ispe(w, h)}, props...), refs: map[string][]int{"dimg": {2, 3, 4, 5, 6, 7}}}
	return heicOf(slices.Concat([]part{grid}, coded(t, "tiles.heic"), more)...)
}

// seen makes a thumbnail and decodes it.
func seen(t testing.TB, m *Maker, b []byte, edge int) image.Image {
	t.Helper()
	thumb, err := m.Thumbnail(t.Context(), b, edge)
	if err != nil {
		t.Fatal(err)
	}
	img, err := jpeg.Decode(bytes.NewReader(thumb))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func near(a, b color.Color) bool {
	ar, ag, ab, _ := a.RGBA()
	br, bg, bb, _ := b.RGBA()
	far := func(x, y uint32) bool { return max(x, y)-min(x, y) > 0x2000 }
	return !far(ar, br) && !far(ag, bg) && !far(ab, bb)
}

// blackQuarter is where the black quarter of a picture of the corner stands; it fails if the others aren't white.
func blackQuarter(t *testing.T, m image.Image) image.Point {
	t.Helper()
	at, n := image.Point{}, 0
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	for y := range 2 {
		for x := range 2 {
			switch c := m.At(w/4+x*w/2, h/4+y*h/2); {
			case near(c, color.Black):
				at, n = image.Pt(x, y), n+1
			case !near(c, color.White):
				t.Errorf("quarter %d,%d is %v", x, y, c)
			}
		}
	}
	if n != 1 {
		t.Errorf("%d quarters are black", n)
	}
	return at
}

func TestHEICOfEachFormat(t *testing.T) {
	m := NewMaker(1)
	for _, name := range []string{"corner.heic", "odd.heic", "444.heic", "422.heic", "10bit.heic", "gray.heic", "thumb.heic"} {
		want := image.Pt(160, 80)
		if name == "odd.heic" {
			want = image.Pt(161, 99)
		}
		for _, edge := range []int{480, 80, 20, 1} {
			img := seen(t, m, readSample(t, name), edge)
			scaled := image.Pt(min(want.X, edge), max(1, want.Y*min(want.X, edge)/want.X))
			if got := img.Bounds().Size(); max(got.X-scaled.X, scaled.X-got.X, got.Y-scaled.Y, scaled.Y-got.Y) > 1 || got.X > edge {
				t.Errorf("%s at %d: %v, expected %v", name, edge, got, scaled)
			}
			if edge > 10 && blackQuarter(t, img) != image.Pt(0, 0) {
				t.Errorf("%s at %d: the corner stands elsewhere", name, edge)
			}
		}
	}
}

// Properties turn a picture, one after the other. What its Exif block says is the same and must not turn it once more.
func TestHEICIsUpright(t *testing.T) {
	m := NewMaker(1)
	exif := part{kind: itemExif, data: append(make([]byte, 4), exifWithGPS(6)...), refs: map[string][]int{"cdsc": {1}}}
	rot := func(quarters byte) box { return box{"irot", []byte{quarters}} }
	mir := func(axis byte) box { return box{"imir", []byte{axis}} }
	for _, tt := range []struct {
		props []box
		want  Orientation
		at    image.Point
	}{
		{nil, 1, image.Pt(0, 0)},
		{[]box{rot(0)}, 1, image.Pt(0, 0)},
		{[]box{rot(1)}, 8, image.Pt(0, 1)},
		{[]box{rot(2)}, 3, image.Pt(1, 1)},
		{[]box{rot(3)}, 6, image.Pt(1, 0)},
		{[]box{mir(0)}, 4, image.Pt(0, 1)},
		{[]box{mir(1)}, 2, image.Pt(1, 0)},
		{[]box{rot(1), mir(0)}, 5, image.Pt(0, 0)},
		{[]box{rot(1), mir(1)}, 7, image.Pt(1, 1)},
		{[]box{rot(3), mir(0)}, 7, image.Pt(1, 1)},
		{[]box{rot(3), mir(1)}, 5, image.Pt(0, 0)},
		{[]box{mir(1), rot(1)}, 5, image.Pt(0, 0)},
		{[]box{rot(2), mir(1)}, 4, image.Pt(0, 1)},
	} {
		p := coded(t, "corner.heic")[0]
		p.props = append(p.props, tt.props...)
		b := heicOf(p, exif)
		clean, err := Strip(b)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(clean, []byte("59.3")) || !bytes.Contains(b, []byte("59.3")) {
			t.Error("the position is still there")
		}
		for _, b := range [][]byte{b, clean} {
			if got := OrientationOf(b); got != tt.want {
				t.Errorf("%q: orientation %d, expected %d", tt.props, got, tt.want)
			}
			img := seen(t, m, b, 160)
			if got := blackQuarter(t, img); got != tt.at {
				t.Errorf("%q: the corner stands at %v, expected %v", tt.props, got, tt.at)
			}
			if sideways := img.Bounds().Dy() > img.Bounds().Dx(); sideways != tt.want.swaps() {
				t.Errorf("%q: %v", tt.props, img.Bounds())
			}
		}
	}
}

func TestHEICInParts(t *testing.T) {
	m := NewMaker(1)
	for _, edge := range []int{180, 90, 60} { // the parts as they are; each made half as big; a third
		img := seen(t, m, gridOf(t, 180, 120, nil), edge)
		if got := img.Bounds().Size(); got != image.Pt(edge, edge*2/3) {
			t.Errorf("at %d: %v", edge, got)
		}
		for i, want := range colours {
			x, y := (i%3*64+30)*edge/180, (i/3*64+30)*edge/180
			if got := img.At(x, y); !near(got, want) {
				t.Errorf("at %d: part %d is %v, expected %v", edge, i, got, want)
			}
		}
	}
	img := seen(t, m, gridOf(t, 180, 120, []box{{"irot", []byte{3}}}), 180) // a quarter clockwise: red goes up right
	if got := img.Bounds().Size(); got != image.Pt(120, 180) || !near(img.At(90, 30), colours[0]) || !near(img.At(30, 30), colours[3]) {
		t.Errorf("turned: %v, %v and %v on top", got, img.At(30, 30), img.At(90, 30))
	}
	crop := box{"clap", slices.Concat(be(4, 60), be(4, 1), be(4, 40), be(4, 1), be(4, -60), be(4, 1), be(4, 40), be(4, 1))}
	img = seen(t, m, gridOf(t, 180, 120, []box{crop}), 480) // the lower left of it
	if got := img.Bounds().Size(); got != image.Pt(60, 40) || !near(img.At(30, 20), colours[3]) {
		t.Errorf("cropped: %v of %v", got, img.At(30, 20))
	}
}

// The thumbnail within the file is shown for the picture where it is good enough, and only there.
func TestHEICPreview(t *testing.T) {
	m := NewMaker(1)
	preview := func(name string, props ...box) part {
		p := coded(t, name)[0]
		p.props = append(p.props, props...)
		p.refs = map[string][]int{"thmb": {1}}
		return p
	}
	for name, tt := range map[string]struct {
		preview part
		props   []box
		w, h    int
		edge    int
		want    bool
	}{
		"half as long as asked":   {preview("corner.heic"), nil, 192, 96, 192, true},
		"longer than asked":       {preview("corner.heic"), nil, 192, 96, 100, true},
		"of another shape":        {preview("tiles.heic"), nil, 192, 96, 100, false},
		"turned with the picture": {preview("corner.heic", box{"irot", []byte{1}}), []box{{"irot", []byte{1}}}, 192, 96, 192, true},
		"not turned with it":      {preview("corner.heic"), []box{{"irot", []byte{1}}}, 192, 96, 192, false},
		"too small":               {preview("thumb.heic", ispe(40, 20)), nil, 192, 96, 192, false},
	} {
		b := gridOf(t, tt.w, tt.h, tt.props, tt.preview)
		l, err := readLook(b)
		if err != nil {
			t.Fatal(err)
		}
		if id, got := l.preview(tt.edge); got != tt.want || got && id != 8 {
			t.Errorf("%s: item %d, %v", name, id, got)
		}
		if tt.want {
			blackQuarter(t, seen(t, m, b, tt.edge))
		}
	}
}

func TestHEICRefused(t *testing.T) {
	tiles, one := coded(t, "tiles.heic"), coded(t, "corner.heic")[0]
	grid := func(rows, columns, w, h int, madeOf ...int) []byte {
		return heicOf(slices.Concat([]part{{kind: itemGrid, inside: true, data: slices.Concat([]byte{0, 1, byte(rows - 1), byte(columns - 1)}, be(4, w), be(4, h)),
			refs: map[string][]int{"dimg": madeOf}}}, tiles, []part{one})...)
	}
	with := func(p part, change func(*part)) []byte {
		p.props = slices.Clone(p.props)
		change(&p)
		return heicOf(p)
	}
	cut := readSample(t, "corner.heic")
	m := NewMaker(1)
	for name, tt := range map[string]struct {
		b    []byte
		want error
	}{
		"says that it is huge":     {with(one, func(p *part) { p.props[1] = ispe(1<<31, 1<<31) }), ErrTooBig},
		"bigger than its pixels":   {with(one, func(p *part) { p.props[1] = ispe(7000, 7000) }), ErrDamaged},
		"says another size":        {with(one, func(p *part) { p.props[1] = ispe(0, 80) }), ErrDamaged},
		"without a configuration":  {with(one, func(p *part) { p.props = p.props[1:] }), ErrDamaged},
		"with an empty one":        {with(one, func(p *part) { p.props[0].data = nil }), ErrDamaged},
		"without a size":           {with(one, func(p *part) { p.props = p.props[:1] }), ErrDamaged},
		"without pixels":           {with(one, func(p *part) { p.data = nil }), ErrDamaged},
		"with nonsense for pixels": {with(one, func(p *part) { p.data = bytes.Repeat([]byte("pixels"), 99) }), ErrDamaged},
		"of AV1":                   {with(one, func(p *part) { p.kind = "av01" }), ErrKind},
		"a crop outside": {with(one, func(p *part) {
			p.props = append(p.props, box{"clap", slices.Repeat(slices.Concat(be(4, 1000), be(4, 1)), 4)})
		}), ErrDamaged},
		"a crop of nothing by zero":   {with(one, func(p *part) { p.props = append(p.props, box{"clap", make([]byte, 32)}) }), ErrDamaged},
		"half a turn":                 {with(one, func(p *part) { p.props = append(p.props, box{"irot", nil}) }), ErrDamaged},
		"parts are missing":           {grid(1, 3, 192, 64, 2, 3), ErrDamaged},
		"parts that are none":         {grid(1, 2, 128, 64, 2, 99), ErrKind},
		"made of itself":              {grid(1, 1, 64, 64, 1), ErrKind},
		"parts of two sizes":          {grid(1, 2, 128, 64, 2, 8), ErrDamaged},
		"bigger than its parts":       {grid(1, 2, 129, 64, 2, 3), ErrDamaged},
		"of no size":                  {grid(1, 2, 0, 64, 2, 3), ErrDamaged},
		"of too many parts":           {grid(256, 256, 1, 1, 2), ErrTooBig},
		"one part a thousand times":   {grid(32, 32, 1, 1, slices.Repeat([]int{2}, 1024)...), ErrDamaged},
		"no main item":                {bytes.Replace(cut, []byte("pitm"), []byte("none"), 1), ErrDamaged},
		"no items":                    {cut[:24], ErrDamaged},
		"an item outside of the file": {cut[:len(cut)-1], ErrDamaged},
	} {
		_, err := m.Thumbnail(t.Context(), tt.b, 100)
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, expected %v", name, err, tt.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.Thumbnail(ctx, readSample(t, "corner.heic"), 100); !errors.Is(err, context.Canceled) {
		t.Errorf("nobody waits for it: %v", err)
	}
}

// A damaged file gives an error or a picture, whatever byte is wrong.
func TestHEICDamaged(t *testing.T) {
	m := NewMaker(1)
	for step, b := range map[int][]byte{11: readSample(t, "corner.heic"), 61: gridOf(t, 180, 120, []box{{"irot", []byte{1}}})} {
		for i := 12; i < len(b); i += step {
			for what, damaged := range map[string][]byte{"cut": b[:i], "changed": slices.Concat(b[:i], []byte{b[i] ^ 0xFF}, b[i+1:])} {
				thumb, err := m.Thumbnail(t.Context(), damaged, 100)
				if known := errors.Is(err, ErrDamaged) || errors.Is(err, ErrTooBig) || errors.Is(err, ErrKind); err != nil && !known {
					t.Errorf("%s at %d: %v", what, i, err)
				}
				if err == nil && KindOf(thumb) != JPEG {
					t.Errorf("%s at %d: no picture and no error", what, i)
				}
			}
		}
	}
}

func BenchmarkHEIC(b *testing.B) {
	m := NewMaker(1)
	parts := coded(b, "tiles.heic")
	for _, n := range []int{1, 6, 48} {
		grid := part{kind: itemGrid, inside: true, data: slices.Concat([]byte{0, 0, 0, byte(n - 1)}, be(2, 64*n), be(2, 64)), refs: map[string][]int{"dimg": nil}}
		all := []part{grid}
		for i := range n {
			all[0].refs["dimg"] = append(all[0].refs["dimg"], i+2)
			all = append(all, parts[i%len(parts)])
		}
		file := heicOf(all...)
		b.Run(fmt.Sprintf("parts-%d", n), func(b *testing.B) {
			for b.Loop() {
				if _, err := m.Thumbnail(b.Context(), file, 480); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
