package outbound

import (
	"context"
	"errors"
	"fmt"
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

// connect opens a session with a host. One whose STARTTLS fails is tried again in the clear, where nothing demands TLS.
func (k *carrier) connect(ctx context.Context, h host, limit time.Time) error {
	d, err := k.s.demandOf(ctx, h)
	if err == nil {
		err = k.open(ctx, h, limit, d)
	}
	var b *broken
	if errors.As(err, &b) && b.tls {
		k.s.Secured(d.by, TLSFailed)
		if !d.must && ctx.Err() == nil {
			d.clear = true
			err = k.open(ctx, h, limit, d)
		}
	}
	if errors.As(err, &b) {
		b.connecting = true
	}
	return err
}

func (k *carrier) open(ctx context.Context, h host, limit time.Time, d demand) error {
	dial, cancel := context.WithDeadline(ctx, earlier(limit, time.Now().Add(k.s.ConnectTimeout)))
	defer cancel()
	conn, err := k.s.Dial(dial, "tcp", h.addr)
	if err != nil {
		return &broken{err: fmt.Errorf("no connection: %w", err), host: h.name}
	}
	c := &session{s: k.s, host: h.name, limit: limit}
	c.use(conn)
	k.c, k.stop = c, context.AfterFunc(ctx, c.stop)
	if err := c.greet(ctx, d); err != nil {
		k.drop()
		return err
	}
	return nil
}

// greet brings a new connection to where mail can be sent.
func (c *session) greet(ctx context.Context, d demand) error {
	h := c.s.Smarthost
	if h != nil && h.TLS == ImplicitTLS {
		if err := c.secure(ctx, c.s.smarthostTLS(c.host)); err != nil {
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
	if h == nil {
		return c.meet(ctx, d)
	}
	if h.TLS == StartTLS {
		if !c.has("STARTTLS") {
			return c.trouble(errors.New("STARTTLS is not offered"))
		}
		if err := c.startTLS(ctx, c.s.smarthostTLS(c.host)); err != nil {
			return err
		}
	}
	if h.Username != "" {
		return c.login(h)
	}
	return nil
}
