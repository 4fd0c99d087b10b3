package mailauth

import (
	"context"
	"net/netip"
	"sync"

	"golang.org/x/sync/semaphore"
)

// admission bounds how many mails are checked at the same time, and how many of them one client may have: whoever
// floods us waits behind his own mails, not in front of others'.
//
// A client is an IPv4 address or an IPv6 /64, which one machine may have to itself. All without an address are one.
type admission struct {
	all  *semaphore.Weighted
	each int64

	mu      sync.Mutex
	clients map[netip.Prefix]*share
}

// share is what one client has of the places; it is forgotten with its last mail.
type share struct {
	places *semaphore.Weighted
	users  int
}

func newAdmission(places int) *admission {
	return &admission{
		all:     semaphore.NewWeighted(int64(places)),
		each:    max(1, int64(places)/4),
		clients: make(map[netip.Prefix]*share),
	}
}

// enter waits for a place until the context ends. Whoever enters must call leave.
func (a *admission) enter(ctx context.Context, client netip.Addr) (leave func(), err error) {
	key := clientKey(client)
	a.mu.Lock()
	s, ok := a.clients[key]
	if !ok {
		s = &share{places: semaphore.NewWeighted(a.each)}
		a.clients[key] = s
	}
	s.users++
	a.mu.Unlock()

	if err := s.places.Acquire(ctx, 1); err != nil { // of one's own first: nobody queues for all with more
		a.forget(key, s)
		return nil, err
	}
	if err := a.all.Acquire(ctx, 1); err != nil {
		s.places.Release(1)
		a.forget(key, s)
		return nil, err
	}
	return func() {
		a.all.Release(1)
		s.places.Release(1)
		a.forget(key, s)
	}, nil
}

func (a *admission) forget(key netip.Prefix, s *share) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s.users--; s.users == 0 {
		delete(a.clients, key)
	}
}

func clientKey(client netip.Addr) netip.Prefix {
	client = client.Unmap().WithZone("")
	bits := 32
	if client.Is6() {
		bits = 64
	}
	p, err := client.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // an import
	}
	return p
}
