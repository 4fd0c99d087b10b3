// Command soak runs the real program under mixed load for long, and fails where it leaks or loses.
//
//	load (mails in, broken mails, peers that leave or dawdle, API, mails out to a sink) → program ← sampler (/proc, /debug/pprof)
//	load stops → outbox drains → goroutines and descriptors against what they were → lines through memory → verify → every answer kept
//
// It fails when
//   - a goroutine or a descriptor is left once the load has stopped and what was idle has been closed;
//   - what a collection leaves of the heap grows along a line that is no accident, by more than a small part of it, after the warm-up;
//   - verify tells of a fault, or the program does not stop as it should;
//   - a mail that was answered 250 is not in the log of events or in triage, or is there twice.
//
// Anonymous memory outside the heap is shown and not judged: the runtime gives pages back when it likes.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	length := flag.Duration("for", 30*time.Minute, "how long the load lasts")
	every := flag.Duration("every", 10*time.Second, "between samples, or a sixtieth of the length where that is less")
	seed := flag.Uint64("seed", 1, "of what is sent when")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, plan{length: *length, every: min(*every, max(*length/60, time.Second)), seed: *seed})
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}
