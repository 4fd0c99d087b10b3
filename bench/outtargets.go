package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"smartmail/bench/proc"
	"smartmail/testrig"
)

// smartmailOut is the real program: messages on many cases, composed and signed (RSA-2048) as they are sent.
type smartmailOut struct {
	title    string
	binary   string
	unsigned bool // without a DKIM key, as Postfix sends
}

func (s *smartmailOut) name() string { return s.title }

func (*smartmailOut) missing() string { return notInstalled("smtp-sink") }

func (s *smartmailOut) fill(ctx context.Context, dir, relay string, n int) (*backlog, error) {
	opt := testrig.Options{Binary: s.binary, Dir: dir}
	zone, err := testrig.NewZone()
	if err != nil {
		return nil, err
	}
	opt.DNS = zone.Addr
	if !s.unsigned {
		if opt.DKIM, err = signingKey(dir); err != nil {
			return nil, err
		}
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and never greets: what is queued stays queued
	if err != nil {
		return nil, err
	}
	opt.Top = relayTo(silent.Addr().String())
	i, err := testrig.Start(ctx, opt)
	if err != nil {
		return nil, errors.Join(err, silent.Close())
	}
	if err := errors.Join(queue(ctx, i, n), i.Stop(ctx), silent.Close()); err != nil {
		i.Kill()
		return nil, err
	}
	opt.Top = relayTo(relay)
	b := &backlog{
		begin: func(ctx context.Context) (err error) {
			i, err = testrig.Start(ctx, opt)
			return err
		},
		pids: func() []int { return []int{i.Cmd.Process.Pid} },
		end: func(ctx context.Context) error {
			return errors.Join(nothingWaits(ctx, i, n), i.Stop(ctx), zone.Close())
		},
	}
	return b, nil
}

func relayTo(addr string) string {
	return fmt.Sprintf("relay: {smarthost: {address: %q}}\n", addr)
}

// signingKey makes a DKIM key and returns its file.
func signingKey(dir string) (string, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return "", err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "dkim.pem")
	return path, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
}

// perCase is how many messages a case has.
const perCase = 20

// queue writes n messages to the reporters of cases.
func queue(ctx context.Context, i *testrig.Instance, n int) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(32)
	for first := 0; first < n; first += perCase {
		g.Go(func() error {
			var c struct{ Number uint64 }
			err := i.Call(ctx, "POST", "/api/v1/cases", map[string]any{
				"org": testrig.Org, "subject": "Droppande kran i köket", "description": "Kranen i köket droppar.",
				"reporter": map[string]string{"name": "Anna Andersson", "email": fmt.Sprintf("anna%d@boende.example.com", first)},
			}, &c)
			if err != nil {
				return fmt.Errorf("open a case: %w", err)
			}
			for m := first; m < min(first+perCase, n); m++ {
				text := fmt.Sprintf("Hej! Vi kommer på tisdag mellan 8 och 10 och byter packningen. Besök %d.", m)
				if err := i.Call(ctx, "POST", fmt.Sprintf("/api/v1/cases/%d/messages", c.Number), map[string]any{"lane": "customer", "text": text}, nil); err != nil {
					return fmt.Errorf("write a message: %w", err)
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// nothingWaits checks that the outcome of every mail has been noted, soon after the last was sent.
func nothingWaits(ctx context.Context, i *testrig.Instance, n int) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	var failed error
	waiting := func(state string) int {
		var page struct{ Items []struct{ ID string } }
		failed = errors.Join(failed, i.Call(ctx, "GET", "/api/v1/outbox?limit=1&state="+state, nil, &page))
		return len(page.Items)
	}
	err := testrig.Await(ctx, func() bool {
		return failed != nil || waiting("queued")+waiting("deferred")+waiting("failed") == 0
	})
	if err = errors.Join(err, failed); err != nil {
		return fmt.Errorf("not all of %d mails are noted as sent: %w", n, err)
	}
	return nil
}

// postfixOut sends what lies in its queue, unsigned.
type postfixOut struct{}

func (postfixOut) name() string    { return namePostfix }
func (postfixOut) missing() string { return postfix{}.missing() }

// outMail is the size of a mail that smartmail writes here, with its signature, in bytes.
const outMail = 4600

func (postfixOut) fill(ctx context.Context, dir, relay string, n int) (*backlog, error) {
	host, port, err := net.SplitHostPort(relay)
	if err != nil {
		return nil, err
	}
	conf, addr, err := writeConf(dir, fmt.Sprintf(`relayhost = [%s]:%s
default_transport = smtp
relay_transport = smtp
smtp_dns_support_level = disabled
smtp_host_lookup = native
defer_transports = smtp
smtpd_recipient_restrictions = permit_mynetworks, reject
`, host, port))
	if err != nil {
		return nil, err
	}
	if err := control(conf, "start"); err != nil {
		return nil, err
	}
	master, err := masterPID(dir)
	if err == nil {
		err = awaitListener(ctx, addr)
	}
	if err == nil {
		out, failed := exec.CommandContext(ctx, "smtp-source", "-s", "20", "-m", fmt.Sprint(n), "-l", fmt.Sprint(outMail),
			"-f", senderAddress, "-t", "anna@boende.example.com", addr).CombinedOutput()
		if failed != nil {
			err = fmt.Errorf("smtp-source: %w\n%s", failed, out)
		}
	}
	if err != nil {
		return nil, errors.Join(err, control(conf, "stop"))
	}
	return &backlog{
		begin: func(ctx context.Context) error {
			return errors.Join(run1(ctx, "postconf", "-c", conf, "-e", "defer_transports="), control(conf, "reload"), run1(ctx, "postqueue", "-c", conf, "-f"))
		},
		pids: func() []int { return proc.Tree(master) },
		end: func(ctx context.Context) error {
			return errors.Join(emptyQueue(ctx, conf), endPostfix(ctx, conf, master))
		},
	}, nil
}

func run1(ctx context.Context, name string, args ...string) error {
	if out, err := exec.CommandContext(ctx, name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	return nil
}

// emptyQueue waits a little until nothing is queued.
func emptyQueue(ctx context.Context, conf string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	var list string
	err := testrig.Await(ctx, func() bool {
		out, failed := exec.CommandContext(ctx, "postqueue", "-c", conf, "-j").CombinedOutput()
		list = string(out)
		return failed == nil && list == ""
	})
	if err != nil {
		return fmt.Errorf("mails are still queued: %w\n%s", err, list[:min(len(list), 500)])
	}
	return nil
}
