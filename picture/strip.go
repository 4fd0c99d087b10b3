package picture

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// Strip gives the picture without Exif, XMP, comments and what else may say where, when and with what it was taken. The
// pixels, the colour profile and the orientation stay. The error is ErrKind for kinds that can't be cleaned, ErrDamaged
// or ErrTooBig; then nothing is given.
func Strip(b []byte) ([]byte, error) {
	if len(b) > MaxBytes {
		return nil, ErrTooBig
	}
	switch KindOf(b) {
	case JPEG:
		return stripJPEG(b)
	case PNG:
		return stripPNG(b)
	case WebP:
		return stripWebP(b)
	case HEIC:
		return stripHEIC(b)
	}
	return nil, ErrKind
}

// walkJPEG gives each segment up to the first scan (ITU-T T.81 annex B). The last is the start of scan, with all that
// follows it.
func walkJPEG(b []byte, take func(marker byte, segment []byte)) error {
	b = b[2:]
	for {
		if len(b) < 2 || b[0] != 0xFF {
			return fmt.Errorf("%w: no marker", ErrDamaged)
		}
		for len(b) > 2 && b[1] == 0xFF { // fill bytes
			b = b[1:]
		}
		marker := b[1]
		switch {
		case marker == 0xDA:
			take(marker, b[2:])
			return nil
		case marker == 0xD9:
			return fmt.Errorf("%w: no scan", ErrDamaged)
		case marker == 0x01 || marker >= 0xD0 && marker <= 0xD7: // without a length
			b = b[2:]
			continue
		}
		if len(b) < 4 {
			return fmt.Errorf("%w: cut short", ErrDamaged)
		}
		n := int(binary.BigEndian.Uint16(b[2:]))
		if n < 2 || n+2 > len(b) {
			return fmt.Errorf("%w: segment %x of %d bytes", ErrDamaged, marker, n)
		}
		take(marker, b[4:2+n])
		b = b[2+n:]
	}
}

