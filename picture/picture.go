package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// Bounds of what is decoded.
const (
	MaxPixels = 50_000_000 // a phone's photo has 12 to 50 million
	MaxMemory = 200 << 20  // bytes that decoding may take
	MaxBytes  = 40 << 20   // of a file
	MaxEdge   = 2048       // of a thumbnail's longer side
)

// Errors, for errors.Is. They are the file's fault and never ours.
var (
	ErrKind    = errors.New("no picture of a kind that can be read")
	ErrTooBig  = errors.New("the picture is too big")
	ErrDamaged = errors.New("the picture is damaged")
)

// Kind is what a picture's bytes are.
type Kind string

// The kinds that are told apart.
const (
	JPEG  Kind = "image/jpeg"
	PNG   Kind = "image/png"
	WebP  Kind = "image/webp"
	HEIC  Kind = "image/heic"
	Other Kind = ""
)

// KindOf tells a picture's kind by its first 32 bytes.
func KindOf(head []byte) Kind {
	switch {
	case bytes.HasPrefix(head, []byte{0xFF, 0xD8, 0xFF}):
		return JPEG
	case bytes.HasPrefix(head, []byte(pngMagic)):
		return PNG
	case len(head) >= 12 && string(head[:4]) == "RIFF" && string(head[8:12]) == "WEBP":
		return WebP
	case len(head) >= 12 && string(head[4:8]) == "ftyp":
		switch string(head[8:12]) { // ISO/IEC 23008-12 section 10.2
		case "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1":
			return HEIC
		}
	}
	return Other
}

// Orientation is how a picture must be turned to stand upright: the Exif values 1 to 8 (JEITA CP-3451 tag 0x0112).
type Orientation int

// Upright is the orientation of a picture that needs no turning.
const Upright Orientation = 1

// swaps tells the orientations that lie on their side.
func (o Orientation) swaps() bool { return o >= 5 && o <= 8 }

// OrientationOf reads a picture's orientation; Upright where it says none.
func OrientationOf(b []byte) Orientation {
	var found Orientation
	take := func(exif []byte) {
		if found == 0 {
			found = exifOrientation(exif)
		}
	}
	switch KindOf(b) {
	case JPEG:
		_ = walkJPEG(b, func(marker byte, segment []byte) {
			if marker == 0xE1 && bytes.HasPrefix(segment, []byte(exifMagic)) {
				take(segment[len(exifMagic):])
			}
		})
	case PNG:
		_ = walkPNG(b, func(kind string, chunk, _ []byte) {
			if kind == "eXIf" {
				take(chunk)
			}
		})
	case WebP:
		_ = walkWebP(b, func(kind string, chunk []byte) {
			if kind == "EXIF" {
				take(bytes.TrimPrefix(chunk, []byte(exifMagic)))
			}
		})
	case HEIC: // its Exif block, which may say the same, does not count (ISO/IEC 23008-12 annex A.2.2)
		if l, err := readLook(b); err == nil {
			found, _ = l.turned(l.byID[l.primary])
		}
	}
	return max(found, Upright)
}

const exifMagic = "Exif\x00\x00"

// exifOrientation reads the orientation from a TIFF block; 0 where there is none.
func exifOrientation(b []byte) Orientation {
	var order binary.ByteOrder
	switch {
	case len(b) < 8:
		return 0
	case string(b[:4]) == "II*\x00":
		order = binary.LittleEndian
	case string(b[:4]) == "MM\x00*":
		order = binary.BigEndian
	default:
		return 0
	}
	at := uint64(order.Uint32(b[4:]))
	if at+2 > uint64(len(b)) {
		return 0
	}
	n := uint64(order.Uint16(b[at:]))
	for i := range n {
		entry := at + 2 + 12*i
		if entry+12 > uint64(len(b)) {
			return 0
		}
		if order.Uint16(b[entry:]) == 0x0112 {
			if o := Orientation(order.Uint16(b[entry+8:])); o >= 1 && o <= 8 {
				return o
			}
			return 0
		}
	}
	return 0
}

// exifOf is a TIFF block that says the orientation and nothing else.
func exifOf(o Orientation) []byte {
	b := []byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00")
	b[19] = byte(o)
	return b
}
