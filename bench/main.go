// Command bench measures how fast mail is taken in, beside other ways of taking it in on the same machine.
//
// By itself it measures the points that goals are set for, and compares what was wanted with what was reached. Every target gets the
// same mails, DKIM-signed beforehand, over loopback, in turns: within a round each point goes through all targets, in an order
// that turns with the rounds, and each time on a fresh server with an empty store. What is printed are medians over the rounds.
//
//	pool of signed mails → sessions → target {smartmail, Postfix that queues, the same behind OpenDKIM, smtp-sink, bare library stack}
//	                                      └→ after each point: what was acknowledged is counted in the store
//	queue of mails → {smartmail, Postfix} → smtp-sink
//
// Mail out is timed from the first mail that arrives to the last: of smartmail, which composes and DKIM-signs each, and of Postfix,
// which sends as it lies.
//
// Invariants:
//   - Signing, starting, and the first half second are not measured.
//   - At an offered rate a mail's time counts from when it was due, not from when the sender came to it.
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
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"smartmail/bench/proc"
	"smartmail/testrig"
)

// options are the flags.
type options struct {
	rounds   int
	seconds  float64
	dir      string
	points   []point
	out      int // mails to send; 0: mail out is not measured
	only     []string
	before   string
	pipeline bool
	calm     float64 // share of the machine
	tries    int
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
		opt                           options
		sessions, sizes, targets, pts string
		quick                         bool
	)
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	compare := f.Bool("compare", true, "measure the points that goals are set for; -sessions, -sizes or -out alone measure others")
	f.StringVar(&pts, "points", "", "only these: "+strings.Join(pointNames(), ", ")+" (default all)")
	f.IntVar(&opt.rounds, "rounds", 3, "rounds; the table has medians over them")
	f.Float64Var(&opt.seconds, "seconds", 3, "measured seconds per point")
	f.BoolVar(&quick, "quick", false, "one round of one second per point and a tenth of the mails out: does it work?")
	f.StringVar(&opt.dir, "dir", ".", "folder, on a disk, in which stores and queues are made for the time of the run")
	f.StringVar(&sessions, "sessions", "1,20,100", "sessions at once, each with every size")
	f.StringVar(&sizes, "sizes", "4,100", "sizes of mails in KiB")
	f.StringVar(&targets, "targets", "", "only these: "+strings.Join(targetNames, ", ")+" (default all but smtp-sink)")
	f.StringVar(&opt.before, "before", "", "another build of smartmail to measure as well")
	f.BoolVar(&opt.pipeline, "pipeline", false, "send MAIL, RCPT and DATA at once (RFC 2920)")
	f.Float64Var(&opt.calm, "calm", 0.15, "share of the machine that others may use during a point; above it the point is measured again")
	f.IntVar(&opt.tries, "tries", 3, "how often a point is measured until it is calm; the calmest counts")
	f.IntVar(&opt.out, "out", 10_000, "queued mails that are sent to smtp-sink; alone: measure nothing else")
	if err := f.Parse(args); err != nil {
		return opt, err
	}
	if f.NArg() > 0 {
		return opt, fmt.Errorf("unknown argument %q", f.Arg(0))
	}
	given := map[string]bool{}
	f.Visit(func(one *flag.Flag) { given[one.Name] = true })
	if given["targets"] {
		opt.only = strings.Split(targets, ",")
	}
	errs := []error{among("-targets", opt.only, targetNames)}
	if err := opt.choose(given, *compare, pts, sessions, sizes); err != nil {
		errs = append(errs, err)
	}
	if quick {
		opt.rounds, opt.seconds, opt.tries, opt.out = 1, 1, 1, (opt.out+9)/10
	}
	if opt.rounds < 1 || opt.tries < 1 || opt.seconds <= 0 || opt.out < 0 {
		errs = append(errs, errors.New("-rounds, -tries and -seconds must be more than zero, -out not less"))
	}
	return opt, errors.Join(errs...)
}

// choose finds the points to measure.
func (opt *options) choose(given map[string]bool, compare bool, names, sessions, sizes string) error {
	switch {
	case given["points"]:
		list := strings.Split(names, ",")
		if err := among("-points", list, pointNames()); err != nil {
			return err
		}
		for _, p := range points {
			if slices.Contains(list, p.name) {
				opt.points = append(opt.points, p)
			}
		}
		if !slices.Contains(list, outPoint) {
			opt.out = 0
		}
	case given["sessions"] || given["sizes"] || !compare:
		s, err1 := numbers("-sessions", sessions)
		k, err2 := numbers("-sizes", sizes)
		opt.points = grid(s, k)
		if !given["out"] {
			opt.out = 0
		}
		return errors.Join(err1, err2)
	case !given["out"] || given["compare"]:
		opt.points = points
	}
	return nil
}

