package admin

import (
	"context"
	"net/http"
	"reflect"
	"time"

	"smartmail/casework"
	"smartmail/desk"
	"smartmail/property"
	"smartmail/stats"
)

// Statistics is what the API reads of figures.
type Statistics interface {
	Figures(ctx context.Context, org casework.OrgID, q stats.Query) (stats.Table, desk.Reckoned, error)
	SupplierScores(ctx context.Context, org casework.OrgID, q stats.Query) ([]stats.Score, desk.Reckoned, error)
	Repeats(ctx context.Context, org casework.OrgID, q stats.Query) ([]stats.Repeat, desk.Reckoned, error)
	Clusters(ctx context.Context, org casework.OrgID, q stats.Query, t stats.Together) ([]stats.Cluster, desk.Reckoned, error)
	Plan(ctx context.Context, org casework.OrgID, q stats.Query, least int) ([]stats.PlanRow, desk.Reckoned, error)
}

func (s *server) figureCalls() {
	of := func(path, id, summary string, body any, also ...string) call {
		return call{method: http.MethodGet, path: prefix + "/figures" + path, id: id, summary: summary, answer: reflect.TypeOf(body), also: also}
	}
	register(s, of("", "get-figures", "Sums of cases by any mix of class, object, supplier, segment, technician and period", FigureTable{}, mediaCSV, mediaXLSX, mediaSVG), s.getFigures)
	register(s, of("/suppliers", "compare-suppliers", "Suppliers compared by their orders, the one with most first", Figured[SupplierScore]{}, mediaCSV, mediaXLSX), s.compareSuppliers)
	register(s, of("/repeats", "list-repeats", "Cases of a class on an object that came within 90 days after one was done: complaints, the newest first", Figured[Repeat]{}, mediaCSV, mediaXLSX), s.listRepeats)
	register(s, of("/clusters", "list-clusters", "Many cases of a class in one building within some days, perhaps one incident, the newest first", Figured[Cluster]{}, mediaCSV, mediaXLSX), s.listClusters)
	register(s, of("/plan", "suggest-plan", "Rows for a maintenance plan: what breaks where, how often and at what cost, the dearest first", Figured[PlanRow]{}, mediaCSV, mediaXLSX), s.suggestPlan)
}

// FigureParams say of which cases figures are wanted. Of several values, with commas between them, one fits; all parameters must.
type FigureParams struct {
	OrgParam
	From       string   `query:"from" maxLength:"10" doc:"First year, quarter, month or day: 2026, 2026-Q1, 2026-03, 2026-03-05, in the organisation's time zone."`
	To         string   `query:"to" maxLength:"10" doc:"The last one, which belongs to the period as a whole."`
	Class      string   `query:"class" maxLength:"1000" doc:"A class with all below it: VVS selects VVS > Blandare too."`
	Object     []string `query:"object" maxItems:"100" doc:"Objects, with all that lies in them; areas as well."`
	Supplier   []string `query:"supplier" maxItems:"100" doc:"Contacts or addresses: cases with an order to one of them."`
	Technician []string `query:"technician" maxItems:"100" doc:"Contacts or addresses: whom cases are assigned to."`
	Segment    []string `query:"segment" maxItems:"100" doc:"Segments of who reported, or else of where it is."`
}

func (in FigureParams) query() stats.Query {
	q := stats.Query{Days: stats.Days{From: in.From, To: in.To}}
	q.Where = stats.Filter{Segments: in.Segment, Suppliers: in.Supplier, Technicians: in.Technician}
	if in.Class != "" {
		q.Where.Classes = []string{classPath(in.Class)}
	}
	for _, o := range in.Object {
		q.Where.Objects = append(q.Where.Objects, property.ID(o))
	}
	return q
}

// FormatParam says in which form a list is wanted.
type FormatParam struct {
	Format string `query:"format" enum:"json,csv,xlsx" default:"json" doc:"csv and xlsx: a table for a spreadsheet, whole up to 100,000 rows and 422 above; csv is UTF-8 with semicolons. Pages are of json."`
}

