package peers

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"smartmail/testrig"
)

// told runs a command of the program that must succeed with these words.
func (h *house) told(words, name string, args ...string) {
	h.t.Helper()
	out, err := h.Command(within(h.t, time.Minute), name, args...).CombinedOutput()
	if err != nil || !strings.Contains(string(out), words) {
		h.t.Fatalf("%s: %v, want %q:\n%s", name, err, words, out)
	}
}

// A copy that is made while mail flows holds every mail that was acknowledged before it began, restores to a store without fault, and one
// that builds upon it leaves out the big mails that it has.
func TestBackup(t *testing.T) {
	h := open(t, nil)
	var (
		acknowledged atomic.Int64
		stop         = make(chan struct{})
		wg           sync.WaitGroup
	)
	send := func(n int64) error {
		size := 300 + int(n)%2000
		if n%5 == 0 {
			size = 400_000 // lies in a file of its own
		}
		raw := compose(customer, intake, fmt.Sprintf("backup-%d@boende.example.com", n), fmt.Sprintf("Fel %d", n), size)
		got, err := deliver(h.SMTP, letter{from: customer, to: intake, raw: raw})
		if err == nil && got.place() != "" {
			acknowledged.Add(1)
		}
		return err
	}
	for n := range int64(20) {
		if err := send(n); err != nil {
			t.Fatal(err)
		}
	}
	for w := range int64(2) {
		wg.Go(func() {
			for n := 1000 * (w + 1); ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				if err := send(n); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	dir := t.TempDir()
	first, second := filepath.Join(dir, "first.tar"), filepath.Join(dir, "second.tar")
	flows := func(from int64) { // so that a copy is made while mail flows, however fast it is
		t.Helper()
		await(t, "mail flows", 20*time.Second, func() bool { return acknowledged.Load() > from })
	}
	flows(20)
	before := acknowledged.Load()
	h.told("read back and sound", "backup", "--to", first)
	flows(before)
	between := acknowledged.Load()
	h.told("read back and sound", "backup", "--to", second, "--earlier", first)
	close(stop)
	wg.Wait()
	if out, err := h.Command(within(t, time.Minute), "backup", "--to", first).CombinedOutput(); err == nil {
		t.Errorf("a copy was written over another: %s", out)
	}
	h.restored(before, "--from", first)
	h.restored(between, "--from", second, "--earlier", first)
	if _, out, err := h.restore("--from", second); err == nil {
		t.Errorf("without the earlier copy: %s", out)
	}
}

// restore makes a store of copies in a folder of its own, and returns that folder's options and what was said.
func (h *house) restore(args ...string) (testrig.Options, string, error) {
	h.t.Helper()
	opt := h.opt
	opt.Dir = h.t.TempDir()
	path, err := testrig.Write(opt)
	if err != nil {
		h.t.Fatal(err)
	}
	out, err := exec.CommandContext(within(h.t, time.Minute), program, append([]string{"restore", "--config", path}, args...)...).CombinedOutput()
	return opt, string(out), err
}

// restored restores copies into another folder, and starts the program on them: at least that many mails are there, and it takes more.
func (h *house) restored(least int64, args ...string) {
	h.t.Helper()
	opt, out, err := h.restore(args...)
	if err != nil {
		h.t.Fatalf("restore: %v:\n%s", err, out)
	}
	var cases, entries, mails, size int64
	at := strings.Index(out, "read ")
	if _, err := fmt.Sscanf(out[max(at, 0):], "read %d cases, %d entries, %d mails with %d bytes", &cases, &entries, &mails, &size); err != nil || mails < least {
		h.t.Fatalf("restored %d mails of %d: %v:\n%s", mails, least, err, out)
	}
	other := &house{opt: opt, zone: h.zone, t: h.t}
	other.start()
	defer other.Kill()
	raw := compose(customer, intake, "after@boende.example.com", "Efter", 100)
	if got, err := deliver(other.SMTP, letter{from: customer, to: intake, raw: raw}); err != nil || got.place() == "" {
		h.t.Errorf("after the restore: %v, %v", got, err)
	}
	if out, err := other.Command(within(h.t, time.Minute), "restore", args...).CombinedOutput(); err == nil {
		h.t.Errorf("a store was written over: %s", out)
	}
}
