package smtpd

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func discardLog() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func TestTLSVersions(t *testing.T) {
	r := start(t, Options{GetCertificate: always(certificate(t, 1))}, false)
	for version, ok := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		c := r.greet()
		c.do("STARTTLS", "220")
		tc := tls.Client(c.conn, &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version})
		if err := tc.Handshake(); (err == nil) != ok {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
	}
}

func TestHandshakeThatIsNone(t *testing.T) {
	r := start(t, Options{GetCertificate: always(certificate(t, 1))}, false)
	c := r.greet()
	c.do("STARTTLS", "220")
	c.send("MAIL FROM:<a@peer.example>\r\n")
	got, _ := io.ReadAll(c.r) // a TLS alert, and a reset perhaps
	if strings.Contains(string(got), "250") {
		t.Errorf("got %q", got)
	}
}

func TestHandshakeHasADeadline(t *testing.T) {
	inBubble(t, Options{GetCertificate: always(certificate(t, 1))}, func(t *testing.T, r *running) {
		c := r.greet()
		c.do("STARTTLS", "220")
		begun := time.Now()
		c.expectClosed()
		if took := time.Since(begun); took != handshakeTimeout {
			t.Errorf("after %v", took)
		}
	})
}

// writeCertificate puts a certificate and key into files, with a time of their own.
func writeCertificate(t *testing.T, dir string, cert tls.Certificate, at time.Time) {
	t.Helper()
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "cert.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}), at)
	writeFile(t, filepath.Join(dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), at)
}

func writeFile(t *testing.T, name string, content []byte, at time.Time) {
	t.Helper()
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(name, at, at); err != nil {
		t.Fatal(err)
	}
}

func TestCertificateIsRenewed(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	first, second := certificate(t, 1), certificate(t, 2)
	writeCertificate(t, dir, first, now)
	var log bytes.Buffer
	c := &certificateFiles{
		certFile: filepath.Join(dir, "cert.pem"), keyFile: filepath.Join(dir, "key.pem"),
		log: slog.New(slog.NewTextHandler(&log, nil)), now: func() time.Time { return now },
	}
	if err := c.load(); err != nil {
		t.Fatal(err)
	}
	check := func(step string, want tls.Certificate, errors int) {
		t.Helper()
		got, err := c.get(nil)
		if err != nil || !bytes.Equal(got.Certificate[0], want.Certificate[0]) {
			t.Errorf("%s: another certificate, %v", step, err)
		}
		if n := strings.Count(log.String(), "level=ERROR"); n != errors {
			t.Errorf("%s: %d errors logged, want %d", step, n, errors)
		}
	}
	check("at first", first, 0)
	writeCertificate(t, dir, second, now.Add(time.Second))
	check("just looked at", first, 0)
	now = now.Add(recheck)
	check("renewed", second, 0)
	writeFile(t, c.certFile, []byte("broken"), now)
	now = now.Add(recheck)
	check("broken", second, 1)
	now = now.Add(recheck)
	check("still broken", second, 1)
	if err := os.Remove(c.certFile); err != nil {
		t.Fatal(err)
	}
	now = now.Add(recheck)
	check("gone", second, 2)
	writeCertificate(t, dir, first, now)
	now = now.Add(recheck)
	check("mended", first, 2)
}

func TestCertificateFiles(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	if _, err := CertificateFiles(certFile, keyFile, discardLog()); err == nil {
		t.Error("no error without files")
	}
	cert := certificate(t, 1)
	writeCertificate(t, dir, cert, time.Now())
	get, err := CertificateFiles(certFile, keyFile, discardLog())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := get(nil); err != nil || !bytes.Equal(got.Certificate[0], cert.Certificate[0]) {
		t.Errorf("another certificate, %v", err)
	}
}
