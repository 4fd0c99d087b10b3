package tnef

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// The properties that matter ([MS-OXPROPS]).
const (
	propBody         = 0x1000
	propRTF          = 0x1009
	propHTML         = 0x1013
	propDisplayName  = 0x3001
	propAttachData   = 0x3701
	propAttachName   = 0x3704
	propAttachMethod = 0x3705
	propAttachLong   = 0x3707
	propAttachMIME   = 0x370E
	propAttachCID    = 0x3712

	typeObject  = 0x000D
	typeString  = 0x001E
	typeUnicode = 0x001F
	typeBinary  = 0x0102
	multiple    = 0x1000

	methodEmbedded = 5
)

// property is one value in the stream, not yet read.
type property struct {
	id, kind uint16
	size     int64
	number   uint32 // of a value of four bytes
}

// properties walks over a list ([MS-OXTNEF] section 2.1.3.4) up to end. take may read the value's bytes, not more.
func (d *decoder) properties(end int64, take func(property) error) error {
	count, err := d.uint32()
	if err != nil {
		return err
	}
	if count > maxProps {
		return fmt.Errorf("%w: %d properties", ErrFormat, count)
	}
	for range count {
		if d.pos >= end {
			return nil
		}
		tag, err := d.uint32()
		if err != nil {
			return err
		}
		p := property{id: uint16(tag >> 16), kind: uint16(tag)}
		if p.id >= 0x8000 {
			if err := d.propertyName(end); err != nil {
				return err
			}
		}
		if err := d.values(p, end, take); err != nil {
			return err
		}
	}
	return nil
}

// propertyName passes over the name of a named property: a GUID, then a number or a text.
func (d *decoder) propertyName(end int64) error {
	if err := d.skip(16); err != nil {
		return err
	}
	kind, err := d.uint32()
	if err != nil {
		return err
	}
	n, err := d.uint32()
	if err != nil || kind == 0 {
		return err
	}
	return d.within(padded(int64(n)), end)
}

// values passes over the values of a property and gives each to take.
func (d *decoder) values(p property, end int64, take func(property) error) error {
	kind := p.kind &^ multiple
	size, fixed := fixedSize(kind)
	count := uint32(1)
	if !fixed || p.kind&multiple != 0 {
		var err error
		if count, err = d.uint32(); err != nil {
			return err
		}
	}
	p.kind = kind
	if fixed && size == 0 {
		return nil // any number of values without a byte: nothing to read, and no reason to count to it
	}
	for range count {
		if d.pos >= end {
			return fmt.Errorf("%w: property %x overruns", ErrFormat, p.id)
		}
		if err := d.value(p, size, fixed, end, take); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) value(p property, size int64, fixed bool, end int64, take func(property) error) error {
	if !fixed {
		n, err := d.uint32()
		if err != nil {
			return err
		}
		size = int64(n)
	}
	stop := d.pos + padded(size)
	if stop > end {
		// The last value may come without its padding.
		if stop = d.pos + size; stop > end {
			return fmt.Errorf("%w: property %x overruns", ErrFormat, p.id)
		}
	}
	p.size = size
	if size == 4 && fixed {
		var err error
		if p.number, err = d.uint32(); err != nil {
			return err
		}
	}
	if err := take(p); err != nil {
		return err
	}
	return d.skip(stop - d.pos)
}

func (d *decoder) within(n, end int64) error {
	if d.pos+n > end {
		return fmt.Errorf("%w: a name overruns", ErrFormat)
	}
	return d.skip(n)
}

func (d *decoder) uint32() (uint32, error) {
	b, err := d.bytes(4)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint32(b), nil
}

func padded(n int64) int64 { return (n + 3) &^ 3 }

// fixedSize is the size in the stream of a type whose values all have one.
func fixedSize(kind uint16) (int64, bool) {
	switch kind {
	case 0x0002, 0x0003, 0x0004, 0x000A, 0x000B: // 16 bits are padded
		return 4, true
	case 0x0005, 0x0006, 0x0007, 0x0014, 0x0040:
		return 8, true
	case 0x0048:
		return 16, true
	case 0x0000, 0x0001:
		return 0, true
	}
	return 0, false
}

// messageProperty keeps the forms of the body.
func (d *decoder) messageProperty(p property) error {
	switch p.id {
	case propBody, propRTF, propHTML:
	default:
		return nil
	}
	b, err := d.bytes(min(p.size, MaxBody))
	if err != nil {
		return err
	}
	switch {
	case p.id == propRTF && p.kind == typeBinary:
		d.msg.RTF = b
	case p.id == propHTML && p.kind == typeBinary:
		d.msg.HTML = b
	case p.id == propBody && d.msg.Text == "":
		d.msg.Text = d.decode(p.kind, b)
	}
	return nil
}

// fileProperty keeps what is said of the present file.
func (d *decoder) fileProperty(p property) error {
	f := d.file()
	if f == nil {
		return nil
	}
	switch p.id {
	case propAttachMethod:
		f.Embedded = p.number == methodEmbedded
		return nil
	case propAttachData:
		if p.kind == typeObject && p.size >= 16 {
			f.Offset, f.Size = d.pos+16, p.size-16 // behind the interface's GUID
		} else if p.kind == typeBinary && f.Size == 0 {
			f.Offset, f.Size = d.pos, p.size
		}
		return nil
	case propAttachLong, propAttachName, propDisplayName, propAttachMIME, propAttachCID:
	default:
		return nil
	}
	if p.kind != typeString && p.kind != typeUnicode {
		return nil
	}
	b, err := d.bytes(min(p.size, maxName))
	if err != nil {
		return err
	}
	to := map[uint16]*string{propAttachLong: &f.long, propAttachName: &f.short, propDisplayName: &f.display, propAttachMIME: &f.Type, propAttachCID: &f.ContentID}
	*to[p.id] = d.decode(p.kind, b)
	return nil
}

// decode makes UTF-8 of a text property.
func (d *decoder) decode(kind uint16, b []byte) string {
	if kind != typeUnicode {
		return d.text(b)
	}
	u := make([]uint16, len(b)/2)
	for i := range u {
		u[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return cString(string(utf16.Decode(u)))
}

// text makes UTF-8 of bytes in the container's codepage.
func (d *decoder) text(b []byte) string {
	out, err := codepage(d.codepage).NewDecoder().Bytes(b)
	if err != nil {
		out = b
	}
	return cString(string(out))
}

func cString(s string) string {
	s, _, _ = strings.Cut(s, "\x00")
	return strings.ToValidUTF8(s, "\uFFFD")
}

// codepage is the encoding of a Windows codepage; windows-1252 where it is not known.
func codepage(n int) encoding.Encoding {
	switch n {
	case 932:
		return japanese.ShiftJIS
	case 936:
		return simplifiedchinese.GBK
	case 949:
		return korean.EUCKR
	case 950:
		return traditionalchinese.Big5
	case 65001:
		return encoding.Nop
	case 874:
		return charmap.Windows874
	case 850:
		return charmap.CodePage850
	case 437:
		return charmap.CodePage437
	}
	single := []encoding.Encoding{charmap.Windows1250, charmap.Windows1251, charmap.Windows1252, charmap.Windows1253, charmap.Windows1254,
		charmap.Windows1255, charmap.Windows1256, charmap.Windows1257, charmap.Windows1258}
	if n >= 1250 && n <= 1258 {
		return single[n-1250]
	}
	return charmap.Windows1252
}
