package main

import (
	"net/http"
	"strings"
	"testing"

	"smartmail/testrig"
)

// The form is there for the organisation that has switched it on, and needs no token; nothing comes in without its ticket.
func TestReportForm(t *testing.T) {
	i := rigged(t, func(o *testrig.Options) {
		o.Policy = "{}\n    report: {enabled: true, origins: [\"https://www.example.org\"]}"
	})
	for _, x := range []struct {
		method, path, body string
		status             int
	}{
		{"GET", "/report/demo", "", 200}, {"GET", "/report/other", "", 404}, {"GET", "/api/v1/public/demo/reports", "", 200}, {"GET", "/api/v1/cases", "", 401},
		{"POST", "/api/v1/public/demo/reports", `{"description":"Kranen droppar.","phone":"070"}`, 422},
	} {
		r, err := http.NewRequestWithContext(i.ctx, x.method, "http://"+i.HTTP+x.path, strings.NewReader(x.body))
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
	var doc struct {
		Paths map[string]map[string]struct{ OperationID string }
	}
	i.call("GET", "/api/v1/openapi.json", nil, &doc)
	if got := doc.Paths["/api/v1/public/{org}/reports"]["post"].OperationID; got != "send-report" {
		t.Errorf("the description of the API has %q", got)
	}
}
