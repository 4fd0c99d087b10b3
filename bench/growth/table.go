package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// comparison is what was found of a store beside the smallest one.
type comparison struct {
	small, big   int // messages
	smalls, bigs []figures
	load         string
}

// order is how the table has the figures.
func order() []figure {
	all := []figure{greeted, answering, anonymous, heap, mapped, oneReply, oneTail, manyReply, manyPace, replyCPU, coldReply}
	for _, p := range pages() {
		all = append(all, p.name)
	}
	return all
}

// goal is a figure of the biggest store: in proportion to that of the smallest, or as it is.
type goal struct {
	figure
	most     float64
	absolute bool
}

func goals() []goal {
	all := []goal{{greeted, 2, true}, {answering, 2, true}}
	for _, f := range order() {
		if !slices.Contains([]figure{greeted, answering, mapped, coldReply, oneTail}, f) {
			all = append(all, goal{figure: f, most: 1.3})
		}
	}
	return all
}

// least is the smallest of the rounds: what neighbours on the machine do makes a figure bigger, never smaller.
func least(of []figures, f figure) float64 {
	if len(of) == 0 {
		return 0
	}
	found := of[0][f]
	for _, one := range of[1:] {
		found = min(found, one[f])
	}
	return found
}

// ratio is how many times the figure of the smallest that of the other is.
func (c comparison) ratio(f figure) float64 {
	if base := least(c.smalls, f); base > 0 {
		return least(c.bigs, f) / base
	}
	return 0
}

func (c comparison) print(out io.Writer) {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(t, "\nload %s before it\t%d messages\t%d messages\ttimes\n", c.load, c.small, c.big)
	for _, f := range order() {
		_, _ = fmt.Fprintf(t, "%s\t%.2f\t%.2f\t%.2f\n", f, least(c.smalls, f), least(c.bigs, f), c.ratio(f))
	}
	_ = t.Flush() // whoever reads this sees that it is cut
}

// printGoals writes what was wanted and what was reached. It judges, and fails nothing.
func (c comparison) printGoals(out io.Writer) {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(t, "\n%d messages beside %d\twanted\treached\t\n", c.big, c.small)
	for _, g := range goals() {
		wanted, got, unit := fmt.Sprintf("at most %g x", g.most), c.ratio(g.figure), " x"
		if g.absolute {
			wanted, got, unit = fmt.Sprintf("at most %g", g.most), least(c.bigs, g.figure), ""
		}
		verdict := "yes"
		if got > g.most {
			verdict = "missed"
		}
		_, _ = fmt.Fprintln(t, strings.Join([]string{string(g.figure), wanted, fmt.Sprintf("%.2f%s", got, unit), verdict}, "\t"))
	}
	_ = t.Flush() // whoever reads this sees that it is cut
}
