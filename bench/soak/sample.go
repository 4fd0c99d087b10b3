package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// sampler looks at the program from outside.
type sampler struct {
	pid   int
	debug string // host:port of its debug pages
	start time.Time
}

func (s sampler) take(ctx context.Context) (out sample, err error) {
	out.at = time.Since(s.start)
	// First, since it collects: what was let go of is not counted. Nor are pages of the heap that are partly free: how many there
	// are is chance, and the runtime's affair.
	heap, err := s.number(ctx, "/debug/pprof/heap?gc=1&debug=1", "# HeapAlloc = ")
	if err != nil {
		return out, err
	}
	count, err := s.number(ctx, "/debug/pprof/goroutine?debug=1", "goroutine profile: total ")
	if err != nil {
		return out, err
	}
	out.heap, out.goroutines = heap, int(count)
	proc := filepath.Join("/proc", strconv.Itoa(s.pid))
	open, err := os.ReadDir(filepath.Join(proc, "fd"))
	if err != nil {
		return out, err
	}
	out.descriptors = len(open)
	status, err := os.ReadFile(filepath.Join(proc, "status"))
	if err != nil {
		return out, err
	}
	out.anonymous, err = anonymous(string(status))
	return out, err
}

// number reads the number behind a prefix of a line, of a debug page.
func (s sampler) number(ctx context.Context, page, prefix string) (int64, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.debug+page, nil)
	if err != nil {
		return 0, err
	}
	r.Close = true // so that the sampler's own connections are none of what it counts later
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer func() { _ = res.Body.Close() }()
	return numberIn(res.Body, prefix)
}

func numberIn(page io.Reader, prefix string) (int64, error) {
	lines := bufio.NewScanner(page)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if n, ok := strings.CutPrefix(lines.Text(), prefix); ok {
			return strconv.ParseInt(strings.TrimSpace(n), 10, 64)
		}
	}
	return 0, fmt.Errorf("no line begins with %q: %w", prefix, lines.Err())
}

// anonymous reads RssAnon of /proc/PID/status, in bytes.
func anonymous(status string) (int64, error) {
	for l := range strings.Lines(status) {
		if kb, ok := strings.CutPrefix(l, "RssAnon:"); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(kb), "kB")), 10, 64)
			return n << 10, err
		}
	}
	return 0, fmt.Errorf("the system does not tell RssAnon")
}
