package peers

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"smartmail/testrig"
)

// postfix is a Postfix of the test's own: its queue, its log, a mailbox for what it bounces.
type postfix struct {
	dir  string // queue, data, log, mailbox
	conf string // main.cf and master.cf
	addr string // where it takes mail
	t    *testing.T
}

const (
	bounceDomain = "sender.example.net" // Postfix keeps mail to it: bounces come home
	sender       = "peer@" + bounceDomain
	nobody       = 65534
)

// mainCF is Postfix's configuration, for its folder, our port, and the user that owns the mailbox.
const mainCF = `compatibility_level = 3.6
queue_directory = %[1]s/queue
data_directory = %[1]s/data
mail_owner = postfix
setgid_group = postdrop
myhostname = relay.example.net
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_mynetworks, reject
alias_maps =
default_transport = smtp
relayhost = [127.0.0.1]:%[2]s
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtp_connect_timeout = 5s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
virtual_mailbox_domains = %[3]s
virtual_mailbox_base = %[1]s
virtual_mailbox_maps = static:mailbox/
virtual_uid_maps = static:%[4]d
virtual_gid_maps = static:%[4]d
maillog_file = %[1]s/log
maillog_file_prefixes = %[1]s
%[5]s
`

// masterCF names the daemons, for the address at which it takes mail.
const masterCF = `%s inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
pickup unix n - n 60 1 pickup
flush unix n - n 1000? 0 flush
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
proxymap unix - - n - - proxymap
showq unix n - n - - showq
tlsmgr unix - - n 1000? 1 tlsmgr
`

// startPostfix runs a Postfix that relays to the address. more is added to its main.cf.
func startPostfix(t *testing.T, relay, more string) *postfix {
	t.Helper()
	need(t, "postfix", "postfix")
	needRoot(t, "running postfix")
	dir, err := os.MkdirTemp("", "peer-postfix") // Postfix's own user must reach it, so it is not t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	addr, err := testrig.FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(relay)
	if err != nil {
		t.Fatal(err)
	}
	p := &postfix{dir: dir, conf: filepath.Join(dir, "etc"), addr: addr, t: t}
	p.prepare(port, more)
	p.command("postfix", "-c", p.conf, "start")
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("Postfix's last words:\n%s", lastLines(p.log()))
		}
		p.command("postfix", "-c", p.conf, "stop")
	})
	await(t, "Postfix takes mail", 20*time.Second, func() bool {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			_ = c.Close() // it only showed that somebody answers
		}
		return err == nil
	})
	return p
}

// prepare makes the folders and writes the configuration.
func (p *postfix) prepare(port, more string) {
	p.t.Helper()
	owner, err := user.Lookup("postfix")
	if err != nil {
		p.t.Fatal(err)
	}
	uid, err := strconv.Atoi(owner.Uid)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := os.Chmod(p.dir, 0o755); err != nil {
		p.t.Fatal(err)
	}
	for name, uid := range map[string]int{"etc": 0, "queue": 0, "data": uid, "mailbox": nobody} {
		path := filepath.Join(p.dir, name)
		if err := os.Mkdir(path, 0o755); err != nil {
			p.t.Fatal(err)
		}
		if err := os.Chown(path, uid, 0); err != nil {
			p.t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"main.cf":   fmt.Sprintf(mainCF, p.dir, port, bounceDomain, nobody, more),
		"master.cf": fmt.Sprintf(masterCF, p.addr),
	} {
		if err := os.WriteFile(filepath.Join(p.conf, name), []byte(text), 0o644); err != nil {
			p.t.Fatal(err)
		}
	}
}

// command runs one of Postfix's commands.
func (p *postfix) command(name string, args ...string) string {
	p.t.Helper()
	out, err := exec.CommandContext(within(p.t, 30*time.Second), name, args...).CombinedOutput()
	if err != nil {
		p.t.Errorf("%s %v: %v\n%s\n%s", name, args, err, out, lastLines(p.log()))
	}
	return string(out)
}

func (p *postfix) log() string {
	b, err := os.ReadFile(filepath.Join(p.dir, "log"))
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// flush makes it try everything now.
func (p *postfix) flush() { p.t.Helper(); p.command("postqueue", "-c", p.conf, "-f") }

// awaitEmpty waits until nothing is queued: all is delivered or has come back.
func (p *postfix) awaitEmpty(d time.Duration) {
	p.t.Helper()
	await(p.t, "Postfix's queue is empty", d, func() bool { return p.command("postqueue", "-c", p.conf, "-j") == "" })
}

// awaitLog waits until it has logged a line with all of these words.
func (p *postfix) awaitLog(words ...string) {
	p.t.Helper()
	await(p.t, fmt.Sprintf("Postfix logs %q", words), 20*time.Second, func() bool {
		for line := range strings.Lines(p.log()) {
			if hasAll(line, words) {
				return true
			}
		}
		return false
	})
}

// awaitBounce waits until its sender has got a bounce with all of these words.
func (p *postfix) awaitBounce(words ...string) {
	p.t.Helper()
	await(p.t, fmt.Sprintf("a bounce with %q", words), 20*time.Second, func() bool {
		files, err := filepath.Glob(filepath.Join(p.dir, "mailbox", "new", "*"))
		if err != nil {
			p.t.Fatal(err)
		}
		for _, file := range files {
			if b, err := os.ReadFile(file); err == nil && hasAll(strings.Join(strings.Fields(string(b)), " "), words) {
				return true
			}
		}
		return false
	})
}

func hasAll(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// source sends many mails with Postfix's own load generator, and returns when Postfix has queued them all.
func (p *postfix) source(count int, to string) error {
	return exec.CommandContext(within(p.t, time.Minute), "smtp-source", "-s", "5", "-m", fmt.Sprint(count), "-l", "3000",
		"-f", sender, "-t", to, "-S", "Droppande kran", "-M", "peer.example.net", p.addr).Run()
}

// submit gives Postfix one mail.
func (p *postfix) submit(l letter) {
	p.t.Helper()
	if got, err := deliver(p.addr, l); err != nil || got.code != 250 {
		p.t.Fatalf("Postfix says %v: %v", got, err)
	}
}
