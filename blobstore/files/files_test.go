package files

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"smartmail/blobstore"
	"smartmail/fault"
)

type source struct{ *bytes.Reader }

func text(s string) source { return source{bytes.NewReader([]byte(s))} }

// spool is a source with a file.
type spool struct {
	source
	path string
}

func (s spool) Path() string { return s.path }

func spoolFile(t *testing.T, content string) spool {
	t.Helper()
	path := filepath.Join(t.TempDir(), "spool")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return spool{text(content), path}
}

func open(t *testing.T) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "new", "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t *testing.T, s *Store, org, id string, src blobstore.Source) {
	t.Helper()
	if err := s.Put(context.Background(), org, id, src); err != nil {
		t.Fatal(err)
	}
}

func wantContent(t *testing.T, s *Store, org, id, want string) {
	t.Helper()
	b, err := s.Open(context.Background(), org, id)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(io.NewSectionReader(b, 0, b.Size()))
	if err = errors.Join(err, b.Close()); err != nil || string(got) != want {
		t.Errorf("%s/%s holds %q, want %q: %v", org, id, got, want, err)
	}
}

// tree lists all files, temporary ones too, by their names.
func tree(t *testing.T, s *Store) []string {
	t.Helper()
	names := []string{}
	for f, err := range s.walk(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, f.org+"/"+f.Name())
	}
	slices.Sort(names)
	return names
}

func wantTree(t *testing.T, s *Store, want ...string) {
	t.Helper()
	if got := tree(t, s); !slices.Equal(got, want) {
		t.Errorf("files are %q, want %q", got, want)
	}
}

func TestPut(t *testing.T) {
	linked := spoolFile(t, "spooled")
	symlink := spoolFile(t, "symlink")
	if err := os.Symlink(symlink.path, symlink.path+"2"); err != nil {
		t.Fatal(err)
	}
	symlink.path += "2"
	for name, test := range map[string]struct {
		src  blobstore.Source
		want string
	}{
		"copy":                     {text("copied"), "copied"},
		"empty":                    {text(""), ""},
		"link":                     {linked, "spooled"},
		"file is gone":             {spool{text("gone"), "nowhere"}, "gone"},
		"file is of another size":  {spool{text("shorter"), spoolFile(t, "not so short").path}, "shorter"},
		"file is a symbolic link":  {symlink, "symlink"},
		"file is a folder, really": {spool{text("folder"), t.TempDir()}, "folder"},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			put(t, s, "org", "id", test.src)
			put(t, s, "org", "id", test.src) // once more is no error
			wantContent(t, s, "org", "id", test.want)
			wantTree(t, s, "org/id")
			_, path, err := s.place("org", "id")
			if err != nil {
				t.Fatal(err)
			}
			if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
				t.Errorf("%v, %v", info, err)
			}
		})
	}
	if err := os.Remove(linked.path); err != nil { // the blob was linked, not moved; it outlives its spool file
		t.Error(err)
	}
}

func TestPutLinks(t *testing.T) {
	s, src := open(t), spoolFile(t, "spooled")
	s.copy = func(io.Writer, io.Reader) (int64, error) { t.Error("copied"); return 0, nil }
	put(t, s, "org", "id", src)
	if err := os.Remove(src.path); err != nil {
		t.Fatal(err)
	}
	wantContent(t, s, "org", "id", "spooled")
}

func TestPutConflict(t *testing.T) {
	s := open(t)
	put(t, s, "org", "id", text("one"))
	if err := s.Put(context.Background(), "org", "id", text("three")); !fault.Is(err, fault.Conflict) {
		t.Errorf("another blob under the same key: %v", err)
	}
	wantContent(t, s, "org", "id", "one")
}

// A Put that fails leaves nothing, and the next one works.
func TestPutFails(t *testing.T) {
	noSpace := &os.PathError{Op: "write", Path: "blob", Err: syscall.ENOSPC}
	for name, fail := range map[string]func(to io.Writer, from io.Reader) (int64, error){
		"no space": func(to io.Writer, from io.Reader) (int64, error) {
			n, err := io.CopyN(to, from, 3)
			return n, errors.Join(err, noSpace)
		},
		"short source": func(to io.Writer, from io.Reader) (int64, error) { return io.CopyN(to, from, 3) },
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			s.copy = fail
			s.link = func(string, string) error { return syscall.EXDEV }
			src := spoolFile(t, "content")
			if err := s.Put(context.Background(), "org", "id", src); !fault.Is(err, fault.Ours) {
				t.Errorf("error is %v", err)
			}
			wantTree(t, s)
			s.copy = io.Copy
			put(t, s, "org", "id", src)
			wantContent(t, s, "org", "id", "content")
		})
	}
}

// The same on a file system that is really full.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("needs the right to mount a tmpfs: %v", err)
	}
	defer func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	}()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "org", "small", text("fits"))
	big := text(strings.Repeat("x", 1<<20))
	err = s.Put(context.Background(), "org", "big", big)
	if !fault.Is(err, fault.Ours) || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("error is %v", err)
	}
	wantTree(t, s, "org/small")
	put(t, s, "org", "also", text("fits"))
}

func TestConcurrentPuts(t *testing.T) {
	s, src := open(t), spoolFile(t, "the same")
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			var from blobstore.Source = src
			if i%2 == 0 {
				from = text("the same")
			}
			if err := s.Put(context.Background(), "org", "id", from); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	wantContent(t, s, "org", "id", "the same")
	wantTree(t, s, "org/id")
}

