package testrig

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/miekg/dns"
)

// Zone is a DNS server on loopback that knows what it is told and answers NXDOMAIN to everything else.
type Zone struct {
	Addr string // host:port

	server *dns.Server
	mu     sync.RWMutex
	rrs    map[string][]dns.RR
	broken atomic.Bool
	asked  atomic.Int64
}

// NewZone starts a server. records are lines of a zone file with full names, such as
// `example.net. 300 IN TXT "v=spf1 -all"`.
func NewZone(records ...string) (*Zone, error) {
	z := &Zone{rrs: map[string][]dns.RR{}}
	for _, line := range records {
		if err := z.Add(line); err != nil {
			return nil, err
		}
	}
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("zone: %w", err)
	}
	z.Addr = pc.LocalAddr().String()
	started := make(chan struct{})
	z.server = &dns.Server{PacketConn: pc, Handler: dns.HandlerFunc(z.answer), NotifyStartedFunc: func() { close(started) }}
	failed := make(chan error, 1)
	go func() { failed <- z.server.ActivateAndServe() }()
	select {
	case <-started:
		return z, nil
	case err := <-failed:
		return nil, fmt.Errorf("zone: %w", err)
	}
}

// Add adds a record.
func (z *Zone) Add(line string) error {
	rr, err := dns.NewRR(line)
	if err != nil {
		return fmt.Errorf("zone: %w", err)
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	name := strings.ToLower(rr.Header().Name)
	z.rrs[name] = append(z.rrs[name], rr)
	return nil
}

// Break makes the server answer SERVFAIL, or work again.
func (z *Zone) Break(broken bool) { z.broken.Store(broken) }

// Asked tells how many questions came.
func (z *Zone) Asked() int64 { return z.asked.Load() }

// Close stops the server.
func (z *Zone) Close() error { return z.server.Shutdown() }

func (z *Zone) answer(w dns.ResponseWriter, q *dns.Msg) {
	z.asked.Add(1)
	m := new(dns.Msg)
	m.SetReply(q)
	switch {
	case z.broken.Load():
		m.Rcode = dns.RcodeServerFailure
	case len(q.Question) == 1:
		z.mu.RLock()
		known := z.rrs[strings.ToLower(q.Question[0].Name)]
		z.mu.RUnlock()
		for _, rr := range known {
			if rr.Header().Rrtype == q.Question[0].Qtype {
				m.Answer = append(m.Answer, rr)
			}
		}
		if len(known) == 0 {
			m.Rcode = dns.RcodeNameError
		}
	}
	_ = w.WriteMsg(m) // whoever asked asks again
}
