package admin_test

import (
	"net/http"
	"testing"

	"smartmail/access"
	"smartmail/admin"
)

func TestHold(t *testing.T) {
	h := newHouse(t)
	h.receive(letter("Anna <anna@home.example>", "Kran", "", "Den droppar."), "anna@home.example", "fel@a.example")
	h.want(http.StatusOK, nil, "PUT", "/api/v1/cases/1/hold", `{"held":true,"reason":"tvist"}`)
	var c admin.Case
	h.want(http.StatusOK, &c, "GET", "/api/v1/cases/1", "")
	if c.Hold == nil || c.Hold.Reason != "tvist" || c.Hold.By.Via != "api" {
		t.Errorf("the hold is %+v", c.Hold)
	}
	entries := h.entries(1, 50)
	if last := entries[len(entries)-1]; last.Kind != "hold" || last.Lane != "internal" {
		t.Errorf("it is told by %+v", last)
	}
	var did admin.Erased
	h.want(http.StatusOK, &did, "POST", "/api/v1/people/erase", `{"email":"anna@home.example"}`)
	if len(did.Held) != 1 || did.Held[0] != 1 || did.Cases != 0 || did.Mails != 0 {
		t.Errorf("erased %+v", did)
	}
	h.refused(http.StatusForbidden, "PUT", "/api/v1/cases/1/hold", `{"held":false,"reason":"x"}`, h.grant("manager", access.Scope{})...)
	h.refused(http.StatusUnprocessableEntity, "PUT", "/api/v1/cases/1/hold", `{"held":false,"reason":""}`)
	h.want(http.StatusOK, nil, "PUT", "/api/v1/cases/1/hold", `{"held":false,"reason":"avgjort"}`)
	h.refused(http.StatusConflict, "PUT", "/api/v1/cases/1/hold", `{"held":false,"reason":"avgjort"}`)
	h.want(http.StatusOK, &did, "POST", "/api/v1/people/erase", `{"email":"anna@home.example"}`)
	if len(did.Held) != 0 || did.Cases != 1 {
		t.Errorf("after it was lifted: %+v", did)
	}
}
