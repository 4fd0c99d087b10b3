package peers

import (
	"os/exec"
	"testing"
)

// Prometheus reads the alerts, and they fire at trouble and at nothing else.
func TestAlertRules(t *testing.T) {
	need(t, "prometheus", "promtool")
	for _, args := range [][]string{{"check", "rules", "smartmail.rules.yaml"}, {"test", "rules", "smartmail.test.yaml"}} {
		cmd := exec.CommandContext(t.Context(), "promtool", args...)
		cmd.Dir = "../docs/alerts"
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, out)
		}
	}
}
