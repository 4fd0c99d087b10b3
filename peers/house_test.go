package peers

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"smartmail/testrig"
)

// program is the binary under test, built once.
var program string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "smartmail-peers")
	if err == nil {
		defer func() { _ = os.RemoveAll(dir) }() // it is in the system's folder for temporary files
		program, err = testrig.Build(context.Background(), dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		return 1
	}
	return m.Run()
}

// need ends the test where a peer's program is not installed.
func need(t *testing.T, peer, command string) {
	t.Helper()
	if _, err := exec.LookPath(command); err != nil {
		missing(t, peer+" is not installed: make peers")
	}
}

// needRoot ends the test where it may not mount or start daemons.
func needRoot(t *testing.T, why string) {
	t.Helper()
	if os.Getuid() != 0 {
		missing(t, why+" needs root")
	}
}

func missing(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("SMARTMAIL_PEERS") == "required" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// within is a context for one step of a test.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// await waits until ok.
func await(t *testing.T, what string, d time.Duration, ok func() bool) {
	t.Helper()
	if err := testrig.Await(within(t, d), ok); err != nil {
		t.Fatalf("%s: not within %v", what, d)
	}
}

// lastLines is the end of a log.
func lastLines(log string) string {
	const most = 40
	lines := strings.Split(log, "\n")
	return strings.Join(lines[max(0, len(lines)-most):], "\n")
}

// house is the program with a DNS of its own, on one data folder.
type house struct {
	*testrig.Instance
	opt  testrig.Options
	zone *testrig.Zone
	t    *testing.T
}

// open starts the program in a folder of its own, with options that change says.
func open(t *testing.T, change func(*testrig.Options)) *house {
	t.Helper()
	zone, err := testrig.NewZone()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = zone.Close() })
	h := &house{zone: zone, t: t, opt: testrig.Options{Binary: program, Dir: t.TempDir(), DNS: zone.Addr}}
	if change != nil {
		change(&h.opt)
	}
	h.start()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the program's last words:\n%s", lastLines(h.Log()))
		}
		h.Kill()
	})
	return h
}

// start runs the program, again if need be, on the same folder.
func (h *house) start() {
	h.t.Helper()
	i, err := testrig.Start(within(h.t, 20*time.Second), h.opt)
	if err != nil {
		h.t.Fatal(err)
	}
	h.Instance = i
}

// stop is the orderly end.
func (h *house) stop() {
	h.t.Helper()
	if err := h.Stop(within(h.t, 30*time.Second)); err != nil {
		h.t.Fatalf("stop: %v\n%s", err, h.Log())
	}
}

var summary = regexp.MustCompile(`(?m)^read (\d+) cases, (\d+) entries, (\d+) mails`)

// verify runs "smartmail verify" and returns how many mails it read.
func (h *house) verify() int {
	h.t.Helper()
	cmd := h.Command(within(h.t, time.Minute), "verify")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	m := summary.FindSubmatch(out)
	if err != nil || m == nil {
		h.t.Fatalf("verify: %v\n%s", err, out)
	}
	n, err := strconv.Atoi(string(m[3]))
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

// wantMails checks that verify finds no fault and so many mails.
func (h *house) wantMails(want int) {
	h.t.Helper()
	if got := h.verify(); got != want {
		h.t.Errorf("%d mails are stored, want %d", got, want)
	}
}

// opened is a case with two people on it, and the addresses at which they answer.
type opened struct {
	Number uint64
	Lanes  []struct {
		Participants []struct{ Email, Address string }
	}
}

const (
	customer = "anna@boende.example.com"
	intake   = testrig.Intake
)

// openCase opens a case that the customer reported, and returns the customer's reply address.
func (h *house) openCase() (number uint64, address string) {
	h.t.Helper()
	var c opened
	in := map[string]any{"org": testrig.Org, "subject": "Droppande kran", "description": "Kranen droppar.",
		"reporter": map[string]string{"name": "Anna Andersson", "email": customer}}
	if err := h.Call(within(h.t, 10*time.Second), "POST", "/api/v1/cases", in, &c); err != nil {
		h.t.Fatal(err)
	}
	for _, l := range c.Lanes {
		for _, p := range l.Participants {
			if p.Email == customer {
				return c.Number, p.Address
			}
		}
	}
	h.t.Fatalf("the case has no address for its reporter: %+v", c)
	return 0, ""
}
