package admin_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"smartmail/access"
	"smartmail/admin"
)

// A case has no archived class or object, unless it had it before; what the register does not know is taken, and told to who may read it.
func TestClassAndObjectOfACase(t *testing.T) {
	h := newHouse(t)
	h.want(http.StatusOK, nil, "PUT", "/api/v1/classes/El", `{"path":"El"}`)
	h.want(http.StatusOK, nil, "PUT", "/api/v1/classes/Gas", `{"path":"Gas"}`)
	h.want(http.StatusOK, nil, "PUT", "/api/v1/objects/hus", `{"id":"hus","kind":"property","name":"Hus"}`)
	h.want(http.StatusOK, nil, "PUT", "/api/v1/objects/skjul", `{"id":"skjul","kind":"property","name":"Skjul"}`)
	was := h.case201(`{"subject":"Doft","class":"Gas","object":"skjul"}`)
	if len(was.Notices) != 0 {
		t.Errorf("what the register has is told: %q", was.Notices)
	}
	h.want(http.StatusOK, nil, "PUT", "/api/v1/classes/Gas", `{"path":"Gas","archived":true}`)
	h.want(http.StatusOK, nil, "PUT", "/api/v1/objects/skjul", `{"id":"skjul","kind":"property","name":"Skjul","archived":true}`)
	h.refused(http.StatusUnprocessableEntity, "POST", "/api/v1/cases", `{"subject":"Doft","class":"Gas"}`)
	h.refused(http.StatusUnprocessableEntity, "POST", "/api/v1/cases", `{"subject":"Doft","object":"skjul"}`)
	c := h.case201(`{"subject":"Ljus","class":"EL","object":"huset"}`)
	both := []string{`class: "EL" is not in the register`, `object: "huset" is not in the register`}
	if c.Class != "EL" || c.Object != "huset" || !slices.Equal(c.Notices, both) {
		t.Errorf("what the register does not know: %q, %q, %q", c.Class, c.Object, c.Notices)
	}
	h.want(http.StatusOK, nil, "PUT", "/api/v1/roles/desk", `{"id":"desk","name":"Desk","permissions":["cases.read","cases.edit"]}`)
	if stranger := h.case201(`{"subject":"Ljus","class":"EL","object":"huset"}`, h.grant("desk", access.Scope{})...); len(stranger.Notices) != 0 {
		t.Errorf("who may not read it is told of the register: %q", stranger.Notices)
	}
	for body, want := range map[string]int{
		`{"class":"Gas"}`: 422, `{"object":"skjul"}`: 422, `{"class":"El","object":"hus"}`: 200, `{"class":null,"object":null}`: 200,
	} {
		if a := h.call("PATCH", "/api/v1/cases/2", body); a.status != want {
			t.Errorf("%s: %d, want %d: %s", body, a.status, want, a.body)
		}
	}
	h.want(http.StatusOK, &was, "PATCH", "/api/v1/cases/1", `{"class":"Gas","object":"skjul","priority":3}`)
	h.want(http.StatusOK, &c, "PATCH", "/api/v1/cases/2", `{"object":"huset"}`)
	if !slices.Equal(c.Notices, both[1:]) {
		t.Errorf("after an edit: %q", c.Notices)
	}
	var later admin.Case
	h.want(http.StatusOK, &later, "GET", "/api/v1/cases/2", "")
	if later.Notices != nil {
		t.Errorf("it is told for ever: %q", later.Notices)
	}
}

// Numbers and days of an organisation's own fields are one thing in one form, however they were written.
func TestFieldsAreKeptInOneForm(t *testing.T) {
	h := newHouse(t)
	h.want(http.StatusOK, nil, "PUT", "/api/v1/classes/VVS", `{"path":"VVS","fields":[{"name":"meter","type":"number"},{"name":"day","type":"date"}]}`)
	h.open("Kranen")
	var c admin.Case
	for _, written := range []string{"12,5", "12.5"} {
		h.want(http.StatusOK, &c, "PATCH", "/api/v1/cases/1", `{"fields":{"meter":"`+written+`","day":"2026-12-01","other":"1,5"}}`)
		if c.Fields["meter"] != "12.5" || c.Fields["day"] != "2026-12-01" || c.Fields["other"] != "1,5" {
			t.Errorf("%s is kept as %q", written, c.Fields)
		}
	}
	n := 0
	for _, e := range h.entries(1, 50) {
		if e.Kind == "change" && e.Change.Field == "meter" {
			n++
		}
	}
	if n != 1 {
		t.Errorf("the same number is %d changes", n)
	}
	for body, detail := range map[string]string{
		`{"fields":{"meter":"1.200,5"}}`: "number, such as 12,5 or 12.5", `{"fields":{"day":"1/12 2026"}}`: "written YYYY-MM-DD",
	} {
		if p := h.refused(http.StatusUnprocessableEntity, "PATCH", "/api/v1/cases/1", body); !strings.Contains(p["detail"].(string), detail) {
			t.Errorf("%s is told %q", body, p["detail"])
		}
	}
}

func (h *house) case201(body string, headers ...string) (c admin.Case) {
	h.t.Helper()
	h.want(http.StatusCreated, &c, "POST", "/api/v1/cases", body, headers...)
	return c
}
