package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"smartmail/casework"
	"smartmail/config"
	"smartmail/message"
	"smartmail/outbound/mtasts"
)

// An organisation's RSA and Ed25519 keys sign side by side.
func TestSigners(t *testing.T) {
	short, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, curve, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	org := config.Organisation{ID: "demo", Domain: "arende.example.org"}
	for selector, key := range map[string]any{"r1": short, "e1": curve} {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), selector+".pem")
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		org.DKIM = append(org.DKIM, config.DKIM{Selector: selector, KeyFile: file})
	}
	cfg := &config.Config{Organisations: []config.Organisation{org, {ID: "other", Domain: "other.example.org"}}}
	got, err := signers(cfg)
	if err != nil || len(got) != 1 {
		t.Fatalf("%d signers, %v", len(got), err)
	}
	fields, err := got["demo"].Sign(message.InMemory([]byte("From: a@arende.example.org\r\nSubject: x\r\n\r\nx\r\n")))
	if err != nil || strings.Count(string(fields), "DKIM-Signature:") != 2 || !strings.Contains(string(fields), "a=rsa-sha256") || !strings.Contains(string(fields), "a=ed25519-sha256") {
		t.Errorf("%s, %v", fields, err)
	}
	cfg.Organisations[0].DKIM[0].KeyFile += ".gone"
	if _, err := signers(cfg); err == nil || !strings.Contains(err.Error(), "organisation demo") {
		t.Errorf("a missing key file: %v", err)
	}
}

// The password is read anew each time, so that a changed one needs no restart.
func TestPasswordFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "password")
	read := passwordFile(path)
	if _, err := read(); err == nil {
		t.Error("a missing file gives a password")
	}
	for text, want := range map[string]string{"one\n": "one", "two\r\nmore\n": "two", " three ": " three "} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := read(); got != want || err != nil {
			t.Errorf("%q gives %q, %v", text, got, err)
		}
	}
}

// /metrics tells how much mail waits, and for how long.
func TestQueueGauges(t *testing.T) {
	cfg, err := (&demoCmd{SMTP: "127.0.0.1:0", HTTP: "127.0.0.1:0", Data: t.TempDir()}).config()
	if err != nil {
		t.Fatal(err)
	}
	svc, err := openService(t.Context(), cfg, logger(t.Output()), demoZone{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := svc.close(); err != nil {
			t.Error(err)
		}
	}()
	eva := casework.Actor{Via: casework.ViaAPI, Name: "Eva"}
	c, err := svc.desk.Open(t.Context(), "demo", casework.Open{Subject: "Kran", Reporter: &casework.Reporter{Email: "anna@home.example"}}, eva)
	if err == nil {
		_, _, err = svc.desk.Do(t.Context(), "demo", c.Number, casework.Post{Lane: "customer", Text: "Vi kommer."}, eva, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	families, err := svc.metrics.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetValue()
			}
			got[name] = m.GetGauge().GetValue()
		}
	}
	if got["smartmail_outbox_mails queued"] != 1 || got["smartmail_outbox_mails deferred"] != 0 || got["smartmail_outbox_oldest_seconds"] <= 0 {
		t.Errorf("queued %v, deferred %v, oldest %v", got["smartmail_outbox_mails queued"], got["smartmail_outbox_mails deferred"], got["smartmail_outbox_oldest_seconds"])
	}
}

// A policy comes out of the store as it went in.
func TestPolicyStore(t *testing.T) {
	cfg, err := (&demoCmd{SMTP: "127.0.0.1:0", HTTP: "127.0.0.1:0", Data: t.TempDir()}).config()
	if err != nil {
		t.Fatal(err)
	}
	cfg.Relay.Mode = "mx"
	svc, err := openService(t.Context(), cfg, logger(t.Output()), demoZone{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := svc.close(); err != nil {
			t.Error(err)
		}
	}()
	if svc.sender.DANE == nil || svc.sender.STS == nil || svc.sender.Secured == nil {
		t.Error("mx mode goes without DANE or MTA-STS")
	}
	want := mtasts.Kept{Domain: "home.example", ID: "1", Fetched: time.Now().UTC().Round(0), Policy: mtasts.Policy{Mode: mtasts.Enforce, MX: []string{"*.home.example"}, MaxAge: time.Hour}}
	store := policyStore{svc.desk}
	if err := store.SavePolicy(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	if got, ok, err := store.LoadPolicy(t.Context(), "home.example"); !ok || err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v, %v", got, ok, err)
	}
	if _, ok, err := store.LoadPolicy(t.Context(), "other.example"); ok || err != nil {
		t.Errorf("another domain's: %v, %v", ok, err)
	}
}
