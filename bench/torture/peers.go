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
		{"peers that do not listen", r.deaf},
		{"a disk that is full within a mail", r.full},
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
	i, m, err := r.begin(ctx, testrig.Options{Dir: dir, DNS: hole.LocalAddr().String()}, "s")
	if err != nil {
		return err
	}
	defer i.Kill()
	if err := r.flow(ctx, o, i, m, 15*time.Second); err != nil {
		return err
	}
	if o.note = fmt.Sprintf("%d answers were 4xx", m.putOff()); o.mails+m.putOff() == 0 {
		o.fault("no mail was answered")
	}
	i.Kill()
	if err := account(ctx, o, filepath.Join(dir, "data"), "afterwards", m.all, answeredOnes); err != nil {
		return err
	}
	return r.again(ctx, o, dir, m.all) // with a resolver that answers
}

// idlers holds connections that greet and say nothing more.
func (r *rack) idlers(ctx context.Context, o *outcome, dir string) error {
	extra := fmt.Sprintf("  max_connections: %d\n  max_connections_per_ip: %d\n", r.idle+100, r.idle+100)
	i, m, err := r.begin(ctx, testrig.Options{Dir: dir, Extra: extra}, "i")
	if err != nil {
		return err
	}
	defer i.Kill()
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

// inData ends the program while a hundred mails are on their way. After SIGTERM each is answered one way or the other.
func (r *rack) inData(ctx context.Context, o *outcome, dir string, signal syscall.Signal) error {
	const peers = 100
	i, m, err := r.begin(ctx, testrig.Options{Dir: dir, Extra: "  max_connections_per_ip: 200\n"}, "t")
	if err != nil {
		return err
	}
	defer i.Kill()
	var ready, all sync.WaitGroup
	goOn := make(chan struct{})
	ready.Add(peers)
	type end struct {
		err  error
		stay bool
	}
	heard := make(chan end, peers)
	for n := range peers {
		letter, stay := m.make(2000), n%2 == 0
		all.Go(func() {
			var err error
			letter.answer, err = halfThenRest(ctx, i.SMTP, letter, ready.Done, goOn, stay)
			heard <- end{err, stay}
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
		e := <-heard
		if e.err != nil && testrig.Code(e.err) == 0 {
			none++
			if e.stay && signal == syscall.SIGTERM {
				o.fault("who waited for an answer got none: %v", e.err)
			}
		} else if testrig.Permanent(e.err) {
			o.fault("refused for good: %v", e.err)
		}
	}
	<-i.Done()
	if signal == syscall.SIGTERM && i.Err() != nil {
		o.fault("the program ended with %v", i.Err())
	}
	o.mails, o.note = m.answered(), fmt.Sprintf("%d had no answer; started again, all of them are taken once", none)
	if err := account(ctx, o, filepath.Join(dir, "data"), "afterwards", m.all, answeredOnes); err != nil {
		return err
	}
	return r.again(ctx, o, dir, m.all)
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
