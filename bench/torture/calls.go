package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"smartmail/testrig"
)

// failure is a call that fails one at a time. Where a thread's call is not on a file of the store, it is on one of what the program makes beside
// it, or on a connection: that is life as well.
type failure struct {
	call, errno string
	at          []int // which call of a thread: all through a life, and the first, at the start
}

// failures are those that are tried; the first of each are at the height of a life.
func failures() []failure {
	return []failure{
		{"fdatasync", "EIO", []int{20, 12, 28, 6, 38, 1}},
		{"fsync", "EIO", []int{9, 12, 7, 5, 15, 1}},
		{"pwrite64", "EIO", []int{150, 300, 80, 500, 30, 1}},
		{"pwrite64", "ENOSPC", []int{120, 200, 60, 400, 250, 10}},
		{"ftruncate", "ENOSPC", []int{1}},
		{"write", "ENOSPC", []int{60, 100, 20, 200, 40, 5}},
		{"openat", "EIO", []int{8, 12, 16, 24, 10, 1}},
		{"renameat", "EIO", []int{1, 2, 4}},
		{"linkat", "ENOSPC", []int{1, 2, 3}},
		{"unlinkat", "EIO", []int{3, 6, 9, 1}},
		{"mkdirat", "ENOSPC", []int{2, 4, 3, 1}},
	}
}

// single lets single calls of the running program fail, and then cuts the power as well, before and after it has noticed.
func (r *rack) single(ctx context.Context, tell func(outcome)) error {
	for n, f := range failures() {
		o := outcome{trial: f.call + " fails once: " + f.errno}
		lives := make([]life, min(len(f.at), r.lives))
		all, within := errgroup.WithContext(ctx)
		all.SetLimit(2)
		for i := range lives {
			l, k := &lives[i], f.at[i]
			*l = life{
				dir: filepath.Join(r.dir, fmt.Sprintf("call-%d-%d", n, k)), flags: fmt.Sprintf("-e inject=%s:error=%s:when=%d", f.call, f.errno, k),
				rnd: rand.New(rand.NewPCG(r.seed, uint64(n<<16+k))), when: fmt.Sprintf("number %d of a thread", k),
			}
			all.Go(func() error { return r.live(within, l) })
		}
		if err := all.Wait(); err != nil {
			return fmt.Errorf("%s: %w", o.trial, err)
		}
		failed, later, ended := 0, 0, 0
		for _, l := range lives {
			o.add(l.outcome)
			failed, later, ended = failed+l.failed, later+l.later, ended+l.ended
		}
		if failed == 0 {
			o.fault("no call failed")
		}
		o.note = fmt.Sprintf("%d calls failed in %d lives, %d answers were 4xx, the program ended %d times; the power cut %d times from then on", failed, len(lives), later, ended, o.rounds)
		tell(o)
	}
	return nil
}

// life is a short one of the program, in which calls fail.
type life struct {
	dir, flags, when string
	rnd              *rand.Rand
	outcome
	failed, later, ended int // calls, answers that were 4xx, and whether the program ended for it
}

const pointsOfLife = 8 // at which the power is cut

// live lets the program live with calls that fail, kills it, looks at what is there and at what would be there after a power cut, and starts it
// again in health.
func (r *rack) live(ctx context.Context, l *life) (err error) {
	to, err := newRemote(nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	m := &mailer{rnd: l.rnd, prefix: "f"}
	t, err := r.record(ctx, l.dir, l.flags, func(binary string) error {
		return r.loadOrEnd(ctx, l, testrig.Options{Dir: l.dir, Binary: binary, Top: to.relay()}, m)
	})
	if err != nil {
		return err
	}
	l.failed, l.later, l.mails = len(t.failed), m.putOff(), m.answered()
	for _, refused := range m.refused {
		l.fault("%s: refused for good: %s", l.when, refused)
	}
	if len(t.failed) > 0 {
		from := slices.IndexFunc(t.acts, func(a act) bool { return a.ended >= t.failed[0] })
		b := playback{tape: t, dir: l.dir, sent: m.all, from: max(0, from), points: pointsOfLife, rnd: l.rnd}
		if err := r.cuts(ctx, &l.outcome, b); err != nil {
			return err
		}
	}
	if _, err := os.Stat(filepath.Join(l.dir, "data", "smartmail.db")); err == nil {
		if err := account(ctx, &l.outcome, filepath.Join(l.dir, "data"), l.when, m.all, answeredOnes); err != nil {
			return err
		}
	}
	if err := r.goesOut(ctx, &l.outcome, l.dir, l.when, to, nil, m.all, answeredOnes); err != nil {
		return err
	}
	l.out, _ = to.count(&l.outcome)
	return os.RemoveAll(l.dir)
}

// loadOrEnd sends mail to a program that may end at any time, or never begin, and kills it. Where it lives it must take a mail in the end.
func (r *rack) loadOrEnd(ctx context.Context, l *life, with testrig.Options, m *mailer) error {
	i, err := r.start(ctx, with)
	if err != nil {
		l.ended = 1 // it says why, and does not begin
		return ctx.Err()
	}
	defer i.Kill()
	for try := 0; m.address == "" && try < 3; try++ { // the call that fails may be in here
		m.address, err = openCase(ctx, i)
	}
	if m.address == "" && alive(ctx, i) {
		l.fault("%s: no case can be opened: %v", l.when, err)
	}
	loading, stop := context.WithTimeout(ctx, 600*time.Millisecond)
	defer stop()
	m.load(loading, i.SMTP, 4)
	if !alive(ctx, i) {
		l.ended = 1
		return nil
	}
	m.mu.Lock()
	last := m.make(bigMail)
	m.mu.Unlock()
	if err := r.sent(ctx, i, last); err != nil && alive(ctx, i) {
		l.fault("%s: when the trouble is over: %v\n%s", l.when, err, strings.Join(strings.SplitN(i.Log(), "\n", 5), "\n"))
	}
	return nil
}

// alive reports whether the program answers; where it does not, it has some time to end.
func alive(ctx context.Context, i *testrig.Instance) bool {
	limited, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	p, err := testrig.Dial(limited, i.SMTP)
	if err == nil {
		_ = p.Close() // it said enough
		return true
	}
	select {
	case <-i.Done():
		return false
	case <-limited.Done():
		return true
	}
}

// add adds what another outcome found.
func (o *outcome) add(other outcome) {
	o.rounds, o.mails, o.extra, o.out = o.rounds+other.rounds, o.mails+other.mails, o.extra+other.extra, o.out+other.out
	for _, f := range other.faults {
		o.fault("%s", f)
	}
}
