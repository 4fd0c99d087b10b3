package inbox_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"smartmail/inbox"
	"smartmail/message"
)

// take puts a mail into the box.
func take(t *testing.T, b *inbox.Box, raw string, to ...string) {
	t.Helper()
	env := message.Envelope{ReversePath: "b1@arende.example.org", Recipients: to, Protocol: "ESMTP"}
	if _, err := b.Accept(t.Context(), env, message.InMemory([]byte(strings.ReplaceAll(raw, "\n", "\r\n")))); err != nil {
		t.Fatal(err)
	}
}

// get asks for a page as a browser on this machine does.
func get(t *testing.T, b *inbox.Box, path string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	r.RemoteAddr, r.Host = "127.0.0.1:40000", "localhost:8080"
	w := httptest.NewRecorder()
	b.Handler().ServeHTTP(w, r)
	return w
}

const order = `From: Demo Bostad AB <a1-2-x@arende.example.org>
To: =?UTF-8?Q?R=C3=B6rservice?= <jour@rorservice.example.net>
Subject: <script>alert(1)</script> =?UTF-8?B?a8O2a2V0?=
Message-ID: <1@arende.example.org>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=m

--m
Content-Type: multipart/related; boundary=r

--r
Content-Type: text/html; charset=utf-8

<p style="color: #1f5f8b">Arbetsorder<script>alert(2)</script></p><img src="cid:tap"><img src="cid:none"><img src="https://example.com/pixel.gif">
--r
Content-Type: image/png
Content-ID: <tap>
Content-Transfer-Encoding: base64

iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEElEQVR4nGNgqDiBHQ0tCQAQmVAB
0ge6SQAAAABJRU5ErkJggg==
--r--
--m
Content-Type: text/html
Content-Disposition: attachment; filename="ritning & <mått>.html"

<script>alert(3)</script>
--m--
`

func TestPages(t *testing.T) {
	b := inbox.New(inbox.Options{})
	if w := get(t, b, inbox.Path); !strings.Contains(w.Body.String(), "No mail yet") {
		t.Errorf("an empty box shows %s", w.Body)
	}
	take(t, b, order, "jour@rorservice.example.net")
	take(t, b, "From: a@arende.example.org\nSubject: Mottaget\nAuto-Submitted: auto-replied\n\nHej Anna.\n", "anna@boende.example.com")
	for name, c := range map[string]struct {
		path   string
		code   int
		has    []string // in the body
		lacks  []string
		header map[string]string // parts of header fields
	}{
		"list": {
			"", 200, []string{"&lt;script&gt;alert(1)", "köket", "Mottaget", "2 files", "automatic", "Everybody <span>2</span>"}, []string{"<script"},
			map[string]string{"Content-Security-Policy": "default-src 'none'; style-src 'self'", "Content-Type": "text/html", "Cache-Control": "no-store"},
		},
		"one person's":      {"?to=anna%40boende.example.com", 200, []string{"Mottaget"}, []string{"köket"}, nil},
		"nobody's":          {"?to=x", 200, []string{"No mail for x"}, []string{"Mottaget"}, nil},
		"mail":              {"/1", 200, []string{"jour@rorservice.example.net", "Rörservice", "b1@arende.example.org", "/demo/mail/1/html", "ritning &amp; ", "Message-ID: &lt;1@arende"}, []string{"<script"}, nil},
		"mail without HTML": {"/2", 200, []string{"Hej Anna."}, []string{"iframe"}, nil},
		"HTML": {
			"/1/html", 200, []string{"color: #1f5f8b", `src="data:image/png;base64,iVBOR`, `src="cid:none"`}, []string{"<script", "example.com"},
			map[string]string{"Content-Security-Policy": "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'"},
		},
		"raw": {
			"/1/raw", 200, []string{"\r\n<script>alert(3)</script>\r\n"}, nil,
			map[string]string{"Content-Type": "message/rfc822", "Content-Disposition": "attachment; filename=mail-1.eml", "Content-Security-Policy": "sandbox"},
		},
		"picture":          {"/1/files/0", 200, []string{"\x89PNG"}, nil, map[string]string{"Content-Type": "image/png", "Content-Disposition": "inline"}},
		"file":             {"/1/files/1", 200, nil, nil, map[string]string{"Content-Type": "application/octet-stream", "Content-Disposition": "attachment; filename*=utf-8''ritning"}},
		"no such file":     {"/1/files/2", 404, []string{"No such mail"}, nil, nil},
		"negative file":    {"/1/files/-1", 404, nil, nil, nil},
		"file's no number": {"/1/files/x", 404, nil, nil, nil},
		"no such mail":     {"/3", 404, []string{"No such mail"}, nil, nil},
		"no number":        {"/x", 404, []string{"No such mail"}, nil, nil},
		"style sheet":      {"/style.css", 200, []string{"prefers-color-scheme"}, nil, map[string]string{"Content-Type": "text/css"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := get(t, b, inbox.Path+c.path)
			if w.Code != c.code {
				t.Errorf("code %d, want %d", w.Code, c.code)
			}
			for _, s := range c.has {
				if !strings.Contains(w.Body.String(), s) {
					t.Errorf("lacks %q:\n%s", s, w.Body)
				}
			}
			for _, s := range c.lacks {
				if strings.Contains(w.Body.String(), s) {
					t.Errorf("has %q:\n%s", s, w.Body)
				}
			}
			for field, s := range c.header {
				if got := w.Header().Get(field); !strings.Contains(got, s) {
					t.Errorf("%s is %q, want %q in it", field, got, s)
				}
			}
			if w.Header().Get("X-Content-Type-Options") != "nosniff" {
				t.Error("the type may be guessed")
			}
		})
	}
}

