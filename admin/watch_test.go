package admin_test

import (
	"fmt"
	"net/http"
	"testing"

	"smartmail/access"
	"smartmail/admin"
)

// A caretaker watches a case by his own token, finds what happens on it in his to-do list, and says that he has seen it.
func TestWatchCalls(t *testing.T) {
	h := newGuardedHouse(t)
	for id, parts := range map[string]string{"nora": "technician", "mats": "manager"} {
		h.want(http.StatusOK, nil, "PUT", "/api/v1/contacts/"+id, fmt.Sprintf(`{"id":%q,"parts":[%q],"name":%q,"emails":["%s@landlord.example"],"notify":{"watched":true}}`, id, parts, id, id))
	}
	nora := h.grant("technician", access.Scope{Own: []string{"nora@landlord.example", "kund@open.example"}})
	var c admin.Case
	h.want(http.StatusOK, &c, "POST", "/api/v1/cases/1/watch", "", nora...)
	h.want(http.StatusOK, &c, "POST", "/api/v1/cases/1/watch?contact=mats", "", nora...)
	if fmt.Sprint(c.Watchers) != "[nora mats]" {
		t.Fatalf("watched by %v", c.Watchers)
	}
	var held struct{ Watches []struct{ Case uint64 } }
	for email, want := range map[string]string{"mats@landlord.example": "[{1}]", "kund@open.example": "[]"} {
		if h.want(http.StatusOK, &held, "GET", "/api/v1/people/export?email="+email, ""); fmt.Sprint(held.Watches) != want {
			t.Errorf("of %s is held that he watches %v", email, held.Watches)
		}
	}
	h.refused(422, "POST", "/api/v1/cases/1/watch", "") // the house's own token is nobody's
	h.refused(409, "POST", "/api/v1/cases/1/watch?contact=nobody", "")
	h.want(http.StatusAccepted, nil, "POST", "/api/v1/cases/1/messages", `{"lane":"internal","text":"Se här"}`)
	h.want(http.StatusAccepted, nil, "POST", "/api/v1/cases/1/messages", `{"lane":"internal","text":"Och här"}`)
	var list admin.List[admin.Todo]
	h.want(http.StatusOK, &list, "GET", "/api/v1/todo?for=nora", "", nora...)
	if len(list.Items) != 1 || list.Items[0].Code != "watched" || list.Items[0].Lane != "" || list.Items[0].Urgency != "normal" || list.Items[0].Message == nil {
		t.Fatalf("nora has to do %+v", list.Items)
	}
	var e admin.Entry
	if h.want(http.StatusOK, &e, "GET", "/api/v1/entries/"+*list.Items[0].Message, ""); e.Text == nil || *e.Text != "Se här" {
		t.Errorf("it is about %+v", e)
	}
	h.want(http.StatusOK, &e, "POST", "/api/v1/todo/"+list.Items[0].ID+"/done", "", nora...)
	if h.want(http.StatusOK, &list, "GET", "/api/v1/todo?for=nora", "", nora...); len(list.Items) != 0 {
		t.Errorf("seen to, and she has %+v", list.Items)
	}
	if h.want(http.StatusOK, &list, "GET", "/api/v1/todo?for=mats", ""); len(list.Items) != 2 || list.Items[1].Code != "watched" { // and triage
		t.Errorf("mats has to do %+v", list.Items)
	}
	var out admin.List[admin.Outgoing]
	written := map[string]int{}
	h.want(http.StatusOK, &out, "GET", "/api/v1/outbox?limit=200", "")
	for _, o := range out.Items {
		written[o.To.Email]++
	}
	if written["nora@landlord.example"] != 1 || written["mats@landlord.example"] != 1 {
		t.Errorf("mails went to %v", written)
	}
	h.want(http.StatusOK, nil, "DELETE", "/api/v1/cases/1/watch", "", nora...)
	var left admin.Case
	if h.want(http.StatusOK, &left, "DELETE", "/api/v1/cases/1/watch?contact=mats", ""); len(left.Watchers) != 0 {
		t.Errorf("still watched by %v", left.Watchers)
	}
	if h.want(http.StatusOK, &list, "GET", "/api/v1/todo?for=mats", ""); len(list.Items) != 1 || list.Items[0].Code != "triage" {
		t.Errorf("who watches no longer has %+v", list.Items)
	}
}
