package admin_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"smartmail/access"
	"smartmail/admin"
	"smartmail/casework"
	"smartmail/property"
)

// hidden is in every text and name of what the callers of TestRights may not see.
const hidden = "zzhidden"

// guardedHouse has a case in area Norr and one in Syd, in which everything is hidden, with people, files, a note, an order and a to-do.
type guardedHouse struct {
	*house
	ids map[string]string // of what is hidden
}

func newGuardedHouse(t *testing.T) *guardedHouse {
	ended := make(chan struct{})
	close(ended) // nobody waits for events
	h := &guardedHouse{newHouse(t, func(o *admin.Options) { o.Previews, o.Stopping = mirror{}, ended }), map[string]string{}}
	h.index()
	put := func(path, body string) { h.want(http.StatusOK, nil, "PUT", "/api/v1/"+path, body) }
	for _, area := range []string{"norr", "syd"} {
		mark := map[string]string{"norr": "open", "syd": hidden}[area]
		put("objects/"+area, fmt.Sprintf(`{"id":%q,"kind":"area","name":%q}`, area, area))
		put("objects/kv-"+mark, fmt.Sprintf(`{"id":"kv-%s","kind":"property","parent":%q,"name":"Kvarteret %s","access":"kod %s"}`, mark, area, mark, mark))
		put("contacts/c-"+mark, fmt.Sprintf(`{"id":"c-%s","parts":["customer"],"name":"Kund %s","emails":["kund@%s.example"],"personal_number":"19811228-9874"}`, mark, mark, mark))
		put("tenancies/t-"+mark, fmt.Sprintf(`{"id":"t-%s","customer":"c-%s","object":"kv-%s","from":"2024-01-01"}`, mark, mark, mark))
	}
	for _, c := range []struct{ mark, class, object string }{{"open", "VVS", "kv-open"}, {hidden, "El", "kv-" + hidden}} {
		put("classes/"+c.class, fmt.Sprintf(`{"path":%q}`, c.class))
		put("schedules/s-"+c.mark, fmt.Sprintf(`{"id":"s-%s","title":"Syn %s","class":%q,"object":%q,"first":"2030-01-01","every":1,"unit":"years"}`, c.mark, c.mark, c.class, c.object))
		h.want(http.StatusCreated, nil, "POST", "/api/v1/cases", fmt.Sprintf(`{"subject":"Fel %s","description":"%s","class":%q,"object":%q,"reporter":{"name":"%s","email":"kund@%s.example"}}`,
			c.mark, c.mark, c.class, c.object, c.mark, c.mark))
	}
	for _, n := range []string{"1", "2"} { // on the first case the note, the supplier's lane and its order are hidden from who is outside
		h.want(http.StatusAccepted, nil, "POST", "/api/v1/cases/"+n+"/messages", fmt.Sprintf(`{"lane":"internal","text":"not %s"}`, hidden))
		h.want(http.StatusAccepted, nil, "POST", "/api/v1/cases/"+n+"/orders", fmt.Sprintf(`{"supplier":"ror-%s@%s.example","text":"gör %s"}`, n, hidden, hidden))
	}
	var e admin.Entry
	h.want(http.StatusAccepted, &e, "POST", "/api/v1/cases/2/messages", fmt.Sprintf(`{"lane":"customer","text":"%s","attachments":[{"name":"%s.txt","content":"%s"}]}`, hidden, hidden, "enpoaWRkZW4="))
	h.ids["entry"], h.ids["attachment"] = e.ID, e.Attachments[0].ID
	placed := h.receive(letter("Kund <kund@"+hidden+".example>", "Fel "+hidden, "", "Det är "+hidden+"."), "kund@"+hidden+".example", h.lane(2))
	mail := h.entries(2, 50)
	last := mail[len(mail)-1]
	if placed.Case != 2 || last.MailFields == nil {
		t.Fatalf("the mail is at %+v, %+v", placed, last)
	}
	h.ids["raw"] = last.Raw.ID
	triage := h.receive(letter("Autosvar <x@"+hidden+".example>", "Autosvar "+hidden, "Auto-Submitted: auto-replied\n", "Jag är borta, "+hidden+"."), "x@"+hidden+".example", "fel@a.example")
	h.ids["triage"] = string(triage.Triage)
	return h
}

