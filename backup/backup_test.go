package backup_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"smartmail/backup"
	"smartmail/blobstore/files"
	"smartmail/fault"
)

// database is one that holds a text.
type database string

func (d database) Snapshot(_ context.Context, fn func(int64, func(io.Writer) error) error) error {
	return fn(int64(len(d)), func(w io.Writer) error { _, err := io.WriteString(w, string(d)); return err })
}

type source struct{ *bytes.Reader }

func blobs(t *testing.T, content map[string]string) *files.Store {
	t.Helper()
	s, err := files.Open(filepath.Join(t.TempDir(), "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range content {
		org, id, _ := strings.Cut(name, "/")
		if err := s.Put(t.Context(), org, id, source{bytes.NewReader([]byte(text))}); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// content is what a store holds.
func content(t *testing.T, s *files.Store) map[string]string {
	t.Helper()
	out := map[string]string{}
	for info, err := range s.List(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		b, err := s.Open(t.Context(), info.Org, info.ID)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(io.NewSectionReader(b, 0, b.Size()))
		if err = errors.Join(err, b.Close()); err != nil {
			t.Fatal(err)
		}
		out[info.Org+"/"+info.ID] = string(text)
	}
	return out
}

func write(t *testing.T, db string, s *files.Store, earlier backup.Sums) []byte {
	t.Helper()
	var b bytes.Buffer
	done, err := backup.Write(t.Context(), &b, database(db), s, earlier, time.Now)
	if err != nil || done.Blobs+done.Earlier != len(content(t, s)) {
		t.Fatalf("%+v, %v", done, err)
	}
	return b.Bytes()
}

func restore(t *testing.T, copied []byte, earlier ...[]byte) (db string, there map[string]string, err error) {
	t.Helper()
	into := blobs(t, nil)
	path := filepath.Join(t.TempDir(), "restored.db")
	var readers []io.Reader
	for _, e := range earlier {
		readers = append(readers, bytes.NewReader(e))
	}
	if _, err = backup.Restore(t.Context(), bytes.NewReader(copied), readers, into, path); err == nil {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		db = string(b)
	}
	left, readErr := os.ReadDir(filepath.Dir(path))
	if readErr != nil || err != nil && len(left) > 0 || len(left) > 1 {
		t.Errorf("left behind: %v, %v", left, readErr)
	}
	return db, content(t, into), err
}

func TestRoundTrip(t *testing.T) {
	first := map[string]string{"a/m1": "en stor bild", "a/f2": "", "b/m1": strings.Repeat("å", 100000)}
	s := blobs(t, first)
	full := write(t, "the rows", s, nil)
	db, there, err := restore(t, full)
	if err != nil || db != "the rows" || !maps.Equal(there, first) {
		t.Errorf("%q, %d blobs, %v", db, len(there), err)
	}

	// What an earlier copy has is left out, and needed again.
	_, sums, err := backup.Read(t.Context(), bytes.NewReader(full), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Put(t.Context(), "a", "m3", source{bytes.NewReader([]byte("later"))}); err != nil {
		t.Fatal(err)
	}
	less := write(t, "more rows", s, sums)
	if len(less) > len(full)/10 {
		t.Errorf("%d bytes beside %d", len(less), len(full))
	}
	if db, there, err = restore(t, less, full); err != nil || db != "more rows" || len(there) != 4 || there["a/m3"] != "later" {
		t.Errorf("%q, %d blobs, %v", db, len(there), err)
	}
	if _, _, err := restore(t, less); !fault.Is(err, fault.Invalid) {
		t.Errorf("without the earlier one: %v", err)
	}
}

// A copy that is cut, or in which a bit has changed, is refused, and leaves no database.
func TestDamaged(t *testing.T) {
	whole := write(t, strings.Repeat("rows ", 400), blobs(t, map[string]string{"a/m1": strings.Repeat("mail ", 300)}), nil)
	for n := 0; n < len(whole)-2048; n += 97 { // what follows the sums is padding
		if _, _, err := restore(t, whole[:n]); !fault.Is(err, fault.Invalid) {
			t.Fatalf("cut at %d of %d: %v", n, len(whole), err)
		}
	}
	wrong := 0
	for n := 0; n < len(whole); n += 61 {
		broken := bytes.Clone(whole)
		broken[n] ^= 0x10
		db, there, err := restore(t, broken)
		switch {
		case err != nil:
			wrong++
		case db != strings.Repeat("rows ", 400) || there["a/m1"] != strings.Repeat("mail ", 300):
			t.Fatalf("a bit at %d went unseen", n)
		}
	}
	if wrong == 0 {
		t.Error("no bit was missed")
	}
}

func TestForeign(t *testing.T) {
	archive := func(names ...string) []byte {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for _, name := range names {
			text := `{"format":1}`
			if err := errors.Join(w.WriteHeader(&tar.Header{Name: name, Size: int64(len(text)), Mode: 0o600}), func() error { _, err := io.WriteString(w, text); return err }()); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	for name, raw := range map[string][]byte{
		"nothing": nil, "no tar": []byte("hello"), "another tar": archive("readme"), "no end": archive("smartmail-backup.json", "database"),
		"a path":        archive("smartmail-backup.json", "blobs/../../etc/passwd", "SHA256SUMS"),
		"twice":         archive("smartmail-backup.json", "database", "database", "SHA256SUMS"),
		"sums not ours": archive("smartmail-backup.json", "database", "SHA256SUMS"),
	} {
		if _, _, err := restore(t, raw); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRestoreKeepsWhatIsThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "live.db")
	if err := os.WriteFile(path, []byte("live"), 0o600); err != nil {
		t.Fatal(err)
	}
	copied := write(t, "rows", blobs(t, nil), nil)
	_, err := backup.Restore(t.Context(), bytes.NewReader(copied), nil, blobs(t, nil), path)
	if b, readErr := os.ReadFile(path); !fault.Is(err, fault.Conflict) || readErr != nil || string(b) != "live" {
		t.Errorf("%v; %q, %v", err, b, readErr)
	}
}

// Nothing that claims to be a copy makes Read panic, or take without end.
func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	s, err := files.Open(f.TempDir())
	if err == nil {
		err = s.Put(f.Context(), "a", "m1", source{bytes.NewReader([]byte("mail"))})
	}
	if err == nil {
		_, err = backup.Write(f.Context(), &b, database("rows"), s, nil, time.Now)
	}
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, raw []byte) {
		var names []string
		_, sums, err := backup.Read(t.Context(), bytes.NewReader(raw), func(c backup.Content) error {
			names = append(names, fmt.Sprint(c.Org, "/", c.ID))
			return nil
		})
		if err == nil && len(sums) < len(names) {
			t.Errorf("%q without sums: %v", names, slices.Collect(maps.Keys(sums)))
		}
	})
}
