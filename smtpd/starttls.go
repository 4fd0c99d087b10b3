package smtpd

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"sync"
	"time"
)

// handshakeTimeout bounds a TLS handshake.
const handshakeTimeout = 30 * time.Second

// extensions are those that the gate adds to the engine's reply to EHLO: SIZE (RFC 1870), LIMITS (RFC 9422), and
// STARTTLS (RFC 3207) where it is to be had.
func (s *Server) extensions(inTLS bool) []string {
	ext := []string{
		"SIZE " + strconv.FormatInt(s.opt.MaxMessageBytes, 10),
		"LIMITS RCPTMAX=" + strconv.Itoa(s.opt.MaxRecipients),
	}
	if s.tls != nil && !inTLS {
		ext = append(ext, "STARTTLS")
	}
	return ext
}

// tlsConfig is nil without a certificate.
func tlsConfig(get func(*tls.ClientHelloInfo) (*tls.Certificate, error)) *tls.Config {
	if get == nil {
		return nil
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: get}
}

// startTLS does RFC 3207. What the peer sent behind the command in clear is dropped unread: whoever sits between
// could have put it there (section 4.2 and CVE-2011-0411). All that was said before is void: only after a
// new EHLO, which resets the engine, are other commands taken again.
func (g *gate) startTLS(arg string) {
	switch {
	case g.srv.tls == nil:
		g.say(replyNotOffered)
		return
	case arg != "":
		g.say(replyBadArgument)
		return
	case g.tls != "":
		g.say(replyInTLS)
		return
	case !g.greeted:
		g.say(replyNoHello)
		return
	}
	g.say(replyStartTLS)
	g.flush()
	g.in.drop()
	deadline := time.Now().Add(handshakeTimeout)
	if g.last != nil || !g.enter(phaseSetup, deadline) {
		return
	}
	_ = g.socket.SetWriteDeadline(deadline)
	ctx, cancel := context.WithDeadline(g.ctx, deadline)
	defer cancel()
	conn := tls.Server(g.conn, g.srv.tls)
	if err := conn.HandshakeContext(ctx); err != nil {
		g.log.Info("TLS handshake failed", "err", err)
		g.last = err
		return
	}
	state := conn.ConnectionState()
	g.conn, g.in.conn = conn, conn
	g.tls = tls.VersionName(state.Version) + " " + tls.CipherSuiteName(state.CipherSuite)
	g.greeted, g.esmtp, g.helo = false, false, ""
	g.sess.Reset()
}

// certificateFiles is a certificate in files that may be renewed while we run.
type certificateFiles struct {
	certFile, keyFile string
	log               *slog.Logger
	now               func() time.Time

	mu      sync.Mutex
	cert    *tls.Certificate
	checked time.Time
	stamp   string // sizes and times of the files that were last tried
}

// recheck is how often the files are looked at, at most.
const recheck = 5 * time.Second

// CertificateFiles returns a function for Options.GetCertificate. It serves the certificate chain and key of two PEM
// files, and takes up new ones within 5 seconds of a handshake. New files that do not fit leave the old certificate
// in use and log an error, once. The error of CertificateFiles itself is about the files as they are now.
func CertificateFiles(certFile, keyFile string, log *slog.Logger) (func(*tls.ClientHelloInfo) (*tls.Certificate, error), error) {
	c := &certificateFiles{certFile: certFile, keyFile: keyFile, log: log, now: time.Now}
	if err := c.load(); err != nil {
		return nil, err
	}
	return c.get, nil
}

func (c *certificateFiles) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now().Sub(c.checked) >= recheck {
		if err := c.load(); err != nil {
			c.log.Error("certificate not renewed, the old one stays in use", "err", err)
		}
	}
	return c.cert, nil
}

// load reads the files if they changed since they were last tried.
func (c *certificateFiles) load() error {
	c.checked = c.now()
	stamp := ""
	for _, name := range []string{c.certFile, c.keyFile} {
		// A missing file is a stamp of its own, and reading it gives the error.
		if info, err := os.Stat(name); err == nil {
			stamp += fmt.Sprint(info.Size(), info.ModTime().UnixNano())
		}
		stamp += "/"
	}
	if stamp == c.stamp {
		return nil
	}
	c.stamp = stamp
	cert, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("smtpd: load certificate: %w", err)
	}
	c.cert = &cert
	return nil
}
