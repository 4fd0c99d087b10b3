package throttle

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Client is the address that a request comes from: that of the peer, or the nearest one in X-Forwarded-For that is not a proxy of
// ours, where the peer is one.
func Client(r *http.Request, proxies []netip.Prefix) string {
	addr := r.RemoteAddr
	if ap, err := netip.ParseAddrPort(addr); err == nil {
		addr = ap.Addr().Unmap().String()
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		ip, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil || !listed(proxies, addr) {
			break
		}
		addr = ip.Unmap().String()
	}
	return addr
}

func listed(nets []netip.Prefix, addr string) bool {
	ip, err := netip.ParseAddr(addr)
	return err == nil && slices.ContainsFunc(nets, func(n netip.Prefix) bool { return n.Contains(ip) })
}
