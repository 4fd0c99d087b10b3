package main

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"smartmail/testrig"
)

// epoch is after how many kills a new store is begun, so that looking through all of it stays quick.
const epoch = 20

// kill ends the program at chance moments under load.
func (r *rack) kill(ctx context.Context, tell func(outcome)) error {
	o := outcome{trial: "SIGKILL under load"}
	for o.rounds < r.kills {
		dir := filepath.Join(r.dir, fmt.Sprint("kill-", o.rounds))
		m := &mailer{rnd: r.rnd, prefix: fmt.Sprint("k", o.rounds)}
		for range min(epoch, r.kills-o.rounds) {
			if err := r.killOnce(ctx, &o, dir, m); err != nil {
				return err
			}
			o.rounds++
		}
		n, err := extra(ctx, filepath.Join(dir, "data"), m.all)
		if err != nil {
			return err
		}
		o.extra += n
		o.mails += m.answered()
	}
	o.note = fmt.Sprintf("after each verify is clean, also for mails that were tried again; at a random moment up to %v", killWithin)
	tell(o)
	return nil
}

const killWithin = 300 * time.Millisecond

func (r *rack) killOnce(ctx context.Context, o *outcome, dir string, m *mailer) error {
	i, err := r.start(ctx, testrig.Options{Dir: dir})
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
	return account(ctx, o, filepath.Join(dir, "data"), fmt.Sprintf("round %d", o.rounds), m.all, answeredOnes)
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
