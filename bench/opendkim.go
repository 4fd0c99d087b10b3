package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"smartmail/bench/proc"
	"smartmail/testrig"
)

// postfixDKIM is Postfix that queues as postfix does, after OpenDKIM has verified the mail as a milter: what a mail host of today
// does at the least. The milter listens on a socket in the queue folder, where smtpd finds it in a chroot as well; over TCP its
// small writes wait for each other. A mail that it does not answer is put off, never let through unseen. It finds the key in a file
// and so asks no DNS, which can only be to its advantage: its resolver, shown a DNS server on loopback, dies of several sessions at once.
type postfixDKIM struct{ keys string }

func (postfixDKIM) name() string { return namePostfixDKIM }

func (postfixDKIM) missing() string {
	if why := notInstalled("opendkim"); why != "" {
		return why
	}
	return postfix{}.missing()
}

const milterCF = `smtpd_milters = unix:opendkim/socket
milter_default_action = tempfail
`

func (p postfixDKIM) start(ctx context.Context, dir string) (*server, error) {
	conf, addr, err := writeConf(dir, holdCF+milterCF)
	if err != nil {
		return nil, err
	}
	milter, err := startOpenDKIM(ctx, dir, p.keys)
	if err != nil {
		return nil, err
	}
	s, err := startHolding(ctx, dir, conf, addr)
	if err != nil {
		return nil, errors.Join(err, kill(milter))
	}
	queue, end := s.pids, s.end
	s.pids = func() []int { return append(queue(), milter.Process.Pid) }
	s.end = func(ctx context.Context, n int) error {
		return errors.Join(checkPassed(ctx, conf, dir), end(ctx, n), kill(milter))
	}
	return s, nil
}

// startOpenDKIM runs the milter with its keys, each a line of name and record.
func startOpenDKIM(ctx context.Context, dir, keys string) (*exec.Cmd, error) {
	folder := filepath.Join(dir, "spool", "opendkim")
	socket, conf, records := filepath.Join(folder, "socket"), filepath.Join(dir, "opendkim.conf"), filepath.Join(dir, "records")
	err := errors.Join(
		os.Mkdir(folder, 0o755),
		os.WriteFile(records, []byte(keys), 0o644),
		os.WriteFile(conf, fmt.Appendf(nil, "Mode v\nBackground no\nSyslog no\nUMask 0\nSocket local:%s\nTestDNSData file:%s\n", socket, records), 0o644),
	)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("opendkim", "-f", "-x", conf)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	err = testrig.Await(ctx, func() bool {
		_, missing := os.Stat(socket)
		return missing == nil || !proc.Alive(cmd.Process.Pid)
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opendkim does not listen: %w", err), kill(cmd))
	}
	return cmd, nil
}

// checkPassed makes sure that the work was done that is measured: a mail of the load was found well signed.
func checkPassed(ctx context.Context, conf, dir string) error {
	mail := ""
	err := filepath.WalkDir(filepath.Join(dir, "spool", "hold"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			mail = path
			return fs.SkipAll
		}
		return err
	})
	if err != nil || mail == "" {
		return errors.Join(err, errors.New("no mail is queued"))
	}
	out, err := exec.CommandContext(ctx, "postcat", "-c", conf, "-h", mail).CombinedOutput()
	if err != nil {
		return fmt.Errorf("postcat: %w\n%s", err, out)
	}
	if !strings.Contains(string(out), "dkim=pass") {
		return fmt.Errorf("opendkim did not find a mail well signed:\n%.1000s", out)
	}
	return nil
}
