package mailauth

import (
	"context"
	"errors"
	"io"
	"sync"

	"smartmail/message"
)

// signed is a mail as its verifiers read it, side by side.
type signed struct {
	header header
	raw    message.Raw

	mu  sync.Mutex
	err error
}

// body returns a reader of the body that ends early when the medium fails or the time is up. Whoever reads must ask cut
// afterwards.
func (m *signed) body(ctx context.Context) *bodyReader {
	size := max(m.raw.Size()-m.header.body, 0)
	return &bodyReader{ctx: ctx, mail: m, r: io.NewSectionReader(m.raw, m.header.body, size)}
}

func (m *signed) readError() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.err
}

type bodyReader struct {
	ctx  context.Context
	mail *signed
	r    io.Reader
	cut  bool // the body was not read to its end: what was computed from it says nothing
}

// Read reads on until the end, the deadline, or trouble.
func (b *bodyReader) Read(p []byte) (int, error) {
	if b.cut || b.ctx.Err() != nil {
		b.cut = true
		return 0, io.EOF
	}
	n, err := b.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		b.cut = true
		b.mail.mu.Lock()
		b.mail.err = err
		b.mail.mu.Unlock()
		return n, io.EOF
	}
	return n, err
}
