package peers

import (
	"math/rand/v2"
	"testing"
	"time"
)

// A process that is killed while it sends loses no mail. Those whose outcome was not on disk go again with the same Message-ID: no
// more in all than the program says may be in that state, for each time that it was killed.
func TestKillWhileSending(t *testing.T) {
	const (
		count     = 400
		uncertain = 64 + 10 // outcomes on their way to the disk, and connections
	)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	addr, dir := sink(t)
	h := open(t, relaying("127.0.0.1:1")) // nobody is there yet
	h.write(count, "home.example")
	h.stop()
	relaying(addr)(&h.opt)
	kills := 0
	for ; kills < 30; kills++ {
		h.start()
		<-time.After(time.Duration(5+rnd.IntN(60)) * time.Millisecond) // the moment of the power cut is the test's input
		h.Kill()
		if len(received(t, dir)) >= count*9/10 {
			break
		}
	}
	h.start()
	all := h.settled(count, "sent")
	h.stop()
	h.verify()
	seen := received(t, dir)
	twice := 0
	for _, m := range all {
		n := seen[m.MessageID]
		if n == 0 {
			t.Errorf("%s is called sent and did not arrive", m.MessageID)
		}
		twice += max(0, n-1)
	}
	if len(seen) != count {
		t.Errorf("%d different mails arrived, want %d", len(seen), count)
	}
	if twice > uncertain*(kills+1) {
		t.Errorf("%d mails went again after %d kills", twice, kills+1)
	}
	t.Logf("%d kills, %d mails went again", kills+1, twice)
}
