package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"smartmail/testrig"
)

// epoch is after how many kills a new store is begun, so that looking through all of it stays quick.
const epoch = 20

// kill ends the program at chance moments under load, while it sends what it decides to send.
func (r *rack) kill(ctx context.Context, tell func(outcome)) error {
	o := outcome{trial: "SIGKILL under load"}
	again := 0
	for o.rounds < r.kills {
		n, err := r.killEpoch(ctx, &o)
		if err != nil {
			return err
		}
		again += n
	}
	o.note = fmt.Sprintf("at a random moment up to %v; %d mails went out more than once", killWithin, again)
	tell(o)
	return nil
}

// killEpoch is the life of one store. It returns how many mails went out more than once.
func (r *rack) killEpoch(ctx context.Context, o *outcome) (again int, err error) {
	dir := filepath.Join(r.dir, fmt.Sprint("kill-", o.rounds))
	m := &mailer{rnd: r.rnd, prefix: fmt.Sprint("k", o.rounds)}
	to, err := newRemote(rand.New(rand.NewPCG(r.seed, uint64(o.rounds))))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	for range min(epoch, r.kills-o.rounds) {
		if err := r.killOnce(ctx, o, dir, m, to); err != nil {
			return 0, err
		}
		o.rounds++
	}
	to.behave()
	if err := r.goesOut(ctx, o, dir, fmt.Sprintf("round %d", o.rounds), to, nil, m.all, answeredOnes); err != nil {
		return 0, err
	}
	n, err := extra(ctx, filepath.Join(dir, "data"), m.all)
	if err != nil {
		return 0, err
	}
	o.extra += n
	o.mails += m.answered()
	all, again := to.count(o)
	o.out += all
	return again, os.RemoveAll(dir)
}

const killWithin = 300 * time.Millisecond

func (r *rack) killOnce(ctx context.Context, o *outcome, dir string, m *mailer, to *remote) error {
	i, err := r.start(ctx, testrig.Options{Dir: dir, Top: to.relay()})
	if err != nil {
		return err
	}
	if m.address == "" {
		if m.address, err = openCase(ctx, i); err != nil {
			return err
		}
	}
	lives := time.Duration(m.rnd.Int64N(int64(killWithin)))
	loading, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan struct{})
	go func() { defer close(ended); m.load(loading, i.SMTP, 8) }()
	<-time.After(lives) // the moment is what the trial is about
	i.Kill()
	stop()
	<-ended
	for _, refused := range m.refused {
		o.fault("refused for good: %s", refused)
	}
	m.refused = nil
	when := fmt.Sprintf("round %d", o.rounds)
	h, err := held(ctx, o, filepath.Join(dir, "data"), when, m.all, answeredOnes)
	if err == nil {
		took := to.has()
		h.sentBy(o, when, took, took)
	}
	return err
}

// start runs the program in a folder of its own.
func (r *rack) start(ctx context.Context, o testrig.Options) (*testrig.Instance, error) {
	if o.Binary == "" {
		o.Binary = r.binary
	}
	if o.DNS == "" {
		o.DNS = r.zone.Addr
	}
	if err := makeDir(o.Dir); err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return testrig.Start(limited, o)
}

// begin runs the program in a folder of its own, and opens a case in it.
func (r *rack) begin(ctx context.Context, o testrig.Options, prefix string) (*testrig.Instance, *mailer, error) {
	i, err := r.start(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	m := &mailer{rnd: r.rnd, prefix: prefix}
	if m.address, err = openCase(ctx, i); err != nil {
		i.Kill()
		return nil, nil, err
	}
	return i, m, nil
}

// openCase opens a case and returns the address of the customer on it.
func openCase(ctx context.Context, i *testrig.Instance) (string, error) {
	var c struct {
		Lanes []struct {
			Participants []struct{ Address string }
		}
	}
	in := map[string]any{"subject": "Kran", "reporter": map[string]string{"name": "Anna", "email": "anna@home.example"}}
	if err := i.Call(ctx, http.MethodPost, "/api/v1/cases", in, &c); err != nil {
		return "", err
	}
	for _, l := range c.Lanes {
		for _, p := range l.Participants {
			return p.Address, nil
		}
	}
	return "", fmt.Errorf("the case has no participant: %+v", c)
}