func stripJPEG(b []byte) ([]byte, error) {
	out := bytes.NewBuffer(make([]byte, 0, len(b)+64))
	out.Write([]byte{0xFF, 0xD8})
	segment := func(marker byte, parts ...[]byte) {
		n := 2
		for _, p := range parts {
			n += len(p)
		}
		out.Write([]byte{0xFF, marker, byte(n >> 8), byte(n)})
		for _, p := range parts {
			out.Write(p)
		}
	}
	if o := OrientationOf(b); o != Upright {
		segment(0xE1, []byte(exifMagic), exifOf(o))
	}
	err := walkJPEG(b, func(marker byte, s []byte) {
		switch {
		case marker == 0xDA:
			out.Write([]byte{0xFF, 0xDA})
			out.Write(scans(s))
		case marker == 0xE0 && bytes.HasPrefix(s, []byte("JFIF\x00")) && len(s) >= 14:
			jfif := bytes.Clone(s[:14])
			jfif[12], jfif[13] = 0, 0 // its thumbnail goes as well
			segment(marker, jfif)
		case marker == 0xE2 && bytes.HasPrefix(s, []byte("ICC_PROFILE\x00")), marker == 0xEE && bytes.HasPrefix(s, []byte("Adobe")):
			segment(marker, s) // what the colours mean
		case marker >= 0xE0 && marker <= 0xEF, marker == 0xFE: // APPn, comment
		default:
			segment(marker, s)
		}
	})
	if err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// scans are the compressed pixels up to the end of the image: behind it phones put depth maps, films and more metadata.
// Between the scans of a progressive picture stand tables, which are kept, and may stand other segments, which are not.
func scans(b []byte) []byte {
	out := make([]byte, 0, len(b)+2)
	for start := 0; ; {
		i := bytes.IndexByte(b[start:], 0xFF)
		if i < 0 || start+i+1 >= len(b) {
			return append(append(out, b[start:]...), 0xFF, 0xD9)
		}
		i += start
		marker := b[i+1]
		if marker == 0xFF {
			out = append(out, b[start:i+1]...)
			start = i + 1
			continue
		}
		end := i + 2
		if marker == 0xD9 {
			return append(out, b[start:end]...)
		}
		if private := marker >= 0xE0 && marker <= 0xEF || marker == 0xFE; private {
			out = append(out, b[start:i]...)
			if end+2 > len(b) {
				return append(out, 0xFF, 0xD9)
			}
			start = min(len(b), end+int(binary.BigEndian.Uint16(b[end:])))
			continue
		}
		out = append(out, b[start:end]...)
		start = end
	}
}

const pngMagic = "\x89PNG\r\n\x1a\n"

// walkPNG gives each chunk: its kind, its data, and all of it as it stands (RFC 2083 section 3).
func walkPNG(b []byte, take func(kind string, data, whole []byte)) error {
	b = b[len(pngMagic):]
	for len(b) > 0 {
		if len(b) < 12 {
			return fmt.Errorf("%w: cut short", ErrDamaged)
		}
		n := uint64(binary.BigEndian.Uint32(b))
		if n+12 > uint64(len(b)) {
			return fmt.Errorf("%w: chunk of %d bytes", ErrDamaged, n)
		}
		kind := string(b[4:8])
		take(kind, b[8:8+n], b[:12+n])
		if kind == "IEND" {
			return nil // what follows is no part of the picture
		}
		b = b[12+n:]
	}
	return fmt.Errorf("%w: no end", ErrDamaged)
}

func stripPNG(b []byte) ([]byte, error) {
	out := bytes.NewBuffer(make([]byte, 0, len(b)+64))
	out.WriteString(pngMagic)
	o := OrientationOf(b)
	err := walkPNG(b, func(kind string, _, whole []byte) {
		switch kind {
		case "IHDR":
			out.Write(whole)
			if o != Upright {
				writeChunk(out, "eXIf", exifOf(o))
			}
		case "PLTE", "IDAT", "IEND", "tRNS", "cHRM", "gAMA", "iCCP", "sBIT", "sRGB", "cICP", "bKGD", "hIST", "pHYs", "sPLT", "acTL", "fcTL", "fdAT":
			out.Write(whole)
		}
	})
	if err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func writeChunk(out *bytes.Buffer, kind string, data []byte) {
	out.Write(binary.BigEndian.AppendUint32(nil, uint32(len(data))))
	sum := crc32.NewIEEE()
	for _, p := range [][]byte{[]byte(kind), data} {
		out.Write(p)
		sum.Write(p)
	}
	out.Write(binary.BigEndian.AppendUint32(nil, sum.Sum32()))
}

// walkWebP gives each chunk (RFC 9649 section 2.3).
func walkWebP(b []byte, take func(kind string, data []byte)) error {
	size := uint64(binary.LittleEndian.Uint32(b[4:])) + 8
	b = b[12:min(uint64(len(b)), max(size, 12))]
	for len(b) > 0 {
		if len(b) < 8 {
			return fmt.Errorf("%w: cut short", ErrDamaged)
		}
		n := uint64(binary.LittleEndian.Uint32(b[4:]))
		if n+8 > uint64(len(b)) {
			return fmt.Errorf("%w: chunk of %d bytes", ErrDamaged, n)
		}
		take(string(b[:4]), b[8:8+n])
		b = b[min(uint64(len(b)), 8+n+n%2):]
	}
	return nil
}

// The flags of the VP8X chunk (RFC 9649 section 2.7.1).
const (
	webpXMP  = 0x04
	webpExif = 0x08
)

func stripWebP(b []byte) ([]byte, error) {
	out := bytes.NewBuffer(make([]byte, 0, len(b)+64))
	out.WriteString("RIFF\x00\x00\x00\x00WEBP")
	chunk := func(kind string, data []byte) {
		out.WriteString(kind)
		out.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(data))))
		out.Write(data)
		if len(data)%2 == 1 {
			out.WriteByte(0)
		}
	}
	o := OrientationOf(b)
	err := walkWebP(b, func(kind string, data []byte) {
		switch kind {
		case "VP8X":
			data = bytes.Clone(data)
			if len(data) > 0 {
				data[0] &^= webpXMP | webpExif
				if o != Upright {
					data[0] |= webpExif
				}
			}
			chunk(kind, data)
		case "VP8 ", "VP8L", "ALPH", "ANIM", "ANMF", "ICCP":
			chunk(kind, data)
		}
	})
	if err != nil {
		return nil, err
	}
	if o != Upright {
		chunk("EXIF", exifOf(o))
	}
	whole := out.Bytes()
	binary.LittleEndian.PutUint32(whole[4:], uint32(len(whole)-8))
	return whole, nil
}
