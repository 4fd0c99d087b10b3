package peers

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"smartmail/testrig"
)

// reconfigure has Postfix go on with further lines of configuration.
func (p *postfix) reconfigure(lines ...string) {
	p.t.Helper()
	for _, l := range lines {
		p.command("postconf", "-c", p.conf, "-e", l)
	}
	p.command("postfix", "-c", p.conf, "reload")
}

// Where TLS fails, by the handshake or by a certificate that proves nothing, mail to the smarthost waits and never goes in the clear.
// When TLS works it goes, once.
func TestPostfixBreaksTLS(t *testing.T) {
	need(t, "postfix", "postfix")
	const count = 20
	addr, dir := sink(t)
	cert, key := certificate(t)
	unrelated, unrelatedKey := certificate(t)
	p := startPostfix(t, addr, "smtpd_tls_security_level = encrypt\nsmtpd_tls_loglevel = 1\nsmtpd_tls_mandatory_protocols = TLSv1\n"+
		fmt.Sprintf("smtpd_tls_cert_file = %s\nsmtpd_tls_key_file = %s\n", unrelated, unrelatedKey))
	trusted := filepath.Join(t.TempDir(), "roots.pem")
	if pem, err := os.ReadFile(cert); err != nil || os.WriteFile(trusted, pem, 0o600) != nil {
		t.Fatal(err)
	}
	h := open(t, func(o *testrig.Options) {
		o.Top = fmt.Sprintf("relay: {smarthost: {address: %q, tls: starttls}, pause: 0s, retry: {first: 1s, max: 1s, give_up: 1h}}\n", p.addr)
		o.Env = append(o.Env, "SSL_CERT_FILE="+trusted)
	})
	h.write(count, "home.example")
	deferredWith := func(words string) {
		t.Helper()
		await(t, "all are deferred with "+words, time.Minute, func() bool {
			all := h.outbox()
			for _, m := range all {
				if m.State != "deferred" || !strings.Contains(m.Remote, words) {
					return false
				}
			}
			return len(all) == count
		})
	}
	deferredWith("protocol version")
	p.reconfigure("smtpd_tls_mandatory_protocols = >=TLSv1.2")
	deferredWith("certificate")
	if seen := received(t, dir); len(seen) > 0 {
		t.Errorf("%d mails went without TLS that holds", len(seen))
	}
	p.reconfigure("smtpd_tls_cert_file = "+cert, "smtpd_tls_key_file = "+key)
	all := h.settled(count, "sent")
	h.stop()
	p.awaitEmpty(time.Minute)
	once(t, dir, all)
	p.awaitLog("TLS connection established from", "TLSv1.")
}
