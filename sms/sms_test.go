package sms

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"smartmail/casework"
	"smartmail/fault"
)

// box is an outbox that holds messages once, and what was reported of them.
type box struct {
	mu      sync.Mutex
	due     []casework.SMS
	reports chan report
}

type report struct {
	state     casework.SMSState
	words, id string
}

func (b *box) ClaimSMS(_ context.Context, _ string, _ time.Duration, limit int) ([]casework.SMS, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := min(limit, len(b.due))
	claimed := b.due[:n]
	b.due = b.due[n:]
	return claimed, nil
}

func (b *box) ReportSMS(_ context.Context, _ casework.SMS, state casework.SMSState, words, id string) error {
	b.reports <- report{state, words, id}
	return nil
}

var message = casework.SMS{Org: "a", ID: "s1", Token: "secret", To: "+46701740605", Text: "Ärende #12 är ditt: Kran & rör", Attempts: 1}

// fake is a provider's API on loopback that answers each request with what it is told, and keeps the last.
type fake struct {
	*httptest.Server
	status      int
	answer      string
	path, basic string
	form        url.Values
	before      func() // it answers
}

func newFake(t *testing.T) *fake {
	f := &fake{}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		f.path, f.basic = r.Method+" "+r.URL.Path, user+":"+password
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		f.form = r.PostForm
		if f.before != nil {
			f.before()
		}
		if f.status/100 == 3 {
			w.Header().Set("Location", "http://127.0.0.1:1/")
		}
		w.WriteHeader(f.status)
		_, _ = w.Write([]byte(f.answer)) // to a loopback
	}))
	t.Cleanup(f.Close)
	return f
}