// Only this machine, and under its own name: another site's name may point here as well (DNS rebinding).
func TestOnlyThisMachine(t *testing.T) {
	b := inbox.New(inbox.Options{})
	for _, c := range []struct {
		peer, host string
		ok         bool
	}{
		{"127.0.0.1:4000", "localhost:8080", true},
		{"127.0.0.1:4000", "LOCALHOST", true},
		{"127.9.9.9:4000", "127.0.0.1:8080", true},
		{"[::1]:4000", "[::1]:8080", true},
		{"[::1]:4000", "[::1]", true},
		{"[::ffff:127.0.0.1]:4000", "127.0.0.1", true},
		{"192.0.2.7:4000", "localhost:8080", false},
		{"127.0.0.1:4000", "evil.example:8080", false},
		{"127.0.0.1:4000", "localhost.evil.example", false},
		{"127.0.0.1:4000", "192.0.2.7:8080", false},
		{"", "localhost:8080", false},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, inbox.Path, nil)
		r.RemoteAddr, r.Host = c.peer, c.host
		w := httptest.NewRecorder()
		b.Handler().ServeHTTP(w, r)
		if got := w.Code == http.StatusOK; got != c.ok {
			t.Errorf("%s asks %s: code %d", c.peer, c.host, w.Code)
		}
	}
}

// The newest mails are kept, by number and by size; a number is given once.
func TestBounds(t *testing.T) {
	for name, c := range map[string]struct {
		o    inbox.Options
		body int
		want []int
	}{
		"by number": {inbox.Options{Keep: 3}, 10, []int{8, 9, 10}},
		"by size":   {inbox.Options{KeepBytes: 2500}, 1000, []int{9, 10}},
		"too big":   {inbox.Options{KeepBytes: 100}, 1000, []int{10}}, // the newest stays all the same
	} {
		t.Run(name, func(t *testing.T) {
			b := inbox.New(c.o)
			for n := range 10 {
				take(t, b, fmt.Sprintf("Subject: mail %d\n\n%s\n", n+1, strings.Repeat("x", c.body)), "a@b.example")
			}
			var got []int
			for n := range 12 {
				if get(t, b, fmt.Sprintf("%s/%d", inbox.Path, n)).Code == http.StatusOK {
					got = append(got, n)
				}
			}
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("kept are %v, want %v", got, c.want)
			}
		})
	}
}

// A mail that cannot be read in time is not taken, so that the service sends it again.
func TestTooLate(t *testing.T) {
	ctx, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	b := inbox.New(inbox.Options{})
	if _, err := b.Accept(ctx, message.Envelope{Recipients: []string{"a@b.example"}}, message.InMemory([]byte("Subject: x\r\n\r\nx\r\n"))); err == nil {
		t.Error("it is taken")
	}
	if w := get(t, b, inbox.Path); !strings.Contains(w.Body.String(), "No mail yet") {
		t.Error("it is kept")
	}
}
