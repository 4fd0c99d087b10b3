package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"smartmail/message"
	"smartmail/smtpd"
	"smartmail/testrig"
)

// plan is how long and how often.
type plan struct {
	length, every time.Duration
	seed          uint64
}

// warmUp is the part of the length in which caches fill and memory finds its size.
func (p plan) warmUp() time.Duration { return p.length / 4 }

// sink takes all mail that goes out, and counts it.
type sink struct{ taken atomic.Int64 }

// Route implements smtpd.Receiver.
func (*sink) Route(context.Context, *message.Envelope, string) error { return nil }

// Accept implements smtpd.Receiver.
func (s *sink) Accept(context.Context, message.Envelope, message.Raw) (smtpd.Receipt, error) {
	s.taken.Add(1)
	return smtpd.Receipt{Text: "OK"}, nil
}

// serve listens until ctx ends, and returns the address.
func (s *sink) serve(ctx context.Context, dir string) (string, <-chan error, error) {
	srv, err := smtpd.New(smtpd.Options{Hostname: "sink.example", SpoolDir: dir, Log: slog.New(slog.DiscardHandler)}, s)
	if err != nil {
		return "", nil, err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ctx, l) }()
	return l.Addr().String(), ended, nil
}

// run is the whole: it prints a table and returns what is wrong.
func run(ctx context.Context, out io.Writer, p plan) (err error) {
	dir, err := os.MkdirTemp("", "smartmail-soak-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	bin, err := testrig.Build(ctx, dir)
	if err != nil {
		return err
	}
	anna, err := testrig.NewIdentity(dir, "home.example")
	if err != nil {
		return err
	}
	zone, err := testrig.NewZone(anna.Records()...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, zone.Close()) }()
	box := &sink{}
	serving, stopSink := context.WithCancel(ctx)
	to, ended, err := box.serve(serving, filepath.Join(dir, "sink"))
	if err != nil {
		stopSink()
		return err
	}
	defer func() { stopSink(); err = errors.Join(err, <-ended) }()
	debug, err := testrig.FreeAddr()
	if err != nil {
		return err
	}
	i, err := testrig.Start(ctx, testrig.Options{
		Binary: bin, Dir: dir, DNS: zone.Addr,
		Top: fmt.Sprintf("debug: {listen: %q}\nrelay: {mode: smarthost, smarthost: {address: %q, tls: none}}\n", debug, to),
	})
	if err != nil {
		return err
	}
	defer i.Kill() // where it did not come to its end
	return soak(ctx, out, p, i, &load{i: i, anna: anna, ledger: newLedger()}, debug, box)
}

// soak puts the load on the running program and judges it.
func soak(ctx context.Context, out io.Writer, p plan, i *testrig.Instance, l *load, debug string, box *sink) error {
	look := sampler{pid: i.Cmd.Process.Pid, debug: debug, start: time.Now()}
	before, err := look.take(ctx)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "load for %v, judged after %v, a sample each %v\n%10s %10s %12s %14s %12s\n", p.length, p.warmUp(), p.every, "time", "goroutines", "descriptors", "anonymous MiB", "heap MiB")
	row(out, before)
	loading, stop := context.WithTimeout(ctx, p.length)
	defer stop()
	ended := make(chan struct{})
	go func() { defer close(ended); l.run(loading, ctx, p.seed) }()
	during, err := watch(loading, out, p, look)
	if err != nil {
		return err
	}
	<-ended
	after, err := settle(ctx, i, look, before)
	if err != nil {
		return err
	}
	row(out, after)
	if err := l.ledger.audit(ctx, i); err != nil {
		return err
	}
	faults := slices.Concat(l.ledger.faults, judge(before, after, during))
	if told, err := i.Command(ctx, "verify").CombinedOutput(); err != nil {
		faults = append(faults, fmt.Sprintf("verify: %v: %s", err, told))
	} else {
		_, _ = fmt.Fprintf(out, "%s", told)
	}
	if err := i.Stop(ctx); err != nil {
		faults = append(faults, err.Error())
	}
	grew := fit(during, func(s sample) int64 { return s.heap })
	_, _ = fmt.Fprintf(out, "%s; sent out %d\nheap: %.1f MiB on the average, %+.1f MiB along the line, %.1f standard errors\n", l.ledger.summary(), box.taken.Load(), grew.mean/(1<<20), grew.grows()/(1<<20), grew.t)
	if len(faults) > 0 {
		return errors.New(strings.Join(faults, "\nsoak: "))
	}
	_, _ = fmt.Fprintln(out, "no leak, nothing lost")
	return nil
}

// watch takes samples while the load lasts, and returns those behind the warm-up.
func watch(ctx context.Context, out io.Writer, p plan, look sampler) (kept []sample, err error) {
	const rows = 12
	tick := time.NewTicker(p.every)
	defer tick.Stop()
	printed := time.Duration(0)
	for {
		select {
		case <-ctx.Done():
			return kept, nil
		case <-tick.C:
		}
		s, err := look.take(ctx)
		if ctx.Err() != nil {
			return kept, nil // the load ended while one looked
		}
		if err != nil {
			return nil, err
		}
		if s.at >= p.warmUp() {
			kept = append(kept, s)
		}
		if s.at-printed >= p.length/rows {
			printed = s.at
			row(out, s)
		}
	}
}

// settle waits until all mail is out and what the load held has been let go, and returns the last sample.
func settle(ctx context.Context, i *testrig.Instance, look sampler, before sample) (last sample, err error) {
	http.DefaultClient.CloseIdleConnections()
	limited, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		var waiting struct{ Items []any }
		if err := i.Call(ctx, http.MethodGet, "/api/v1/outbox?state=queued&limit=1", nil, &waiting); err != nil {
			return last, err
		}
		http.DefaultClient.CloseIdleConnections()
		if last, err = look.take(ctx); err != nil {
			return last, err
		}
		if len(waiting.Items) == 0 && last.goroutines <= before.goroutines+leftOver && last.descriptors <= before.descriptors+leftOver {
			return last, nil
		}
		select {
		case <-limited.Done():
			if len(waiting.Items) > 0 {
				return last, errors.New("a minute after the load there is still mail to send")
			}
			return last, ctx.Err()
		case <-tick.C:
		}
	}
}

func row(out io.Writer, s sample) {
	const mib = 1 << 20
	_, _ = fmt.Fprintf(out, "%10s %10d %12d %14.1f %12.1f\n", s.at.Round(time.Second), s.goroutines, s.descriptors, float64(s.anonymous)/mib, float64(s.heap)/mib)
}
