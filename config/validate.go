package config

import (
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// checker collects what is wrong, each with file, line and key.
type checker struct {
	c    *Config
	errs []error
}

func (k *checker) fail(key, format string, args ...any) {
	k.errs = append(k.errs, k.c.Fault(key, fmt.Errorf(format, args...)))
}

// Fault says where in the file the key stands whose value err tells of: for what others find out about a value.
func (c *Config) Fault(key string, err error) error {
	where := c.file
	// A key that the file does not have is named at the nearest one above it.
	for at := key; ; {
		if line, ok := c.lines[at]; ok {
			where = fmt.Sprintf("%s:%d", where, line)
			break
		}
		i := strings.LastIndexAny(at, ".[")
		if i < 0 {
			break
		}
		at = at[:i]
	}
	return fmt.Errorf("%s: %s: %w", where, key, err)
}

func (k *checker) oneOf(key, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		k.fail(key, "%q is none of %s", value, strings.Join(allowed, ", "))
	}
}

func (k *checker) atLeast(key string, value, least int64) {
	if value < least {
		k.fail(key, "%d is less than %d", value, least)
	}
}

func (k *checker) hostPort(key, value string) {
	_, port, err := net.SplitHostPort(value)
	if n, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || n > 65535 {
		k.fail(key, "%q is no address and port such as 127.0.0.1:2525", value)
	}
}

// file reports whether a file that is named can be read.
func (k *checker) file(key, path string) bool {
	if path == "" {
		return true
	}
	f, err := os.Open(path)
	if err != nil {
		k.fail(key, "%v", err)
		return false
	}
	_ = f.Close() // only opened to see that it can be
	return true
}

// signingKey checks that a file holds a key that DKIM can sign with (RFC 6376, RFC 8463).
func (k *checker) signingKey(key, path string) {
	if path == "" {
		k.fail(key, "is needed")
		return
	}
	text, err := os.ReadFile(path)
	if err != nil {
		k.fail(key, "%v", err)
		return
	}
	block, _ := pem.Decode(text)
	if block == nil {
		k.fail(key, "%s is no PEM file", path)
		return
	}
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	switch private.(type) {
	case *rsa.PrivateKey, ed25519.PrivateKey:
	default:
		k.fail(key, "%s holds no RSA or Ed25519 key in PKCS#8 form (%s): %v", path, block.Type, err)
	}
}

func (k *checker) prefixes(key string, list []string) {
	for i, s := range list {
		if _, err := ParsePrefix(s); err != nil {
			k.fail(fmt.Sprintf("%s[%d]", key, i), "%q is no IP address or network such as 10.0.0.0/8", s)
		}
	}
}

// ParsePrefix reads a network, or a single address as a network of one.
func ParsePrefix(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	return netip.ParsePrefix(s)
}

var (
	orgID    = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
	colourRE = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)
	domainRE = regexp.MustCompile(`^[\p{L}\p{N}]([\p{L}\p{N}-]*[\p{L}\p{N}])?(\.[\p{L}\p{N}]([\p{L}\p{N}-]*[\p{L}\p{N}])?)*$`)
)

func (c *Config) validate() error {
	k := &checker{c: c}
	if c.DataDir == "" {
		k.fail("data_dir", "is needed")
	}
	k.oneOf("store.engine", c.Store.Engine, "bolt")
	k.oneOf("blobs.engine", c.Blobs.Engine, "files")
	k.smtp(c.SMTP)
	k.hostPort("http.listen", c.HTTP.Listen)
	if u, err := url.Parse(c.HTTP.PublicURL); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		k.fail("http.public_url", "%q is no http or https address", c.HTTP.PublicURL)
	}
	k.prefixes("http.trusted_proxies", c.HTTP.TrustedProxies)
	if c.HTTP.Rate.PerToken < 0 {
		k.fail("http.rate.per_token", "must not be negative")
	}
	for i, s := range c.DNS.Servers {
		k.hostPort(fmt.Sprintf("dns.servers[%d]", i), s)
	}
	k.oneOf("dns.trust_ad", c.DNS.TrustAD, "loopback", "always", "never")
	k.oneOf("relay.mode", c.Relay.Mode, "smarthost", "mx")
	k.oneOf("relay.smarthost.tls", c.Relay.Smarthost.TLS, "none", "starttls", "implicit")
	if c.Relay.Mode == "smarthost" {
		k.hostPort("relay.smarthost.address", c.Relay.Smarthost.Address)
		k.file("relay.smarthost.password_file", c.Relay.Smarthost.PasswordFile)
	}
	k.atLeast("relay.connections", int64(c.Relay.Connections), 1)
	k.atLeast("relay.per_domain", int64(c.Relay.PerDomain), 1)
	k.atLeast("relay.smarthost.connections", int64(c.Relay.Smarthost.Connections), 1)
	k.atLeast("relay.pause", int64(c.Relay.Pause), 0)
	if c.Relay.MXPort < 1 || c.Relay.MXPort > 65535 {
		k.fail("relay.mx_port", "%d is no port", c.Relay.MXPort)
	}
	k.debug(c.Debug)
	k.scan(c.Scan)
	k.sms(c.SMS)
	k.organisations(c.Organisations)
	return errors.Join(k.errs...)
}

