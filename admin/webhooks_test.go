package admin_test

import (
	"net/http"
	"strings"
	"testing"

	"smartmail/admin"
	"smartmail/casework"
)

// A webhook is changed as it was seen, whatever was delivered meanwhile; one that is disabled is to do until it is put right.
func TestWebhook(t *testing.T) {
	h := newHouse(t)
	admins := bearer(adminToken)
	var made admin.Webhook
	h.refused(422, "POST", "/api/v1/webhooks?org=a", `{"url":"https://erp.example.org/x","kinds":["note","mail-in"]}`, admins...)
	a := h.want(http.StatusCreated, &made, "POST", "/api/v1/webhooks?org=a", `{"url":"https://erp.example.org/x","kinds":["note"]}`, admins...)
	path, seen := "/api/v1/webhooks/"+made.ID+"?org=a", append([]string{"If-Match", a.header.Get("ETag")}, admins...)
	if !made.Active || !strings.Contains(string(a.body), `"secret":"whsec_`) {
		t.Errorf("made: %s", a.body)
	}
	disable := func(w *casework.Webhook) { w.DisabledAt = h.clock() }
	if _, err := h.desk.ChangeWebhook(t.Context(), "a", made.ID, disable); err != nil {
		t.Fatal(err)
	}
	var list admin.List[admin.Todo]
	h.want(http.StatusOK, &list, "GET", "/api/v1/todo?org=a", "", admins...)
	if len(list.Items) != 1 || list.Items[0].Code != "webhook" || list.Items[0].ID != made.ID || list.Items[0].Subject != "erp.example.org" || list.Items[0].Why == "" {
		t.Errorf("to do: %+v", list.Items)
	}
	var now admin.Webhook
	a = h.want(http.StatusOK, &now, "PATCH", path, `{"url":"https://erp.example.org/y","kinds":[],"active":true}`, seen...)
	if !now.Active || now.URL != "https://erp.example.org/y" || len(now.Kinds) != 0 || now.DisabledAt != nil || a.header.Get("ETag") == seen[1] {
		t.Errorf("%s", a.body)
	}
	h.want(http.StatusConflict, nil, "PATCH", path, `{"active":false}`, seen...)
	h.want(http.StatusOK, &now, "PATCH", path, `{"active":false}`, append([]string{"If-Match", a.header.Get("ETag")}, admins...)...)
	if now.Active {
		t.Error("it is not paused")
	}
	h.want(422, nil, "PATCH", path, `{"url":"ftp://x"}`, admins...)
	h.want(http.StatusNotFound, nil, "PATCH", "/api/v1/webhooks/none?org=a", `{"active":true}`, admins...)
}
