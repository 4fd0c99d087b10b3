// Package chart draws bars and lines as SVG: small, readable on paper, the same bytes each time.
//
//	Chart → SVG
//
// Invariants:
//   - What is written is one SVG without script, style sheet or anything from elsewhere, whatever the texts are.
//   - A chart is bounded: what is over MaxLabels or MaxSeries is left out, and said below it.
package chart

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Chart is a table of numbers to be drawn: for each label a value of every series.
type Chart struct {
	Title  string
	Unit   string // below the title; may be empty
	Labels []string
	Series []Series
	Lines  bool // lines from left to right, for periods; else bars from top to bottom
	Whole  bool // values are counts: between whole numbers nothing is marked

	Language string // of what the chart says itself: "en", or else Swedish
}

// Series is a row of values, one for each label; NaN is none.
type Series struct {
	Name   string
	Values []float64
}

// Limits of a chart.
const (
	MaxLabels = 60
	MaxSeries = 8
)

const (
	width  = 960
	margin = 24
	head   = 76 // title, unit, legend
	plot   = 360
	bar    = 18

	letter    = 7.4 // width of one, about
	longLabel = 14  // letters of a label below the lines
)

// palette is told apart also by those who see red and green alike (Okabe and Ito).
func palette() [MaxSeries]string {
	return [MaxSeries]string{"#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#7a6a00", "#444444"}
}

// SVG draws the chart.
func (c Chart) SVG() []byte {
	d := &drawing{Chart: c, colours: palette()}
	d.bound()
	if c.Lines {
		d.lines()
	} else {
		d.bars()
	}
	return d.finish()
}

// drawing is a chart that is being drawn.
type drawing struct {
	Chart
	colours [MaxSeries]string
	cut     string // what is left out
	height  float64
	body    bytes.Buffer
}

func (d *drawing) bound() {
	labels, series := len(d.Labels), len(d.Series)
	if labels > MaxLabels {
		first := 0
		if d.Lines { // the newest
			first = labels - MaxLabels
		}
		d.Labels = d.Labels[first : first+MaxLabels]
		cut := make([]Series, series)
		for i, s := range d.Series {
			cut[i] = Series{s.Name, s.Values[min(first, len(s.Values)):min(first+MaxLabels, len(s.Values))]}
		}
		d.Series = cut
		d.cut = fmt.Sprintf(d.word("%d of %d shown", "%d av %d visas"), MaxLabels, labels)
	}
	if series > MaxSeries {
		d.Series = d.Series[:MaxSeries]
		d.cut += fmt.Sprintf(d.word("  %d of %d series shown", "  %d av %d serier visas"), MaxSeries, series)
	}
}

func (d *drawing) most() (most float64) {
	for _, s := range d.Series {
		for _, v := range s.Values {
			if v > most { // no NaN
				most = v
			}
		}
	}
	return most
}

// word is one of two by the language.
func (c Chart) word(english, swedish string) string {
	if c.Language == "en" {
		return english
	}
	return swedish
}

// steps divides 0 to most into four to ten round steps, or fewer whole ones.
func steps(most float64, whole bool) (step, top float64) {
	if most <= 0 || math.IsInf(most, 0) {
		return 1, 4
	}
	step = math.Pow(10, math.Floor(math.Log10(most)))
	for _, part := range []float64{0.2, 0.5, 1} {
		if most/(step*part) <= 6 {
			step *= part
			break
		}
	}
	if whole {
		step = max(step, 1)
	}
	return step, math.Ceil(most/step-1e-9) * step
}

func (d *drawing) add(format string, args ...any) { fmt.Fprintf(&d.body, format+"\n", args...) }

// text writes one line of text. anchor is start, middle or end.
func (d *drawing) text(x, y float64, anchor, extra, text string) {
	d.add(`<text x="%.1f" y="%.1f" text-anchor="%s"%s>%s</text>`, x, y, anchor, extra, escape(text))
}

const faint = ` fill="#555"`

