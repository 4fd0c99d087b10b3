package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"smartmail/casework"
	"smartmail/compose"
	"smartmail/config"
	"smartmail/desk"
	"smartmail/dnsresolve"
	"smartmail/mailauth/dkimsign"
	"smartmail/message"
	"smartmail/outbound"
	"smartmail/outbound/mtasts"
)

func retry(cfg *config.Config) desk.Retry {
	r := cfg.Relay.Retry
	return desk.Retry{First: time.Duration(r.First), Max: time.Duration(r.Max), GiveUp: time.Duration(r.GiveUp)}
}

// newSender wires mail out; nil where the configuration names nobody to give it to, as the demo's does.
func newSender(s *service) (*outbound.Sender, error) {
	relay := s.cfg.Relay
	o := outbound.Options{
		Outbox: s.desk, Hostname: s.cfg.SMTP.Hostname, MXPort: relay.MXPort, Observe: s.metrics.delivered, Log: s.log,
		Connections: relay.Connections, PerDestination: relay.PerDomain, Pause: time.Duration(relay.Pause),
	}
	switch {
	case relay.Mode == "mx":
		if err := toExchangers(s, &o); err != nil {
			return nil, err
		}
	case relay.Smarthost.Address == "":
		return nil, nil
	default:
		o.PerDestination = relay.Smarthost.Connections
		o.Smarthost = &outbound.Smarthost{
			Address: relay.Smarthost.Address, TLS: outbound.TLSMode(relay.Smarthost.TLS), Username: relay.Smarthost.Username,
			Password: passwordFile(relay.Smarthost.PasswordFile),
		}
	}
	o.Composer = writer{s.composer}
	var err error
	if o.Signers, err = signers(s.cfg); err != nil {
		return nil, err
	}
	return outbound.New(o)
}

// toExchangers wires what mx mode needs.
func toExchangers(s *service, o *outbound.Options) error {
	r, err := dnsresolve.New(dnsresolve.Options{Servers: s.cfg.DNS.Servers, TrustAD: dnsresolve.Trust(s.cfg.DNS.TrustAD), Observe: s.metrics.looked})
	if err != nil {
		return err
	}
	o.Resolver, o.Secured = r, s.metrics.secured
	if s.cfg.Relay.DANE {
		o.DANE = r
	}
	if s.cfg.Relay.MTASTS {
		o.STS, err = mtasts.New(mtasts.Options{Store: policyStore{s.desk}, Resolver: r, Log: s.log})
	}
	return err
}

// policyStore is the desk as mtasts sees it.
type policyStore struct{ *desk.Desk }

// LoadPolicy implements mtasts.Store.
func (p policyStore) LoadPolicy(ctx context.Context, domain string) (mtasts.Kept, bool, error) {
	t, ok, err := p.TransportPolicy(ctx, domain)
	return mtasts.Kept{Domain: t.Domain, ID: t.ID, Fetched: t.Fetched, Policy: mtasts.Policy{Mode: mtasts.Mode(t.Mode), MX: t.MX, MaxAge: t.MaxAge}}, ok, err
}

// SavePolicy implements mtasts.Store.
func (p policyStore) SavePolicy(ctx context.Context, k mtasts.Kept) error {
	return p.KeepTransportPolicy(ctx, casework.TransportPolicy{
		Domain: k.Domain, ID: k.ID, Fetched: k.Fetched, Mode: string(k.Policy.Mode), MX: k.Policy.MX, MaxAge: k.Policy.MaxAge,
	})
}

// writer is the composer as the sender sees it.
type writer struct{ *compose.Composer }

// Compose implements outbound.Composer.
func (w writer) Compose(ctx context.Context, item casework.OutboxItem) (outbound.Mail, error) {
	m, err := w.Composer.Compose(ctx, item)
	return outbound.Mail{From: m.From, To: m.To, Body: message.InMemory(m.Raw)}, err
}

// signers reads the DKIM keys of each organisation.
func signers(cfg *config.Config) (map[casework.OrgID]outbound.Signer, error) {
	out := map[casework.OrgID]outbound.Signer{}
	for _, org := range cfg.Organisations {
		var keys []dkimsign.Key
		for _, d := range org.DKIM {
			file, err := os.ReadFile(d.KeyFile)
			if err != nil {
				return nil, fmt.Errorf("DKIM key of organisation %s: %w", org.ID, err)
			}
			key, err := dkimsign.ParseKey(org.Domain, d.Selector, file)
			if err != nil {
				return nil, fmt.Errorf("organisation %s: %w", org.ID, err)
			}
			keys = append(keys, key)
		}
		if len(keys) == 0 {
			continue
		}
		signer, err := dkimsign.New(nil, keys...)
		if err != nil {
			return nil, fmt.Errorf("organisation %s: %w", org.ID, err)
		}
		out[casework.OrgID(org.ID)] = signer
	}
	return out, nil
}

// passwordFile reads the smarthost's password when it is needed: the file's first line.
func passwordFile(path string) func() (string, error) {
	return func() (string, error) {
		b, err := os.ReadFile(path)
		if err != nil {
			return "", fmt.Errorf("password file: %w", err)
		}
		line, _, _ := strings.Cut(string(b), "\n")
		return strings.TrimRight(line, "\r"), nil
	}
}

// send runs the sender, if there is one. This process has its store to itself, so whatever is claimed now was claimed by
// a process that is dead.
func (s *service) send(ctx context.Context) error {
	if s.sender == nil {
		return nil
	}
	if n, err := s.desk.FreeOutbox(ctx); err != nil && ctx.Err() == nil {
		s.log.Error("claims of an earlier run stay until they are over", "err", err)
	} else if n > 0 {
		s.log.Info("mail that an earlier run had begun goes again", "count", n)
	}
	return s.sender.Run(ctx)
}

// delivered counts what came of an attempt to send.
func (m *metrics) delivered(out casework.Outcome) { m.sending.WithLabelValues(string(out.State)).Inc() }

// secured counts how connections to mail exchangers were protected.
func (m *metrics) secured(by outbound.Demand, got outbound.TLSResult) {
	m.transport.WithLabelValues(string(by), string(got)).Inc()
}

func newTransport() *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "smartmail_outbound_tls_total", Help: "Connections to mail exchangers, by what asked for TLS (dane, mta-sts, mta-sts-testing, opportunistic) and what came of it (proved, encrypted, clear, failed)."}, []string{"by", "result"})
}

func newSending() *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "smartmail_outbound_mails_total", Help: "Attempts to send a mail, by what came of it: sent, deferred, failed."}, []string{"state"})
}
