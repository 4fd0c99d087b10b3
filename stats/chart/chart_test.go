package chart_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
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
		{"bars", chart.Chart{Labels: []string{"VVS", "El"}, Series: []chart.Series{{"a", []float64{12345, math.NaN()}}, {"b", []float64{0, 1.25}}}}, map[string]int{"rect": 1 + 3 + 2, "path": 0}, []string{"12\u202f345", "1.2", "VVS b: 0"}},
		{"lines", chart.Chart{Lines: true, Labels: []string{"1", "2", "3"}, Series: []chart.Series{{"", []float64{1, math.NaN(), 3}}}}, map[string]int{"circle": 2, "path": 1}, nil},
		{"too much", many, map[string]int{"circle": chart.MaxLabels * chart.MaxSeries, "path": chart.MaxSeries}, []string{"60 of 100 shown", "8 of 10 series shown", "day 99"}},
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
