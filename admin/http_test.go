package admin_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"smartmail/access"
	"smartmail/admin"
	"smartmail/casework"
	"smartmail/fault"
	"smartmail/message"
	"smartmail/threading"
)

// calls are all calls that need a token, each with a body that it would take.
func calls() [][3]string {
	all := [][3]string{
		{"POST", "/api/v1/cases", `{"subject":"x"}`}, {"GET", "/api/v1/cases", ""}, {"GET", "/api/v1/cases/1", ""},
		{"PATCH", "/api/v1/cases/1", `{}`}, {"POST", "/api/v1/cases/1/participants", `{"kind":"customer","email":"a@b.example"}`},
		{"GET", "/api/v1/cases/1/entries", ""}, {"GET", "/api/v1/entries/x", ""}, {"POST", "/api/v1/entries/x/move", `{"case":1}`},
		{"POST", "/api/v1/cases/1/merge", `{"into":2}`}, {"POST", "/api/v1/cases/1/unmerge", ""}, {"POST", "/api/v1/cases/1/split", `{"subject":"x","entries":["x"]}`},
		{"POST", "/api/v1/cases/1/links", `{"kind":"parent_of","case":2}`}, {"DELETE", "/api/v1/cases/1/links/parent_of/2", ""},
		{"POST", "/api/v1/cases/1/updates", `{"text":"x"}`}, {"POST", "/api/v1/cases/1/watch", ""}, {"DELETE", "/api/v1/cases/1/watch", ""}, {"GET", "/api/v1/cases/1/codes", ""}, {"PUT", "/api/v1/cases/1/codes", `{"text":"x"}`}, {"PUT", "/api/v1/cases/1/hold", `{"held":true,"reason":"x"}`},
		{"POST", "/api/v1/cases/1/messages", `{"lane":"internal","text":"x"}`}, {"POST", "/api/v1/cases/1/orders", `{"supplier":"a@b.example"}`},
		{"GET", "/api/v1/cases/1/orders", ""}, {"GET", "/api/v1/cases/1/quotes", ""}, {"GET", "/api/v1/orders/x", ""}, {"POST", "/api/v1/orders/x", `{"action":"withdraw"}`},
		{"GET", "/api/v1/messages/x/raw", ""}, {"GET", "/api/v1/attachments/x", ""}, {"GET", "/api/v1/attachments/x/thumbnail", ""},
		{"GET", "/api/v1/triage", ""}, {"GET", "/api/v1/triage/x", ""}, {"POST", "/api/v1/triage/x", `{"action":"discard"}`},
		{"GET", "/api/v1/outbox", ""}, {"GET", "/api/v1/sms", ""}, {"GET", "/api/v1/organisations", ""}, {"GET", "/api/v1/organisations/x/preview/message", ""},
		{"POST", "/api/v1/tokens", `{"name":"x","role":"reader"}`}, {"GET", "/api/v1/tokens", ""}, {"DELETE", "/api/v1/tokens/x", ""},
		{"GET", "/api/v1/people/export", ""}, {"POST", "/api/v1/people/erase", `{"contact":"x"}`},
		{"GET", "/api/v1/todo", ""}, {"POST", "/api/v1/todo/x/done", ""},
		{"GET", "/api/v1/events", ""}, {"POST", "/api/v1/webhooks", `{"url":"https://x.example"}`}, {"GET", "/api/v1/webhooks", ""}, {"GET", "/api/v1/webhooks/x", ""},
		{"PATCH", "/api/v1/webhooks/x", `{"active":true}`},
		{"DELETE", "/api/v1/webhooks/x", ""}, {"POST", "/api/v1/webhooks/x/replay", `{"after":0}`}, {"GET", "/api/v1/suspensions", ""}, {"DELETE", "/api/v1/suspensions/a@b.example", ""},
		{"POST", "/api/v1/import/contacts", "id;name\n"}, {"GET", "/api/v1/export/contacts", ""}, {"GET", "/api/v1/audit", ""}, {"GET", "/api/v1/schedules/x/state", ""}, {"GET", "/api/v1/coming", ""},
		{"GET", "/api/v1/retention", ""}, {"POST", "/api/v1/retention/confirm", `{"class":"","edition":"x"}`},
	}
	for _, list := range []string{"", "/suppliers", "/repeats", "/clusters", "/plan"} {
		all = append(all, [3]string{"GET", "/api/v1/figures" + list, ""})
	}
	for many, body := range map[string]string{
		"roles": `{"id":"x","name":"X","permissions":[]}`, "objects": `{"id":"x","kind":"area","name":"X"}`, "contacts": `{"id":"x","name":"X","parts":["staff"]}`, "segments": `{"id":"x","name":"X"}`,
		"tenancies": `{"id":"x","customer":"c","object":"o","from":"2026-01-01"}`, "classes": `{"path":"x"}`, "routes": `{"id":"x","assignee":"c"}`,
		"schedules": `{"id":"x","title":"X","first":"2026-12-01","every":1,"unit":"years"}`,
	} {
		path := "/api/v1/" + many
		all = append(all, [][3]string{{"GET", path, ""}, {"GET", path + "/x", ""}, {"PUT", path + "/x", body}, {"GET", path + "/x/editions", ""}}...)
	}
	return all
}

