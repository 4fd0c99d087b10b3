package smtpd

import (
	"context"
	"net"
	"net/netip"
	"time"

	"github.com/pires/go-proxyproto"
)

const (
	proxyTimeout  = 10 * time.Second // for a PROXY header
	refuseTimeout = time.Second      // for the last words to a connection that is not let in
)

// admit lets a connection in, or not. It does not wait for the peer.
func (s *Server) admit(work context.Context, conn net.Conn) {
	g := &gate{
		srv:    s,
		id:     s.opt.ConnID(),
		socket: conn,
		conn:   conn,
		client: addrOf(conn.RemoteAddr()),
		opened: time.Now(),
	}
	g.ctx, g.cancel = context.WithCancel(work)
	g.log = s.opt.Log.With("conn", g.id)
	s.mu.Lock()
	full := len(s.conns) >= s.opt.MaxConnections
	if !full {
		s.conns[g] = struct{}{}
	}
	s.mu.Unlock()
	if full {
		g.cancel()
		s.opt.Observer.Refused(RefusedTotal)
		sayAndClose(conn, replyTooManyConns)
		return
	}
	s.opt.Observer.Opened()
	go s.begin(g)
}

// begin finds out who the peer is, and hands the connection to the engine.
func (s *Server) begin(g *gate) {
	if s.opt.ProxyProtocol && s.trusted(g.client) && !g.readProxyHeader() {
		s.opt.Observer.Refused(RefusedProxy)
		g.log.Warn("no good PROXY header", "client", g.client)
		_ = g.Close()
		return
	}
	g.log = g.log.With("client", g.client)
	g.in = newWire(g.conn, &s.blocks)
	if !s.takeSlot(g) {
		s.opt.Observer.Refused(RefusedPerIP)
		_ = g.socket.SetWriteDeadline(time.Now().Add(refuseTimeout))
		_, _ = g.conn.Write([]byte(replyTooManyConns + crlf))
		_ = g.Close()
		return
	}
	select {
	case s.handoff.conns <- g:
	case <-s.handoff.done:
		_ = g.Close()
	}
}

// sayAndClose refuses a connection. A fresh socket takes a short reply without waiting for the peer.
func sayAndClose(conn net.Conn, reply string) {
	_ = conn.SetWriteDeadline(time.Now().Add(refuseTimeout))
	_, _ = conn.Write([]byte(reply + crlf))
	_ = conn.Close()
}

// trusted tells whether a PROXY header is required from this address.
func (s *Server) trusted(addr netip.Addr) bool {
	if addr.IsLoopback() {
		return true
	}
	for _, p := range s.opt.TrustedProxies {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// readProxyHeader reads the header of a trusted proxy. A LOCAL or UNKNOWN connection, such as a health check, keeps
// the proxy's own address.
func (g *gate) readProxyHeader() bool {
	conn := proxyproto.NewConn(g.socket,
		proxyproto.WithPolicy(proxyproto.REQUIRE), proxyproto.SetReadHeaderTimeout(proxyTimeout))
	if conn.ProxyHeader() == nil {
		return false
	}
	g.conn = conn
	g.client = addrOf(conn.RemoteAddr())
	return g.client.IsValid() // not so for a Unix socket's path
}

// addrOf returns the IP address of a TCP address, invalid for any other.
func addrOf(a net.Addr) netip.Addr {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return tcp.AddrPort().Addr().Unmap()
}

// takeSlot counts a connection for its address. One site has a /64 of IPv6 addresses to choose from.
func (s *Server) takeSlot(g *gate) bool {
	bits := 32
	if g.client.Is6() {
		bits = 64
	}
	slot, err := g.client.WithZone("").Prefix(bits)
	if err != nil {
		return false // no IP address: not a peer of ours
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.perIP[slot] >= s.opt.MaxPerIP {
		return false
	}
	s.perIP[slot]++
	g.slot = slot
	return true
}

// remove forgets a connection that is closed.
func (s *Server) remove(g *gate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.conns[g]; !ok {
		return
	}
	delete(s.conns, g)
	if g.slot.IsValid() {
		if s.perIP[g.slot]--; s.perIP[g.slot] == 0 {
			delete(s.perIP, g.slot)
		}
	}
	s.opt.Observer.Closed(time.Since(g.opened))
	if s.none != nil && len(s.conns) == 0 {
		close(s.none)
	}
}
