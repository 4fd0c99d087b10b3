package admin_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"smartmail/access"
	"smartmail/admin"
	"smartmail/property"
	reg "smartmail/register"
)

func TestRegister(t *testing.T) {
	h := newHouse(t)
	put := func(path, body string) answer {
		t.Helper()
		return h.want(http.StatusOK, nil, "PUT", "/api/v1/"+path, body)
	}
	put("segments/family", `{"id":"family","name":"Bostäder"}`)
	put("objects/norr", `{"id":"norr","kind":"area","name":"Norr","segment":"family"}`)
	put("objects/kv", `{"id":"kv","kind":"property","parent":"norr","name":"Ekorren","year":1962,"external_key":"F 1"}`)
	first := put("objects/1001", `{"id":"1001","kind":"unit","parent":"kv","name":"Lgh 1001","square_metres":71.5,"address":{"street":"Storgatan 12","floor":"2"}}`)
	put("contacts/anna", `{"id":"anna","parts":["customer"],"name":"Anna Ek","emails":["Anna@home.example"]}`)
	put("contacts/ror", `{"id":"ror","company":true,"parts":["supplier"],"name":"Rör AB","areas":["norr"],"trades":["VVS"]}`)
	put("tenancies/t1", `{"id":"t1","customer":"anna","object":"1001","from":"2024-02-01"}`)
	put("classes/VVS", `{"path":"VVS","days":7}`)
	put("classes/"+url.PathEscape("VVS > Blandare"), `{"path":"VVS > Blandare","fields":[{"name":"Fabrikat","type":"text","required":"done"}]}`)
	put("routes/vvs", `{"id":"vvs","class":"VVS","object":"norr","supplier":"ror"}`)

	var class reg.Class
	h.want(http.StatusOK, &class, "GET", "/api/v1/classes/"+url.PathEscape("VVS > Blandare"), "")
	if len(class.Fields) != 1 || class.Fields[0].Required != "done" {
		t.Errorf("class: %+v", class)
	}
	for path, want := range map[string]string{
		"objects": "1001 kv norr", "objects?parent=norr": "kv", "objects?external_key=F%201": "kv", "objects?parent=1001": "",
	} {
		var list admin.List[property.Object]
		h.want(http.StatusOK, &list, "GET", "/api/v1/"+path, "")
		got := ""
		for _, o := range list.Items {
			got += string(o.ID) + " "
		}
		if want != "" {
			want += " "
		}
		if got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	var people admin.List[reg.Contact]
	for _, path := range []string{"contacts?email=anna@HOME.example", "contacts?part=customer"} {
		if h.want(http.StatusOK, &people, "GET", "/api/v1/"+path, ""); len(people.Items) != 1 || people.Items[0].ID != "anna" {
			t.Errorf("%s: %+v", path, people.Items)
		}
	}
	var rents admin.List[reg.Tenancy]
	for _, path := range []string{"tenancies?customer=anna", "tenancies?object=1001"} {
		if h.want(http.StatusOK, &rents, "GET", "/api/v1/"+path, ""); len(rents.Items) != 1 || rents.Items[0].ID != "t1" {
			t.Errorf("%s: %+v", path, rents.Items)
		}
	}

	// Editions: every change, with who made it; the same again is none.
	changed := `{"id":"1001","kind":"unit","parent":"kv","name":"Lgh 1001","square_metres":72}`
	tag := first.header.Get("ETag")
	second := h.want(http.StatusOK, nil, "PUT", "/api/v1/objects/1001", changed, "If-Match", tag)
	again := put("objects/1001", changed)
	if again.header.Get("ETag") != second.header.Get("ETag") || tag == second.header.Get("ETag") {
		t.Errorf("tags: %s, %s, %s", tag, second.header.Get("ETag"), again.header.Get("ETag"))
	}
	var editions admin.List[admin.Edition]
	h.want(http.StatusOK, &editions, "GET", "/api/v1/objects/1001/editions", "")
	if len(editions.Items) != 2 || editions.Items[0].Number != 1 || editions.Items[1].By != (admin.Actor{Via: "api", Name: "caretaker a"}) {
		t.Errorf("editions: %+v", editions.Items)
	}

	for _, x := range []struct {
		status     int
		path, body string
		headers    []string
	}{
		{409, "objects/1001", changed, []string{"If-Match", tag}},
		{409, "objects/kv2", `{"id":"kv2","kind":"property","name":"x","external_key":"F 1"}`, nil},
		{422, "objects/1002", changed, nil},
		{422, "objects/1002", `{"id":"1002","kind":"unit","parent":"nowhere","name":"x"}`, nil},
		{422, "objects/1002", `{"id":"1002","kind":"unit","parent":"norr","name":"x"}`, nil},
		{422, "objects/norr", `{"id":"norr","kind":"area","parent":"kv","name":"x"}`, nil},
		{422, "contacts/bo", `{"id":"bo","parts":["customer"],"name":"Bo","areas":["syd"]}`, nil},
		{422, "tenancies/t2", `{"id":"t2","customer":"bo","object":"1001","from":"2024-02-01"}`, nil},
		{422, "classes/" + url.PathEscape("El > Lampa"), `{"path":"El > Lampa"}`, nil},
		{422, "routes/el", `{"id":"el","class":"El","assignee":"anna"}`, nil},
		{422, "routes/none", `{"id":"none","class":"VVS"}`, nil},
		{422, "segments/x", `{"id":"x","name":"X","colour":"red"}`, nil},
	} {
		h.refused(x.status, "PUT", "/api/v1/"+x.path, x.body, x.headers...)
	}
	h.refused(404, "GET", "/api/v1/objects/nowhere", "")
	h.refused(404, "GET", "/api/v1/objects/nowhere/editions", "")
	h.refused(404, "GET", "/api/v1/objects/kv", "", bearer(h.other)...)
	var none admin.List[property.Object]
	if h.want(http.StatusOK, &none, "GET", "/api/v1/objects", "", bearer(h.other)...); len(none.Items) != 0 {
		t.Errorf("another organisation sees %+v", none.Items)
	}
	if v, err := h.desk.Verify(t.Context(), func(p string) { t.Error(p) }); err != nil {
		t.Errorf("%+v, %v", v, err)
	}
}

// A copy without the restricted fields, as somebody else fetched it or as a form has it, leaves them; who may see them clears them by name. Who may
// not see them neither clears nor changes them.
func TestPutLeavesWhatIsRestricted(t *testing.T) {
	h := newHouse(t)
	h.want(http.StatusOK, nil, "PUT", "/api/v1/roles/kontor", `{"id":"kontor","name":"Kontor","permissions":["cases.read","register.read","register.edit"]}`)
	blind := h.grant("kontor", access.Scope{})
	for _, c := range []struct{ path, field, first, second, rest string }{
		{"/api/v1/contacts/anna", "personal_number", "19811218-9876", "19811228-9874", `"id":"anna","parts":["customer"],"name":"Anna"`},
		{"/api/v1/objects/eken", "access", "Port 4711", "Port 4712", `"id":"eken","kind":"property","name":"Eken"`},
	} {
		for i, step := range []struct {
			by   []string
			body string
			want any
		}{
			{nil, fmt.Sprintf(`{%s,%q:%q}`, c.rest, c.field, c.first), c.first},
			{nil, fmt.Sprintf(`{%s}`, c.rest), c.first},
			{nil, fmt.Sprintf(`{%s,"external_key":"x"}`, c.rest), c.first},
			{blind, fmt.Sprintf(`{%s,"external_key":"y"}`, c.rest), c.first},
			{blind, fmt.Sprintf(`{%s,%q:""}`, c.rest, c.field), c.first},
			{blind, fmt.Sprintf(`{%s,%q:%q}`, c.rest, c.field, c.second), c.first},
			{nil, fmt.Sprintf(`{%s,%q:""}`, c.rest, c.field), nil},
			{nil, fmt.Sprintf(`{%s}`, c.rest), nil},
		} {
			a := h.want(http.StatusOK, nil, "PUT", c.path, step.body, step.by...)
			if step.by != nil && bytes.Contains(a.body, []byte(c.first)) {
				t.Errorf("%s, step %d tells: %s", c.path, i, a.body)
			}
			var got map[string]any
			if h.want(http.StatusOK, &got, "GET", c.path, ""); got[c.field] != step.want {
				t.Errorf("%s, step %d: %v, want %v", c.path, i, got[c.field], step.want)
			}
		}
	}
}
