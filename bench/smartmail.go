package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"smartmail/testrig"
)

// smartmail is the real program; the mails go to participants of many cases.
type smartmail struct{ title, binary, dns string }

func (s smartmail) name() string  { return s.title }
func (smartmail) missing() string { return "" }

// manyCases is how many cases there are before the measured time begins.
const manyCases = 500

func (s smartmail) start(ctx context.Context, dir string) (*server, error) {
	i, err := testrig.Start(ctx, testrig.Options{Binary: s.binary, Dir: dir, DNS: s.dns, Extra: "  max_connections_per_ip: 1000\n"})
	if err != nil {
		return nil, err
	}
	rcpts, err := openCases(ctx, i)
	if err != nil {
		i.Kill()
		return nil, err
	}
	pid := i.Cmd.Process.Pid
	return &server{addr: i.SMTP, rcpts: rcpts, pids: func() []int { return []int{pid} },
		end: func(ctx context.Context, n int) error { return s.end(ctx, i, n) }}, nil
}

// openCases opens cases that the sender has reported, and returns his address on each.
func openCases(ctx context.Context, i *testrig.Instance) ([]string, error) {
	type answer struct {
		Lanes []struct {
			Participants []struct{ Email, Address string }
		}
	}
	var (
		mu    sync.Mutex
		rcpts []string
	)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(32)
	for n := range manyCases {
		g.Go(func() error {
			var c answer
			err := i.Call(ctx, "POST", "/api/v1/cases", map[string]any{
				"org": testrig.Org, "subject": fmt.Sprintf("Droppande kran %d", n), "description": "Kranen i köket droppar.",
				"reporter": map[string]string{"name": "Rörservice", "email": senderAddress},
			}, &c)
			if err != nil {
				return fmt.Errorf("open a case: %w", err)
			}
			for _, lane := range c.Lanes {
				for _, p := range lane.Participants {
					if p.Email == senderAddress && p.Address != "" {
						mu.Lock()
						rcpts = append(rcpts, p.Address)
						mu.Unlock()
					}
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	if len(rcpts) != manyCases {
		return nil, fmt.Errorf("%d cases have %d addresses", manyCases, len(rcpts))
	}
	return rcpts, nil
}

// end stops the service, lets the program verify its store, and compares the number of mails.
func (s smartmail) end(ctx context.Context, i *testrig.Instance, acknowledged int) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	seen := checkVerified(ctx, i)
	if err := i.Stop(ctx); err != nil {
		i.Kill()
		return errors.Join(seen, fmt.Errorf("stop: %w", err))
	}
	out, err := exec.CommandContext(ctx, s.binary, "verify", "--config", i.Config).CombinedOutput()
	if err != nil {
		return errors.Join(seen, fmt.Errorf("verify: %w\n%s", err, out))
	}
	stored, err := storedMails(out)
	if err == nil && stored != acknowledged {
		err = fmt.Errorf("%d mails were acknowledged, %d are stored", acknowledged, stored)
	}
	return errors.Join(seen, err)
}

var storedLine = regexp.MustCompile(`read \d+ cases, \d+ entries, (\d+) mails`)

// storedMails reads the number of mails from what verify printed.
func storedMails(out []byte) (int, error) {
	m := storedLine.FindSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("verify says %q", out)
	}
	return strconv.Atoi(string(m[1]))
}

// checkVerified makes sure that the work was done that is measured: a mail of the load is on its case, from a verified
// sender.
func checkVerified(ctx context.Context, i *testrig.Instance) error {
	for n := 1; n <= manyCases; n++ {
		var entries struct {
			Items []struct {
				Kind, Sender string
				Auth         struct{ DMARC struct{ Result string } }
			}
		}
		if err := i.Call(ctx, "GET", fmt.Sprintf("/api/v1/cases/%d/entries", n), nil, &entries); err != nil {
			return err
		}
		for _, e := range entries.Items {
			if e.Kind != "mail_in" {
				continue
			}
			if e.Sender != "verified" || e.Auth.DMARC.Result != "pass" {
				return fmt.Errorf("a mail of the load has sender %q and DMARC %q", e.Sender, e.Auth.DMARC.Result)
			}
			return nil
		}
	}
	return errors.New("no case has a mail of the load")
}
