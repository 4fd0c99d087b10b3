// Command bench measures how fast mail is taken in, beside other ways of taking it in on the same machine.
//
// Every target gets the same mails, DKIM-signed beforehand, over loopback, in turns: within a round each point (sessions
// and size) goes through all targets, in an order that turns with the rounds, and each time on a fresh server with an
// empty store. What is printed are medians over the rounds.
//
//	pool of signed mails → sessions → target {smartmail, Postfix that queues, smtp-sink, bare library stack}
//	                                      └→ after each point: what was acknowledged is counted in the store
//
// With -out it measures how fast queued mail is sent to smtp-sink, from the first mail that arrives to the last: by smartmail, which
// composes and DKIM-signs each, and by Postfix, which sends as it lies.
//
// Invariants:
//   - Signing, starting, and the first half second are not measured.
//   - A mail that was acknowledged and is not stored, or a store that `smartmail verify` finds fault with, makes the exit
//     status 1. A time never does.
//   - A target that cannot run has a row that says why.
//   - What was started is ended, by its process id.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"smartmail/testrig"
)

// options are the flags.
type options struct {
	rounds   int
	seconds  float64
	dir      string
	sessions []int
	sizes    []int // KiB
	only     []string
	before   string
	pipeline bool
	calm     float64 // share of the machine
	tries    int
	out      int // mails to send; 0: mail in is measured
}

func main() {
	if len(os.Args) == 4 && os.Args[1] == bareArg {
		if err := serveBare(os.Args[2], os.Args[3]); err != nil {
			fmt.Fprintln(os.Stderr, "bench: bare stack:", err)
			os.Exit(1)
		}
		return
	}
	opt, err := parseFlags(os.Args[1:])
	if err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err = run(ctx, opt)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func parseFlags(args []string) (options, error) {
	var (
		opt             options
		sessions, sizes string
		targets         string
		quick           bool
	)
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.IntVar(&opt.rounds, "rounds", 3, "rounds; the table has medians over them")
	f.Float64Var(&opt.seconds, "seconds", 3, "measured seconds per point")
	f.BoolVar(&quick, "quick", false, "one round of one second per point: does it work?")
	f.StringVar(&opt.dir, "dir", ".", "folder, on a disk, in which stores and queues are made for the time of the run")
	f.StringVar(&sessions, "sessions", "1,20,100", "sessions at once")
	f.StringVar(&sizes, "sizes", "4,100", "sizes of mails in KiB")
	f.StringVar(&targets, "targets", "", "only these: "+strings.Join(targetNames, ", ")+" (default all)")
	f.StringVar(&opt.before, "before", "", "another build of smartmail to measure as well")
	f.BoolVar(&opt.pipeline, "pipeline", false, "send MAIL, RCPT and DATA at once (RFC 2920)")
	f.Float64Var(&opt.calm, "calm", 0.15, "share of the machine that others may use during a point; above it the point is measured again")
	f.IntVar(&opt.tries, "tries", 3, "how often a point is measured until it is calm; the calmest counts")
	f.IntVar(&opt.out, "out", 0, "measure mail out instead: send so many queued mails to smtp-sink")
	if err := f.Parse(args); err != nil {
		return opt, err
	}
	if f.NArg() > 0 {
		return opt, fmt.Errorf("unknown argument %q", f.Arg(0))
	}
	if quick {
		opt.rounds, opt.seconds, opt.tries = 1, 1, 1
	}
	if targets != "" {
		opt.only = strings.Split(targets, ",")
		for _, t := range opt.only {
			if !slices.Contains(targetNames, t) {
				return opt, fmt.Errorf("-targets: %q is none of %s", t, strings.Join(targetNames, ", "))
			}
		}
	}
	var errs [2]error
	opt.sessions, errs[0] = numbers("-sessions", sessions)
	opt.sizes, errs[1] = numbers("-sizes", sizes)
	if opt.rounds < 1 || opt.tries < 1 || opt.seconds <= 0 {
		return opt, errors.New("-rounds, -tries and -seconds must be more than zero")
	}
	return opt, errors.Join(errs[:]...)
}

// numbers reads a list of positive numbers.
func numbers(name, list string) ([]int, error) {
	var out []int
	for s := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(s))
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%s: %q is no positive number", name, s)
		}
		out = append(out, n)
	}
	return out, nil
}

