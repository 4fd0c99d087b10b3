package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"smartmail/bench/fill"
	"smartmail/casework"
	"smartmail/testrig"
)

// reply is a mail to an old case, and what was answered.
type reply struct {
	id       string // Message-ID
	to       casework.CaseNumber
	from     string
	address  string
	raw      []byte
	answered string // the text of the 250
}

// replies makes up answers to chance cases, each by who reported it.
func (b *bench) replies(g *fill.Generator, r *rand.Rand, n int) ([]reply, error) {
	mails := make([]reply, n)
	for i := range mails {
		b.next++
		m := reply{to: g.Old(r), id: fmt.Sprintf("growth-%d@home.example", b.next)}
		m.from = g.Reporter(m.to).Email
		var err error
		if m.address, err = g.Address(m.to); err != nil {
			return nil, err
		}
		m.raw = fmt.Appendf(nil, "From: <%s>\r\nTo: <%s>\r\nSubject: SV: %s\r\nDate: %s\r\nMessage-ID: <%s>\r\n\r\n", m.from, m.address, g.Words(r, 5), time.Now().Format(time.RFC1123Z), m.id)
		for range 6 {
			m.raw = append(m.raw, g.Words(r, 12)+"\r\n"...)
		}
		m.raw = append(m.raw, "-- \r\nSkickat från min telefon\r\n"...)
		mails[i] = m
	}
	return mails, nil
}

// outcome is how long mails took, from MAIL to the reply after the data.
type outcome struct {
	median, tail time.Duration // of one; tail is the 99th percentile
	took         time.Duration // all of them together, by the clock
}

// deliver sends mails in so many sessions at once, one after the other in each.
func deliver(ctx context.Context, i *testrig.Instance, mails []reply, sessions int) (outcome, error) {
	var (
		all  sync.WaitGroup
		errs = make([]error, sessions)
		took = make([]time.Duration, len(mails))
	)
	start := time.Now()
	for s := range sessions {
		all.Go(func() {
			errs[s] = session(ctx, i.SMTP, func(send func(*reply) error) error {
				for n := s; n < len(mails); n += sessions {
					begun := time.Now()
					if err := send(&mails[n]); err != nil {
						return fmt.Errorf("mail to case %d: %w", mails[n].to, err)
					}
					took[n] = time.Since(begun)
				}
				return nil
			})
		})
	}
	all.Wait()
	o := outcome{took: time.Since(start)}
	slices.Sort(took)
	o.median, o.tail = took[len(took)/2], took[len(took)*99/100]
	return o, errors.Join(errs...)
}

// session keeps a connection while fn sends.
func session(ctx context.Context, addr string, fn func(send func(*reply) error) error) error {
	const patience = 10 * time.Minute
	p, err := testrig.Dial(ctx, addr)
	if err != nil {
		return err
	}
	defer func() { _ = p.Close() }() // each mail has its answer
	if err := p.Conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	return fn(func(m *reply) (err error) {
		m.answered, err = p.Send(m.from, []string{m.address}, m.raw)
		if err == nil && !strings.Contains(m.answered, " entry=") {
			err = fmt.Errorf("the answer %q names no case", m.answered)
		}
		return err
	})
}
