package corpus

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// root is where the sets are, seen from this folder.
const root = "../../shared/corpora"

var updateFloors = flag.Bool("update-floors", false, "raise the floors to what was measured; read every change before you keep it")

// row is one line of the scoreboard.
type row struct {
	name   string
	target float64 // percent that the project has set itself
	run    func(t *testing.T) tally
}

// tally is what one row measured.
type tally struct {
	passed, total int
	failed        []string // one line for each case that does not come out as expected
}

// add counts one case; why says what is wrong with it, empty for nothing.
func (c *tally) add(name, why string) {
	c.total++
	if why == "" {
		c.passed++
		return
	}
	c.failed = append(c.failed, name+": "+why)
}

func (c tally) percent() float64 {
	if c.total == 0 {
		return 100
	}
	return 100 * float64(c.passed) / float64(c.total)
}

// rows are all that is measured, in the order of the table.
func rows() []row {
	return slices.Concat(replyRows(), bounceRows(), homeRows(), mimeRows())
}

// TestScoreboard prints the table and holds every figure against its floor. With -v it names the cases that fail.
func TestScoreboard(t *testing.T) {
	if _, err := os.Stat(root); err != nil {
		t.Skip("corpora not present")
	}
	floors := readFloors(t)
	var table, failed strings.Builder
	fmt.Fprintf(&table, "\n%-34s %6s %6s %7s %7s %7s\n", "set", "cases", "passed", "%", "floor", "target")
	for _, r := range rows() {
		got := r.run(t)
		if got.total == 0 {
			t.Errorf("%s: no cases", r.name)
		}
		fmt.Fprintf(&table, "%-34s %6d %6d %7.1f %7.1f %7.1f\n", r.name, got.total, got.passed, got.percent(), floors[r.name], r.target)
		for _, f := range got.failed {
			fmt.Fprintf(&failed, "%s: %s\n", r.name, f)
		}
		if rounded(got.percent()) < floors[r.name] {
			t.Errorf("%s: %.1f %% is below the floor of %.1f %%", r.name, got.percent(), floors[r.name])
		}
		if *updateFloors {
			floors[r.name] = max(floors[r.name], rounded(got.percent()))
		}
	}
	t.Log(table.String())
	if failed.Len() > 0 && testing.Verbose() {
		t.Log("not as expected:\n" + failed.String())
	}
	if *updateFloors {
		writeFloors(t, floors)
	}
}

// rounded cuts a percentage after its first decimal, so that a floor is never above what was measured.
func rounded(percent float64) float64 { return float64(int(percent*10)) / 10 }

func readFloors(t *testing.T) map[string]float64 {
	t.Helper()
	b, err := os.ReadFile("floors.json")
	if err != nil {
		t.Fatal(err)
	}
	floors := map[string]float64{}
	if err := json.Unmarshal(b, &floors); err != nil {
		t.Fatal(err)
	}
	return floors
}

func writeFloors(t *testing.T, floors map[string]float64) {
	t.Helper()
	b, err := json.MarshalIndent(floors, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("floors.json", append(b, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

// manifest reads what a set says about its cases.
func manifest[T any](t *testing.T, set string) []T {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, set, "manifest.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var out []T
	for line := range strings.Lines(string(b)) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		var e T
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%s: %v", set, err)
		}
		out = append(out, e)
	}
	return out
}

// file reads one file of a set.
func file(t *testing.T, set, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, set, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
