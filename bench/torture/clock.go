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

const (
	days     = 4 // so that one of them is no weekend, on which nobody is reminded
	supplier = "jour@ror.example"
)

// clock sets the program's clock a day on and an hour back, again and again, while mail flows in and out. It is started again now and then, as
// timers are looked at first of all then, and by a clock of their own later.
func (r *rack) clock(ctx context.Context, tell func(outcome)) (err error) {
	dir := filepath.Join(r.dir, "clock")
	if err := makeDir(dir); err != nil {
		return err
	}
	binary, err := buildSkewed(ctx, dir)
	if err != nil {
		return err
	}
	to, err := newRemote(rand.New(rand.NewPCG(r.seed, 2)))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	c := &clock{file: filepath.Join(dir, "clock")}
	if err := c.jump(0); err != nil {
		return err
	}
	with := testrig.Options{
		Dir: dir, Binary: binary, Env: []string{clockEnv + "=" + c.file}, Top: to.relay(),
		Policy: "{rate: {per_sender: 1000000, per_domain: 1000000}}\n    orders: {remind: {accept: 1h, times: 1}}\n    hours: {holidays: none}",
	}
	o, m := outcome{trial: "the clock: a day on, an hour back"}, &mailer{rnd: r.rnd, prefix: "j"}
	if err := r.jumps(ctx, &o, with, c, m); err != nil {
		return err
	}
	to.behave()
	if err := c.jump(24 * time.Hour); err != nil { // what was put off before the clock went back is due
		return err
	}
	if err := r.drainedAt(ctx, &o, with); err != nil {
		return err
	}
	h, err := held(ctx, &o, with.Data(), "afterwards", m.all, answeredOnes)
	if err != nil {
		return err
	}
	took := to.has()
	h.sentBy(&o, "afterwards", took, took)
	for id := range h.out {
		if !took[id] {
			o.fault("%s was never sent", id)
		}
	}
	if n := h.to(supplier); n != 2 {
		o.fault("%s was sent %d mails, not an order and one reminder", supplier, n)
	}
	o.mails, o.note = m.answered(), fmt.Sprintf("no mail is put off; the one reminder that is due is sent once; started again %d times", o.rounds+1)
	if o.out, _ = to.count(&o); m.putOff() > 0 || len(m.refused) > 0 {
		o.fault("%d mails were put off, refused: %v", m.putOff(), m.refused)
	}
	tell(o)
	return os.RemoveAll(dir)
}

// jumps is a life of some days in seconds.
func (r *rack) jumps(ctx context.Context, o *outcome, with testrig.Options, c *clock, m *mailer) error {
	for ; o.rounds < days; o.rounds++ {
		if err := r.day(ctx, o, with, c, m); err != nil {
			return err
		}
	}
	return nil
}

// day sets the clock a day on while mail flows, and an hour back.
func (r *rack) day(ctx context.Context, o *outcome, with testrig.Options, c *clock, m *mailer) error {
	i, err := r.start(ctx, with)
	if err != nil {
		return err
	}
	defer i.Kill()
	if m.address == "" {
		if m.address, err = openCase(ctx, i); err != nil {
			return err
		}
		if err := i.Call(ctx, http.MethodPost, "/api/v1/cases/1/orders", map[string]any{"supplier": supplier, "text": "Byt packning"}, nil); err != nil {
			return fmt.Errorf("%w\n%s", err, i.Log())
		}
	}
	flowing, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan struct{})
	go func() { defer close(ended); m.load(flowing, i.SMTP, 2) }()
	for _, by := range []time.Duration{24 * time.Hour, -time.Hour} {
		before := m.answered()
		if err := c.jump(by); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second): // while mail flows
		}
		if m.answered() == before {
			o.fault("no mail was taken in the second after the clock was set by %v, to %v on", by, c.off)
		}
	}
	stop()
	<-ended
	limited, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := i.Stop(limited); err != nil {
		o.fault("the program does not end well: %v\n%s", err, i.Log())
	}
	return nil
}

// drainedAt starts the program, waits until its outbox is empty, and kills it.
func (r *rack) drainedAt(ctx context.Context, o *outcome, with testrig.Options) error {
	i, err := r.start(ctx, with)
	if err != nil {
		return err
	}
	defer i.Kill()
	if err := drained(ctx, i); err != nil {
		o.fault("at last: %v", err)
	}
	return nil
}