// lane is the customer's address on a case.
func (h *guardedHouse) lane(n uint64) string {
	a, err := h.router.Address("a", casework.CaseNumber(n), 1)
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

// token makes a token and returns the headers of its calls.
func (h *house) grant(role string, scope access.Scope) []string {
	h.t.Helper()
	_, secret, err := h.desk.CreateToken(h.t.Context(), casework.APIToken{Org: "a", Name: role, Role: role, Scope: scope}, casework.Actor{})
	if err != nil {
		h.t.Fatal(err)
	}
	return bearer(secret)
}

// everywhere is the widest scope that a role can have: of somebody outside, the cases that the open customer takes part in.
func (*house) everywhere(role string) access.Scope {
	if role == "customer" || role == "supplier" {
		return access.Scope{Own: []string{"kund@open.example"}}
	}
	return access.Scope{}
}

// probe tries a call on what is hidden, and on what is not there: nobody can tell one from the other.
type probe struct{ hidden, absent, body string }

// probes has a row for each call of the API: one without makes TestRights fail. Calls that are public, or that show only what the
// caller is, have an empty row.
func (h *guardedHouse) probes() map[string]probe {
	case2 := func(rest, body string) probe {
		return probe{"/cases/2" + rest, "/cases/99" + rest, body}
	}
	id := func(path, id, rest, body string) probe { return probe{path + id + rest, path + "nothing" + rest, body} }
	list := func(path string) probe { return probe{hidden: path} }
	p := map[string]probe{
		"get-health": {}, "get-readiness": {}, "get-metrics": {}, "list-organisations": {},
		"open-case":         {hidden: "/cases", body: `{"subject":"x","object":"kv-` + hidden + `","class":"El"}`},
		"list-cases":        list("/cases?q=" + hidden),
		"get-case":          case2("", ""),
		"edit-case":         case2("", `{"class":"Låst"}`),
		"add-participant":   case2("/participants", `{"kind":"customer","email":"x@y.example"}`),
		"list-entries":      case2("/entries", ""),
		"merge-case":        case2("/merge", `{"into":1}`),
		"unmerge-case":      case2("/unmerge", ""),
		"split-case":        case2("/split", `{"subject":"x","entries":["`+h.ids["entry"]+`"]}`),
		"link-case":         case2("/links", `{"kind":"parent_of","case":1}`),
		"unlink-case":       case2("/links/parent_of/1", ""),
		"update-children":   case2("/updates", `{"text":"x"}`),
		"move-entry":        id("/entries/", h.ids["entry"], "/move", `{"case":1}`),
		"post-message":      case2("/messages", `{"lane":"customer","text":"x"}`),
		"post-order":        case2("/orders", `{"supplier":"x@y.example"}`),
		"list-orders":       case2("/orders", ""),
		"get-codes":         case2("/codes", ""),
		"put-codes":         case2("/codes", `{"text":"x"}`),
		"put-hold":          case2("/hold", `{"held":true,"reason":"x"}`),
		"list-retention":    list("/retention"),
		"confirm-retention": {hidden: "/retention/confirm", body: `{"class":"","edition":"x"}`},
		"watch-case":        case2("/watch", ""),
		"unwatch-case":      case2("/watch", ""),
		"compare-quotes":    case2("/quotes", ""),
		"get-order":         {"/orders/2-1", "/orders/99-1", ""},
		"act-on-order":      {"/orders/2-1", "/orders/99-1", `{"action":"withdraw"}`},
		"get-entry":         id("/entries/", h.ids["entry"], "", ""),
		"done-todo":         id("/todo/", h.ids["entry"], "/done", ""),
		"get-raw":           id("/messages/", h.ids["raw"], "/raw", ""),
		"get-attachment":    id("/attachments/", h.ids["attachment"], "", ""),
		"get-thumbnail":     id("/attachments/", h.ids["attachment"], "/thumbnail", ""),
		"get-triage":        id("/triage/", h.ids["triage"], "", ""),
		"decide-triage":     id("/triage/", h.ids["triage"], "", `{"action":"discard"}`),
		"lift-suspension":   {"/suspensions/x@y.example", "/suspensions/z@y.example", ""},
		"list-events":       list("/events"),
		"preview-mail":      {hidden: "/organisations/a/preview/message"},
		"create-token":      {hidden: "/tokens", body: `{"name":"x","role":"administrator"}`},
		"revoke-token":      id("/tokens/", "x", "", ""),
		"export-person":     {"/people/export?contact=c-" + hidden, "/people/export?contact=none", ""},
		"erase-person":      {hidden: "/people/erase", body: `{"contact":"c-` + hidden + `"}`},
		"export-register":   list("/export/contacts"),
		"import-register":   {hidden: "/import/contacts?dry_run=true", body: "id;name\nc-" + hidden + ";X\n"},
		"get-figures":       list("/figures?by=object,class,supplier"),
		"compare-suppliers": list("/figures/suppliers"),
		"list-repeats":      list("/figures/repeats"),
		"list-clusters":     list("/figures/clusters?least=2"),
		"suggest-plan":      list("/figures/plan?least=1&from=2020&to=2030"),
		"create-webhook":    {hidden: "/webhooks", body: `{"url":"https://x.example"}`},
		"list-audit":        list("/audit?what=cases/2"),
		"list-webhooks":     list("/webhooks"),
		"get-webhook":       id("/webhooks/", "x", "", ""),
		"remove-webhook":    id("/webhooks/", "x", "", ""),
		"edit-webhook":      id("/webhooks/", "x", "", `{"active":false}`),
		"replay-webhook":    id("/webhooks/", "x", "/replay", `{"after":0}`),

		"get-schedule-state": id("/schedules/", "s-"+hidden, "/state", ""),
	}
	for _, path := range []string{"/outbox", "/sms", "/suspensions", "/todo", "/tokens", "/triage", "/objects", "/contacts", "/tenancies", "/segments", "/classes", "/routes", "/roles", "/schedules", "/coming"} {
		p["list-"+path[1:]] = list(path)
	}
	for one, c := range map[string][3]string{
		"object": {"/objects/", "kv-" + hidden, `{"id":"ID","kind":"area","name":"x"}`}, "contact": {"/contacts/", "c-" + hidden, `{"id":"ID","parts":["staff"],"name":"x"}`},
		"tenancy": {"/tenancies/", "t-" + hidden, `{"id":"ID","customer":"c","object":"o","from":"2024-01-01"}`}, "segment": {"/segments/", "s", `{"id":"ID","name":"x"}`},
		"class": {"/classes/", "c", `{"path":"ID"}`}, "route": {"/routes/", "r", `{"id":"ID","assignee":"x"}`}, "role": {"/roles/", "r", `{"id":"ID","name":"x","permissions":[]}`},
		"schedule": {"/schedules/", "s-" + hidden, `{"id":"ID","title":"x","first":"2026-12-01","every":1,"unit":"years"}`},
	} {
		p["get-"+one], p["list-"+one+"-editions"] = id(c[0], c[1], "", ""), id(c[0], c[1], "/editions", "")
		p["put-"+one] = id(c[0], c[1], "", c[2])
	}
	return p
}

// Every call of the API's own description, by every role in every scope, on what it may not see: never a trace of it.
func TestRights(t *testing.T) {
	h := newGuardedHouse(t)
	var doc struct {
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
		}
	}
	h.want(http.StatusOK, &doc, "GET", "/api/v1/openapi.json", "")
	probes, calls := h.probes(), 0
	scopes := map[string]access.Scope{
		"area": {Objects: []property.ID{"norr"}}, "class": {Classes: []string{"VVS"}}, "own": {Own: []string{"kund@open.example"}},
		"supplier": {Suppliers: []string{"ror-1@" + hidden + ".example"}},
	}
	for name, scope := range scopes {
		for _, role := range access.Roles() {
			if name == "supplier" && role.ID == "supplier" {
				continue // sees what is hidden from the others: TestSupplierSees
			}
			scope := scope
			if len(scope.Own) == 0 {
				scope.Own = h.everywhere(role.ID).Own
			}
			token := h.grant(role.ID, scope)
			insider := slices.Contains(role.Permissions, access.ReadLanes)
			var mine admin.List[admin.Case]
			h.want(http.StatusOK, &mine, "GET", "/api/v1/cases", "", token...)
			if len(mine.Items) != 1 || mine.Items[0].Number != 1 {
				t.Errorf("%s of %s sees %d cases", role.ID, name, len(mine.Items))
			}
			h.want(http.StatusOK, &mine, "GET", "/api/v1/cases?q="+hidden, "", token...) // said on both, on the first on another's lane
			if found := len(mine.Items) > 0; found != insider || found && (len(mine.Items) != 1 || mine.Items[0].Number != 1) {
				t.Errorf("%s of %s finds %d cases by what is hidden", role.ID, name, len(mine.Items))
			}
			for path, ops := range doc.Paths {
				for method, op := range ops {
					p, ok := probes[op.OperationID]
					if !ok {
						t.Fatalf("%s %s (%s) has no row among the probes", method, path, op.OperationID)
					}
					// Houses are hidden from a part of them only: whoever works with a class goes to any house.
					if p.hidden == "" || strings.Contains(op.OperationID, "object") && name != "area" {
						continue
					}
					calls++
					h.tries(fmt.Sprintf("%s of %s: %s", role.ID, name, op.OperationID), strings.ToUpper(method), p, insider, token)
				}
			}
			if insider {
				continue
			}
			// Of the case that he sees, who is outside sees his own lane only.
			for _, path := range []string{"/cases/1", "/cases/1/entries", "/cases/1/orders", "/cases/1/quotes", "/cases", "/cases?status=new,assigned,started,done", "/cases?q=" + hidden} {
				if a := h.call("GET", "/api/v1"+path, "", token...); strings.Contains(string(a.body), hidden) {
					t.Errorf("%s of %s: %s: %s", role.ID, name, path, a.body)
				}
			}
		}
	}
	if calls < 1000 {
		t.Errorf("only %d calls were tried", calls)
	}
}

