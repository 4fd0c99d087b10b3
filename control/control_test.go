package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// house is a Service that has two faults and takes mail for "demo".
type house struct{}

func (house) Verify(_ context.Context, report func(string)) (string, error) {
	report("first")
	report("second")
	return "2 mails", nil
}

func (house) Replay(_ context.Context, org string, apply bool, report func(string)) (string, error) {
	report(fmt.Sprintf("%s %t", org, apply))
	return "1 mail", nil
}

func (house) Import(_ context.Context, org string, raw []byte) (string, bool, error) {
	if org != "demo" {
		return "", false, errors.New("no such organisation")
	}
	return "OK " + string(raw), true, nil
}

func (house) Reindex(context.Context) (string, error) { return "anew", nil }

func (house) Backup(_ context.Context, earlier map[string]string, w io.Writer) error {
	_, err := fmt.Fprintf(w, "copy without %d blobs", len(earlier))
	if earlier["torn"] != "" {
		return errors.New("the disk is gone")
	}
	return err
}

func (house) ImportRegister(_ context.Context, job RegisterImport, report func(string), progress func(done, total int)) (string, error) {
	progress(1, 2)
	report("row 3: bad")
	return fmt.Sprintf("%s %s %t %t %t %s", job.Org, job.Kind, job.DryRun, job.AllOrNothing, job.ArchiveMissing, job.File), nil
}

func (house) Token(_ context.Context, org, name, role string) (string, error) {
	return org + "/" + name + "/" + role, nil
}

func serve(t *testing.T, h http.Handler) *Client {
	t.Helper()
	dir := t.TempDir()
	l, err := Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(dir, socketName)); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("socket is %v, %v; want mode 0600", info, err)
	}
	s := &http.Server{Handler: h}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	c, ok := Dial(dir)
	if !ok {
		t.Fatal("nobody answers")
	}
	return c
}

func TestVerifyAndImport(t *testing.T) {
	c := serve(t, Handler(house{}, 10))
	var got []string
	summary, err := c.Verify(t.Context(), func(p string) { got = append(got, p) })
	if err != nil || summary != "2 mails" || !slices.Equal(got, []string{"first", "second"}) {
		t.Errorf("verify gives %q, %v, %v", summary, got, err)
	}
	got = nil
	if summary, err := c.Replay(t.Context(), "dé mo", true, func(l string) { got = append(got, l) }); err != nil || summary != "1 mail" || !slices.Equal(got, []string{"dé mo true"}) {
		t.Errorf("replay gives %q, %v, %v", summary, got, err)
	}
	if summary, err := c.Reindex(t.Context()); err != nil || summary != "anew" {
		t.Errorf("reindex: %q, %v", summary, err)
	}
	var copied strings.Builder
	if err := c.Backup(t.Context(), map[string]string{"a": "b"}, &copied); err != nil || copied.String() != "copy without 1 blobs" {
		t.Errorf("backup gives %q, %v", copied.String(), err)
	}
	if err := c.Backup(t.Context(), map[string]string{"torn": "x"}, io.Discard); err == nil {
		t.Error("a torn backup is taken for a whole one")
	}
	if secret, err := c.Token(t.Context(), "demo", "é b", "reader"); err != nil || secret != "demo/é b/reader" {
		t.Errorf("token gives %q, %v", secret, err)
	}
	got = nil
	job := RegisterImport{Org: "demo", Kind: "objects", DryRun: true, ArchiveMissing: true, File: []byte("more than a mail may have")}
	summary, err = c.ImportRegister(t.Context(), job, func(l string) { got = append(got, l) }, func(done, total int) { got = append(got, fmt.Sprint(done, total)) })
	if err != nil || summary != "demo objects true false true more than a mail may have" || !slices.Equal(got, []string{"1 2", "row 3: bad"}) {
		t.Errorf("a register's sheet gives %q, %v, %v", summary, got, err)
	}
	if reply, again, err := c.Import(t.Context(), "demo", []byte("mail")); err != nil || reply != "OK mail" || !again {
		t.Errorf("import gives %q, %v, %v", reply, again, err)
	}
	if _, _, err := c.Import(t.Context(), "other", nil); err == nil || err.Error() != "no such organisation" {
		t.Errorf("import elsewhere gives %v", err)
	}
	if _, _, err := c.Import(t.Context(), "demo", make([]byte, 11)); err == nil {
		t.Error("a mail over the limit was taken")
	}
}

func TestTornAnswerIsNoSuccess(t *testing.T) {
	c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"problem":"first"}` + "\n"))
	}))
	if _, err := c.Verify(t.Context(), func(string) {}); err == nil || !strings.Contains(err.Error(), "broke off") {
		t.Errorf("error is %v", err)
	}
}

func TestDialWithoutAnInstance(t *testing.T) {
	dir := t.TempDir()
	if _, ok := Dial(dir); ok {
		t.Error("somebody answers in an empty folder")
	}
	l, err := Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	if err := os.WriteFile(filepath.Join(dir, socketName), nil, 0o600); err != nil { // what a dead process may leave
		t.Fatal(err)
	}
	again, err := Listen(dir)
	if err != nil {
		t.Fatalf("a left socket is in the way: %v", err)
	}
	_ = again.Close()
}
