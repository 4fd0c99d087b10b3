package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"smartmail/admin"
	"smartmail/blobstore/files"
	"smartmail/casestore/boltstore"
	"smartmail/casework"
	"smartmail/compose"
	"smartmail/config"
	"smartmail/control"
	"smartmail/desk"
	"smartmail/dnsresolve"
	"smartmail/follow"
	"smartmail/intake"
	"smartmail/mailauth"
	"smartmail/message"
	"smartmail/outbound"
	"smartmail/sms"
	"smartmail/smtpd"
	"smartmail/threading"
	"smartmail/trace"
	"smartmail/webhook"
)

// databaseFile is the store's file in the data folder.
const databaseFile = "smartmail.db"

// service is the house, wired: everything but the listeners.
type service struct {
	cfg      *config.Config
	log      *slog.Logger
	metrics  *metrics
	store    *boltstore.Store
	derived  *derived // of the store
	blobs    *files.Store
	router   *threading.Router
	desk     *desk.Desk
	intake   *intake.Intake
	composer *compose.Composer
	sender   *outbound.Sender        // nil: nothing is sent
	texter   *sms.Sender             // nil: there are no text messages
	bell     follow.Bell             // rung when the log has grown
	deleting sync.Mutex              // held by who removes blobs, and by a backup, which copies those that its database names
	pages    map[string]http.Handler // shown beside the API, by pattern; the demo's alone

	mail        atomic.Pointer[smtpd.Server] // once it serves
	certificate atomic.Pointer[certificate]  // of SMTP, if there is one
}

// certificate finds the one that is in use.
type certificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error)

// openService opens the store and wires the parts on top of it. resolver answers what mailauth asks; nil means the
// configured DNS servers.
func openService(ctx context.Context, cfg *config.Config, log *slog.Logger, resolver mailauth.Resolver) (*service, error) {
	watch := newMetrics()
	if resolver == nil {
		r, err := dnsresolve.New(dnsresolve.Options{Servers: cfg.DNS.Servers, Observe: watch.looked})
		if err != nil {
			return nil, err
		}
		resolver = r
	}
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	policy, err := policies(cfg)
	if err != nil {
		return nil, err
	}
	noticed, err := notices(cfg)
	if err != nil {
		return nil, err
	}
	orgs, err := looks(cfg)
	if err != nil {
		return nil, err
	}
	scanner, err := scanners(cfg.Scan, log)
	if err != nil {
		return nil, err
	}
	s := &service{cfg: cfg, log: log, metrics: watch}
	s.store, err = boltstore.Open(cfg.Path(databaseFile), boltstore.Options{Log: log, OnCommit: s.metrics.commit, OnWrite: s.metrics.wrote})
	if err != nil {
		return nil, err
	}
	if s.blobs, err = files.Open(cfg.Path("blobs")); err != nil {
		return nil, errors.Join(err, s.store.Close())
	}
	if s.derived, err = openDerived(s); err != nil {
		return nil, errors.Join(err, s.store.Close())
	}
	keys := threading.NewKeyring(time.Now)
	s.router = threading.NewRouter(keys, cfg.SMTP.Hostname, routing(cfg))
	s.desk = desk.New(desk.Options{
		Store: s.store, Blobs: s.blobs, Finder: s.derived, Statistics: s.derived.figures, Logged: s.logged, Keys: keys, Router: s.router, Orgs: orgIDs(cfg), Notices: noticed, Retain: retention(cfg), Log: log, Retry: retry(cfg),
		Wake: func() {
			if s.sender != nil {
				s.sender.Wake()
			}
		},
		SMS: textMessages(cfg.SMS), Resolved: s.metrics.resolved, NotErased: s.metrics.unerased.Inc,
		WakeSMS: func() {
			if s.texter != nil {
				s.texter.Wake()
			}
		},
	})
	s.metrics.registry.MustRegister(newGauges(s))
	if err := s.desk.LoadKeys(ctx); err != nil {
		return nil, errors.Join(err, s.close())
	}
	if err := errors.Join(s.desk.CompleteLog(ctx), s.desk.CompleteTodo(ctx)); err != nil {
		return nil, errors.Join(err, s.close())
	}
	if s.composer, err = compose.New(compose.Options{Reader: s.desk, Orgs: orgs, Signer: keys, PublicURL: cfg.HTTP.PublicURL}); err != nil {
		return nil, errors.Join(err, s.close())
	}
	if err := s.knowFrames(); err != nil {
		return nil, errors.Join(err, s.close())
	}
	if s.sender, err = newSender(s); err != nil {
		return nil, errors.Join(err, s.close())
	}
	if s.texter, err = newTexter(s); err != nil {
		return nil, errors.Join(err, s.close())
	}
	s.intake = intake.New(intake.Options{
		Hostname: cfg.SMTP.Hostname, Router: s.router, Auth: mailauth.New(mailauth.Options{Resolver: resolver}),
		Scanner: scanner, Desk: s.desk, Policy: policy, Observe: s.metrics.step,
	})
	return s, nil
}

