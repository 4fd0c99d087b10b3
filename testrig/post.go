package testrig

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/mail"
	"net/smtp"
	"net/textproto"
	"slices"
	"strings"
	"sync"

	"smartmail/fault"
	"smartmail/message"
	"smartmail/smtpd"
)

// Letter is a mail that passed the Post.
type Letter struct {
	From string // reverse-path; empty: the null one
	To   []string
	Raw  []byte
}

// Header returns the mail's header, empty where it cannot be read.
func (l Letter) Header() mail.Header {
	m, err := mail.ReadMessage(bytes.NewReader(l.Raw))
	if err != nil {
		return mail.Header{}
	}
	return m.Header
}

// Content is what the mail says, as the program itself reads it.
func (l Letter) Content(ctx context.Context) message.Content {
	return message.Parse(ctx, message.InMemory(l.Raw), message.Limits{NullReversePath: l.From == ""})
}

// Post is the mail of the world around the instances under test: an SMTP server on loopback that hands each mail on to the
// instance of its recipient's domain, and keeps what is for anybody else. A mail is answered 250 once it has arrived, so
// that where every instance has an empty outbox nothing is under way.
type Post struct {
	Addr string // host:port, to relay to

	stop func()
	done chan error

	mu        sync.Mutex // guards what follows
	instances map[string]string
	robots    map[string]func(Letter) []Letter
	passed    []Letter
	change    func(Letter) Letter
}

// NewPost starts a Post that spools into the folder.
func NewPost(dir string) (*Post, error) {
	p := &Post{
		done: make(chan error, 1), instances: map[string]string{}, robots: map[string]func(Letter) []Letter{},
		change: func(l Letter) Letter { return l },
	}
	srv, err := smtpd.New(smtpd.Options{Hostname: "post.example", SpoolDir: dir, Log: slog.New(slog.DiscardHandler)}, p)
	if err != nil {
		return nil, fmt.Errorf("post: %w", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("post: %w", err)
	}
	p.Addr = l.Addr().String()
	ctx, stop := context.WithCancel(context.Background())
	p.stop = stop
	go func() { p.done <- srv.Serve(ctx, l) }()
	return p, nil
}

// Close ends the Post.
func (p *Post) Close() error {
	p.stop()
	return <-p.done
}

// Connect makes mail to the domain go to the SMTP address.
func (p *Post) Connect(domain, addr string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.instances[domain] = addr
}

// Robot lets a program answer for an address. What it returns is sent before the mail to it is answered 250. The depth of
// robots that answer each other is theirs to bound.
func (p *Post) Robot(address string, answer func(Letter) []Letter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.robots[address] = answer
}

// Change makes every mail pass through the function on its way, as a server does that rewrites what it forwards.
func (p *Post) Change(f func(Letter) Letter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.change = f
}

// Passed returns every mail that was handed to the Post, in order.
func (p *Post) Passed() []Letter {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.passed)
}

// Arrived waits for a mail to the address that ok accepts, and returns the first one.
func (p *Post) Arrived(ctx context.Context, address string, ok func(Letter) bool) (found Letter, err error) {
	err = Await(ctx, func() bool {
		for _, l := range p.Passed() {
			if slices.Contains(l.To, address) && ok(l) {
				found = l
				return true
			}
		}
		return false
	})
	if err != nil {
		return found, fmt.Errorf("no such mail came to %s: %w", address, err)
	}
	return found, nil
}

// Route implements smtpd.Receiver.
func (p *Post) Route(context.Context, *message.Envelope, string) error { return nil }

// Accept implements smtpd.Receiver.
func (p *Post) Accept(_ context.Context, env message.Envelope, raw message.Raw) (smtpd.Receipt, error) {
	b, err := io.ReadAll(io.NewSectionReader(raw, 0, raw.Size()))
	if err != nil {
		return smtpd.Receipt{}, fmt.Errorf("post: %w", err)
	}
	err = p.Send(Letter{From: env.ReversePath, To: env.Recipients, Raw: b})
	if refused := (*textproto.Error)(nil); errors.As(err, &refused) && refused.Code >= 500 {
		return smtpd.Receipt{}, fault.New(fault.Content, refused.Msg)
	}
	if err != nil {
		return smtpd.Receipt{}, fmt.Errorf("post: %w", err)
	}
	return smtpd.Receipt{Text: "OK"}, nil
}

// Send carries a mail, and returns once it and all that robots answered have arrived. The error holds what the instance replied.
func (p *Post) Send(l Letter) error {
	p.mu.Lock()
	l = p.change(l)
	p.passed = append(p.passed, l)
	p.mu.Unlock()
	var errs []error
	for _, to := range l.To {
		_, domain, _ := strings.Cut(to, "@")
		p.mu.Lock()
		addr, robot := p.instances[domain], p.robots[to]
		p.mu.Unlock()
		if addr != "" {
			errs = append(errs, smtp.SendMail(addr, nil, l.From, []string{to}, l.Raw))
		}
		if robot != nil {
			for _, answer := range robot(l) {
				errs = append(errs, p.Send(answer))
			}
		}
	}
	return errors.Join(errs...)
}
