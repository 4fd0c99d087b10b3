package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"smartmail/bench/fill"
	"smartmail/bench/proc"
	"smartmail/testrig"
)

// figure is the name of what is measured, as the tables have it.
type figure string

const (
	greeted   figure = "start to 220, s"
	answering figure = "start to the API's first answer, s"
	anonymous figure = "anonymous memory at rest, MiB"
	heap      figure = "Go heap at rest, MiB"
	mapped    figure = "mapped files at rest, MiB"
	coldReply figure = "reply right after a cold start, ms"
	oneReply  figure = "reply, 1 session, ms"
	oneTail   figure = "reply, 1 session, p99 ms"
	manyReply figure = "reply, 20 sessions, ms"
	manyPace  figure = "reply, 20 sessions, ms of the clock for each"
	replyCPU  figure = "reply, 20 sessions, ms of processor time"
)

// figures are what a round found.
type figures map[figure]float64

// page is a call of the API.
type page struct {
	name figure
	path func(g *fill.Generator, r *rand.Rand) string
}

func pages() []page {
	list := func(name figure, query string) page {
		return page{name, func(*fill.Generator, *rand.Rand) string { return "/cases?" + query }}
	}
	return []page{
		list("newest cases, ms", ""),
		list("status=new, ms", "status=new"),
		list("status=closed, half of all, ms", "status=closed"),
		{"by assignee, ms", func(g *fill.Generator, r *rand.Rand) string {
			return "/cases?assignee=" + url.QueryEscape(g.Assignee(r))
		}},
		{"a case, ms", func(g *fill.Generator, r *rand.Rand) string { return fmt.Sprintf("/cases/%d", g.Old(r)) }},
		{"its timeline, ms", func(g *fill.Generator, r *rand.Rand) string { return fmt.Sprintf("/cases/%d/entries", g.Old(r)) }},
		{"to-do of all, ms", func(*fill.Generator, *rand.Rand) string { return "/todo" }},
		{"to-do of a technician, ms", func(g *fill.Generator, r *rand.Rand) string { return "/todo?for=" + url.QueryEscape(g.Assignee(r)) }},
	}
}

const (
	many    = 20 // sessions
	coldest = 50 // replies right after the start
)

// round starts the program on a store, measures it, stops it, and accounts for what it was sent.
func (b *bench) round(ctx context.Context, s *site) (f figures, err error) {
	f = figures{}
	s.rounds++
	r := rand.New(rand.NewPCG(b.seed, s.rounds))
	if err := s.cool(); err != nil {
		return nil, err
	}
	i, err := b.start(ctx, s, f)
	if err != nil {
		return nil, err
	}
	defer i.Kill() // where it did not come to its end
	if err := s.rest(ctx, i, f); err != nil {
		return nil, err
	}
	var sent []reply
	take := func(n, sessions int) (outcome, error) {
		mails, err := b.replies(s.gen, r, n)
		if err != nil {
			return outcome{}, err
		}
		o, err := deliver(ctx, i, mails, sessions)
		sent = append(sent, mails...)
		return o, err
	}
	cold, err := take(coldest, 1)
	if err != nil {
		return nil, err
	}
	f[coldReply] = ms(cold.median)
	if err := s.warm(); err != nil {
		return nil, err
	}
	if err := b.readPages(ctx, s, i, r, f); err != nil {
		return nil, err
	}
	one, err := take(b.calls, 1)
	if err != nil {
		return nil, err
	}
	f[oneReply], f[oneTail] = ms(one.median), ms(one.tail)
	before := proc.Usage([]int{i.Cmd.Process.Pid})
	all, err := take(b.plan.replies, many)
	if err != nil {
		return nil, err
	}
	f[manyReply], f[manyPace] = ms(all.median), ms(all.took)/float64(b.plan.replies)
	f[replyCPU] = ms(proc.Usage([]int{i.Cmd.Process.Pid}).Server-before.Server) / float64(b.plan.replies)
	if err := i.Stop(ctx); err != nil {
		return nil, err
	}
	return f, s.settle(ctx, sent)
}

