package mailauth

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"smartmail/fault"
)

// slow is a resolver that takes a second for everything, as in a flood of mails with slow DNS of the sender's own.
type slow struct{ *zone }

func (s slow) LookupTXT(ctx context.Context, name string) ([]string, error) {
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return s.zone.LookupTXT(ctx, name)
}

// TestFlood has one client send a hundred mails at once, and another one mail: that one does not wait for the hundred.
func TestFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{Resolver: slow{newZone()}, Places: 8})
		start := time.Now()
		var wg sync.WaitGroup
		var mu sync.Mutex
		refused := 0
		check := func(client string) error {
			_, err := c.Check(t.Context(), Input{Client: netip.MustParseAddr(client), Raw: rawMail(plainMail)})
			return err
		}
		for range 100 {
			wg.Go(func() {
				if err := check("2001:db8::1"); err != nil {
					mu.Lock()
					refused++
					mu.Unlock()
					if !fault.Is(err, fault.Ours) {
						t.Error(err)
					}
				}
			})
		}
		synctest.Wait()
		if err := check("192.0.2.1"); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("the good mail waited %v", took)
		}
		wg.Wait()
		// Two at a time, a second each, within ten seconds; the rest is told to come again.
		if took := time.Since(start); took > 11*time.Second || refused < 70 {
			t.Errorf("the flood took %v, %d were refused", took, refused)
		}
		if n := len(c.admission.clients); n != 0 {
			t.Errorf("%d clients are remembered", n)
		}
	})
}

func TestClientKey(t *testing.T) {
	for client, want := range map[string]string{
		"192.0.2.1": "192.0.2.1/32", "::ffff:192.0.2.1": "192.0.2.1/32", "2001:db8::1": "2001:db8::/64",
		"2001:db8::ffff:0:0:1": "2001:db8::/64", "fe80::1%eth0": "fe80::/64",
	} {
		if got := clientKey(netip.MustParseAddr(client)).String(); got != want {
			t.Errorf("%s: %s, want %s", client, got, want)
		}
	}
	if clientKey(netip.Addr{}).IsValid() {
		t.Error("an import has a client")
	}
}

// TestAdmission checks that no more than the places are taken, whatever comes.
func TestAdmission(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAdmission(4)
		var wg sync.WaitGroup
		var mu sync.Mutex
		inside, most := 0, 0
		for i := range 40 {
			wg.Go(func() {
				leave, err := a.enter(t.Context(), netip.MustParseAddr(fmt.Sprintf("192.0.2.%d", i%20)))
				if err != nil {
					t.Error(err)
					return
				}
				defer leave()
				mu.Lock()
				inside++
				most = max(most, inside)
				mu.Unlock()
				time.Sleep(time.Second)
				mu.Lock()
				inside--
				mu.Unlock()
			})
		}
		wg.Wait()
		if most != 4 {
			t.Errorf("%d at the same time, want 4", most)
		}
	})
}
