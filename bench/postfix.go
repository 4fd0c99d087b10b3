package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"smartmail/bench/proc"
	"smartmail/testrig"
)

// postfix queues durably and does nothing more: every mail is put on hold, so that neither the queue manager nor a delivery
// takes part. It verifies nothing.
type postfix struct{}

func (postfix) name() string { return namePostfix }

func (postfix) missing() string {
	if why := notInstalled("postfix"); why != "" {
		return why
	}
	if os.Geteuid() != 0 {
		return "needs root"
	}
	return ""
}

const mainCF = `compatibility_level = 3.6
queue_directory = %[1]s/spool
data_directory = %[1]s/lib
maillog_file = %[1]s/postfix.log
maillog_file_prefixes = %[1]s
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.example.org
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
mynetworks = 127.0.0.0/8
relay_domains = %[2]s
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_client_message_rate_limit = 0
default_process_limit = 250
in_flow_delay = 0
message_size_limit = 36700160
biff = no
`

const masterCF = `%s inet n - n - 250 smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
`

// writeConf makes Postfix's folders and configuration, with more lines for its main.cf.
func writeConf(dir, more string) (conf, addr string, err error) {
	if addr, err = freeAddress(); err != nil {
		return "", "", err
	}
	conf = filepath.Join(dir, "etc")
	for _, d := range []string{conf, filepath.Join(dir, "spool"), filepath.Join(dir, "lib")} {
		if err := os.Mkdir(d, 0o755); err != nil {
			return "", "", err
		}
	}
	err = errors.Join(
		os.WriteFile(filepath.Join(conf, "main.cf"), append(fmt.Appendf(nil, mainCF, dir, testrig.Domain), more...), 0o644),
		os.WriteFile(filepath.Join(conf, "master.cf"), fmt.Appendf(nil, masterCF, addr), 0o644),
	)
	if err != nil {
		return "", "", err
	}
	if out, err := exec.Command("chown", "postfix", filepath.Join(dir, "lib")).CombinedOutput(); err != nil {
		return "", "", fmt.Errorf("chown: %w\n%s", err, out)
	}
	return conf, addr, nil
}

// holdCF puts every mail on hold.
const holdCF = "smtpd_recipient_restrictions = check_client_access static:HOLD, permit_mynetworks, reject\n"

func (postfix) start(ctx context.Context, dir string) (*server, error) {
	conf, addr, err := writeConf(dir, holdCF)
	if err != nil {
		return nil, err
	}
	return startHolding(ctx, dir, conf, addr)
}

// startHolding runs Postfix with a configuration that holds its mail.
func startHolding(ctx context.Context, dir, conf, addr string) (*server, error) {
	if err := control(conf, "start"); err != nil {
		return nil, err
	}
	master, err := masterPID(dir)
	if err == nil {
		err = awaitListener(ctx, addr)
	}
	if err != nil {
		return nil, errors.Join(err, control(conf, "stop"))
	}
	return &server{addr: addr, rcpts: []string{testrig.Intake}, again: true, pids: func() []int { return proc.Tree(master) },
		end: func(ctx context.Context, n int) error {
			return errors.Join(endPostfix(ctx, conf, master), checkQueue(dir, n))
		}}, nil
}

// control runs the postfix command on the private configuration.
func control(conf, verb string) error {
	if out, err := exec.Command("postfix", "-c", conf, verb).CombinedOutput(); err != nil {
		return fmt.Errorf("postfix %s: %w\n%s", verb, err, out)
	}
	return nil
}

func masterPID(dir string) (int, error) {
	b, err := os.ReadFile(filepath.Join(dir, "spool", "pid", "master.pid"))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(b)))
}

// endPostfix stops it and waits until its master is gone.
func endPostfix(ctx context.Context, conf string, master int) error {
	if err := control(conf, "stop"); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	return testrig.Await(ctx, func() bool { return !proc.Alive(master) })
}

// checkQueue counts the mails on hold.
func checkQueue(dir string, acknowledged int) error {
	stored := 0
	err := filepath.WalkDir(filepath.Join(dir, "spool", "hold"), func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			stored++
		}
		return err
	})
	if err == nil && stored != acknowledged {
		err = fmt.Errorf("%d mails were acknowledged, %d are queued", acknowledged, stored)
	}
	return err
}
