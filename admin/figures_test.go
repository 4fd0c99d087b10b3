package admin_test

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"smartmail/access"
	"smartmail/admin"
	"smartmail/property"
)

// figureHouse has cases of several classes in two areas, of customers of whom one has a segment of his own.
func figureHouse(t *testing.T) *house {
	h := newHouse(t)
	h.index()
	put := func(path, body string) {
		h.want(http.StatusOK, nil, "PUT", "/api/v1/"+path, body)
	}
	for _, s := range []string{"family", "student", "senior"} {
		put("segments/"+s, fmt.Sprintf(`{"id":%q,"name":%q}`, s, s))
	}
	for _, o := range []string{
		`{"id":"norr","kind":"area","name":"Norr","segment":"family"}`, `{"id":"eken","kind":"building","parent":"norr","name":"Eken","square_metres":100}`,
		`{"id":"syd","kind":"area","name":"Syd","segment":"student"}`, `{"id":"almen","kind":"building","parent":"syd","name":"Almen","square_metres":400}`,
	} {
		put("objects/"+strings.Split(o, `"`)[3], o)
	}
	put("contacts/eva", `{"id":"eva","parts":["customer"],"name":"Eva","emails":["eva@home.example"],"segment":"senior"}`)
	put("contacts/ror", `{"id":"ror","parts":["supplier"],"name":"Rör AB","emails":["order@ror.example","jour@ror.example"]}`)
	for i, c := range [][3]string{{"VVS > Blandare", "eken", "eva"}, {"VVS", "eken", "bo"}, {"El", "almen", "bo"}, {"VVS", "almen", "eva"}, {"El", "eken", "bo"}, {"", "", "bo"}} {
		h.want(http.StatusCreated, nil, "POST", "/api/v1/cases", fmt.Sprintf(`{"subject":"x","class":%q,"object":%q,"priority":7,"reporter":{"email":"%s@home.example"}}`, c[0], c[1], c[2]))
		if i == 1 || i == 2 {
			h.want(http.StatusAccepted, nil, "POST", fmt.Sprintf("/api/v1/cases/%d/orders", i+1), fmt.Sprintf(`{"supplier":"%s@ror.example","text":"x"}`, []string{"", "order", "jour"}[i]))
		}
	}
	h.want(http.StatusOK, nil, "PATCH", "/api/v1/cases/2", `{"status":"done"}`)
	h.want(http.StatusOK, nil, "PATCH", "/api/v1/cases/2", `{"status":"started"}`)
	h.want(http.StatusOK, nil, "PATCH", "/api/v1/cases/5", `{"status":"closed"}`)
	return h
}

// Figures within a scope are those of the cases that the list shows there, also after the register has changed.
func TestFiguresWithinScope(t *testing.T) {
	h := figureHouse(t)
	h.want(http.StatusOK, nil, "PUT", "/api/v1/classes/VVS", `{"path":"VVS"}`)
	h.want(http.StatusOK, nil, "PUT", "/api/v1/classes/El", `{"path":"El"}`)
	h.want(http.StatusOK, nil, "PUT", "/api/v1/objects/nowhere", `{"id":"nowhere","kind":"area","name":"Nowhere"}`)
	scopes := map[string]access.Scope{
		"all": {}, "object": {Objects: []property.ID{"norr"}}, "building": {Objects: []property.ID{"almen"}}, "class": {Classes: []string{"VVS"}},
		"segment": {Segments: []string{"family"}}, "own segment": {Segments: []string{"senior"}}, "supplier": {Suppliers: []string{"order@ror.example"}},
		"both": {Objects: []property.ID{"eken"}, Classes: []string{"El"}}, "nothing": {Objects: []property.ID{"nowhere"}},
	}
	compare := func(when string, distinct int) {
		t.Helper()
		answers := map[string]bool{}
		for name, s := range scopes {
			token := h.grant("manager", s)
			var list admin.List[admin.Case]
			h.want(http.StatusOK, &list, "GET", "/api/v1/cases", "", token...)
			want := map[string]int{}
			for _, c := range list.Items {
				want[c.Class]++
			}
			var got admin.FigureTable
			h.want(http.StatusOK, &got, "GET", "/api/v1/figures?by=class", "", token...)
			sums := map[string]int{}
			for _, r := range got.Rows {
				sums[r.Keys[0].ID] = r.Opened
			}
			if fmt.Sprint(sums) != fmt.Sprint(want) || got.Total.Opened != len(list.Items) || got.Behind != 0 {
				t.Errorf("%s: within %s: figures %v of %d, the list has %v", when, name, sums, got.Total.Opened, want)
			}
			answers[fmt.Sprint(want)] = true
		}
		if len(answers) < distinct {
			t.Errorf("%s: the scopes have only %d different answers", when, len(answers))
		}
	}
	compare("at first", 8)
	h.want(http.StatusOK, nil, "PUT", "/api/v1/contacts/eva", `{"id":"eva","parts":["customer"],"name":"Eva","emails":["eva@home.example"],"segment":"family"}`)
	compare("a customer has another segment", 6)
	h.want(http.StatusOK, nil, "PUT", "/api/v1/contacts/eva", `{"id":"eva","parts":["customer"],"name":"Eva","emails":["other@home.example"],"segment":"senior"}`)
	compare("she has another address", 6)
	h.want(http.StatusOK, nil, "PUT", "/api/v1/objects/almen", `{"id":"almen","kind":"building","parent":"norr","name":"Almen"}`)
	compare("a house has moved", 6)
}

