// Command torture ends the service in every way that a machine knows, and looks whether what it answered 250 is there.
//
//	kill     the real program under load, killed at chance moments, started again
//	crash    the system calls of the real program, recorded; the disk as a power cut would leave it at any of them
//	disk     reads and writes that fail with EIO or ENOSPC for a while
//	calls    single calls that fail, and then a power cut as well
//	clock    a clock that is set on and back under the running program
//	peers    silent resolvers, slow and idle peers, stops in the middle of a hundred mails
//	backup   a copy that is taken while mail comes in
//
// After each: the store opens, verify finds nothing, each mail that was answered 250 is there once and byte for byte, and one that
// was not is there whole or not at all; what was sent is in the outbox, and what is in the outbox is sent after the next start. It prints a table and fails on a loss, never because of a time.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"strings"
	"time"

	"smartmail/testrig"
)

// plan says how much of each is done.
type plan struct {
	kills, points, lives, idle int
	only                       string
	seed                       uint64
}

func main() {
	p := plan{}
	flag.IntVar(&p.kills, "kills", 200, "how often the program is killed under load")
	flag.IntVar(&p.points, "points", 400, "moments of the recorded run at which the power is cut; each in three ways")
	flag.IntVar(&p.lives, "lives", 6, "lives of the program, at most, for each call that fails once")
	flag.IntVar(&p.idle, "idle", 10_000, "connections that do nothing while mail flows")
	flag.StringVar(&p.only, "only", "", "these alone, with commas: kill, crash, disk, calls, clock, peers, backup")
	flag.Uint64Var(&p.seed, "seed", uint64(time.Now().UnixNano()), "of what is left to chance")
	quick := flag.Bool("quick", false, "some of each: does it work?")
	flag.Parse()
	if *quick {
		p.kills, p.points, p.lives, p.idle = 6, 20, 1, 200
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Stdout, p)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "torture:", err)
		os.Exit(1)
	}
}

// rack is what all trials share.
type rack struct {
	plan
	binary, dir string
	zone        *testrig.Zone
	out         io.Writer
	rnd         *rand.Rand
}

// outcome is a line of the table.
type outcome struct {
	trial         string
	rounds, mails int // mails that were answered 250
	extra         int // that were not answered, and are there whole
	out           int // mails of the program's own that a remote took
	note          string
	faults        []string
}

const maxFaults = 10 // told of one trial

// fault notes what is wrong.
func (o *outcome) fault(format string, args ...any) {
	if len(o.faults) < maxFaults {
		o.faults = append(o.faults, fmt.Sprintf(format, args...))
	}
}

// run makes all trials, prints the table and returns what is wrong.
func run(ctx context.Context, out io.Writer, p plan) (err error) {
	dir, err := os.MkdirTemp("", "smartmail-torture-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	binary, err := testrig.Build(ctx, dir)
	if err != nil {
		return err
	}
	zone, err := testrig.NewZone()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, zone.Close()) }()
	r := &rack{plan: p, binary: binary, dir: dir, zone: zone, out: out, rnd: rand.New(rand.NewPCG(p.seed, 0))}
	_, _ = fmt.Fprintf(out, "seed %d\n%-34s %7s %7s %7s %7s\n", p.seed, "trial", "rounds", "mails", "extra", "out")
	var faults []string
	for _, t := range []struct {
		name   string
		trials func(context.Context, func(outcome)) error
	}{{"kill", r.kill}, {"crash", r.crash}, {"disk", r.disk}, {"calls", r.single}, {"clock", r.clock}, {"peers", r.peers}, {"backup", r.backup}} {
		if p.only != "" && !strings.Contains(","+p.only+",", ","+t.name+",") {
			continue
		}
		err := t.trials(ctx, func(o outcome) {
			verdict := "nothing lost"
			if len(o.faults) > 0 {
				verdict = fmt.Sprintf("%d FAULTS", len(o.faults))
			}
			_, _ = fmt.Fprintf(out, "%-34s %7d %7d %7d %7d  %s; %s\n", o.trial, o.rounds, o.mails, o.extra, o.out, verdict, o.note)
			for _, f := range o.faults {
				faults = append(faults, o.trial+": "+f)
			}
		})
		if err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	if len(faults) > 0 {
		return errors.New(strings.Join(faults, "\n"))
	}
	return nil
}
