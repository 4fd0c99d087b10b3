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
func (b *bench) at(target string, sessions, kib int) []result {
	return slices.DeleteFunc(slices.Clone(b.results), func(r result) bool {
		return r.target != target || r.sessions != sessions || r.kib != kib
	})
}

// print writes the table: medians over the rounds, and ratios of those of the same run.
func (b *bench) print(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(t, strings.Join([]string{"size", "sessions", "target", "mails/s", "lowest", "highest", "p50 ms", "p99 ms",
		"CPU ms/mail", "client ms/mail", "peak MiB", "others", "x postfix", "x bare", ""}, "\t"))
	for _, kib := range b.opt.sizes {
		for _, sessions := range b.opt.sessions {
			for _, target := range b.targets {
				b.row(t, target, sessions, kib)
			}
		}
	}
	_ = t.Flush() // whoever reads this sees that it is cut
}

func (b *bench) row(t io.Writer, target target, sessions, kib int) {
	rs := b.at(target.name(), sessions, kib)
	cells := []string{fmt.Sprintf("%d KiB", kib), fmt.Sprint(sessions), target.name()}
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
			fmt.Sprintf("%.0f", float64(median(pick(rs, func(r result) int64 { return r.memory })))/(1<<20)),
			fmt.Sprintf("%.0f%%", 100*median(pick(rs, func(r result) float64 { return r.foreign }))),
			b.ratio(rates, namePostfix, sessions, kib), b.ratio(rates, nameBare, sessions, kib))
	}
	_, _ = fmt.Fprintln(t, strings.Join(cells, "\t")+"\t")
}

// ratio compares with another target at the same point.
func (b *bench) ratio(rates []float64, other string, sessions, kib int) string {
	base := median(pick(b.at(other, sessions, kib), rateOf))
	if base == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", median(rates)/base)
}

func millis(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()*1000) }
