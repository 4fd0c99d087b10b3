package admin_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"smartmail/access"
	"smartmail/admin"
	"smartmail/property"
	reg "smartmail/register"
)

// A schedule is put, opens its case, and tells how far it has come; a part of the organisation sees its own.
func TestSchedules(t *testing.T) {
	h := newGuardedHouse(t)
	norr := h.grant("reader", access.Scope{Objects: []property.ID{"norr"}})
	var list admin.List[reg.Schedule]
	if h.want(http.StatusOK, &list, "GET", "/api/v1/schedules", "", norr...); len(list.Items) != 1 || list.Items[0].ID != "s-open" {
		t.Errorf("of Norr: %+v", list.Items)
	}
	if h.want(http.StatusOK, &list, "GET", "/api/v1/schedules?object=kv-"+hidden, ""); len(list.Items) != 1 || list.Items[0].ID != "s-"+hidden {
		t.Errorf("of a house: %+v", list.Items)
	}
	h.refused(403, "PUT", "/api/v1/schedules/s-open", `{"id":"s-open","title":"x","first":"2026-12-01","every":1,"unit":"years"}`, norr...)
	h.refused(422, "PUT", "/api/v1/schedules/s", `{"id":"s","title":"x","first":"2026-12-01","every":1,"unit":"quarters"}`)

	state := func(want string) (s admin.ScheduleState) {
		t.Helper()
		h.want(http.StatusOK, &s, "GET", "/api/v1/schedules/ovk/state", "", norr...)
		if s.Next == nil || *s.Next != want {
			t.Errorf("next is %v, want %s", s.Next, want)
		}
		return s
	}
	h.want(http.StatusOK, nil, "PUT", "/api/v1/schedules/ovk", `{"id":"ovk","title":"OVK","object":"kv-open","first":"2026-11-30","every":3,"unit":"years","open_before":6,"wait_for_previous":true}`)
	if s := state("2026-11-30"); s.Last != nil || s.Case != nil || s.Waits || s.OpensAt == nil || !s.OpensAt.Equal(time.Date(2026, 11, 24, 7, 0, 0, 0, time.UTC)) {
		t.Errorf("at first: %+v", s)
	}
	if n, err := h.desk.RunTimers(t.Context()); n == 0 || err != nil {
		t.Fatal(n, err)
	}
	s := state("2029-11-30")
	if s.Last == nil || *s.Last != "2026-11-30" || s.Case == nil || *s.Case != 3 || !s.Waits || s.OpensAt != nil {
		t.Fatalf("then: %+v", s)
	}
	var c admin.Case
	h.want(http.StatusOK, &c, "GET", "/api/v1/cases/3", "", norr...)
	if c.Schedule != "ovk" || c.Subject != "OVK" || c.DueAt == nil || !c.DueAt.Equal(time.Date(2026, 11, 30, 23, 59, 0, 0, time.UTC)) {
		t.Errorf("its case: %+v", c)
	}
	var its admin.List[admin.Case]
	if h.want(http.StatusOK, &its, "GET", "/api/v1/cases?schedule=ovk", ""); len(its.Items) != 1 || its.Items[0].Number != 3 {
		t.Errorf("cases of the schedule: %+v", its.Items)
	}
	for query, want := range map[string]string{"": "ovk s-open", "?until=2030-01-01": "ovk s-open", "?until=2029-12-31": "ovk", "?until=2029-11-29": ""} {
		var coming admin.List[admin.Coming]
		h.want(http.StatusOK, &coming, "GET", "/api/v1/coming"+query, "", norr...)
		var got []string
		for _, c := range coming.Items {
			got = append(got, c.Schedule)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("coming%s: %q, want %q", query, got, want)
		}
	}
	h.want(http.StatusOK, nil, "PATCH", "/api/v1/cases/3", `{"status":"closed"}`)
	if s := state("2029-11-30"); s.Waits || s.OpensAt == nil {
		t.Errorf("when it is closed: %+v", s)
	}
}
