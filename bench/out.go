package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"smartmail/bench/proc"
	"smartmail/testrig"
)

// outTarget is something that sends.
type outTarget interface {
	name() string
	missing() string
	// fill queues n mails for a host at relay, where nobody answers yet.
	fill(ctx context.Context, dir, relay string, n int) (*backlog, error)
}

// backlog is mail that waits to be sent.
type backlog struct {
	begin func(ctx context.Context) error // sends it; the relay answers by now
	pids  func() []int                    // of the sender, after begin
	end   func(ctx context.Context) error // stops the sender, and tells whether any mail still waits
}

// measureOut goes through rounds and targets and prints the table.
func measureOut(ctx context.Context, opt options, dir string) (results []result, err error) {
	binary, err := testrig.Build(ctx, dir)
	if err != nil {
		return nil, err
	}
	all := []outTarget{&smartmailOut{title: nameSmartmail, binary: binary}, &smartmailOut{title: nameUnsigned, binary: binary, unsigned: true}, postfixOut{}}
	if opt.before != "" {
		all = append(all, &smartmailOut{title: nameBefore, binary: opt.before})
	}
	all = slices.DeleteFunc(all, func(t outTarget) bool { return len(opt.only) > 0 && !slices.Contains(opt.only, t.name()) })
	for round := range opt.rounds {
		for i := range all {
			t := all[(i+round)%len(all)]
			if t.missing() != "" {
				continue
			}
			fmt.Fprintf(os.Stderr, "round %d: %s sends ...\n", round+1, t.name())
			r, err := sendAll(ctx, t, dir, opt.out)
			if err != nil {
				return results, fmt.Errorf("%s sends: %w", t.name(), err)
			}
			fmt.Fprintf(os.Stderr, "%.0f mails/s, %s ms of processor time each\n", r.rate, millis(r.cpu))
			results = append(results, r)
		}
	}
	fmt.Printf("\n%s: %d queued mails sent to smtp-sink\n\n", outPoint, opt.out)
	printOut(os.Stdout, all, results)
	return results, nil
}

// sendAll lets one target send n mails.
func sendAll(ctx context.Context, t outTarget, base string, n int) (r result, err error) {
	dir, err := os.MkdirTemp(base, "out-")
	if err != nil {
		return r, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // again with the whole folder at the end
	if err := os.Chmod(dir, 0o755); err != nil {
		return r, err
	}
	relay, err := freeAddress()
	if err != nil {
		return r, err
	}
	b, err := t.fill(ctx, dir, relay, n)
	if err != nil {
		return r, fmt.Errorf("fill the queue: %w", err)
	}
	end := func() error { return b.end(context.WithoutCancel(ctx)) }
	s, err := startCounter(ctx, relay, n)
	if err != nil {
		return r, errors.Join(err, end())
	}
	defer func() { err = errors.Join(err, end(), s.stop()) }() // the last answers must still be heard
	if err := b.begin(ctx); err != nil {
		return r, err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	if err := s.await(ctx, s.first); err != nil {
		return r, err
	}
	pids := append(b.pids(), s.cmd.Process.Pid)
	begun, before := time.Now(), proc.Usage(pids)
	if err := s.await(ctx, s.all); err != nil {
		return r, err
	}
	took, after := time.Since(begun), proc.Usage(pids)
	return result{target: t.name(), point: outPoint, rate: float64(n) / took.Seconds(),
		cpu: (after.Server - before.Server) / time.Duration(n), foreign: proc.Foreign(before, after, took)}, nil
}

// counter is smtp-sink, which throws mail away and tells how many it has seen.
type counter struct {
	cmd        *exec.Cmd
	first, all chan struct{} // closed at the first mail, and when all have come
	lost       chan struct{} // closed when it has ended
	mu         sync.Mutex
	seen       int
}

func startCounter(ctx context.Context, addr string, n int) (*counter, error) {
	c := &counter{cmd: exec.Command("smtp-sink", "-u", "nobody", "-c", addr, "256"), first: make(chan struct{}), all: make(chan struct{}), lost: make(chan struct{})}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	go c.watch(out, n)
	if err := awaitListener(ctx, addr); err != nil {
		return nil, errors.Join(err, c.stop())
	}
	return c, nil
}

var mesg = regexp.MustCompile(`mesg=(\d+)\r`)

// watch reads the counters, which smtp-sink writes over and over on one line.
func (c *counter) watch(r io.Reader, n int) {
	defer close(c.lost)
	buf, rest := make([]byte, 64<<10), []byte(nil)
	for {
		k, err := r.Read(buf)
		if err != nil {
			return
		}
		rest = append(rest, buf[:k]...)
		if all := mesg.FindAllSubmatch(rest, -1); len(all) > 0 {
			c.note(all[len(all)-1][1], n)
		}
		rest = bytes.Clone(rest[bytes.LastIndexByte(rest, '\r')+1:])
	}
}

func (c *counter) note(digits []byte, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.seen
	c.seen, _ = strconv.Atoi(string(digits)) // they are digits
	if before == 0 && c.seen > 0 {
		close(c.first)
	}
	if before < n && c.seen >= n {
		close(c.all)
	}
}

func (c *counter) await(ctx context.Context, what chan struct{}) error {
	select {
	case <-what:
		return nil
	case <-c.lost:
		return errors.New("smtp-sink ended")
	case <-ctx.Done():
		c.mu.Lock()
		defer c.mu.Unlock()
		return fmt.Errorf("%d mails had come: %w", c.seen, ctx.Err())
	}
}

func (c *counter) stop() error {
	if err := c.cmd.Process.Kill(); err != nil {
		return err
	}
	<-c.lost // Wait closes the pipe that is read
	_ = c.cmd.Wait()
	return nil
}

// printOut writes the table.
func printOut(w io.Writer, all []outTarget, results []result) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(t, "sender\tmails/s\tlowest\thighest\tCPU ms/mail\tothers\tx postfix\t")
	base := pick(at(results, namePostfix, outPoint), rateOf)
	for _, target := range all {
		rs := at(results, target.name(), outPoint)
		rates := pick(rs, rateOf)
		cells := []string{target.name()}
		if len(rates) == 0 {
			cells = append(cells, target.missing())
		} else {
			ratio := "-"
			if len(base) > 0 {
				ratio = fmt.Sprintf("%.2f", median(rates)/median(base))
			}
			cells = append(cells, fmt.Sprintf("%.0f", median(rates)), fmt.Sprintf("%.0f", slices.Min(rates)), fmt.Sprintf("%.0f", slices.Max(rates)),
				millis(median(pick(rs, func(r result) time.Duration { return r.cpu }))),
				fmt.Sprintf("%.0f%%", 100*median(pick(rs, func(r result) float64 { return r.foreign }))), ratio)
		}
		_, _ = fmt.Fprintln(t, strings.Join(cells, "\t")+"\t")
	}
	_ = t.Flush() // whoever reads this sees that it is cut
}
