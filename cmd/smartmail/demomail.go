package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"

	"smartmail/config"
	"smartmail/inbox"
	"smartmail/smtpd"
)

// demoMailbox is the demo's smarthost: an SMTP server on loopback that keeps what it gets in an inbox.
type demoMailbox struct {
	box  *inbox.Box
	stop func()
	done chan struct{}
}

// openMailbox starts the mailbox and makes it the configuration's smarthost. It does not end with ctx but when it is closed.
func openMailbox(ctx context.Context, cfg *config.Config) (*demoMailbox, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("the demo's mailbox: %w", err)
	}
	m := &demoMailbox{box: inbox.New(inbox.Options{}), done: make(chan struct{})}
	// It logs nothing: the log should tell of the service, and that the service's mail came here the outbox tells.
	srv, err := smtpd.New(smtpd.Options{Hostname: "mailbox.example", SpoolDir: cfg.Path("spool"), Log: slog.New(slog.DiscardHandler)}, m.box)
	if err != nil {
		_ = l.Close() // nothing was served on it
		return nil, fmt.Errorf("the demo's mailbox: %w", err)
	}
	cfg.Relay.Smarthost.Address = l.Addr().String()
	ctx, m.stop = context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		defer close(m.done)
		_ = srv.Serve(ctx, l) // without it mail waits in the outbox, with the reason
	}()
	return m, nil
}

// close ends the mailbox. Its mails are gone then, so there is nothing that could go wrong with them.
func (m *demoMailbox) close() {
	m.stop()
	<-m.done
}

// pages are those of the mailbox, and a way there for who opens the bare address in a browser.
func (m *demoMailbox) pages() map[string]http.Handler {
	return map[string]http.Handler{
		inbox.Path: m.box.Handler(), inbox.Path + "/": m.box.Handler(), "GET /{$}": http.RedirectHandler(inbox.Path, http.StatusFound),
	}
}