// tries makes a call on what is hidden and on what is not there.
func (h *guardedHouse) tries(what, method string, p probe, insider bool, token []string) {
	h.t.Helper()
	there := h.call(method, "/api/v1"+p.hidden, strings.ReplaceAll(p.body, "ID", last(p.hidden)), token...)
	text := string(there.body)
	if insider { // the lanes of the first case are open to him
		text = strings.NewReplacer("ror-1@"+hidden+".example", "", "not "+hidden, "", "gör "+hidden, "").Replace(text)
	}
	for part := range strings.SplitSeq(p.hidden, "/") { // his own words
		text = strings.ReplaceAll(text, part, "")
	}
	if strings.Contains(text, hidden) {
		h.t.Errorf("%s: %d: %s", what, there.status, there.body)
	}
	if p.absent == "" {
		return
	}
	none := h.call(method, "/api/v1"+p.absent, strings.ReplaceAll(p.body, "ID", last(p.absent)), token...)
	if there.status != none.status || there.status < 400 || detail(there) != detail(none) {
		h.t.Errorf("%s: what is hidden is %d %q, what is not there %d %q", what, there.status, there.body, none.status, none.body)
	}
}

func last(path string) string { return path[strings.LastIndex(path, "/")+1:] }

// names are what a problem's text calls things by.
var names = regexp.MustCompile(`"[^"]*"|[0-9]+`)

