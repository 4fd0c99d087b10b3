// Package config reads the configuration file, strictly.
//
//	YAML file → nodes (with lines) → Config with defaults → validated → the program's wiring
//
// Invariants:
//   - An unknown key, a doubled key, a wrong type, a value out of range or a missing file is an error that names file,
//     line and key, found before anything listens.
//   - Every key has a default or is said to be needed; Print shows what is in force, with secrets masked.
package config

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"gopkg.in/yaml.v3"
)

// Duration is a time.Duration written as "90s", "5m" or "1h".
type Duration time.Duration

// MarshalYAML writes the duration as people write it: 5m and not 5m0s.
func (d Duration) MarshalYAML() (any, error) {
	switch t := time.Duration(d); {
	case t%time.Hour == 0:
		return fmt.Sprintf("%dh", t/time.Hour), nil
	case t%time.Minute == 0:
		return fmt.Sprintf("%dm", t/time.Minute), nil
	default:
		return t.String(), nil
	}
}

// Config is the whole configuration.
type Config struct {
	DataDir       string         `yaml:"data_dir"`
	Store         Store          `yaml:"store"`
	Blobs         Blobs          `yaml:"blobs"`
	SMTP          SMTP           `yaml:"smtp"`
	HTTP          HTTP           `yaml:"http"`
	DNS           DNS            `yaml:"dns"`
	Relay         Relay          `yaml:"relay"`
	Scan          Scan           `yaml:"scan"`
	SMS           SMS            `yaml:"sms,omitempty"`
	Debug         Debug          `yaml:"debug"`
	Organisations []Organisation `yaml:"organisations"`

	file  string
	lines map[string]int // key path → line, for messages
}

// Store chooses the database.
type Store struct {
	Engine string `yaml:"engine"` // bolt
	URL    string `yaml:"url,omitempty"`
}

// Blobs chooses where big raw mail lies.
type Blobs struct {
	Engine   string `yaml:"engine"` // files
	Endpoint string `yaml:"endpoint,omitempty"`
	Bucket   string `yaml:"bucket,omitempty"`
	Region   string `yaml:"region,omitempty"`
}

// SMTP sets up mail in.
type SMTP struct {
	Listen              []string `yaml:"listen"`
	Hostname            string   `yaml:"hostname"`
	MaxMessageBytes     int64    `yaml:"max_message_bytes"`
	MaxConnections      int      `yaml:"max_connections"`
	MaxConnectionsPerIP int      `yaml:"max_connections_per_ip"`
	Timeouts            Timeouts `yaml:"timeouts"`
	BareNewline         string   `yaml:"bare_newline"` // normalize, reject
	ProxyProtocol       bool     `yaml:"proxy_protocol"`
	TrustedProxies      []string `yaml:"trusted_proxies"`
	TLS                 TLS      `yaml:"tls"`
}

// Timeouts of an SMTP session.
type Timeouts struct {
	Command Duration `yaml:"command"`
	Data    Duration `yaml:"data"` // longest silence within DATA or BDAT
	Session Duration `yaml:"session"`
}

// TLS names certificate files.
type TLS struct {
	CertFile string `yaml:"cert_file"`
	KeyFile  string `yaml:"key_file"`
	ACME     *ACME  `yaml:"acme,omitempty"`
}

// ACME gets certificates by itself.
type ACME struct {
	Email     string `yaml:"email"`
	Directory string `yaml:"directory"`
}

// HTTP sets up the API.
type HTTP struct {
	Listen         string   `yaml:"listen"`
	PublicURL      string   `yaml:"public_url"`
	TrustedProxies []string `yaml:"trusted_proxies"`
	Rate           HTTPRate `yaml:"rate"`
	WebhookPrivate bool     `yaml:"webhook_private"` // webhooks may lead to addresses that are not public
}

// HTTPRate bounds calls.
type HTTPRate struct {
	PerToken int `yaml:"per_token"` // calls a second, ten times as many at once; 0: no limit
}

// Debug opens the profiles of the program (net/http/pprof), without a token.
type Debug struct {
	Listen string `yaml:"listen"` // empty: they are shut
	Public bool   `yaml:"public"` // Listen may be an address that is not on loopback
}

// DNS names the servers to ask; none: the system's.
type DNS struct {
	Servers []string `yaml:"servers"`
	TrustAD string   `yaml:"trust_ad"` // loopback, always, never: whose word counts that DNSSEC proves an answer
}

