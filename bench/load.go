package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"smartmail/bench/proc"
)

// warmUp is how long a point runs before it is measured.
const warmUp = 500 * time.Millisecond

// load sends mails from a pool in many sessions at once.
type load struct {
	point
	addr     string
	from     string
	to       []string // a mail's recipient is picked by its number
	mails    []mail
	again    bool          // the same mail may be sent again
	length   time.Duration // measured
	pipeline bool
	pids     func() []int // the server's processes

	begun     time.Time // the first mail of an offered rate is due
	next      atomic.Int64
	measuring atomic.Bool
	stop      atomic.Bool
	used      chan struct{} // closed when the pool is used up
	usedOnce  sync.Once
	mu        sync.Mutex
	latencies []time.Duration
	acked     int
}

// result is one target at one point in one round.
type result struct {
	target, point string

	acknowledged int     // mails answered with 250, warm-up included
	rate         float64 // mails per second
	p50, p99     time.Duration
	cpu          time.Duration // of the server per mail
	clientCPU    time.Duration // per mail
	memory       proc.Memory   // the server's peak
	foreign      float64       // share of the whole machine that others used meanwhile
}

// run sends until the time is up or the pool is used up. Of an offered rate, all that was due within the time is sent and answered,
// however long that takes.
func (l *load) run(ctx context.Context) (result, error) {
	l.used = make(chan struct{})
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	l.begun = time.Now()
	var wg sync.WaitGroup
	for range l.sessions {
		wg.Go(func() {
			if err := l.session(ctx); err != nil {
				cancel(err)
			}
		})
	}
	peak := proc.Watch(l.pids, 200*time.Millisecond)
	l.wait(ctx, warmUp)
	before, start := proc.Usage(l.pids()), time.Now()
	l.measuring.Store(true)
	l.wait(ctx, l.length)
	if l.rate > 0 {
		wg.Wait()
	}
	l.measuring.Store(false)
	took, after := time.Since(start), proc.Usage(l.pids())
	l.stop.Store(true)
	wg.Wait()
	r := result{acknowledged: l.acked, memory: peak()}
	if err := context.Cause(ctx); err != nil {
		return r, err
	}
	n := len(l.latencies)
	if n == 0 {
		return r, errors.New("no mail was answered within the measured time")
	}
	slices.Sort(l.latencies)
	r.rate = float64(n) / took.Seconds()
	r.p50, r.p99 = l.latencies[n/2], l.latencies[n*99/100]
	r.cpu = (after.Server - before.Server) / time.Duration(n)
	r.clientCPU = (after.Client - before.Client) / time.Duration(n)
	r.foreign = proc.Foreign(before, after, took)
	return r, nil
}

// wait ends after d, or when the pool is used up or ctx ends.
func (l *load) wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-l.used:
	case <-ctx.Done():
	}
}

// task is a mail to send.
type task struct {
	mail mail
	to   string
	due  time.Duration // of an offered rate: since the load has begun
}

// take gives the next mail.
func (l *load) take() (task, bool) {
	if l.stop.Load() {
		return task{}, false
	}
	n := int(l.next.Add(1)) - 1
	// Neighbours in time are not neighbours in the store.
	t := task{mail: l.mails[n%len(l.mails)], to: l.to[n*7919%len(l.to)]}
	if l.rate > 0 {
		t.due = time.Duration(n) * time.Second / time.Duration(l.rate)
		if t.due >= warmUp+l.length {
			return t, false
		}
	}
	if n >= len(l.mails) && !l.again {
		l.usedOnce.Do(func() { close(l.used) })
		return t, false
	}
	return t, true
}

// clock waits until the task is due, and tells from when its time counts. At an offered rate that is when it was due: were it
// when it is sent, a server that stands still would hide how many mails wait for it.
func (l *load) clock(ctx context.Context, t task) time.Time {
	if l.rate == 0 {
		return time.Now()
	}
	due := l.begun.Add(t.due)
	l.wait(ctx, time.Until(due))
	return due
}

// counts tells whether a mail that has just been answered is among those measured.
func (l *load) counts(t task) bool {
	if l.rate > 0 {
		return t.due >= warmUp
	}
	return l.measuring.Load()
}

// session sends one mail after the other: in one connection, or in one for each.
func (l *load) session(ctx context.Context) error {
	acked, latencies := 0, []time.Duration(nil)
	defer func() {
		l.mu.Lock()
		l.acked += acked
		l.latencies = append(l.latencies, latencies...)
		l.mu.Unlock()
	}()
	var c *client
	defer func() {
		if c != nil {
			c.close()
		}
	}()
	for {
		var err error
		if c == nil && !l.each {
			if c, err = dial(ctx, l.addr); err != nil {
				return err
			}
		}
		t, ok := l.take()
		if !ok {
			break
		}
		start := l.clock(ctx, t)
		if c == nil {
			if c, err = dial(ctx, l.addr); err != nil {
				return err
			}
		}
		if err := c.send(l.from, t.to, t.mail, l.pipeline); err != nil {
			return err
		}
		acked++
		if l.counts(t) {
			latencies = append(latencies, time.Since(start))
		}
		if l.each {
			if err := c.quit(); err != nil {
				return err
			}
			c = nil
		}
	}
	if c == nil {
		return nil
	}
	err := c.quit()
	c = nil
	return err
}