// debug wants an address of this machine alone, unless it is said that others may ask.
func (k *checker) debug(d Debug) {
	if d.Listen == "" {
		return
	}
	k.hostPort("debug.listen", d.Listen)
	host, _, err := net.SplitHostPort(d.Listen)
	if err != nil {
		return // told already
	}
	if addr, err := netip.ParseAddr(host); !d.Public && host != "localhost" && (err != nil || !addr.IsLoopback()) {
		k.fail("debug.listen", "%q is not on loopback: whoever asks there needs no token; public: true allows it", d.Listen)
	}
}

func (k *checker) smtp(s SMTP) {
	if len(s.Listen) == 0 {
		k.fail("smtp.listen", "is needed")
	}
	for i, addr := range s.Listen {
		k.hostPort(fmt.Sprintf("smtp.listen[%d]", i), addr)
	}
	if !domainRE.MatchString(s.Hostname) {
		k.fail("smtp.hostname", "%q is no host name; it is needed", s.Hostname)
	}
	k.atLeast("smtp.max_message_bytes", s.MaxMessageBytes, 64<<10) // RFC 5321 section 4.5.3.1.7: 64 KiB at least
	k.atLeast("smtp.max_connections", int64(s.MaxConnections), 1)
	k.atLeast("smtp.max_connections_per_ip", int64(s.MaxConnectionsPerIP), 1)
	for key, d := range map[string]Duration{"command": s.Timeouts.Command, "data": s.Timeouts.Data, "session": s.Timeouts.Session} {
		if d <= 0 {
			k.fail("smtp.timeouts."+key, "must be more than 0")
		}
	}
	k.oneOf("smtp.bare_newline", s.BareNewline, "normalize", "reject")
	k.prefixes("smtp.trusted_proxies", s.TrustedProxies)
	if (s.TLS.CertFile == "") != (s.TLS.KeyFile == "") {
		k.fail("smtp.tls", "cert_file and key_file are given together or not at all")
	}
	readable := k.file("smtp.tls.cert_file", s.TLS.CertFile)
	readable = k.file("smtp.tls.key_file", s.TLS.KeyFile) && readable
	if s.TLS.CertFile != "" && s.TLS.KeyFile != "" && readable {
		if _, err := tls.LoadX509KeyPair(s.TLS.CertFile, s.TLS.KeyFile); err != nil {
			k.fail("smtp.tls", "certificate and key do not fit: %v", err)
		}
	}
	if s.TLS.ACME != nil {
		k.fail("smtp.tls.acme", "is not offered by this version: give cert_file and key_file")
	}
}

