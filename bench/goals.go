package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// goal is what smartmail is to reach at a point: in proportion to another target in the same run, or as it is.
type goal struct {
	point   string
	what    measure
	against string // the other target; "": no proportion
	wanted  float64
}

// measure is a figure of a result.
type measure struct {
	title string
	of    func(result) float64
	low   bool // less is better
}

var (
	perSecond = measure{"mails/s", rateOf, false}
	medianMS  = measure{"p50 ms", func(r result) float64 { return r.p50.Seconds() * 1000 }, true}
	tailMS    = measure{"p99 ms", func(r result) float64 { return r.p99.Seconds() * 1000 }, true}
)

// goals are in the order of the table: of each point the first one, then what comes after it.
var goals = []goal{
	{"kept", perSecond, nameBare, 0.8},
	{"kept", perSecond, nameBare, 1},
	{"kept", perSecond, namePostfixDKIM, 12},
	{"each", perSecond, nameBare, 0.8},
	{"each", perSecond, namePostfixDKIM, 10},
	{"one", medianMS, nameBare, 1.3},
	{"one", medianMS, namePostfix, 1},
	{"offered", tailMS, "", 15},
	{"offered", tailMS, "", 10},
	{"100k", perSecond, nameBare, 0.8},
	{"100k", perSecond, namePostfix, 1.5},
	{"5m", perSecond, namePostfixDKIM, 1},
	{"5m", perSecond, namePostfix, 1},
	{outPoint, perSecond, namePostfix, 1},
	{outPoint, perSecond, namePostfix, 2},
}

// reached is what the results amount to; false where something was not measured.
func (g goal) reached(results []result) (float64, bool) {
	own := figures(results, nameSmartmail, g.point, g.what)
	if len(own) == 0 {
		return 0, false
	}
	if g.against == "" {
		return median(own), true
	}
	base := median(figures(results, g.against, g.point, g.what))
	if base == 0 {
		return 0, false
	}
	return median(own) / base, true
}

func figures(results []result, target, point string, m measure) []float64 {
	return pick(at(results, target, point), m.of)
}

// printGoals writes what was wanted and what was reached at the points that were measured. It judges, and fails nothing.
func printGoals(w io.Writer, results []result) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "load\tfigure\tbeside\twanted\treached\t")
	for _, g := range goals {
		if len(at(results, nameSmartmail, g.point)) == 0 {
			continue
		}
		word, beside := "at least", g.against
		if g.what.low {
			word = "at most"
		}
		unit := " x"
		if beside == "" {
			beside, unit = "-", " ms"
		}
		cells := []string{g.point, g.what.title, beside, fmt.Sprintf("%s %g%s", word, g.wanted, unit), "not measured", ""}
		if got, ok := g.reached(results); ok {
			cells[4], cells[5] = fmt.Sprintf("%.2f%s", got, unit), "no"
			if got == g.wanted || g.what.low == (got < g.wanted) {
				cells[5] = "yes"
			}
		}
		_, _ = fmt.Fprintln(t, strings.Join(cells, "\t"))
	}
	_ = t.Flush() // whoever reads this sees that it is cut
}
