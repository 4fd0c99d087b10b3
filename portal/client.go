package portal

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// client is the address that a request comes from: that of the peer, or the nearest one in X-Forwarded-For that is not a proxy of ours, where the
// peer is one.
func (p *portal) client(r *http.Request) string {
	addr := r.RemoteAddr
	if ap, err := netip.ParseAddrPort(addr); err == nil {
		addr = ap.Addr().Unmap().String()
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		ip, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil || !p.trusted(addr) {
			break
		}
		addr = ip.Unmap().String()
	}
	return addr
}

func (p *portal) trusted(addr string) bool {
	ip, err := netip.ParseAddr(addr)
	return err == nil && slices.ContainsFunc(p.TrustedProxies, func(n netip.Prefix) bool { return n.Contains(ip) })
}
