package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"smartmail/testrig"
)

// crash records what the real program does to its files while mail comes in and goes out, from the first start of an empty folder to its
// stop, and cuts the power at moments in between.
func (r *rack) crash(ctx context.Context, tell func(outcome)) (err error) {
	dir := filepath.Join(r.dir, "crash")
	to, err := newRemote(rand.New(rand.NewPCG(r.seed, 1)))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	m := &mailer{rnd: r.rnd, prefix: "c"}
	t, err := r.record(ctx, dir, "", func(binary string) error {
		return r.recordedLoad(ctx, testrig.Options{Dir: dir, Binary: binary, Top: to.relay()}, m)
	})
	if err != nil {
		return err
	}
	o := outcome{trial: "power cut at recorded calls", mails: m.answered()}
	if len(t.answers) < o.mails {
		return fmt.Errorf("the record has %d answers, the peers heard %d", len(t.answers), o.mails)
	}
	if o.out, _ = to.count(&o); o.out == 0 || len(t.left) < o.out {
		return fmt.Errorf("the record has %d mails that left, the remote took %d", len(t.left), o.out)
	}
	b := playback{tape: t, dir: dir, sent: m.all, points: r.points, revive: 10, rnd: r.rnd}
	if err := r.cuts(ctx, &o, b); err != nil {
		return err
	}
	syncs := 0
	for _, a := range t.acts {
		if a.kind == syncFile || a.kind == syncDir {
			syncs++
		}
	}
	o.note = fmt.Sprintf("at %d of %d calls on files (%d syncs): what is not synced is lost, or there, or torn; started again after %d", o.rounds, len(t.acts), syncs, (o.rounds+b.revive-1)/b.revive)
	tell(o)
	return nil
}

// recordedLoad is a short life of the program, with mails of all kinds.
func (r *rack) recordedLoad(ctx context.Context, with testrig.Options, m *mailer) error {
	i, err := r.start(ctx, with)
	if err != nil {
		return err
	}
	defer i.Kill() // where it did not come to its end
	if m.address, err = openCase(ctx, i); err != nil {
		return err
	}
	loading, stop := context.WithTimeout(ctx, 1500*time.Millisecond)
	defer stop()
	m.load(loading, i.SMTP, 4)
	limited, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return i.Stop(limited)
}

// playback says at which acts of a tape the power is cut.
type playback struct {
	tape
	dir    string // of the recorded program's configuration
	sent   []*mail
	from   int // the first of them that counts
	points int // how many
	revive int // after one of so many the program is started; 0: never
	rnd    *rand.Rand
}

// cuts cuts the power, and looks what is left. Several disks are looked at at once.
func (r *rack) cuts(ctx context.Context, o *outcome, b playback) error {
	disk := newPlatter(testrig.Options{Dir: b.dir}.Data())
	looks, ctx := errgroup.WithContext(ctx)
	looks.SetLimit(runtime.GOMAXPROCS(0) + 1) // they wait for the disk as well
	var cuts []*cut
	heard, first := b.heard(), o.rounds
	step := max(1, float64(len(b.acts)-b.from)/float64(b.points))
	next := float64(b.from)
	for n, a := range b.acts {
		disk.do(a)
		if float64(n) < math.Floor(next) {
			continue
		}
		next += step
		for l := range losses {
			c := &cut{line: a.ended, loss: l, dir: filepath.Join(b.dir, fmt.Sprint("image-", len(cuts))), tape: b.tape, owedFrom: heard, sent: b.sent}
			if at := o.rounds - first; b.revive > 0 && at%b.revive == 0 {
				c.revived = at/b.revive%int(losses) == int(l)
			}
			cuts = append(cuts, c)
			if err := c.image(disk, b.rnd); err != nil {
				return errors.Join(err, looks.Wait())
			}
			looks.Go(func() error { return errors.Join(r.lookAt(ctx, c), os.RemoveAll(c.dir)) })
		}
		o.rounds++
	}
	err := looks.Wait()
	for _, c := range cuts {
		for _, f := range c.faults {
			o.fault("%s", f)
		}
	}
	return err
}

// heard is the line at which a peer was first told each answer, so that it was owed from then on.
func (t tape) heard() map[string]int {
	from := map[string]int{}
	for _, a := range t.answers {
		text := strings.TrimPrefix(a.text, "250 ")
		if at, ok := from[text]; !ok || a.line < at {
			from[text] = a.line
		}
	}
	return from
}

// cut is what is left after a power cut just behind a line of the record.
type cut struct {
	line     int
	loss     loss
	dir      string // the configuration's; the data is in it
	tape     tape
	owedFrom map[string]int // by answer
	sent     []*mail
	revived  bool // the program is started on it
	outcome       // of looking at it
}

func (c *cut) data() string { return testrig.Options{Dir: c.dir}.Data() }

func (c *cut) when() string { return fmt.Sprintf("line %d, %v", c.line, c.loss) }

func (c *cut) owed(m *mail) bool {
	at, ok := c.owedFrom[m.answer]
	return m.answer != "" && ok && at <= c.line
}

// image writes the disk as the cut leaves it. What is derived is made anew after a power cut, and never looked at.
func (c *cut) image(disk *platter, rnd *rand.Rand) error {
	if err := makeDir(c.data()); err != nil {
		return err
	}
	return disk.image(c.data(), c.loss, rnd, func(path string) bool { return strings.HasPrefix(filepath.Base(path), "derived") })
}

// lookAt looks what a cut has left.
func (r *rack) lookAt(ctx context.Context, c *cut) (err error) {
	left := map[string]bool{}
	for _, l := range c.tape.left {
		if l.line <= c.line {
			left[l.id] = true
		}
	}
	if _, err := os.Stat(filepath.Join(c.data(), "smartmail.db")); errors.Is(err, os.ErrNotExist) {
		if i := slices.IndexFunc(c.sent, c.owed); i >= 0 {
			c.fault("%s: there is no database, and %s was answered", c.when(), c.sent[i].id)
		}
		return nil
	}
	h, err := held(ctx, &c.outcome, c.data(), c.when(), c.sent, c.owed)
	if err != nil {
		return err
	}
	h.sentBy(&c.outcome, c.when(), left, left)
	if !c.revived {
		return nil
	}
	to, err := newRemote(nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	if err := r.goesOut(ctx, &c.outcome, c.dir, c.when(), to, left, c.sent, c.owed); err != nil {
		return err
	}
	to.count(&c.outcome)
	return nil
}