// Relay sets up mail out.
type Relay struct {
	Mode        string    `yaml:"mode"`        // smarthost, mx
	Connections int       `yaml:"connections"` // in all
	Smarthost   Smarthost `yaml:"smarthost"`
	MXPort      int       `yaml:"mx_port"`
	PerDomain   int       `yaml:"per_domain"` // connections to one recipient domain in mx mode
	Pause       Duration  `yaml:"pause"`      // for a domain that says 421 or 4.7.x; 0: none
	MTASTS      bool      `yaml:"mta_sts"`
	DANE        bool      `yaml:"dane"`
	Retry       Retry     `yaml:"retry"`
}

// Smarthost is the host that takes all mail out.
type Smarthost struct {
	Address      string `yaml:"address"`
	TLS          string `yaml:"tls"` // none, starttls, implicit
	Username     string `yaml:"username"`
	PasswordFile string `yaml:"password_file"`
	Connections  int    `yaml:"connections"`
}

// Retry says when to try again and when to give up.
type Retry struct {
	First  Duration `yaml:"first"`
	Max    Duration `yaml:"max"`
	GiveUp Duration `yaml:"give_up"`
}

// Organisation is one landlord.
type Organisation struct {
	ID        string    `yaml:"id"`
	Name      string    `yaml:"name"`
	Domain    string    `yaml:"domain"`
	Language  string    `yaml:"language"`
	DKIM      []DKIM    `yaml:"dkim"`
	Intake    []Intake  `yaml:"intake"`
	Look      Look      `yaml:"look"`
	Links     Links     `yaml:"links"`
	Report    Report    `yaml:"report"`
	Policy    Policy    `yaml:"policy"`
	Orders    Orders    `yaml:"orders"`
	Notify    Notify    `yaml:"notify"`
	Hours     Hours     `yaml:"hours"`
	Deadline  Deadline  `yaml:"deadline"`
	Retention Retention `yaml:"retention"`

	Acknowledge *bool `yaml:"acknowledge"` // whoever opens a case by mail hears of it; unless said otherwise
}

// Look is how an organisation's mails and pages look.
type Look struct {
	Colour    string `yaml:"colour"`    // # and six hexadecimal digits
	LogoFile  string `yaml:"logo_file"` // PNG or JPEG
	Footer    string `yaml:"footer"`
	Templates string `yaml:"templates"` // folder whose files go before the built-in ones
}

// Report is how faults are reported without log-in, by a form.
type Report struct {
	Enabled           bool     `yaml:"enabled"`
	Origins           []string `yaml:"origins"`             // sites whose forms may report
	CaptchaURL        string   `yaml:"captcha_url"`         // of a service's siteverify; empty: no captcha
	CaptchaSecretFile string   `yaml:"captcha_secret_file"` //
}

// Links is what mails link to, below http.public_url.
type Links struct {
	Valid Duration `yaml:"valid"` // from when the mail was written
	Codes Duration `yaml:"codes"` // the same of a link to door codes
	Page  *bool    `yaml:"page"`  // customers get a link to a page of their case; unless said otherwise
}

// DKIM is a key that signs outgoing mail.
type DKIM struct {
	Selector string `yaml:"selector"`
	KeyFile  string `yaml:"key_file"` // RSA or Ed25519, PKCS#8 PEM
}

// Intake is an address that opens cases.
type Intake struct {
	Address string `yaml:"address"`
	Class   string `yaml:"class"`
}

// Policy is what the organisation has chosen about strangers.
type Policy struct {
	DMARC         string `yaml:"dmarc"`          // enforce, mark
	UnknownSender string `yaml:"unknown_sender"` // accept, triage

	TrustedSealers []string `yaml:"trusted_sealers"` // domains whose ARC seal over a DMARC pass counts as "forwarded"
	Allow          []string `yaml:"allow"`           // addresses and domains, where the sender is proved
	Block          []string `yaml:"block"`           // addresses and domains
	Rate           Rate     `yaml:"rate"`
	Rights         Rights   `yaml:"rights"`
}

// Rate limits mails an hour; 0 is no limit.
type Rate struct {
	PerSender int `yaml:"per_sender"`
	PerDomain int `yaml:"per_domain"`
}

