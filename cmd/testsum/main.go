// Command testsum runs go test and ends with one summary: what failed, and what was skipped with its reason.
//
//	go run ./cmd/testsum [-no-skips] -- go test ./...
//
// go test without -v hides skipped tests, and a test that did not run is no test that passed.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// event is a line of go test -json (go doc test2json).
type event struct {
	Action, Package, Test, Output, ImportPath string
	Elapsed                                   float64
}

type key struct{ pkg, test string }

// summary collects what the run says.
type summary struct {
	output                  map[key][]string
	passed, failed, skipped int
	skips, fails            []string
}

func main() {
	noSkips := flag.Bool("no-skips", false, "a skipped test is a failure")
	flag.Parse()
	os.Exit(run(flag.Args(), *noSkips, os.Stdout))
}

func run(args []string, noSkips bool, w io.Writer) int {
	i := slices.Index(args, "test")
	if i < 0 {
		_, _ = fmt.Fprintln(w, "testsum: usage: testsum [-no-skips] -- go test [flags] packages")
		return 2
	}
	args = slices.Insert(slices.Clone(args), i+1, "-json")
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		_, _ = fmt.Fprintln(w, "testsum:", err)
		return 1
	}
	s := summary{output: map[key][]string{}}
	s.read(out, w)
	err = cmd.Wait()
	s.print(w)
	switch {
	case err != nil:
		return 1
	case s.passed == 0:
		_, _ = fmt.Fprintln(w, "testsum: no test ran")
		return 1
	case noSkips && s.skipped > 0:
		_, _ = fmt.Fprintln(w, "testsum: nothing may be skipped in this run")
		return 1
	}
	return 0
}

func (s *summary) read(r io.Reader, w io.Writer) {
	br := bufio.NewReader(r)
	for {
		line, err := br.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil {
				_, _ = w.Write(line) // a compiler's words
			} else {
				s.add(e, w)
			}
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				_, _ = fmt.Fprintln(w, "testsum:", err)
			}
			return
		}
	}
}

func (s *summary) add(e event, w io.Writer) {
	k := key{e.Package, e.Test}
	switch e.Action {
	case "output", "build-output":
		if e.Action == "build-output" {
			_, _ = io.WriteString(w, e.Output)
			return
		}
		s.output[k] = append(s.output[k], e.Output)
		return
	case "pass", "fail", "skip":
	default:
		return
	}
	if e.Test == "" {
		// What a package prints outside its tests: its result line, a panic, a build that failed.
		for _, line := range s.output[k] {
			if e.Action == "fail" || strings.HasPrefix(line, "ok ") {
				_, _ = io.WriteString(w, line)
			}
		}
		delete(s.output, k)
		return
	}
	switch e.Action {
	case "pass":
		s.passed++
	case "fail":
		s.failed++
		s.fails = append(s.fails, e.Package+" "+e.Test)
		_, _ = io.WriteString(w, strings.Join(s.output[k], ""))
	case "skip":
		s.skipped++
		s.skips = append(s.skips, fmt.Sprintf("%s %s: %s", e.Package, e.Test, reason(s.output[k])))
	}
	delete(s.output, k)
}

// reason is what a test said when it skipped itself.
func reason(lines []string) string {
	var words []string
	for _, l := range lines {
		l = strings.TrimSpace(l)
		if l == "" || strings.HasPrefix(l, "===") || strings.HasPrefix(l, "---") {
			continue
		}
		if _, after, ok := strings.Cut(l, ".go:"); ok {
			_, l, _ = strings.Cut(after, ": ")
		}
		words = append(words, l)
	}
	if len(words) == 0 {
		return "no reason given"
	}
	return strings.Join(words, " ")
}

func (s *summary) print(w io.Writer) {
	if len(s.skips) > 0 {
		slices.Sort(s.skips)
		_, _ = fmt.Fprintf(w, "\nNot run, and not counted as passed:\n")
		for _, line := range s.skips {
			_, _ = fmt.Fprintln(w, "  "+line)
		}
	}
	if len(s.fails) > 0 {
		_, _ = fmt.Fprintf(w, "\nFailed:\n")
		for _, line := range s.fails {
			_, _ = fmt.Fprintln(w, "  "+line)
		}
	}
	_, _ = fmt.Fprintf(w, "\n%d passed, %d failed, %d skipped\n", s.passed, s.failed, s.skipped)
}
