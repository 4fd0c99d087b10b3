package main

import (
	"context"
	"net/http"
	"net/smtp"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"smartmail/testrig"
)

// The index can be taken away or damaged while the service is stopped, and made anew while it runs: what was found is found.
func TestIndexIsMadeAnew(t *testing.T) {
	bin, err := built()
	if err != nil {
		t.Fatal(err)
	}
	zone, err := testrig.NewZone()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = zone.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	opts := testrig.Options{Binary: bin, Dir: t.TempDir(), DNS: zone.Addr}
	file := filepath.Join(opts.Dir, "data", derivedFile)
	for _, before := range []func() error{
		func() error { return nil },
		func() error { return os.Remove(file) },
		func() error { return os.WriteFile(file, []byte(strings.Repeat("torn", 10_000)), 0o600) },
	} {
		if err := before(); err != nil {
			t.Fatal(err)
		}
		i, err := testrig.Start(ctx, opts)
		if err != nil {
			t.Fatal(err)
		}
		mail := "From: a@b.example\r\nSubject: =?utf-8?q?Tv=C3=A4ttmaskinen?=\r\nMessage-ID: <1@b>\r\n\r\nDen spolar inte.\r\n"
		if err := smtp.SendMail(i.SMTP, nil, "a@b.example", []string{testrig.Intake}, []byte(mail)); err != nil { // each time the same
			t.Fatal(err)
		}
		found(ctx, t, i, "maskin spolar")
		if code, out, stderr := program("reindex", "--config", i.Config); code != 0 || !strings.Contains(out, "made anew") {
			t.Errorf("reindex: exit %d: %s%s", code, out, stderr)
		}
		found(ctx, t, i, "tvattmaskinen")
		if err := i.Stop(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

// What was open when the machine went down is dropped, for it may be torn; what only its process left is kept.
func TestTornIndexIsDropped(t *testing.T) {
	boot, err := os.ReadFile(bootID)
	if err != nil {
		boot = nil
	}
	for name, x := range map[string]struct {
		mark []byte // nil: there is none
		kept bool
	}{"closed": {nil, true}, "killed": {boot, len(boot) > 0}, "machine went down": {[]byte("another"), false}, "torn mark": {[]byte{}, false}} {
		path, mark := filepath.Join(t.TempDir(), derivedFile), filepath.Join(t.TempDir(), openFile)
		err := os.WriteFile(path, []byte("x"), 0o600)
		if err == nil && x.mark != nil {
			err = os.WriteFile(mark, x.mark, 0o600)
		}
		if err == nil {
			err = dropTorn(path, mark)
		}
		if err != nil {
			t.Fatal(name, err)
		}
		if _, err := os.Stat(path); (err == nil) != x.kept {
			t.Errorf("%s: kept is %v, want %v", name, err == nil, x.kept)
		}
		if now, err := os.ReadFile(mark); err != nil || string(now) != string(boot) {
			t.Errorf("%s: the mark is %q, %v", name, now, err)
		}
	}
}

// found wants exactly one case.
func found(ctx context.Context, t *testing.T, i *testrig.Instance, q string) {
	t.Helper()
	var list struct{ Items []struct{ Number uint64 } }
	if err := i.Call(ctx, http.MethodGet, "/api/v1/cases?q="+url.QueryEscape(q), nil, &list); err != nil || len(list.Items) != 1 {
		t.Fatalf("%q finds %+v, %v", q, list, err)
	}
}
