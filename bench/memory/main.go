// Command memory measures what the program takes of memory when much comes at once.
//
//	big    as many sessions as wanted, each in the middle of a big mail, all brought to their end together: with a picture, and one HTML text
//	idle   very many connections that said EHLO and say nothing more, with mail flowing beside them
//
// The program runs as a process of its own with its store on a disk; what counts is the most of its anonymous pages that /proc shows,
// sampled. Mapped files, such as the database, are pages that the kernel takes back when it needs them.
//
// A figure over what was wanted is told and fails nothing. A mail that was answered 250 and is not stored once and whole does, or a
// connection that was not kept.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"text/tabwriter"
	"time"

	"smartmail/bench/proc"
	"smartmail/testrig"
)

// plan is what the flags say.
type plan struct {
	sessions int // with a big mail
	size     int // of it, bytes
	idle     int // connections
	flow     time.Duration
	dir      string
}

func main() {
	p := plan{}
	flag.IntVar(&p.sessions, "sessions", 64, "sessions at once with a big mail")
	flag.IntVar(&p.size, "size", 25_000_000, "bytes of a big mail")
	flag.IntVar(&p.idle, "idle", 10_000, "connections that say nothing")
	flag.DurationVar(&p.flow, "for", 10*time.Second, "how long mail flows beside them")
	flag.StringVar(&p.dir, "dir", ".", "folder, on a disk, for the stores, which are removed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, p)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "memory:", err)
		os.Exit(1)
	}
}

// result is a row of the table.
type result struct {
	trial    string
	most     int64 // wanted, bytes
	rest     int64 // anonymous memory before it
	peak     int64 // and the most of it meanwhile
	mails    int   // that were answered 250
	answered time.Duration
}

// bench is one run.
type bench struct {
	plan
	folder, binary string
	zone           *testrig.Zone
	who            *testrig.Identity
}

func run(ctx context.Context, out io.Writer, p plan) (err error) {
	if err := allow(p.idle + p.sessions + spare); err != nil {
		return err
	}
	folder, fs, remove, err := proc.Scratch(p.dir, "memory-data-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	b := &bench{plan: p, folder: folder}
	if b.binary, err = testrig.Build(ctx, folder); err != nil {
		return err
	}
	if b.who, err = testrig.NewIdentity(folder, "hem.example"); err != nil {
		return err
	}
	if b.zone, err = testrig.NewZone(b.who.Records()...); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.zone.Close()) }()
	_, _ = fmt.Fprintf(out, "%s\n\n", proc.Machine(fs))
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	defer func() { err = errors.Join(err, t.Flush()) }()
	_, _ = fmt.Fprintln(t, "anonymous memory, MiB\twanted\treached\t\tbefore\tmails\tin")
	for _, trial := range b.trials() {
		r, err := b.try(ctx, trial)
		if err != nil {
			return fmt.Errorf("%s: %w", trial.name, err)
		}
		r.print(t)
	}
	return nil
}

func (r result) print(out io.Writer) {
	verdict := "yes"
	if r.peak >= r.most {
		verdict = "missed"
	}
	_, _ = fmt.Fprintf(out, "%s\tunder %d\t%d\t%s\t%d\t%d\t%v\n", r.trial, r.most>>20, r.peak>>20, verdict, r.rest>>20, r.mails, r.answered.Round(100*time.Millisecond))
}

// spare is how many descriptors a process has besides connections.
const spare = 300

// allow has this process and those that it starts hold so many descriptors, or says what is missing.
func allow(descriptors int) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("limit of descriptors: %w", err)
	}
	need := uint64(descriptors)
	if limit.Max >= need {
		need = limit.Max
	}
	// Set even where it is high enough: the runtime has raised its own limit alone, and gives the old one to what it starts.
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: need, Max: max(limit.Max, need)}); err != nil {
		return fmt.Errorf("%d descriptors are needed and %d are allowed: raise the limit (ulimit -Hn %d), or take a smaller -idle", descriptors, limit.Max, descriptors)
	}
	return nil
}
