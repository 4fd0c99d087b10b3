package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"slices"
	"testing"
)

// gps is what must never get out: it stands in every block of metadata of the test pictures.
const gps = "59.3293N 18.0686E"

// thumbnail makes one with a maker that nobody else uses.
func thumbnail(t testing.TB, b []byte, edge int) ([]byte, error) {
	return NewMaker(1).Thumbnail(t.Context(), b, edge)
}

// corner is a picture whose upper left quarter is black.
func corner(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{255, 255, 255, 255}
			if x < w/2 && y < h/2 {
				c = color.RGBA{0, 0, 0, 255}
			}
			m.Set(x, y, c)
		}
	}
	return m
}

func exifWithGPS(o Orientation) []byte { return append(exifOf(o), gps...) }

func jpegWith(t testing.TB, o Orientation) []byte {
	var plain bytes.Buffer
	if err := jpeg.Encode(&plain, corner(40, 20), nil); err != nil {
		t.Fatal(err)
	}
	segment := func(marker byte, s string) []byte {
		return append([]byte{0xFF, marker, byte((len(s) + 2) >> 8), byte(len(s) + 2)}, s...)
	}
	b := append([]byte{0xFF, 0xD8}, segment(0xE1, exifMagic+string(exifWithGPS(o)))...)
	b = append(b, segment(0xE1, "http://ns.adobe.com/xap/1.0/\x00"+gps)...)
	b = append(b, segment(0xFE, gps)...)
	b = append(b, segment(0xE2, "ICC_PROFILE\x00\x01\x01colours")...)
	b = append(b, plain.Bytes()[2:]...)
	return append(b, "trailing "+gps...)
}

func pngWith(t testing.TB, o Orientation) []byte {
	var plain bytes.Buffer
	if err := png.Encode(&plain, corner(40, 20)); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	b.Write(plain.Bytes()[:33]) // up to IHDR
	writeChunk(&b, "eXIf", exifWithGPS(o))
	writeChunk(&b, "tEXt", []byte("XML:com.adobe.xmp\x00"+gps))
	b.Write(plain.Bytes()[33:])
	b.WriteString(gps)
	return b.Bytes()
}

// lossless is a WebP of one white pixel.
const lossless = "\x2f\x00\x00\x00\x00\x07\x10\xfd\x8f\xfe\x07\x22\xa2\xff\x01\x00"

func webpWith(o Orientation) []byte {
	var b bytes.Buffer
	chunk := func(kind, data string) {
		b.WriteString(kind)
		b.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(data))))
		b.WriteString(data)
		if len(data)%2 == 1 {
			b.WriteByte(0)
		}
	}
	chunk("VP8X", "\x0c\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	chunk("VP8L", lossless)
	chunk("EXIF", string(exifWithGPS(o)))
	chunk("XMP ", gps)
	return append(append([]byte("RIFF"), binary.LittleEndian.AppendUint32(nil, uint32(b.Len()+4))...), "WEBP"+b.String()...)
}

// webpPhoto is what an encoder wrote, of 160 by 80 pixels, with an orientation.
func webpPhoto(t testing.TB, o Orientation) []byte {
	head := "VP8X\x0a\x00\x00\x00\x08\x00\x00\x00\x9f\x00\x00\x4f\x00\x00"
	exif := exifWithGPS(o)
	if len(exif)%2 == 1 {
		exif = append(exif, 0)
	}
	b := slices.Concat([]byte(head), readSample(t, "corner.webp")[12:], []byte("EXIF"), binary.LittleEndian.AppendUint32(nil, uint32(len(exif))), exif)
	return slices.Concat([]byte("RIFF"), binary.LittleEndian.AppendUint32(nil, uint32(len(b)+4)), []byte("WEBP"), b)
}

func heicWith() []byte {
	box := func(kind, data string) string {
		return string(binary.BigEndian.AppendUint32(nil, uint32(len(data)+8))) + kind + data
	}
	infe := func(id byte, kind string) string {
		return box("infe", "\x02\x00\x00\x00\x00"+string(id)+"\x00\x00"+kind+"\x00")
	}
	ftyp := box("ftyp", "heic\x00\x00\x00\x00mif1heic")
	iinf := box("iinf", "\x00\x00\x00\x00\x00\x02"+infe(1, "hvc1")+infe(2, "Exif"))
	iloc := func(at int) string {
		n := func(v int) string { return string(binary.BigEndian.AppendUint32(nil, uint32(v))) }
		return box("iloc", "\x00\x00\x00\x00\x44\x00\x00\x02"+"\x00\x01\x00\x00\x00\x01"+n(at)+n(6)+"\x00\x02\x00\x00\x00\x01"+n(at+6)+n(len(gps)))
	}
	at := len(ftyp) + len(box("meta", "\x00\x00\x00\x00"+iinf+iloc(0))) + 8
	return []byte(ftyp + box("meta", "\x00\x00\x00\x00"+iinf+iloc(at)) + box("mdat", "pixels"+gps))
}

func TestStripKeepsPixelsAndOrientation(t *testing.T) {
	for o := Upright; o <= 8; o++ {
		for name, b := range map[string][]byte{"jpeg": jpegWith(t, o), "png": pngWith(t, o), "webp": webpWith(o), "webp of a photo": webpPhoto(t, o)} {
			got, err := Strip(b)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if bytes.Contains(got, []byte("59.3")) || !bytes.Contains(b, []byte(gps)) {
				t.Errorf("%s: the position is still there", name)
			}
			if OrientationOf(b) != o || OrientationOf(got) != o {
				t.Errorf("%s: orientation %d of the original, %d of the copy, expected %d", name, OrientationOf(b), OrientationOf(got), o)
			}
			before, err1 := decode(b)
			after, err2 := decode(got)
			if err1 != nil || err2 != nil || !samePixels(before, after) {
				t.Errorf("%s: other pixels: %v, %v", name, err1, err2)
			}
			if again, err := Strip(got); err != nil || !bytes.Equal(again, got) {
				t.Errorf("%s: a clean picture changes: %v", name, err)
			}
		}
	}
	if got, err := Strip(jpegWith(t, 1)); err != nil || !bytes.Contains(got, []byte("colours")) {
		t.Errorf("the colour profile is lost: %v", err)
	}
}

