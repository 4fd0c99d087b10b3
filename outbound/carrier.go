package outbound

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"smartmail/casework"
)

// prepare composes, signs and checks a mail.
func (s *Sender) prepare(ctx context.Context, item casework.OutboxItem) (*wired, error) {
	m, err := s.Composer.Compose(ctx, item)
	if err != nil {
		return nil, fmt.Errorf("compose: %w", err)
	}
	var fields []byte
	if signer := s.Signers[item.Org]; signer != nil {
		if fields, err = signer.Sign(m.Body); err != nil {
			return nil, fmt.Errorf("sign: %w", err)
		}
	}
	return wire(m, item.ID, fields)
}

// carrier brings the mails of one line to their destination, over one connection as long as that serves.
type carrier struct {
	s    *Sender
	dest string
	c    *session
	stop func() bool // takes back that the end of ctx stops c
}

// hangUp ends the connection, if there is one.
func (k *carrier) hangUp() {
	if k.c != nil {
		k.stop()
		k.c.quit()
		k.c = nil
	}
}

// drop ends a broken connection.
func (k *carrier) drop() {
	k.stop()
	k.c.close()
	k.c = nil
}

// deliver sends one mail. A connection that turns out to be broken before the mail's end was sent is no reason to defer it: there
// may be another host, and one that was used before may have been closed for being idle.
func (k *carrier) deliver(ctx context.Context, m *wired) (reply, error) {
	limit := time.Now().Add(k.s.MailTimeout)
	if k.c != nil {
		if k.c.sent >= k.s.PerConnection {
			k.hangUp()
		} else if got, err := k.hand(m, limit); !again(err) {
			return got, err
		}
	}
	look, cancel := context.WithDeadline(ctx, limit)
	defer cancel()
	hosts, err := k.s.hosts(look, k.dest)
	if err != nil {
		return reply{}, err
	}
	var got reply
	for _, h := range hosts {
		if err = k.connect(ctx, h, limit); err != nil {
			if look.Err() != nil {
				break
			}
			continue
		}
		if got, err = k.hand(m, limit); !again(err) || look.Err() != nil {
			break
		}
	}
	return got, err
}

// again reports whether a mail may be tried over another connection.
func again(err error) bool {
	var b *broken
	return errors.As(err, &b) && !b.afterEnd && !errors.Is(err, errStopping)
}

// hand sends a mail over the connection and drops that when it is broken.
func (k *carrier) hand(m *wired, limit time.Time) (reply, error) {
	got, err := k.c.send(m, limit)
	var b *broken
	if errors.As(err, &b) {
		k.drop()
	}
	return got, err
}

// connect opens a session with a host. In mx mode one whose STARTTLS fails is tried again in the clear.
func (k *carrier) connect(ctx context.Context, h host, limit time.Time) error {
	err := k.open(ctx, h, limit, true)
	var b *broken
	if errors.As(err, &b) && b.tls && k.s.Smarthost == nil && ctx.Err() == nil {
		err = k.open(ctx, h, limit, false)
	}
	if errors.As(err, &b) {
		b.connecting = true
	}
	return err
}

func (k *carrier) open(ctx context.Context, h host, limit time.Time, useTLS bool) error {
	dial, cancel := context.WithDeadline(ctx, earlier(limit, time.Now().Add(k.s.ConnectTimeout)))
	defer cancel()
	conn, err := k.s.Dial(dial, "tcp", h.addr)
	if err != nil {
		return &broken{err: fmt.Errorf("no connection: %w", err), host: h.name}
	}
	c := &session{s: k.s, host: h.name, limit: limit}
	c.use(conn)
	k.c, k.stop = c, context.AfterFunc(ctx, c.stop)
	if err := c.greet(ctx, useTLS); err != nil {
		k.drop()
		return err
	}
	return nil
}

