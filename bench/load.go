package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// warmUp is how long a point runs before it is measured.
const warmUp = 500 * time.Millisecond

// load sends mails from a pool in many sessions at once.
type load struct {
	addr     string
	from     string
	to       []string // a mail's recipient is picked by its number
	pool     [][]byte
	again    bool // the same mail may be sent again
	sessions int
	length   time.Duration // measured
	pipeline bool
	pids     func() []int // the server's processes

	next      atomic.Int64
	measuring atomic.Bool
	stop      atomic.Bool
	used      chan struct{} // closed when the pool is used up
	usedOnce  sync.Once
	mu        sync.Mutex
	latencies []time.Duration
	acked     int
}

// result is one target at one point in one round. Shares are of the whole machine.
type result struct {
	target        string
	sessions, kib int

	acknowledged int     // mails answered with 250, warm-up included
	rate         float64 // mails per second
	p50, p99     time.Duration
	cpu          time.Duration // of the server per mail
	clientCPU    time.Duration // per mail
	memory       int64         // bytes, the server's peak
	foreign      float64       // share of the machine that others used meanwhile
}

// run sends until the time is up or the pool is used up.
func (l *load) run(ctx context.Context) (result, error) {
	l.used = make(chan struct{})
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for range l.sessions {
		wg.Go(func() {
			if err := l.session(ctx); err != nil {
				cancel(err)
			}
		})
	}
	watch := watchMemory(l.pids)
	l.wait(ctx, warmUp)
	before, start := usage(l.pids()), time.Now()
	l.measuring.Store(true)
	l.wait(ctx, l.length)
	l.measuring.Store(false)
	took, after := time.Since(start), usage(l.pids())
	l.stop.Store(true)
	wg.Wait()
	r := result{acknowledged: l.acked, memory: watch()}
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
	r.cpu = (after.server - before.server) / time.Duration(n)
	r.clientCPU = (after.client - before.client) / time.Duration(n)
	busy := after.machine - before.machine
	others := max(0, busy-(after.server-before.server)-(after.client-before.client))
	r.foreign = others.Seconds() / took.Seconds() / float64(cores())
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

// take gives the next mail and its recipient.
func (l *load) take() (mail []byte, to string, ok bool) {
	n := int(l.next.Add(1)) - 1
	if n >= len(l.pool) && !l.again {
		l.usedOnce.Do(func() { close(l.used) })
		return nil, "", false
	}
	// Neighbours in time are not neighbours in the store.
	return l.pool[n%len(l.pool)], l.to[n*7919%len(l.to)], true
}

// session is one connection, kept for all its mails.
func (l *load) session(ctx context.Context) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", l.addr)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	c := &client{conn: conn, in: bufio.NewReader(conn)}
	acked, latencies := 0, []time.Duration(nil)
	defer func() {
		l.mu.Lock()
		l.acked += acked
		l.latencies = append(l.latencies, latencies...)
		l.mu.Unlock()
	}()
	if err := c.hello(); err != nil {
		return err
	}
	for !l.stop.Load() {
		mail, to, ok := l.take()
		if !ok {
			break
		}
		start := time.Now()
		if err := c.send(l.from, to, mail, l.pipeline); err != nil {
			return err
		}
		acked++
		if l.measuring.Load() {
			latencies = append(latencies, time.Since(start))
		}
	}
	return c.command("QUIT\r\n", '2')
}

// client speaks as much SMTP as a load needs, at little cost.
type client struct {
	conn net.Conn
	in   *bufio.Reader
	out  []byte
}

func (c *client) hello() error {
	if err := c.expect('2'); err != nil {
		return err
	}
	return c.command("EHLO "+senderDomain+"\r\n", '2')
}

func (c *client) command(line string, class byte) error {
	if _, err := c.conn.Write([]byte(line)); err != nil {
		return err
	}
	return c.expect(class)
}

// expect reads one reply of one or more lines.
func (c *client) expect(class byte) error {
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return fmt.Errorf("read reply: %w", err)
		}
		if len(line) < 4 || line[0] != class {
			return fmt.Errorf("unexpected reply: %s", bytes.TrimSpace(line))
		}
		if line[3] != '-' {
			return nil
		}
	}
}

var endOfData = []byte(".\r\n")

// send gives one mail, which has no line that begins with a dot, and waits for the answer to it.
func (c *client) send(from, to string, mail []byte, pipeline bool) error {
	steps := []string{"MAIL FROM:<" + from + ">\r\n", "RCPT TO:<" + to + ">\r\n", "DATA\r\n"}
	if pipeline {
		c.out = append(c.out[:0], strings.Join(steps, "")...)
		if _, err := c.conn.Write(c.out); err != nil {
			return err
		}
		for _, class := range "223" {
			if err := c.expect(byte(class)); err != nil {
				return err
			}
		}
	} else {
		for i, s := range steps {
			if err := c.command(s, "223"[i]); err != nil {
				return err
			}
		}
	}
	buffers := net.Buffers{mail, endOfData}
	if _, err := buffers.WriteTo(c.conn); err != nil {
		return err
	}
	return c.expect('2')
}