// start starts the program, with nothing of its store in memory, and times its first words.
func (b *bench) start(ctx context.Context, s *site, f figures) (*testrig.Instance, error) {
	begun := time.Now()
	i, err := testrig.Start(ctx, s.opt)
	if err != nil {
		return nil, err
	}
	err = greet(ctx, i.SMTP)
	f[greeted] = time.Since(begun).Seconds()
	if err == nil {
		err = i.Call(ctx, http.MethodGet, "/api/v1/cases", nil, nil)
		f[answering] = time.Since(begun).Seconds()
	}
	if err != nil {
		i.Kill()
		return nil, err
	}
	return i, nil
}

// greet waits for the 220.
func greet(ctx context.Context, addr string) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	word := make([]byte, len("220"))
	_, err = io.ReadFull(conn, word)
	if err == nil && string(word) != "220" {
		err = fmt.Errorf("the greeting begins with %q", word)
	}
	return errors.Join(err, conn.Close())
}

// rest waits until nothing is left to derive and the memory stays as it is, and notes it.
func (s *site) rest(ctx context.Context, i *testrig.Instance, f figures) error {
	limited, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	const near, calm = 1 << 20, 4
	last, quiet := int64(0), 0
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for quiet < calm {
		select {
		case <-tick.C:
		case <-limited.Done():
			return fmt.Errorf("the program does not come to rest: %w", limited.Err())
		}
		now := proc.Resident(i.Cmd.Process.Pid).Anon
		behind, err := behind(ctx, i)
		if err != nil {
			return err
		}
		if quiet++; behind > 0 || now-last > near || last-now > near {
			quiet = 0
		}
		last = now
	}
	m := proc.Resident(i.Cmd.Process.Pid)
	f[anonymous], f[mapped] = mib(m.Anon), mib(m.File)
	left, err := proc.Heap(ctx, s.debug)
	f[heap] = mib(left)
	return err
}

// behind is how many events are yet to be derived.
func behind(ctx context.Context, i *testrig.Instance) (n int64, err error) {
	for _, follower := range []string{"search", "figures"} {
		one, err := proc.Number(ctx, "http://"+i.HTTP+"/metrics", fmt.Sprintf("smartmail_follow_behind_events{follower=%q} ", follower))
		if err != nil {
			return 0, err
		}
		n += one
	}
	return n, nil
}

// readPages calls each page again and again, after one time that is not counted.
func (b *bench) readPages(ctx context.Context, s *site, i *testrig.Instance, r *rand.Rand, f figures) error {
	profiled := b.profile(ctx, s)
	for _, p := range pages() {
		var took []time.Duration
		for n := range b.calls + 1 {
			path := "/api/v1" + p.path(s.gen, r)
			start := time.Now()
			if err := i.Call(ctx, http.MethodGet, path, nil, nil); err != nil {
				return err
			}
			if n > 0 {
				took = append(took, time.Since(start))
			}
		}
		slices.Sort(took)
		f[p.name] = ms(took[len(took)/2])
	}
	return profiled()
}

// profile takes a processor profile, once for each size, until what it returns is called and a little longer.
func (b *bench) profile(ctx context.Context, s *site) (wait func() error) {
	if b.profiles == "" || s.rounds > 1 {
		return func() error { return nil }
	}
	done := make(chan error, 1)
	go func() {
		done <- func() error {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.debug+"/debug/pprof/profile?seconds=5", nil)
			if err != nil {
				return err
			}
			res, err := http.DefaultClient.Do(r)
			if err != nil {
				return err
			}
			defer func() { _ = res.Body.Close() }() // read only
			text, err := io.ReadAll(res.Body)
			return errors.Join(err, os.WriteFile(filepath.Join(b.profiles, fmt.Sprintf("pages-%d.pprof", s.messages)), text, 0o600))
		}()
	}()
	return func() error { return <-done }
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
func mib(n int64) float64        { return float64(n) / (1 << 20) }
