package peers

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"smartmail/testrig"
)

// archive writes stored mail in the three forms, with the line ends that programs store, and returns the paths and the
// mails as SMTP carries them.
func archive(t *testing.T) (paths []string, mails [][]byte) {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, content []byte) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, bytes.ReplaceAll(content, []byte("\r\n"), []byte("\n")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	next := func() []byte {
		n := len(mails)
		m := compose(customer, intake, fmt.Sprintf("old-%d@boende.example.com", n), fmt.Sprintf("Gammalt fel %d", n), 500)
		m = append(m, "From en granne hörde jag samma sak.\r\n>From är en citerad rad.\r\n"...)
		mails = append(mails, m)
		return m
	}
	var mbox []byte
	for range 3 {
		quoted := strings.NewReplacer("\n>From ", "\n>>From ", "\nFrom ", "\n>From ").Replace(string(next()[len("From: "):]))
		mbox = fmt.Appendf(mbox, "From %s Tue Nov 24 09:12:00 2026\nFrom: %s\r\n", customer, quoted)
	}
	write("old.mbox", mbox)
	write("Maildir/cur/1:2,S", next())
	write("Maildir/new/2", next())
	write("Maildir/tmp/3", compose(customer, intake, "half@boende.example.com", "Ofärdig", 10))
	write("one.eml", next())
	for _, name := range []string{"old.mbox", "Maildir", "one.eml"} {
		paths = append(paths, filepath.Join(dir, name))
	}
	return paths, mails
}

// wantImport runs "smartmail import" and checks what it says.
func (h *house) wantImport(paths []string, taken, there int) {
	h.t.Helper()
	out, err := h.Command(within(h.t, 30*time.Second), "import", append([]string{"--org", testrig.Org}, paths...)...).CombinedOutput()
	if want := fmt.Sprintf("%d mails taken in, %d were there already, 0 failed", taken, there); err != nil || !strings.Contains(string(out), want) {
		h.t.Fatalf("import: %v, want %q:\n%s", err, want, out)
	}
}

// Stored mail comes in once, whether the service runs or not, however often, and whichever way it comes again.
func TestImport(t *testing.T) {
	paths, mails := archive(t)
	h := open(t, nil)
	h.wantImport(paths[:1], 3, 0) // running
	h.wantMails(3)
	h.stop()
	h.wantImport(paths, len(mails)-3, 3)
	h.wantImport(paths, 0, len(mails))
	h.wantMails(len(mails))
	h.start()
	h.wantImport(paths, 0, len(mails))
	for _, raw := range mails {
		got, err := deliver(h.SMTP, letter{from: customer, to: intake, raw: raw})
		if err != nil {
			t.Fatal(err)
		}
		m := h.wantStored(t, got, raw)
		if m.Envelope.Protocol != "" || m.Envelope.Client != "" {
			t.Errorf("%s came by %q from %q, want an import", m.MessageID, m.Envelope.Protocol, m.Envelope.Client)
		}
	}
	h.wantOnce(len(mails))
}
