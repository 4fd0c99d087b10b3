package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"smartmail/config"
)

// The debug pages have a door of their own, which is shut unless it is asked for, and the API has none to them.
func TestDebugPages(t *testing.T) {
	svc := quiet(t)
	if l, err := svc.debugListener(t.Context()); l != nil || err != nil {
		t.Errorf("open without being asked for: %v, %v", l, err)
	}
	svc.cfg.Debug = config.Debug{Listen: "127.0.0.1:0"}
	l, err := svc.debugListener(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	api, err := svc.api("", nil)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(h http.Handler, path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		return w
	}
	if w := ask(api.Handler, "/debug/pprof/goroutine?debug=1"); w.Code != http.StatusNotFound {
		t.Errorf("the API answers %d", w.Code)
	}
	if w := ask(debugPages(), "/debug/pprof/goroutine?debug=1"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "goroutine profile: total") {
		t.Errorf("%d: %.200s", w.Code, w.Body)
	}
	if w := ask(debugPages(), "/api/v1/cases"); w.Code != http.StatusNotFound {
		t.Errorf("the debug pages answer %d for a case", w.Code)
	}
}
