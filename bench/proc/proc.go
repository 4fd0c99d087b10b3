// Package proc reads what the kernel tells of processes and of the machine, for benchmarks.
//
//	/proc (see proc(5)) → processor times, memory by kind, the machine in a line
//
// Memory is told apart: anonymous pages are the program's own; pages of mapped files, such as the database, are a cache that the
// kernel takes back when it needs them.
package proc

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Times in /proc are in ticks, of which Linux shows 100 a second on every architecture.
const tick = time.Second / 100

// Times are processor times since some beginning: of the processes asked for, of this process, and of the whole machine.
type Times struct{ Server, Client, Machine time.Duration }

// Usage reads them.
func Usage(pids []int) Times {
	t := Times{Machine: machineBusy()}
	for _, pid := range pids {
		t.Server += processTime(pid)
	}
	var self syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &self) == nil {
		t.Client = time.Duration(self.Utime.Nano() + self.Stime.Nano())
	}
	return t
}

// Foreign is the share of the machine that neither the processes nor this one used between two readings, so long apart.
func Foreign(before, after Times, took time.Duration) float64 {
	own := after.Server - before.Server + after.Client - before.Client
	return max(0, after.Machine-before.Machine-own).Seconds() / took.Seconds() / float64(Cores())
}

// processTime is what a process and those of its children that have ended used; 0 when it is gone.
func processTime(pid int) time.Duration {
	f := statFields(pid)
	if len(f) < 15 {
		return 0
	}
	var sum time.Duration
	for _, s := range f[11:15] { // utime, stime, cutime, cstime
		n, _ := strconv.ParseInt(s, 10, 64)
		sum += time.Duration(n) * tick
	}
	return sum
}

// statFields are the fields of /proc/PID/stat behind the name, the state being the first.
func statFields(pid int) []string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	return strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
}

// machineBusy is the time in which the machine's processors were not idle.
func machineBusy() time.Duration {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(b), "\n")
	var busy time.Duration
	for i, s := range strings.Fields(line) {
		if i >= 1 && i <= 7 && i != 4 && i != 5 { // user, nice, system, irq, softirq; not idle and iowait
			n, _ := strconv.ParseInt(s, 10, 64)
			busy += time.Duration(n) * tick
		}
	}
	return busy
}

// Alive tells whether there is such a process.
func Alive(pid int) bool { return statFields(pid) != nil }

// Tree lists a process and all its descendants.
func Tree(root int) []int {
	children := map[int][]int{}
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, d := range dirs {
		pid, _ := strconv.Atoi(filepath.Base(d))
		if f := statFields(pid); len(f) > 1 {
			parent, _ := strconv.Atoi(f[1])
			children[parent] = append(children[parent], pid)
		}
	}
	all := []int{root}
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i]]...)
	}
	return all
}

// Cores are the processors of the machine.
func Cores() int { return runtime.NumCPU() }

// FileSystem names what the folder lies on. A file system in memory is an error: nothing would be durable there.
func FileSystem(dir string) (string, error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return "", fmt.Errorf("file system: %w", err)
	}
	switch uint32(fs.Type) { // statfs(2)
	case 0x01021994, 0x858458f6:
		return "", fmt.Errorf("%s is in memory: choose a folder on a disk with -dir", dir)
	case 0xEF53:
		return "ext4", nil
	case 0x58465342:
		return "xfs", nil
	case 0x9123683E:
		return "btrfs", nil
	case 0x794C7630:
		return "overlayfs", nil
	}
	return fmt.Sprintf("file system %#x", uint32(fs.Type)), nil
}

// Machine tells in a line or two what the figures were measured on.
func Machine(fs string) string {
	var u syscall.Utsname
	_ = syscall.Uname(&u) // an unknown kernel is left out
	var release []byte
	for _, c := range u.Release {
		if c != 0 {
			release = append(release, byte(c))
		}
	}
	model := "processor unknown"
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if _, rest, ok := strings.Cut(string(b), "model name"); ok {
			model, _, _ = strings.Cut(strings.TrimLeft(rest, "\t :"), "\n")
		}
	}
	total := int64(0)
	if b, err := os.ReadFile("/proc/meminfo"); err == nil {
		if f := strings.Fields(string(b)); len(f) > 1 {
			total, _ = strconv.ParseInt(f[1], 10, 64)
		}
	}
	load := "unknown"
	if b, err := os.ReadFile("/proc/loadavg"); err == nil {
		load = strings.Join(strings.Fields(string(b))[:3], " ")
	}
	return fmt.Sprintf("%d cores (%s), %d GiB, %s, Linux %s, %s, load average before the run %s\n%s",
		Cores(), strings.TrimSpace(model), total>>20, fs, release, runtime.Version(), load, versions())
}

// versions names the libraries that the figures hang on, and Postfix.
func versions() string {
	var out []string
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			switch filepath.Base(m.Path) {
			case "go-smtp", "go-msgauth", "go-message", "bbolt", "spf":
				out = append(out, filepath.Base(m.Path)+" "+m.Version)
			}
		}
	}
	if b, err := exec.Command("postconf", "-d", "-h", "mail_version").Output(); err == nil {
		out = append(out, "Postfix "+strings.TrimSpace(string(b)))
	}
	return strings.Join(out, ", ")
}
