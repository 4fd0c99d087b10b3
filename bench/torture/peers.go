package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"smartmail/testrig"
)

// peers puts the program among peers that do not behave.
func (r *rack) peers(ctx context.Context, tell func(outcome)) error {
	for n, t := range []struct {
		name string
		try  func(context.Context, *outcome, string) error
	}{
		{"a resolver that is silent", r.silent},
		{"idle connections while mail flows", r.idlers},
		{"peers that send a byte at a time", r.slow},
		{"SIGTERM with 100 mails in DATA", func(ctx context.Context, o *outcome, dir string) error { return r.inData(ctx, o, dir, syscall.SIGTERM) }},
		{"SIGKILL with 100 mails in DATA", func(ctx context.Context, o *outcome, dir string) error { return r.inData(ctx, o, dir, syscall.SIGKILL) }},
	} {
		o := outcome{trial: t.name, rounds: 1}
		if err := t.try(ctx, &o, filepath.Join(r.dir, fmt.Sprint("peers-", n))); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		tell(o)
	}
	return nil
}

// flow lets mail come in for a while, with the program as it is, and notes what went wrong.
func (r *rack) flow(ctx context.Context, o *outcome, i *testrig.Instance, m *mailer, length time.Duration) error {
	loading, stop := context.WithTimeout(ctx, length)
	defer stop()
	m.load(loading, i.SMTP, 4)
	for _, refused := range m.refused {
		o.fault("refused for good: %s", refused)
	}
	o.mails = m.answered()
	return nil
}

// silent gives the program a resolver that never answers. Mail to a case is taken all the same, or put off; nothing is refused.
func (r *rack) silent(ctx context.Context, o *outcome, dir string) (err error) {
	hole, err := net.ListenPacket("udp", "127.0.0.1:0") // nobody reads from it
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, hole.Close()) }()
	i, err := r.start(ctx, testrig.Options{Dir: dir, DNS: hole.LocalAddr().String()})
	if err != nil {
		return err
	}
	defer i.Kill()
	m := &mailer{rnd: r.rnd, prefix: "s"}
	if m.address, err = openCase(ctx, i); err != nil {
		return err
	}
	if err := r.flow(ctx, o, i, m, 15*time.Second); err != nil {
		return err
	}
	if o.note = fmt.Sprintf("%d answers were 4xx", m.putOff()); o.mails+m.putOff() == 0 {
		o.fault("no mail was answered")
	}
	i.Kill()
	return account(ctx, o, filepath.Join(dir, "data"), "afterwards", m.all, answeredOnes)
}

// idlers holds connections that greet and say nothing more.
func (r *rack) idlers(ctx context.Context, o *outcome, dir string) error {
	extra := fmt.Sprintf("  max_connections: %d\n  max_connections_per_ip: %d\n", r.idle+100, r.idle+100)
	i, err := r.start(ctx, testrig.Options{Dir: dir, Extra: extra})
	if err != nil {
		return err
	}
	defer i.Kill()
	m := &mailer{rnd: r.rnd, prefix: "i"}
	if m.address, err = openCase(ctx, i); err != nil {
		return err
	}
	var held []*testrig.Peer
	defer func() {
		for _, p := range held {
			_ = p.Close() // it said nothing
		}
	}()
	for range r.idle {
		p, err := testrig.Dial(ctx, i.SMTP)
		if err != nil {
			return fmt.Errorf("connection %d: %w", len(held)+1, err)
		}
		held = append(held, p)
	}
	if err := r.flow(ctx, o, i, m, 3*time.Second); err != nil {
		return err
	}
	o.note = fmt.Sprintf("%d connections are open", len(held))
	if o.mails == 0 {
		o.fault("no mail came in")
	}
	i.Kill()
	return account(ctx, o, filepath.Join(dir, "data"), "afterwards", m.all, answeredOnes)
}