func (k *checker) organisations(orgs []Organisation) {
	if len(orgs) == 0 {
		k.fail("organisations", "at least one is needed")
	}
	ids, domains, addresses := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for i, o := range orgs {
		key := fmt.Sprintf("organisations[%d]", i)
		if !orgID.MatchString(o.ID) {
			k.fail(key+".id", "%q is no id: lower-case letters, digits and hyphens", o.ID)
		}
		if ids[o.ID] {
			k.fail(key+".id", "%q is there twice", o.ID)
		}
		domain := strings.ToLower(o.Domain)
		if !domainRE.MatchString(domain) {
			k.fail(key+".domain", "%q is no domain", o.Domain)
		}
		if domains[domain] {
			k.fail(key+".domain", "%q belongs to two organisations", o.Domain)
		}
		ids[o.ID], domains[domain] = true, true
		k.oneOf(key+".language", o.Language, "sv", "en")
		for j, d := range o.DKIM {
			if !domainRE.MatchString(d.Selector) {
				k.fail(fmt.Sprintf("%s.dkim[%d].selector", key, j), "%q is no selector such as s1", d.Selector)
			}
			k.signingKey(fmt.Sprintf("%s.dkim[%d].key_file", key, j), d.KeyFile)
		}
		for j, in := range o.Intake {
			at := fmt.Sprintf("%s.intake[%d].address", key, j)
			local, dom, ok := strings.Cut(in.Address, "@")
			if !ok || local == "" || !domainRE.MatchString(strings.ToLower(dom)) {
				k.fail(at, "%q is no e-mail address", in.Address)
			}
			if addresses[strings.ToLower(in.Address)] {
				k.fail(at, "%q is there twice", in.Address)
			}
			addresses[strings.ToLower(in.Address)] = true
		}
		k.report(key+".report", o.Report)
		if o.Links.Valid < Duration(time.Hour) || o.Links.Valid > Duration(365*24*time.Hour) {
			k.fail(key+".links.valid", "a link is valid for 1h to 8760h")
		}
		if o.Links.Codes < Duration(time.Hour) || o.Links.Codes > Duration(365*24*time.Hour) {
			k.fail(key+".links.codes", "a link is valid for 1h to 8760h")
		}
		if !colourRE.MatchString(o.Look.Colour) {
			k.fail(key+".look.colour", "%q is no colour: # and six hexadecimal digits, such as #1f5f8b", o.Look.Colour)
		}
		if f := o.Look.Templates; f != "" {
			if s, err := os.Stat(f); err != nil || !s.IsDir() {
				k.fail(key+".look.templates", "%s is no folder", f)
			}
		}
		k.oneOf(key+".policy.dmarc", o.Policy.DMARC, "enforce", "mark")
		k.oneOf(key+".policy.unknown_sender", o.Policy.UnknownSender, "accept", "triage")
		k.remind(key+".orders.remind", o.Orders.Remind)
		k.deadline(key+".deadline", o.Deadline)
		k.retention(key+".retention", o.Retention)
		k.policy(key+".policy", o.Policy)
		k.notices(key, o)
	}
}

// rights are the words of policy.rights, each with what a sender of that standing has at most.
var rights = map[string][]string{
	"verified": {"read", "attach", "reopen", "command"},
	"known":    {"read", "attach", "reopen"},
	"unknown":  {"attach"},
}

func (k *checker) policy(key string, p Policy) {
	for name, list := range map[string][]string{"trusted_sealers": p.TrustedSealers, "allow": p.Allow, "block": p.Block} {
		for i, entry := range list {
			domain := entry[strings.LastIndexByte(entry, '@')+1:]
			if !domainRE.MatchString(strings.ToLower(domain)) || name == "trusted_sealers" && strings.Contains(entry, "@") {
				k.fail(fmt.Sprintf("%s.%s[%d]", key, name, i), "%q is no address or domain", entry)
			}
		}
	}
	k.atLeast(key+".rate.per_sender", int64(p.Rate.PerSender), 0)
	k.atLeast(key+".rate.per_domain", int64(p.Rate.PerDomain), 0)
	for name, list := range map[string][]string{"verified": p.Rights.Verified, "known": p.Rights.Known, "unknown": p.Rights.Unknown} {
		for i, right := range list {
			k.oneOf(fmt.Sprintf("%s.rights.%s[%d]", key, name, i), right, rights[name]...)
		}
	}
}

func (k *checker) report(key string, r Report) {
	for i, origin := range r.Origins {
		u, err := url.Parse(origin)
		if err != nil || u.Scheme+"://"+u.Host != origin || u.Host == "" {
			k.fail(fmt.Sprintf("%s.origins[%d]", key, i), "%q is no origin such as https://www.example.org", origin)
		}
	}
	if r.CaptchaURL == "" {
		return
	}
	if u, err := url.Parse(r.CaptchaURL); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		k.fail(key+".captcha_url", "%q is no http or https address", r.CaptchaURL)
	}
	k.file(key+".captcha_secret_file", r.CaptchaSecretFile)
}
