// Command cases measures lists, searches and reads through the API over stores of many cases, and prints the times as a table.
//
//	fill (seeded) → store → follower → derived store → the API on loopback → calls one after the other → median, p99
//
// The cases are made up by package fill; the way in is what the other benchmark measures. Nothing else runs in the process while it is measured, and everything is on disk.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"smartmail/bench/fill"
)

func main() {
	sizes := flag.String("sizes", "10000,100000,1000000", "numbers of cases, with commas")
	seed := flag.Uint64("seed", 1, "of the generator")
	calls := flag.Int("calls", 50, "calls of each kind")
	dir := flag.String("dir", os.TempDir(), "folder for the stores, which are removed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Stdout, *sizes, *seed, *calls, *dir)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "cases:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, sizes string, seed uint64, calls int, dir string) error {
	for text := range strings.SplitSeq(sizes, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 100 {
			return fmt.Errorf("size %q: a number of cases, 100 at least", text)
		}
		if err := point(ctx, out, n, seed, calls, dir); err != nil {
			return fmt.Errorf("%d cases: %w", n, err)
		}
	}
	return nil
}

// point measures a store of n cases.
func point(ctx context.Context, out io.Writer, n int, seed uint64, calls int, dir string) (err error) {
	folder, err := os.MkdirTemp(dir, "smartmail-cases-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	h, err := openHouse(ctx, folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()

	start := time.Now()
	g := fill.New(fill.Options{Org: org, Seed: seed, Cases: n})
	if err := g.Fill(ctx, h.source); err != nil {
		return err
	}
	filled := time.Since(start)
	if err := h.admit(ctx); err != nil {
		return err
	}
	start = time.Now()
	if err := h.follower.CatchUp(ctx); err != nil {
		return err
	}
	indexed := time.Since(start)
	_, err = fmt.Fprintf(out, "\n%d cases: made in %v (%s), index derived in %v (%s)\n\n%-46s %9s %9s %7s\n", n, filled.Round(time.Second), size(folder, sourceFile),
		indexed.Round(time.Second), size(folder, derivedFile), "call", "p50 ms", "p99 ms", "items")
	if err != nil {
		return err
	}
	for _, k := range kinds(g) {
		r, err := h.measure(ctx, k, calls, seed)
		if err != nil {
			return fmt.Errorf("%s: %w", k.name, err)
		}
		if _, err := fmt.Fprintf(out, "%-46s %9.2f %9.2f %7d\n", k.name, ms(r.p50), ms(r.p99), r.items); err != nil {
			return err
		}
	}
	return nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func size(folder, file string) string {
	info, err := os.Stat(filepath.Join(folder, file))
	if err != nil {
		return "?"
	}
	return fmt.Sprintf("%d MiB", info.Size()>>20)
}