func TestFigures(t *testing.T) {
	h := figureHouse(t)
	var got admin.FigureTable
	h.want(http.StatusOK, &got, "GET", "/api/v1/figures?by=area,top_class&from=2026&to=2026-11", "")
	var rows []string
	for _, r := range got.Rows {
		rows = append(rows, fmt.Sprint(r.Keys[0].Label, " ", r.Keys[1].ID, " opened ", r.Opened, " open ", r.Open, " reopened ", r.Reopened, " m2 ", r.SquareMetres))
	}
	want := []string{"  opened 1 open 1 reopened 0 m2 0", "Norr El opened 1 open 0 reopened 0 m2 100", "Norr VVS opened 2 open 2 reopened 1 m2 100",
		"Syd El opened 1 open 1 reopened 0 m2 400", "Syd VVS opened 1 open 1 reopened 0 m2 400"}
	if !slices.Equal(rows, want) || got.Total.Opened != 6 || got.Total.SquareMetres != 500 {
		t.Errorf("%q, total %+v", rows, got.Total)
	}
	for _, who := range []string{"ror", "jour@ror.example"} { // either address of the contact, or its id
		h.want(http.StatusOK, &got, "GET", "/api/v1/figures?by=supplier&supplier="+who, "")
		if len(got.Rows) != 1 || got.Rows[0].Keys[0] != (admin.FigureKey{ID: "ror", Label: "Rör AB"}) || got.Total.Opened != 2 {
			t.Errorf("of %s: %+v", who, got)
		}
	}
	h.want(http.StatusOK, nil, "PATCH", "/api/v1/cases/3", `{"assignee":"Åsa"}`)
	h.want(http.StatusOK, &got, "GET", "/api/v1/figures?by=technician&technician=%C3%85sa", "")
	if len(got.Rows) != 1 || got.Rows[0].Keys[0].Label != "Åsa" {
		t.Errorf("whom the register does not have: %+v", got.Rows)
	}
	var scores admin.Figured[admin.SupplierScore]
	h.want(http.StatusOK, &scores, "GET", "/api/v1/figures/suppliers", "")
	if len(scores.Items) != 1 || scores.Items[0].Asked != 2 || scores.Items[0].Waiting != 2 || scores.Items[0].OverCap == nil {
		t.Errorf("%+v", scores)
	}
	reader := h.grant("reader", access.Scope{})
	h.want(http.StatusOK, &scores, "GET", "/api/v1/figures/suppliers", "", reader...)
	h.want(http.StatusOK, &got, "GET", "/api/v1/figures", "", reader...)
	if scores.Items[0].OverCap != nil || scores.Items[0].Cost.Total != nil || got.Total.Cost.Price != nil || got.Total.CostPerSquare != nil {
		t.Error("a reader sees amounts")
	}
	var clusters admin.Figured[admin.Cluster]
	h.want(http.StatusOK, &clusters, "GET", "/api/v1/figures/clusters?least=2&class=El", "")
	if len(clusters.Items) != 0 {
		t.Errorf("one in each house: %+v", clusters)
	}
	var plan admin.Figured[admin.PlanRow]
	h.want(http.StatusOK, &plan, "GET", "/api/v1/figures/plan?least=1", "")
	if len(plan.Items) != 5 || plan.Items[0].Cost == nil {
		t.Errorf("%+v", plan)
	}
	var paged []admin.PlanRow
	for cursor := ""; ; {
		var page admin.Figured[admin.PlanRow]
		h.want(http.StatusOK, &page, "GET", "/api/v1/figures/plan?least=1&limit=2&cursor="+cursor, "")
		if paged = append(paged, page.Items...); page.Next == nil || len(page.Items) != 2 {
			break
		}
		cursor = *page.Next
		h.refused(422, "GET", "/api/v1/figures/plan?least=2&cursor="+cursor, "")
		h.refused(422, "GET", "/api/v1/figures/repeats?cursor="+cursor, "")
	}
	if !reflect.DeepEqual(paged, plan.Items) {
		t.Errorf("pages %+v, whole %+v", paged, plan.Items)
	}
	for path, status := range map[string]int{
		"?by=month,year": 422, "?by=class,class": 422, "?by=nothing": 422, "?by=class,object,area,segment": 422, "?from=yesterday": 422, "?from=2027&to=2026": 422, "?format=svg": 422,
		"/plan?least=0": 422, "/clusters?least=1": 422,
	} {
		h.refused(status, "GET", "/api/v1/figures"+path, "")
	}
	h.refused(403, "GET", "/api/v1/figures", "", h.grant("manager", access.Scope{Own: []string{"bo@home.example"}})...)
	h.refused(403, "GET", "/api/v1/figures", "", h.grant("technician", access.Scope{})...)
}

