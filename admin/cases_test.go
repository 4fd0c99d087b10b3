package admin_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"smartmail/admin"
)

func TestCase(t *testing.T) {
	h := newHouse(t)
	c := h.open("Kranen droppar")
	a := h.want(http.StatusOK, &c, "GET", "/api/v1/cases/1", "")
	address, err := h.router.Address("a", 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"number":1,"org":"a","subject":"Kranen droppar","description":"It drips.","status":"new","class":"VVS","priority":7,` +
		`"object":"Lgh 1101","assignee":"","fields":{},"reporter":{"name":"Anna","email":"anna@home.example"},` +
		`"created_at":"` + c.CreatedAt.Format("2006-01-02T15:04:05.999Z") + `","updated_at":"` + c.UpdatedAt.Format("2006-01-02T15:04:05.999Z") + `",` +
		`"due_at":"` + c.DueAt.Format("2006-01-02T15:04:05.999Z") + `","closed_at":null,"links":[],` +
		`"lanes":[{"id":"customer","kind":"customer","participants":[{"id":1,"name":"Anna","email":"anna@home.example","address":"` + address + `"}]}],"orders":[],"todo":[{"id":"new-1","org":"a","case":1,"subject":"Kranen droppar","lane":"","for":"","code":"new",` +
		`"why":"new: nobody has taken it on","urgency":"normal","priority":7,"due_at":"` + c.DueAt.Format("2006-01-02T15:04:05.999Z") + `","message":null,"since":"` + c.CreatedAt.Format("2006-01-02T15:04:05.999Z") + `"}]}` + "\n"
	if string(a.body) != want {
		t.Errorf("case:\n%s\nwant:\n%s", a.body, want)
	}
	if a.header.Get("ETag") != `"1"` || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers: %v", a.header)
	}
	if days := c.DueAt.Sub(c.CreatedAt).Hours() / 24; days != 7 {
		t.Errorf("due after %v days", days)
	}
}

func TestOpenCase(t *testing.T) {
	h := newHouse(t)
	path := "/api/v1/cases"
	a := h.want(http.StatusCreated, nil, "POST", path, `{"org":"a","subject":"x"}`)
	if got := a.header.Get("Location"); got != "/api/v1/cases/1?org=a" {
		t.Errorf("Location %q", got)
	}
	h.want(http.StatusOK, nil, "GET", a.header.Get("Location"), "")
	var c admin.Case
	h.want(http.StatusCreated, &c, "POST", path, `{"org":null,"subject":"åäö","priority":"akut","description":null,"class":null,"object":null}`)
	if c.Priority != "akut" || c.DueAt != nil || c.Reporter != nil || len(c.Lanes) != 0 {
		t.Errorf("case: %+v", c)
	}
	h.want(http.StatusCreated, &c, "POST", path+"?org=b", `{"subject":"x","priority":null}`, bearer(adminToken)...)
	if c.Org != "b" || c.Number != 1 || c.Priority != "" {
		t.Errorf("case: %+v", c)
	}
	for _, x := range []struct {
		status int
		body   string
	}{
		{404, `{"org":"b","subject":"x"}`},
		{404, `{"org":"nowhere","subject":"x"}`},
		{400, `{"org":"a","subject":`},
		{400, ``},
		{422, `{}`},
		{422, `[]`},
		{422, `{"subject":""}`},
		{422, `{"subject":"   "}`},
		{422, `{"subject":7}`},
		{422, `{"subject":"x","surprise":1}`},
		{422, `{"subject":"x","reporter":{"shoe_size":44}}`},
		{422, `{"subject":"x","reporter":{"email":"no address"}}`},
		{422, `{"subject":"x","priority":366}`},
		{422, `{"subject":"x","priority":-1}`},
		{422, `{"subject":"x","priority":1.5}`},
		{422, `{"subject":"x","priority":[1]}`},
		{422, `{"subject":"` + strings.Repeat("x", 1000) + `"}`},
	} {
		h.refused(x.status, "POST", path, x.body)
	}
	h.refused(422, "POST", path, `{"subject":"x"}`, bearer(adminToken)...) // of two organisations, which?
	h.refused(422, "POST", path+"?org=a", `{"org":"b","subject":"x"}`, bearer(adminToken)...)
	h.refused(415, "POST", path, `subject=x`, "Content-Type", "application/x-www-form-urlencoded")
}

func TestEditCase(t *testing.T) {
	h := newHouse(t)
	h.open("Kranen droppar")
	path := "/api/v1/cases/1"
	var c admin.Case
	a := h.want(http.StatusOK, &c, "PATCH", path, `{"status":"assigned","assignee":"bo","fields":{"floor":"2","door":"left"},"priority":1,"subject":"Kran"}`, "If-Match", `"1"`)
	if c.Status != "assigned" || c.Assignee != "bo" || c.Fields["floor"] != "2" || c.Priority != "1" || c.Subject != "Kran" || a.header.Get("ETag") != `"2"` {
		t.Errorf("case: %s, ETag %s", a.body, a.header.Get("ETag"))
	}
	c = admin.Case{}
	h.want(http.StatusOK, &c, "PATCH", path, `{"assignee":null,"priority":null,"fields":{"floor":null,"door":""}}`, "If-Match", `"7", "2"`)
	if c.Assignee != "" || c.Priority != "" || c.DueAt != nil || len(c.Fields) != 0 {
		t.Errorf("case: %+v", c)
	}
	c = admin.Case{}
	a = h.want(http.StatusOK, &c, "PATCH", path, `{}`, "If-Match", "*")
	if a.header.Get("ETag") != `"3"` || len(c.Fields) != 0 || c.Status != "assigned" {
		t.Errorf("nothing was to change: %s, ETag %s", a.body, a.header.Get("ETag"))
	}
	h.want(http.StatusOK, nil, "PATCH", path, `{"class":"El"}`, "Content-Type", "application/merge-patch+json")
	for _, tag := range []string{`"3"`, `W/"4"`, `4`, `"x"`, `"4`} {
		h.refused(409, "PATCH", path, `{"status":"done"}`, "If-Match", tag)
	}
	h.refused(404, "PATCH", "/api/v1/cases/9", `{"status":"done"}`)
	h.refused(404, "PATCH", "/api/v1/cases/9", `{"status":"done"}`, "If-Match", `"1"`)
	h.refused(404, "PATCH", path+"?org=b", `{"status":"done"}`)
	for _, body := range []string{`{"status":"lost"}`, `{"status":null}`, `{"subject":""}`, `{"subject":null}`, `{"number":2}`, `{"fields":{"x":1}}`,
		`{"class":["a"]}`, `{"class":"` + strings.Repeat("x", 1001) + `"}`} {
		h.refused(422, "PATCH", path, body)
	}
	var kinds []string
	for _, e := range h.entries(1, 200) {
		kinds = append(kinds, e.Kind)
	}
	if got := strings.Join(kinds, " "); got != "created change assignment change change change status assignment change change change change" {
		t.Errorf("timeline: %s", got)
	}
}

