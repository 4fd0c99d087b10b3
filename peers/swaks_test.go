package peers

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"smartmail/testrig"
)

// swaks sends a mail and returns the bytes that it says it has sent, and the reply.
func swaks(t *testing.T, args ...string) (raw []byte, got answer) {
	t.Helper()
	cmd := exec.CommandContext(within(t, 20*time.Second), "swaks", append([]string{"--timeout", "5", "--helo", "peer.example.net"}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("swaks: %v\n%s", err, out)
	}
	return transcript(t, out)
}

// transcript reads what swaks prints: " -> " before what it sends, "<-  " before what it gets, and ~ for - within TLS.
func transcript(t *testing.T, out []byte) (raw []byte, got answer) {
	t.Helper()
	data, ended := false, false
	for line := range strings.Lines(string(out)) {
		line = strings.TrimRight(line, "\r\n")
		sent, isSent := strings.CutPrefix(strings.Replace(line, " ~> ", " -> ", 1), " -> ")
		reply, isReply := strings.CutPrefix(strings.Replace(line, "<~  ", "<-  ", 1), "<-  ")
		switch {
		case isReply && strings.HasPrefix(reply, "354"):
			data = true
		case isReply && ended:
			if _, err := fmt.Sscanf(reply, "%d", &got.code); err != nil {
				t.Fatalf("%q: %v", reply, err)
			}
			got.text = reply[4:]
			return raw, got
		case isSent && data && sent == ".":
			data, ended = false, true
		case isSent && data:
			raw = append(append(raw, strings.TrimPrefix(sent, ".")...), "\r\n"...)
		}
	}
	t.Fatalf("swaks told of no reply:\n%s", out)
	return nil, answer{}
}

// certificate writes a self-signed certificate and returns the paths of it and its key.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"mx.example.org"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, &tmpl, &tmpl, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, b []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", secret)
}

// What swaks sends is on its case, byte for byte, with its attachment, and with TLS.
func TestSwaks(t *testing.T) {
	need(t, "swaks", "swaks")
	cert, key := certificate(t)
	h := open(t, func(o *testrig.Options) { o.Extra = fmt.Sprintf("  tls: {cert_file: %q, key_file: %q}\n", cert, key) })
	number, address := h.openCase()
	picture := bytes.Repeat([]byte("\x89PNG\r\n\x1a\n\x00\xff"), 5000)
	file := filepath.Join(t.TempDir(), "kran.png")
	if err := os.WriteFile(file, picture, 0o600); err != nil {
		t.Fatal(err)
	}
	sent := 0
	for name, more := range map[string][]string{
		"plain":      nil,
		"dots":       {"--body", ".\\n..\\n. en rad\\n"},
		"attachment": {"--attach-type", "image/png", "--attach-name", "kran.png", "--attach", "@" + file},
		"STARTTLS":   {"-tls"},
		"pipelined":  {"--pipeline"},
	} {
		for to, onCase := range map[string]bool{intake: false, address: true} {
			t.Run(fmt.Sprintf("%s, case %t", name, onCase), func(t *testing.T) {
				args := append([]string{"--server", h.SMTP, "--from", customer, "--to", to, "--header", "Subject: Droppande kran"}, more...)
				raw, got := swaks(t, args...)
				sent++
				m := h.wantStored(t, got, raw)
				if want := fmt.Sprintf("2.0.0 OK case=%d entry=", number); onCase && !strings.HasPrefix(got.text, want) {
					t.Errorf("reply %v, want %s...", got, want)
				}
				if m.Subject != "Droppande kran" {
					t.Errorf("subject %q", m.Subject)
				}
				if want := map[bool]string{true: "ESMTPS", false: "ESMTP"}[name == "STARTTLS"]; m.Envelope.Protocol != want {
					t.Errorf("protocol %s, want %s", m.Envelope.Protocol, want)
				}
				if name == "attachment" {
					h.wantAttachment(t, m, picture)
				}
			})
		}
	}
	h.wantMails(sent)
}

// wantAttachment checks a mail's only attachment, and that it can be fetched.
func (h *house) wantAttachment(t *testing.T, m mail, content []byte) {
	t.Helper()
	if len(m.Attachments) != 1 {
		t.Fatalf("%d attachments", len(m.Attachments))
	}
	a := m.Attachments[0]
	if a.Name != "kran.png" || a.Size != int64(len(content)) || a.SHA256 != sum(content) {
		t.Errorf("attachment %+v", a)
	}
	if got := h.bytes("/api/v1/attachments/" + a.ID); !bytes.Equal(got, content) {
		t.Errorf("the attachment has %d bytes, not those that were sent", len(got))
	}
}

// Strangers' addresses are refused as a peer can understand.
func TestSwaksRefused(t *testing.T) {
	need(t, "swaks", "swaks")
	h := open(t, nil)
	_, address := h.openCase()
	forged := strings.Replace(address, "@", "x@", 1)
	for to, want := range map[string]string{
		forged:                    "550 5.1.1",
		"ingen@" + testrig.Domain: "550 5.1.1",
		"anna@example.com":        "550 5.7.1",
	} {
		out, err := exec.CommandContext(context.Background(), "swaks", "--timeout", "5", "--server", h.SMTP, "--from", customer, "--to", to).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "<** "+want) {
			t.Errorf("%s: %v, want %s:\n%s", to, err, want, out)
		}
	}
	h.wantMails(0)
}