// greet brings a new connection to where mail can be sent.
func (c *session) greet(ctx context.Context, useTLS bool) error {
	h := c.s.Smarthost
	cfg := c.s.tlsConfig(c.host, h != nil)
	if h != nil && h.TLS == ImplicitTLS {
		if err := c.secure(ctx, cfg); err != nil {
			return err
		}
	}
	got, err := c.hear(c.s.CommandTimeout)
	if err != nil {
		return err
	}
	if got.code != 220 { // RFC 5321 section 3.1: 554 is no answer to a mail
		return c.trouble(errors.New("no welcome: " + got.String()))
	}
	if err := c.hello(); err != nil {
		return err
	}
	switch {
	case h != nil && h.TLS == StartTLS && !c.has("STARTTLS"):
		return c.trouble(errors.New("STARTTLS is not offered"))
	case h != nil && h.TLS == StartTLS, h == nil && useTLS && c.has("STARTTLS"):
		if err := c.startTLS(ctx, cfg); err != nil {
			return markTLS(err)
		}
	}
	if h != nil && h.Username != "" {
		return c.login(h)
	}
	return nil
}

func markTLS(err error) error {
	var b *broken
	if errors.As(err, &b) {
		b.tls = true
	}
	return err
}

// host is where a connection goes.
type host struct{ name, addr string }

// maxHosts bounds how many addresses are tried for one mail (RFC 5321 section 5.1 asks for two at least).
const maxHosts = 6

// destination is the line that a mail stands in: the smarthost, or the recipient's domain.
func (s *Sender) destination(item casework.OutboxItem) (string, error) {
	addr, err := mailbox(item.To.Email)
	if err != nil {
		return "", err
	}
	if s.Smarthost != nil {
		return s.Smarthost.Address, nil
	}
	return strings.ToLower(addr[strings.LastIndexByte(addr, '@')+1:]), nil
}

// hosts finds where mail for a destination goes, the most preferred first.
func (s *Sender) hosts(ctx context.Context, dest string) ([]host, error) {
	if s.Smarthost != nil {
		name, _, _ := net.SplitHostPort(s.Smarthost.Address) // New has seen to it
		return []host{{name, s.Smarthost.Address}}, nil
	}
	names, err := s.exchangers(ctx, dest)
	if err != nil {
		return nil, err
	}
	var out []host
	for _, name := range names {
		addrs, lookup := s.Resolver.LookupNetIP(ctx, "ip", name)
		if lookup != nil {
			err = lookup
			continue
		}
		for _, a := range addrs {
			out = append(out, host{name, net.JoinHostPort(a.String(), strconv.Itoa(s.MXPort))})
		}
	}
	switch {
	case len(out) > 0:
		return out[:min(len(out), maxHosts)], nil
	case len(names) == 1 && names[0] == dest && isNotFound(err):
		return nil, &hopeless{"5.1.2", "the domain " + dest + " does not exist or takes no mail"}
	default:
		return nil, &broken{err: fmt.Errorf("no address of a mail exchanger of %s: %w", dest, err), connecting: true}
	}
}

// exchangers returns the names of a domain's mail exchangers by preference; the domain itself where it names none (RFC 5321
// section 5.1). Those that are not preferred over ourselves are left out, or mail would go round in circles.
func (s *Sender) exchangers(ctx context.Context, domain string) ([]string, error) {
	mxs, err := s.Resolver.LookupMX(ctx, domain)
	if isNotFound(err) || err == nil && len(mxs) == 0 {
		return []string{domain}, nil
	}
	if err != nil {
		return nil, &broken{err: fmt.Errorf("the mail exchangers of %s can't be looked up: %w", domain, err), connecting: true}
	}
	var names []string
	for _, mx := range mxs {
		name := strings.ToLower(strings.TrimSuffix(mx.Host, "."))
		if name == "" && len(mxs) == 1 {
			return nil, &hopeless{"5.1.10", "the domain " + domain + " takes no mail (null MX)"} // RFC 7505 section 4.2
		}
		if name == strings.ToLower(s.Hostname) {
			break
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return nil, &hopeless{"5.4.6", "the mail exchanger of " + domain + " is this host itself"}
	}
	return names, nil
}

func isNotFound(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && dns.IsNotFound
}
