package mtasts

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
)

// house is a domain with its DNS, its policy host, and our store.
type house struct {
	mu      sync.Mutex
	txts    []string
	dnsDown bool
	answer  http.HandlerFunc
	kept    map[string]Kept
	fetches int
	now     time.Time
	server  *httptest.Server
}

func (h *house) LookupTXT(_ context.Context, name string) ([]string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.dnsDown {
		return nil, &net.DNSError{Err: "server failure", Name: name, IsTemporary: true}
	}
	if name != "_mta-sts.example.com" || h.txts == nil {
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	return h.txts, nil
}

func (h *house) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if host != "mta-sts.example.com" {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return []netip.Addr{netip.MustParseAddr("192.0.2.1")}, nil
}

func (h *house) LoadPolicy(_ context.Context, domain string) (Kept, bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	k, ok := h.kept[domain]
	return k, ok, nil
}

func (h *house) SavePolicy(_ context.Context, k Kept) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.kept[k.Domain] = k
	return nil
}

// text answers with a policy.
func text(mode Mode, age int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = fmt.Fprintf(w, "version: STSv1\r\nmode: %s\r\nmx: mx.example.com\r\nmax_age: %d\r\n", mode, age)
	}
}

// newHouse is a domain that enforces.
func newHouse(t *testing.T) (*house, *Client) {
	t.Helper()
	h := &house{kept: map[string]Kept{}, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), txts: []string{"v=STSv1; id=1"}, answer: text(Enforce, 604800)}
	h.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		h.fetches++
		answer := h.answer
		h.mu.Unlock()
		if r.Host != "mta-sts.example.com" || r.URL.Path != "/.well-known/mta-sts.txt" {
			t.Errorf("asked for %s%s", r.Host, r.URL.Path)
		}
		answer(w, r)
	}))
	h.server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	h.server.StartTLS()
	t.Cleanup(h.server.Close)
	return h, h.client(t)
}

// client is one of our processes. The certificate of httptest is for example.com and its subdomains.
func (h *house) client(t *testing.T) *Client {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AddCert(h.server.Certificate())
	c, err := New(Options{Store: h, Resolver: h, RootCAs: pool, Log: slog.New(slog.DiscardHandler),
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			if address != "192.0.2.1:443" {
				t.Errorf("dialled %s", address)
			}
			return new(net.Dialer).DialContext(ctx, network, h.server.Listener.Addr().String())
		},
		Now: func() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.now }})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (h *house) want(t *testing.T, c *Client, mode Mode, fetches int) {
	t.Helper()
	p, err := c.Policy(t.Context(), "example.com")
	if err != nil || p.Mode != mode || h.fetches != fetches {
		t.Errorf("mode %q after %d fetches, %v; want %q after %d", p.Mode, h.fetches, err, mode, fetches)
	}
}

// A policy is fetched once, kept over a restart and while the domain hides it, and replaced when its id changes.
func TestPolicyIsKept(t *testing.T) {
	h, c := newHouse(t)
	h.want(t, c, Enforce, 1)
	h.want(t, c, Enforce, 1)
	h.want(t, h.client(t), Enforce, 1) // another process, or this one after a restart

	h.txts = nil
	h.want(t, c, Enforce, 1)
	h.dnsDown = true
	h.want(t, c, Enforce, 1)

	h.dnsDown, h.txts, h.answer = false, []string{"v=STSv1; id=2"}, http.NotFound
	h.want(t, c, Enforce, 2)
	h.want(t, c, Enforce, 2) // it is left alone for a while
	h.now = h.now.Add(retryAfter)
	h.answer = text(Testing, 604800)
	h.want(t, c, Testing, 3)
	if h.kept["example.com"].ID != "2" {
		t.Errorf("kept %+v", h.kept)
	}

	h.now = h.now.Add(refresh) // the same id is asked for again now and then
	h.want(t, c, Testing, 4)
	h.answer, h.txts = text(None, 86400), []string{"v=STSv1; id=3"}
	h.want(t, c, None, 5)
}

// Beyond max_age a policy counts no longer.
func TestPolicyRunsOut(t *testing.T) {
	h, c := newHouse(t)
	h.answer = text(Enforce, 3600)
	h.want(t, c, Enforce, 1)
	h.answer = http.NotFound
	h.now = h.now.Add(time.Hour - time.Second)
	h.want(t, c, Enforce, 1)
	h.now = h.now.Add(time.Second)
	h.want(t, c, None, 2)
}

// What is not a policy by all the rules is none.
func TestFetchFails(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"not found": http.NotFound,
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/.well-known/mta-sts.txt", http.StatusMovedPermanently)
		},
		"html": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = fmt.Fprint(w, "version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 1\n")
		},
		"endless": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			for range 100 {
				if _, err := fmt.Fprint(w, strings.Repeat("x: y\n", 1000)); err != nil {
					return
				}
			}
		},
		"broken off": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			h, c := newHouse(t)
			h.answer = answer
			h.want(t, c, None, 1)
		})
	}
	t.Run("certificate", func(t *testing.T) {
		h, c := newHouse(t)
		c.http.Transport.(*http.Transport).TLSClientConfig.RootCAs = x509.NewCertPool()
		h.want(t, c, None, 0)
	})
	t.Run("no record, no fetch", func(t *testing.T) {
		h, c := newHouse(t)
		h.txts = []string{"v=spf1 -all"}
		h.want(t, c, None, 0)
	})
}

// Many who need the same policy at the same time fetch it once.
func TestFetchesAreShared(t *testing.T) {
	h, c := newHouse(t)
	begun, release := make(chan struct{}), make(chan struct{})
	h.answer = func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		<-release
		text(Enforce, 604800)(w, r)
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if p, err := c.Policy(t.Context(), "example.com"); err != nil || p.Mode != Enforce {
				t.Errorf("%+v, %v", p, err)
			}
		})
	}
	<-begun
	close(release)
	wg.Wait()
	if h.fetches != 1 {
		t.Errorf("%d fetches", h.fetches)
	}
}

// brokenStore can't tell what is kept.
type brokenStore struct{ *house }

func (brokenStore) LoadPolicy(context.Context, string) (Kept, bool, error) {
	return Kept{}, false, errors.New("the disk is gone")
}

func TestStoreTrouble(t *testing.T) {
	h, c := newHouse(t)
	c.Store = brokenStore{h}
	if _, err := c.Policy(t.Context(), "example.com"); err == nil {
		t.Error("a policy that is not known is taken for none")
	}
}
