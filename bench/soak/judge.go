package main

import (
	"fmt"
	"math"
	"time"
)

// sample is what the program holds at one moment.
type sample struct {
	at                      time.Duration // since the load began
	goroutines, descriptors int
	anonymous, heap         int64 // bytes: RssAnon; what is left of the heap after a collection
}

// line is a straight line through points, by least squares.
type line struct {
	slope float64 // bytes a second
	t     float64 // how many times its own standard error the slope is
	mean  float64
	span  float64 // seconds
}

// grows is how much the line rises from its beginning to its end, in bytes.
func (l line) grows() float64 { return l.slope * l.span }

// fit puts a line through what of returns of the samples.
func fit(samples []sample, of func(sample) int64) line {
	n := float64(len(samples))
	if n < 3 {
		return line{}
	}
	var sx, sy float64
	for _, s := range samples {
		sx, sy = sx+s.at.Seconds(), sy+float64(of(s))
	}
	mx, my := sx/n, sy/n
	var sxx, sxy float64
	for _, s := range samples {
		dx := s.at.Seconds() - mx
		sxx, sxy = sxx+dx*dx, sxy+dx*(float64(of(s))-my)
	}
	l := line{mean: my, span: (samples[len(samples)-1].at - samples[0].at).Seconds()}
	if sxx == 0 {
		return l
	}
	l.slope = sxy / sxx
	var rest float64
	for _, s := range samples {
		e := float64(of(s)) - my - l.slope*(s.at.Seconds()-mx)
		rest += e * e
	}
	switch wrong := math.Sqrt(rest / (n - 2) / sxx); {
	case wrong > 0:
		l.t = l.slope / wrong
	case l.slope != 0:
		l.t = math.Copysign(math.Inf(1), l.slope)
	}
	return l
}

// What of growth is a leak: one that chance does not explain, and that is more than the filling of what is bounded.
const (
	certain   = 4.0      // standard errors
	smallPart = 0.10     // of the mean
	small     = 16 << 20 // bytes
	leftOver  = 5        // goroutines or descriptors more than before the load: a timer's, a sample's
)

// leaks tells whether the line through the heap rises for a reason.
func (l line) leaks() bool {
	return l.t > certain && l.grows() > max(smallPart*l.mean, small)
}

// judge lists what is wrong. before is the idle program, after the one that the load has left.
func judge(before, after sample, during []sample) (faults []string) {
	for _, c := range []struct {
		what        string
		before, now int
	}{{"goroutines", before.goroutines, after.goroutines}, {"descriptors", before.descriptors, after.descriptors}} {
		if c.now > c.before+leftOver {
			faults = append(faults, fmt.Sprintf("%d %s are left of the load, %d were there before it", c.now, c.what, c.before))
		}
	}
	if l := fit(during, func(s sample) int64 { return s.heap }); l.leaks() {
		faults = append(faults, fmt.Sprintf("the heap grew by %.1f MiB in %.0f s (%.1f standard errors), of %.1f MiB on the average", l.grows()/(1<<20), l.span, l.t, l.mean/(1<<20)))
	}
	return faults
}
