package admin

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"smartmail/casestore"
	"smartmail/desk"
	"smartmail/download"
	"smartmail/exchange/sheet"
	"smartmail/fault"
	"smartmail/stats"
	"smartmail/stats/chart"
)

// The forms in which figures are given besides JSON.
const (
	mediaCSV  = "text/csv"
	mediaXLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	mediaSVG  = "image/svg+xml"
)

// send answers with bytes of a type, as a file of that name.
func (s *server) send(ctx context.Context, mediaType, name string, body []byte) (*huma.StreamResponse, error) {
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", mediaType)
		if name != "" {
			download.Headers(humagin.Unwrap(hc).Writer.Header(), name, mediaType, mediaType == mediaSVG)
		}
		hc.SetHeader("Content-Length", strconv.Itoa(len(body)))
		_, err := hc.BodyWriter().Write(body)
		s.late(ctx, err)
	}}, nil
}

func (s *server) json(ctx context.Context, v any) (*huma.StreamResponse, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("figures: %w", err)
	}
	return s.send(ctx, "application/json", "", append(body, '\n'))
}

// table is the names of columns, and rows of texts and numbers.
type table [][]any

// maxRows is how many rows a table has: what a spreadsheet still opens at once.
const maxRows = 100_000

// figureList is a list of figures on its way to the caller.
type figureList[T any] struct {
	name  string
	scope string // with all that its order and contents depend on
	all   []T
	id    func(T) string // what tells an item from the others
	rows  func([]T) table
}

// answerList answers with a page, or with all as a table.
func answerList[T any](ctx context.Context, s *server, in FigureListParams, l figureList[T], behind uint64) (*huma.StreamResponse, error) {
	if in.Format != "json" {
		if len(l.all) > maxRows {
			return nil, fault.New(fault.Invalid, fmt.Sprintf("a table of %d rows is over the limit of %d: ask for a shorter period or a part, or for pages of json", len(l.all), maxRows))
		}
		return s.table(ctx, in.Format, l.name, l.rows(l.all))
	}
	after, err := decodeCursor(l.scope, in.Cursor)
	if err != nil {
		return nil, err
	}
	page, err := l.page(after, in.limit())
	if err != nil {
		return nil, err
	}
	return s.json(ctx, Figured[T]{Items: page.Items, Next: encodeCursor(l.scope, page.Next), Behind: behind})
}

// page is the part of the list behind a place: behind the item that ended the page before, wherever it stands now, or else as far in.
func (l figureList[T]) page(after casestore.Key, limit int) (p desk.Page[T], err error) {
	const size = 8
	start := 0
	if after != nil {
		if len(after) < size {
			return p, fault.New(fault.Invalid, "this cursor is not one of this list")
		}
		last := string(after[size:])
		if start = slices.IndexFunc(l.all, func(v T) bool { return l.id(v) == last }) + 1; start == 0 {
			start = int(min(binary.BigEndian.Uint64(after), uint64(len(l.all))))
		}
	}
	end := min(start+limit, len(l.all))
	if p.Items = append([]T{}, l.all[start:end]...); end < len(l.all) {
		p.Next = append(casestore.Key(nil).Uint(uint64(end)), l.id(l.all[end-1])...)
	}
	return p, nil
}

// table answers with a file for a spreadsheet.
func (s *server) table(ctx context.Context, format, name string, rows table) (*huma.StreamResponse, error) {
	var b bytes.Buffer
	f := sheet.Format(format)
	w, err := sheet.NewWriter(&b, f)
	for i := 0; err == nil && i < len(rows); i++ {
		line := make([]any, len(rows[i]))
		for j, v := range rows[i] {
			line[j] = cell(v)
		}
		err = w.WriteValues(line)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("figures: %w", err)
	}
	return s.send(ctx, f.MediaType(), name+"."+format, b.Bytes())
}

// cell is a value as a sheet takes it: a text, a number of two decimals at most, or nil.
func cell(v any) any {
	switch v := v.(type) {
	case string, int, uint64:
		return v
	case *int:
		if v != nil {
			return *v
		}
	case float64:
		return math.Round(v*100) / 100
	case *float64:
		if v != nil {
			return math.Round(*v*100) / 100
		}
	case *Kronor:
		if v != nil {
			return float64(*v) / 100
		}
	case time.Time:
		return v.UTC().Format(time.RFC3339)
	default:
		return fmt.Sprint(v)
	}
	return nil
}

// figureColumns are the columns of figures, with what each shows.
func figureColumns() (names []string, values func(Figures) []any) {
	names = []string{"opened", "open", "late", "done", "closed", "reopened", "repeats", "with_deadline", "within_deadline", "within_deadline_share",
		"lead_mean_hours", "lead_median_hours", "lead_p90_hours", "price", "material", "cost", "hours", "km", "square_metres", "cost_per_square_metre"}
	return names, func(f Figures) []any {
		return []any{f.Opened, f.Open, f.Late, f.Done, f.Closed, f.Reopened, f.Repeats, f.WithDeadline, f.WithinDeadline, f.WithinShare,
			f.Lead.Mean, f.Lead.Median, f.Lead.P90, f.Cost.Price, f.Cost.Material, f.Cost.Total, f.Cost.Hours, f.Cost.Km, f.SquareMetres, f.CostPerSquare}
	}
}

