package admin_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"smartmail/admin"
)

func TestPostMessage(t *testing.T) {
	h := newHouse(t)
	h.open("Kranen")
	path := "/api/v1/cases/1/messages"
	var e admin.Entry
	a := h.want(http.StatusAccepted, &e, "POST", path, `{"lane":"customer","text":"Vi kommer.","attachments":[`+
		`{"name":"../plan åäö.txt","type":"text/plain; charset=utf-8","content":"aGVqAA=="},{"name":"empty","content":""}]}`)
	if e.Kind != "mail_out" || *e.Text != "Vi kommer." || e.Lane != "customer" || e.Actor != (admin.Actor{Via: "api", Name: "caretaker a"}) || e.MailFields != nil {
		t.Errorf("entry: %s", a.body)
	}
	if len(e.Attachments) != 2 || e.Attachments[0].Name != "plan åäö.txt" || e.Attachments[0].Type != "text/plain" || e.Attachments[0].Size != 4 || e.Attachments[1].Type != "application/octet-stream" {
		t.Fatalf("attachments: %+v", e.Attachments)
	}
	h.want(http.StatusOK, nil, "GET", a.header.Get("Location"), "")
	if a := h.want(http.StatusOK, nil, "GET", "/api/v1/attachments/"+e.Attachments[0].ID, ""); string(a.body) != "hej\x00" {
		t.Errorf("file: %q", a.body)
	}
	h.refused(404, "GET", "/api/v1/attachments/"+e.Attachments[0].ID, "", bearer(h.other)...)

	var note admin.Entry
	h.want(http.StatusAccepted, &note, "POST", path, `{"lane":"internal","text":"Nyckel hos Bo.","attachments":[]}`)
	if note.Kind != "note" || *note.Text != "Nyckel hos Bo." {
		t.Errorf("note: %+v", note)
	}
	var out admin.List[admin.Outgoing]
	h.want(http.StatusOK, &out, "GET", "/api/v1/outbox?state=queued", "")
	if len(out.Items) != 1 {
		t.Fatalf("a note goes nowhere: %+v", out.Items)
	}
	if o := out.Items[0]; o.Entry != e.ID || o.To.Email != "anna@home.example" || o.State != "queued" || o.NextAt == nil || o.MessageID == "" || o.ReturnPath == "" {
		t.Errorf("outbox: %+v", o)
	}
	h.want(http.StatusOK, &out, "GET", "/api/v1/outbox?state=failed", "")
	if len(out.Items) != 0 {
		t.Errorf("outbox: %+v", out.Items)
	}

	for _, x := range []struct {
		status int
		body   string
	}{
		{404, `{"lane":"supplier-9","text":"x"}`},
		{422, `{"lane":"customer"}`},
		{422, `{"lane":"customer","text":" "}`},
		{422, `{"text":"x"}`},
		{422, `{"lane":"customer","text":"x","to":"spy@evil.example"}`},
		{422, `{"lane":"customer","text":"x","attachments":[{"name":"a","content":"*"}]}`},
		{422, `{"lane":"customer","text":"x","attachments":[{"name":"a"}]}`},
		{422, `{"lane":"customer","text":"x","attachments":[{"name":"a","content":"","type":"text/plain\r\nBcc: x"}]}`},
		{422, `{"lane":"customer","text":"x","attachments":[` + strings.Repeat(`{"name":"a","content":""},`, 50) + `{"name":"a","content":""}]}`},
	} {
		h.refused(x.status, "POST", path, x.body)
	}
	h.refused(404, "POST", "/api/v1/cases/2/messages", `{"lane":"customer","text":"x"}`)
	h.refused(404, "POST", path, `{"lane":"customer","text":"x"}`, bearer(h.other)...)
}

func TestSizeLimits(t *testing.T) {
	h := newHouse(t)
	h.open("x")
	file := func(size int) string {
		return fmt.Sprintf(`{"name":"f","content":%q}`, base64.StdEncoding.EncodeToString(make([]byte, size)))
	}
	message := func(files ...string) string {
		return `{"lane":"internal","text":"x","attachments":[` + strings.Join(files, ",") + `]}`
	}
	const half = 25 << 19
	h.want(http.StatusAccepted, nil, "POST", "/api/v1/cases/1/messages", message(file(half), file(half)))
	h.refused(413, "POST", "/api/v1/cases/1/messages", message(file(half), file(half), file(1)))
	h.refused(413, "POST", "/api/v1/cases", `{"subject":"x","description":"`+strings.Repeat("x", 9<<20)+`"}`)

	small := newHouse(t, func(o *admin.Options) { o.MaxBody = 1000 })
	small.open("x")
	small.refused(413, "POST", "/api/v1/cases/1/messages", message(file(900)))
	small.refused(413, "PATCH", "/api/v1/cases/1", `{"class":"`+strings.Repeat("x", 1000)+`"}`)
	small.want(http.StatusAccepted, nil, "POST", "/api/v1/cases/1/messages", message(file(300)))
}

