package admin_test

import (
	"net/http"
	"strings"
	"testing"

	"smartmail/access"
	"smartmail/admin"
)

// Door codes are in nothing but their own call, which is for those alone who may see what is restricted.
func TestCodes(t *testing.T) {
	h := newGuardedHouse(t)
	const text = "qqkod 4711"
	var codes admin.Codes
	h.want(http.StatusOK, &codes, "GET", "/api/v1/cases/1/codes", "")
	if codes != (admin.Codes{}) {
		t.Errorf("at first: %+v", codes)
	}
	h.want(http.StatusOK, &codes, "PUT", "/api/v1/cases/1/codes", `{"text":"`+text+`"}`)
	if codes.Text != text || codes.By == nil || codes.At == nil {
		t.Errorf("%+v", codes)
	}
	var found admin.List[admin.Case]
	if h.want(http.StatusOK, &found, "GET", "/api/v1/cases?q=qqkod", ""); len(found.Items) != 0 {
		t.Error("a case is found by its codes")
	}
	for _, path := range []string{"/cases/1", "/cases/1/entries", "/cases/1/orders", "/events", "/outbox", "/todo", "/people/export?email=kund@open.example"} {
		if a := h.call("GET", "/api/v1"+path, ""); a.status != http.StatusOK || strings.Contains(string(a.body), "4711") {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	for _, role := range access.Roles() {
		want := http.StatusForbidden
		if role.ID == "administrator" {
			want = http.StatusOK
		}
		token := h.grant(role.ID, h.everywhere(role.ID))
		read, write := h.call("GET", "/api/v1/cases/1/codes", "", token...), h.call("PUT", "/api/v1/cases/1/codes", `{"text":"`+text+`"}`, token...)
		if read.status != want || write.status != want || strings.Contains(string(read.body), text) != (want == http.StatusOK) {
			t.Errorf("%s reads %d, writes %d", role.ID, read.status, write.status)
		}
	}
	h.want(http.StatusOK, nil, "POST", "/api/v1/people/erase", `{"email":"kund@open.example"}`)
	if h.want(http.StatusOK, &codes, "GET", "/api/v1/cases/1/codes", ""); codes.Text != "" {
		t.Error("what opened the door of somebody who was erased is left")
	}
}
