package casestore_test

import (
	"os"
	"strings"
	"testing"

	"smartmail/casestore"
)

// Every table of the store has an answer to what the erasure and the export of a person do with it, in docs/privacy.md: whoever adds one decides.
func TestPrivacyOfEveryTable(t *testing.T) {
	page, err := os.ReadFile("../docs/privacy.md")
	if err != nil {
		t.Fatal(err)
	}
	answers := map[string][]string{}
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		name := strings.TrimSpace(cells[0])
		if len(cells) == 4 && strings.HasPrefix(name, "`") {
			name = strings.Trim(name, "`")
			if answers[name] != nil {
				t.Errorf("%s is answered twice", name)
			}
			answers[name] = cells[1:]
		}
	}
	for _, s := range casestore.Schemas() {
		cells, ok := answers[s.Name]
		if !ok {
			t.Errorf("table %s: docs/privacy.md does not say what it holds, and what erasure and export of a person do with it", s.Name)
		}
		for i, cell := range cells {
			said := strings.TrimSpace(cell)
			if why := strings.TrimPrefix(said, "stays"); said == "" || i == 1 && (why == "" || why == ":") {
				t.Errorf("table %s: cell %d of its row in docs/privacy.md gives no reason", s.Name, i+2)
			}
		}
		delete(answers, s.Name)
	}
	for name := range answers {
		t.Errorf("docs/privacy.md tells of %s, and there is no such table", name)
	}
}
