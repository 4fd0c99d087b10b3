package main

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"smartmail/config"
	"smartmail/fault"
	"smartmail/message"
	"smartmail/scan"
)

func TestScannersAsConfigured(t *testing.T) {
	quiet := slog.New(slog.DiscardHandler)
	if s, err := scanners(config.Scan{MaxBytes: 1}, quiet); s != nil || err != nil {
		t.Errorf("none: %v, %v", s, err)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Password") != "hemlig" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_, _ = io.WriteString(w, `{"score":7,"action":"no action"}`) // the test sees what comes of it
	}))
	defer srv.Close()
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("hemlig\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ask := func(scanning string) (scan.Verdict, error) {
		t.Helper()
		c, err := config.Parse("test", []byte(strings.NewReplacer("URL", srv.URL, "FILE", password).Replace(`
smtp: {hostname: mx.example.org}
organisations: [{id: a, name: A, domain: a.example}]
scan: `+scanning)))
		if err != nil {
			t.Fatal(err)
		}
		s, err := scanners(c.Scan, quiet)
		if err != nil {
			t.Fatal(err)
		}
		return s.Scan(t.Context(), message.Envelope{}, message.InMemory("0123456789"))
	}
	for text, want := range map[string]scan.Action{
		"{rspamd: {url: URL, mark: 6, password_file: FILE}}":              scan.Mark,
		"{rspamd: {url: URL, mark: 6, triage: 7, password_file: FILE}}":   scan.Triage,
		"{rspamd: {url: URL, mark: 6, reject: 6.5, password_file: FILE}}": scan.Reject,
		"{rspamd: {url: URL, mark: 7.5, password_file: FILE}}":            scan.Pass,
		"{max_bytes: 9, rspamd: {url: URL, reject: 1, down: defer}}":      scan.Mark,
		"{rspamd: {url: URL, reject: 6}}":                                 scan.Mark, // refused without the password, so it is down
		"{clamd: {address: /nowhere/clamd, found: triage, down: accept}}": scan.Mark,
	} {
		if v, err := ask(text); err != nil || v.Action != want {
			t.Errorf("%s: %+v, %v, want %v", text, v, err, want)
		}
	}
	for _, text := range []string{"{rspamd: {url: URL, mark: 6, down: defer}}", "{clamd: {address: /nowhere/clamd, down: defer}}"} {
		if v, err := ask(text); !fault.Is(err, fault.Ours) {
			t.Errorf("%s: %+v, %v, want trouble of ours", text, v, err)
		}
	}
}
