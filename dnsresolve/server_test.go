package dnsresolve

import (
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/dns"
)

// server is a DNS server on loopback that answers from a handler and counts what it was asked, by network.
type server struct {
	addr string

	mu     sync.Mutex
	counts map[string]int
}

// serve starts a server on one port for UDP and TCP.
func serve(t *testing.T, handle func(network string, q dns.Question, reply *dns.Msg) *dns.Msg) *server {
	t.Helper()
	s := &server{counts: make(map[string]int)}
	pc, l := listenBoth(t)
	s.addr = pc.LocalAddr().String()
	handler := func(network string) dns.Handler {
		return dns.HandlerFunc(func(w dns.ResponseWriter, m *dns.Msg) {
			s.mu.Lock()
			s.counts[network]++
			s.mu.Unlock()
			reply := new(dns.Msg)
			reply.SetReply(m)
			if reply = handle(network, m.Question[0], reply); reply != nil {
				if err := w.WriteMsg(reply); err != nil {
					t.Errorf("answer %v: %v", m.Question[0], err)
				}
			}
		})
	}
	for _, d := range []*dns.Server{{PacketConn: pc, Handler: handler("udp")}, {Listener: l, Handler: handler("tcp")}} {
		ready := make(chan struct{})
		d.NotifyStartedFunc = func() { close(ready) }
		done := make(chan error, 1)
		go func() { done <- d.ActivateAndServe() }()
		<-ready
		t.Cleanup(func() {
			if err := d.Shutdown(); err != nil {
				t.Errorf("shut the server down: %v", err)
			}
			<-done
		})
	}
	return s
}

// listenBoth finds a port that is free for UDP and TCP.
func listenBoth(t *testing.T) (net.PacketConn, net.Listener) {
	t.Helper()
	for range 20 {
		pc, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("tcp", pc.LocalAddr().String())
		if err == nil {
			return pc, l
		}
		pc.Close()
	}
	t.Fatal("no port free for both UDP and TCP")
	return nil, nil
}

func (s *server) asked(network string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[network]
}

// zone answers from records in zone file form, as a recursive server does: aliases followed, and an SOA of 300 s
// (minimum 60 s) below what is not there.
func zone(t *testing.T, lines ...string) func(string, dns.Question, *dns.Msg) *dns.Msg {
	t.Helper()
	var records []dns.RR
	for _, line := range lines {
		rr, err := dns.NewRR(line)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, rr)
	}
	soa, err := dns.NewRR("test. 300 IN SOA ns.test. root.test. 1 1 1 1 60")
	if err != nil {
		t.Fatal(err)
	}
	return func(_ string, q dns.Question, reply *dns.Msg) *dns.Msg {
		exists, name := false, q.Name
		for _, rr := range records {
			if !strings.EqualFold(rr.Header().Name, name) {
				continue
			}
			exists = true
			switch rr := rr.(type) {
			case *dns.CNAME:
				reply.Answer = append(reply.Answer, rr)
				name = rr.Target
			default:
				if rr.Header().Rrtype == q.Qtype {
					reply.Answer = append(reply.Answer, rr)
				}
			}
		}
		if len(reply.Answer) == 0 {
			reply.Ns = append(reply.Ns, soa)
			if !exists {
				reply.Rcode = dns.RcodeNameError
			}
		}
		return reply
	}
}
