// Package tnef reads winmail.dat, the container in which Outlook sends what it can't say in MIME ([MS-OXTNEF]).
//
// One pass over the stream notes of each file its name and where its bytes lie, and keeps the text of the message; the
// bytes themselves are skipped. Whoever wants a file reads the stream again from that offset, so a container of any size
// costs no more memory than its longest name.
//
//	stream → attributes → MAPI properties → files (offset, size) and body
//
// Invariants: Read never panics and takes time linear in the stream; what it keeps is bounded (MaxFiles, MaxBody); what
// was read before a damaged place stays.
package tnef

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Bounds of what Read keeps.
const (
	MaxFiles = 200
	MaxBody  = 1 << 20 // bytes of each form of the body, compressed or not
	maxName  = 4 << 10
	maxProps = 20000 // of one list
)

// ErrFormat is the error of a stream that is no TNEF, or is damaged.
var ErrFormat = errors.New("no TNEF")

// File is one file in the container.
type File struct {
	Name      string // as given, in UTF-8; empty where there is none
	Type      string // media type, where one is given
	ContentID string // without angle brackets
	Offset    int64  // of its bytes in the stream
	Size      int64
	Embedded  bool // a message in TNEF itself, and no file of its own
}

// Message is what a container holds.
type Message struct {
	Files []File
	Text  string // the plain body, in UTF-8
	RTF   []byte // the compressed RTF body ([MS-OXRTFCP])
	HTML  []byte
}

// The attributes that matter ([MS-OXTNEF] section 2.1.3.3).
const (
	signature     = 0x223E9F78
	attBody       = 0x0002800C
	attRendData   = 0x00069002
	attTitle      = 0x00018010
	attData       = 0x0006800F
	attProps      = 0x00069003
	attFileProps  = 0x00069005
	attOemCodepge = 0x00069007
)

// Read takes a container apart. With an error of kind ErrFormat, or of the stream, comes what was found before it.
func Read(r io.Reader) (Message, error) {
	d := &decoder{r: bufio.NewReaderSize(r, 16<<10), codepage: 1252}
	var head [6]byte
	if err := d.full(head[:]); err != nil || binary.LittleEndian.Uint32(head[:]) != signature {
		return Message{}, errors.Join(ErrFormat, err)
	}
	err := d.attributes()
	for i := range d.files {
		d.msg.Files = append(d.msg.Files, d.files[i].finish())
	}
	return d.msg, err
}

type decoder struct {
	r        *bufio.Reader
	pos      int64
	msg      Message
	files    []pending
	codepage int
	sum      uint16 // of the bytes of the present attribute ([MS-OXTNEF] section 2.1.3.1)
}

// pending is a file of which not all is known.
type pending struct {
	File
	title, long, short, display string
}

func (p *pending) finish() File {
	f := p.File
	for _, name := range []string{p.long, p.title, p.short, p.display} {
		if f.Name == "" {
			f.Name = name
		}
	}
	return f
}

// attributes reads all of them. A wrong checksum does not end it: the files may be whole all the same.
func (d *decoder) attributes() (wrong error) {
	for {
		var head [9]byte // level, id, length
		if err := d.full(head[:]); err != nil {
			if errors.Is(err, io.EOF) {
				return wrong
			}
			return err
		}
		if head[0] != 1 && head[0] != 2 {
			return fmt.Errorf("%w: level %d", ErrFormat, head[0])
		}
		id, n := binary.LittleEndian.Uint32(head[1:]), int64(binary.LittleEndian.Uint32(head[5:]))
		end := d.pos + n
		d.sum = 0
		if err := d.attribute(id, n); err != nil && !errors.Is(err, ErrFormat) {
			return err
		}
		if d.pos > end {
			return fmt.Errorf("%w: attribute %x overruns", ErrFormat, id)
		}
		if err := d.skip(end - d.pos); err != nil {
			return err
		}
		sum := d.sum
		var check [2]byte
		if err := d.full(check[:]); err != nil {
			return err
		}
		if binary.LittleEndian.Uint16(check[:]) != sum {
			wrong = fmt.Errorf("%w: checksum of attribute %x", ErrFormat, id)
		}
	}
}

// attribute reads what counts of one attribute; the rest is skipped by the caller.
func (d *decoder) attribute(id uint32, n int64) error {
	switch id {
	case attOemCodepge:
		b, err := d.bytes(min(n, 4))
		if len(b) == 4 {
			d.codepage = int(binary.LittleEndian.Uint32(b))
		}
		return err
	case attBody:
		b, err := d.bytes(min(n, MaxBody))
		d.msg.Text = d.text(b)
		return err
	case attRendData:
		if len(d.files) < MaxFiles {
			d.files = append(d.files, pending{})
		}
	case attTitle:
		b, err := d.bytes(min(n, maxName))
		if f := d.file(); f != nil {
			f.title = d.text(b)
		}
		return err
	case attData:
		if f := d.file(); f != nil {
			f.Offset, f.Size = d.pos, n
		}
	case attProps:
		return d.properties(d.pos+n, d.messageProperty)
	case attFileProps:
		return d.properties(d.pos+n, d.fileProperty)
	}
	return nil
}

// file is the one being read; nil before the first.
func (d *decoder) file() *pending {
	if len(d.files) == 0 {
		return nil
	}
	return &d.files[len(d.files)-1]
}

func (d *decoder) full(b []byte) error {
	n, err := io.ReadFull(d.r, b)
	d.pos += int64(n)
	for _, c := range b[:n] {
		d.sum += uint16(c)
	}
	if err == nil || errors.Is(err, io.EOF) && n == 0 {
		return err
	}
	return fmt.Errorf("read TNEF: %w", err)
}

// bytes reads n bytes; the caller has bounded n.
func (d *decoder) bytes(n int64) ([]byte, error) {
	b := make([]byte, n)
	err := d.full(b)
	if err != nil {
		return nil, fmt.Errorf("cut short: %w", errors.Join(errCut, err))
	}
	return b, nil
}

// errCut ends the reading: nothing can follow.
var errCut = errors.New("the TNEF stream ends too early")

// skip passes over n bytes and adds them to the checksum.
func (d *decoder) skip(n int64) error {
	for n > 0 {
		b, err := d.r.Peek(int(min(n, 4<<10)))
		for _, c := range b {
			d.sum += uint16(c)
		}
		k, _ := d.r.Discard(len(b)) // what was peeked is there
		d.pos += int64(k)
		n -= int64(k)
		if err != nil && n > 0 {
			return fmt.Errorf("cut short: %w", errors.Join(errCut, err))
		}
	}
	return nil
}
