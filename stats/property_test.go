package stats_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"smartmail/casework"
	"smartmail/grammar"
	"smartmail/property"
	"smartmail/stats"
)

// Whatever becomes of cases, the figures are what a walk over all of them and their entries gives, for any question in any scope.
func TestFiguresAreThoseOfAWalk(t *testing.T) {
	source, index, org := open(t), &stats.Index{Store: open(t)}, 0
	rapid.Check(t, func(r *rapid.T) {
		org++
		h := houseOf(t, casework.OrgID(fmt.Sprint("o", org)), source, index)
		now := noon
		for range rapid.IntRange(1, 40).Draw(r, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(1, 40*24*60).Draw(r, "minutes")) * time.Minute)
			n := casework.CaseNumber(rapid.SampledFrom([]uint64{1, 2, 3, 63, 64, 65, 1 << 30}).Draw(r, "case"))
			h.do(n, drawCommand(r, n, h.cases[n], now), now)
			if rapid.IntRange(0, 4).Draw(r, "late") == 0 {
				h.catchUp()
			}
		}
		h.catchUp()
		for range 6 {
			q := drawQuery(r, now)
			got, want := h.figures(q), walk(h, q)
			if a, b := show(got), show(want); a != b {
				r.Fatalf("%+v\nfigures:\n%s\na walk:\n%s", q, a, b)
			}
		}
	})
}

func drawCommand(r *rapid.T, n casework.CaseNumber, c casework.Case, now time.Time) casework.Command {
	if c.CreatedAt.IsZero() {
		return casework.Open{Subject: "x", Class: drawClass(r), Object: drawObject(r), Priority: casework.Priority(rapid.SampledFrom([]string{"", "0", "7", "90"}).Draw(r, "priority"))}
	}
	o := casework.OrderNo(rapid.IntRange(1, 3).Draw(r, "order"))
	supplier := rapid.SampledFrom([]string{"rör@s.example", "el@s.example"}).Draw(r, "supplier")
	switch rapid.IntRange(0, 9).Draw(r, "what") {
	case 0:
		class, object, who := drawClass(r), drawObject(r), rapid.SampledFrom([]string{"", "bo", "Eva@x.example"}).Draw(r, "assignee")
		return casework.Edit{Class: &class, Object: &object, Assignee: &who}
	case 1, 2:
		s := rapid.SampledFrom(casework.Statuses()).Draw(r, "status")
		return casework.Edit{Status: &s}
	case 3:
		return casework.Edit{Fields: map[string]string{"status": "closed", "order": "done"}}
	case 4, 5:
		out := casework.MailOut{Deadline: now.AddDate(0, 0, 5), PriceCap: 100_00, Quote: rapid.Bool().Draw(r, "quote")}
		return casework.Order{Email: supplier, MailOut: out}
	case 6:
		return rapid.SampledFrom([]casework.Command{casework.WithdrawOrder{Order: o}, casework.ChooseOffer{Order: o}, casework.AddParticipant{Kind: casework.LaneSupplier, Email: "tyst@s.example"}}).Draw(r, "end")
	default:
		kind := rapid.SampledFrom([]grammar.Kind{grammar.Accept, grammar.Decline, grammar.Booked, grammar.Done, grammar.Time, grammar.Material, grammar.Price, grammar.Travel}).Draw(r, "kind")
		said := grammar.Command{Kind: kind, Minutes: 90, Quantity: 2000, Ore: 45_00, Metres: 5000, Priced: true, From: now.AddDate(0, 0, 1)}
		return casework.AnswerOrder{Order: o, Sender: casework.Verified, Said: []grammar.Command{said}}
	}
}

func drawClass(r *rapid.T) string {
	return rapid.SampledFrom([]string{"", "VVS", "VVS > Blandare", "VVSX", "El"}).Draw(r, "class")
}

func drawObject(r *rapid.T) string {
	return rapid.SampledFrom([]string{"", "oak-1", "oak-2", "oak-a", "elm-1", "elsewhere"}).Draw(r, "object")
}

