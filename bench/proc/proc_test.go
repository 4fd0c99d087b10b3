package proc

import (
	"os"
	"strings"
	"testing"
	"time"
)

// The process itself is a process to look at.
func TestSelf(t *testing.T) {
	pid := os.Getpid()
	if len(statFields(pid)) < 15 || !Alive(pid) || machineBusy() == 0 {
		t.Error("the kernel tells nothing of this process")
	}
	if all := Tree(os.Getppid()); len(all) < 2 {
		t.Errorf("the parent has no child: %v", all)
	}
	if _, err := FileSystem("/proc/no such folder"); err == nil {
		t.Error("a folder that is not there has a file system")
	}
}

// Memory that was written to is found as the process's own, by either way of asking.
func TestMemory(t *testing.T) {
	const size = 64 << 20
	pid := os.Getpid()
	held := make([]byte, size)
	for i := 0; i < size; i += 1 << 10 {
		held[i] = 1
	}
	peak := Watch(func() []int { return []int{pid} }, time.Minute)()
	for name, m := range map[string]Memory{"status": Resident(pid), "rollup": Rollup(pid), "peak": peak} {
		if m.Anon < size || m.File == 0 || m.Total() != m.Anon+m.File {
			t.Errorf("%s: %+v", name, m)
		}
	}
	if top := WatchAnon(pid, time.Minute)(); top < size {
		t.Errorf("the most is %d bytes", top)
	}
	if held[0] != 1 || (Resident(-1) != Memory{}) {
		t.Error("a process that is not there holds memory")
	}
}

// What the machine did besides is what is left of it.
func TestForeign(t *testing.T) {
	after := Times{Server: time.Second, Client: time.Second, Machine: 2*time.Second + time.Duration(Cores())*time.Second/2}
	if got := Foreign(Times{}, after, time.Second); got != 0.5 {
		t.Errorf("%v, not half of it", got)
	}
}

func TestNumbers(t *testing.T) {
	if n, err := numberIn(strings.NewReader("x\n# HeapAlloc = 42\n"), "# HeapAlloc = "); n != 42 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if _, err := numberIn(strings.NewReader("x\n"), "y"); err == nil {
		t.Error("a number out of nothing")
	}
}
