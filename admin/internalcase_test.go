package admin_test

import (
	"net/http"
	"strings"
	"testing"

	"smartmail/access"
	"smartmail/admin"
)

// An internal case is opened, found and read as such; what would bring a customer onto it is refused, and to him it is not there.
func TestInternalCases(t *testing.T) {
	h := newHouse(t)
	var c admin.Case
	h.want(http.StatusCreated, &c, "POST", "/api/v1/cases", `{"subject":"Byt lås","internal":true,"reporter":{"email":"anna@home.example"}}`)
	if !c.Internal || len(c.Lanes) != 0 || c.Reporter == nil {
		t.Errorf("%+v", c)
	}
	h.refused(http.StatusConflict, "POST", "/api/v1/cases/1/participants", `{"kind":"customer","email":"anna@home.example"}`)
	h.want(http.StatusCreated, nil, "POST", "/api/v1/cases/1/participants", `{"kind":"supplier","email":"jour@ror.example"}`)
	h.open("Kranen droppar")
	h.want(http.StatusAccepted, nil, "POST", "/api/v1/cases/2/messages", `{"lane":"customer","text":"Vi kommer."}`)
	h.refused(http.StatusConflict, "PATCH", "/api/v1/cases/2", `{"internal":true}`)
	h.refused(http.StatusConflict, "POST", "/api/v1/cases/2/merge", `{"into":1}`)
	if a := h.want(http.StatusOK, nil, "GET", "/api/v1/cases/2", ""); strings.Contains(string(a.body), `"internal"`) {
		t.Errorf("an ordinary case: %s", a.body)
	}
	h.refused(http.StatusNotFound, "GET", "/api/v1/cases/1", "", h.grant("customer", access.Scope{Own: []string{"anna@home.example"}})...)
	var open admin.Case
	h.want(http.StatusOK, &open, "PATCH", "/api/v1/cases/1", `{"internal":false}`)
	if open.Internal || len(open.Lanes) != 1 {
		t.Errorf("no longer internal: %+v", open)
	}
}
