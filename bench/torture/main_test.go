package main

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A few kills and a backup lose nothing. What needs strace is tried with the peers.
func TestQuick(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	var out strings.Builder
	if err := run(ctx, &out, plan{kills: 2, only: "kill,backup", seed: 1}); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	if n := strings.Count(out.String(), "nothing lost"); n != 2 {
		t.Errorf("%d trials, want 2:\n%s", n, &out)
	}
}

// A record with a call that another thread interrupts, one that fails, and names in hexadecimal.
func TestRecord(t *testing.T) {
	path := filepath.Join(t.TempDir(), "calls")
	hex := func(s string) string {
		var b strings.Builder
		for _, c := range []byte(s) {
			b.WriteString(`\x`)
			b.WriteByte("0123456789abcdef"[c>>4])
			b.WriteByte("0123456789abcdef"[c&15])
		}
		return b.String()
	}
	lines := []string{
		`11 openat(AT_FDCWD<` + hex("/x") + `>, "` + hex("/x/data/db") + `", O_RDWR|O_CREAT|O_CLOEXEC, 0600) = 5<` + hex("/x/data/db") + `>`,
		`11 pwrite64(5<` + hex("/x/data/db") + `>, "` + hex("ab") + `", 2, 7 <unfinished ...>`,
		`12 write(9<TCP:[127.0.0.1:25->127.0.0.1:99]>, "` + hex("250 2.0.0 OK case=1 entry=e\r\n") + `", 29) = 29`,
		`12 write(8<TCP:[127.0.0.1:98->127.0.0.1:97]>, "` + hex("From: <a@b>\r\nMessage-ID: <m1@b>\r\n") + `", 33) = 33`,
		`11 <... pwrite64 resumed>) = 2`,
		`12 fdatasync(5<` + hex("/x/data/db") + `>) = -1 EIO (Input/output error) (INJECTED)`,
		`12 fdatasync(5<` + hex("/x/data/db") + `> <unfinished ...>`,
		`12 <... fdatasync resumed>) = 0`,
		`12 openat(AT_FDCWD<` + hex("/x") + `>, "` + hex("/etc/passwd") + `", O_RDONLY) = 6<` + hex("/etc/passwd") + `>`,
		`12 --- SIGURG {si_signo=SIGURG} ---`,
		`12 +++ exited with 0 +++`,
	}
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	calls, err := readRecord(path)
	if err != nil {
		t.Fatal(err)
	}
	got, err := roll(calls, "/x/data")
	if err != nil || len(got.acts) != 4 || len(got.answers) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	if a := got.acts[1]; a.kind != writeAt || a.offset != 7 || string(a.data) != "ab" || a.begun != 1 || a.ended != 4 {
		t.Errorf("the write: %+v", a)
	}
	if a := got.acts[2]; a.kind != failSync || !slices.Equal(got.failed, []int{a.ended}) {
		t.Errorf("the sync that fails: %+v, %v", a, got.failed)
	}
	if a := got.acts[3]; a.kind != syncFile || a.begun != 6 || a.ended != 7 {
		t.Errorf("the sync: %+v", a)
	}
	if a := got.answers[0]; a.line != 2 || a.text != "250 2.0.0 OK case=1 entry=e" {
		t.Errorf("the answer: %+v", a)
	}
	if want := []leaving{{3, "m1@b"}}; !slices.Equal(got.left, want) {
		t.Errorf("what left: %+v, want %+v", got.left, want)
	}
}

// What a sync that failed has forgotten is not made sure by the next one; what is written anew is.
func TestFailedSync(t *testing.T) {
	p := newPlatter("/d")
	for _, a := range []act{
		{kind: makeFile, begun: 1, ended: 1, path: "/d/a"}, {kind: syncDir, begun: 2, ended: 2, path: "/d"},
		{kind: writeAt, begun: 3, ended: 3, data: []byte("abcdefgh")}, {kind: failSync, begun: 4, ended: 4},
		{kind: syncFile, begun: 5, ended: 5}, // it answers that all is well
		{kind: writeAt, begun: 6, ended: 6, offset: 2, data: []byte("CDE")}, {kind: syncFile, begun: 7, ended: 7},
	} {
		p.do(a)
	}
	for l, want := range map[loss]string{allLost: "\x00\x00CDE", noneLost: "abCDEfgh"} {
		if got := string(p.file(0).left(l, nil)); got != want {
			t.Errorf("%v: %q, want %q", l, got, want)
		}
	}
}

// A power cut leaves of a file what was synced, and of its name what its folder's sync made sure.
func TestPlatter(t *testing.T) {
	p := newPlatter("/d")
	write := func(line, file int, text string) act {
		return act{kind: writeAt, begun: line, ended: line, file: file, data: []byte(text)}
	}
	for _, a := range []act{
		{kind: makeFile, begun: 1, ended: 1, path: "/d/a", file: 0}, write(2, 0, "sure"), {kind: syncFile, begun: 3, ended: 3, path: "/d/a", file: 0},
		{kind: syncDir, begun: 4, ended: 4, path: "/d"}, write(5, 0, "SURE, not"),
		{kind: makeFile, begun: 6, ended: 6, path: "/d/b", file: 1}, write(7, 1, "b"), {kind: syncFile, begun: 8, ended: 8, path: "/d/b", file: 1},
	} {
		p.do(a)
	}
	for l, want := range map[loss]map[string]string{allLost: {"a": "sure"}, noneLost: {"a": "SURE, not", "b": "b"}} {
		dir := t.TempDir()
		if err := p.image(dir, l, rand.New(rand.NewPCG(1, 1)), func(string) bool { return false }); err != nil {
			t.Fatal(err)
		}
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) != len(want) {
			t.Errorf("%v: %v %v", l, entries, err)
		}
		for name, text := range want {
			if b, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(b) != text {
				t.Errorf("%v: %s is %q, %v", l, name, b, err)
			}
		}
	}
	// A write that ends after the sync has begun may be lost.
	p.do(act{kind: writeAt, begun: 9, ended: 12, file: 0, data: []byte("LATE")})
	p.do(act{kind: syncFile, begun: 10, ended: 13, path: "/d/a", file: 0})
	if got := string(p.file(0).left(allLost, nil)); got != "SURE, not" {
		t.Errorf("after a sync that overlaps: %q", got)
	}
}
