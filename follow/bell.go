package follow

import "sync"

// Bell wakes everybody who waits for something new in the log. The zero value is one; it is safe for concurrent use.
type Bell struct {
	mu   sync.Mutex
	next chan struct{}
}

// Ring wakes them. It does not block.
func (b *Bell) Ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next != nil {
		close(b.next)
		b.next = nil
	}
}

// Next returns a channel that is closed at the next ring. Who asks for it before looking at the log misses nothing.
func (b *Bell) Next() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next == nil {
		b.next = make(chan struct{})
	}
	return b.next
}
