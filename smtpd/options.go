package smtpd

import (
	"cmp"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"log/slog"
	"net/netip"
	"time"
)

// Options set up a Server. A zero field means its default, unless it says otherwise.
type Options struct {
	// Hostname is our name in the banner and in EHLO's reply, and the domain of a bare <postmaster>. Required.
	Hostname string

	MaxMessageBytes int64 // a mail of exactly this size passes; default 36,700,160 (35 MiB)
	MaxConnections  int   // at once, default 1,000
	MaxPerIP        int   // at once from one IPv4 address or one IPv6 /64, default 50
	MaxRecipients   int   // in one mail, default 100, the least that RFC 5321 section 4.5.3.1.8 allows
	MaxErrors       int   // 5xx replies in a session; one more closes it; default 20
	MaxMessages     int   // in a session; default no limit

	CommandTimeout time.Duration // for a complete command line; default 5m (RFC 5321 section 4.5.3.2.7)
	DataTimeout    time.Duration // longest silence within DATA or BDAT; default 3m
	SessionTimeout time.Duration // of a connection from first to last octet read; default 1h
	WriteTimeout   time.Duration // for handing one batch of replies to the network; default 1m
	AcceptTimeout  time.Duration // deadline of the contexts given to Route and Accept; default 60s
	Drain          time.Duration // on shutdown, for mails whose data is under way; default 20s

	// RejectBareNewline answers 550 5.6.11 to a mail with a bare CR or LF. Without it such a mail is kept as it
	// came: one mail either way, never split.
	RejectBareNewline bool

	// ProxyProtocol makes a PROXY header (version 1 or 2) the first thing on a connection from loopback and from
	// TrustedProxies: there it is required. Everyone else is served under his own address, and a
	// PROXY header from him closes the connection.
	ProxyProtocol  bool
	TrustedProxies []netip.Prefix

	SpoolDir     string // holds bodies that are not in memory, mode 0700, may be shared by several processes. Required.
	SpoolAt      int64  // a body bigger than this many bytes goes to a spool file; default 256 KiB
	MemoryBudget int64  // bytes of all bodies in memory at once; default 64 MiB; 32 KiB per session within data come on top
	MaxAccepting int64  // bytes of all mails in Accept at once, a mail counting 64 KiB at least; default 256 MiB

	// GetCertificate offers STARTTLS with this certificate, for example from CertificateFiles; nil: no STARTTLS.
	GetCertificate func(*tls.ClientHelloInfo) (*tls.Certificate, error)

	Log      *slog.Logger  // default slog.Default()
	Observer Observer      // default none
	ConnID   func() string // makes connection ids for the log; default 26 random characters
}

// withDefaults returns the options with every default filled in.
func (o Options) withDefaults() (Options, error) {
	if o.Hostname == "" {
		return o, errors.New("smtpd: no hostname")
	}
	if o.SpoolDir == "" {
		return o, errors.New("smtpd: no spool folder")
	}
	o.MaxMessageBytes = cmp.Or(o.MaxMessageBytes, 36_700_160)
	o.MaxConnections = cmp.Or(o.MaxConnections, 1000)
	o.MaxPerIP = cmp.Or(o.MaxPerIP, 50)
	o.MaxRecipients = cmp.Or(o.MaxRecipients, 100)
	o.MaxErrors = cmp.Or(o.MaxErrors, 20)
	o.CommandTimeout = cmp.Or(o.CommandTimeout, 5*time.Minute)
	o.DataTimeout = cmp.Or(o.DataTimeout, 3*time.Minute)
	o.SessionTimeout = cmp.Or(o.SessionTimeout, time.Hour)
	o.WriteTimeout = cmp.Or(o.WriteTimeout, time.Minute)
	o.AcceptTimeout = cmp.Or(o.AcceptTimeout, time.Minute)
	o.Drain = cmp.Or(o.Drain, 20*time.Second)
	o.SpoolAt = cmp.Or(o.SpoolAt, 256<<10)
	o.MemoryBudget = cmp.Or(o.MemoryBudget, 64<<20)
	o.MaxAccepting = cmp.Or(o.MaxAccepting, 256<<20)
	o.Log = cmp.Or(o.Log, slog.Default())
	if o.Observer == nil {
		o.Observer = unobserved{}
	}
	if o.ConnID == nil {
		o.ConnID = rand.Text
	}
	return o, nil
}
