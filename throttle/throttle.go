// Package throttle bounds what peers may do that costs us something: so often at once, then so often a second, counted by network.
//
//	address → Peer (an IPv4 address, or an IPv6 /64) → Limiter: Wait before, Count after
//
// Invariants: the table is bounded, and whoever finds no room in it shares one allowance with all others like him; whoever
// has been quiet is forgotten.
package throttle

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxPeers is how many are remembered one by one.
const maxPeers = 4096

// Limiter counts. It is safe for concurrent use.
type Limiter struct {
	now    func() time.Time
	every  rate.Limit
	burst  int
	mu     sync.Mutex
	peers  map[string]*rate.Limiter
	others *rate.Limiter // of all that the table has no room for
}

// New returns a limiter that allows burst at once, and then so many a second.
func New(now func() time.Time, aSecond float64, burst int) *Limiter {
	l := &Limiter{now: now, every: rate.Limit(aSecond), burst: burst, peers: map[string]*rate.Limiter{}}
	l.others = l.fresh()
	return l
}

func (l *Limiter) fresh() *rate.Limiter { return rate.NewLimiter(l.every, l.burst) }

// Wait tells how long a peer must wait before its next is looked at; 0: not at all.
func (l *Limiter) Wait(peer string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	p, ok := l.peers[peer]
	switch {
	case !ok && len(l.peers) < maxPeers:
		return 0
	case !ok:
		p = l.others
	}
	if tokens := p.TokensAt(l.now()); tokens < 1 {
		return time.Duration((1 - tokens) / float64(l.every) * float64(time.Second))
	}
	return 0
}

// Count counts one of a peer's.
func (l *Limiter) Count(peer string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	p, ok := l.peers[peer]
	if !ok && len(l.peers) >= maxPeers {
		for name, old := range l.peers {
			if old.TokensAt(now) >= float64(l.burst) {
				delete(l.peers, name)
			}
		}
	}
	switch {
	case !ok && len(l.peers) >= maxPeers:
		p = l.others
	case !ok:
		p = l.fresh()
		l.peers[peer] = p
	}
	p.AllowN(now, 1)
}

// Peer is whom things are counted for: an IPv4 address, or the /64 that an IPv6 host has for itself.
func Peer(ip string) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return ip
	}
	addr = addr.Unmap()
	if addr.Is4() {
		return addr.String()
	}
	return netip.PrefixFrom(addr.WithZone(""), 64).Masked().String()
}