func TestPostOrder(t *testing.T) {
	h := newHouse(t)
	h.open("Kranen")
	h.want(http.StatusOK, nil, "PUT", "/api/v1/contacts/glas", `{"id":"glas","company":true,"parts":["supplier"],"name":"Glas AB","emails":["glas@sup.example","x@sup.example"]}`)
	h.want(http.StatusOK, nil, "PUT", "/api/v1/contacts/gone", `{"id":"gone","company":true,"parts":["supplier"],"name":"Borta AB","emails":["gone@sup.example"],"archived":true}`)
	h.want(http.StatusOK, nil, "PUT", "/api/v1/contacts/mute", `{"id":"mute","company":true,"parts":["supplier"],"name":"Tyst AB"}`)
	h.want(http.StatusOK, nil, "PUT", "/api/v1/contacts/k1", `{"id":"k1","parts":["customer"],"name":"Anna","emails":["anna@home.example"]}`)
	path := "/api/v1/cases/1/orders"
	for _, x := range []struct{ body, lane, to, deadline, priceCap string }{
		{`{"supplier":"ror@sup.example","text":"Byt packning"}`, "supplier-2", "ror@sup.example", "", ""},
		{`{"supplier":{"name":"El AB","email":"el@sup.example"},"text":"x","deadline":"2026-12-01T16:00:00+01:00","price_cap":1200}`, "supplier-3", "el@sup.example", "2026-12-01T15:00:00Z", "1200"},
		{`{"supplier":"Glas AB <glas@sup.example>","quote":true,"deadline":"2026-12-01","price_cap":99.9}`, "supplier-4", "glas@sup.example", "2026-12-01T23:59:59Z", "99.90"},
		{`{"supplier":"ror@sup.example","text":"x","deadline":null,"price_cap":null,"quote":null}`, "supplier-2", "ror@sup.example", "", ""},
		{`{"supplier":"ror@sup.example","price_cap":1000000000.00}`, "supplier-2", "ror@sup.example", "", "1000000000"},
		{`{"supplier":"glas","text":"x"}`, "supplier-4", "glas@sup.example", "", ""},
		{`{"supplier":{"contact":"glas"},"text":"x","deadline":"2026-11-24"}`, "supplier-4", "glas@sup.example", "2026-11-24T23:59:59Z", ""},
		{`{"suppliers":[{"contact":"glas"}],"quote":true}`, "supplier-4", "glas@sup.example", "", ""},
		{`{"supplier":"ror@sup.example","price_cap":0.07}`, "supplier-2", "ror@sup.example", "", "0.07"},
	} {
		var e admin.Entry
		a := h.want(http.StatusAccepted, &e, "POST", path, x.body)
		if e.Kind != "order" || e.Lane != x.lane || e.OrderFields == nil {
			t.Fatalf("%s: %s", x.body, a.body)
		}
		if got := string(a.body); x.priceCap != "" && !strings.Contains(got, `"price_cap":`+x.priceCap+",") || x.priceCap == "" && e.PriceCap != nil {
			t.Errorf("%s: %s", x.body, got)
		}
		deadline := ""
		if e.Deadline != nil {
			deadline = e.Deadline.Format("2006-01-02T15:04:05Z07:00")
		}
		if deadline != x.deadline || e.Quote != strings.Contains(x.body, `"quote":true`) {
			t.Errorf("%s: %s", x.body, a.body)
		}
		var out admin.List[admin.Outgoing]
		h.want(http.StatusOK, &out, "GET", "/api/v1/outbox", "")
		if last := out.Items[len(out.Items)-1]; last.Entry != e.ID || last.To.Email != x.to {
			t.Errorf("%s goes to %+v", x.body, last)
		}
	}
	for _, body := range []string{
		`{"text":"x"}`, `{"supplier":"nobody","text":"x"}`, `{"supplier":{"name":"x"}}`, `{"supplier":{"email":"a@b.example","phone":"1"}}`, `{"supplier":7}`, `{"supplier":null}`,
		`{"supplier":"a@b.example","price_cap":-1}`, `{"supplier":"a@b.example","price_cap":1.005}`, `{"supplier":"a@b.example","price_cap":1e3}`,
		`{"supplier":"a@b.example","price_cap":1000000001}`, `{"supplier":"a@b.example","price_cap":"1200"}`,
		`{"supplier":"gone"}`, `{"supplier":"mute"}`, `{"supplier":"k1"}`, `{"supplier":{"contact":"glas","email":"a@b.example"}}`, `{"suppliers":["glas","glas@sup.example"],"quote":true}`,
		`{"supplier":"a@b.example","deadline":"2026-11-23"}`, `{"supplier":"a@b.example","deadline":"2026-11-24T11:59:59Z"}`, `{"supplier":""}`,
		`{"supplier":"a@b.example","deadline":"soon"}`, `{"supplier":"a@b.example","deadline":7}`, `{"supplier":"a@b.example\r\nBcc: x@y.example"}`,
	} {
		h.refused(422, "POST", path, body)
	}
	h.refused(404, "POST", "/api/v1/cases/7/orders", `{"supplier":"a@b.example"}`)
	h.refused(404, "POST", path+"?org=a", `{"supplier":"a@b.example"}`, bearer(h.other)...)
}
