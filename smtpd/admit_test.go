package smtpd

import (
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pires/go-proxyproto"
)

// tally is an Observer that counts.
type tally struct {
	mu             sync.Mutex
	opened, closed int
	refused        map[Reason]int
	mails          map[int]int
}

func newTally() *tally {
	return &tally{refused: map[Reason]int{}, mails: map[int]int{}}
}

func (o *tally) Opened()                { o.mu.Lock(); defer o.mu.Unlock(); o.opened++ }
func (o *tally) Closed(time.Duration)   { o.mu.Lock(); defer o.mu.Unlock(); o.closed++ }
func (o *tally) Refused(why Reason)     { o.mu.Lock(); defer o.mu.Unlock(); o.refused[why]++ }
func (o *tally) Turned(string, Refusal) {}
func (o *tally) Mail(code int, _ int64, _ time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.mails[code]++
}

func TestConnectionLimits(t *testing.T) {
	seen := newTally()
	inBubble(t, Options{MaxConnections: 4, MaxPerIP: 2, Observer: seen}, func(t *testing.T, r *running) { connectionLimits(t, r, seen) })
}

func connectionLimits(t *testing.T, r *running, seen *tally) {
	open := func(from, want string) *client {
		t.Helper()
		c := r.connect(from)
		c.expect(want)
		return c
	}
	// end waits until the server has counted the connection out, which is a moment after the peer sees it closed.
	end := func(c *client) {
		t.Helper()
		c.expectClosed()
		synctest.Wait()
	}
	first := open("192.0.2.1", "220")
	open("192.0.2.1", "220")
	end(open("192.0.2.1", "421 4.7.0"))
	end(open("::ffff:192.0.2.1", "421 4.7.0"))
	open("2001:db8::1", "220")
	open("2001:db8::2:0:0:1", "220")
	end(open("198.51.100.1", "421 4.7.0"))
	first.do("QUIT", "221")
	end(first)
	end(open("2001:db8::3", "421 4.7.0"))
	last := open("192.0.2.1", "220")
	last.do("HELO peer.example", "250")
	for range 2 {
		last.begin("a@peer.example")
		last.do(".", "250")
	}
	last.begin("loop@peer.example")
	last.do(".", "554")
	r.stop()
	last.expect("421 4.3.2")
	if err := r.finished(); err != nil {
		t.Error(err)
	}
	if seen.refused[RefusedPerIP] != 3 || seen.refused[RefusedTotal] != 1 || seen.opened != seen.closed || seen.mails[250] != 2 || seen.mails[554] != 1 {
		t.Errorf("observed %+v", seen)
	}
	if len(r.srv.perIP) != 0 {
		t.Errorf("still counted: %v", r.srv.perIP)
	}
}

func TestProxyHeader(t *testing.T) {
	v2 := func(h *proxyproto.Header) string {
		raw, err := h.Format()
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	from := &net.TCPAddr{IP: net.ParseIP("203.0.113.9"), Port: 99}
	to := &net.TCPAddr{IP: net.ParseIP("192.0.2.25"), Port: 25}
	from6 := &net.TCPAddr{IP: net.ParseIP("2001:db8::9"), Port: 99}
	to6 := &net.TCPAddr{IP: net.ParseIP("2001:db8::25"), Port: 25}
	const trusted, loopback, stranger = "10.1.2.3", "127.0.0.1", "198.51.100.7"
	for _, tc := range []struct {
		name, peer, header string
		client             string // that the mail is from; empty: the connection is closed without a banner
	}{
		{"v1", trusted, "PROXY TCP4 203.0.113.9 192.0.2.25 99 25\r\n", "203.0.113.9"},
		{"v1 from loopback", loopback, "PROXY TCP6 2001:db8::9 2001:db8::25 99 25\r\n", "2001:db8::9"},
		{"v1 unknown", trusted, "PROXY UNKNOWN\r\n", trusted},
		{"v2", trusted, v2(proxyproto.HeaderProxyFromAddrs(2, from, to)), "203.0.113.9"},
		{"v2 IPv6", trusted, v2(proxyproto.HeaderProxyFromAddrs(2, from6, to6)), "2001:db8::9"},
		{"v2 local", trusted, v2(&proxyproto.Header{Version: 2, Command: proxyproto.LOCAL}), trusted},
		{"v1 broken", trusted, "PROXY TCP4 203.0.113.999 192.0.2.25 99 25\r\n", ""},
		{"v1 endless", trusted, "PROXY " + string(make([]byte, 200)), ""},
		{"v2 broken", trusted, "\r\n\r\n\x00\r\nQUIT\n\x31\x11\x00\x0c", ""},
		{"v2 Unix socket", trusted, v2(proxyproto.HeaderProxyFromAddrs(2, &net.UnixAddr{Name: "a", Net: "unix"}, &net.UnixAddr{Name: "b", Net: "unix"})), ""},
		{"no header from a proxy", trusted, "EHLO peer.example\r\n", ""},
		{"no header from a stranger", stranger, "", stranger},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := start(t, Options{ProxyProtocol: true, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}, true)
			c := r.connect(tc.peer)
			if tc.client == "" {
				_, _ = c.conn.Write([]byte(tc.header)) // the server may close before it has read all of it
				c.expectClosed()
				return
			}
			if tc.header != "" {
				c.send(tc.header)
			}
			c.expect("220")
			c.do("HELO peer.example", "250")
			c.begin("a@peer.example")
			c.do(".", "250")
			if got := r.house.got()[0].env.Client.String(); got != tc.client {
				t.Errorf("client is %s", got)
			}
		})
	}
	for name, header := range map[string]string{
		"v1 from a stranger": "PROXY TCP4 127.0.0.1 192.0.2.25 99 25\r\n",
		"v2 from a stranger": v2(proxyproto.HeaderProxyFromAddrs(2, from, to)),
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, Options{ProxyProtocol: true}, true)
			c := r.connect(stranger)
			c.expect("220")
			c.send(header)
			c.expect("421 4.7.0 this is not SMTP")
			c.expectClosed()
		})
	}
}

func TestProxyHeaderHasADeadline(t *testing.T) {
	seen := newTally()
	inBubble(t, Options{ProxyProtocol: true, Observer: seen}, func(t *testing.T, r *running) {
		c := r.connect("127.0.0.1")
		begun := time.Now()
		c.expectClosed()
		if took := time.Since(begun); took != proxyTimeout || seen.refused[RefusedProxy] != 1 {
			t.Errorf("after %v, observed %+v", took, seen)
		}
	})
}

// TestPerIPBehindProxy counts the peers, not the proxy.
func TestPerIPBehindProxy(t *testing.T) {
	r := start(t, Options{ProxyProtocol: true, MaxPerIP: 1}, true)
	for _, tc := range []struct{ from, want string }{
		{"203.0.113.1", "220"}, {"203.0.113.2", "220"}, {"203.0.113.1", "421 4.7.0"},
	} {
		c := r.connect("127.0.0.1")
		c.send("PROXY TCP4 " + tc.from + " 192.0.2.25 99 25\r\n")
		c.expect(tc.want)
	}
}

func TestOptions(t *testing.T) {
	for name, opt := range map[string]Options{"no hostname": {SpoolDir: "x"}, "no spool": {Hostname: "x"}} {
		if _, err := New(opt, &house{}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	full, err := Options{Hostname: "x", SpoolDir: "y", MaxErrors: 7}.withDefaults()
	one, two := full.ConnID(), full.ConnID()
	if err != nil || full.MaxErrors != 7 || full.MaxMessageBytes != 36_700_160 || one == two {
		t.Errorf("got %+v, %v", full, err)
	}
}