// logged tells those who follow the log that there is something new in it.
func (s *service) logged() {
	s.derived.Wake()
	s.bell.Ring()
}

// close writes down what was seen while the last calls ended, and closes the stores.
func (s *service) close() error {
	return errors.Join(s.desk.WriteLooks(context.Background()), s.derived.close(), s.store.Close())
}

// door is the intake as smtpd sees it.
type door struct{ *intake.Intake }

func (d door) Accept(ctx context.Context, env message.Envelope, raw message.Raw) (smtpd.Receipt, error) {
	text, err := d.Intake.Accept(ctx, env, raw)
	return smtpd.Receipt{Text: text}, err
}

// listeners are the open doors, opened before anything runs so that a taken port is told at once.
type listeners struct {
	smtp []net.Listener
	http net.Listener
}

// listen opens all of them or none. flag tells how to choose another address.
func listen(ctx context.Context, smtp []string, http string, flag func(kind string) string) (l listeners, err error) {
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	open := func(kind, addr string) (net.Listener, error) {
		ln, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
		if errors.Is(err, syscall.EADDRINUSE) {
			return nil, fmt.Errorf("the %s address %s is taken by another program: choose another with %s", kind, addr, flag(kind))
		}
		if err != nil {
			return nil, fmt.Errorf("the %s address %s: %w", kind, addr, err)
		}
		return ln, nil
	}
	for _, addr := range smtp {
		ln, err := open("SMTP", addr)
		if err != nil {
			return l, err
		}
		l.smtp = append(l.smtp, ln)
	}
	l.http, err = open("HTTP", http)
	return l, err
}

func (l listeners) close() {
	for _, ln := range l.smtp {
		_ = ln.Close() // nothing was served on it
	}
	if l.http != nil {
		_ = l.http.Close()
	}
}

// smtpServer wires mail in.
func (s *service) smtpServer() (*smtpd.Server, error) {
	c := s.cfg.SMTP
	opt := smtpd.Options{
		Hostname: c.Hostname, MaxMessageBytes: c.MaxMessageBytes, MaxConnections: c.MaxConnections, MaxPerIP: c.MaxConnectionsPerIP,
		CommandTimeout: time.Duration(c.Timeouts.Command), DataTimeout: time.Duration(c.Timeouts.Data), SessionTimeout: time.Duration(c.Timeouts.Session),
		RejectBareNewline: c.BareNewline == "reject", ProxyProtocol: c.ProxyProtocol,
		SpoolDir: s.cfg.Path("spool"), Log: s.log, Observer: s.metrics,
	}
	for _, p := range c.TrustedProxies {
		prefix, err := config.ParsePrefix(p)
		if err != nil {
			return nil, err
		}
		opt.TrustedProxies = append(opt.TrustedProxies, prefix)
	}
	if c.TLS.CertFile != "" {
		get, err := smtpd.CertificateFiles(c.TLS.CertFile, c.TLS.KeyFile, s.log)
		if err != nil {
			return nil, err
		}
		opt.GetCertificate = get
		s.certificate.Store(&get)
	}
	mail, err := smtpd.New(opt, door{s.intake})
	if err == nil {
		s.mail.Store(mail)
	}
	return mail, err
}

// run serves until ctx ends: then mail that was accepted is finished, and everything is closed in order.
func (s *service) run(ctx context.Context, l listeners, adminToken string) error {
	mail, err := s.smtpServer()
	if err != nil {
		l.close()
		return err
	}
	api, err := s.api(adminToken, ctx.Done())
	if err != nil {
		l.close()
		return err
	}
	debug, err := s.debugListener(ctx)
	if err != nil {
		l.close()
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	if debug != nil {
		g.Go(func() error { return serveHTTP(ctx, debugServer(), debug) })
	}
	g.Go(func() error { return mail.Serve(ctx, l.smtp...) })
	g.Go(func() error { return serveHTTP(ctx, api, l.http) })
	g.Go(func() error { return s.housekeeping(ctx) })
	g.Go(func() error { return s.send(ctx) })
	g.Go(func() error { return s.text(ctx) })
	g.Go(func() error { return s.derived.Run(ctx) })
	g.Go(func() error { return s.derived.figures.Run(ctx) })
	g.Go(func() error { return s.runTimers(ctx) })
	g.Go(func() error { return s.desk.RunLooks(ctx) })
	g.Go(func() error { return s.webhooks().Run(ctx) })
	if sock, err := control.Listen(s.cfg.DataDir); err != nil {
		s.log.Warn("no control socket: verify and import need the service stopped", "err", err)
	} else {
		h := control.Handler(controlled{s}, s.cfg.SMTP.MaxMessageBytes)
		g.Go(func() error { return serveHTTP(ctx, &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}, sock) })
	}
	s.log.Info("ready", "smtp", addresses(l.smtp), "http", l.http.Addr().String(), "data", filepath.Clean(s.cfg.DataDir), "version", version())
	err = g.Wait()
	s.log.Info("stopped")
	return err
}

