package admin_test

import (
	"fmt"
	"net/http"
	"testing"

	"smartmail/admin"
)

// The calls about two cases, as a page makes them.
func TestLinkCalls(t *testing.T) {
	h := newHouse(t)
	for _, subject := range []string{"Vattnet", "Kranen", "Kranen igen", "Spisen"} {
		h.open(subject)
	}
	var c admin.Case
	h.want(http.StatusCreated, &c, "POST", "/api/v1/cases/1/links", `{"kind":"parent_of","case":2}`)
	if fmt.Sprint(c.Links) != "[{parent_of 2}]" {
		t.Errorf("links: %+v", c.Links)
	}
	h.refused(409, "POST", "/api/v1/cases/2/links", `{"kind":"parent_of","case":4}`)
	h.refused(404, "POST", "/api/v1/cases/1/links", `{"kind":"parent_of","case":99}`)
	h.refused(422, "POST", "/api/v1/cases/1/links", `{"kind":"merged_into","case":4}`)

	var told admin.Update
	h.want(http.StatusAccepted, &told, "POST", "/api/v1/cases/1/updates", `{"text":"Vattnet är tillbaka."}`)
	if fmt.Sprint(told.Cases) != "[2]" || told.Note.Kind != "note" || told.Note.Case != 1 {
		t.Errorf("an update: %+v", told)
	}
	h.refused(409, "POST", "/api/v1/cases/4/updates", `{"text":"x"}`)

	h.want(http.StatusOK, &c, "POST", "/api/v1/cases/3/merge", `{"into":2}`)
	if c.Number != 2 || len(c.Lanes) != 1 || fmt.Sprint(c.Links) != "[{child_of 1} {merged_from 3}]" {
		t.Errorf("merged: %+v", c)
	}
	h.refused(409, "POST", "/api/v1/cases/3/merge", `{"into":2}`)
	h.refused(409, "PATCH", "/api/v1/cases/3", `{"status":"new"}`)
	h.refused(409, "POST", "/api/v1/cases/2/unmerge", "")
	var own admin.Case
	h.want(http.StatusOK, &own, "POST", "/api/v1/cases/3/unmerge", "")
	if own.Number != 3 || own.Status != "new" || len(own.Links) != 0 {
		t.Errorf("taken back: %+v", own)
	}
	h.want(http.StatusOK, &c, "POST", "/api/v1/cases/3/merge", `{"into":2}`)

	var e, moved admin.Entry
	h.want(http.StatusAccepted, &e, "POST", "/api/v1/cases/2/messages", `{"lane":"customer","text":"Om spisen","attachments":[{"name":"a.txt","content":"eA=="}]}`)
	var split admin.Case
	a := h.want(http.StatusCreated, &split, "POST", "/api/v1/cases/2/split", fmt.Sprintf(`{"subject":"Spis","entries":[%q]}`, e.ID))
	if split.Number != 5 || a.header.Get("Location") != "/api/v1/cases/5?org=a" || split.Class != c.Class || fmt.Sprint(split.Links) != "[{split_from 2}]" {
		t.Errorf("split: %+v", split)
	}
	h.refused(422, "POST", "/api/v1/cases/2/split", `{"subject":" ","entries":["x"]}`)
	h.refused(404, "POST", "/api/v1/cases/2/split", `{"subject":"x","entries":["x"]}`)

	h.want(http.StatusCreated, &moved, "POST", "/api/v1/entries/"+e.ID+"/move", `{"case":4}`)
	if moved.Case != 4 || moved.Origin == nil || moved.Origin.Entry != e.ID || len(moved.Attachments) != 1 {
		t.Errorf("moved: %+v", moved)
	}
	h.want(http.StatusOK, &e, "GET", "/api/v1/entries/"+e.ID, "")
	if e.Hidden != "withdrawn" {
		t.Errorf("where it was: %+v", e)
	}
	h.want(http.StatusOK, nil, "GET", "/api/v1/attachments/"+moved.Attachments[0].ID, "")
	h.want(http.StatusOK, &c, "DELETE", "/api/v1/cases/1/links/parent_of/2", "")
	if len(c.Links) != 0 {
		t.Errorf("links left: %+v", c.Links)
	}
	h.refused(404, "DELETE", "/api/v1/cases/1/links/parent_of/2", "")
}