// slow has peers that take their time, in the middle of a mail, while others send.
func (r *rack) slow(ctx context.Context, o *outcome, dir string) error {
	const peers, pause = 40, 20 * time.Millisecond
	i, err := r.start(ctx, testrig.Options{Dir: dir})
	if err != nil {
		return err
	}
	defer i.Kill()
	m := &mailer{rnd: r.rnd, prefix: "w"}
	if m.address, err = openCase(ctx, i); err != nil {
		return err
	}
	var all sync.WaitGroup
	errs := make(chan error, peers)
	for range peers {
		m.mu.Lock()
		letter := m.make(200)
		m.mu.Unlock()
		all.Go(func() { errs <- byteByByte(ctx, i.SMTP, letter, pause) })
	}
	if err := r.flow(ctx, o, i, m, 3*time.Second); err != nil {
		return err
	}
	all.Wait()
	for range peers {
		if err := <-errs; err != nil {
			o.fault("a slow peer: %v", err)
		}
	}
	o.mails, o.note = m.answered(), fmt.Sprintf("%d peers, a byte each %v", peers, pause)
	i.Kill()
	return account(ctx, o, filepath.Join(dir, "data"), "afterwards", m.all, answeredOnes)
}

func byteByByte(ctx context.Context, addr string, letter *mail, pause time.Duration) error {
	p, err := testrig.Dial(ctx, addr)
	if err != nil {
		return err
	}
	defer func() { _ = p.Close() }() // the mail has its answer
	if err := p.Begin("anna@home.example", letter.to); err != nil {
		return err
	}
	head := letter.raw[:150]
	for n := range head {
		if err := p.Text(head[n : n+1]); err != nil {
			return err
		}
		<-time.After(pause) // slowness is what the trial is about
	}
	letter.answer, err = p.Finish(letter.raw[len(head):])
	return err
}

// inData ends the program while a hundred mails are on their way. After SIGTERM each is answered one way or the other.
func (r *rack) inData(ctx context.Context, o *outcome, dir string, signal syscall.Signal) error {
	const peers = 100
	i, err := r.start(ctx, testrig.Options{Dir: dir, Extra: "  max_connections_per_ip: 200\n"})
	if err != nil {
		return err
	}
	defer i.Kill()
	m := &mailer{rnd: r.rnd, prefix: "t"}
	if m.address, err = openCase(ctx, i); err != nil {
		return err
	}
	var ready, all sync.WaitGroup
	goOn := make(chan struct{})
	ready.Add(peers)
	heard := make(chan error, peers)
	for n := range peers {
		letter := m.make(2000)
		all.Go(func() {
			var err error
			letter.answer, err = halfThenRest(ctx, i.SMTP, letter, ready.Done, goOn, n%2 == 0)
			heard <- err
		})
	}
	ready.Wait()
	if err := i.Signal(signal); err != nil {
		return err
	}
	close(goOn)
	all.Wait()
	none := 0
	for range peers {
		if err := <-heard; err != nil && testrig.Code(err) == 0 {
			none++
		} else if testrig.Permanent(err) {
			o.fault("refused for good: %v", err)
		}
	}
	<-i.Done()
	if signal == syscall.SIGTERM && i.Err() != nil {
		o.fault("the program ended with %v", i.Err())
	}
	o.mails, o.note = m.answered(), fmt.Sprintf("%d had no answer", none)
	return account(ctx, o, filepath.Join(dir, "data"), "afterwards", m.all, answeredOnes)
}

// halfThenRest sends half of a mail, says that it is ready, and sends the rest when it may; or it never does.
func halfThenRest(ctx context.Context, addr string, letter *mail, ready func(), goOn <-chan struct{}, finish bool) (string, error) {
	half := letter.raw[:len(letter.raw)/2]
	p, err := testrig.Dial(ctx, addr)
	if err == nil {
		if err = p.Begin("anna@home.example", letter.to); err == nil {
			err = p.Text(half)
		}
	}
	ready()
	if err != nil {
		return "", err
	}
	defer func() { _ = p.Close() }() // the mail has its answer, or gets none
	<-goOn
	if !finish {
		return "", errors.New("a peer that went away")
	}
	return p.Finish(letter.raw[len(half):])
}