func pointNames() []string {
	var names []string
	for _, p := range points {
		names = append(names, p.name)
	}
	return append(names, outPoint)
}

// among checks that each is one of those known.
func among(flag string, list, known []string) error {
	for _, s := range list {
		if !slices.Contains(known, s) {
			return fmt.Errorf("%s: %q is none of %s", flag, s, strings.Join(known, ", "))
		}
	}
	return nil
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

// run measures everything and prints the tables.
func run(ctx context.Context, opt options) (err error) {
	dir, fs, remove, err := proc.Scratch(opt.dir, "bench-data-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	if err := os.Chmod(dir, 0o755); err != nil { // Postfix drops its rights and must still get at its queue
		return err
	}
	fmt.Println(proc.Machine(fs))
	fmt.Printf("%d rounds of %g s a point, medians\n", opt.rounds, opt.seconds)
	var results []result
	if len(opt.points) > 0 {
		if results, err = measureIn(ctx, opt, dir); err != nil {
			return err
		}
	}
	if opt.out > 0 {
		out, err := measureOut(ctx, opt, dir)
		if results = append(results, out...); err != nil {
			return err
		}
	}
	fmt.Println()
	printGoals(os.Stdout, results)
	return nil
}

// measureIn measures mail in and prints its table.
func measureIn(ctx context.Context, opt options, dir string) (results []result, err error) {
	sender, err := newSender()
	if err != nil {
		return nil, err
	}
	zone, err := testrig.NewZone(sender.records()...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, zone.Close()) }()
	targets, err := findTargets(ctx, opt, dir, zone.Addr, keyName+" "+sender.keyRecord()+"\n")
	if err != nil {
		return nil, err
	}
	b := &bench{opt: opt, dir: dir, targets: targets, sender: sender}
	err = b.measure(ctx)
	fmt.Println()
	b.print(os.Stdout)
	return b.results, err
}

// bench is one run of mail in.
type bench struct {
	opt     options
	dir     string
	targets []target
	sender  *sender
	results []result
}

// measure goes through points, rounds and targets. It ends at the first target that fails or loses a mail.
func (b *bench) measure(ctx context.Context) error {
	var mails []mail
	size := 0
	for _, p := range b.opt.points {
		if n := int((b.opt.seconds + warmUp.Seconds()) * float64(p.pool())); p.kib != size || n > len(mails) {
			fmt.Fprintf(os.Stderr, "signing %d mails of %d KiB ...\n", n, p.kib)
			var err error
			if mails, err = b.sender.pool(ctx, p.kib<<10, n); err != nil {
				return err
			}
			size = p.kib
		}
		for round := range b.opt.rounds {
			for i := range b.targets {
				// Each target is first once, so that none has always the warmest machine.
				t := b.targets[(i+round)%len(b.targets)]
				if t.missing() != "" {
					continue
				}
				r, err := b.calmest(ctx, t, p, mails)
				if err != nil {
					return fmt.Errorf("%s: %s: %w", t.name(), p, err)
				}
				fmt.Fprintf(os.Stderr, "%s, round %d: %s: %.0f mails/s, p99 %s ms\n", p.name, round+1, t.name(), r.rate, millis(r.p99))
				b.results = append(b.results, r)
			}
		}
	}
	return nil
}

// calmest measures a point until others leave the machine alone, some times at most, and returns the calmest result. It
// chooses by what others did, never by how the target fared.
func (b *bench) calmest(ctx context.Context, t target, p point, mails []mail) (result, error) {
	var best result
	for n := range b.opt.tries {
		r, err := b.point(ctx, t, p, mails)
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
func (b *bench) point(ctx context.Context, t target, p point, mails []mail) (result, error) {
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
	l := &load{point: p, addr: s.addr, from: senderAddress, to: s.rcpts, mails: mails, again: s.again,
		length: time.Duration(b.opt.seconds * float64(time.Second)), pipeline: b.opt.pipeline, pids: s.pids}
	r, err := l.run(ctx)
	r.target, r.point = t.name(), p.name
	return r, errors.Join(err, s.end(context.WithoutCancel(ctx), r.acknowledged))
}
