package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"smartmail/outbound/dane"
	"smartmail/outbound/mtasts"
)

// Demand names what asks for TLS on the way to a mail exchanger.
type Demand string

// The demands.
const (
	ByDANE    Demand = "dane"
	BySTS     Demand = "mta-sts"
	BySTSTest Demand = "mta-sts-testing" // what it asks for is looked at and told, and stops no mail
	ByNobody  Demand = "opportunistic"
)

// TLSResult is what became of a demand on one connection.
type TLSResult string

// The results.
const (
	TLSProved    TLSResult = "proved"    // the host is who it should be
	TLSEncrypted TLSResult = "encrypted" // nobody checked who it is
	TLSClear     TLSResult = "clear"     // no TLS
	TLSFailed    TLSResult = "failed"    // TLS was demanded or tried, and could not be had as it should
)

// demand is what TLS to a host must give.
type demand struct {
	by    Demand
	must  bool                            // no mail without it
	name  string                          // for SNI
	check func([]*x509.Certificate) error // who the host is; nil: anybody will do
	clear bool                            // TLS has failed, and this time it is not tried
}

// Enhanced codes (RFC 3463 section 3.8) of what TLS keeps from being sent for the moment.
const (
	statusForbidden = "4.7.0" // the policy does not want the host
	statusNoTLS     = "4.7.4" // security features not supported
	statusUnproved  = "4.7.5" // cryptographic failure
)

// policyOf is what a domain asks for by MTA-STS.
func (s *Sender) policyOf(ctx context.Context, domain string) (mtasts.Policy, error) {
	if s.STS == nil {
		return mtasts.Policy{Mode: mtasts.None}, nil
	}
	p, err := s.STS.Policy(ctx, domain)
	if err != nil {
		s.Log.Error("MTA-STS policy is not known", "domain", domain, "err", err)
		return p, &broken{err: errors.New("it can't be looked up for the moment how mail to " + domain + " must be protected"), status: "4.3.0", connecting: true}
	}
	return p, nil
}

// demandOf tells what TLS to a host must give. DANE goes first: MTA-STS must not make up for what it finds wrong (RFC 8461
// section 2).
func (s *Sender) demandOf(ctx context.Context, h host) (demand, error) {
	if h.domain == "" { // the smarthost
		return demand{}, nil
	}
	d, found, err := s.daneOf(ctx, h)
	if found || err != nil {
		return d, err
	}
	d = demand{by: ByNobody, name: h.name}
	if h.policy.Mode != mtasts.Enforce && h.policy.Mode != mtasts.Testing {
		return d, nil
	}
	d.by, d.must = BySTS, h.policy.Mode == mtasts.Enforce
	if !d.must {
		d.by = BySTSTest
	}
	if !h.policy.Allows(h.name) {
		s.Secured(d.by, TLSFailed)
		s.Log.Warn("MTA-STS policy does not name a mail exchanger", "domain", h.domain, "host", h.name, "mode", h.policy.Mode)
		if d.must {
			err := fmt.Errorf("not used, since the MTA-STS policy of %s does not name it as a mail exchanger", h.domain)
			return d, &broken{err: err, host: h.name, status: statusForbidden}
		}
		return demand{by: ByNobody, name: h.name}, nil
	}
	d.check = func(certs []*x509.Certificate) error { return s.checkName(certs, h.name) }
	return d, nil
}

// daneOf finds what TLSA records ask for, where DNSSEC proves the way to the host (RFC 7672 sections 2.2 and 2.2.2).
func (s *Sender) daneOf(ctx context.Context, h host) (d demand, found bool, err error) {
	if s.DANE == nil || !h.proved {
		return demand{}, false, nil
	}
	for _, base := range []string{h.canonical, h.name} { // section 2.2.3
		records, err := s.DANE.LookupTLSA(ctx, s.MXPort, base)
		if err != nil { // section 2.1.2: an attacker must gain nothing by it
			return demand{}, false, &broken{err: fmt.Errorf("TLSA records can't be looked up: %w", err), host: h.name, status: statusUnproved}
		}
		if len(records) > 0 {
			d := demand{by: ByDANE, must: true, name: base}
			if usable := dane.Usable(records); len(usable) > 0 {
				d.check = func(certs []*x509.Certificate) error {
					return dane.Verify(usable, certs, s.Now(), base, h.name, h.domain)
				}
			}
			return d, true, nil
		}
		if h.canonical == h.name {
			break
		}
	}
	return demand{}, false, nil
}

// checkName verifies certificates by the certificate authorities that we trust.
func (s *Sender) checkName(certs []*x509.Certificate, name string) error {
	between := x509.NewCertPool()
	for _, c := range certs[1:] {
		between.AddCert(c)
	}
	_, err := certs[0].Verify(x509.VerifyOptions{DNSName: name, Roots: s.RootCAs, Intermediates: between, CurrentTime: s.Now()})
	return err
}

// meet makes a connection to a mail exchanger one of TLS, as far as that is demanded or can be had.
func (c *session) meet(ctx context.Context, d demand) error {
	if d.clear || !c.has("STARTTLS") {
		if d.must {
			return markTLS(c.trouble(fmt.Errorf("%s demands TLS, and the server does not offer it", d.by.words())), statusNoTLS)
		}
		c.s.Secured(d.by, TLSClear)
		return nil
	}
	got := TLSEncrypted
	cfg := &tls.Config{ServerName: d.name, InsecureSkipVerify: true} // VerifyConnection checks what is to be checked
	cfg.VerifyConnection = func(state tls.ConnectionState) error {
		if d.check == nil {
			return nil
		}
		err := d.check(state.PeerCertificates)
		if err == nil {
			got = TLSProved
			return nil
		}
		if d.must {
			return fmt.Errorf("%s: %w", d.by.words(), err)
		}
		got = TLSFailed
		c.s.Log.Warn("the certificate would not satisfy the MTA-STS policy that is tested", "host", c.host, "err", err)
		return nil
	}
	if err := c.startTLS(ctx, cfg); err != nil {
		return markTLS(err, statusUnproved)
	}
	c.s.Secured(d.by, got)
	return nil
}

// words names a demand to people.
func (d Demand) words() string {
	return map[Demand]string{ByDANE: "DANE", BySTS: "the MTA-STS policy"}[d]
}

// markTLS notes that trouble came on the way to TLS, and the code for it.
func markTLS(err error, status string) error {
	var b *broken
	if errors.As(err, &b) && !errors.Is(err, errStopping) {
		b.tls, b.status = true, status
	}
	return err
}

// smarthostTLS checks the smarthost's certificate.
func (s *Sender) smarthostTLS(host string) *tls.Config {
	return &tls.Config{ServerName: host, RootCAs: s.RootCAs}
}
