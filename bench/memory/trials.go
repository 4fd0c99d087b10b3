package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"smartmail/bench/proc"
	"smartmail/testrig"
)

// trial is something that takes memory.
type trial struct {
	name string
	most int64 // bytes wanted
	load func(ctx context.Context, h *house) error
}

func (b *bench) trials() []trial {
	big := func(kind string, body func(size int) []byte) trial {
		return trial{fmt.Sprintf("%d sessions with %d MB each, %s", b.sessions, b.size/1_000_000, kind), 400 << 20, func(ctx context.Context, h *house) error { return b.big(ctx, h, body(b.size)) }}
	}
	return []trial{
		big("a picture", photo),
		big("one HTML text", page),
		{fmt.Sprintf("%d idle connections, mail flowing beside", b.idle), 300 << 20, b.quiet},
	}
}

// house is a running program with a case that somebody writes to.
type house struct {
	*testrig.Instance
	opt     testrig.Options
	address string

	mu   sync.Mutex
	next int
	kept map[string]bool // Message-IDs of mails that were answered 250
}

const writer = "anna@hem.example"

// try lets a fresh program bear a load, and holds what it stored against what it answered.
func (b *bench) try(ctx context.Context, t trial) (r result, err error) {
	r = result{trial: t.name, most: t.most}
	room := b.idle + b.sessions + spare
	h := &house{kept: map[string]bool{}, opt: testrig.Options{Binary: b.binary, DNS: b.zone.Addr, Extra: fmt.Sprintf("  max_connections: %d\n  max_connections_per_ip: %d\n", room, room)}}
	if h.opt.Dir, err = os.MkdirTemp(b.folder, "trial-"); err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(h.opt.Dir)) }()
	if h.Instance, err = testrig.Start(ctx, h.opt); err != nil {
		return r, err
	}
	defer h.Kill() // where it did not come to its end
	if err := h.open(ctx); err != nil {
		return r, err
	}
	pid := h.Cmd.Process.Pid
	r.rest = proc.Resident(pid).Anon
	begun := time.Now()
	peak := proc.WatchAnon(pid, 20*time.Millisecond)
	err = t.load(ctx, h)
	r.peak, r.answered, r.mails = peak(), time.Since(begun), len(h.kept)
	if err != nil {
		return r, err
	}
	if err := h.Stop(ctx); err != nil {
		return r, err
	}
	return r, h.account(ctx)
}

// open opens the case.
func (h *house) open(ctx context.Context) error {
	var c struct {
		Lanes []struct {
			Participants []struct{ Email, Address string }
		}
	}
	err := h.Call(ctx, http.MethodPost, "/api/v1/cases", map[string]any{
		"org": testrig.Org, "subject": "Fukt i badrummet", "description": "Det luktar.", "reporter": map[string]string{"name": "Anna", "email": writer}}, &c)
	if err != nil {
		return err
	}
	for _, lane := range c.Lanes {
		for _, p := range lane.Participants {
			if p.Email == writer && p.Address != "" {
				h.address = p.Address
				return nil
			}
		}
	}
	return errors.New("the case has no address for its reporter")
}

// big brings all mails to their last piece before any of them ends.
func (b *bench) big(ctx context.Context, h *house, body []byte) error {
	signed, err := b.who.Sign(body)
	if err != nil {
		return err
	}
	var waiting sync.WaitGroup
	waiting.Add(b.sessions)
	g, ctx := errgroup.WithContext(ctx)
	for range b.sessions {
		g.Go(func() error { return h.sendBig(ctx, signed, &waiting) })
	}
	return g.Wait()
}

// quiet holds connections that say nothing, lets mail flow, and looks whether all of them were kept.
func (b *bench) quiet(ctx context.Context, h *house) error {
	held := make([]*testrig.Peer, b.idle)
	defer func() {
		for _, p := range held {
			if p != nil {
				_ = p.Close() // it has nothing to say
			}
		}
	}()
	dialing, dialed := errgroup.WithContext(ctx)
	const atOnce = 64
	dialing.SetLimit(atOnce)
	for n := range held {
		dialing.Go(func() (err error) {
			if held[n], err = testrig.Dial(dialed, h.SMTP); err != nil {
				err = fmt.Errorf("connection %d: %w", n+1, err)
			}
			return err
		})
	}
	if err := dialing.Wait(); err != nil {
		return err
	}
	if err := h.flow(ctx, b.who, b.flow); err != nil {
		return err
	}
	for n, p := range held {
		err := p.Conn.SetDeadline(time.Now().Add(time.Minute))
		if err == nil {
			_, err = p.Say(250, "NOOP")
		}
		if err != nil {
			return fmt.Errorf("connection %d was not kept: %w", n+1, err)
		}
	}
	return nil
}

// flow sends small mails in a few sessions, one after the other in each.
func (h *house) flow(ctx context.Context, who *testrig.Identity, length time.Duration) error {
	const sessions = 4
	until := time.Now().Add(length)
	g, ctx := errgroup.WithContext(ctx)
	for range sessions {
		g.Go(func() error {
			p, err := h.dial(ctx)
			if err != nil {
				return err
			}
			defer func() { _ = p.Close() }() // each mail has its answer
			for time.Now().Before(until) && ctx.Err() == nil {
				id := h.newID()
				raw, err := who.Sign(fmt.Appendf(nil, "Message-ID: <%s>\r\nFrom: <%s>\r\nTo: <%s>\r\nSubject: SV: Fukt\r\n\r\nDet droppar fortfarande, %s.\r\n", id, writer, h.address, id))
				if err == nil {
					_, err = p.Send(writer, []string{h.address}, raw)
				}
				if err != nil {
					return err
				}
				h.keep(id)
			}
			return ctx.Err()
		})
	}
	return g.Wait()
}
