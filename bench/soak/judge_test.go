package main

import (
	"strings"
	"testing"
	"time"
)

// run makes a minute of samples a second apart whose heap is told.
func samples(heap func(second int) int64) (out []sample) {
	for n := range 60 {
		out = append(out, sample{at: time.Duration(n) * time.Second, heap: heap(n)})
	}
	return out
}

// A leak is told from noise, from a cache that fills a little, and from what shrinks.
func TestJudge(t *testing.T) {
	const mib = 1 << 20
	saw := func(n int) int64 { return int64(n*7919%13) * mib }
	idle := sample{goroutines: 30, descriptors: 20}
	for _, tt := range []struct {
		name  string
		after sample
		heap  func(int) int64
		want  string
	}{
		{"level", idle, func(int) int64 { return 100 * mib }, ""},
		{"noise", idle, func(n int) int64 { return 100*mib + saw(n) }, ""},
		{"a little", idle, func(n int) int64 { return 100*mib + int64(n)*mib/10 }, ""},
		{"shrinks", idle, func(n int) int64 { return 200*mib - int64(n)*mib }, ""},
		{"leaks", idle, func(n int) int64 { return 100*mib + int64(n)*mib + saw(n) }, "the heap grew by"},
		{"goroutines", sample{goroutines: 36, descriptors: 20}, saw, "36 goroutines are left"},
		{"descriptors", sample{goroutines: 30, descriptors: 26}, saw, "26 descriptors are left"},
		{"a few", sample{goroutines: 35, descriptors: 25}, saw, ""},
	} {
		got := strings.Join(judge(idle, tt.after, samples(tt.heap)), "; ")
		if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestFitOfFew(t *testing.T) {
	for n := range 3 {
		if l := fit(samples(func(int) int64 { return 1 })[:n], func(s sample) int64 { return s.heap }); l.leaks() || l.slope != 0 {
			t.Errorf("%d samples: %+v", n, l)
		}
	}
}

func TestParsePlace(t *testing.T) {
	for text, want := range map[string]place{
		"2.0.0 OK case=12 entry=abc": {Entry: "abc"},
		"2.0.0 OK triage=x1":         {Triage: "x1"},
		"2.0.0 sure":                 {},
	} {
		if got, err := parsePlace(text); got != want || (err == nil) != (want != place{}) {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}
