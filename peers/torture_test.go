package peers

import (
	"os/exec"
	"strings"
	"testing"
	"time"
)

// What make torture does with strace, in small: power cuts at recorded calls, and calls that fail.
func TestTorture(t *testing.T) {
	need(t, "strace", "strace")
	out, err := exec.CommandContext(within(t, 5*time.Minute), "go", "run", "smartmail/bench/torture", "-quick", "-only", "crash,disk").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if n := strings.Count(string(out), "nothing lost"); n != 6 {
		t.Errorf("%d trials, want 6:\n%s", n, out)
	}
}
