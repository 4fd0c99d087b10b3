package peers

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"smartmail/testrig"
)

// The two patterns by which scanners are tested everywhere, in halves: whole they would make a scanner stop this file.
func eicar() string {
	return `X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR` + `-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*`
}

func gtube() string {
	return `XJS*C4JDBQADN1.NSBN3*2IDNEN*` + `GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X`
}

// daemon is a peer that runs in the foreground, as a child of the test.
type daemon struct {
	cmd  *exec.Cmd
	done chan struct{}
	mu   sync.Mutex
	log  bytes.Buffer
}

func (d *daemon) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.log.Write(p)
}

func (d *daemon) words() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return lastLines(d.log.String())
}

// stop asks the child to end, and ends it if it does not.
func (d *daemon) stop() {
	_ = d.cmd.Process.Signal(os.Interrupt) // it may have ended
	select {
	case <-d.done:
	case <-time.After(5 * time.Second):
		_ = d.cmd.Process.Kill()
		<-d.done
	}
}

// runDaemon starts a peer and waits until it is ready.
func runDaemon(t *testing.T, ready func() bool, name string, args ...string) *daemon {
	t.Helper()
	need(t, name, name)
	d := &daemon{cmd: exec.Command(name, args...), done: make(chan struct{})}
	d.cmd.Stdout, d.cmd.Stderr = d, d
	d.cmd.WaitDelay = 2 * time.Second // rspamd's own children hold its output
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = d.cmd.Wait() // how it ends is told by its log
		close(d.done)
	}()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the last words of %s:\n%s", name, d.words())
		}
		d.stop()
	})
	await(t, name+" is ready", 60*time.Second, func() bool {
		select {
		case <-d.done:
			t.Fatalf("%s has ended:\n%s", name, d.words())
		default:
		}
		return ready()
	})
	return d
}

// clamdLimit is the longest mail that the test's clamd takes.
const clamdLimit = 1 << 20

// startClamd runs a clamd with one signature of our own, on a socket.
func startClamd(t *testing.T) (*daemon, string) {
	t.Helper()
	dir := folder(t, "peer-clamd")
	sock := filepath.Join(dir, "clamd")
	write(t, filepath.Join(dir, "own.ndb"), "Test.EICAR:0:*:"+hex.EncodeToString([]byte(eicar()))+"\n")
	conf := filepath.Join(dir, "clamd.conf")
	write(t, conf, fmt.Sprintf("Foreground yes\nDatabaseDirectory %[1]s\nTemporaryDirectory %[1]s\nLocalSocket %[2]s\nStreamMaxLength %[3]d\nSelfCheck 0\n", dir, sock, clamdLimit))
	return runDaemon(t, func() bool {
		conn, err := net.Dial("unix", sock)
		if err != nil {
			return false
		}
		defer func() { _ = conn.Close() }() // the answer tells all
		_, err = io.WriteString(conn, "zPING\x00")
		b, readErr := io.ReadAll(conn)
		return err == nil && readErr == nil && string(b) == "PONG\x00"
	}, "clamd", "--config-file", conf), sock
}

// rspamdConf is an rspamd with one rule of our own, that asks nobody.
const rspamdConf = `
options {
  pidfile = "%[1]s/pid";
  control_socket = "%[1]s/control mode=0600";
  filters = "regexp";
  cache_file = "%[1]s/symbols"; hs_cache_dir = "%[1]s"; history_file = "%[1]s/history"; stats_file = "%[1]s/stats";
  tempdir = "%[1]s";
  url_tld = "%[1]s/tld";
  dns { nameserver = ["%[3]s"]; timeout = 0.2s; retransmits = 1; }
}
logging { type = "console"; level = "info"; }
actions { reject = 15; add_header = 6; }
regexp { OUR_RULE { re = "Subject=/billiga fönster/iu"; score = 7.5; } }
worker "normal" { bind_socket = "%[2]s"; count = 1; mime = true; }
`