// figureSheet has a column for each of by and one with its label where that is another, and the total last.
func figureSheet(t FigureTable) table {
	names, values := figureColumns()
	var top, total []any
	for i, b := range t.By {
		top, total = append(top, b), append(total, map[bool]string{true: "total"}[i == 0])
		if labelled(b) {
			top, total = append(top, b+"_name"), append(total, "")
		}
	}
	for _, n := range names {
		top = append(top, n)
	}
	rows := table{top}
	for _, r := range t.Rows {
		var row []any
		for i, k := range r.Keys {
			row = append(row, k.ID)
			if labelled(t.By[i]) {
				row = append(row, k.Label)
			}
		}
		rows = append(rows, append(row, values(r.Figures)...))
	}
	return append(rows, append(total, values(t.Total)...))
}

// labelled reports whether what people call the thing is not its id.
func labelled(by string) bool {
	switch stats.By(by) {
	case stats.ByObject, stats.ByBuilding, stats.ByProperty, stats.ByArea, stats.BySupplier, stats.ByTechnician:
		return true
	}
	return false
}

func scoreSheet(list []SupplierScore) table {
	rows := table{{"supplier", "name", "asked", "accepted", "declined", "withdrawn", "waiting", "done", "accept_median_hours", "lead_median_hours", "lead_p90_hours",
		"with_deadline", "within_deadline", "within_deadline_share", "over_cap", "reopened", "cost", "hours", "km", "requests", "offers", "chosen"}}
	for _, s := range list {
		rows = append(rows, []any{s.Supplier.ID, s.Supplier.Label, s.Asked, s.Accepted, s.Declined, s.Withdrawn, s.Waiting, s.Done, s.Accept.Median, s.Lead.Median, s.Lead.P90,
			s.WithDeadline, s.WithinDeadline, s.WithinShare, s.OverCap, s.Reopened, s.Cost.Total, s.Cost.Hours, s.Cost.Km, s.Requests, s.Offers, s.Chosen})
	}
	return rows
}

func repeatSheet(list []Repeat) table {
	rows := table{{"case", "before", "class", "object", "object_name", "opened_at", "before_done_at"}}
	for _, r := range list {
		rows = append(rows, []any{r.Case, r.Before, r.Class, r.Object.ID, r.Object.Label, r.Opened, r.Done})
	}
	return rows
}

func clusterSheet(list []Cluster) table {
	rows := table{{"object", "object_name", "class", "first_at", "last_at", "count", "open", "cases"}}
	for _, c := range list {
		rows = append(rows, []any{c.Object.ID, c.Object.Label, c.Class, c.First, c.Last, c.Count, c.Open, strings.Trim(fmt.Sprint(c.Cases), "[]")})
	}
	return rows
}

func planSheet(list []PlanRow) table {
	rows := table{{"building", "building_name", "system_code", "aff_code", "class", "installed", "cases", "repeats", "cost", "cost_per_year", "start_year", "interval_years"}}
	for _, r := range list {
		rows = append(rows, []any{r.Building.ID, r.Building.Label, r.SystemCode, r.AFFCode, r.Class, r.Installed, r.Cases, r.Repeats, r.Cost, r.PerYear, r.StartYear, r.Interval})
	}
	return rows
}

// measures are what a chart can show.
func measures(f Figures, name string) float64 {
	number := func(v *float64, by float64) float64 {
		if v == nil {
			return math.NaN()
		}
		return *v * by
	}
	amount := func(k *Kronor) float64 {
		if k == nil {
			return math.NaN()
		}
		return float64(*k) / 100
	}
	switch name {
	case "within_deadline_share":
		return number(f.WithinShare, 100)
	case "lead_median":
		return number(f.Lead.Median, 1.0/24)
	case "lead_p90":
		return number(f.Lead.P90, 1.0/24)
	case "cost":
		return amount(f.Cost.Total)
	case "cost_per_square_metre":
		return amount(f.CostPerSquare)
	default:
		return float64(map[string]int{"opened": f.Opened, "open": f.Open, "late": f.Late, "done": f.Done, "closed": f.Closed, "reopened": f.Reopened, "repeats": f.Repeats}[name])
	}
}

// figureChart draws a measure of a table by one or two: a period is along the lines, whichever of the two it is.
func figureChart(t FigureTable, measure, language string) chart.Chart {
	along, series := 0, 1
	if len(t.By) == 2 && stats.By(t.By[1]).Period() {
		along, series = 1, 0
	}
	title, unit := chartTitle(measure, t.By, language)
	c := chart.Chart{Title: title, Unit: unit, Lines: stats.By(t.By[along]).Period(), Whole: unit == "", Language: language}
	var ends []FigureKey
	for _, r := range t.Rows {
		if !slices.Contains(ends, r.Keys[along]) {
			ends = append(ends, r.Keys[along])
		}
	}
	slices.SortFunc(ends, func(a, b FigureKey) int {
		return cmp.Or(strings.Compare(a.Label, b.Label), strings.Compare(a.ID, b.ID))
	})
	labels, rows := map[FigureKey]int{}, map[FigureKey]int{}
	for i, k := range ends {
		labels[k] = i
		c.Labels = append(c.Labels, cmp.Or(k.Label, "–"))
	}
	for _, r := range t.Rows {
		var k FigureKey
		if len(t.By) == 2 {
			k = r.Keys[series]
		}
		at, ok := rows[k]
		if !ok {
			at = len(c.Series)
			rows[k] = at
			c.Series = append(c.Series, chart.Series{Name: cmp.Or(k.Label, "–"), Values: slices.Repeat([]float64{math.NaN()}, len(c.Labels))})
		}
		c.Series[at].Values[labels[r.Keys[along]]] = measures(r.Figures, measure)
	}
	slices.SortStableFunc(c.Series, func(a, b chart.Series) int { return strings.Compare(a.Name, b.Name) })
	return c
}
