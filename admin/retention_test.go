package admin_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"smartmail/access"
	"smartmail/admin"
	"smartmail/casework"
)

// From a rule in the register by the dry run and its confirmation to the night: the words are found no more, and the figures stay.
func TestRetention(t *testing.T) {
	h := newHouse(t)
	h.index()
	h.want(http.StatusOK, nil, "PUT", "/api/v1/classes/VVS", `{"path":"VVS","retain_months":12}`)
	h.want(http.StatusOK, nil, "PUT", "/api/v1/segments/student", `{"id":"student","name":"Studenter"}`)
	h.want(http.StatusOK, nil, "PUT", "/api/v1/contacts/k1", `{"id":"k1","parts":["customer"],"name":"Anna Hemlig","emails":["anna@home.example"],"segment":"student"}`)
	h.receive(letter("Anna Hemlig <anna@home.example>", "Kran", "", "Den droppar."), "anna@home.example", "fel@a.example")
	h.want(http.StatusOK, nil, "PATCH", "/api/v1/cases/1", `{"class":"VVS","status":"closed"}`)
	found := func() int {
		var list admin.List[admin.Case]
		h.want(http.StatusOK, &list, "GET", "/api/v1/cases?q=droppar", "")
		return len(list.Items)
	}
	if found() != 1 {
		t.Fatal("the case is not found before")
	}
	figures := h.want(http.StatusOK, nil, "GET", "/api/v1/figures?by=class,segment&format=csv", "").body
	h.mu.Lock()
	h.now = h.now.AddDate(1, 0, 10)
	h.mu.Unlock()
	var rules admin.List[admin.RetentionRule]
	h.want(http.StatusOK, &rules, "GET", "/api/v1/retention", "")
	if len(rules.Items) != 1 || rules.Items[0].Cases != 1 || rules.Items[0].Confirmed || len(rules.Items[0].Classes[0].Sample) != 1 {
		t.Fatalf("the dry run shows %+v", rules.Items)
	}
	h.refused(http.StatusConflict, "POST", "/api/v1/retention/confirm", `{"class":"VVS","edition":"x"}`)
	h.refused(http.StatusNotFound, "POST", "/api/v1/retention/confirm", `{"class":"El","edition":"x"}`)
	h.refused(http.StatusForbidden, "GET", "/api/v1/retention", "", h.grant("manager", access.Scope{})...)
	h.runTimers()
	waiting := func() string { return string(h.want(http.StatusOK, nil, "GET", "/api/v1/todo", "").body) }
	if !strings.Contains(waiting(), `"code":"retention"`) {
		t.Errorf("nobody is told that it waits: %s", waiting())
	}
	var rule admin.RetentionRule
	h.want(http.StatusOK, &rule, "POST", "/api/v1/retention/confirm", `{"class":"VVS","edition":"`+rules.Items[0].Edition+`"}`)
	if !rule.Confirmed || rule.ConfirmedBy == nil || strings.Contains(waiting(), `"code":"retention"`) {
		t.Errorf("confirmed: %+v", rule)
	}
	h.mu.Lock()
	h.now = casework.NextNight(h.now, time.Local).Add(time.Hour)
	h.mu.Unlock()
	h.runTimers()
	if n := found(); n != 0 {
		t.Errorf("%d cases are found by what was said", n)
	}
	if now := h.want(http.StatusOK, nil, "GET", "/api/v1/figures?by=class,segment&format=csv", "").body; string(now) != string(figures) || !strings.Contains(string(now), "student") {
		t.Errorf("the figures were\n%s\nand are\n%s", figures, now)
	}
	if lines := h.trail("who=retention"); len(lines) != 1 || !strings.HasSuffix(lines[0], "retention/VVS case 0 by []: 1, 200") {
		t.Errorf("the audit trail has %q", lines)
	}
	h.want(http.StatusOK, &rules, "GET", "/api/v1/retention", "")
	if r := rules.Items[0]; r.Total != 1 || r.Ran != 1 || r.RanAt == nil || r.Cases != 0 {
		t.Errorf("after the night: %+v", r)
	}
}

func (h *house) runTimers() {
	h.t.Helper()
	if _, err := h.desk.RunTimers(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}
