package report_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"smartmail/casework"
	"smartmail/report"
)

// fakeDesk remembers what it was told.
type fakeDesk struct {
	mu     sync.Mutex
	opened []casework.Open
	files  []casework.File
	fail   bool
}

func (d *fakeDesk) KeepFile(_ context.Context, _ casework.OrgID, name, mediaType string, content []byte) (casework.File, error) {
	return casework.File{ID: "f1", Name: name, Type: mediaType, Size: int64(len(content))}, nil
}

func (d *fakeDesk) Report(_ context.Context, _ casework.OrgID, cmd casework.Open, files []casework.File) (casework.Case, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fail {
		return casework.Case{}, errors.New("a secret of ours")
	}
	d.opened, d.files = append(d.opened, cmd), append(d.files, files...)
	return casework.Case{Number: casework.CaseNumber(len(d.opened))}, nil
}

// site is reports over a fake desk, at a time that tests choose.
type site struct {
	t    *testing.T
	desk *fakeDesk
	now  time.Time
	h    http.Handler
}

const base = "/api/v1/public/a/reports"

func newSite(t *testing.T, change func(*report.Org)) *site {
	s := &site{t: t, desk: &fakeDesk{}, now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	org := report.Org{ID: "a", Name: "Alfa <AB>", Language: "sv", Class: "fault", Origins: []string{"https://www.a.example"}}
	if change != nil {
		change(&org)
	}
	h, err := report.New(report.Options{Desk: s.desk, Orgs: []report.Org{org}, Now: func() time.Time { return s.now }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	s.h = h
	return s
}

func (s *site) do(method, path, contentType, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(s.t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.h.ServeHTTP(w, r)
	return w
}

// ticket opens the form and lets a person's time pass.
func (s *site) ticket() string {
	s.t.Helper()
	var got struct{ Ticket string }
	if w := s.do("GET", base, "", ""); w.Code != 200 || json.Unmarshal(w.Body.Bytes(), &got) != nil || got.Ticket == "" {
		s.t.Fatalf("%d %s", w.Code, w.Body)
	}
	s.now = s.now.Add(5 * time.Minute) // so that the allowance of the network fills again
	return got.Ticket
}

// with is a report that would be taken, with one field said otherwise.
func (s *site) with(name string, value any) string {
	in := map[string]any{"description": "Kranen droppar.", "email": "anna@home.example", "name": "Anna", "place": "Storgatan 1", "ticket": s.ticket()}
	in[name] = value
	b, err := json.Marshal(in)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b)
}

func TestReport(t *testing.T) {
	s := newSite(t, nil)
	w := s.do("POST", base, "application/json", s.with("phone", "070"))
	if w.Code != 201 || strings.TrimSpace(w.Body.String()) != `{"case":1,"received":true}` {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	got := s.desk.opened[0]
	if got.Subject != "Kranen droppar." || got.Description != "Storgatan 1\n\nKranen droppar." || got.Class != "fault" ||
		*got.Reporter != (casework.Reporter{Name: "Anna", Email: "anna@home.example", Phone: "070"}) {
		t.Errorf("%+v %+v", got, got.Reporter)
	}
	for _, x := range []struct {
		name   string
		value  any
		status int
	}{
		{"description", " ", 422}, {"description", strings.Repeat("x", 10_001), 422}, {"description", 7, 422}, {"email", "a@b\r\nBcc: x@y", 422}, {"email", "Anna <a@b.example>", 422},
		{"email", "", 422}, {"name", "a\nb", 422}, {"subject", strings.Repeat("x", 201), 422}, {"ticket", "", 422}, {"ticket", strings.Repeat("A", 32), 422},
		{"description", strings.Repeat("x", 70<<10), 413}, {"description", "a\x1b[2Jb", 422}, {"description", "a\u0085b", 422}, {"name", "a\u0085b", 422},
	} {
		w := s.do("POST", base, "application/json", s.with(x.name, x.value))
		if w.Code != x.status || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %.40q: %d %s", x.name, x.value, w.Code, w.Body)
		}
	}
	if w := s.do("POST", base, "text/plain", "x"); w.Code != 422 {
		t.Errorf("plain text: %d", w.Code)
	}
	if w := s.do("GET", "/api/v1/public/b/reports", "", ""); w.Code != 404 {
		t.Errorf("an organisation that takes none: %d", w.Code)
	}
	if w := s.do("PUT", base, "", ""); w.Code != 405 {
		t.Errorf("PUT: %d", w.Code)
	}
	if len(s.desk.opened) != 1 {
		t.Errorf("%d cases", len(s.desk.opened))
	}
}

// Machines are too quick, fill in what nobody sees, come too often, or keep a form for days.
func TestMachines(t *testing.T) {
	s := newSite(t, nil)
	if w := s.do("POST", base, "application/json", s.with("website", "http://spam.example")); w.Code != 201 || strings.Contains(w.Body.String(), "case") {
		t.Errorf("the hidden field: %d %s", w.Code, w.Body)
	}
	body := s.with("x", "")
	s.now = s.now.Add(-5 * time.Minute)
	if w := s.do("POST", base, "application/json", body); w.Code != 422 {
		t.Errorf("too quick: %d", w.Code)
	}
	s.now = s.now.Add(25 * time.Hour)
	if w := s.do("POST", base, "application/json", body); w.Code != 422 {
		t.Errorf("too old: %d", w.Code)
	}
	if len(s.desk.opened) != 0 {
		t.Errorf("%d cases", len(s.desk.opened))
	}
	ticket, codes := s.ticket(), map[int]int{}
	for n := range 120 {
		w := s.do("POST", base, "application/json", fmt.Sprintf(`{"description":"fault %d","phone":"070","ticket":%q}`, n, ticket))
		codes[w.Code]++
		if w.Code == 429 && w.Header().Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	}
	if codes[201] == 0 || codes[201] > 30 || codes[429] < 90 {
		t.Errorf("many at once: %v", codes)
	}
}

// The same report again has opened its case already; another one from the same page opens another. What is refused does not use up
// what a house may report.
func TestTwice(t *testing.T) {
	s := newSite(t, nil)
	body := s.with("phone", "070")
	var answers sync.WaitGroup
	for range 5 {
		answers.Go(func() {
			if w := s.do("POST", base, "application/json", body); w.Code != 201 || strings.TrimSpace(w.Body.String()) != `{"case":1,"received":true}` {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
	answers.Wait()
	if w := s.do("POST", base, "application/json", strings.Replace(body, "droppar", "rinner", 1)); !strings.Contains(w.Body.String(), `"case":2`) {
		t.Errorf("another fault: %d %s", w.Code, w.Body)
	}
	for range 60 {
		s.do("POST", base, "application/json", `{}`)
	}
	if w := s.do("POST", base, "application/json", strings.Replace(body, "droppar", "forsar", 1)); w.Code != 201 {
		t.Errorf("after many refused: %d %s", w.Code, w.Body)
	}
	s.desk.fail = true
	again := s.with("phone", "071")
	if w := s.do("POST", base, "application/json", again); w.Code != 500 {
		t.Errorf("while the desk fails: %d", w.Code)
	}
	s.desk.fail = false
	if w := s.do("POST", base, "application/json", again); w.Code != 201 {
		t.Errorf("when it works again: %d %s", w.Code, w.Body)
	}
}

// Who fills in the page is told in its language what is wrong, and need not type it again.
func TestRefusedPage(t *testing.T) {
	for language, want := range map[string]string{"sv": "Fyll i e-post eller telefon, så att vi kan nå dig. Välj bilderna igen.", "en": "An e-mail address or a telephone number is needed. Choose the pictures again."} {
		s := newSite(t, func(o *report.Org) { o.Language = language })
		kind, body := s.form(map[string]string{"kran.png": png})
		body = strings.Replace(body, "070", "", 1)
		w := s.do("POST", base, kind, strings.Replace(body, "Kranen droppar.", "Kranen <b>droppar</b>.", 1), "Accept", "text/html,*/*")
		page := w.Body.String()
		if w.Code != 422 || !strings.Contains(page, want) || !strings.Contains(page, "Kranen &lt;b&gt;droppar&lt;/b&gt;.</textarea>") || !strings.Contains(page, `name="ticket" value="`) {
			t.Errorf("%d %s", w.Code, page)
		}
		s.desk.fail = true
		kind, body = s.form(nil)
		if w := s.do("POST", base, kind, body, "Accept", "text/html"); w.Code != 500 || !strings.Contains(w.Body.String(), "Kranen droppar.</textarea>") || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
}

// picture is the beginning of one, as far as it tells its kind.
const png = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"

func (s *site) form(files map[string]string) (contentType, body string) {
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for k, v := range map[string]string{"description": "Kranen droppar.", "phone": "070", "ticket": s.ticket()} {
		_ = form.WriteField(k, v)
	}
	for name, content := range files {
		w, err := form.CreateFormFile("pictures", name)
		if err != nil {
			s.t.Fatal(err)
		}
		_, _ = io.WriteString(w, content)
	}
	_ = form.Close()
	return form.FormDataContentType(), b.String()
}

func TestForm(t *testing.T) {
	s := newSite(t, nil)
	page := s.do("GET", "/report/a", "", "")
	if page.Code != 200 || !strings.Contains(page.Body.String(), "Alfa &lt;AB&gt;") || !strings.Contains(page.Body.String(), `name="ticket" value="`) ||
		!strings.Contains(page.Header().Get("Content-Security-Policy"), "form-action 'self'") {
		t.Errorf("%d %v %s", page.Code, page.Header(), page.Body)
	}
	kind, body := s.form(map[string]string{"kran.exe": png, "": ""})
	w := s.do("POST", base, kind, body, "Accept", "text/html")
	if w.Code != 201 || !strings.Contains(w.Body.String(), "#1") || len(s.desk.files) != 1 || s.desk.files[0].Type != "image/png" {
		t.Errorf("%d %s %+v", w.Code, w.Body, s.desk.files)
	}
	many := map[string]string{}
	for i := range 9 {
		many[fmt.Sprint(i, ".png")] = png
	}
	for name, x := range map[string]struct {
		files  map[string]string
		status int
	}{
		"a program": {map[string]string{"kran.png": "MZ\x90\x00"}, 422}, "SVG": {map[string]string{"a.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>"}, 422},
		"too large": {map[string]string{"a.png": png + strings.Repeat("x", 10<<20)}, 413}, "too many": {many, 413},
	} {
		kind, body := s.form(x.files)
		if w := s.do("POST", base, kind, body); w.Code != x.status {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if w := s.do("POST", base, kind, body[:len(body)/2]); w.Code != 422 {
		t.Errorf("half a form: %d %s", w.Code, w.Body)
	}
}

func TestOrigins(t *testing.T) {
	s := newSite(t, nil)
	for origin, want := range map[string]int{"https://www.a.example": 204, "https://evil.example": 403, "null": 403, "http://example.com": 204, "": 204} {
		w := s.do("OPTIONS", base, "", "", "Origin", origin)
		if w.Code != want || (w.Header().Get("Access-Control-Allow-Origin") == origin) != (origin == "https://www.a.example" || origin == "") {
			t.Errorf("%q: %d %v", origin, w.Code, w.Header())
		}
	}
}

func TestCaptcha(t *testing.T) {
	var asked []string
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.PostFormValue("secret")+" "+r.PostFormValue("response")+" "+r.PostFormValue("remoteip"))
		if r.PostFormValue("response") == "broken" {
			fmt.Fprint(w, "<html>")
			return
		}
		fmt.Fprintf(w, `{"success":%v}`, r.PostFormValue("response") == "solved")
	}))
	defer service.Close()
	s := newSite(t, func(o *report.Org) { o.Captcha = &report.Captcha{URL: service.URL, Secret: "s3"} })
	for solved, want := range map[string]int{"solved": 201, "guessed": 422, "": 422, "broken": 503} {
		if w := s.do("POST", base, "application/json", s.with("captcha", solved)); w.Code != want {
			t.Errorf("%q: %d %s", solved, w.Code, w.Body)
		}
	}
	if len(asked) != 3 || !strings.HasPrefix(asked[0], "s3 ") || !strings.HasSuffix(asked[0], " 192.0.2.1") {
		t.Errorf("asked %q", asked)
	}
}

// Whatever is posted, the answer is one of those that are meant.
func FuzzReport(f *testing.F) {
	f.Add("application/json", `{"description":"x","email":"a@b.example"}`)
	f.Add("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"pictures\"; filename=\"a\"\r\n\r\n"+png+"\r\n--b--\r\n")
	f.Fuzz(func(t *testing.T, contentType, body string) {
		s := newSite(t, nil)
		switch w := s.do("POST", base, contentType, body); w.Code {
		case 413, 422:
		case 201:
			if len(s.desk.opened) != 0 {
				t.Error("a case without a ticket")
			}
		default:
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}