func sender(t *testing.T, o Options) *Sender {
	t.Helper()
	o.From, o.Username, o.PublicURL = "Bostad", "user", "https://mx.example.org/"
	o.Password = func() (string, error) { return "hemligt", nil }
	if o.Outbox == nil {
		o.Outbox = &box{}
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What each provider is sent, as his documentation has it, and what his answers mean.
func TestProviders(t *testing.T) {
	for name, p := range map[string]struct {
		path    string
		form    url.Values
		answers map[string]report // by status and body
	}{
		"46elks": {
			"POST /sms",
			url.Values{"from": {"Bostad"}, "to": {message.To}, "message": {message.Text}, "whendelivered": {"https://mx.example.org/sms/46elks/a.secret"}},
			map[string]report{
				`200 {"id":"s70df","status":"created","cost":3500}`: {casework.SMSSent, "OK created", "s70df"},
				`200 {"id":"s70df","status":"failed"}`:              {casework.SMSFailed, "OK failed", "s70df"},
				`200 what`:                                          {casework.SMSSent, "OK what", ""},
				"400 Invalid to number\n":                           {casework.SMSFailed, "Bad Request Invalid to number", ""},
				`401 API access requires`:                           {casework.SMSDeferred, "Unauthorized API access requires", ""},
				`403 Not enough credits`:                            {casework.SMSDeferred, "Forbidden Not enough credits", ""},
				`429 slow`:                                          {casework.SMSDeferred, "Too Many Requests slow", ""},
				`503 `:                                              {casework.SMSDeferred, "Service Unavailable", ""},
				`302 elsewhere`:                                     {casework.SMSFailed, "Found elsewhere", ""},
			},
		},
		"twilio": {
			"POST /Accounts/user/Messages.json",
			url.Values{"From": {"Bostad"}, "To": {message.To}, "Body": {message.Text}, "StatusCallback": {"https://mx.example.org/sms/twilio/a.secret"}},
			map[string]report{
				`201 {"sid":"SM12","status":"queued","num_segments":"1","error_code":null}`: {casework.SMSSent, "Created queued", "SM12"},
				`400 {"code":21211,"message":"Invalid 'To' number","status":400}`:           {casework.SMSFailed, "Bad Request 21211 Invalid 'To' number", ""},
				`429 {"code":20429,"message":"Too many","status":429}`:                      {casework.SMSDeferred, "Too Many Requests 20429 Too many", ""},
				`201 {"sid":"SM12","status":"failed"}`:                                      {casework.SMSFailed, "Created failed", "SM12"},
				`500 <html>`:                                                                {casework.SMSDeferred, "Internal Server Error <html>", ""},
			},
		},
	} {
		f := newFake(t)
		s := sender(t, Options{Provider: name, URL: f.URL + "/"})
		for answer, want := range p.answers {
			f.status, f.answer = int(answer[0]-'0')*100+int(answer[1]-'0')*10+int(answer[2]-'0'), answer[4:]
			state, words, id := s.send(t.Context(), message)
			if got := (report{state, words, id}); got != want {
				t.Errorf("%s %s: %+v, want %+v", name, answer, got, want)
			}
			if f.path != p.path || f.basic != "user:hemligt" || f.form.Encode() != p.form.Encode() {
				t.Errorf("%s was sent %s by %s: %s", name, f.path, f.basic, f.form.Encode())
			}
		}
		f.Close()
		if state, words, _ := s.send(t.Context(), message); state != casework.SMSDeferred || strings.Contains(words, s.URL) {
			t.Errorf("%s out of reach: %s, %q", name, state, words)
		}
	}
}

// The sender is woken, and what it was sending is reported though the program stops.
func TestRun(t *testing.T) {
	f := newFake(t)
	ctx, stop := context.WithCancel(t.Context())
	f.status, f.answer, f.before = 200, `{"id":"x"}`, stop
	b := &box{reports: make(chan report, 1)}
	s := sender(t, Options{Provider: "46elks", URL: f.URL, Outbox: b, Poll: time.Hour, Client: &http.Client{Transport: keepGoing{}}})
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	b.mu.Lock()
	b.due = []casework.SMS{message}
	b.mu.Unlock()
	s.Wake()
	if r := <-b.reports; r.state != casework.SMSSent || r.id != "x" {
		t.Errorf("reported %+v", r)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// keepGoing sends requests though their context has ended, as one that had left before would go on.
type keepGoing struct{}

func (keepGoing) RoundTrip(r *http.Request) (*http.Response, error) {
	return http.DefaultTransport.RoundTrip(r.WithContext(context.WithoutCancel(r.Context())))
}

// What nobody wakes it for is found by looking.
func TestPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &box{reports: make(chan report, 1)}
		s := sender(t, Options{Provider: "46elks", Outbox: b, Client: &http.Client{Transport: unreachable{}}, Log: slog.New(slog.DiscardHandler)})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx) }()
		synctest.Wait()
		b.mu.Lock()
		b.due = []casework.SMS{message}
		b.mu.Unlock()
		begin := time.Now()
		if r := <-b.reports; r.state != casework.SMSDeferred || time.Since(begin) != 15*time.Second {
			t.Errorf("%+v after %v", r, time.Since(begin))
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

type unreachable struct{}

func (unreachable) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("no way") }

func TestOptions(t *testing.T) {
	whole := Options{Outbox: &box{}, Provider: "twilio", From: "x", Username: "x", Password: func() (string, error) { return "", nil }, PublicURL: "https://x"}
	for name, spoil := range map[string]func(*Options){
		"nothing": func(o *Options) { *o = Options{} }, "no such provider": func(o *Options) { o.Provider = "fax" }, "no sender": func(o *Options) { o.From = "" },
		"no password": func(o *Options) { o.Password = nil }, "no address": func(o *Options) { o.PublicURL = "" },
	} {
		o := whole
		spoil(&o)
		if _, err := New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if s, err := New(whole); err != nil || s.URL != "https://api.twilio.com/2010-04-01" {
		t.Errorf("%v, %v", s, err)
	}
}

// statuses knows the message of one token.
type statuses struct{ got []string }

func (s *statuses) SMSStatus(_ context.Context, org casework.OrgID, token string, state casework.SMSState, words string) error {
	switch token {
	case "secret":
		s.got = append(s.got, string(org)+" "+string(state)+" "+words)
		return nil
	case "trouble":
		return errors.New("disk full")
	}
	return fault.New(fault.NotFound, "none")
}

func TestCallback(t *testing.T) {
	var log bytes.Buffer
	for _, x := range []struct {
		method, path, form string
		status             int
		want               string
	}{
		{"POST", "46elks/a.secret", "id=s1&status=delivered&delivered=2026", 204, "a delivered delivered"},
		{"POST", "46elks/a.secret", "id=s1&status=failed", 204, "a failed failed"},
		{"POST", "twilio/a.secret", "MessageSid=SM1&MessageStatus=delivered", 204, "a delivered delivered"},
		{"POST", "twilio/a.secret", "MessageSid=SM1&MessageStatus=undelivered&ErrorCode=30003", 204, "a failed undelivered 30003"},
		{"POST", "twilio/a.secret", "MessageStatus=sent", 204, "a sent "},
		{"POST", "46elks/a.other", "status=failed", 404, ""},
		{"POST", "46elks/a", "status=failed", 404, ""},
		{"POST", "fax/a.secret", "status=failed", 404, ""},
		{"POST", "46elks/a.trouble", "status=failed", 500, ""},
		{"POST", "46elks/a.secret", "status=%zz", 400, ""},
		{"POST", "46elks/a.secret", "x=" + strings.Repeat("x", maxAnswer), 400, ""},
		{"GET", "46elks/a.secret?status=failed", "", 405, ""},
		{"POST", "46elks/a.secret?status=failed", "", 204, "a sent "}, // of the form alone
	} {
		s := &statuses{}
		r := httptest.NewRequest(x.method, Path+x.path, strings.NewReader(x.form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		Callback(s, slog.New(slog.NewTextHandler(&log, nil))).ServeHTTP(w, r)
		if got := strings.Join(s.got, ","); w.Code != x.status || got != x.want {
			t.Errorf("%s %s %.30s: %d %q", x.method, x.path, x.form, w.Code, got)
		}
	}
	if strings.Contains(log.String(), "secret") || strings.Contains(log.String(), "trouble") {
		t.Errorf("a token is in the log: %s", log.String())
	}
}

// Whatever a provider says, there is a state, and words of a bounded length in one line.
func FuzzProviders(f *testing.F) {
	for _, s := range []string{`{"id":"x","status":"failed"}`, `{"sid":1}`, `{"code":-1,"message":"\n"}`, "status=failed", "MessageStatus=%0d", "\xff"} {
		f.Add(200, []byte(s))
		f.Add(400, []byte(s))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		for name, p := range providers() {
			s := &Sender{provider: p}
			state, words, _ := s.outcome(status, body)
			if state == "" || len(words) > 2*maxPlain || strings.ContainsAny(words, "\r\n") {
				t.Errorf("%s: %q %q", name, state, words)
			}
			form, err := url.ParseQuery(string(body))
			if err != nil {
				continue
			}
			if state, words := p.status(form); state == "" || strings.ContainsAny(words, "\r\n") || len(words) > 2*maxPlain {
				t.Errorf("%s: %q %q", name, state, words)
			}
		}
	})
}