// Figures are the sums of a row. Each counts when it happened: a case is opened in one month and done in another.
type Figures struct {
	Opened         int      `json:"opened"`
	Open           int      `json:"open" doc:"Of those opened: not done yet, now"`
	Late           int      `json:"late" doc:"Of those: over the deadline, now"`
	Done           int      `json:"done" doc:"Done or closed for the last time"`
	Closed         int      `json:"closed"`
	Reopened       int      `json:"reopened" doc:"How often a case was opened again after it was done"`
	Repeats        int      `json:"repeats" doc:"Of those opened: the same class on the same object was done at most 90 days before"`
	WithDeadline   int      `json:"with_deadline" doc:"Of those done: had a deadline"`
	WithinDeadline int      `json:"within_deadline" doc:"Of those with a deadline: were done within it"`
	WithinShare    *float64 `json:"within_deadline_share" doc:"0 to 1; null: none had a deadline"`
	Lead           Hours    `json:"lead_hours" doc:"From reported to done"`
	Cost           Cost     `json:"cost" doc:"Lines of orders, when the order was done, or else answered"`
	SquareMetres   float64  `json:"square_metres" doc:"Floor of the objects that the row is about"`
	CostPerSquare  *Kronor  `json:"cost_per_square_metre" doc:"Null: the register has no floor, or amounts are not shown to you"`
}

// Hours tell how a duration is distributed. They are exact; null: there is none.
type Hours struct {
	N      int      `json:"n"`
	Mean   *float64 `json:"mean"`
	Median *float64 `json:"median"`
	P90    *float64 `json:"p90" doc:"Nine in ten took no longer"`
}

// Cost is what lines of orders come to. Amounts are null where they are not shown to the caller.
type Cost struct {
	Price    *Kronor `json:"price"`
	Material *Kronor `json:"material"`
	Total    *Kronor `json:"total" doc:"Price and material"`
	Hours    float64 `json:"hours" doc:"Of work"`
	Km       float64 `json:"km" doc:"Of travel"`
}

// FigureKey is what a row is about in one of by.
type FigureKey struct {
	ID    string `json:"id" doc:"Empty: the cases that have none. A supplier or technician whom you cannot see is a digest"`
	Label string `json:"label"`
}

// FigureRow is a row of figures.
type FigureRow struct {
	Keys []FigureKey `json:"keys" nullable:"false" doc:"In the order of by"`
	Figures
}

// FigureTable is a table of figures.
type FigureTable struct {
	By     []string    `json:"by" nullable:"false"`
	Rows   []FigureRow `json:"rows" nullable:"false"`
	Total  Figures     `json:"total" doc:"Each case once, also where it counts in several rows"`
	Behind uint64      `json:"behind" doc:"Events that are not counted yet: more than a few while figures are made anew"`
}

// Figured is a list that was found in figures.
type Figured[T any] struct {
	Items  []T     `json:"items" nullable:"false"`
	Next   *string `json:"next" doc:"Cursor of the following page; null at the end."`
	Behind uint64  `json:"behind" doc:"Events that are not counted yet: more than a few while figures are made anew"`
}

// view shows figures; money: with amounts.
func viewFigures(f stats.Figures, money bool) Figures {
	out := Figures{
		Opened: f.Opened, Open: f.Open, Late: f.Late, Done: f.Done, Closed: f.Closed, Reopened: f.Reopened, Repeats: f.Repeats,
		WithDeadline: f.Deadlines, WithinDeadline: f.InTime, WithinShare: share(f.InTime, f.Deadlines), Lead: viewSpread(f.Lead), Cost: viewCost(f.Cost, money),
		SquareMetres: f.SquareMetres,
	}
	if money && f.SquareMetres > 0 {
		per := Kronor(float64(f.Cost.Total())/f.SquareMetres + 0.5)
		out.CostPerSquare = &per
	}
	return out
}

func viewCost(c stats.Cost, money bool) Cost {
	out := Cost{Hours: float64(c.Minutes) / 60, Km: float64(c.Metres) / 1000}
	if money {
		out.Price, out.Material, out.Total = kronor(c.Price), kronor(c.Material), kronor(c.Total())
	}
	return out
}

func kronor(ore int64) *Kronor {
	k := Kronor(ore)
	return &k
}

func share(part, whole int) *float64 {
	if whole == 0 {
		return nil
	}
	s := float64(part) / float64(whole)
	return &s
}

func viewSpread(s stats.Spread) Hours {
	if s.N == 0 {
		return Hours{}
	}
	hours := func(d time.Duration) *float64 { h := d.Hours(); return &h }
	return Hours{N: s.N, Mean: hours(s.Mean), Median: hours(s.Median), P90: hours(s.P90)}
}

func viewKey(k stats.Key) FigureKey { return FigureKey{k.ID, k.Label} }
