package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"smartmail/testrig"
)

// docBlock is a fenced block of a page with what is shown after it.
var docBlock = regexp.MustCompile("(?s)```sh\n(.*?)```\n(?:```\n(.*?)```\n)?")

// The page for administrators does what it says, when it is typed in from the top with bash and curl against the real program.
func TestAPIPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	const token = "SMARTMAIL_ADMIN_TOKEN=of-this-page"
	i := rigged(t, func(o *testrig.Options) { o.Env = []string{token} },
		`home.example. 300 IN TXT "v=spf1 ip4:127.0.0.1 -all"`, `_dmarc.home.example. 300 IN TXT "v=DMARC1; p=reject"`)
	blocks := docBlock.FindAllStringSubmatch(string(page), -1)
	if len(blocks) < 5 {
		t.Fatalf("the page has %d blocks", len(blocks))
	}
	const between = "\x1e"
	script := ""
	for _, b := range blocks {
		script += b[1] + "printf '" + between + "'\n"
	}
	cmd := exec.CommandContext(i.ctx, "bash", "-u", "-c", script)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "HTTP=http://"+i.HTTP, "SMTP="+i.SMTP, token)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, i.Log())
	}
	said := strings.Split(string(out), between)
	for n, b := range blocks {
		if err := shows(said[n], b[2]); err != nil {
			t.Errorf("%v: after\n%s\nprinted is\n%s", err, b[1], said[n])
		}
	}
}

// shows finds the lines of want in what was printed, in their order. An ellipsis stands for anything.
func shows(printed, want string) error {
	lines := strings.Split(printed, "\n")
	for line := range strings.Lines(want) {
		line = strings.TrimSuffix(line, "\n")
		pattern := regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(line), "…", ".*") + "$")
		found := -1
		for i, l := range lines {
			if pattern.MatchString(l) {
				found = i
				break
			}
		}
		if found < 0 {
			return fmt.Errorf("nothing like %q", line)
		}
		lines = lines[found+1:]
	}
	return nil
}
