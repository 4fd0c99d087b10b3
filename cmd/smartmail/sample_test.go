package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A sample is made once, of an organisation that has nothing yet, and the store that it leaves is sound.
func TestSample(t *testing.T) {
	dir := t.TempDir()
	cfg := filepath.Join(dir, "c.yaml")
	text := fmt.Sprintf("data_dir: %s\nsmtp: {hostname: mx.a.example}\norganisations: [{id: a, name: A, domain: a.example}]\n", filepath.Join(dir, "data"))
	if err := os.WriteFile(cfg, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"sample", "--config", cfg, "--org", "b"}, 1, `there is no organisation "b"`},
		{[]string{"sample", "--config", cfg, "--org", "a", "--seed", "7", "--small"}, 0, "60 cases since 202"},
		{[]string{"sample", "--config", cfg, "--org", "a", "--small"}, 1, "has cases or objects already"},
		{[]string{"verify", "--config", cfg}, 0, "read 60 cases"},
	} {
		code, out, err := program(c.args...)
		if code != c.code || !strings.Contains(out+err, c.want) {
			t.Errorf("%v: exit %d, %q lacks %q", c.args, code, out+err, c.want)
		}
	}
}