// run measures everything and prints the table.
func run(ctx context.Context, opt options) (err error) {
	dir, err := os.MkdirTemp(opt.dir, "bench-data-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o755); err != nil { // Postfix drops its rights and must still get at its queue
		return err
	}
	fs, err := fileSystem(dir)
	if err != nil {
		return err
	}
	if opt.out > 0 {
		return measureOut(ctx, opt, dir, fs)
	}
	sender, err := newSender()
	if err != nil {
		return err
	}
	zone, err := testrig.NewZone(sender.records()...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, zone.Close()) }()
	targets, err := findTargets(ctx, opt, dir, zone.Addr)
	if err != nil {
		return err
	}
	fmt.Println(machine(fs))
	fmt.Printf("%d rounds of %g s a point, medians\n\n", opt.rounds, opt.seconds)
	b := &bench{opt: opt, dir: dir, targets: targets, sender: sender}
	err = b.measure(ctx)
	b.print(os.Stdout)
	return err
}

// bench is one run.
type bench struct {
	opt     options
	dir     string
	targets []target
	sender  *sender
	results []result
}

// measure goes through rounds, points and targets. It ends at the first target that fails or loses a mail.
func (b *bench) measure(ctx context.Context) error {
	for _, kib := range b.opt.sizes {
		fmt.Fprintf(os.Stderr, "signing mails of %d KiB ...\n", kib)
		pool, err := b.sender.pool(ctx, kib<<10, b.poolSize(kib))
		if err != nil {
			return err
		}
		for round := range b.opt.rounds {
			for _, sessions := range b.opt.sessions {
				for i := range b.targets {
					// Each target is first once, so that none has always the warmest machine.
					t := b.targets[(i+round)%len(b.targets)]
					if t.missing() != "" {
						continue
					}
					fmt.Fprintf(os.Stderr, "round %d: %d sessions, %d KiB, %s ...\n", round+1, sessions, kib, t.name())
					r, err := b.calmest(ctx, t, pool, sessions)
					if err != nil {
						return fmt.Errorf("%s, %d sessions, %d KiB: %w", t.name(), sessions, kib, err)
					}
					r.sessions, r.kib = sessions, kib
					b.results = append(b.results, r)
				}
			}
		}
	}
	return nil
}

// poolSize is how many mails a point can need at most; a target faster than that has a shorter point.
func (b *bench) poolSize(kib int) int {
	perSecond := max(50, 20_000/(4+kib)*2) // far above what two cores take in durably
	return int((b.opt.seconds + warmUp.Seconds()) * float64(min(perSecond, 5000)))
}

// calmest measures a point until others leave the machine alone, some times at most, and returns the calmest result. It
// chooses by what others did, never by how the target fared.
func (b *bench) calmest(ctx context.Context, t target, pool [][]byte, sessions int) (result, error) {
	var best result
	for n := range b.opt.tries {
		r, err := b.point(ctx, t, pool, sessions)
		if err != nil {
			return r, err
		}
		if n == 0 || r.foreign < best.foreign {
			best = r
		}
		if best.foreign <= b.opt.calm {
			break
		}
	}
	return best, nil
}

// point runs one target on a fresh store once.
func (b *bench) point(ctx context.Context, t target, pool [][]byte, sessions int) (result, error) {
	dir, err := os.MkdirTemp(b.dir, "point-")
	if err != nil {
		return result{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // again with the whole folder at the end
	if err := os.Chmod(dir, 0o755); err != nil {
		return result{}, err
	}
	s, err := t.start(ctx, dir)
	if err != nil {
		return result{}, err
	}
	l := &load{addr: s.addr, from: senderAddress, to: s.rcpts, pool: pool, again: s.again, sessions: sessions,
		length: time.Duration(b.opt.seconds * float64(time.Second)), pipeline: b.opt.pipeline, pids: s.pids}
	r, err := l.run(ctx)
	r.target = t.name()
	return r, errors.Join(err, s.end(context.WithoutCancel(ctx), r.acknowledged))
}
