package main

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

var (
	metricOf = regexp.MustCompile(`\b((?:smartmail|go|process)_[a-z0-9_]+)(?:\{([^}]*)\})?`)
	labelOf  = regexp.MustCompile(`([a-z_]+)\s*(?:=~|!~|!=|=)`)
)

// known are the metrics that the program shows, under the names that expressions use, each with its labels.
func known(t *testing.T) map[string][]string {
	t.Helper()
	registry := quiet(t).metrics.registry
	out := map[string][]string{}
	for _, row := range catalogue(t, registry) {
		cells := strings.Split(strings.ReplaceAll(row, "`", ""), "|")
		name, kind, labels := strings.TrimSpace(cells[1]), strings.TrimSpace(cells[2]), strings.Split(strings.ReplaceAll(strings.TrimSpace(cells[3]), " ", ""), ",")
		if kind != "histogram" {
			out[name] = labels
			continue
		}
		for _, part := range []string{"_bucket", "_sum", "_count"} {
			out[name+part] = append(slices.Clone(labels), "le")
		}
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families { // those of the runtime and the process have no labels that are asked for
		if !strings.HasPrefix(f.GetName(), "smartmail_") {
			out[f.GetName()] = nil
		}
	}
	return out
}

// holds tells what is wrong with an expression: it asks for a metric or a label that is not there, or for none.
func holds(t *testing.T, where, expr string, names map[string][]string) {
	t.Helper()
	found := metricOf.FindAllStringSubmatch(expr, -1)
	if len(found) == 0 {
		t.Errorf("%s asks for no metric: %s", where, expr)
	}
	for _, m := range found {
		labels, ok := names[m[1]]
		if !ok {
			t.Errorf("%s asks for %s, which is not there", where, m[1])
		}
		for _, l := range labelOf.FindAllStringSubmatch(m[2], -1) {
			if !slices.Contains(append(labels, "instance", "job"), l[1]) { // the last two are Prometheus's own
				t.Errorf("%s: %s has no label %s", where, m[1], l[1])
			}
		}
	}
}

// Alerts ask for what there is, and what to do at each is told.
func TestAlerts(t *testing.T) {
	file, err := os.ReadFile("../../docs/alerts/smartmail.rules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	var rules struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr, For    string
				Labels, Annotations map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(file, &rules); err != nil {
		t.Fatal(err)
	}
	names, seen := known(t), map[string]bool{}
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			seen[r.Alert] = true
			holds(t, r.Alert, r.Expr, names)
			if r.For == "" || r.Annotations["summary"] == "" || !slices.Contains([]string{"page", "ticket"}, r.Labels["severity"]) {
				t.Errorf("%s lacks a time, a summary or a severity", r.Alert)
			}
			if !strings.Contains(string(page), "\n### "+r.Alert+"\n") {
				t.Errorf("nothing tells what to do at %s", r.Alert)
			}
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^### (Smartmail\S+)$`).FindAllStringSubmatch(string(page), -1) {
		if !seen[m[1]] {
			t.Errorf("there is no alert %s", m[1])
		}
	}
	if len(seen) == 0 {
		t.Error("there are no alerts")
	}
}

// The dashboard shows what there is.
func TestDashboard(t *testing.T) {
	file, err := os.ReadFile("../../docs/grafana/smartmail.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Panels []struct {
			ID      int
			Title   string
			Type    string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(file, &board); err != nil {
		t.Fatal(err)
	}
	names, ids := known(t), map[int]bool{}
	for _, p := range board.Panels {
		if ids[p.ID] || p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("panel %d, %q, is there twice or shows nothing", p.ID, p.Title)
		}
		ids[p.ID] = true
		for _, target := range p.Targets {
			holds(t, p.Title, target.Expr, names)
		}
	}
	if len(ids) == 0 {
		t.Error("there are no panels")
	}
}
