package peers

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"smartmail/testrig"
)

// mount mounts something on a folder until the test ends or the returned function is called.
func mount(t *testing.T, source, target, kind string, flags uintptr, data string) (unmount func()) {
	t.Helper()
	needRoot(t, "mounting")
	switch err := syscall.Mount(source, target, kind, flags, data); {
	case errors.Is(err, syscall.EPERM):
		missing(t, "mounting is not allowed here")
	case err != nil:
		t.Fatalf("mount %s: %v", target, err)
	}
	mounted := true
	unmount = func() {
		if !mounted {
			return
		}
		mounted = false
		if err := syscall.Unmount(target, 0); err != nil {
			t.Errorf("unmount %s: %v", target, err)
		}
	}
	t.Cleanup(unmount)
	return unmount
}

// fill takes all of a disk but so many bytes, and returns the file that does.
func fill(t *testing.T, dir string, leave uint64) string {
	t.Helper()
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	err = syscall.Fallocate(int(f.Fd()), 0, 0, int64(fs.Bavail*uint64(fs.Bsize)-leave))
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	return f.Name()
}

// sent is a mail that was taken.
type sent struct {
	letter
	told answer
}

// post sends the n-th mail of a test, a big one if it is odd, and reports false for 451 4.3.0. Nothing else may happen.
func (h *house) post(n int, size int) (sent, bool) {
	h.t.Helper()
	s := sent{letter: letter{from: customer, to: intake, chunks: n%4 < 2}}
	s.raw = compose(s.from, s.to, fmt.Sprintf("disk-%d@boende.example.com", n), fmt.Sprintf("Fel %d", n), size)
	var err error
	if s.told, err = deliver(h.SMTP, s.letter); err != nil {
		h.t.Fatalf("mail %d: %v\n%s", n, err, h.Log())
	}
	refused := s.told.code == 451 && strings.HasPrefix(s.told.text, "4.3.0 ")
	if !refused && s.told.place() == "" {
		h.t.Fatalf("mail %d of %d bytes: %v", n, size, s.told)
	}
	return s, !refused
}

// awaitReady waits until /readyz has this status.
func (h *house) awaitReady(status int) {
	h.t.Helper()
	await(h.t, fmt.Sprintf("/readyz answers %d", status), 10*time.Second, func() bool {
		resp, err := h.Do(within(h.t, 5*time.Second), http.MethodGet, "/readyz", nil)
		if err != nil {
			h.t.Fatal(err)
		}
		_ = resp.Body.Close() // only the status matters
		return resp.StatusCode == status
	})
}

// A full disk is our trouble: 451, while what is there can be read; with room again, mail comes in again.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	mount(t, "tmpfs", dir, "tmpfs", 0, "size=320m,mode=0700")
	h := open(t, func(o *testrig.Options) { o.Dir = dir })
	h.awaitReady(http.StatusOK)
	filler := fill(t, dir, 12<<20)
	h.awaitReady(http.StatusServiceUnavailable)

	var taken []sent
	sizes := []int{1000, 200_000, 20_000, 400_000}
	n, refused := 0, 0
	for ; refused < 30; n++ { // when the big ones are refused already, there is room for small ones for a while
		s, ok := h.post(n, sizes[n%len(sizes)])
		if ok {
			taken = append(taken, s)
		} else {
			refused++
		}
		if n > 1000 {
			t.Fatal("the disk does not get full")
		}
	}
	t.Logf("%d mails were taken, %d refused", len(taken), refused)
	for _, s := range taken[max(0, len(taken)-4):] {
		h.wantStored(t, s.told, s.raw)
	}

	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	for i := range n { // a peer tries all again that it was not told of, and some that it was
		s, ok := h.post(i, sizes[i%len(sizes)])
		if !ok {
			t.Fatalf("mail %d: %v, with the disk free again", i, s.told)
		}
		taken = append(taken, s)
	}
	h.awaitReady(http.StatusOK)
	for _, s := range taken {
		h.wantStored(t, s.told, s.raw)
	}
	h.wantOnce(n)
	h.stop()
	h.wantMails(n)
}

