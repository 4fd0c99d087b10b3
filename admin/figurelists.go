package admin

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"smartmail/casework"
	"smartmail/fault"
	reg "smartmail/register"
	"smartmail/stats"
)

// classPath is a class's path however its names are divided: "VVS>Blandare" is "VVS > Blandare".
func classPath(text string) string {
	names := strings.Split(text, ">")
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
	}
	return strings.Join(names, reg.Separator)
}

type figuresInput struct {
	FigureParams
	By      []string `query:"by" enum:"class,top_class,object,building,property,area,segment,supplier,technician,status,day,month,quarter,year" maxItems:"3" doc:"What rows are made by, at most three with commas, one period among them. A case with orders to two suppliers counts for each."`
	Format  string   `query:"format" enum:"json,csv,xlsx,svg" default:"json" doc:"csv and xlsx: a table for a spreadsheet; csv is UTF-8 with semicolons; svg: a chart of one measure."`
	Measure string   `query:"measure" enum:"opened,open,late,done,closed,reopened,repeats,within_deadline_share,lead_median,lead_p90,cost,cost_per_square_metre" default:"opened" doc:"Of the chart. Its labels are the first of by, its series the second; periods are lines."`
}

func (s *server) getFigures(ctx context.Context, in *figuresInput) (*huma.StreamResponse, error) {
	org, err := callerOf(ctx).org(in.Org)
	if err != nil {
		return nil, err
	}
	q := in.query()
	for _, b := range in.By {
		q.By = append(q.By, stats.By(b))
	}
	if in.Format == "svg" && (len(q.By) == 0 || len(q.By) > 2) {
		return nil, fault.New(fault.Invalid, "by: a chart is by one or two")
	}
	t, known, err := s.desk(ctx).Figures(ctx, org, q)
	if err != nil {
		return nil, err
	}
	out := FigureTable{By: in.By, Rows: []FigureRow{}, Total: viewFigures(t.Total, known.Money), Behind: known.Behind}
	if out.By == nil {
		out.By = []string{}
	}
	for _, r := range t.Rows {
		row := FigureRow{Figures: viewFigures(r.Figures, known.Money), Keys: []FigureKey{}}
		for _, k := range r.Keys {
			row.Keys = append(row.Keys, viewKey(k))
		}
		out.Rows = append(out.Rows, row)
	}
	switch in.Format {
	case "csv", "xlsx":
		return s.table(ctx, in.Format, "figures", figureSheet(out))
	case "svg":
		return s.send(ctx, mediaSVG, "figures.svg", figureChart(out, in.Measure, s.language(org)).SVG())
	default:
		return s.json(ctx, out)
	}
}

// SupplierScore is how a supplier did with orders that were placed within the period.
type SupplierScore struct {
	Supplier       FigureKey `json:"supplier"`
	Asked          int       `json:"asked" doc:"Orders to do work"`
	Accepted       int       `json:"accepted"`
	Declined       int       `json:"declined" doc:"Or handed back"`
	Withdrawn      int       `json:"withdrawn" doc:"By us"`
	Waiting        int       `json:"waiting" doc:"Not answered yet"`
	Done           int       `json:"done"`
	Accept         Hours     `json:"accept_hours" doc:"From asked to accepted; not of offers that were chosen"`
	Lead           Hours     `json:"lead_hours" doc:"From asked to done"`
	WithDeadline   int       `json:"with_deadline" doc:"Of those done"`
	WithinDeadline int       `json:"within_deadline"`
	WithinShare    *float64  `json:"within_deadline_share"`
	OverCap        *int      `json:"over_cap" doc:"Whose price is over the cap; null where amounts are not shown to you"`
	Reopened       int       `json:"reopened" doc:"Of those done: the case was opened again after that"`
	Cost           Cost      `json:"cost"`
	Requests       int       `json:"requests" doc:"For a price"`
	Offers         int       `json:"offers"`
	Chosen         int       `json:"chosen"`
}

// FigureListParams ask for a list that is found in figures.
type FigureListParams struct {
	FigureParams
	FormatParam
	PageParams
}

// list names the list that the parameters ask for.
func (in FigureListParams) list(name string, org casework.OrgID, more ...int) string {
	return scope(name, org, fmt.Sprintf("%+q", in.FigureParams), fmt.Sprint(more))
}

func (s *server) compareSuppliers(ctx context.Context, in *FigureListParams) (*huma.StreamResponse, error) {
	org, err := callerOf(ctx).org(in.Org)
	if err != nil {
		return nil, err
	}
	list, known, err := s.desk(ctx).SupplierScores(ctx, org, in.query())
	if err != nil {
		return nil, err
	}
	out := figureList[SupplierScore]{name: "suppliers", scope: in.list("suppliers", org), id: func(v SupplierScore) string { return v.Supplier.ID }, rows: scoreSheet}
	for _, c := range list {
		v := SupplierScore{
			Supplier: viewKey(c.Supplier), Asked: c.Asked, Accepted: c.Accepted, Declined: c.Declined, Withdrawn: c.Withdrawn, Waiting: c.Waiting, Done: c.Done,
			Accept: viewSpread(c.Accept), Lead: viewSpread(c.Lead), WithDeadline: c.Deadlines, WithinDeadline: c.InTime, WithinShare: share(c.InTime, c.Deadlines),
			Reopened: c.Reopened, Cost: viewCost(c.Cost, known.Money), Requests: c.Requests, Offers: c.Offers, Chosen: c.Chosen,
		}
		if known.Money {
			v.OverCap = &c.Over
		}
		out.all = append(out.all, v)
	}
	return answerList(ctx, s, *in, out, known.Behind)
}