func TestMissing(t *testing.T) {
	s, ctx := open(t), context.Background()
	_, err := s.Open(ctx, "org", "id")
	for name, err := range map[string]error{"open": err, "delete": s.Delete(ctx, "org", "id")} {
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	put(t, s, "org", "id", text("x"))
	if err := s.Delete(ctx, "org", "id"); err != nil {
		t.Error(err)
	}
	wantTree(t, s)
}

func TestCancelled(t *testing.T) {
	s := open(t)
	put(t, s, "org", "id", text("x"))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, openErr := s.Open(ctx, "org", "id")
	_, cleanErr := s.Clean(ctx, time.Time{})
	errs := map[string]error{
		"put": s.Put(ctx, "org", "new", text("x")), "open": openErr, "delete": s.Delete(ctx, "org", "id"), "clean": cleanErr,
	}
	for _, err := range s.List(ctx) {
		errs["list"] = err
	}
	for name, err := range errs {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
	wantTree(t, s, "org/id")
}

func TestOpenOnFile(t *testing.T) {
	if _, err := Open(spoolFile(t, "a file").path); !fault.Is(err, fault.Ours) {
		t.Errorf("opened a file as a folder: %v", err)
	}
}

func TestListAndClean(t *testing.T) {
	s, ctx := open(t), context.Background()
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s.now = func() time.Time { return at }
	put(t, s, "a", "one", spoolFile(t, "1"))
	put(t, s, "b", "three", spoolFile(t, "333"))
	dir, path, err := s.place("a", "one")
	if err != nil {
		t.Fatal(err)
	}
	for name, when := range map[string]time.Time{ // what a crash leaves, and what does not belong here
		filepath.Join(dir, tempPrefix+"old"): at.Add(-time.Hour),
		filepath.Join(dir, tempPrefix+"new"): at,
		filepath.Join(dir, "Strange"):        at.Add(-time.Hour),
		filepath.Join(dir, "in-wrong-place"): at.Add(-time.Hour),
		filepath.Join(s.dir, "README"):       at.Add(-time.Hour),
	} {
		if err := errors.Join(os.WriteFile(name, []byte("half a"), 0o600), os.Chtimes(name, when, when)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	var listed []blobstore.Info
	for info, err := range s.List(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		info.Modified = info.Modified.UTC()
		listed = append(listed, info)
	}
	slices.SortFunc(listed, func(a, b blobstore.Info) int { return strings.Compare(a.Org, b.Org) })
	want := []blobstore.Info{{Org: "a", ID: "one", Size: 1, Modified: at}, {Org: "b", ID: "three", Size: 3, Modified: at}}
	if !slices.Equal(listed, want) {
		t.Errorf("listed %+v, want %+v", listed, want)
	}
	if n, err := s.Clean(ctx, at); n != 1 || err != nil {
		t.Errorf("cleaned %d: %v", n, err)
	}
	wantTree(t, s, "a/"+tempPrefix+"new", "a/Strange", "a/in-wrong-place", "a/one", "b/three")

	// A second Put renews the time: its row is yet to come.
	later := at.Add(time.Hour)
	s.now = func() time.Time { return later }
	put(t, s, "a", "one", text("1"))
	if info, err := os.Stat(path); err != nil || !info.ModTime().Equal(later) {
		t.Errorf("time of the blob: %v, %v", info, err)
	}
}

func TestListStops(t *testing.T) {
	s := open(t)
	put(t, s, "a", "one", text("1"))
	put(t, s, "a", "two", text("2"))
	n := 0
	for _, err := range s.List(context.Background()) {
		if err != nil {
			t.Error(err)
		}
		n++
		break
	}
	if n != 1 {
		t.Errorf("%d rounds", n)
	}
}

func TestNamesThatAreRefused(t *testing.T) {
	s, ctx := open(t), context.Background()
	for _, name := range []string{"", ".", "..", "../x", "a/b", "/etc", `a\b`, ".tmp-x", "a\x00", "A", "å", "a b", "a_b", strings.Repeat("a", 129)} {
		for _, key := range [][2]string{{name, "id"}, {"org", name}} {
			_, openErr := s.Open(ctx, key[0], key[1])
			for op, err := range map[string]error{
				"put": s.Put(ctx, key[0], key[1], text("x")), "open": openErr, "delete": s.Delete(ctx, key[0], key[1]),
			} {
				if !fault.Is(err, fault.Invalid) {
					t.Errorf("%s %q: %v", op, key, err)
				}
			}
		}
	}
	wantTree(t, s)
}

// No key leads out of the folder, and no two keys lead to one place.
func FuzzPlace(f *testing.F) {
	for _, seed := range [][2]string{{"org", "id"}, {"..", "id"}, {"org", "../../etc/passwd"}, {"a-1", "b.c"}, {"org", ".tmp-1"}, {"o", "\x00"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, org, id string) {
		s := &Store{dir: "/blobs"}
		dir, path, err := s.place(org, id)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("error is %v", err)
			}
			return
		}
		rel, err := filepath.Rel(s.dir, path)
		parts := strings.Split(rel, "/")
		if err != nil || len(parts) != 3 || parts[0] != org || parts[2] != id || filepath.Dir(path) != dir || !filepath.IsLocal(rel) {
			t.Errorf("%q, %q lead to %q: %v", org, id, path, err)
		}
		if strings.HasPrefix(id, tempPrefix) {
			t.Errorf("id %q looks like a temporary file", id)
		}
	})
}
