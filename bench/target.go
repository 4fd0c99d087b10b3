package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"time"

	"smartmail/testrig"
)

// target is something that takes mail in.
type target interface {
	name() string
	missing() string // why it cannot run here; empty if it can
	// start runs it on an empty folder.
	start(ctx context.Context, dir string) (*server, error)
}

// server is a running target.
type server struct {
	addr  string
	rcpts []string
	again bool // takes the same mail any number of times
	pids  func() []int
	// end stops it and finds out whether it holds the mails that it acknowledged, as far as it stores any.
	end func(ctx context.Context, acknowledged int) error
}

// Names of targets, and the order of the table.
const (
	nameSmartmail   = "smartmail"
	nameBefore      = "before" // another build of smartmail
	nameBare        = "bare"   // the libraries alone
	namePostfix     = "postfix"
	namePostfixDKIM = "postfix+opendkim"
	nameSink        = "smtp-sink" // keeps nothing
	nameUnsigned    = "unsigned"  // smartmail without a DKIM key; of mail out only
)

var targetNames = []string{nameSmartmail, nameBefore, nameBare, namePostfix, namePostfixDKIM, nameSink, nameUnsigned}

// findTargets are those asked for. smtp-sink, with which no goal compares, is measured when it is named.
func findTargets(ctx context.Context, opt options, dir, dns, keys string) ([]target, error) {
	wanted := func(name string) bool {
		return len(opt.only) == 0 && name != nameSink || slices.Contains(opt.only, name)
	}
	var all []target
	if wanted(nameSmartmail) {
		binary, err := testrig.Build(ctx, dir)
		if err != nil {
			return nil, err
		}
		all = append(all, smartmail{nameSmartmail, binary, dns})
	}
	if opt.before != "" {
		all = append(all, smartmail{nameBefore, opt.before, dns})
	}
	for _, t := range []target{bareTarget{dns}, postfix{}, postfixDKIM{keys}, sink{}} {
		if wanted(t.name()) {
			all = append(all, t)
		}
	}
	return all, nil
}

// notInstalled is what a row says when the program is not there.
func notInstalled(program string) string {
	if _, err := exec.LookPath(program); err != nil {
		return "not installed: make peers"
	}
	return ""
}

// sink is Postfix's smtp-sink, which throws the mail away: what the sender alone can do.
type sink struct{}

func (sink) name() string    { return nameSink }
func (sink) missing() string { return notInstalled("smtp-sink") }

func (sink) start(ctx context.Context, _ string) (*server, error) {
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("smtp-sink", "-u", "nobody", addr, "256") // as root it wants to be told whom to become
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &server{addr: addr, rcpts: []string{testrig.Intake}, again: true, pids: func() []int { return []int{cmd.Process.Pid} }}
	s.end = func(context.Context, int) error { return kill(cmd) }
	if err := awaitListener(ctx, addr); err != nil {
		return nil, errors.Join(err, kill(cmd))
	}
	return s, nil
}

// kill ends a process that keeps nothing. That it was killed is what was asked for.
func kill(cmd *exec.Cmd) error {
	if err := cmd.Process.Kill(); err != nil {
		return err
	}
	_ = cmd.Wait()
	return nil
}

// freeAddress finds a port for programs that cannot let the system choose one.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// awaitListener waits until the address takes connections, and opens one to find out.
func awaitListener(ctx context.Context, addr string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	err := testrig.Await(ctx, func() bool {
		c, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	if err != nil {
		return fmt.Errorf("does not listen on %s: %w", addr, err)
	}
	return nil
}
