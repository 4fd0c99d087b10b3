package mailbox

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// walk returns "name: bytes" or "name: error" for each mail.
func walk(t *testing.T, limit int64, dir string, paths ...string) []string {
	t.Helper()
	var got []string
	err := Walk(context.Background(), paths, limit, func(m Mail) error {
		name := strings.TrimPrefix(m.Source, dir+"/")
		if m.Err != nil {
			got = append(got, name+": error: "+m.Err.Error())
		} else {
			got = append(got, name+": "+string(m.Bytes))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestWalk(t *testing.T) {
	dir := t.TempDir()
	mbox := write(t, dir+"/old.mbox", "From a@b Mon\nSubject: 1\n\none\n>From here\n>>From there\nFrom inside a paragraph\n\nFrom c@d Tue\nSubject: 2\n\ntwo\n")
	crlf := write(t, dir+"/crlf.mbox", "From a@b Mon\r\nSubject: 1\r\n\r\none\r\n\r\nFrom c@d\r\nSubject: 2\r\n\r\n")
	eml := write(t, dir+"/x.eml", "From a@b Mon\nSubject: kept\r\n\r\nas it is\n")
	write(t, dir+"/md/cur/1:2,S", "Subject: seen\n\nx\n")
	write(t, dir+"/md/new/2", "From odd\nSubject: new\n\ny\n")
	write(t, dir+"/mixed/README.md", "# Title\n")
	write(t, dir+"/mixed/data.json", "{\"a\": 1}")
	write(t, dir+"/mixed/mail", "Subject: no ending\r\n\r\nx\r\n")
	write(t, dir+"/mixed/odd.eml", "no header, and called a mail\r\n")
	write(t, dir+"/md/tmp/3", "Subject: unfinished\n")
	write(t, dir+"/md/.index", "no mail")
	for _, c := range []struct {
		name  string
		path  string
		limit int64
		want  []string
	}{
		{"mbox", mbox, 1000, []string{
			"old.mbox#1: Subject: 1\r\n\r\none\r\nFrom here\r\n>From there\r\nFrom inside a paragraph\r\n",
			"old.mbox#2: Subject: 2\r\n\r\ntwo\r\n"}},
		{"mbox with CRLF", crlf, 1000, []string{"crlf.mbox#1: Subject: 1\r\n\r\none\r\n", "crlf.mbox#2: Subject: 2\r\n"}},
		{"too big in mbox", mbox, 30, []string{"old.mbox#1: error: the mail is bigger than 30 bytes", "old.mbox#2: Subject: 2\r\n\r\ntwo\r\n"}},
		{"eml", eml, 1000, []string{"x.eml: From a@b Mon\nSubject: kept\r\n\r\nas it is\n"}},
		{"eml too big", eml, 10, []string{"x.eml: error: the mail is bigger than 10 bytes"}},
		{"folder with other files", dir + "/mixed", 1000, []string{
			"mixed/README.md: error: this does not look like a mail", "mixed/data.json: error: this does not look like a mail",
			"mixed/mail: Subject: no ending\r\n\r\nx\r\n", "mixed/odd.eml: no header, and called a mail\r\n"}},
		{"Maildir", dir + "/md", 1000, []string{"md/cur/1:2,S: Subject: seen\r\n\r\nx\r\n", "md/new/2: From odd\r\nSubject: new\r\n\r\ny\r\n"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, walk(t, c.limit, dir, c.path)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWalkStops(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/1.eml", "a: b\n")
	write(t, dir+"/2.eml", "a: b\n")
	enough := errors.New("enough")
	calls := 0
	if err := Walk(context.Background(), []string{dir}, 100, func(Mail) error { calls++; return enough }); !errors.Is(err, enough) || calls != 1 {
		t.Errorf("error %v after %d calls", err, calls)
	}
	if err := Walk(context.Background(), []string{dir + "/none"}, 100, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing path gives %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := Walk(ctx, []string{dir}, 100, func(Mail) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled context gives %v", err)
	}
}

func FuzzMbox(f *testing.F) {
	f.Add([]byte("From a\nb: c\n\nd\n\nFrom e\n\n>From f\n"))
	f.Add([]byte("From \r\n\r\nFrom \r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		path := write(t, t.TempDir()+"/f.mbox", string(b))
		size := 0
		if err := Walk(context.Background(), []string{path}, 1<<20, func(m Mail) error { size += len(m.Bytes); return nil }); err != nil {
			t.Fatal(err)
		}
		if size > 2*len(b) {
			t.Errorf("%d bytes became %d", len(b), size)
		}
	})
}
