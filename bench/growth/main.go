// Command growth measures whether the program slows down as its store grows: stores of the same house at different ages.
//
//	sizes → fill → derive → the real program, in turns with the smallest store: start, memory, replies by SMTP, pages of the API → table
//
// A message is a mail in, a mail out or a note; there are ten on a case (package fill). The house, and what is yet to be done in it, is
// the same at every size: what grows is history.
//
// Invariants:
//   - A store is measured in turns with the smallest one, so that both have the same neighbours on the machine. Times of one mail
//     or call are medians within a round; of the rounds the smallest figure counts, for neighbours only ever make it bigger.
//   - Each start is after a clean stop, with nothing of the store's files in the kernel's memory. Replies and pages are measured after
//     the files have been read through, as on a machine that has been up for a while.
//   - A mail that was answered 250 and does not stand on its case once, or one that stands there and was not answered, makes the exit
//     status 1. A time never does.
//   - What was started is ended, what was filled is removed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"smartmail/bench/fill"
	"smartmail/bench/proc"
	"smartmail/testrig"
)

// plan is what the flags say.
type plan struct {
	sizes    []int // in messages, smallest first
	rounds   int
	calls    int // of each page, and as many replies in one session
	replies  int // in many sessions
	seed     uint64
	dir      string
	profiles string // folder; empty: none
}

func main() {
	p, err := parse(os.Args[1:])
	if err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "growth:", err)
		}
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err = run(ctx, os.Stdout, p)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "growth:", err)
		os.Exit(1)
	}
}

func parse(args []string) (p plan, err error) {
	f := flag.NewFlagSet("growth", flag.ContinueOnError)
	sizes := f.String("sizes", "10000,100000,1000000,5000000", "numbers of messages, with commas; the others are held against the smallest")
	f.IntVar(&p.rounds, "rounds", 3, "rounds; the tables have the smallest figure of them")
	f.IntVar(&p.calls, "calls", 200, "calls of each page, and replies in one session, in a round")
	f.IntVar(&p.replies, "replies", 2000, "replies in 20 sessions, in a round")
	f.Uint64Var(&p.seed, "seed", 1, "of what is made up")
	f.StringVar(&p.dir, "dir", ".", "folder, on a disk, in which stores are made for the time of the run")
	f.StringVar(&p.profiles, "profiles", "", "folder for a processor profile of each size's pages")
	if err := f.Parse(args); err != nil {
		return p, err
	}
	for text := range strings.SplitSeq(*sizes, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < smallest {
			return p, fmt.Errorf("-sizes: %q is no number of messages, %d at least", text, smallest)
		}
		p.sizes = append(p.sizes, n)
	}
	slices.Sort(p.sizes)
	if p.rounds < 1 || p.calls < 1 || p.replies < many {
		return p, fmt.Errorf("-rounds and -calls must be more than zero, -replies %d at least", many)
	}
	return p, nil
}

// bench is one run.
type bench struct {
	plan
	out    io.Writer
	folder string
	binary string
	zone   *testrig.Zone
	next   int // numbers mails
}

func run(ctx context.Context, out io.Writer, p plan) (err error) {
	folder, fs, remove, err := proc.Scratch(p.dir, "growth-data-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	b := &bench{plan: p, out: out, folder: folder}
	if b.binary, err = testrig.Build(ctx, folder); err != nil {
		return err
	}
	var records []string
	for _, domain := range fill.Domains() {
		records = append(records, domain+`. 3600 IN TXT "v=spf1 ip4:127.0.0.0/8 -all"`, "_dmarc."+domain+`. 3600 IN TXT "v=DMARC1; p=reject"`)
	}
	if b.zone, err = testrig.NewZone(records...); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.zone.Close()) }()
	b.say("%s\nthe smallest figures of %d rounds; times of one mail or call are medians within a round\n", proc.Machine(fs), p.rounds)
	return b.sizesInTurn(ctx)
}

// sizesInTurn measures each size in turns with the smallest.
func (b *bench) sizesInTurn(ctx context.Context) (err error) {
	small, err := b.makeStore(ctx, b.sizes[0])
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, small.remove()) }()
	others := b.sizes[1:]
	if len(others) == 0 {
		others = b.sizes // how the smallest does beside itself is what chance does
	}
	var last comparison
	for _, size := range others {
		c := comparison{small: b.sizes[0], big: size, load: loadAverage()}
		big := small
		if size != b.sizes[0] {
			if big, err = b.makeStore(ctx, size); err != nil {
				return err
			}
		}
		err := b.compare(ctx, &c, small, big)
		if big != small {
			err = errors.Join(err, big.remove())
		}
		if err != nil {
			return err
		}
		c.print(b.out)
		last = c
	}
	last.printGoals(b.out)
	b.say("nothing lost, nothing double: %d replies were answered 250, and each stands once on the case that it was sent to\n", b.next)
	return nil
}

// compare makes all rounds of two stores.
func (b *bench) compare(ctx context.Context, c *comparison, small, big *site) error {
	for n := range b.rounds {
		pair := []*site{small, big}
		if n%2 == 1 {
			slices.Reverse(pair)
		}
		for _, s := range pair {
			start := time.Now()
			f, err := b.round(ctx, s)
			if err != nil {
				return fmt.Errorf("%d messages: %w", s.messages, err)
			}
			if s == small {
				c.smalls = append(c.smalls, f)
			}
			if s == big {
				c.bigs = append(c.bigs, f)
			}
			fmt.Fprintf(os.Stderr, "round %d, %d messages: %v, load %s\n", n+1, s.messages, time.Since(start).Round(time.Second), loadAverage())
		}
	}
	return nil
}

func (b *bench) say(format string, args ...any) {
	_, _ = fmt.Fprintf(b.out, format, args...) // whoever reads this sees that it is cut
}

func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if f := strings.Fields(string(text)); err == nil && len(f) > 2 {
		return strings.Join(f[:3], " ")
	}
	return "unknown"
}
