package smtpd

import (
	"io"
	"net"
	"sync"
)

const (
	smallBlock = maxLine  // read buffer of a session among commands
	bigBlock   = 32 << 10 // and within message data, on loan from the server's pool
)

// wire is the reading side of a connection: one buffer, whose unread part the gate looks at directly. It is small
// while commands go to and fro, so that ten thousand idle peers cost little, and big within message data.
type wire struct {
	conn  net.Conn
	pool  *sync.Pool // of *[bigBlock]byte
	small []byte
	big   *[bigBlock]byte
	buf   []byte // small or big
	r, w  int    // buf[r:w] is unread
}

func newWire(conn net.Conn, pool *sync.Pool) wire {
	small := make([]byte, smallBlock)
	return wire{conn: conn, pool: pool, small: small, buf: small}
}

// unread is what was read from the network and not yet used. It is valid until the next call of fill.
func (w *wire) unread() []byte { return w.buf[w.r:w.w] }

// skip marks n octets as used.
func (w *wire) skip(n int) {
	w.r += n
	if w.r == w.w {
		w.r, w.w = 0, 0
	}
}

// fill waits for more octets. It keeps what is unread, which must leave room.
func (w *wire) fill() error {
	if w.r > 0 {
		w.w = copy(w.buf, w.buf[w.r:w.w])
		w.r = 0
	}
	if w.w == len(w.buf) {
		return io.ErrShortBuffer
	}
	n, err := w.conn.Read(w.buf[w.w:])
	w.w += n
	if n > 0 {
		return nil // an error comes again with the next read
	}
	return err
}

// grow takes the big buffer.
func (w *wire) grow() {
	if w.big != nil {
		return
	}
	w.big = w.pool.Get().(*[bigBlock]byte)
	w.w = copy(w.big[:], w.unread())
	w.r = 0
	w.buf = w.big[:]
}

// shrink gives the big buffer back as soon as what is unread fits into the small one.
func (w *wire) shrink() {
	if w.big == nil || w.w-w.r > len(w.small) {
		return
	}
	w.w = copy(w.small, w.unread())
	w.r = 0
	w.buf = w.small
	w.pool.Put(w.big)
	w.big = nil
}

// drop forgets what is unread.
func (w *wire) drop() {
	w.r, w.w = 0, 0
	w.shrink()
}
