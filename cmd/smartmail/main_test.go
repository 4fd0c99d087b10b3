package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/smtp"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"smartmail/config"
	"smartmail/inbox"
	"smartmail/testrig"
)

// program runs the command line in this process.
func program(args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = run(args, streams{&out, &err})
	return code, out.String(), err.String()
}

func TestCommandLine(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(bad, []byte("smtp:\n  hostnam: x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const example = "../../smartmail.example.yaml"
	ugly := uglyConfig(t)
	for name, c := range map[string]struct {
		args []string
		code int
		want string // in stdout or stderr
	}{
		"help":                    {[]string{"--help"}, 0, "Take in stored mail"},
		"version":                 {[]string{"version"}, 0, "smartmail 0."},
		"no command":              {nil, 0, "Run the service"},
		"demo, bad address":       {[]string{"demo", "--smtp", "2525"}, 2, `--smtp: "2525" is no address and port`},
		"demo, bad port":          {[]string{"demo", "--http", "localhost:http"}, 2, `--http: "localhost:http" is no address and port`},
		"import into no org":      {[]string{"import", "--config", example, "--org", "none", example}, 1, `there is no organisation "none"`},
		"no such command":         {[]string{"fly"}, 2, "unexpected argument fly"},
		"no such flag":            {[]string{"serve", "--speed"}, 2, "unknown flag --speed"},
		"check":                   {[]string{"check", "--config", example}, 0, "hostname: mx.example.org"},
		"check, bad":              {[]string{"check", "--config", bad}, 1, "bad.yaml:2: smtp.hostnam: unknown key"},
		"check, missing":          {[]string{"check", "--config", bad + "x"}, 1, "no such file"},
		"check, bad logo":         {[]string{"check", "--config", ugly}, 1, "ugly.yaml:6: organisations[0].look.logo_file: the logo is neither PNG nor JPEG"},
		"check, bad template":     {[]string{"check", "--config", ugly}, 1, "ugly.yaml:7: organisations[0].look.templates: "},
		"check, template's line":  {[]string{"check", "--config", ugly}, 1, "sv/message.txt:2:2: executing"},
		"serve, bad looks":        {[]string{"serve", "--config", ugly}, 1, "sv/message.txt:2:2: executing"},
		"serve, bad":              {[]string{"serve", "--config", bad}, 1, "bad.yaml:2: smtp.hostnam: unknown key"},
		"explain":                 {[]string{"explain", "../../message/testdata/mail/bounce.eml"}, 0, "class       bounce"},
		"explain, JSON":           {[]string{"explain", "--json", "../../message/testdata/mail/bounce.eml"}, 0, `"class": "bounce"`},
		"explain, missing":        {[]string{"explain", "none.eml"}, 1, "no such file"},
		"import without org":      {[]string{"import", "--config", example, "x"}, 2, "--org"},
		"compact without a store": {[]string{"compact", "--config", example}, 1, "there is no store in data_dir"},
		"verify without a store":  {[]string{"verify", "--config", example}, 1, "there is no store in data_dir"},
		"health, nobody there":    {[]string{"health", "--config", bad}, 1, "bad.yaml:2"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, err := program(c.args...)
			if code != c.code || !strings.Contains(out+err, c.want) {
				t.Errorf("exit %d, want %d; output lacks %q:\n%s%s", code, c.code, c.want, out, err)
			}
		})
	}
}

// uglyConfig is a configuration of which the looks alone are wrong.
func uglyConfig(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	path, template := filepath.Join(dir, "ugly.yaml"), filepath.Join(dir, "mails", "sv", "message.txt")
	if err := os.MkdirAll(filepath.Dir(template), 0o700); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("data_dir: %s\nsmtp: {hostname: mx.example.org}\norganisations:\n  - {id: a, name: A, domain: a.example,\n     look: {\n     logo_file: %s,\n     templates: %s}}\n",
		filepath.Join(dir, "data"), template, filepath.Join(dir, "mails"))
	for name, content := range map[string]string{path: text, template: "{{.Text}}\n{{.Tekst}}"} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// The example file shows the defaults, so it must not differ from them.
func TestExampleShowsTheDefaults(t *testing.T) {
	c, err := config.Load("../../smartmail.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	least, err := config.Parse("least", []byte(`
smtp: {hostname: mx.example.org}
organisations: [{id: demo, name: Demo Bostad AB, domain: arende.example.org, intake: [{address: felanmalan@arende.example.org, class: fault}]}]
`))
	if err != nil {
		t.Fatal(err)
	}
	var a, b strings.Builder
	if err := c.Print(&a); err != nil {
		t.Fatal(err)
	}
	if err := least.Print(&b); err != nil {
		t.Fatal(err)
	}
	if a.String() != b.String() {
		t.Errorf("the example says\n%s\nthe defaults are\n%s", a.String(), b.String())
	}
}

var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "smartmail-test-")
	if err != nil {
		return "", err
	}
	return testrig.Build(context.Background(), dir)
})

func TestMain(m *testing.M) {
	code := m.Run()
	if bin, err := built(); err == nil {
		_ = os.RemoveAll(filepath.Dir(bin)) // a temporary folder
	}
	os.Exit(code)
}

// demo is a running demo.
type demo struct {
	smtp, http, token, supplier, file string
	cmd                               *exec.Cmd
	stderr                            bytes.Buffer
}

// startDemo runs "smartmail demo" in the folder, as a new user does, and reads what it prints.
func startDemo(t *testing.T, dir string) *demo {
	t.Helper()
	bin, err := built()
	if err != nil {
		t.Fatal(err)
	}
	d := &demo{cmd: exec.Command(bin, "demo", "--smtp", "127.0.0.1:0", "--http", "127.0.0.1:0")}
	d.cmd.Dir, d.cmd.Stderr = dir, &d.stderr
	out, err := d.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.cmd.Process.Kill() })
	find := map[*regexp.Regexp]*string{
		regexp.MustCompile(`^  SMTP +(\S+)`):                       &d.smtp,
		regexp.MustCompile(`^  API +(\S+)`):                        &d.http,
		regexp.MustCompile(`^  token +(\S+)`):                      &d.token,
		regexp.MustCompile(`^  supplier .*answers to +(\S+)`):      &d.supplier,
		regexp.MustCompile(`^  curl --url .*--upload-file '(.*)'`): &d.file,
	}
	for sc := bufio.NewScanner(out); sc.Scan(); {
		for re, to := range find {
			if m := re.FindStringSubmatch(sc.Text()); m != nil {
				*to = m[1]
			}
		}
		if strings.Contains(sc.Text(), "Stop with Ctrl-C") {
			d.file = filepath.Join(dir, d.file)
			return d
		}
	}
	t.Fatalf("the demo printed no end: %+v\n%s", d, d.stderr.String())
	return nil
}

func (d *demo) get(t *testing.T, path string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.http+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+d.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s, %v\n%s", path, resp.Status, err, b)
	}
	return b
}

// stop ends the demo as Ctrl-C does.
func (d *demo) stop(t *testing.T) {
	t.Helper()
	if err := d.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- d.cmd.Wait() }()
	select {
	case err := <-done:
		if err != nil {
			t.Fatalf("the demo ends with %v\n%s", err, d.stderr.String())
		}
	case <-time.After(30 * time.Second):
		t.Fatal("the demo does not end")
	}
}

// What the demo tells a new user to do works, in any folder, twice in a row.
func TestDemo(t *testing.T) {
	dir := t.TempDir()
	for round := range 2 {
		d := startDemo(t, dir)
		code, _, stderr := program("demo", "--smtp", "127.0.0.1:0", "--http", "127.0.0.1:0", "--data", filepath.Join(dir, "smartmail-demo"))
		if code != 1 || !strings.Contains(stderr, "choose another folder with --data") {
			t.Errorf("a second demo on the same folder: exit %d: %s", code, stderr)
		}
		for path, want := range map[string]int{"/api/v1/cases?limit=200": 64 + round, "/api/v1/objects?parent=Storgatan-12": 1, "/api/v1/classes?limit=200": 28} { // a report comes at the end of each round
			var list struct{ Items []struct{} }
			if err := json.Unmarshal(d.get(t, path), &list); err != nil || len(list.Items) != want {
				t.Errorf("%s: %d, want %d; %v", path, len(list.Items), want, err)
			}
		}
		mail, err := os.ReadFile(d.file)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the same mail twice is one entry
			if err := smtp.SendMail(d.smtp, nil, demoSupplier, []string{d.supplier}, mail); err != nil {
				t.Fatal(err)
			}
		}
		var list struct {
			Items []struct {
				Kind, Sender, Text string
				Attachments        []struct{ ID, Name string }
				Line               *struct {
					Minutes, Quantity int
					Article           string
					Price             json.Number
				}
			}
		}
		if err := json.Unmarshal(d.get(t, "/api/v1/cases/1/entries"), &list); err != nil {
			t.Fatal(err)
		}
		var kinds []string
		for _, e := range list.Items {
			kinds = append(kinds, e.Kind)
		}
		if got := strings.Join(kinds, " "); got != "created order mail_in change status time material mail_out mail_out" {
			t.Fatalf("round %d: entries are %s", round, got)
		}
		work, part := list.Items[5].Line, list.Items[6].Line
		if work == nil || work.Minutes != 90 || part == nil || part.Quantity != 1000 || part.Article != "packning" || part.Price != "45" && part.Price != "45.00" {
			t.Errorf("draft lines are %+v and %+v", work, part)
		}
		got := list.Items[2]
		if got.Kind != "mail_in" || got.Sender != "verified" || !strings.HasPrefix(got.Text, "Hej! Packningen är bytt") || len(got.Attachments) != 1 {
			t.Fatalf("entry is %+v", got)
		}
		if png := d.get(t, "/api/v1/attachments/"+got.Attachments[0].ID); !bytes.HasPrefix(png, []byte("\x89PNG")) {
			t.Errorf("the picture is %d bytes: %.20q", len(png), png)
		}
		report := "From: Ny <ny@boende.example.com>\r\nSubject: Det drar\r\n" + fmt.Sprintf("Message-ID: <drag-%d@boende.example.com>\r\n\r\nKan ni komma?\r\n", round)
		if err := smtp.SendMail(d.smtp, nil, "ny@boende.example.com", []string{testrig.Intake}, []byte(report)); err != nil {
			t.Fatal(err)
		}
		// The order has been sent by the first run.
		for _, want := range [][]string{{"Arbetsorder: Droppande kran", "Så här har vi förstått det", "Vi har tagit emot din anmälan"}, {"Vi har tagit emot din anmälan"}}[round] {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			err := testrig.Await(ctx, func() bool { return bytes.Contains(d.get(t, inbox.Path), []byte(want)) })
			cancel()
			if err != nil {
				t.Fatalf("round %d: the mailbox lacks %q", round, want)
			}
		}
		d.stop(t)
	}
}

func TestDemoNamesATakenPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	taken := l.Addr().String()
	for flag, c := range map[string][]string{
		"--smtp": {"--smtp", taken, "--http", "127.0.0.1:0"},
		"--http": {"--http", taken, "--smtp", "127.0.0.1:0"},
	} {
		code, _, stderr := program(append([]string{"demo", "--data", t.TempDir()}, c...)...)
		if want := fmt.Sprintf("%s is taken by another program: choose another with %s", taken, flag); code != 1 || !strings.Contains(stderr, want) {
			t.Errorf("exit %d, %q, want it to contain %q", code, stderr, want)
		}
	}
}

func TestVerifyFindsADamagedMail(t *testing.T) {
	i := rigged(t, nil)
	mail := "From: a@b.example\r\nSubject: big\r\nMessage-ID: <1@b>\r\n\r\n" + strings.Repeat("0123456789\r\n", 50_000)
	if err := smtp.SendMail(i.SMTP, nil, "a@b.example", []string{testrig.Intake}, []byte(mail)); err != nil {
		t.Fatal(err)
	}
	code, out, stderr := program("verify", "--config", i.Config) // through the running instance
	if code != 0 || !strings.Contains(out, "1 mails") {
		t.Fatalf("exit %d: %s%s", code, out, stderr)
	}
	code, secret, stderr := program("token", "--config", i.Config, "--org", testrig.Org, "--name", "ekonomi")
	if code != 0 || !strings.HasPrefix(secret, "sm_") {
		t.Errorf("token: exit %d: %s%s", code, secret, stderr)
	}
	if code, _, stderr := program("token", "--config", i.Config, "--org", "none", "--name", "x"); code != 1 || !strings.Contains(stderr, `no organisation "none"`) {
		t.Errorf("token of nobody: exit %d: %s", code, stderr)
	}
	if code, out, stderr := program("replay", "--config", i.Config, "--org", testrig.Org); code != 0 || !strings.Contains(out, "1 mails read, 0 are read another way") {
		t.Errorf("replay: exit %d: %s%s", code, out, stderr)
	}
	if err := i.Stop(i.ctx); err != nil {
		t.Fatal(err)
	}
	if code, out, stderr := program("compact", "--config", i.Config); code != 0 || !strings.Contains(out, "bytes") {
		t.Errorf("compact: exit %d: %s%s", code, out, stderr)
	}
	if code, out, _ := program("verify", "--config", i.Config); code != 0 || !strings.Contains(out, "1 mails") {
		t.Errorf("verify of the compact store: exit %d: %s", code, out)
	}
	damaged := 0
	err := filepath.WalkDir(filepath.Join(i.opt.Dir, "data", "blobs"), func(p string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		damaged++
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		b[len(b)/2] ^= 1
		if err := os.Chmod(p, 0o600); err != nil {
			return err
		}
		return os.WriteFile(p, b, 0o600)
	})
	if err != nil || damaged != 1 {
		t.Fatalf("%d blobs, %v", damaged, err)
	}
	if code, out, _ := program("verify", "--config", i.Config); code != 1 || !strings.Contains(out, "SHA-256") {
		t.Errorf("exit %d, %s; want a line about SHA-256", code, out)
	}
}
