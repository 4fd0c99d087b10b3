package scan

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"smartmail/message"
)

var envelope = message.Envelope{
	ReversePath: "anna@home.example", Recipients: []string{"fel@a.example", "info@a.example"}, Helo: "mail.home.example",
	Client: netip.MustParseAddr("192.0.2.1"), Protocol: "ESMTP", Conn: "c1",
}

// fakeRspamd answers every mail with a text.
func fakeRspamd(t *testing.T, status int, answer string) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

func points(score float64, action string) string {
	return fmt.Sprintf(`{"is_skipped":false,"score":%v,"required_score":15,"action":%q,"symbols":{
		"BAYES_SPAM":{"name":"BAYES_SPAM","score":5.1},"R_DKIM_ALLOW":{"score":-0.2},"FORGED":{"score":2.2},"A":{"score":0.2},"B":{"score":0.2},"C":{"score":0.1},"D":{"score":0.05}}}`, score, action)
}

func TestRspamdAnswers(t *testing.T) {
	all := Rspamd{Mark: 6, Triage: 8, Reject: 15}
	const rules = ", of which BAYES_SPAM 5.1, FORGED 2.2, A 0.2, B 0.2, C 0.1"
	for name, c := range map[string]struct {
		opt    Rspamd
		answer string
		want   Action
		reason string
	}{
		"clean":                    {all, points(5.99, "no action"), Pass, ""},
		"below zero":               {all, points(-3, "no action"), Pass, ""},
		"marked":                   {all, points(6, "add header"), Mark, "rspamd: 6 points" + rules},
		"a person":                 {all, points(8.25, "add header"), Triage, "rspamd: 8.25 points" + rules},
		"refused":                  {all, points(15, "reject"), Reject, "rspamd: 15 points" + rules},
		"never refused":            {Rspamd{Mark: 6}, points(100, "reject"), Mark, "rspamd: 100 points" + rules},
		"refused at ours, not his": {Rspamd{Reject: 20}, points(16, "reject"), Pass, ""},
		"refused without points":   {all, points(1, "reject"), Reject, "rspamd: 1 points, and it says to refuse the mail" + rules},
		"the same, never refused":  {Rspamd{Triage: 8}, points(1, "reject"), Triage, "rspamd: 1 points, and it says to refuse the mail" + rules},
		"nothing is set up":        {Rspamd{}, points(100, "reject"), Pass, ""},
		"without rules":            {all, `{"score":7,"action":"add header"}`, Mark, "rspamd: 7 points"},
		"a rule with a bad name":   {all, `{"score":7,"action":"x","symbols":{"A\nB` + strings.Repeat("x", 200) + `":{"score":7}}}`, Mark, "rspamd: 7 points, of which A?B" + strings.Repeat("x", 97) + " 7"},
	} {
		t.Run(name, func(t *testing.T) {
			c.opt.URL = fakeRspamd(t, 200, c.answer)
			v, err := scanners(t, Options{Rspamd: &c.opt}).Scan(t.Context(), envelope, message.InMemory("x\r\n"))
			if err != nil || v.Action != c.want || len(v.Down) != 0 || strings.Join(v.Reasons, "; ") != c.reason {
				t.Errorf("got %+v, %v, want %v with %q", v, err, c.want, c.reason)
			}
		})
	}
}

// What is no answer of rspamd's never makes a mail clean.
func TestRspamdGarbage(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		answer string
	}{
		"an error":       {500, `{"error":"no"}`},
		"a redirect":     {302, points(0, "no action")},
		"nothing":        {200, ""},
		"no JSON":        {200, "pong"},
		"another thing":  {200, `{"error":"no task"}`},
		"no score":       {200, `{"action":"no action"}`},
		"no action":      {200, `{"score":1}`},
		"null":           {200, `null`},
		"too many":       {200, `{"score":1e999,"action":"no action"}`},
		"a word":         {200, `{"score":"1","action":"no action"}`},
		"cut off":        {200, points(0, "no action")[:60]},
		"two":            {200, points(0, "no action") + points(0, "no action")},
		"without an end": {200, `{"score":0,"action":"no action","messages":"` + strings.Repeat("x", maxAnswer) + `"}`},
	} {
		t.Run(name, func(t *testing.T) {
			wantDown(t, Options{Rspamd: &Rspamd{URL: fakeRspamd(t, c.status, c.answer), Mark: 6}}, "rspamd")
		})
	}
}

