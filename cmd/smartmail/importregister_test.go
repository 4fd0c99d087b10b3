package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A sheet is taken in from the command line, tried first, with every bad row named; again it changes nothing.
func TestImportRegister(t *testing.T) {
	dir := t.TempDir()
	cfg, sheet := filepath.Join(dir, "c.yaml"), filepath.Join(dir, "kunder.csv")
	for path, text := range map[string]string{
		cfg:   fmt.Sprintf("data_dir: %s\nsmtp: {hostname: mx.a.example}\norganisations: [{id: a, name: A, domain: a.example}]\n", filepath.Join(dir, "data")),
		sheet: "Kundnr;Namn;E-post\n1;Anna;anna@home.example\n2;Bo;nowhere\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"import-register", "--config", cfg, "--org", "a", "--kind", "contacts", sheet}
	for _, c := range []struct {
		extra []string
		code  int
		want  string
	}{
		{[]string{"--dry-run"}, 1, "2 rows: 1 added, 0 updated, 0 unchanged, 1 bad; 0 archived; nothing was written"},
		{[]string{"--all-or-nothing"}, 1, "1 bad; 0 archived; nothing was written"},
		{nil, 1, "kunder.csv: row 3, column emails: "},
		{[]string{"--archive-missing"}, 1, "2 rows: 0 added, 0 updated, 1 unchanged, 1 bad; 0 archived\n"},
		{[]string{"--kind", "cases"}, 2, "must be one of"},
		{[]string{"--org", "b"}, 1, `there is no organisation "b"`},
	} {
		code, out, err := program(append(args, c.extra...)...)
		if code != c.code || !strings.Contains(out+err, c.want) {
			t.Errorf("%v: exit %d, %q lacks %q", c.extra, code, out+err, c.want)
		}
	}
}
