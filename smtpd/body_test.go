package smtpd

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"smartmail/fault"
)

// fullDisk is a spool file on a disk that takes so many bytes more.
type fullDisk struct {
	*os.File
	room int
}

func (f *fullDisk) Write(p []byte) (int, error) {
	if f.room -= len(p); f.room < 0 {
		return 0, syscall.ENOSPC
	}
	return f.File.Write(p)
}

func testBodies(t *testing.T, max, spoolAt, memory int64) *bodies {
	s, err := openSpool(t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		left, err := filepath.Glob(filepath.Join(s.dir, "*"))
		if len(left) > 0 || err != nil {
			t.Errorf("left in the spool: %v, %v", left, err)
		}
		if err := s.close(); err != nil {
			t.Error(err)
		}
	})
	return &bodies{budget: &budget{max: memory}, create: s.create, max: max, spoolAt: spoolAt}
}

func TestBodyGoesWhereThereIsRoom(t *testing.T) {
	const max = 1 << 20
	for _, tc := range []struct {
		name            string
		size            int
		spoolAt, memory int64
		spooled         bool
	}{
		{"small", 100, 64 << 10, 1 << 20, false},
		{"at the threshold", 64 << 10, 64 << 10, 1 << 20, false},
		{"over the threshold", 64<<10 + 1, 64 << 10, 1 << 20, true},
		{"no budget at all", 100, 64 << 10, 10, true},
		{"budget used up on the way", 50 << 10, 64 << 10, 40 << 10, true},
		{"the maximum", max, 64 << 10, 1 << 20, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := testBodies(t, max, tc.spoolAt, tc.memory)
			content := bytes.Repeat([]byte("0123456789abcdef"), tc.size/16+1)[:tc.size]
			b := s.begin()
			for rest := content; len(rest) > 0; {
				n := min(7000, len(rest))
				b.write(rest[:n])
				rest = rest[n:]
				if used := s.budget.used.Load(); used > tc.memory || used != int64(cap(b.mem)) {
					t.Fatalf("%d bytes of budget in use, %d of memory", used, cap(b.mem))
				}
			}
			raw, err := b.finish()
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(io.NewSectionReader(raw, 0, raw.Size()))
			if err != nil || !bytes.Equal(got, content) {
				t.Fatalf("content differs, %v", err)
			}
			file, spooled := raw.(interface{ Path() string })
			if spooled != tc.spooled {
				t.Fatalf("spooled: %v", spooled)
			}
			if spooled {
				// A blob store may keep the file by a second name.
				kept := filepath.Join(filepath.Dir(filepath.Dir(file.Path())), "kept")
				if err := os.Link(file.Path(), kept); err != nil {
					t.Fatal(err)
				}
				b.discard()
				if got, err := os.ReadFile(kept); err != nil || !bytes.Equal(got, content) {
					t.Fatalf("linked file differs, %v", err)
				}
			}
			b.discard()
			if used := s.budget.used.Load(); used != 0 {
				t.Fatalf("%d bytes of budget not given back", used)
			}
		})
	}
}

func TestBodyFails(t *testing.T) {
	noRoom := func(room int) func(*bodies) {
		return func(s *bodies) {
			create := s.create
			s.create = func() (spoolFile, error) {
				f, err := create()
				if err != nil {
					return nil, err
				}
				return &fullDisk{f.(*os.File), room}, nil
			}
		}
	}
	for _, tc := range []struct {
		name    string
		change  func(*bodies)
		content string
		kind    fault.Kind
		cause   error
	}{
		{"too big", func(*bodies) {}, strings.Repeat("x", 101), fault.TooBig, nil},
		{"bare newline", func(s *bodies) { s.reject = true }, "a\nb", fault.BareNewline, nil},
		{"bare newline at the end", func(s *bodies) { s.reject = true }, "a\r", fault.BareNewline, nil},
		{"disk full at once", noRoom(5), strings.Repeat("x", 60), fault.Ours, syscall.ENOSPC},
		{"disk full later", noRoom(70), strings.Repeat("x", 90), fault.Ours, syscall.ENOSPC},
		{"no file", func(s *bodies) {
			s.create = func() (spoolFile, error) { return nil, syscall.EMFILE }
		}, strings.Repeat("x", 60), fault.Ours, syscall.EMFILE},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := testBodies(t, 100, 50, 1<<20)
			tc.change(s)
			b := s.begin()
			for i := range len(tc.content) {
				b.write([]byte(tc.content[i : i+1]))
			}
			_, err := b.finish()
			if !fault.Is(err, tc.kind) || tc.cause != nil && !errors.Is(err, tc.cause) {
				t.Errorf("got %v", err)
			}
			if b.seen != int64(len(tc.content)) {
				t.Errorf("%d bytes seen", b.seen)
			}
			b.discard()
			if used := s.budget.used.Load(); used != 0 {
				t.Errorf("%d bytes of budget not given back", used)
			}
		})
	}
}

func TestSpoolSweepsDeadRunsAlone(t *testing.T) {
	root := filepath.Join(t.TempDir(), "spool")
	now := time.Now()
	alive, err := openSpool(root, now)
	if err != nil {
		t.Fatal(err)
	}
	dead, err := openSpool(root, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*spool{alive, dead} {
		f, err := s.create()
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	dead.lock.Close() // as the end of its process does
	mkdir := func(name string, age time.Duration) string {
		dir := filepath.Join(root, name)
		if err := errors.Join(os.Mkdir(dir, 0o700), os.Chtimes(dir, now, now.Add(-age))); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	beginning, abandoned, foreign := mkdir("new-1", time.Minute), mkdir("new-2", 25*time.Hour), mkdir("else", 25*time.Hour)

	third, err := openSpool(root, now)
	if err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]bool{
		alive.dir: true, dead.dir: false, beginning: true, abandoned: false, foreign: true, third.dir: true,
	} {
		if _, err := os.Stat(dir); (err == nil) != want {
			t.Errorf("%s: %v", filepath.Base(dir), err)
		}
	}
	if info, err := os.Stat(root); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("spool folder: %v, %v", info.Mode(), err)
	}
	if err := errors.Join(alive.close(), third.close()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(alive.dir); err == nil {
		t.Error("a closed spool is still there")
	}
}

func TestDiskFullIs451AndTheServiceGoesOn(t *testing.T) {
	r := start(t, Options{SpoolAt: 10, MaxMessageBytes: 1 << 20}, false, func(s *Server) {
		s.bodies.create = func() (spoolFile, error) { return nil, syscall.ENOSPC }
	})
	c := r.greet()
	for range 2 {
		c.send("MAIL FROM:<a@peer.example>\r\nRCPT TO:<x@example.test>\r\nDATA\r\n")
		c.expect("250")
		c.expect("250")
		c.expect("354")
		c.send(strings.Repeat("RSET\r\n", 10_000) + ".\r\n")
		c.expect("451 4.3.0 no room for the mail")
	}
	c.send("MAIL FROM:<a@peer.example>\r\nRCPT TO:<x@example.test>\r\nBDAT 11\r\n0123456789aBDAT 1 LAST\r\nx")
	for _, want := range []string{"250", "250", "451 4.3.0", "503 5.5.1"} {
		c.expect(want)
	}
	c.do("MAIL FROM:<a@peer.example>", "250")
	c.do("RCPT TO:<x@example.test>", "250")
	c.do("DATA", "354")
	c.do("small\r\n.", "250 2.0.0 OK case=1")
	if got := r.house.got(); len(got) != 1 || got[0].spooled {
		t.Errorf("got %+v", got)
	}
}