func TestToken(t *testing.T) {
	h := newHouse(t)
	h.open("x")
	for _, c := range calls() {
		for _, header := range []string{"", "Bearer", "Bearer ", "Bearer wrong", "Basic " + h.token, h.token, "Bearer " + strings.Repeat("x", 2000)} {
			h.refused(401, c[0], c[1], c[2], "Authorization", header)
		}
		h.refused(401, c[0], c[1]+"?access_token="+h.token, c[2], "Authorization", "")
		if strings.HasPrefix(c[1], "/api/v1/organisations") { // none asks for org=
			continue
		}
		h.refused(404, c[0], c[1]+"?org=b", c[2])    // another's
		h.refused(404, c[0], c[1]+"?org=none", c[2]) // nobody's
		if there, none := h.refused(404, c[0], c[1]+"?org=b", c[2])["detail"], h.refused(404, c[0], c[1]+"?org=none", c[2])["detail"]; there != none {
			t.Errorf("%s %s tells another's organisation from none: %q, %q", c[0], c[1], there, none)
		}
	}
	a := h.call("GET", "/api/v1/cases", "", "Authorization", "")
	b := h.call("GET", "/api/v1/cases", "", bearer("wrong")...)
	if a.header.Get("WWW-Authenticate") != `Bearer realm="smartmail"` || b.header.Get("WWW-Authenticate") != `Bearer realm="smartmail", error="invalid_token"` {
		t.Errorf("challenges: %q, %q", a.header.Get("WWW-Authenticate"), b.header.Get("WWW-Authenticate"))
	}
	h.want(http.StatusOK, nil, "GET", "/api/v1/cases/1", "", "Authorization", "bearer  "+h.token) // RFC 9110 section 11.1: a scheme in any case
	h.want(http.StatusOK, nil, "GET", "/api/v1/cases/1?org=a", "", bearer(adminToken)...)

	var mine, all admin.List[admin.Organisation]
	h.want(http.StatusOK, &mine, "GET", "/api/v1/organisations", "")
	h.want(http.StatusOK, &all, "GET", "/api/v1/organisations", "", bearer(adminToken)...)
	if len(mine.Items) != 1 || mine.Items[0] != (admin.Organisation{ID: "a", Name: "Alfa"}) || len(all.Items) != 2 {
		t.Errorf("organisations: %+v, %+v", mine, all)
	}
	for _, secret := range []string{h.token, h.other, adminToken, "wrong", "It drips."} {
		if strings.Contains(h.log.String(), secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
	none := newHouse(t, func(o *admin.Options) { o.AdminToken = "" })
	none.refused(401, "GET", "/api/v1/cases?org=a", "", bearer(adminToken)...)
	none.refused(401, "GET", "/api/v1/cases?org=a", "", "Authorization", "Bearer ")
}

func TestGuessingIsBounded(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	h := newHouse(t, func(o *admin.Options) {
		o.TrustedProxies = []string{"127.0.0.1"}
		o.Now = func() time.Time { return now }
	})
	from := func(ip, token string) []string { return append(bearer(token), "X-Forwarded-For", ip) }
	for range 100 {
		h.refused(401, "GET", "/api/v1/cases", "", from("192.0.2.1", "guess")...)
	}
	h.refused(429, "GET", "/api/v1/cases", "", from("192.0.2.1", "guess")...)
	if a := h.call("GET", "/api/v1/cases", "", from("192.0.2.1", h.token)...); a.status != 429 || a.header.Get("Retry-After") != "1" {
		t.Errorf("the right token among guesses: %d, Retry-After %q", a.status, a.header.Get("Retry-After"))
	}
	h.want(http.StatusOK, nil, "GET", "/api/v1/cases", "", from("192.0.2.2", h.token)...)
	now = now.Add(time.Second)
	h.want(http.StatusOK, nil, "GET", "/api/v1/cases", "", from("192.0.2.1", h.token)...)
	// A peer in front of which no proxy of ours stands can't choose whom its guesses are counted for.
	direct := newHouse(t, func(o *admin.Options) { o.Now = func() time.Time { return now } })
	for i := range 100 {
		direct.refused(401, "GET", "/api/v1/cases", "", from(fmt.Sprintf("192.0.2.%d", i), "guess")...)
	}
	direct.refused(429, "GET", "/api/v1/cases", "", from("198.51.100.1", "guess")...)
}

func TestProblems(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{"/", "/api", "/api/v1", "/api/v1/nothing", "/api/v1/cases/", "/docs", "/schemas/Case.json", "/openapi.json", "//api/v1/cases"} {
		h.refused(404, "GET", path, "")
	}
	for _, c := range [][2]string{{"DELETE", "/api/v1/cases/1"}, {"PUT", "/api/v1/cases"}, {"OPTIONS", "/api/v1/cases"}, {"POST", "/healthz"}, {"TRACE", "/api/v1/cases"}} {
		h.refused(405, c[0], c[1], "")
	}
	if a := h.call("DELETE", "/api/v1/cases", ""); !strings.Contains(a.header.Get("Allow"), "POST") {
		t.Errorf("Allow: %q", a.header.Get("Allow"))
	}
	for _, path := range []string{"/api/v1/cases/x", "/api/v1/cases/0", "/api/v1/cases/-1", "/api/v1/cases/99999999999999999999"} {
		h.refused(422, "GET", path, "")
	}
	h.refused(404, "GET", "/api/v1/cases/18446744073709551615", "")
	p := h.refused(422, "POST", "/api/v1/cases", `{"subject":"x","`+strings.Repeat("y", 3000)+`":"secret input"}`)
	if text := fmt.Sprint(p); strings.Contains(text, "secret input") || len(text) > 2000 {
		t.Errorf("a problem sends the input back: %s", text)
	}
	for _, path := range []string{"/healthz", "/api/v1/cases", "/api/v1/openapi.json", "/nothing", "/metrics"} {
		a := h.call("GET", path, "")
		for k, v := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox", "Cross-Origin-Resource-Policy": "same-origin", "Access-Control-Allow-Origin": "",
		} {
			if a.header.Get(k) != v {
				t.Errorf("%s: %s: %q, want %q", path, k, a.header.Get(k), v)
			}
		}
	}
}

func TestFaults(t *testing.T) {
	var fail func() error
	h := newHouse(t, put(func(d admin.Desk) admin.Desk { return broken{d, func() error { return fail() }} }))
	for _, x := range []struct {
		err    error
		status int
		detail string
	}{
		{fault.Wrap(fault.NotFound, "none", errInside), 404, "none"},
		{fault.Wrap(fault.Forbidden, "not yours", errInside), 403, "not yours"},
		{fault.Wrap(fault.Conflict, "changed", errInside), 409, "changed"},
		{fault.Wrap(fault.Exists, "there already", errInside), 412, "there already"},
		{fault.Wrap(fault.Invalid, "wrong", errInside), 422, "wrong"},
		{fault.Wrap(fault.Content, "refused", errInside), 422, "refused"},
		{fault.Wrap(fault.Busy, "slow down", errInside), 429, "slow down"},
		{fault.Wrap(fault.TooBig, "too big", errInside), 413, "too big"},
		{fault.Wrap(fault.Ours, "the store is closed", errInside), 503, "the store is closed"},
		{fmt.Errorf("get: %w", context.DeadlineExceeded), 503, "timed out, try again later"},
		{errInside, 500, "local error, try again later"},
		{fmt.Errorf("wrapped: %w", fault.Wrap(fault.Conflict, "changed", errInside)), 409, "changed"},
	} {
		fail = func() error { return x.err }
		if p := h.refused(x.status, "GET", "/api/v1/cases/1", ""); p["detail"] != x.detail {
			t.Errorf("%v: %v", x.err, p)
		}
	}
	fail = func() error { panic(errInside) }
	a := h.call("GET", "/api/v1/cases/1", "")
	if p := h.refused(500, "GET", "/api/v1/cases/1", ""); p["detail"] != "local error, try again later" || strings.Contains(string(a.body), "bucket") {
		t.Errorf("panic: %s", a.body)
	}
	if n := strings.Count(h.log.String(), "level=ERROR"); n != 5 { // 503 twice, 500, two panics
		t.Errorf("%d errors in the log, want 5", n)
	}
	if !strings.Contains(h.log.String(), "panic: "+errInside.Error()) {
		t.Error("the cause of a panic is not in the log")
	}
	fail = func() error { return fault.New(fault.Busy, "slow down") }
	if a := h.call("GET", "/api/v1/cases/1", ""); a.header.Get("Retry-After") != "5" {
		t.Errorf("Retry-After: %q", a.header.Get("Retry-After"))
	}
}

func TestHealth(t *testing.T) {
	var (
		asked atomic.Int32
		bad   atomic.Bool
		now   atomic.Int64
	)
	h := newHouse(t, func(o *admin.Options) {
		o.Now = func() time.Time { return time.Unix(now.Load(), 0) }
		o.Ready = func(context.Context) (map[string]string, error) {
			asked.Add(1)
			if bad.Load() {
				return map[string]string{"store": "not writable"}, fault.Wrap(fault.Ours, "the store can't be written", errInside)
			}
			return map[string]string{"store": "writable"}, nil
		}
	})
	no := []string{"Authorization", ""}
	a := h.want(http.StatusOK, nil, "GET", "/healthz", "", no...)
	if string(a.body) != `{"status":"ok"}`+"\n" {
		t.Errorf("health: %s", a.body)
	}
	h.want(http.StatusOK, nil, "HEAD", "/healthz", "", no...)
	for range 5 {
		a = h.want(http.StatusOK, nil, "GET", "/readyz", "", no...)
	}
	if string(a.body) != `{"ready":true,"checks":{"store":"writable"}}`+"\n" || asked.Load() != 1 {
		t.Errorf("ready: %s, asked %d times", a.body, asked.Load())
	}
	bad.Store(true)
	now.Add(1)
	p := h.refused(503, "GET", "/readyz", "", no...)
	if p["ready"] != false || p["detail"] != "the store can't be written" || fmt.Sprint(p["checks"]) != "map[store:not writable]" {
		t.Errorf("not ready: %v", p)
	}
	if a := h.want(http.StatusOK, nil, "GET", "/metrics", "", no...); string(a.body) != "up 1\n" {
		t.Errorf("metrics: %s", a.body)
	}
	plain := newHouse(t, func(o *admin.Options) { o.Metrics = nil })
	plain.want(http.StatusOK, nil, "GET", "/readyz", "", no...)
	plain.refused(404, "GET", "/metrics", "", no...)
}

func TestOpenAPI(t *testing.T) {
	h := newHouse(t)
	var doc struct {
		OpenAPI    string
		Security   []map[string][]string
		Paths      map[string]map[string]map[string]any
		Components struct {
			Schemas         map[string]any
			SecuritySchemes map[string]any
		}
	}
	a := h.want(http.StatusOK, &doc, "GET", "/api/v1/openapi.json", "", "Authorization", "")
	if !strings.HasPrefix(doc.OpenAPI, "3.1.") || doc.Components.SecuritySchemes["token"] == nil || len(doc.Security) != 1 {
		t.Errorf("document: %s", a.body[:300])
	}
	ids := map[any]bool{}
	for path, ops := range doc.Paths {
		for method, op := range ops {
			if op["operationId"] == nil || ids[op["operationId"]] || op["responses"] == nil {
				t.Errorf("%s %s: %v", method, path, op)
			}
			ids[op["operationId"]] = true
		}
	}
	templates := strings.NewReplacer("/links/parent_of/2", "/links/{kind}/{case}", "/cases/1", "/cases/{number}", "/x", "/{id}", "/a@b.example", "/{address}", "/preview/message", "/preview/{kind}", "port/contacts", "port/{kind}")
	routes := append(calls(), [3]string{"GET", "/healthz"}, [3]string{"GET", "/readyz"}, [3]string{"GET", "/metrics"})
	for _, c := range routes {
		op := doc.Paths[templates.Replace(c[1])][strings.ToLower(c[0])]
		if op == nil {
			t.Errorf("%s %s is not described", c[0], c[1])
			continue
		}
		if public := !strings.HasPrefix(c[1], "/api"); (op["security"] != nil) != public {
			t.Errorf("%s %s: security %v", c[0], c[1], op["security"])
		}
	}
	if len(ids) != len(routes) {
		t.Errorf("%d calls described, %d expected", len(ids), len(routes))
	}
	for ref := range strings.SplitSeq(string(a.body), `"$ref":"#/components/schemas/`) {
		if name, _, ok := strings.Cut(ref, `"`); ok && !strings.HasPrefix(ref, "{") && doc.Components.Schemas[name] == nil {
			t.Errorf("reference to %q, which is not there", name)
		}
	}
}

func TestOptions(t *testing.T) {
	h := newHouse(t)
	for name, o := range map[string]admin.Options{
		"nothing":     {},
		"no orgs":     {House: admin.Open(h.desk), Router: h.router},
		"bad proxies": {House: admin.Open(h.desk), Router: h.router, Orgs: []admin.Org{{ID: "a"}}, TrustedProxies: []string{"not an address"}},
	} {
		if _, err := admin.New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	s := admin.Server(http.NotFoundHandler())
	if s.ReadHeaderTimeout == 0 || s.ReadTimeout == 0 || s.WriteTimeout == 0 || s.IdleTimeout == 0 || s.MaxHeaderBytes == 0 {
		t.Errorf("a server without limits: %+v", s)
	}
}

// torn is a desk whose files can't be read to their end.
type torn struct {
	admin.Desk
	readable int
}

func (d torn) OpenAttachment(context.Context, casework.OrgID, string) (message.Attachment, io.ReadCloser, error) {
	return message.Attachment{Name: "a"}, io.NopCloser(io.MultiReader(strings.NewReader(strings.Repeat("x", d.readable)), iotest.ErrReader(errInside))), nil
}

func TestTornFile(t *testing.T) {
	h := newHouse(t, put(func(d admin.Desk) admin.Desk { return torn{d, 10} }))
	h.refused(500, "GET", "/api/v1/attachments/a", "")

	h = newHouse(t, put(func(d admin.Desk) admin.Desk { return torn{d, 1 << 20} }))
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.url+"/api/v1/attachments/a", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+h.token)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if n, err := io.Copy(io.Discard, res.Body); err == nil {
		t.Errorf("%d bytes were given for the whole file", n)
	}
	if !strings.Contains(h.log.String(), errInside.Error()) {
		t.Errorf("the cause is not in the log: %s", h.log)
	}
}

// stuck is a desk that waits for its caller to give up.
type stuck struct{ admin.Desk }

// jammed is the door to it.
type jammed struct{ admin.House }

func (jammed) For(access.Grant) admin.Desk { return stuck{} }

func (jammed) Token(context.Context, string) (casework.APIToken, access.Grant, bool, error) {
	return casework.APIToken{Org: "a"}, access.Full(), true, nil
}

func (jammed) Saw(context.Context, casework.Look, bool) error { return nil }

func (stuck) Case(ctx context.Context, _ casework.OrgID, _ casework.CaseNumber) (casework.Case, error) {
	<-ctx.Done()
	return casework.Case{}, fmt.Errorf("case: %w", ctx.Err())
}

func TestCallsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handler, err := admin.New(admin.Options{House: jammed{}, Router: (*threading.Router)(nil), Orgs: []admin.Org{{ID: "a"}}, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/api/v1/cases/1", nil)
		r.Header.Set("Authorization", "Bearer x")
		w, start := httptest.NewRecorder(), time.Now()
		handler.ServeHTTP(w, r)
		var p map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != 503 || w.Header().Get("Retry-After") == "" || time.Since(start) != 30*time.Second {
			t.Errorf("%d after %v: %s", w.Code, time.Since(start), errors.Join(err, errors.New(w.Body.String())))
		}
	})
}
