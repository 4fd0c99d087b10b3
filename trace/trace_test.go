package trace_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"smartmail/trace"
)

const (
	good = "4bf92f3577b34da6a3ce929d0e0e4736"
	sent = "00-" + good + "-00f067aa0ba902b7-01"
)

func TestParse(t *testing.T) {
	for in, want := range map[string]trace.ID{
		sent:                                 good,
		"01" + sent[2:]:                      good,
		"01" + sent[2:] + "-what is to come": good,
		"01" + sent[2:] + "what is no such thing": "",
		sent + "-x":           "",
		"ff" + sent[2:]:       "",
		strings.ToUpper(sent): "",
		"":                    "",
		sent[:54]:             "",
		"00-00000000000000000000000000000000-00f067aa0ba902b7-01": "",
		"00-" + good + "-0000000000000000-01":                     "",
		"00-" + good[:31] + "g-00f067aa0ba902b7-01":               "",
	} {
		if got, ok := trace.Parse(in); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v", in, got, ok)
		}
	}
}

func TestNew(t *testing.T) {
	a, b := trace.New(), trace.New()
	if a == b || len(a) != 32 || strings.Trim(string(a), "0123456789abcdef") != "" {
		t.Errorf("%q, %q", a, b)
	}
}

// Only a proxy that is trusted says which id a request has.
func TestRequests(t *testing.T) {
	var got trace.ID
	h := trace.Requests([]netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = trace.From(r.Context()) }))
	for _, tt := range []struct {
		peer, header string
		taken        bool
	}{
		{"192.0.2.7:1234", sent, true},
		{"[::ffff:192.0.2.7]:1234", sent, true},
		{"192.0.2.7:1234", "nonsense", false},
		{"198.51.100.1:1234", sent, false},
		{"@", sent, false},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = tt.peer
		r.Header.Set("traceparent", tt.header)
		got = ""
		h.ServeHTTP(httptest.NewRecorder(), r)
		if len(got) != 32 || (got == good) != tt.taken {
			t.Errorf("%s with %q: %q", tt.peer, tt.header, got)
		}
	}
}

func TestHandler(t *testing.T) {
	var b bytes.Buffer
	log := slog.New(trace.Handler(slog.NewTextHandler(&b, nil))).With("conn", "c1")
	ctx := trace.With(context.Background(), good)
	log.InfoContext(ctx, "mail")
	log.Info("none")
	log.InfoContext(trace.With(ctx, ""), "kept")
	lines := strings.Split(b.String(), "\n")
	if !strings.Contains(lines[0], "conn=c1 trace="+good) || strings.Contains(lines[1], "trace") || !strings.Contains(lines[2], "trace="+good) {
		t.Errorf("%s", b.String())
	}
}

func FuzzParse(f *testing.F) {
	f.Add(sent)
	f.Add("01" + sent[2:] + "-x")
	f.Fuzz(func(t *testing.T, in string) {
		if id, ok := trace.Parse(in); ok && (len(id) != 32 || !strings.Contains(in, string(id)) || strings.Trim(string(id), "0123456789abcdef") != "") {
			t.Errorf("%q gives %q", in, id)
		}
	})
}
