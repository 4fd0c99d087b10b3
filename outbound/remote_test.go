package outbound_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"smartmail/casework"
	"smartmail/message"
	"smartmail/outbound"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// remote is a server that answers as its script says.
type remote struct {
	// say returns the answer to a command, by its verb in upper case; "." is the end of a mail, "" the greeting. An empty
	// answer hangs up, "hang" says nothing until the client gives up.
	say func(r *remote, verb, line string) string

	mu    sync.Mutex
	got   []string // mails, as they came
	conns int
	lines []string // commands
	tls   *tls.Config
	wg    sync.WaitGroup
}

// friendly is a server without a fault.
func friendly(_ *remote, verb, _ string) string {
	switch verb {
	case "":
		return "220 mx.example.net ready"
	case "EHLO":
		return "250-mx.example.net\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SIZE 100000\r\n250 SMTPUTF8"
	case "DATA":
		return "354 go on"
	case ".":
		return "250 2.0.0 Ok: queued as ABC123"
	case "QUIT":
		return "221 bye"
	default:
		return "250 2.1.0 ok"
	}
}

// but is a friendly server with other answers to some verbs.
func but(answers map[string]string) func(*remote, string, string) string {
	return func(r *remote, verb, line string) string {
		if a, ok := answers[verb]; ok {
			return a
		}
		return friendly(r, verb, line)
	}
}

// dial connects to the script over a pipe, so that time can be made to pass.
func (r *remote) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	r.mu.Lock()
	r.conns++
	r.mu.Unlock()
	r.wg.Go(func() { r.serve(server) })
	return client, nil
}

func (r *remote) serve(raw net.Conn) {
	defer func() { _ = raw.Close() }() // without TLS's last words, for which a pipe would wait
	c := raw
	br := bufio.NewReader(c)
	answer := func(verb, line string) bool {
		a := r.say(r, verb, line)
		if a == "hang" {
			_, _ = io.Copy(io.Discard, br)
			return false
		}
		if a == "" {
			return false
		}
		_, err := fmt.Fprint(c, a+"\r\n")
		return err == nil
	}
	if !answer("", "") {
		return
	}
	for {
		line, err := br.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
		r.mu.Lock()
		r.lines = append(r.lines, line)
		r.mu.Unlock()
		if !answer(verb, line) || verb == "QUIT" {
			return
		}
		switch {
		case verb == "DATA" && strings.HasPrefix(r.say(r, verb, line), "354"):
			mail, err := readMail(br)
			if err != nil {
				return
			}
			r.mu.Lock()
			r.got = append(r.got, mail)
			r.mu.Unlock()
			if !answer(".", mail) {
				return
			}
		case verb == "STARTTLS" && r.tls != nil:
			secure := tls.Server(c, r.tls)
			if secure.Handshake() != nil {
				return
			}
			c, br = secure, bufio.NewReader(secure)
		}
	}
}

func readMail(br *bufio.Reader) (string, error) {
	var b strings.Builder
	for {
		line, err := br.ReadString('\n')
		if err != nil {
			return "", err
		}
		if line == ".\r\n" {
			return b.String(), nil
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
}

// box is an outbox in memory.
type box struct {
	mu       sync.Mutex
	items    map[casework.OutboxID]casework.OutboxItem
	outcomes map[casework.OutboxID][]casework.Outcome
	released int
	forget   bool          // reports are lost, as in a crash
	changed  chan struct{} // gets a value for each report and release
}

func newBox(to ...string) *box {
	b := &box{items: map[casework.OutboxID]casework.OutboxItem{}, outcomes: map[casework.OutboxID][]casework.Outcome{}, changed: make(chan struct{}, 10_000)}
	for i, addr := range to {
		id := casework.OutboxID(fmt.Sprintf("item%04d", i))
		b.items[id] = casework.OutboxItem{Org: "a", ID: id, Case: 1, To: casework.Participant{Email: addr}, State: casework.Queued}
	}
	return b
}

func (b *box) ClaimOutbox(_ context.Context, owner string, lease time.Duration, limit int) (out []casework.OutboxItem, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, o := range b.items {
		now := time.Now()
		if len(out) == limit || o.State != casework.Queued || o.LeasedUntil.After(now) || o.NextAt.After(now) {
			continue
		}
		o.Attempts++
		o.LeasedBy, o.LeasedUntil = owner, now.Add(lease)
		b.items[id] = o
		out = append(out, o)
	}
	return out, nil
}

func (b *box) ReportOutbox(_ context.Context, item casework.OutboxItem, out casework.Outcome) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer func() { b.changed <- struct{}{} }()
	if b.forget {
		return errors.New("the disk is full")
	}
	o := b.items[item.ID]
	o.State, o.LeasedUntil = out.State, time.Time{}
	b.items[item.ID] = o
	b.outcomes[item.ID] = append(b.outcomes[item.ID], out)
	return nil
}

func (b *box) ReleaseOutbox(_ context.Context, item casework.OutboxItem, dueAt time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer func() { b.changed <- struct{}{} }()
	o := b.items[item.ID]
	o.LeasedUntil, o.NextAt = time.Time{}, dueAt
	o.Attempts--
	b.items[item.ID] = o
	b.released++
	return nil
}

// only is the one outcome of the one mail.
func (b *box) only(t *testing.T) casework.Outcome {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.outcomes["item0000"]) != 1 {
		t.Fatalf("outcomes: %+v", b.outcomes)
	}
	return b.outcomes["item0000"][0]
}

// letters composes a small mail for any item.
type letters struct{ text string }

func (l letters) Compose(_ context.Context, item casework.OutboxItem) (outbound.Mail, error) {
	text := l.text
	if text == "" {
		text = "Subject: Kran\r\n\r\nHej.\r\n.dot\r\n"
	}
	return outbound.Mail{From: "b1@a.example", To: item.To.Email, Body: message.InMemory([]byte("Message-ID: <" + string(item.ID) + "@a.example>\r\nFrom: a@a.example\r\n" + text))}, nil
}

// sender returns one that talks to the script.
func sender(t *testing.T, b *box, r *remote, change func(*outbound.Options)) *outbound.Sender {
	t.Helper()
	o := outbound.Options{
		Outbox: b, Composer: letters{}, Hostname: "mx.a.example", Dial: r.dial,
		Smarthost: &outbound.Smarthost{Address: "smart.example.net:25", TLS: outbound.NoTLS},
	}
	if change != nil {
		change(&o)
	}
	s, err := outbound.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// drain runs senders until so many reports or releases have come, then stops them.
func drain(t *testing.T, b *box, r *remote, events int, senders ...*outbound.Sender) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for _, s := range senders {
		wg.Go(func() {
			if err := s.Run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	for range events {
		<-b.changed
	}
	cancel()
	wg.Wait()
	r.wg.Wait()
}

// names is a DNS of a few names.
type names struct {
	mx   map[string][]*net.MX
	addr map[string][]netip.Addr
	fail map[string]bool
}

func (n names) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	if n.fail[name] {
		return nil, &net.DNSError{Err: "server failure", Name: name, IsTemporary: true}
	}
	if mx, ok := n.mx[name]; ok {
		return mx, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func (n names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if a, ok := n.addr[host]; ok {
		return a, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

// certificate makes one for a host, and the pool that trusts it.
func certificate(t *testing.T, host string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{host}, NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, pool
}
