package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"smartmail/bench/proc"
)

// sampler looks at the program from outside.
type sampler struct {
	pid   int
	debug string // host:port of its debug pages
	start time.Time
}

func (s sampler) take(ctx context.Context) (out sample, err error) {
	out.at = time.Since(s.start)
	if out.heap, err = proc.Heap(ctx, s.debug); err != nil { // first, since it collects
		return out, err
	}
	count, err := proc.Goroutines(ctx, s.debug)
	if err != nil {
		return out, err
	}
	out.goroutines = int(count)
	open, err := os.ReadDir(filepath.Join("/proc", strconv.Itoa(s.pid), "fd"))
	if err != nil {
		return out, err
	}
	out.descriptors = len(open)
	if out.anonymous = proc.Resident(s.pid).Anon; out.anonymous == 0 {
		return out, fmt.Errorf("the system does not tell the anonymous memory of process %d", s.pid)
	}
	return out, nil
}