// detail is a problem's text without the names of what it is about.
func detail(a answer) string {
	var p struct{ Detail string }
	if json.Unmarshal(a.body, &p) != nil {
		return string(a.body)
	}
	return names.ReplaceAllString(p.Detail, "…")
}

// A case tells who opens it no more of its reporter than the register does: an address that is a hidden customer's is as one that is
// nobody's. Whoever sees the contact has the case with him on it.
func TestReporterWithheld(t *testing.T) {
	h := newGuardedHouse(t)
	for id, phone := range map[string]string{"open": "070-1", hidden: "070-2"} {
		h.want(http.StatusOK, nil, "PUT", "/api/v1/contacts/c-"+id, fmt.Sprintf(`{"id":"c-%s","parts":["customer"],"name":"Kund %s","emails":["kund@%s.example"],"phones":[%q]}`, id, id, id, phone))
	}
	opened := func(email, object string, token []string) (c admin.Case, seen string) {
		h.want(http.StatusCreated, &c, "POST", "/api/v1/cases", fmt.Sprintf(`{"subject":"x","class":"VVS","object":%q,"reporter":{"email":%q}}`, object, email), token...)
		h.want(http.StatusOK, &c, "GET", fmt.Sprint("/api/v1/cases/", c.Number), "", token...)
		return c, c.Reporter.Name + c.Reporter.Phone + c.Object
	}
	noRegister := func() []string {
		h.want(http.StatusOK, nil, "PUT", "/api/v1/roles/bare", `{"id":"bare","name":"Bare","permissions":["cases.read","lanes.read","cases.edit"]}`)
		return h.grant("bare", access.Scope{})
	}()
	for name, x := range map[string]struct {
		token  []string
		object string
		open   string // what he reads on a case of the open customer
	}{
		"an area":       {h.grant("technician", access.Scope{Objects: []property.ID{"norr"}}), "kv-open", "Kund open070-1kv-open"},
		"the home":      {h.grant("technician", access.Scope{Objects: []property.ID{"norr"}}), "", "Kund open070-1kv-open"},
		"a class":       {h.grant("technician", access.Scope{Classes: []string{"VVS"}}), "", ""},
		"no register":   {noRegister, "", ""},
		"everything":    {nil, "", "Kund open070-1kv-open"},
		"everything at": {nil, "kv-open", "Kund open070-1kv-open"},
	} {
		if _, got := opened("kund@open.example", x.object, x.token); got != x.open {
			t.Errorf("%s: %q, want %q", name, got, x.open)
		}
		if x.token == nil || name == "the home" {
			continue
		}
		known, got := opened("kund@"+hidden+".example", x.object, x.token)
		if _, none := opened("nobody@home.example", x.object, x.token); got != none || got != x.object {
			t.Errorf("%s: %q of a hidden customer, %q of nobody", name, got, none)
		}
		for _, path := range []string{fmt.Sprint("/cases/", known.Number), "/cases?limit=2"} {
			if a := h.call("GET", "/api/v1"+path, ""); !strings.Contains(string(a.body), "Kund "+hidden) || !strings.Contains(string(a.body), "070-2") {
				t.Errorf("%s: who sees the contact reads %s", name, a.body)
			}
		}
		if a := h.call("GET", "/api/v1/cases?q=070-2", "", x.token...); strings.Contains(string(a.body), "nobody") || strings.Contains(string(a.body), fmt.Sprintf(`"number":%d`, known.Number)) {
			t.Errorf("%s: the case is found by what is withheld: %s", name, a.body)
		}
	}
	home := h.grant("technician", access.Scope{Objects: []property.ID{"norr"}})
	for _, email := range []string{"kund@" + hidden + ".example", "nobody@home.example"} { // whose home is nowhere in the area
		if a := h.call("POST", "/api/v1/cases", fmt.Sprintf(`{"subject":"x","reporter":{"email":%q}}`, email), home...); a.status != http.StatusForbidden {
			t.Errorf("%s: %d", email, a.status)
		}
	}
}