// What is not JSON: a table for a spreadsheet, in which no name becomes a formula, and a chart, in which none becomes an element.
func TestFigureForms(t *testing.T) {
	h := figureHouse(t)
	h.want(http.StatusOK, nil, "PUT", "/api/v1/objects/almen", `{"id":"almen","kind":"building","parent":"syd","name":"=HYPERLINK(\"x\")<script>"}`)
	a := h.call("GET", "/api/v1/figures?by=building,month&format=csv", "")
	text, bom := strings.CutPrefix(string(a.body), "\ufeff")
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = ';'
	rows, err := r.ReadAll()
	if err != nil || !bom || len(rows) != 5 || rows[0][1] != "building_name" || rows[2][1] != "Eken" && rows[3][1] != "Eken" || rows[4][0] != "total" || rows[4][3] != "6" {
		t.Errorf("%v: %q", err, rows)
	}
	if !strings.Contains(text, `"'=HYPERLINK`) || a.header.Get("Content-Type") != "text/csv; charset=utf-8" || !strings.Contains(a.header.Get("Content-Disposition"), `attachment; filename="figures.csv"`) {
		t.Errorf("%v: %s", a.header, text)
	}
	if a := h.call("GET", "/api/v1/figures?format=svg&by=month,top_class&measure=repeats", ""); !strings.Contains(string(a.body), "<title>Återkommande fel per månad och huvudklass</title>") {
		t.Errorf("a chart is not in Swedish: %s", a.body)
	}
	for _, q := range []string{"by=building", "by=month,building&measure=lead_median", "by=class,status&measure=cost", "by=day&class=none"} {
		a := h.call("GET", "/api/v1/figures?format=svg&"+q, "")
		if a.status != 200 || a.header.Get("Content-Type") != "image/svg+xml" || strings.Contains(string(a.body), "<script") {
			t.Errorf("%s: %d %v", q, a.status, a.header)
		}
		for d := xml.NewDecoder(strings.NewReader(string(a.body))); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v\n%s", q, err, a.body)
			}
		}
	}
	x := h.call("GET", "/api/v1/figures?by=building,month&format=xlsx", "")
	book, err := excelize.OpenReader(bytes.NewReader(x.body))
	if err != nil {
		t.Fatalf("xlsx: %d %v", x.status, err)
	}
	name := book.GetSheetName(0)
	for axis, want := range map[string]struct {
		kind excelize.CellType
		text string
	}{"D1": {excelize.CellTypeInlineString, "opened"}, "D5": {excelize.CellTypeUnset, "6"}} { // a number is a cell without a type
		kind, err := book.GetCellType(name, axis)
		text, err2 := book.GetCellValue(name, axis)
		if err := cmp.Or(err, err2); err != nil || kind != want.kind || text != want.text {
			t.Errorf("cell %s is %q of type %v: %v", axis, text, kind, err)
		}
	}
	for _, list := range []string{"suppliers", "repeats", "clusters", "plan"} {
		if a := h.call("GET", "/api/v1/figures/"+list+"?format=csv&from=2026&to=2026", ""); a.status != 200 || !strings.HasPrefix(string(a.body), "\ufeff") {
			t.Errorf("%s: %d %s", list, a.status, a.body)
		}
	}
}