// startRspamd runs an rspamd on a port of its own, with more of a configuration.
func startRspamd(t *testing.T, dns, more string) (*daemon, string) {
	t.Helper()
	dir := folder(t, "peer-rspamd")
	addr, err := testrig.FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "tld"), "com\nexample\nse\n")
	conf := filepath.Join(dir, "rspamd.conf")
	write(t, conf, fmt.Sprintf(rspamdConf, dir, addr, dns)+more)
	return runDaemon(t, func() bool {
		resp, err := http.Get("http://" + addr + "/ping")
		if err != nil {
			return false
		}
		defer func() { _ = resp.Body.Close() }() // read only
		return resp.StatusCode == http.StatusOK
	}, "rspamd", "--no-fork", "--insecure", "--config", conf), addr
}

// folder is a temporary folder with a short name: the path of a socket has 108 octets at most.
func folder(t *testing.T, name string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// scanned is what the API tells of a scan.
type scanned struct {
	Why  string
	Scan *struct {
		Action  string
		Reasons []string
		Score   float64
	}
}

func (h *house) scanOf(a answer) scanned {
	h.t.Helper()
	kind := "triage"
	if strings.Contains(a.text, "entry=") {
		kind = "entries"
	}
	return get[scanned](h, "/api/v1/"+kind+"/"+a.place())
}

// attached is a mail with a file, in Base64: a scanner has to read the mail as people do.
func attached(id string, file string) []byte {
	return fmt.Appendf(nil, "From: %s\r\nTo: %s\r\nSubject: Bild\r\nMessage-ID: <%s>\r\nDate: Tue, 24 Nov 2026 09:12:00 +0100\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSe bilden.\r\n--b\r\n"+
		"Content-Type: application/octet-stream; name=bild.bin\r\nContent-Disposition: attachment; filename=bild.bin\r\n"+
		"Content-Transfer-Encoding: base64\r\n\r\n%s\r\n--b--\r\n", customer, intake, id, wrapped(file))
}

// Each answer of clamd's leads to what is set up for it.
func TestClamd(t *testing.T) {
	clamd, sock := startClamd(t)
	scan := func(more string) func(*testrig.Options) {
		return func(o *testrig.Options) {
			o.Top = fmt.Sprintf("scan: {clamd: {address: %q, timeout: 5s, %s}}\n", sock, more)
		}
	}
	bad := attached("virus@boende.example.com", eicar())
	clean := attached("clean@boende.example.com", strings.ToLower(eicar()))
	h := open(t, scan("found: reject, down: defer"))
	_, address := h.openCase()
	for _, to := range []string{intake, address} {
		a := h.sends(t, letter{from: customer, to: to, raw: bad})
		if a.code != 550 || !strings.HasPrefix(a.text, "5.7.1 message refused: virus Test.EICAR") {
			t.Errorf("a virus to %s: %v", to, a)
		}
	}
	h.wantMails(0)
	ok := h.sends(t, letter{from: customer, to: intake, raw: clean})
	if got := h.scanOf(ok); got.Scan == nil || got.Scan.Action != "pass" || len(got.Scan.Reasons) != 0 {
		t.Errorf("a clean mail: %v, %+v", ok, got)
	}
	h.wantStored(t, ok, clean)
	big := compose(customer, intake, "big@boende.example.com", "Stor", 4*clamdLimit)
	long := h.sends(t, letter{from: customer, to: intake, raw: big})
	if got := h.scanOf(long); got.Scan == nil || got.Scan.Action != "mark" || !strings.Contains(got.Scan.Reasons[0], "clamd's own size limit") {
		t.Errorf("a mail over clamd's limit: %v, %+v", long, got)
	}
	h.wantStored(t, long, big)

	held := open(t, scan("found: triage"))
	number, address := held.openCase()
	a := held.sends(t, letter{from: customer, to: address, raw: bad})
	if got := held.scanOf(a); !strings.HasPrefix(a.text, "2.0.0 OK triage=") || !strings.HasPrefix(got.Why, "found by the scanners: clamd: Test.EICAR") {
		t.Errorf("a virus for triage: %v, %+v", a, got)
	}
	held.wantStored(t, a, bad)
	for _, e := range all[mail](held, fmt.Sprintf("/api/v1/cases/%d/entries", number)) {
		if e.Kind == "mail_in" {
			t.Errorf("the virus is on the case: %+v", e)
		}
	}

	clamd.stop()
	late := attached("late@boende.example.com", "x")
	if a := h.sends(t, letter{from: customer, to: intake, raw: late}); a.code != 451 || !strings.HasPrefix(a.text, "4.3.0 a scanner does not answer") {
		t.Errorf("while clamd is down, deferred: %v", a)
	}
	h.wantMails(2)
	a = held.sends(t, letter{from: customer, to: intake, raw: late})
	if got := held.scanOf(a); got.Scan == nil || got.Scan.Action != "mark" || !strings.HasPrefix(got.Scan.Reasons[0], "clamd: did not answer") {
		t.Errorf("while clamd is down, accepted: %v, %+v", a, got)
	}
}

// Each score of rspamd's leads to what is set up for it.
func TestRspamd(t *testing.T) {
	zone, err := testrig.NewZone()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = zone.Close() })
	rspamd, addr := startRspamd(t, zone.Addr, "")
	scan := func(more string) func(*testrig.Options) {
		return func(o *testrig.Options) {
			o.Top = fmt.Sprintf("scan: {rspamd: {url: \"http://%s\", %s}}\n", addr, more)
		}
	}
	spam := append(compose(customer, intake, "gtube@boende.example.com", "Hej", 100), gtube()+"\r\n"...)
	offer := compose(customer, intake, "offer@boende.example.com", "=?utf-8?Q?Billiga_f=C3=B6nster?=", 100)
	plain := compose(customer, intake, "plain@boende.example.com", "Kran", 300_000) // from a spool file
	h := open(t, scan("mark: 6, reject: 15, down: defer"))
	if a := h.sends(t, letter{from: customer, to: intake, raw: spam}); a.code != 550 || a.text != "5.7.1 message refused: taken for spam" {
		t.Errorf("GTUBE: %v", a)
	}
	h.wantMails(0)
	for _, c := range []struct {
		raw    []byte
		action string
		score  float64
		reason string
	}{{plain, "pass", 0, ""}, {offer, "mark", 7.5, "rspamd: 7.5 points, of which OUR_RULE 7.5"}} {
		a := h.sends(t, letter{from: customer, to: intake, raw: c.raw})
		got := h.scanOf(a)
		if got.Scan == nil || got.Scan.Action != c.action || got.Scan.Score != c.score || strings.Join(got.Scan.Reasons, "; ") != c.reason {
			t.Errorf("%v, scanned %+v, want %s with %q", a, got.Scan, c.action, c.reason)
		}
		h.wantStored(t, a, c.raw)
	}
	held := open(t, scan("triage: 7"))
	for _, raw := range [][]byte{offer, spam} {
		a := held.sends(t, letter{from: customer, to: intake, raw: raw})
		if got := held.scanOf(a); got.Scan == nil || got.Scan.Action != "triage" || !strings.HasPrefix(got.Why, "found by the scanners: rspamd: ") {
			t.Errorf("for triage: %v, %+v", a, got)
		}
	}
	rspamd.stop()
	if a := h.sends(t, letter{from: customer, to: intake, raw: spam}); a.code != 451 {
		t.Errorf("while rspamd is down: %v", a)
	}
}

// sends delivers a mail and returns whatever is answered.
func (h *house) sends(t *testing.T, l letter) answer {
	t.Helper()
	a, err := deliver(h.SMTP, l)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// wrapped is Base64 in lines.
func wrapped(s string) string {
	var b strings.Builder
	text := base64.StdEncoding.EncodeToString([]byte(s))
	for len(text) > 76 {
		b.WriteString(text[:76] + "\r\n")
		text = text[76:]
	}
	return b.String() + text
}
