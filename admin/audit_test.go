package admin_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"smartmail/access"
	"smartmail/admin"
	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/property"
)

// trail is the audit trail as short lines.
func (h *house) trail(query string) (lines []string) {
	h.t.Helper()
	var list admin.List[admin.Look]
	h.want(http.StatusOK, &list, "GET", "/api/v1/audit?limit=200&"+query, "")
	for _, l := range list.Items {
		n := uint64(0)
		if l.Case != nil {
			n = *l.Case
		}
		lines = append(lines, fmt.Sprintf("%s %s %s/%s case %d by %v: %d, %d", l.Who, l.Call, l.Kind, l.Item, n, l.By, l.Count, l.Status))
	}
	return lines
}

func TestAudit(t *testing.T) {
	h := newGuardedHouse(t)
	token := h.grant("reader", access.Scope{Objects: []property.ID{"norr"}})
	get := func(path string) { h.call("GET", "/api/v1"+path, "", token...) }
	get("/cases/1")
	get("/cases/2") // hidden from him
	get("/cases?q=" + hidden + "&status=new")
	get("/entries/" + h.ids["entry"])
	get("/audit")
	if got := fmt.Sprint(h.trail("who=reader")); got != fmt.Sprint([]string{
		"reader get-case cases/1 case 1 by []: 0, 200", "reader get-case cases/2 case 2 by []: 0, 404", "reader list-cases cases/ case 0 by [q status]: 1, 200",
		"reader get-entry entries/" + h.ids["entry"] + " case 2 by []: 0, 404", "reader list-audit audit/ case 0 by []: 0, 403",
	}) {
		t.Errorf("the reader's calls: %s", got)
	}
	for _, path := range []string{"/entries/" + h.ids["entry"], "/messages/" + h.ids["raw"] + "/raw", "/attachments/" + h.ids["attachment"], "/orders/2-1"} {
		h.want(http.StatusOK, nil, "GET", "/api/v1"+path, "")
		kind, _, _ := strings.Cut(path[1:], "/")
		if all := h.trail("case=2&what=" + kind); len(all) == 0 || !strings.Contains(all[len(all)-1], "case 2 by []: 0, 200") {
			t.Errorf("%s: %q", path, all)
		}
	}
	if all := h.trail("what=audit"); len(all) < 2 || !strings.Contains(all[len(all)-1], "list-audit audit/ case 0") {
		t.Errorf("reading the trail is on it: %q", all)
	}
	at := h.clock().Format(time.RFC3339Nano)
	h.want(http.StatusOK, nil, "GET", "/api/v1/cases/1", "")
	if before, after := h.trail("case=1&to="+at), h.trail("case=1&from="+at); len(before) < 2 || len(after) != 1 {
		t.Errorf("before %q, after %q", before, after)
	}
}

// An export of the trail has all of it, over pages, and a cursor goes on where the page before ended.
func TestAuditExport(t *testing.T) {
	h := newHouse(t)
	for range 205 {
		h.call("GET", "/api/v1/cases/1", "")
	}
	for format, want := range map[string]int{"ndjson": 205, "csv": 206} {
		a := h.want(http.StatusOK, nil, "GET", "/api/v1/audit?limit=3&case=1&format="+format, "")
		if got := strings.Count(string(a.body), "\n"); got != want || !strings.Contains(a.header.Get("Content-Disposition"), "audit."+format) {
			t.Errorf("%s: %d lines, %v", format, got, a.header)
		}
	}
	var first, second admin.List[admin.Look]
	h.want(http.StatusOK, &first, "GET", "/api/v1/audit?limit=200&case=1", "")
	h.want(http.StatusOK, &second, "GET", "/api/v1/audit?limit=200&case=1&cursor="+*first.Next, "")
	if len(first.Items) != 200 || len(second.Items) != 5 || second.Next != nil {
		t.Errorf("pages of %d and %d", len(first.Items), len(second.Items))
	}
	h.refused(422, "GET", "/api/v1/audit?case=2&cursor="+*first.Next, "")
}

// committed are the lines that would survive a crash.
func (h *house) committed(call string) (n int) {
	h.t.Helper()
	err := h.desk.Store.View(h.t.Context(), func(tx casestore.Tx) error {
		for f, err := range casestore.Looks.Scan(tx, casestore.Query{}) {
			if err != nil {
				return err
			}
			if f.Record.Call == call {
				n++
			}
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

// What may show personal numbers, and what leaves the house, is on record before it is shown; a read else waits for no commit.
func TestAuditBeforeTheAnswer(t *testing.T) {
	h := newHouse(t)
	h.want(http.StatusOK, nil, "PUT", "/api/v1/contacts/anna", `{"id":"anna","name":"Anna","parts":["customer"],"emails":["anna@home.example"],"personal_number":"19811228-9874"}`)
	h.open("x")
	h.want(http.StatusOK, nil, "GET", "/api/v1/cases/1", "")
	if n := h.committed("get-case"); n != 0 {
		t.Errorf("a read made a commit")
	}
	h.want(http.StatusOK, nil, "GET", "/api/v1/contacts/anna", "")
	if n := h.committed("get-contact"); n != 1 {
		t.Errorf("%d reads of a contact are on record", n)
	}
	h.want(http.StatusOK, nil, "GET", "/api/v1/people/export?email=anna@home.example", "")
	if n := h.committed("export-person"); n != 1 {
		t.Errorf("%d exports are on record", n)
	}
	if all := h.trail("what=people/anna@home.example"); len(all) != 1 {
		t.Errorf("the export by an address: %q", all)
	}
	h.want(http.StatusOK, nil, "POST", "/api/v1/people/erase", `{"email":"anna@home.example"}`)
	if all := h.trail(""); strings.Contains(fmt.Sprint(all), "anna@home") {
		t.Errorf("after the erasure: %q", all)
	}
	h.mu.Lock()
	h.now = h.now.AddDate(2, 0, 1)
	h.mu.Unlock()
	if n, err := h.desk.ForgetLooks(t.Context()); n < 6 || err != nil || h.committed("get-contact") != 0 {
		t.Errorf("forgot %d: %v", n, err)
	}
}

// deaf keeps no trail.
type deaf struct{ admin.House }

func (deaf) Saw(context.Context, casework.Look, bool) error { return errors.New("the disk is full") }

func TestUnrecordedIsNotShown(t *testing.T) {
	h := newHouse(t, func(o *admin.Options) { o.House = deaf{o.House} })
	h.refused(500, "GET", "/api/v1/cases", "")
}

// A request that is answered as before is on the trail again, and told from the first.
func TestAuditOfRepeats(t *testing.T) {
	h := newHouse(t)
	for range 2 {
		h.want(http.StatusCreated, nil, "POST", "/api/v1/cases", `{"subject":"x"}`, "Idempotency-Key", "k1")
	}
	lines := h.trail("what=cases")
	if len(lines) != 2 || !strings.HasSuffix(lines[0], "by []: 0, 201") || !strings.HasSuffix(lines[1], "by [Idempotency-Key]: 0, 201") {
		t.Errorf("the trail has %q", lines)
	}
}
