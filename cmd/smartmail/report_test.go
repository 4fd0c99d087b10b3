package main

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"smartmail/testrig"
)

// The form is there for the organisation that has switched it on, and needs no token; nothing comes in without its ticket.
func TestReportForm(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	bin, err := built()
	if err != nil {
		t.Fatal(err)
	}
	zone, err := testrig.NewZone()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = zone.Close() }()
	i, err := testrig.Start(ctx, testrig.Options{Binary: bin, Dir: t.TempDir(), DNS: zone.Addr, Policy: "{}\n    report: {enabled: true, origins: [\"https://www.example.org\"]}"})
	if err != nil {
		t.Fatal(err)
	}
	defer i.Kill()
	for _, x := range []struct {
		method, path, body string
		status             int
	}{
		{"GET", "/report/demo", "", 200}, {"GET", "/report/other", "", 404}, {"GET", "/api/v1/public/demo/reports", "", 200}, {"GET", "/api/v1/cases", "", 401},
		{"POST", "/api/v1/public/demo/reports", `{"description":"Kranen droppar.","phone":"070"}`, 422},
	} {
		r, err := http.NewRequestWithContext(ctx, x.method, "http://"+i.HTTP+x.path, strings.NewReader(x.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != x.status {
			t.Errorf("%s %s: %d, want %d", x.method, x.path, res.StatusCode, x.status)
		}
	}
}
