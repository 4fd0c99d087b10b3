package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"smartmail/testrig"
)

// clockEnv names the file from which a program with a clock of its own takes how far it is off.
const clockEnv = "TORTURE_CLOCK"

// skewed is added to package time of the program: it is as many seconds off as the file says, which is looked at every few milliseconds (and
// not by Now, which the scheduler calls as well). Only what the clock on the wall shows is changed, as when somebody sets it: the monotonic
// clock goes on.
const skewed = `package time

import (
	"sync/atomic"
	"syscall"
)

var skew atomic.Int64

func init() {
	if file, ok := syscall.Getenv("` + clockEnv + `"); ok {
		readSkew(file)
		go func() {
			for {
				Sleep(2 * Millisecond)
				readSkew(file)
			}
		}()
	}
}

func readSkew(file string) {
	f, err := open(file)
	if err != nil {
		panic("the clock's file: " + err.Error())
	}
	var buf [20]byte
	n, err := read(f, buf[:])
	closefd(f)
	if err != nil {
		panic("the clock's file: " + err.Error())
	}
	seconds := int64(0)
	for _, c := range buf[:n] {
		seconds = 10*seconds + int64(c-'0')
	}
	skew.Store(seconds)
}
`

// theClock is the line of package time at which a program reads the clock, and what it becomes.
const (
	theClock  = "func Now() Time {\n\tsec, nsec, mono := runtimeNow()\n"
	offTheDot = theClock + "\tsec += skew.Load()\n"
)

// buildSkewed builds the program with a package time that can be set, which needs nothing in the program itself.
func buildSkewed(ctx context.Context, dir string) (binary string, err error) {
	root, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("where is Go: %w", err)
	}
	std := filepath.Join(strings.TrimSpace(string(root)), "src", "time")
	source, err := os.ReadFile(filepath.Join(std, "time.go"))
	if err != nil {
		return "", err
	}
	changed := strings.Replace(string(source), theClock, offTheDot, 1)
	if changed == string(source) {
		return "", errors.New("this Go reads its clock in another way: see skew.go")
	}
	replace := map[string]string{}
	for name, text := range map[string]string{"time.go": changed, "skew.go": skewed} {
		ours := filepath.Join(dir, name+".txt")
		if err := os.WriteFile(ours, []byte(text), 0o600); err != nil {
			return "", err
		}
		replace[filepath.Join(std, name)] = ours
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(path, overlay, 0o600); err != nil {
		return "", err
	}
	return testrig.Build(ctx, dir, "-overlay", path)
}

// clock is one that can be set.
type clock struct {
	file string
	off  time.Duration // never before the machine's
}

// jump sets it on, or back.
func (c *clock) jump(by time.Duration) error {
	c.off += by
	next := c.file + ".next"
	if err := os.WriteFile(next, []byte(strconv.FormatInt(int64(c.off/time.Second), 10)), 0o600); err != nil {
		return err
	}
	return os.Rename(next, c.file) // at no moment is there half a file
}