// Repeat is a case whose fault had been done not long before.
type Repeat struct {
	Case   uint64    `json:"case"`
	Before uint64    `json:"before" doc:"The case that was done last before it"`
	Class  string    `json:"class"`
	Object FigureKey `json:"object"`
	Opened time.Time `json:"opened_at"`
	Done   time.Time `json:"before_done_at"`
}

func (s *server) listRepeats(ctx context.Context, in *FigureListParams) (*huma.StreamResponse, error) {
	org, err := callerOf(ctx).org(in.Org)
	if err != nil {
		return nil, err
	}
	list, known, err := s.desk(ctx).Repeats(ctx, org, in.query())
	if err != nil {
		return nil, err
	}
	out := figureList[Repeat]{name: "repeats", scope: in.list("repeats", org), id: func(v Repeat) string { return fmt.Sprint(v.Case) }, rows: repeatSheet}
	for _, r := range list {
		out.all = append(out.all, Repeat{uint64(r.Case), uint64(r.Before), r.Class, FigureKey{r.Object, r.Label}, r.Opened, r.Done})
	}
	return answerList(ctx, s, *in, out, known.Behind)
}

type clustersInput struct {
	FigureListParams
	Least int `query:"least" minimum:"2" maximum:"1000" default:"10" doc:"How many cases are a cluster."`
	Days  int `query:"within_days" minimum:"1" maximum:"90" default:"3" doc:"Within how many days of one another they are reported."`
}

// Cluster is many cases of one class in one building within some days.
type Cluster struct {
	Object FigureKey `json:"object" doc:"The building, or what is nearest to one"`
	Class  string    `json:"class"`
	First  time.Time `json:"first_at"`
	Last   time.Time `json:"last_at"`
	Count  int       `json:"count"`
	Open   int       `json:"open" doc:"Of those: not done yet"`
	Cases  []uint64  `json:"cases" nullable:"false" doc:"Oldest first, 200 at most"`
}

func (s *server) listClusters(ctx context.Context, in *clustersInput) (*huma.StreamResponse, error) {
	org, err := callerOf(ctx).org(in.Org)
	if err != nil {
		return nil, err
	}
	list, known, err := s.desk(ctx).Clusters(ctx, org, in.query(), stats.Together{Least: in.Least, Within: time.Duration(in.Days) * 24 * time.Hour})
	if err != nil {
		return nil, err
	}
	out := figureList[Cluster]{name: "clusters", scope: in.list("clusters", org, in.Least, in.Days), id: func(v Cluster) string { return fmt.Sprintf("%q %q %d", v.Object.ID, v.Class, v.First.Unix()) }, rows: clusterSheet}
	for _, c := range list {
		v := Cluster{Object: FigureKey{c.Object, c.Label}, Class: c.Class, First: c.First, Last: c.Last, Count: c.Count, Open: c.Open, Cases: []uint64{}}
		for _, n := range c.Cases {
			v.Cases = append(v.Cases, uint64(n))
		}
		out.all = append(out.all, v)
	}
	return answerList(ctx, s, in.FigureListParams, out, known.Behind)
}

type planInput struct {
	FigureListParams     // without from the five years before to
	Least            int `query:"least" minimum:"1" maximum:"1000" default:"3" doc:"How many cases make a row."`
}

// PlanRow is what the faults of one part of a building suggest for a maintenance plan.
type PlanRow struct {
	Building   FigureKey `json:"building" doc:"Or what is nearest to a building"`
	SystemCode string    `json:"system_code" doc:"Of the nearest object that has one; empty: the row is by class"`
	AFFCode    string    `json:"aff_code" doc:"Of system codes that begin with AFF:"`
	Class      string    `json:"class" doc:"Of most of the cases"`
	Installed  *int      `json:"installed" doc:"Year of the oldest of the objects"`
	Cases      int       `json:"cases"`
	Repeats    int       `json:"repeats"`
	Cost       *Kronor   `json:"cost" doc:"Of the orders on those cases"`
	PerYear    *Kronor   `json:"cost_per_year"`
	StartYear  int       `json:"start_year" doc:"When the next one is due, as often as they came; this year at the earliest"`
	Interval   int       `json:"interval_years"`
}

func (s *server) suggestPlan(ctx context.Context, in *planInput) (*huma.StreamResponse, error) {
	org, err := callerOf(ctx).org(in.Org)
	if err != nil {
		return nil, err
	}
	list, known, err := s.desk(ctx).Plan(ctx, org, in.query(), in.Least)
	if err != nil {
		return nil, err
	}
	out := figureList[PlanRow]{name: "plan", scope: in.list("plan", org, in.Least), id: func(v PlanRow) string { return fmt.Sprintf("%q %q %q", v.Building.ID, v.SystemCode, v.Class) }, rows: planSheet}
	for _, r := range list {
		v := PlanRow{
			Building: FigureKey{r.Building, r.Label}, SystemCode: r.System, AFFCode: r.AFF, Class: r.Class, Cases: r.Cases, Repeats: r.Repeats,
			StartYear: r.Start, Interval: r.Interval,
		}
		if r.Installed != 0 {
			v.Installed = &r.Installed
		}
		if known.Money {
			v.Cost, v.PerYear = kronor(r.Cost), kronor(r.PerYear)
		}
		out.all = append(out.all, v)
	}
	return answerList(ctx, s, in.FigureListParams, out, known.Behind)
}