// Rights takes rights away from mails by the standing of their sender: read, attach, reopen, command. A list that is not
// given leaves the default.
type Rights struct {
	Verified []string `yaml:"verified"`
	Known    []string `yaml:"known"`
	Unknown  []string `yaml:"unknown"`
}

// Default returns the configuration that holds where a file says nothing.
func Default() Config {
	return Config{
		DataDir: "./data",
		Store:   Store{Engine: "bolt"},
		Blobs:   Blobs{Engine: "files"},
		SMTP: SMTP{
			Listen: []string{"127.0.0.1:2525"}, MaxMessageBytes: 36_700_160, MaxConnections: 1000, MaxConnectionsPerIP: 50,
			Timeouts:    Timeouts{Command: minutes(5), Data: minutes(3), Session: minutes(60)},
			BareNewline: "normalize",
		},
		HTTP:  HTTP{Listen: "127.0.0.1:8080", Rate: HTTPRate{PerToken: 50}},
		DNS:   DNS{TrustAD: "loopback"},
		Relay: Relay{MTASTS: true, DANE: true, Mode: "smarthost", Connections: 20, PerDomain: 4, Pause: minutes(1), Smarthost: Smarthost{Address: "127.0.0.1:25", TLS: "none", Connections: 10}, MXPort: 25, Retry: Retry{First: minutes(1), Max: minutes(240), GiveUp: minutes(7200)}},
		Scan:  Scan{MaxBytes: 25 << 20}, // what clamd takes by its own default
	}
}

func minutes(n int) Duration { return Duration(time.Duration(n) * time.Minute) }

// defaults of an organisation that says nothing else.
func (o *Organisation) defaults() {
	if o.Language == "" {
		o.Language = "sv"
	}
	o.noticeDefaults()
	o.Orders.Remind.defaults()
	o.Deadline.defaults()
	orElse(&o.Links.Valid, Duration(30*24*time.Hour))
	orElse(&o.Links.Codes, Duration(14*24*time.Hour))
	if o.Links.Page == nil {
		yes := true
		o.Links.Page = &yes
	}
	if o.Look.Colour == "" {
		o.Look.Colour = "#1f5f8b"
	}
	if o.Policy.DMARC == "" {
		o.Policy.DMARC = "enforce"
	}
	if o.Policy.UnknownSender == "" {
		o.Policy.UnknownSender = "accept"
	}
	for name, list := range map[string]*[]string{"verified": &o.Policy.Rights.Verified, "known": &o.Policy.Rights.Known, "unknown": &o.Policy.Rights.Unknown} {
		if *list == nil {
			*list = slices.Clone(rights[name])
		}
	}
}

// maxFile bounds the file in bytes: a configuration is small.
const maxFile = 1 << 20

// Load reads and validates a file. Relative paths in it are taken from the folder that the program runs in. The error
// joins everything that is wrong, a line each: file:line: key: what.
func Load(path string) (*Config, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	defer func() { _ = f.Close() }() // read only
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	if len(b) > maxFile {
		return nil, fmt.Errorf("%s: a configuration has at most %d bytes", path, maxFile)
	}
	return Parse(path, b)
}

// Parse reads and validates the text of a file that is called name in messages.
func Parse(name string, text []byte) (*Config, error) {
	c := Default()
	c.file = name
	lines, err := decodeStrict(name, text, &c)
	if err != nil {
		return nil, err
	}
	c.lines = lines
	for i := range c.Organisations {
		c.Organisations[i].defaults()
	}
	c.Scan.defaults()
	c.SMS.defaults()
	if c.HTTP.PublicURL == "" {
		c.HTTP.PublicURL = "http://" + c.HTTP.Listen
	}
	if err := c.validate(); err != nil {
		return nil, err
	}
	return &c, nil
}

// Print writes the configuration in force as YAML, with secrets masked.
func (c *Config) Print(w io.Writer) error {
	shown := *c
	if u, err := url.Parse(shown.Store.URL); err == nil && u.User != nil {
		if _, has := u.User.Password(); has {
			u.User = url.UserPassword(u.User.Username(), "xxxxx")
			shown.Store.URL = u.String()
		}
	}
	enc := yaml.NewEncoder(w)
	enc.SetIndent(2)
	return errors.Join(enc.Encode(shown), enc.Close())
}

// Path joins the data folder and a name in it.
func (c *Config) Path(name string) string { return filepath.Join(c.DataDir, name) }