func addresses(ls []net.Listener) (out []string) {
	for _, l := range ls {
		out = append(out, l.Addr().String())
	}
	return out
}

// serveHTTP serves until ctx ends, then lets running requests finish for a while.
func serveHTTP(ctx context.Context, srv *http.Server, l net.Listener) error {
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	const patience = 5 * time.Second
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if err := srv.Shutdown(drain); err != nil {
		_ = srv.Close() // requests that do not end are cut off
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve %s: %w", l.Addr(), err)
	}
	return nil
}

// webhooks wires what other programs are told.
func (s *service) webhooks() *webhook.Teller {
	return webhook.New(webhook.Options{Desk: s.desk, Orgs: orgIDs(s.cfg), Next: s.bell.Next, Private: s.cfg.HTTP.WebhookPrivate, Observe: s.metrics.told, Log: s.log})
}

// housekeeping does what must be done now and then. Its failures are told and tried again.
func (s *service) housekeeping(ctx context.Context) error {
	keys, sweep := time.NewTicker(time.Minute), time.NewTicker(time.Hour)
	defer keys.Stop()
	defer sweep.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-keys.C: // another process may have rotated them
			if err := s.desk.LoadKeys(ctx); err != nil {
				s.log.Error("keys were not read again", "err", err)
			}
		case <-sweep.C:
			if !s.deleting.TryLock() {
				continue // a backup runs: the next hour will do
			}
			n, err := s.desk.Sweep(ctx)
			if err != nil {
				s.log.Error("sweep", "err", err)
			} else if n > 0 {
				s.log.Info("swept orphaned blobs", "count", n)
			}
			if n, err = s.desk.Purge(ctx); err != nil {
				s.log.Error("purge", "err", err)
			} else if n > 0 {
				s.log.Info("purged discarded mails", "count", n)
			}
			s.deleting.Unlock()
			if _, err = s.desk.ForgetAnswers(ctx); err != nil {
				s.log.Error("kept answers stay", "err", err)
			}
			if _, err = s.desk.ForgetLooks(ctx); err != nil {
				s.log.Error("the audit trail stays", "err", err)
			}
			if _, err = s.desk.ForgetTransportPolicies(ctx); err != nil {
				s.log.Error("policies that ran out stay", "err", err)
			}
		}
	}
}

// api wires the HTTP side.
func (s *service) api(token string, stopping <-chan struct{}) (*http.Server, error) {
	var orgs []admin.Org
	for _, o := range s.cfg.Organisations {
		orgs = append(orgs, admin.Org{ID: casework.OrgID(o.ID), Name: o.Name, Language: o.Language, Location: s.desk.Notices[casework.OrgID(o.ID)].Location})
	}
	h, err := admin.New(admin.Options{
		House: admin.Open(s.desk), Router: s.router, Orgs: orgs, AdminToken: token, Metrics: s.metrics.handler(),
		Previews: s.composer, TrustedProxies: s.cfg.HTTP.TrustedProxies, Ready: s.ready, PerToken: s.cfg.HTTP.Rate.PerToken, Bell: &s.bell, Observe: s.metrics.called, Stopping: stopping, Describe: s.describeReports, Log: s.log,
	})
	if err != nil {
		return nil, err
	}
	pages, err := s.portal()
	if err != nil {
		return nil, err
	}
	h, err = s.reports(s.beside(h))
	if err != nil {
		return nil, err
	}
	var proxies []netip.Prefix
	for _, p := range s.cfg.HTTP.TrustedProxies {
		prefix, err := config.ParsePrefix(p)
		if err != nil {
			return nil, err
		}
		proxies = append(proxies, prefix)
	}
	return admin.Server(trace.Requests(proxies, s.hearing(beside(h, pages)))), nil
}

// beside adds the pages to the API.
func (s *service) beside(api http.Handler) http.Handler {
	if len(s.pages) == 0 {
		return api
	}
	mux := http.NewServeMux()
	mux.Handle("/", api)
	for pattern, page := range s.pages {
		mux.Handle(pattern, page)
	}
	return mux
}

// minFree is how much disk must be free for the service to call itself ready, in bytes.
const minFree = 256 << 20

// ready tells whether mail can be taken in: the store can be written and the disk has room.
func (s *service) ready(ctx context.Context) (map[string]string, error) {
	detail := map[string]string{"store": "writable"}
	if err := s.desk.Ready(ctx); err != nil {
		detail["store"] = "not writable"
		return detail, err
	}
	detail["queue_age"] = s.queueAge(ctx)
	free, err := diskFree(s.cfg.DataDir)
	if err != nil {
		return detail, fmt.Errorf("disk space: %w", err)
	}
	detail["disk_free_bytes"] = fmt.Sprint(free)
	if free < minFree {
		return detail, fmt.Errorf("only %d bytes of disk are free", free)
	}
	return detail, nil
}
