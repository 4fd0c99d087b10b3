package smtpd

import (
	"bytes"
	"crypto/sha256"
	"hash"
	"os"
	"sync/atomic"

	"smartmail/fault"
	"smartmail/message"
)

// budget bounds the memory of all bodies in flight.
type budget struct {
	max  int64
	used atomic.Int64
}

// take reserves n bytes, or nothing.
func (b *budget) take(n int64) bool {
	if b.used.Add(n) > b.max {
		b.used.Add(-n)
		return false
	}
	return true
}

// give returns n bytes.
func (b *budget) give(n int64) { b.used.Add(-n) }

// bodies makes bodies, with what all of them share.
type bodies struct {
	budget  *budget
	create  func() (spoolFile, error)
	max     int64 // bytes of a mail
	spoolAt int64 // bytes of a body in memory
	reject  bool  // bare CR or LF

	spooled atomic.Int64 // bytes in spool files
}

// body collects one mail: in memory while it is small and the budget gives, else in a spool file. Once it has
// failed it only counts.
type body struct {
	*bodies
	mem   []byte // the mail, or of a spooled one what is still to be written
	file  spoolFile
	sum   hash.Hash // of a spooled mail so far: a piece is hashed while the processor still has it at hand
	seen  int64     // bytes read from the peer, stored or not
	lines newlines
	disk  int64 // bytes in the file
	err   error // why the mail cannot be taken; a fault
}

// excessFactor times the maximum is what is read of a mail before the connection is given up.
const excessFactor = 4

func (s *bodies) begin() *body { return &body{bodies: s} }

// excess tells whether reading n more bytes is out of proportion.
func (b *body) excess(n int64) bool { return b.seen+n > excessFactor*b.max }

// write adds a piece of the mail. A failure is kept in err, and frees what was stored so far.
func (b *body) write(p []byte) {
	before := b.seen
	b.seen += int64(len(p))
	if b.err != nil {
		return
	}
	if b.seen > b.max {
		b.fail(errTooBig(b.max))
		return
	}
	if b.reject {
		if b.lines.add(p); b.lines.bare {
			b.fail(errBareNewline())
			return
		}
	}
	if b.file == nil && b.room(before+int64(len(p))) {
		b.mem = append(b.mem, p...)
		return
	}
	if err := b.spill(p); err != nil {
		b.fail(errNoRoom(err))
	}
}

func errNoRoom(err error) error {
	return fault.Wrap(fault.Ours, "no room for the mail, try again later", err)
}

// room makes the memory hold size bytes, and reports false where it must not.
func (b *body) room(size int64) bool {
	if size <= int64(cap(b.mem)) {
		return true
	}
	if size > b.spoolAt {
		return false
	}
	grown := max(4096, int64(cap(b.mem)))
	for grown < size {
		grown *= 2
	}
	grown = min(grown, b.spoolAt)
	if !b.budget.take(grown) {
		return false
	}
	mem := append(make([]byte, 0, grown), b.mem...)
	b.freeMemory()
	b.mem = mem
	return true
}

// spillBlock is how much of a spooled mail is gathered before it is written, which costs less than writing each piece.
const spillBlock = 128 << 10

// spill adds to the spool file, and moves there first what is in memory.
func (b *body) spill(p []byte) error {
	if b.file == nil {
		if err := b.beginFile(); err != nil {
			return err
		}
	}
	b.sum.Write(p)
	if len(b.mem)+len(p) > cap(b.mem) {
		if err := b.flush(); err != nil {
			return err
		}
	}
	if len(p) > cap(b.mem) {
		return b.put(p)
	}
	b.mem = append(b.mem, p...)
	return nil
}

// beginFile makes the spool file, and room to gather in, if the budget gives it.
func (b *body) beginFile() error {
	file, err := b.create()
	if err != nil {
		return err
	}
	b.file, b.sum = file, sha256.New()
	b.sum.Write(b.mem) // a hash never fails
	if err := b.flush(); err != nil {
		return err
	}
	b.freeMemory()
	if b.budget.take(spillBlock) {
		b.mem = make([]byte, 0, spillBlock)
	}
	return nil
}

// flush writes what was gathered.
func (b *body) flush() error {
	if len(b.mem) == 0 {
		return nil
	}
	err := b.put(b.mem)
	b.mem = b.mem[:0]
	return err
}

// put writes to the spool file, and counts.
func (b *body) put(p []byte) error {
	n, err := b.file.Write(p)
	b.disk += int64(n)
	b.spooled.Add(int64(n))
	return err
}

func (b *body) fail(err error) {
	b.discard()
	b.err = err
}

// finish returns the whole mail, or why it cannot be taken.
func (b *body) finish() (message.Raw, error) {
	if b.err == nil && b.file != nil {
		if err := b.flush(); err != nil {
			b.fail(errNoRoom(err))
		}
		b.freeMemory()
	}
	switch {
	case b.err != nil:
		return nil, b.err
	case b.reject && b.lines.found():
		return nil, errBareNewline()
	case b.file != nil:
		return fileRaw{b.file, b.seen, [sha256.Size]byte(b.sum.Sum(nil))}, nil
	default:
		return memRaw{bytes.NewReader(b.mem), b.mem}, nil
	}
}

// discard frees memory and file. It may be called again.
func (b *body) discard() {
	b.freeMemory()
	if b.file != nil {
		// What cannot be removed now is swept with the folder of this run.
		_ = b.file.Close()
		_ = os.Remove(b.file.Name())
		b.file = nil
		b.spooled.Add(-b.disk)
		b.disk = 0
	}
}

func (b *body) freeMemory() {
	b.budget.give(int64(cap(b.mem)))
	b.mem = nil
}

// memRaw is a mail in memory.
type memRaw struct {
	*bytes.Reader
	b []byte
}

func (r memRaw) Bytes() []byte { return r.b }

// fileRaw is a mail in a spool file.
type fileRaw struct {
	file spoolFile
	size int64
	sum  [sha256.Size]byte
}

func (r fileRaw) ReadAt(p []byte, off int64) (int, error) { return r.file.ReadAt(p, off) }
func (r fileRaw) Size() int64                             { return r.size }
func (r fileRaw) Path() string                            { return r.file.Name() }
func (r fileRaw) SHA256() [sha256.Size]byte               { return r.sum }