func (d *drawing) lines() {
	step, top := steps(d.most(), d.Whole)
	left, right, base := 72.0, float64(width-margin), float64(head+plot)
	y := func(v float64) float64 { return base - v/top*plot }
	for v := 0.0; v <= top+step/2; v += step {
		d.add(`<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#ddd"/>`, left, y(v), right, y(v))
		d.text(left-8, y(v)+4, "end", faint, d.number(v))
	}
	n := len(d.Labels)
	x := func(i int) float64 { return left + (float64(i)+0.5)*(right-left)/float64(max(n, 1)) }
	widest := 0
	for _, l := range d.Labels {
		widest = max(widest, min(utf8.RuneCountInString(l), longLabel))
	}
	every := int(math.Ceil(float64(n) * (float64(widest)*letter + 20) / (right - left))) // with room between two
	for i, l := range d.Labels {
		if every > 0 && i%every == 0 {
			d.text(x(i), base+20, "middle", faint, clip(l, longLabel))
		}
	}
	for i, s := range d.Series {
		path, pen := "", "M"
		for j, v := range s.Values {
			if math.IsNaN(v) {
				pen = "M"
				continue
			}
			path += fmt.Sprintf("%s%.1f %.1f", pen, x(j), y(v))
			pen = "L"
			d.add(`<circle cx="%.1f" cy="%.1f" r="3.5" fill="%s"><title>%s</title></circle>`, x(j), y(v), d.colours[i], escape(d.Labels[j]+" "+s.Name+": "+d.number(v)))
		}
		if path != "" {
			d.add(`<path d="%s" fill="none" stroke="%s" stroke-width="2.5" stroke-linejoin="round"/>`, path, d.colours[i])
		}
	}
	d.height = base + 40
}

func (d *drawing) bars() {
	step, top := steps(d.most(), d.Whole)
	longest := 0
	for _, l := range d.Labels {
		longest = max(longest, min(utf8.RuneCountInString(l), 36))
	}
	left, right := margin+12+7.2*float64(longest), float64(width-margin-56)
	x := func(v float64) float64 { return left + v/top*(right-left) }
	row := float64(max(len(d.Series), 1)*bar + 12)
	base := head + row*float64(len(d.Labels))
	for v := 0.0; v <= top+step/2; v += step {
		d.add(`<line x1="%.1f" y1="%d" x2="%.1f" y2="%.1f" stroke="#ddd"/>`, x(v), head-4, x(v), base)
		d.text(x(v), base+18, "middle", faint, d.number(v))
	}
	for i, l := range d.Labels {
		y := head + row*float64(i)
		d.text(left-10, y+row/2, "end", "", clip(l, 36))
		for j, s := range d.Series {
			if i >= len(s.Values) || math.IsNaN(s.Values[i]) {
				continue
			}
			v, at := s.Values[i], y+float64(j*bar)+2
			d.add(`<rect x="%.1f" y="%.1f" width="%.1f" height="%d" rx="2" fill="%s"><title>%s</title></rect>`, left, at, max(x(v)-left, 0), bar-3, d.colours[j], escape(l+" "+s.Name+": "+d.number(v)))
			d.text(x(v)+6, at+12, "start", faint, d.number(v))
		}
	}
	d.height = base + 40
}

func (d *drawing) finish() []byte {
	var out bytes.Buffer
	height := d.height + 12
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%.0f" viewBox="0 0 %d %.0f" font-family="system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif" font-size="13" fill="#222" role="img">`+"\n", width, height, width, height)
	fmt.Fprintf(&out, "<title>%s</title>\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n", escape(d.Title))
	shown := d.body
	d.body = bytes.Buffer{}
	d.text(margin, 30, "start", ` font-size="18" font-weight="600"`, clip(d.Title, 90))
	d.text(margin, 50, "start", faint, clip(d.Unit, 120))
	d.legend()
	d.text(width-margin, d.height+2, "end", faint, d.cut)
	if len(d.Labels) == 0 {
		d.text(width/2, head+20, "middle", faint, "–")
	}
	out.Write(d.body.Bytes())
	out.Write(shown.Bytes())
	out.WriteString("</svg>\n")
	return out.Bytes()
}

// legend names the series where there are several, from the right.
func (d *drawing) legend() {
	if len(d.Series) < 2 {
		return
	}
	x := float64(width - margin)
	for i := len(d.Series) - 1; i >= 0; i-- {
		name := clip(d.Series[i].Name, 18)
		d.text(x, 64, "end", "", name)
		x -= 7.4*float64(utf8.RuneCountInString(name)) + 16
		d.add(`<rect x="%.1f" y="54" width="11" height="11" rx="2" fill="%s"/>`, x, d.colours[i])
		x -= 14
	}
}

// number writes a value as short as it is exact enough to read.
func (c Chart) number(v float64) string {
	if v == math.Trunc(v) || math.Abs(v) >= 1000 {
		return grouped(strconv.FormatFloat(math.Round(v), 'f', 0, 64))
	}
	return strings.Replace(strconv.FormatFloat(v, 'f', 1, 64), ".", c.word(".", ","), 1)
}

// grouped puts a narrow space between thousands.
func grouped(digits string) string {
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "\u202f" + digits[i:]
	}
	return digits
}

func clip(s string, most int) string {
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	return string(r[:most-1]) + "…"
}

func escape(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // which a buffer never fails
	return b.String()
}
