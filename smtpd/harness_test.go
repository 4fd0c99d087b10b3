package smtpd

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"smartmail/fault"
	"smartmail/message"
)

// mail is what a house was given.
type mail struct {
	env     message.Envelope
	body    string
	spooled bool
}

// house is a Receiver whose answers hang on the addresses: the local part of a recipient for Route, that of the
// reverse-path for Accept.
type house struct {
	mu    sync.Mutex
	mails []mail

	entered chan struct{} // Accept of a mail from waits@ or stubborn@ has begun
	release chan struct{} // lets stubborn@ go on, whatever its context
}

var kinds = map[string]error{
	"notfound":  fault.New(fault.NotFound, "no such address"),
	"forbidden": fault.New(fault.Forbidden, "we do not relay"),
	"conflict":  fault.New(fault.Conflict, "changed meanwhile"),
	"invalid":   fault.New(fault.Invalid, "cannot be read"),
	"busy":      fault.New(fault.Busy, "slow down"),
	"toobig":    fault.New(fault.TooBig, "too big"),
	"dmarc":     fault.New(fault.Unauthenticated, "rejected by the policy of its domain"),
	"loop":      fault.New(fault.Loop, "mail loop"),
	"content":   fault.New(fault.Content, "message refused: virus"),
	"bare":      fault.New(fault.BareNewline, "bare newline"),
	"ours":      fault.Wrap(fault.Ours, "store is down", errors.New("secret detail")),
	"plain":     errors.New("secret detail"),
	"wrapped":   fmt.Errorf("intake: %w", fault.New(fault.Loop, "two\r\nlines\x00å")),
}

func (h *house) Route(_ context.Context, _ *message.Envelope, rcpt string) error {
	local, domain, _ := strings.Cut(rcpt, "@")
	if local == "panic" {
		panic("route")
	}
	if domain != "example.test" && domain != "mx.example.test" {
		return kinds["forbidden"]
	}
	return kinds[local]
}

func (h *house) Accept(ctx context.Context, env message.Envelope, raw message.Raw) (Receipt, error) {
	local, _, _ := strings.Cut(env.ReversePath, "@")
	switch local {
	case "panic":
		panic("accept")
	case "discard":
		return Receipt{}, nil
	case "waits":
		h.entered <- struct{}{}
		<-ctx.Done()
		return Receipt{}, ctx.Err()
	case "stubborn":
		h.entered <- struct{}{}
		<-h.release
	}
	if err := kinds[local]; err != nil {
		return Receipt{}, err
	}
	var b bytes.Buffer
	if _, err := io.Copy(&b, io.NewSectionReader(raw, 0, raw.Size())); err != nil {
		return Receipt{}, err
	}
	m := mail{env: env, body: b.String()}
	if _, m.spooled = raw.(interface{ Path() string }); !m.spooled {
		if in := raw.(interface{ Bytes() []byte }).Bytes(); string(in) != m.body {
			return Receipt{}, errors.New("Bytes and ReadAt disagree")
		}
	} else if raw.(interface{ SHA256() [32]byte }).SHA256() != sha256.Sum256(b.Bytes()) {
		return Receipt{}, errors.New("SHA256 and ReadAt disagree")
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.mails = append(h.mails, m)
	return Receipt{Text: fmt.Sprintf("OK case=%d entry=e%d", len(h.mails), len(h.mails))}, nil
}

func (h *house) got() []mail {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]mail(nil), h.mails...)
}

// memListener is a listener without a network: for fake time, and for addresses of the test's choice.
type memListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newMemListener() *memListener {
	return &memListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *memListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}
func (l *memListener) Close() error   { l.once.Do(func() { close(l.done) }); return nil }
func (l *memListener) Addr() net.Addr { return &net.TCPAddr{} }

// addressed is a connection with a peer's address.
type addressed struct {
	net.Conn
	from net.Addr
}

func (a addressed) RemoteAddr() net.Addr { return a.from }

// running is a server under test.
type running struct {
	t      testing.TB
	srv    *Server
	house  *house
	mem    *memListener
	tcp    net.Listener
	stop   context.CancelFunc
	served chan error
	log    *bytes.Buffer
}

