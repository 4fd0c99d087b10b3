package admin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"smartmail/access"
	"smartmail/admin"
	"smartmail/blobstore/files"
	"smartmail/casestore/boltstore"
	"smartmail/casework"
	"smartmail/desk"
	"smartmail/follow"
	"smartmail/mailauth/verdict"
	"smartmail/message"
	"smartmail/search"
	"smartmail/stats"
	"smartmail/threading"
)

const adminToken = "the token with full rights"

// house is an API over a real desk and a real store, with two organisations.
type house struct {
	t      *testing.T
	url    string
	desk   *desk.Desk
	router *threading.Router
	log    *logged
	token  string         // sent with each call
	other  string         // a token of the other organisation
	scan   *casework.Scan // of what is received

	mu  sync.Mutex
	now time.Time
}

// logged is what was logged.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// clock moves a millisecond with each look, so that nothing happens at the same time.
func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(time.Millisecond)
	return h.now
}

func newHouse(t *testing.T, change ...func(*admin.Options)) *house {
	t.Helper()
	dir := t.TempDir()
	store, err := boltstore.Open(filepath.Join(dir, "t.db"), boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := files.Open(filepath.Join(dir, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), log: &logged{}}
	keys := threading.NewKeyring(h.clock)
	h.router = threading.NewRouter(keys, "mx.a.example", []threading.Organisation{
		{ID: "a", Domain: "a.example", Intake: []threading.Intake{{Address: "fel@a.example", Class: "fault"}}},
		{ID: "b", Domain: "b.example", Intake: []threading.Intake{{Address: "fel@b.example", Class: "fault"}}},
	})
	h.desk = desk.New(desk.Options{Store: store, Blobs: blobs, Keys: keys, Router: h.router, Orgs: []casework.OrgID{"a", "b"}, Now: h.clock, Inline: 64 << 10})
	if err := h.desk.LoadKeys(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, to := range []struct {
		org    casework.OrgID
		secret *string
	}{{"a", &h.token}, {"b", &h.other}} {
		if _, *to.secret, err = h.desk.CreateToken(t.Context(), casework.APIToken{Org: to.org, Name: "caretaker " + string(to.org)}, casework.Actor{}); err != nil {
			t.Fatal(err)
		}
	}
	o := admin.Options{
		House: admin.Open(h.desk), Router: h.router, Orgs: []admin.Org{{ID: "a", Name: "Alfa"}, {ID: "b", Name: "Beta"}}, AdminToken: adminToken,
		Log: slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug})), Now: h.clock,
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "up 1") }),
	}
	for _, f := range change {
		f(&o)
	}
	handler, err := admin.New(o)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(nil)
	srv.Config = admin.Server(handler)
	srv.Start()
	t.Cleanup(func() { // in this order: the server lets go of the store
		srv.Close()
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	h.url = srv.URL
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(h.log)
		}
	})
	return h
}

// index gives the house an index of its cases.
func (h *house) index() {
	h.t.Helper()
	derived, err := boltstore.Open(filepath.Join(h.t.TempDir(), "derived.db"), boltstore.Options{})
	if err != nil {
		h.t.Fatal(err)
	}
	index, sums := &search.Index{Store: derived}, &stats.Index{Store: derived}
	f := follow.New(follow.Options{Source: h.desk.Store, Target: derived, Orgs: h.desk.Orgs, Projections: []follow.Projection{index, sums}, Log: slog.New(slog.DiscardHandler)})
	h.desk.Statistics = struct {
		*follow.Follower
		*stats.Index
	}{f, sums}
	h.desk.Logged, h.desk.Finder = f.Wake, struct {
		*follow.Follower
		*search.Index
	}{f, index}
	ctx, stop := context.WithCancel(context.WithoutCancel(h.t.Context()))
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	h.t.Cleanup(func() {
		stop()
		if err := errors.Join(<-done, derived.Close()); err != nil {
			h.t.Error(err)
		}
	})
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// call makes a call with the house's token, or another one in the headers, which come in pairs.
func (h *house) call(method, path, body string, headers ...string) answer {
	h.t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(h.t.Context(), method, h.url+path, r)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+h.token)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, b}
}

// bearer is the header of another token.
func bearer(token string) []string { return []string{"Authorization", "Bearer " + token} }

// want makes a call that has to succeed with a status and decodes the answer into v, which may be nil.
func (h *house) want(status int, v any, method, path, body string, headers ...string) answer {
	h.t.Helper()
	a := h.call(method, path, body, headers...)
	if a.status != status {
		h.t.Fatalf("%s %s: %d, want %d: %s", method, path, a.status, status, a.body)
	}
	if v != nil {
		if err := json.Unmarshal(a.body, v); err != nil {
			h.t.Fatalf("%s %s: %v: %s", method, path, err, a.body)
		}
	}
	return a
}