func TestAddParticipant(t *testing.T) {
	h := newHouse(t)
	h.open("x")
	var c admin.Case
	h.want(http.StatusCreated, &c, "POST", "/api/v1/cases/1/participants", `{"kind":"supplier","name":"Rör AB","email":"ror@sup.example"}`)
	l := c.Lanes[len(c.Lanes)-1]
	address, err := h.router.Address("a", 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	if want := (admin.Participant{ID: 2, Name: "Rör AB", Email: "ror@sup.example", Address: address}); l.ID != "supplier-2" || l.Kind != "supplier" || l.Participants[0] != want {
		t.Errorf("lane: %+v", l)
	}
	for _, body := range []string{`{"kind":"friend","email":"a@b.example"}`, `{"kind":"customer","email":"nobody"}`, `{"kind":"customer"}`} {
		h.refused(422, "POST", "/api/v1/cases/1/participants", body)
	}
	h.refused(404, "POST", "/api/v1/cases/2/participants", `{"kind":"customer","email":"a@b.example"}`)
}

func TestFindCases(t *testing.T) {
	t.Run("walked to", func(t *testing.T) { findCases(t, newHouse(t)) })
	t.Run("indexed", func(t *testing.T) {
		h := newHouse(t)
		h.index()
		findCases(t, h)
	})
}

func findCases(t *testing.T, h *house) {
	for i := range 7 {
		h.open(fmt.Sprintf("Case %d", i+1))
		if i == 1 {
			h.want(http.StatusOK, nil, "PATCH", "/api/v1/cases/2", `{"internal":true}`)
		}
	}
	h.want(http.StatusOK, nil, "PATCH", "/api/v1/cases/3", `{"status":"started","assignee":"bo","class":"El","object":"Lgh 2","fields":{"floor":"2"}}`)
	for _, x := range []struct{ query, want string }{
		{"", "3 7 6 5 4 2 1"},
		{"?org=&status=&class=&assignee=&area=&object=&q=&sort=&limit=&cursor=", "3 7 6 5 4 2 1"},
		{"?sort=updated_at", "1 2 4 5 6 7 3"},
		{"?sort=number", "1 2 3 4 5 6 7"},
		{"?sort=-number", "7 6 5 4 3 2 1"},
		{"?status=started", "3"},
		{"?status=new&sort=number", "1 2 4 5 6 7"},
		{"?assignee=bo", "3"},
		{"?class=El&object=Lgh%202", "3"},
		{"?q=case%205", "5"},
		{"?q=6", "6"},
		{"?q=DRIPS&sort=number&limit=1000", "1 2 3 4 5 6 7"},
		{"?area=north", ""},
		{"?status=started,closed", "3"},
		{"?status=new&assignee=-&sort=number", "1 2 4 5 6 7"},
		{"?class=vvs&person=Anna@home.example&priority=7&sort=number", "1 2 4 5 6 7"},
		{"?field=floor%3D2&field=", "3"},
		{"?field=floor%3D2&field=door%3D1", ""},
		{"?order=open", ""},
		{"?internal=true", "2"},
		{"?internal=true&status=started", ""},
		{"?internal=false&sort=number", "1 3 4 5 6 7"},
		{"?internal=&status=started", "3"},
		{"?due_to=2026-11-24T12:00:00Z", ""},
		{"?due_from=2026-11-24T12:00:00Z&sort=number", "1 2 3 4 5 6 7"},
		{"?created_from=2027-01-01T00:00:00Z", ""},
		{"?updated_from=2026-11-24T00:00:00%2B01:00&status=started", "3"},
	} {
		for _, limit := range []string{"", "&limit=1", "&limit=3", "&limit=7"} {
			if limit != "" && strings.Contains(x.query, "limit") {
				continue
			}
			query := "/api/v1/cases?" + strings.TrimPrefix(x.query, "?") + limit
			var numbers []string
			for cursor := ""; ; {
				var page admin.List[admin.Case]
				h.want(http.StatusOK, &page, "GET", query+"&cursor="+cursor, "")
				for _, c := range page.Items {
					numbers = append(numbers, fmt.Sprint(c.Number))
				}
				if page.Next == nil {
					break
				}
				cursor = *page.Next
			}
			if got := strings.Join(numbers, " "); got != x.want && !strings.Contains(x.query, "cursor=") {
				t.Errorf("%s: %s, want %s", query, got, x.want)
			}
		}
	}
	a := h.want(http.StatusOK, nil, "GET", "/api/v1/cases?area=north", "")
	if string(a.body) != `{"items":[],"next":null}`+"\n" {
		t.Errorf("an empty list: %s", a.body)
	}
	for _, query := range []string{"limit=0", "limit=-1", "limit=many", "sort=size", "status=lost", "statsu=new", "cursor=!", "cursor=AAAA", "status=new,lost", "order=lost", "internal=perhaps", "field=floor", "field=%3D2", "due_to=soon"} {
		h.refused(422, "GET", "/api/v1/cases?"+query, "")
	}
	h.refused(404, "GET", "/api/v1/cases?org=b", "")
	h.refused(422, "GET", "/api/v1/cases", "", bearer(adminToken)...)

	var page admin.List[admin.Case]
	h.want(http.StatusOK, &page, "GET", "/api/v1/cases?limit=2&sort=number", "")
	for _, query := range []string{"sort=-number", "sort=number&q=x", ""} { // a cursor of another list
		h.refused(422, "GET", "/api/v1/cases?cursor="+*page.Next+"&"+query, "")
	}
	h.refused(422, "GET", "/api/v1/cases?org=b&sort=number&cursor="+*page.Next, "", bearer(adminToken)...)
	h.refused(422, "GET", "/api/v1/outbox?cursor="+*page.Next, "")
}

// What only the index knows: words of entries, parts of compounds, slips, and a case by its number before all others.
func TestSearchCases(t *testing.T) {
	h := newHouse(t)
	h.index()
	h.open("Tvättmaskinen läcker")
	h.open("Dörr 1")
	h.receive(letter("Bo <bo@home.example>", "Spisen", "Content-Type: multipart/mixed; boundary=x\n",
		"--x\n\nPlattan glöder, se ärende 1.\n--x\nContent-Disposition: attachment; filename=\"Spisplatta_v2.jpg\"\nContent-Type: image/jpeg\n\nxx\n--x--\n"), "bo@home.example", "fel@a.example")
	for query, want := range map[string]string{
		"q=maskin": "1", "q=lacker": "1", "q=tvättmaksinen": "1", "q=glöder": "3", "q=spisplatta": "3", "q=bo@home.example": "3", "q=1": "1 3 2",
		"q=1&status=new&sort=number": "1 2 3", "q=maskin&class=El": "", "q=maskin+dörr": "",
	} {
		for _, limit := range []int{1, 50} {
			var numbers []string
			for cursor := ""; ; {
				var page admin.List[admin.Case]
				h.want(http.StatusOK, &page, "GET", fmt.Sprintf("/api/v1/cases?%s&limit=%d&cursor=%s", query, limit, cursor), "")
				for _, c := range page.Items {
					numbers = append(numbers, fmt.Sprint(c.Number))
				}
				if page.Next == nil {
					break
				}
				cursor = *page.Next
			}
			if got := strings.Join(numbers, " "); got != want {
				t.Errorf("%s: %s, want %s", query, got, want)
			}
		}
	}
}

// What a case waits for, and what its statuses allow.
func TestWaiting(t *testing.T) {
	h := newHouse(t)
	due := h.open("Kran").DueAt
	var c admin.Case
	h.want(http.StatusOK, &c, "PATCH", "/api/v1/cases/1", `{"status":"waiting"}`)
	if c.Waiting == nil || c.Waiting.For != "other" || due == nil {
		t.Errorf("without a reason: %+v, due %v", c.Waiting, due)
	}
	h.want(http.StatusOK, &c, "PATCH", "/api/v1/cases/1", `{"waiting_for":"parts","reason":"en packning"}`)
	if c.Waiting.For != "parts" || c.Waiting.Text != "en packning" {
		t.Errorf("with one: %+v", c.Waiting)
	}
	h.refused(422, "PATCH", "/api/v1/cases/1", `{"waiting_for":"rain"}`)
	c = admin.Case{}
	h.want(http.StatusOK, &c, "PATCH", "/api/v1/cases/1", `{"status":"closed"}`)
	if c.Waiting != nil || c.DueAt.Before(*due) {
		t.Errorf("closed: %+v, due %v", c.Waiting, c.DueAt)
	}
	h.refused(409, "PATCH", "/api/v1/cases/1", `{"status":"returned"}`)
	h.refused(409, "PATCH", "/api/v1/cases/1", `{"waiting_for":"parts"}`)
	var list admin.List[admin.Case]
	h.want(http.StatusOK, &list, "GET", "/api/v1/cases?status=closed", "")
	if len(list.Items) != 1 {
		t.Errorf("%d cases are closed", len(list.Items))
	}
}

// How somebody gets in, from the opening of the case to the supplier's answer.
func TestAccess(t *testing.T) {
	h := newHouse(t)
	var c admin.Case
	h.want(http.StatusCreated, &c, "POST", "/api/v1/cases", `{"subject":"Kran","access":{"pet":"en katt","present":"yes"}}`)
	if c.Access == nil || c.Access.Pet != "en katt" || c.Access.Present != "yes" || c.Access.MasterKeyBy != nil {
		t.Errorf("opened: %+v", c.Access)
	}
	h.want(http.StatusAccepted, nil, "POST", "/api/v1/cases/1/orders", `{"supplier":"Rör AB <jour@ror.example>","text":"Byt"}`)
	h.want(http.StatusOK, &c, "PATCH", "/api/v1/cases/1", `{"access":{"master_key":"yes","pet":null}}`)
	if a := c.Access; a.MasterKey != "yes" || a.Pet != "" || a.MasterKeyBy == nil || a.MasterKeyBy.Name != "caretaker a" || a.MasterKeyAt == nil {
		t.Errorf("changed: %+v", a)
	}
	codes := func() (out []string) {
		for _, d := range h.todo("") {
			out = append(out, d.Code)
		}
		return out
	}
	if !slices.Contains(codes(), "access") {
		t.Errorf("to do: %v", codes())
	}
	to, err := h.router.Address("a", 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	h.receive(letter("Bo <jour@ror.example>", "Re: Nytt om tillträde: Kran [#1-1]", "", "OK"), "jour@ror.example", to)
	if slices.Contains(codes(), "access") {
		t.Errorf("answered, and yet to do: %v", codes())
	}
	h.refused(422, "PATCH", "/api/v1/cases/1", `{"access":{"master_key":"perhaps"}}`)
}