// A token that says which address of a supplier it is for shows the orders to that one and its lane, and of other lanes nothing. One that
// says nobody's address is not made.
func TestSupplierSees(t *testing.T) {
	h := newGuardedHouse(t)
	for _, body := range []string{`{"name":"x","role":"customer"}`, `{"name":"x","role":"supplier"}`, `{"name":"x","role":"customer","scope":{"suppliers":["a@b.example"]}}`, `{"name":"x","role":"supplier","scope":{"objects":["norr"]}}`} {
		h.refused(http.StatusUnprocessableEntity, "POST", "/api/v1/tokens", body)
	}
	email := "ror-1@" + hidden + ".example"
	token := h.grant("supplier", access.Scope{Suppliers: []string{email}})
	var c admin.Case
	h.want(http.StatusOK, &c, "GET", "/api/v1/cases/1", "", token...)
	if len(c.Orders) != 1 || len(c.Lanes) != 1 || c.Lanes[0].Participants[0].Email != email {
		t.Errorf("the supplier sees %d orders and the lanes %+v", len(c.Orders), c.Lanes)
	}
	var entries admin.List[admin.Entry]
	h.want(http.StatusOK, &entries, "GET", "/api/v1/cases/1/entries", "", token...)
	if len(entries.Items) == 0 {
		t.Error("the supplier sees nothing of his order on the timeline")
	}
	for _, e := range entries.Items {
		if e.Lane != "" && e.Lane != c.Lanes[0].ID {
			t.Errorf("the supplier sees an entry of lane %q", e.Lane)
		}
	}
	h.refused(http.StatusNotFound, "GET", "/api/v1/cases/2", "", token...)
}

