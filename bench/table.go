package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// median of values; 0 of none.
func median[T cmp.Ordered](values []T) T {
	var none T
	if len(values) == 0 {
		return none
	}
	return slices.Sorted(slices.Values(values))[len(values)/2]
}

func pick[T any](rs []result, field func(result) T) []T {
	var out []T
	for _, r := range rs {
		out = append(out, field(r))
	}
	return out
}

func rateOf(r result) float64 { return r.rate }

// at are the results of a target at a point.
func at(results []result, target, point string) []result {
	return slices.DeleteFunc(slices.Clone(results), func(r result) bool { return r.target != target || r.point != point })
}

// print writes the table: medians over the rounds, and ratios of those of the same run.
func (b *bench) print(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(t, strings.Join([]string{"load", "target", "mails/s", "lowest", "highest", "p50 ms", "p99 ms", "CPU ms/mail",
		"client ms/mail", "anon MiB", "file MiB", "others", "x postfix", "x +opendkim", "x bare", ""}, "\t"))
	for _, p := range b.opt.points {
		for _, target := range b.targets {
			b.row(t, target, p)
		}
	}
	_ = t.Flush() // whoever reads this sees that it is cut
	for _, p := range b.opt.points {
		_, _ = fmt.Fprintf(w, "%s: %s\n", p.name, p)
	}
}

func (b *bench) row(t io.Writer, target target, p point) {
	rs := at(b.results, target.name(), p.name)
	cells := []string{p.name, target.name()}
	switch {
	case target.missing() != "":
		cells = append(cells, target.missing())
	case len(rs) == 0:
		cells = append(cells, "not measured")
	default:
		rates := pick(rs, rateOf)
		cells = append(cells,
			fmt.Sprintf("%.0f", median(rates)), fmt.Sprintf("%.0f", slices.Min(rates)), fmt.Sprintf("%.0f", slices.Max(rates)),
			millis(median(pick(rs, func(r result) time.Duration { return r.p50 }))),
			millis(median(pick(rs, func(r result) time.Duration { return r.p99 }))),
			millis(median(pick(rs, func(r result) time.Duration { return r.cpu }))),
			millis(median(pick(rs, func(r result) time.Duration { return r.clientCPU }))),
			fmt.Sprint(median(pick(rs, func(r result) int64 { return r.memory.Anon }))>>20),
			fmt.Sprint(median(pick(rs, func(r result) int64 { return r.memory.File }))>>20),
			fmt.Sprintf("%.0f%%", 100*median(pick(rs, func(r result) float64 { return r.foreign }))),
			b.ratio(rates, namePostfix, p), b.ratio(rates, namePostfixDKIM, p), b.ratio(rates, nameBare, p))
	}
	_, _ = fmt.Fprintln(t, strings.Join(cells, "\t")+"\t")
}

// ratio compares with another target at the same point.
func (b *bench) ratio(rates []float64, other string, p point) string {
	base := median(pick(at(b.results, other, p.name), rateOf))
	if base == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", median(rates)/base)
}

func millis(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()*1000) }