func TestStripHEIC(t *testing.T) {
	b := heicWith()
	got, err := Strip(b)
	if err != nil || len(got) != len(b) || bytes.Contains(got, []byte("59.3")) || !bytes.Contains(got, []byte("pixels")) {
		t.Errorf("%q, %v", got, err)
	}
	if !bytes.Contains(b, []byte(gps)) {
		t.Error("the original was changed")
	}
	// The locations say that the metadata lies in the list of items, or at the file's start.
	at := bytes.LastIndex(b, binary.BigEndian.AppendUint32(nil, uint32(len(gps)))) - 4
	for _, where := range []int{0, bytes.Index(b, []byte("iinf")) - 4} {
		sly := bytes.Clone(b)
		binary.BigEndian.PutUint32(sly[at:], uint32(where))
		if got, err := Strip(sly); !errors.Is(err, ErrDamaged) || got != nil {
			t.Errorf("metadata at %d: %q, %v", where, got, err)
		}
	}
}

func samePixels(a, b image.Image) bool {
	if a.Bounds() != b.Bounds() {
		return false
	}
	for y := a.Bounds().Min.Y; y < a.Bounds().Max.Y; y++ {
		for x := a.Bounds().Min.X; x < a.Bounds().Max.X; x++ {
			if a.At(x, y) != b.At(x, y) {
				return false
			}
		}
	}
	return true
}

// The black corner stands where a viewer that knows the orientation would show it.
func TestThumbnailIsUpright(t *testing.T) {
	for o, want := range map[Orientation]image.Point{1: {0, 0}, 2: {1, 0}, 3: {1, 1}, 4: {0, 1}, 5: {0, 0}, 6: {1, 0}, 7: {1, 1}, 8: {0, 1}} {
		for name, b := range map[string][]byte{"jpeg": jpegWith(t, o), "png": pngWith(t, o), "webp": webpPhoto(t, o)} {
			thumb, err := thumbnail(t, b, 20)
			if err != nil {
				t.Fatal(err)
			}
			m, err := jpeg.Decode(bytes.NewReader(thumb))
			if err != nil {
				t.Fatal(err)
			}
			w, h := m.Bounds().Dx(), m.Bounds().Dy()
			if sideways := o >= 5; max(w, h) != 20 || (h > w) != sideways {
				t.Errorf("%s %d: %d x %d", name, o, w, h)
			}
			for qy := range 2 {
				for qx := range 2 {
					r, _, _, _ := m.At(w/4+qx*w/2, h/4+qy*h/2).RGBA()
					if black := r < 0x8000; black != (want == image.Point{qx, qy}) {
						t.Errorf("%s %d: quarter %d,%d is black: %v", name, o, qx, qy, black)
					}
				}
			}
			if bytes.Contains(thumb, []byte("59.3")) {
				t.Error("the position is in the thumbnail")
			}
		}
	}
}

func TestRefused(t *testing.T) {
	huge := pngWith(t, 1)
	binary.BigEndian.PutUint32(huge[16:], 1<<20) // says that it is a million pixels wide
	binary.BigEndian.PutUint32(huge[20:], 1<<20)
	var ihdr bytes.Buffer
	writeChunk(&ihdr, "IHDR", huge[16:29])
	copy(huge[8:], ihdr.Bytes())
	for name, tt := range map[string]struct {
		b    []byte
		want error
	}{
		"a bomb": {huge, ErrTooBig}, "a text": {[]byte("hej"), ErrKind}, "nothing": {nil, ErrKind},
		"a GIF": {[]byte("GIF89a..........."), ErrKind}, "half a JPEG": {jpegWith(t, 1)[:300], ErrDamaged}, "half a PNG": {pngWith(t, 1)[:60], ErrDamaged},
	} {
		if _, err := thumbnail(t, tt.b, 100); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, expected %v", name, err, tt.want)
		}
	}
	for _, b := range [][]byte{[]byte("hej"), []byte("GIF89a..........."), jpegWith(t, 1)[:100], pngWith(t, 1)[:60]} {
		if got, err := Strip(b); err == nil || got != nil {
			t.Errorf("%.10q was called clean", b)
		}
	}
}

func FuzzPicture(f *testing.F) {
	for _, b := range [][]byte{jpegWith(f, 6), pngWith(f, 6), webpWith(6), heicWith(), readSample(f, "corner.heic"), readSample(f, "odd.heic"), readSample(f, "thumb.heic"),
		gridOf(f, 180, 120, []box{{"irot", []byte{1}}, {"imir", []byte{1}}})} {
		f.Add(b)
	}
	m := NewMaker(1)
	if _, err := m.Thumbnail(f.Context(), readSample(f, "corner.heic"), 64); err != nil { // loads the decoder before the clock of the first input runs
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		OrientationOf(b)
		got, err := Strip(b)
		if err == nil {
			if again, err := Strip(got); err != nil || !bytes.Equal(again, got) {
				t.Errorf("a clean picture changes: %v", err)
			}
		}
		if thumb, err := m.Thumbnail(t.Context(), b, 64); err == nil && KindOf(thumb) != JPEG {
			t.Error("the thumbnail is no JPEG")
		}
	})
}