// start runs a server, on loopback unless inMemory, until the test ends.
func start(t testing.TB, opt Options, inMemory bool, change ...func(*Server)) *running {
	t.Helper()
	r := &running{t: t, served: make(chan error, 1), log: &bytes.Buffer{}}
	r.house = &house{entered: make(chan struct{}, 8), release: make(chan struct{})}
	opt.Hostname = "mx.example.test"
	opt.SpoolDir = cmp.Or(opt.SpoolDir, t.TempDir())
	opt.Log = slog.New(slog.NewTextHandler(&lockedWriter{w: r.log}, nil))
	srv, err := New(opt, r.house)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range change {
		f(srv)
	}
	r.srv = srv
	var l net.Listener
	if inMemory {
		r.mem = newMemListener()
		l = r.mem
	} else if r.tcp, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	} else {
		l = r.tcp
	}
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	go func() { r.served <- srv.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err, ok := <-r.served; ok && err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return r
}

// finished waits for Serve.
func (r *running) finished() error {
	err := <-r.served
	close(r.served)
	return err
}

type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// client is a peer that plays a script.
type client struct {
	t    testing.TB
	conn net.Conn
	r    *bufio.Reader
}

// connect opens a connection without waiting for the banner.
func (r *running) connect(from string) *client {
	r.t.Helper()
	var conn net.Conn
	if r.mem != nil {
		mine, theirs := net.Pipe()
		r.mem.conns <- addressed{theirs, &net.TCPAddr{IP: net.ParseIP(from), Port: 4711}}
		conn = mine
	} else {
		var err error
		if conn, err = net.Dial("tcp", r.tcp.Addr().String()); err != nil {
			r.t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second)) // a failing test must not hang
	}
	r.t.Cleanup(func() { conn.Close() })
	return &client{r.t, conn, bufio.NewReader(conn)}
}

// greet opens a connection and says EHLO.
func (r *running) greet() *client {
	r.t.Helper()
	c := r.connect("192.0.2.1")
	c.expect("220 mx.example.test")
	c.do("EHLO peer.example", "250-mx.example.test", "250 ")
	return c
}

func (c *client) send(raw string) {
	c.t.Helper()
	if _, err := io.WriteString(c.conn, raw); err != nil {
		c.t.Fatalf("send %.60q: %v", raw, err)
	}
}

// expect reads reply lines up to one that begins with want; all lines before it must be of the same reply.
func (c *client) expect(want string) string {
	c.t.Helper()
	for {
		got, err := c.r.ReadString('\n')
		if err != nil {
			c.t.Fatalf("want %q, got %q and %v", want, got, err)
		}
		if strings.HasPrefix(got, want) {
			return strings.TrimSuffix(got, "\r\n")
		}
		if len(got) < 4 || got[3] != '-' {
			c.t.Fatalf("want %q, got %q", want, got)
		}
	}
}

// do sends a command and expects its reply.
func (c *client) do(command string, want ...string) {
	c.t.Helper()
	c.send(command + "\r\n")
	for _, w := range want {
		c.expect(w)
	}
}

// expectClosed reads to the end of the connection, where nothing must come any more.
func (c *client) expectClosed() {
	c.t.Helper()
	rest, err := io.ReadAll(c.r)
	if len(rest) > 0 || errors.Is(err, context.DeadlineExceeded) {
		c.t.Fatalf("want a closed connection, got %q, %v", rest, err)
	}
}

// startTLS does the client's side of a handshake.
func (c *client) startTLS() {
	c.t.Helper()
	tc := tls.Client(c.conn, &tls.Config{InsecureSkipVerify: true})
	if err := tc.Handshake(); err != nil {
		c.t.Fatal(err)
	}
	c.conn, c.r = tc, bufio.NewReader(tc)
}

// certificate makes a self-signed certificate.
func certificate(t testing.TB, serial int64) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(serial),
		Subject:      pkix.Name{CommonName: "mx.example.test"},
		NotAfter:     time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func always(cert tls.Certificate) func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &cert, nil }
}
