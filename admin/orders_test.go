package admin_test

import (
	"net/http"
	"strings"
	"testing"

	"smartmail/admin"
)

// write gives a mail of a participant to his own address on case 1, as a proved sender.
func (h *house) write(email, text string) {
	h.t.Helper()
	var c admin.Case
	h.want(http.StatusOK, &c, "GET", "/api/v1/cases/1", "")
	for _, l := range c.Lanes {
		for _, p := range l.Participants {
			if p.Email == email {
				h.receive(letter(email, "SV: "+c.Subject, "", text), email, p.Address)
				return
			}
		}
	}
	h.t.Fatalf("%s takes no part", email)
}

func TestOrders(t *testing.T) {
	h := newHouse(t)
	h.open("Kranen")
	var made struct {
		Order  string
		Orders []admin.WorkOrder
	}
	h.want(http.StatusAccepted, &made, "POST", "/api/v1/cases/1/orders", `{"supplier":"Bo <bo@home.example>","text":"Byt","deadline":"2026-12-01","price_cap":100}`)
	if made.Order != "1-1" || len(made.Orders) != 1 || made.Orders[0].State != "open" || made.Orders[0].ID != "1-1" {
		t.Fatalf("made %+v", made)
	}
	h.write("bo@home.example", "TAR JOBBET")
	h.write("bo@home.example", "BOKAT 2026-12-01 08:00-10:00")
	h.write("bo@home.example", "KLAR\nTID 2,5 h\nMATERIAL 2 st packning à 75 kr")

	var o admin.OrderDetail
	a := h.want(http.StatusOK, &o, "GET", "/api/v1/orders/1-1", "")
	if o.State != "done" || o.Text != "Byt" || o.Supplier.Email != "bo@home.example" || o.Booked == nil || o.Booked.To == nil || len(o.Booked.Answers) != 0 || o.Case != 1 || !o.OverCap || o.AnsweredAt == nil {
		t.Errorf("order: %s", a.body)
	}
	if o.Sums.Minutes != 150 || o.Sums.Total != 15000 || len(o.Lines) != 2 || o.Lines[0].Kind != "time" || o.Lines[1].Article != "packning" {
		t.Errorf("lines: %s", a.body)
	}
	if !strings.Contains(string(a.body), `"total":150}`) {
		t.Errorf("money: %s", a.body)
	}
	var list admin.List[admin.OrderDetail]
	h.want(http.StatusOK, &list, "GET", "/api/v1/cases/1/orders", "")
	if len(list.Items) != 1 || list.Items[0].ID != "1-1" || list.Next != nil {
		t.Errorf("list: %+v", list)
	}
	var c admin.Case
	h.want(http.StatusOK, &c, "GET", "/api/v1/cases/1", "")
	if c.Status != "done" || len(c.Orders) != 1 || c.Orders[0].State != "done" {
		t.Errorf("case: %+v", c)
	}
	flags := 0
	for _, e := range h.entries(1, 50) {
		if e.Kind == "flag" && e.Order == "1-1" && strings.Contains(e.Why, "price cap") && e.Change.To == "150.00" {
			flags++
		}
		if (e.Kind == "order" || e.Kind == "time" || e.Kind == "material") && e.Order != "1-1" {
			t.Errorf("entry without its order: %+v", e)
		}
	}
	if flags != 1 {
		t.Errorf("%d flags", flags)
	}
	h.refused(409, "POST", "/api/v1/orders/1-1", `{"action":"withdraw"}`)
	h.refused(404, "GET", "/api/v1/orders/1-2", "")
	h.refused(404, "GET", "/api/v1/orders/2-1", "")
	h.refused(404, "GET", "/api/v1/orders/1", "")
	h.refused(404, "GET", "/api/v1/cases/2/orders", "")
	h.refused(404, "GET", "/api/v1/orders/1-1", "", bearer(h.other)...)
	h.refused(404, "POST", "/api/v1/orders/1-1", `{"action":"withdraw"}`, bearer(h.other)...)
	h.refused(422, "POST", "/api/v1/orders/1-1", `{"action":"burn"}`)
}

func TestQuotes(t *testing.T) {
	h := newHouse(t)
	h.open("Taket")
	path := "/api/v1/cases/1/orders"
	var made struct{ Orders []admin.WorkOrder }
	h.want(http.StatusAccepted, &made, "POST", path, `{"suppliers":["a@home.example",{"name":"B","email":"b@home.example"},"c@home.example"],"text":"Lägg om","quote":true}`)
	if len(made.Orders) != 3 || made.Orders[2].State != "asked" || made.Orders[2].Request != "1-1" {
		t.Fatalf("made %+v", made)
	}
	h.want(http.StatusAccepted, &made, "POST", path, `{"supplier":"d@home.example","quote":true,"request":"1-1"}`)
	h.write("a@home.example", "PRIS 1500 kr")
	h.write("c@home.example", "PRIS 1200 kr")
	h.write("d@home.example", "NEJ TACK fullt")

	quotes := func() admin.Quotes {
		var list admin.List[admin.Quotes]
		a := h.want(http.StatusOK, &list, "GET", "/api/v1/cases/1/quotes", "")
		if len(list.Items) != 1 {
			t.Fatalf("quotes: %s", a.body)
		}
		return list.Items[0]
	}
	ids := func(q admin.Quotes) (out string) {
		for _, o := range q.Offers {
			out += " " + o.ID + " " + o.State
		}
		return out
	}
	if q := quotes(); q.Request != "1-1" || q.Awaited != 1 || q.Chosen != "" || ids(q) != " 1-3 offered 1-1 offered 1-2 asked 1-4 declined" {
		t.Errorf("quotes: %+v", q)
	}
	h.refused(409, "POST", "/api/v1/orders/1-2", `{"action":"choose"}`)
	var o admin.OrderDetail
	h.want(http.StatusOK, &o, "POST", "/api/v1/orders/1-3", `{"action":"choose","text":"Välkomna"}`)
	if o.State != "accepted" || !o.Chosen || o.PriceCap == nil || *o.PriceCap != 120000 {
		t.Errorf("chosen: %+v", o)
	}
	if q := quotes(); q.Chosen != "1-3" || q.Awaited != 0 || ids(q) != " 1-3 accepted 1-1 thanked 1-2 thanked 1-4 declined" {
		t.Errorf("quotes: %+v", q)
	}
	h.want(http.StatusOK, &o, "POST", "/api/v1/orders/1-3", `{"action":"withdraw","text":"Vi väntar till våren."}`)
	if o.State != "withdrawn" {
		t.Errorf("withdrawn: %+v", o)
	}
	for _, body := range []string{
		`{"suppliers":["a@b.example","c@d.example"]}`, `{"suppliers":[],"quote":true}`, `{"supplier":"a@b.example","suppliers":["c@d.example"],"quote":true}`,
		`{"supplier":"a@b.example","quote":true,"request":"1-2"}`, `{"supplier":"a@b.example","quote":true,"request":"2-1"}`, `{"supplier":"a@b.example","quote":true,"request":"x"}`,
		`{"suppliers":["a@b.example","A@b.example"],"quote":true}`,
	} {
		h.refused(422, "POST", path, body)
	}
}
