package proc

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// Heap is what collections leave of the heap of a Go program that shows its debug pages at host:port, in bytes. It collects twice, for
// what lies in a sync.Pool outlives the first time; what was let go of is not counted, nor are pages of the heap that are partly free.
func Heap(ctx context.Context, debug string) (left int64, err error) {
	for range 2 {
		if left, err = Number(ctx, "http://"+debug+"/debug/pprof/heap?gc=1&debug=1", "# HeapAlloc = "); err != nil {
			return 0, err
		}
	}
	return left, nil
}

// Goroutines is how many such a program has.
func Goroutines(ctx context.Context, debug string) (int64, error) {
	return Number(ctx, "http://"+debug+"/debug/pprof/goroutine?debug=1", "goroutine profile: total ")
}

// Number reads the whole number behind the prefix of a line of a page.
func Number(ctx context.Context, url, prefix string) (int64, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	r.Close = true // so that one's own connections are none of what is counted later
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer func() { _ = res.Body.Close() }() // read only
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
