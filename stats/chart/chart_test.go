package chart_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"smartmail/stats/chart"
)

// shapes counts the elements of an SVG, which is well-formed.
func shapes(t *testing.T, svg []byte) map[string]int {
	t.Helper()
	n := map[string]int{}
	for d := xml.NewDecoder(strings.NewReader(string(svg))); ; {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return n
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, svg)
		}
		if e, ok := tok.(xml.StartElement); ok {
			n[e.Name.Local]++
		}
	}
}

func TestSVG(t *testing.T) {
	many := chart.Chart{Lines: true}
	for i := range 100 {
		many.Labels = append(many.Labels, fmt.Sprint("day ", i))
	}
	for i := range 10 {
		many.Series = append(many.Series, chart.Series{Name: fmt.Sprint("class ", i), Values: make([]float64, 100)})
	}
	for _, x := range []struct {
		name  string
		chart chart.Chart
		want  map[string]int // elements; rect includes the ground, and one of the legend for each of several series
		says  []string
	}{
		{"nothing", chart.Chart{Title: "opened"}, map[string]int{"rect": 1, "circle": 0}, []string{"opened", "–"}},
		{"bars", chart.Chart{Labels: []string{"VVS", "El"}, Series: []chart.Series{{"a", []float64{12345, math.NaN()}}, {"b", []float64{0, 1.25}}}}, map[string]int{"rect": 1 + 3 + 2, "path": 0}, []string{"12\u202f345", "1,2", "VVS b: 0"}},
		{"few", chart.Chart{Whole: true, Labels: []string{"VVS"}, Series: []chart.Series{{"", []float64{2}}}}, map[string]int{"line": 3}, nil},
		{"in English", chart.Chart{Language: "en", Labels: []string{"VVS"}, Series: []chart.Series{{"", []float64{1.25}}}}, nil, []string{">1.2<"}},
		{"lines", chart.Chart{Lines: true, Labels: []string{"1", "2", "3"}, Series: []chart.Series{{"", []float64{1, math.NaN(), 3}}}}, map[string]int{"circle": 2, "path": 1}, nil},
		{"too much", many, map[string]int{"circle": chart.MaxLabels * chart.MaxSeries, "path": chart.MaxSeries}, []string{"60 av 100 visas", "8 av 10 serier visas", "day 99"}},
		{"hostile", chart.Chart{Title: `</title><script>x</script>`, Labels: []string{`"><image href="x"/>`}, Series: []chart.Series{{"&", []float64{1}}}}, map[string]int{"script": 0, "image": 0, "rect": 2}, nil},
	} {
		svg := x.chart.SVG()
		got := shapes(t, svg)
		for e, n := range x.want {
			if got[e] != n {
				t.Errorf("%s: %d of %s, want %d\n%s", x.name, got[e], e, n, svg)
			}
		}
		for _, s := range x.says {
			if !strings.Contains(string(svg), s) {
				t.Errorf("%s does not say %q\n%s", x.name, s, svg)
			}
		}
		if strings.Contains(string(svg), "NaN") || strings.Contains(string(svg), "Inf") {
			t.Errorf("%s: %s", x.name, svg)
		}
	}
}

// Labels below lines have room between them, however long and many they are.
func TestLabelsApart(t *testing.T) {
	label := regexp.MustCompile(`<text x="([0-9.]+)" y="[0-9.]+" text-anchor="middle"[^>]*>([^<]+)</text>`)
	for n := range chart.MaxLabels {
		c := chart.Chart{Lines: true, Series: []chart.Series{{Values: make([]float64, n+1)}}}
		for i := range n + 1 {
			c.Labels = append(c.Labels, fmt.Sprintf("2026-11-%02d", i))
		}
		end, shown := 0.0, 0
		for _, m := range label.FindAllStringSubmatch(string(c.SVG()), -1) {
			x, err := strconv.ParseFloat(m[1], 64)
			half := float64(len(m[2])) * 7 / 2
			if shown++; err != nil || x-half < end+6 {
				t.Errorf("of %d labels %s begins at %.0f, the one before ends at %.0f", n+1, m[2], x-half, end)
			}
			end = x + half
		}
		if shown == 0 || n > 20 && shown < 6 {
			t.Errorf("of %d labels %d are shown", n+1, shown)
		}
	}
}