func drawQuery(r *rapid.T, now time.Time) stats.Query {
	q := stats.Query{Now: now, Scope: drawFilter(r), Where: drawFilter(r), Location: time.FixedZone("x", 3*3600)}
	bys := rapid.Permutation(stats.Bys()).Draw(r, "by")
	for _, b := range bys[:rapid.IntRange(0, stats.MaxBy).Draw(r, "dimensions")] {
		if !b.Period() || !slices.ContainsFunc(q.By, stats.By.Period) {
			q.By = append(q.By, b)
		}
	}
	if rapid.Bool().Draw(r, "from") {
		q.From = noon.AddDate(0, 0, rapid.IntRange(-10, 100).Draw(r, "from"))
	}
	if rapid.Bool().Draw(r, "to") {
		q.To = noon.AddDate(0, 0, rapid.IntRange(101, 400).Draw(r, "to"))
	}
	return q
}

func drawFilter(r *rapid.T) (f stats.Filter) {
	maybe := func() bool { return rapid.IntRange(0, 3).Draw(r, "filter?") == 0 }
	if maybe() {
		f.Objects = []property.ID{rapid.SampledFrom([]property.ID{"north", "elm", "oak-1", "elsewhere"}).Draw(r, "objects")}
	}
	if maybe() {
		f.Classes = []string{rapid.SampledFrom([]string{"VVS", "El", "VVS > Blandare"}).Draw(r, "classes"), "none"}
	}
	if maybe() {
		f.Segments = []string{rapid.SampledFrom([]string{"family", "student", "none"}).Draw(r, "segments")}
	}
	if maybe() {
		f.Suppliers = []string{rapid.SampledFrom([]string{"rör@s.example", "tyst@s.example"}).Draw(r, "suppliers")}
	}
	if maybe() {
		f.Technicians = []string{"eva@x.example"}
	}
	return f
}

// show writes a table so that two can be compared. Of people it leaves the digest, and rows of periods in which nothing happened it leaves out.
func show(t stats.Table) string {
	lines := []string{fmt.Sprintf("total %+v", t.Total)}
	for _, r := range t.Rows {
		floor := r.SquareMetres
		if r.SquareMetres = 0; r.Figures == (stats.Figures{}) {
			continue
		}
		r.SquareMetres = floor
		ids := []string{}
		for _, k := range r.Keys {
			ids = append(ids, k.ID)
		}
		lines = append(lines, fmt.Sprintf("%q %+v", ids, r.Figures))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// walk computes a table from the cases themselves, one question after the other.
func walk(h *house, q stats.Query) stats.Table {
	w := &walked{q: q, rows: map[string]*walkedRow{}}
	for _, n := range slices.Sorted(maps.Keys(h.cases)) {
		if f := life(h.cases[n], h.entries[n]); f.fits(q.Scope, false) {
			w.seen = append(w.seen, f)
		}
	}
	for _, f := range w.seen {
		if f.fits(q.Where, true) {
			w.add(f)
		}
	}
	t := stats.Table{Total: w.total.figures(600)}
	t.Total.SquareMetres = floor(q)
	for _, r := range w.rows {
		row := stats.Row{Figures: r.figures(t.Total.SquareMetres)}
		for i, id := range strings.Split(r.ids, "\x00") {
			row.Keys = append(row.Keys, stats.Key{ID: id})
			switch q.By[i] {
			case stats.ByObject, stats.ByBuilding, stats.ByProperty, stats.ByArea:
				row.SquareMetres = floor(stats.Query{Scope: stats.Filter{Objects: q.Scope.Objects}, Where: stats.Filter{Objects: []property.ID{property.ID(id)}}})
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

var floors = map[string]float64{"north": 100, "oak": 100, "oak-a": 100, "oak-1": 60, "oak-2": 40, "south": 500, "elm": 500, "elm-1": 20}

// floor is the floor of what the query is about: of the topmost objects that fit.
func floor(q stats.Query) (sum float64) {
	fits := func(o property.Object) bool {
		l := lived{c: casework.Case{Object: string(o.ID)}}
		bare := func(f stats.Filter) stats.Filter { return stats.Filter{Objects: f.Objects, Segments: f.Segments} }
		return l.fits(bare(q.Scope), false) && l.fits(bare(q.Where), true)
	}
	taken := map[property.ID]bool{}
	for _, o := range objects() { // what they lie in comes first
		switch {
		case taken[o.Parent]:
			taken[o.ID] = true
		case fits(o):
			taken[o.ID] = true
			sum += floors[string(o.ID)]
		}
	}
	return sum
}
