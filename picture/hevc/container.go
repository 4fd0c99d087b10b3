package hevc

import (
	"encoding/binary"
	"slices"
)

// container writes a HEIF file that holds one coded picture and nothing else (ISO/IEC 23008-12): the decoder takes no
// picture without one.
func container(s Still) []byte {
	const none = "\x00\x00\x00\x00" // version and flags
	box := func(kind string, parts ...[]byte) []byte {
		data := slices.Concat(parts...)
		return slices.Concat(binary.BigEndian.AppendUint32(nil, uint32(len(data)+8)), []byte(kind), data)
	}
	text := func(s string) []byte { return []byte(s) }
	number := func(n int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }

	channels := "\x03\x08\x08\x08"
	if s.format() == formatGray {
		channels = "\x01\x08"
	}
	ftyp := box("ftyp", text("heic"+none+"mif1heic"))
	meta := func(at int) []byte {
		return box("meta", text(none),
			box("hdlr", text(none+none+"pict"+none+none+none+"\x00")),
			box("pitm", text(none+"\x00\x01")),
			box("iinf", text(none+"\x00\x01"), box("infe", text("\x02\x00\x00\x00\x00\x01\x00\x00hvc1\x00"))),
			box("iloc", text(none+"\x44\x00\x00\x01\x00\x01\x00\x00\x00\x01"), number(at), number(len(s.Data))),
			box("iprp",
				box("ipco", box("hvcC", s.Config), box("ispe", text(none), number(s.Width), number(s.Height)), box("pixi", text(none+channels))),
				box("ipma", text(none+"\x00\x00\x00\x01\x00\x01\x03\x81\x02\x03"))))
	}
	start := len(ftyp) + len(meta(0)) + 8
	return slices.Concat(ftyp, meta(start), box("mdat", s.Data))
}

// Values of chroma_format_idc (ITU-T H.265 section 6.2).
const (
	formatGray = 0
	format420  = 1
)

// format is chroma_format_idc as the configuration tells it (ISO/IEC 14496-15 section 8.3.3.1.2), which may be a lie.
func (s Still) format() byte {
	if len(s.Config) < 19 {
		return format420
	}
	return s.Config[16] & 3
}

// plain tells whether a picture says that it is like most: 8 bits, and colours in half resolution or none.
func (s Still) plain() bool {
	return len(s.Config) >= 19 && s.format() <= format420 && s.Config[17]&7 == 0 && s.Config[18]&7 == 0
}