// Who sees a part cannot move a case out of it, to what there is or to what there is not; he can move it within, and hand it over.
func TestEditStaysWithin(t *testing.T) {
	h := newGuardedHouse(t)
	area, class := h.grant("technician", access.Scope{Objects: []property.ID{"norr"}}), h.grant("technician", access.Scope{Classes: []string{"VVS"}})
	for _, body := range []string{`{"object":"kv-` + hidden + `"}`, `{"object":"nothing"}`, `{"object":""}`, `{"object":"kv-` + hidden + `","assignee":"tom"}`} {
		h.refused(http.StatusForbidden, "PATCH", "/api/v1/cases/1", body, area...)
	}
	h.refused(http.StatusForbidden, "PATCH", "/api/v1/cases/1", `{"class":"El"}`, class...)
	var c admin.Case
	if h.want(http.StatusOK, &c, "GET", "/api/v1/cases/1", "", area...); c.Object != "kv-open" || c.Class != "VVS" {
		t.Errorf("a refused edit left %q, %q", c.Object, c.Class)
	}
	h.want(http.StatusOK, nil, "PATCH", "/api/v1/cases/1", `{"class":"El","object":"norr"}`, area...)
	h.want(http.StatusOK, nil, "PATCH", "/api/v1/cases/1", `{"class":"VVS > Blandare"}`)
	h.want(http.StatusOK, nil, "PATCH", "/api/v1/cases/1", `{"class":"VVS","assignee":"tom"}`, class...)
}

// A case tells of others by links, by where its entries were taken from, and in words. Who may not see those is not told of them.
func TestOtherCasesAreNotTold(t *testing.T) {
	h := newGuardedHouse(t)
	h.want(http.StatusCreated, nil, "POST", "/api/v1/cases/2/links", `{"kind":"relates_to","case":1}`)
	h.want(http.StatusCreated, nil, "POST", "/api/v1/entries/"+h.ids["entry"]+"/move", `{"case":1}`)
	h.want(http.StatusCreated, nil, "POST", "/api/v1/cases", `{"subject":"Incident","object":"kv-`+hidden+`"}`)
	h.want(http.StatusCreated, nil, "POST", "/api/v1/cases/3/links", `{"kind":"parent_of","case":1}`)
	h.want(http.StatusAccepted, nil, "POST", "/api/v1/cases/3/updates", `{"text":"Lagat."}`)
	tells := func(token ...string) (links, entries, origins, why int) {
		t.Helper()
		var c admin.Case
		h.want(http.StatusOK, &c, "GET", "/api/v1/cases/1", "", token...)
		var page struct{ Items []admin.Entry }
		h.want(http.StatusOK, &page, "GET", "/api/v1/cases/1/entries?limit=200", "", token...)
		for _, e := range page.Items {
			if e.Kind == "link" {
				entries++
			}
			if e.Origin != nil {
				origins++
			}
			if strings.Contains(e.Why, "case 3") {
				why++
			}
		}
		return len(c.Links), entries, origins, why
	}
	if links, entries, origins, why := tells(); links != 2 || entries != 2 || origins != 1 || why == 0 {
		t.Errorf("who sees all is told of %d links, %d entries of them, %d origins, %d reasons", links, entries, origins, why)
	}
	area := h.grant("manager", access.Scope{Objects: []property.ID{"norr"}})
	if links, entries, origins, why := tells(area...); links != 0 || entries != 0 || origins != 0 || why != 0 {
		t.Errorf("who sees an area is told of %d links, %d entries of them, %d origins, %d reasons", links, entries, origins, why)
	}
	list := string(h.call("GET", "/api/v1/cases", "", area...).body)
	if strings.Contains(list, "relates_to") || !strings.Contains(list, `"number":1`) {
		t.Errorf("the list tells of links: %s", list)
	}
}