// refused makes a call that has to fail with a problem of that status, and returns it.
func (h *house) refused(status int, method, path, body string, headers ...string) map[string]any {
	h.t.Helper()
	a := h.call(method, path, body, headers...)
	p := map[string]any{}
	err := json.Unmarshal(a.body, &p)
	switch {
	case a.status != status:
		h.t.Errorf("%s %s: %d, want %d: %s", method, path, a.status, status, a.body)
	case a.header.Get("Content-Type") != "application/problem+json":
		h.t.Errorf("%s %s: content type %q", method, path, a.header.Get("Content-Type"))
	case err != nil || p["status"] != float64(status) || p["title"] != http.StatusText(status) || p["detail"] == "":
		h.t.Errorf("%s %s: no whole problem: %v: %s", method, path, err, a.body)
	}
	return p
}

// open opens a case in organisation a with Anna on it.
func (h *house) open(subject string) admin.Case {
	h.t.Helper()
	var c admin.Case
	h.want(http.StatusCreated, &c, "POST", "/api/v1/cases", fmt.Sprintf(
		`{"subject":%q,"description":"It drips.","class":"VVS","priority":7,"object":"Lgh 1101","reporter":{"name":"Anna","email":"anna@home.example"}}`, subject))
	return c
}

// receive takes in a mail with whatever verdict the test likes, as intake would.
func (h *house) receive(raw string, from string, to ...string) desk.Placed {
	h.t.Helper()
	in := message.InMemory(raw)
	sum, err := message.Digest(in)
	if err != nil {
		h.t.Fatal(err)
	}
	c := message.Parse(h.t.Context(), in, message.Limits{NullReversePath: from == ""})
	d := desk.Delivery{Raw: in, Mail: casework.Mail{
		At: h.clock(), Identity: c.Identity[:], Trace: "Received: by mx.a.example", Content: c,
		Envelope: message.Envelope{ReversePath: from, Recipients: to, Helo: "mail.home.example", Client: netip.MustParseAddr("192.0.2.1"), Protocol: "ESMTPS"},
		Raw:      casework.RawRef{Size: in.Size(), SHA256: fmt.Sprintf("%x", sum)},
		Auth: verdict.Verdict{
			SPF: verdict.SPF{Result: verdict.Pass, Domain: "home.example"}, DKIM: []verdict.DKIM{{Result: verdict.Pass, Domain: "home.example", Selector: "s1"}},
			DMARC: verdict.DMARC{Result: verdict.Pass, Policy: "reject", Domain: "home.example"}, ARC: verdict.None, From: c.From.Email,
		},
		AuthResults: "mx.a.example; dmarc=pass", Scan: h.scan,
	}}
	for _, rcpt := range to {
		r, err := h.router.Route(rcpt)
		if err != nil {
			h.t.Fatal(err)
		}
		d.Mail.Org = r.Org
		d.Routes = append(d.Routes, r)
	}
	placed, err := h.desk.Receive(h.t.Context(), []desk.Delivery{d})
	if err != nil || len(placed) == 0 {
		h.t.Fatal(placed, err)
	}
	return placed[0]
}

// letter writes a mail with CRLF.
func letter(from, subject, more, body string) string {
	return strings.ReplaceAll(fmt.Sprintf("From: %s\nTo: Fel <fel@a.example>\nSubject: %s\nDate: Tue, 24 Nov 2026 12:00:00 +0100\n%s\n%s", from, subject, more, body), "\n", "\r\n")
}

// entries walks a case's timeline in pages of limit.
func (h *house) entries(n uint64, limit int) (all []admin.Entry) {
	h.t.Helper()
	cursor := ""
	for {
		var page admin.List[admin.Entry]
		h.want(http.StatusOK, &page, "GET", fmt.Sprintf("/api/v1/cases/%d/entries?limit=%d&cursor=%s", n, limit, cursor), "")
		all = append(all, page.Items...)
		if page.Next == nil {
			return all
		}
		cursor = *page.Next
	}
}

// behind is a door with another desk behind it, made of the one that there was.
type behind struct {
	admin.House
	desk func(admin.Desk) admin.Desk
}

func (b behind) For(grant access.Grant) admin.Desk { return b.desk(b.House.For(grant)) }

// put returns an option that puts another desk behind the door.
func put(desk func(admin.Desk) admin.Desk) func(*admin.Options) {
	return func(o *admin.Options) { o.House = behind{o.House, desk} }
}

// broken is a desk whose cases fail in ways that tests choose.
type broken struct {
	admin.Desk
	fail func() error
}

func (b broken) Case(context.Context, casework.OrgID, casework.CaseNumber) (casework.Case, error) {
	return casework.Case{}, b.fail()
}

var errInside = errors.New("bucket 17 on /var/lib is torn")
