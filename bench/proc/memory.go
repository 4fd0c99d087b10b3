package proc

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// Memory is what processes hold, in bytes.
type Memory struct {
	Anon int64 // pages of their own
	File int64 // mapped and shared ones
}

// Add is the sum of two.
func (m Memory) Add(o Memory) Memory { return Memory{m.Anon + o.Anon, m.File + o.File} }

// Total is all of it.
func (m Memory) Total() int64 { return m.Anon + m.File }

// Resident is what a process holds, cheaply; pages that processes share are counted in each. Zero when it is gone.
func Resident(pid int) Memory {
	kib := fields(fmt.Sprintf("/proc/%d/status", pid))
	return Memory{kib["RssAnon"] << 10, (kib["RssFile"] + kib["RssShmem"]) << 10}
}

// Rollup is what a process holds, page by page: dearer than Resident, exact, and its share alone of what it has in common with
// others. Zero when it is gone.
func Rollup(pid int) Memory {
	kib := fields(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	return Memory{kib["Pss_Anon"] << 10, (kib["Pss_File"] + kib["Pss_Shmem"]) << 10}
}

// fields reads lines such as "RssAnon:  1234 kB".
func fields(path string) map[string]int64 {
	out := map[string]int64{}
	f, err := os.Open(path)
	if err != nil {
		return out
	}
	defer func() { _ = f.Close() }() // read only
	for sc := bufio.NewScanner(f); sc.Scan(); {
		name, rest, ok := strings.Cut(sc.Text(), ":")
		number, unit, _ := strings.Cut(strings.TrimSpace(rest), " ")
		if n, err := strconv.ParseInt(number, 10, 64); ok && err == nil && unit == "kB" {
			out[name] = n
		}
	}
	return out
}

// Watch samples what processes hold together until the function that it returns is called, which tells the most that was seen of
// the two kinds together.
func Watch(pids func() []int, every time.Duration) (peak func() Memory) {
	return watch(every, func(top Memory) Memory {
		var now Memory
		for _, pid := range pids() {
			now = now.Add(Resident(pid))
		}
		if now.Total() > top.Total() {
			return now
		}
		return top
	})
}

// WatchAnon is Watch for the anonymous pages of one process alone.
func WatchAnon(pid int, every time.Duration) (peak func() int64) {
	return watch(every, func(top int64) int64 { return max(top, Resident(pid).Anon) })
}

// watch looks now and then, and once more at the end.
func watch[T any](every time.Duration, look func(top T) T) (peak func() T) {
	stop, most := make(chan struct{}), make(chan T)
	go func() {
		t := time.NewTicker(every)
		defer t.Stop()
		var top T
		for {
			select {
			case <-t.C:
				top = look(top)
			case <-stop:
				most <- look(top)
				return
			}
		}
	}()
	return func() T {
		close(stop)
		return <-most
	}
}