// What each role may do with a case that it sees.
func TestRolesAtWork(t *testing.T) {
	h := newGuardedHouse(t)
	for role, want := range map[string][5]int{ // read the timeline, write, close, see the outbox, read door codes
		"customer": {200, 403, 403, 403, 403}, "supplier": {200, 403, 403, 403, 403}, "reader": {200, 403, 403, 403, 200}, "technician": {200, 202, 403, 403, 200},
		"manager": {200, 202, 200, 200, 200}, "finance": {200, 403, 403, 403, 200}, "administrator": {200, 202, 200, 200, 200},
	} {
		token := h.grant(role, h.everywhere(role))
		h.want(http.StatusOK, nil, "PATCH", "/api/v1/cases/1", `{"status":"done"}`)
		got := [5]int{
			h.call("GET", "/api/v1/cases/1/entries", "", token...).status, h.call("POST", "/api/v1/cases/1/messages", `{"lane":"internal","text":"x"}`, token...).status,
			h.call("PATCH", "/api/v1/cases/1", `{"status":"closed"}`, token...).status, h.call("GET", "/api/v1/outbox", "", token...).status,
			h.call("GET", "/api/v1/objects/kv-open", "", token...).status,
		}
		if got != want {
			t.Errorf("%s: %v, want %v", role, got, want)
		}
		code := strings.Contains(string(h.call("GET", "/api/v1/objects/kv-open", "", token...).body), "kod ")
		history := strings.Contains(string(h.call("GET", "/api/v1/objects/kv-open/editions", "", token...).body), "kod ")
		number := strings.Contains(string(h.call("GET", "/api/v1/contacts", "", token...).body), "19811228")
		if code != (role == "administrator") || history != code || number != code {
			t.Errorf("%s sees the door code: %v, in the editions: %v, a personal number: %v", role, code, history, number)
		}
	}
}

// Every organisation has the built-in roles; they stand among its own, and nobody changes them.
func TestBuiltInRoles(t *testing.T) {
	h := newHouse(t)
	h.want(http.StatusOK, nil, "PUT", "/api/v1/roles/kontor", `{"id":"kontor","name":"Kontor","permissions":["cases.read"]}`)
	var names []string
	cursor, pages := "", 0
	for more := true; more && pages < 20; pages++ {
		var page struct {
			Items []access.Role
			Next  *string
		}
		h.want(http.StatusOK, &page, "GET", "/api/v1/roles?limit=3"+cursor, "")
		if len(page.Items) > 3 {
			t.Errorf("a page of %d", len(page.Items))
		}
		for _, r := range page.Items {
			names = append(names, fmt.Sprint(r.ID, " ", r.BuiltIn))
		}
		if more = page.Next != nil; more {
			cursor = "&cursor=" + *page.Next
		}
	}
	want := []string{"administrator true", "customer true", "finance true", "kontor false", "manager true", "reader true", "supplier true", "technician true"}
	if !slices.Equal(names, want) || pages != 3 {
		t.Errorf("%d pages: %v, want %v", pages, names, want)
	}
	var r access.Role
	if h.want(http.StatusOK, &r, "GET", "/api/v1/roles/finance", ""); !r.BuiltIn || !slices.Contains(r.Permissions, access.Money) {
		t.Errorf("got %+v", r)
	}
	h.refused(http.StatusUnprocessableEntity, "PUT", "/api/v1/roles/finance", `{"id":"finance","name":"Ekonomi","permissions":["cases.read"]}`)
	h.refused(http.StatusUnprocessableEntity, "PUT", "/api/v1/roles/own", `{"id":"own","name":"Egen","permissions":["cases.read"],"built_in":true}`)
}

// Who wants to add a thing, and no more, changes none that is there.
func TestPutOnlyNew(t *testing.T) {
	h := newHouse(t)
	const path, body = "/api/v1/segments/s", `{"id":"s","name":"Studenter"}`
	h.want(http.StatusOK, nil, "PUT", path, body, "If-None-Match", "*")
	h.refused(http.StatusPreconditionFailed, "PUT", path, `{"id":"s","name":"Seniorer"}`, "If-None-Match", "*")
	h.refused(http.StatusUnprocessableEntity, "PUT", path, body, "If-None-Match", `"1"`)
	var s struct{ Name string }
	if h.want(http.StatusOK, &s, "GET", path, ""); s.Name != "Studenter" {
		t.Errorf("it is %q", s.Name)
	}
}
