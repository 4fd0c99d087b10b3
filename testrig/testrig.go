// Package testrig runs the real program for tests and benchmarks: its binary, a configuration, a DNS of its own.
//
//	Build → Start(Options) → Instance{SMTP, HTTP, Token} → Stop, Kill, Start again on the same folder
//	Instance ⇄ Post ⇄ other instances, robots, mailboxes
//
// It listens on loopback only, on ports that the system chooses unless told otherwise, and ends only what it started.
package testrig

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Build compiles the program into dir and returns the binary's path. extra are further flags of go build, such as -race.
func Build(ctx context.Context, dir string, extra ...string) (string, error) {
	bin := filepath.Join(dir, "smartmail")
	args := append([]string{"build", "-o", bin}, extra...)
	cmd := exec.CommandContext(ctx, "go", append(args, "smartmail/cmd/smartmail")...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return bin, nil
}

// Options say what to run.
type Options struct {
	Binary string
	Dir    string   // configuration and data; the same folder again continues with its data
	DNS    string   // address of the DNS server to ask, such as Zone.Addr; needed
	Extra  string   // further keys of the "smtp" section, indented by two spaces, a line each
	SMTP   string   // address to take mail on, for one that is to stay the same; default "127.0.0.1:0"
	Top    string   // further keys of the top level, lines of YAML
	Policy string   // YAML mapping of the organisation's policy; default "{}"
	Domain string   // of the case addresses and of the intake address "felanmalan"; default Domain
	DKIM   string   // file of the key with which the organisation signs, under Selector; default: it does not
	Env    []string // further environment
}

// Names that every instance has.
const (
	Org    = "demo"
	Domain = "arende.example.org"
	Intake = "felanmalan@arende.example.org"
	token  = "rig-token-of-this-run-only"
)

// Instance is a running program.
type Instance struct {
	SMTP, HTTP string // host:port
	Config     string // path of the configuration file
	Cmd        *exec.Cmd
	done       chan struct{}
	err        error
	log        *tail
}

// Data is the data folder.
func (o Options) Data() string { return filepath.Join(o.Dir, "data") }

// Write puts a configuration into the folder and returns its path.
func Write(o Options) (string, error) {
	policy := cmp.Or(o.Policy, "{}")
	listen := cmp.Or(o.SMTP, "127.0.0.1:0")
	domain := cmp.Or(o.Domain, Domain)
	text := fmt.Sprintf(`data_dir: %q
smtp:
  listen: [%q]
  hostname: mx.example.org
%shttp: {listen: "127.0.0.1:0", rate: {per_token: 0}}
dns: {servers: [%q]}
%sorganisations:
  - id: %s
    name: Demo Bostad AB
    domain: %s
    intake: [{address: felanmalan@%s, class: fault}]
    policy: %s
`, o.Data(), listen, o.Extra, o.DNS, o.Top, Org, domain, domain, policy)
	if o.DKIM != "" {
		text += fmt.Sprintf("    dkim: [{selector: %s, key_file: %q}]\n", Selector, o.DKIM)
	}
	path := filepath.Join(o.Dir, "smartmail.yaml")
	return path, os.WriteFile(path, []byte(text), 0o600)
}

// readyLine is what the program logs once it listens.
var readyLine = regexp.MustCompile(`msg=ready smtp=\[([^\] ]+)\] http=(\S+)`)

// Start runs "smartmail serve" and returns when it listens.
func Start(ctx context.Context, o Options) (*Instance, error) {
	path, err := Write(o)
	if err != nil {
		return nil, err
	}
	i := &Instance{Config: path, done: make(chan struct{}), log: &tail{}}
	i.Cmd = exec.Command(o.Binary, "serve", "--config", path)
	i.Cmd.Env = append(append(os.Environ(), "SMARTMAIL_ADMIN_TOKEN="+token), o.Env...)
	r, err := i.Cmd.StderrPipe()
	if err == nil {
		err = i.Cmd.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("start: %w", err)
	}
	ready := make(chan []string, 1)
	go i.watch(r, ready)
	select {
	case m := <-ready:
		i.SMTP, i.HTTP = m[1], m[2]
		return i, nil
	case <-i.done:
		return nil, fmt.Errorf("the program ended: %w\n%s", i.err, i.Log())
	case <-ctx.Done():
		_ = i.Cmd.Process.Kill()
		<-i.done
		return nil, fmt.Errorf("start: %w\n%s", ctx.Err(), i.Log())
	}
}

// watch reads the log until the program ends.
func (i *Instance) watch(r io.Reader, ready chan<- []string) {
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		i.log.add(sc.Text())
		if m := readyLine.FindStringSubmatch(sc.Text()); m != nil {
			ready <- m
		}
	}
	i.err = i.Cmd.Wait()
	close(i.done)
}

// tail keeps the last lines of a log.
type tail struct {
	mu    sync.Mutex
	lines []string
}

const tailLines = 200

func (t *tail) add(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.lines = append(t.lines, line); len(t.lines) > tailLines {
		t.lines = t.lines[1:]
	}
}

// Log returns the last lines that the program logged.
func (i *Instance) Log() string {
	i.log.mu.Lock()
	defer i.log.mu.Unlock()
	return strings.Join(i.log.lines, "\n")
}

// Stop sends SIGTERM and waits until the program has ended; its error is that of the exit status.
func (i *Instance) Stop(ctx context.Context) error { return i.end(ctx, syscall.SIGTERM) }

// Kill ends the program as a power cut would, as far as the operating system lets it.
func (i *Instance) Kill() {
	_ = i.end(context.Background(), syscall.SIGKILL) // being killed is its exit status
}

func (i *Instance) end(ctx context.Context, s syscall.Signal) error {
	if err := i.Cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal: %w", err)
	}
	select {
	case <-i.done:
		return i.err
	case <-ctx.Done():
		return fmt.Errorf("the program does not end: %w\n%s", ctx.Err(), i.Log())
	}
}

// Signal sends a signal and does not wait.
func (i *Instance) Signal(s os.Signal) error { return i.Cmd.Process.Signal(s) }

// Done is closed when the program has ended.
func (i *Instance) Done() <-chan struct{} { return i.done }

// Err is how the program ended; nil is exit status 0. It is known once Done is closed.
func (i *Instance) Err() error { return i.err }

// Command prepares another command of the program, such as "verify", on the same configuration.
func (i *Instance) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, i.Cmd.Path, append([]string{name, "--config", i.Config}, args...)...)
}

// FreeAddr returns an address on loopback that nothing listened on a moment ago.
func FreeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("free port: %w", err)
	}
	return l.Addr().String(), l.Close()
}

// Call makes an API call and decodes its JSON answer into out, unless out is nil. An answer over 299 is an error with its text.
func (i *Instance) Call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	resp, err := i.Do(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // read only
	b, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return fmt.Errorf("%s %s: %w", method, path, err)
	case resp.StatusCode > 299:
		return fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, b)
	case out == nil:
		return nil
	}
	return json.Unmarshal(b, out)
}

// Do makes an API call and returns the answer as it is.
func (i *Instance) Do(ctx context.Context, method, path string, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+i.HTTP+path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return http.DefaultClient.Do(req)
}

// Await calls ok every few milliseconds until it is true or ctx ends.
func Await(ctx context.Context, ok func() bool) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}