func TestRspamdIsToldTheEnvelope(t *testing.T) {
	mail := strings.Repeat("0123456789abcdef\r\n", 20_000)
	type seen struct {
		header http.Header
		path   string
		body   string
		length int64
	}
	got := make(chan seen, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got <- seen{r.Header, r.Method + " " + r.URL.Path, string(b), r.ContentLength}
		_, _ = io.WriteString(w, points(0, "no action"))
	}))
	defer srv.Close()
	s := scanners(t, Options{Rspamd: &Rspamd{URL: srv.URL + "/", Mark: 1, Password: "hemlig"}})
	ask := func(env message.Envelope, mail string) seen {
		t.Helper()
		if v, err := s.Scan(t.Context(), env, message.InMemory(mail)); err != nil || v.Action != Pass {
			t.Fatalf("%+v, %v", v, err)
		}
		return <-got
	}
	r := ask(envelope, mail)
	if r.path != "POST /checkv2" || r.body != mail || r.length != int64(len(mail)) {
		t.Errorf("%s with %d of %d bytes, length %d", r.path, len(r.body), len(mail), r.length)
	}
	for name, want := range map[string]string{
		"From": "<anna@home.example>", "Ip": "192.0.2.1", "Helo": "mail.home.example", "Queue-Id": "c1", "Password": "hemlig", "Deliver-To": "",
	} {
		if r.header.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, r.header.Get(name), want)
		}
	}
	if !slices.Equal(r.header["Rcpt"], envelope.Recipients) {
		t.Errorf("recipients are %q", r.header["Rcpt"])
	}
	many := slices.Repeat([]string{"x@a.example"}, 1000)
	if r := ask(message.Envelope{Recipients: many}, ""); len(r.header["Rcpt"]) != maxRecipients || r.header.Get("From") != "<>" || r.length != 0 {
		t.Errorf("an empty mail without a sender: %d recipients, %v", len(r.header["Rcpt"]), r.header)
	}
	// What could end a header early is left out: the mail is asked about all the same.
	if r := ask(message.Envelope{Recipients: []string{"åsa@a.example"}, Helo: "x\r\nRcpt: y"}, "x"); r.header.Get("Helo") != "" || r.header.Get("Deliver-To") != "åsa@a.example" {
		t.Errorf("header is %v", r.header)
	}
}

// net/http may read on after the answer; the mail is not touched then.
func TestTheMailIsLeftAloneAfterwards(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, points(0, "no action")) // before the mail is read
	}))
	defer srv.Close()
	s := scanners(t, Options{Rspamd: &Rspamd{URL: srv.URL, Mark: 1}})
	for range 20 {
		raw := message.InMemory(strings.Repeat("x", 4<<20))
		if _, err := s.Scan(t.Context(), envelope, raw); err != nil {
			t.Fatal(err)
		}
		for i := range raw { // the race detector sees whoever still reads
			raw[i] = 'y'
		}
	}
	b := &body{r: strings.NewReader("x")}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if n, err := b.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("a closed body gives %d bytes, %v", n, err)
	}
}

func FuzzReadAnswer(f *testing.F) {
	f.Add([]byte(points(7.3, "add header")))
	f.Add([]byte(`{"score":15.0,"required_score":15.0,"action":"reject","symbols":{"GTUBE":{"score":0.0}},"messages":{"smtp_message":"x"}}`))
	f.Add([]byte(`{"score":1e308,"action":"x","symbols":null}`))
	r := &rspamd{Rspamd: Rspamd{Mark: 6, Triage: 8, Reject: 15}}
	f.Fuzz(func(t *testing.T, text []byte) {
		a, err := readAnswer(text)
		if err != nil {
			return
		}
		v := r.judge(a)
		if (v.Action == Reject) != (v.Score >= 15 || a.Action == "reject" && v.Score < a.Required) {
			t.Errorf("%q gives %+v", text, v)
		}
		if (v.Action == Pass) != (len(v.Reasons) == 0) || len(strings.Join(v.Reasons, "")) > 1000 {
			t.Errorf("%q gives the reasons %q", text, v.Reasons)
		}
	})
}

// within is a context that ends soon.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
