package main

import (
	"bytes"
	"regexp"
	"testing"

	"smartmail/bench/fill"
)

// A small store is made, derived and measured: every kind of call is answered, and those that must find something do.
func TestRun(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), &out, "300", 1, 3, t.TempDir()); err != nil {
		t.Fatal(err, out.String())
	}
	finds := map[string]bool{ // and what must not; of the others it is chance
		"all, newest first": true, "status=closed (nearly all)": true, "class=VVS (a third), with all below": true, "q: a frequent word": true,
		"q: part of compounds": true, "q: a case's number": true, "q: no hit": false, "a case": true, "all, newest first; who sees an area": true, "its entries": true,
	}
	for _, k := range kinds(fill.New(fill.Options{Org: org, Seed: 1, Cases: 300})) {
		line := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(k.name) + ` .* (\d+)$`).FindStringSubmatch(out.String())
		if line == nil {
			t.Fatalf("%s is not in the table:\n%s", k.name, &out)
		}
		if want, known := finds[k.name]; known && want == (line[1] == "0") {
			t.Errorf("%s has %s items", k.name, line[1])
		}
	}
	if err := run(t.Context(), &out, "10,x", 1, 3, t.TempDir()); err == nil {
		t.Error("sizes that are none are taken")
	}
}