// A folder that can't be written to for a while refuses what would go there, and only that.
func TestReadOnlyBlobs(t *testing.T) {
	h := open(t, nil)
	first, ok := h.post(0, 400_000)
	blobs := filepath.Join(h.opt.Data(), "blobs")
	unmount := mount(t, blobs, blobs, "", syscall.MS_BIND, "")
	if err := syscall.Mount("", blobs, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	second, okSmall := h.post(1, 1000)
	_, okBig := h.post(2, 400_000)
	if !ok || !okSmall || okBig {
		t.Errorf("before: %t; while the folder is read-only: small %t, big %t", ok, okSmall, okBig)
	}
	h.wantStored(t, first.told, first.raw)
	h.wantStored(t, second.told, second.raw)
	unmount()
	third, ok := h.post(2, 400_000)
	if !ok {
		t.Errorf("after: %v", third.told)
	}
	h.wantStored(t, third.told, third.raw)
	h.wantMails(3)
}

// command runs a program that must succeed.
func command(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(within(t, time.Minute), name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

// A file system that has made itself read-only under the program, as after an error of the disk, is 451 for every mail.
// What was taken before is there when it is repaired. (Nobody can make a file system read-only in the usual way while the
// program has its database open.)
func TestReadOnlyDisk(t *testing.T) {
	needRoot(t, "mounting")
	if free, err := exec.Command("losetup", "-f").CombinedOutput(); err != nil {
		missing(t, fmt.Sprintf("there is no loop device: %s", free))
	}
	dir, image := t.TempDir(), filepath.Join(t.TempDir(), "image")
	command(t, "truncate", "-s", "64M", image)
	command(t, "mkfs.ext4", "-q", "-F", image)
	command(t, "mount", "-o", "loop,errors=remount-ro", image, dir)
	t.Cleanup(func() { command(t, "umount", dir) })
	h := open(t, func(o *testrig.Options) { o.Dir = dir })
	size := func(n int) int { return 1000 + 400_000*(n%2) }
	var before []sent
	for n := range 2 {
		s, ok := h.post(n, size(n))
		if !ok {
			t.Fatalf("mail %d: %v", n, s.told)
		}
		before = append(before, s)
	}
	command(t, "mount", "-o", "remount,abort", dir)
	for n := 2; n < 8; n++ {
		if s, ok := h.post(n, size(n)); ok {
			t.Errorf("mail %d: %v, on a disk that can't be written to", n, s.told)
		}
	}
	h.awaitReady(http.StatusServiceUnavailable)
	for _, s := range before {
		h.wantStored(t, s.told, s.raw)
	}
	h.Kill()
	command(t, "umount", dir)
	command(t, "sh", "-c", "fsck.ext4 -y \"$1\" || [ $? = 1 ]", "fsck", image) // 1: repaired
	command(t, "mount", "-o", "loop", image, dir)
	h.start()
	for n := range 8 { // those of before are tried again as well
		s, ok := h.post(n, size(n))
		if !ok {
			t.Errorf("mail %d: %v, on a disk that is repaired", n, s.told)
		}
		if n < len(before) && s.told != before[n].told {
			t.Errorf("mail %d: %v, and before %v", n, s.told, before[n].told)
		}
		h.wantStored(t, s.told, s.raw)
	}
	h.wantMails(8)
}

// A second process on the same folder is told so and ends; the first goes on.
func TestSecondProcess(t *testing.T) {
	h := open(t, nil)
	i, err := testrig.Start(within(t, 20*time.Second), h.opt)
	if err == nil {
		i.Kill()
		t.Fatal("two processes run on one folder")
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(err.Error(), "another process uses") {
		t.Errorf("the second process: %v", err)
	}
	s, ok := h.post(0, 1000)
	if !ok {
		t.Errorf("the first process: %v", s.told)
	}
	h.wantStored(t, s.told, s.raw)
	h.wantMails(1)
}
