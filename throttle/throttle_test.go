package throttle

import (
	"fmt"
	"testing"
	"time"
)

func TestLimiter(t *testing.T) {
	const burst = 100
	now := time.Unix(0, 0)
	g := New(func() time.Time { return now }, 2, burst)
	for i := range maxPeers + 10 {
		for range 2 {
			g.Count(Peer(fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255)))
		}
	}
	if len(g.peers) != maxPeers {
		t.Errorf("%d peers are remembered, want %d", len(g.peers), maxPeers)
	}
	for range burst {
		g.Count("newcomer") // counted with all that have no room of their own
	}
	if g.Wait("newcomer") == 0 || g.Wait("another") == 0 || g.Wait("10.0.0.1") != 0 {
		t.Error("a full table forgets whom it has no room for")
	}
	if got := g.Wait("newcomer"); got != time.Second/2 {
		t.Errorf("the next is looked at after %v, want half a second", got)
	}
	now = now.Add(burst / 2 * time.Second)
	g.Count("newcomer")
	if len(g.peers) != 1 || g.Wait("newcomer") != 0 {
		t.Errorf("%d peers are remembered after a silence, want 1", len(g.peers))
	}
}

func TestPeer(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64", "": "",
	} {
		if got := Peer(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}
