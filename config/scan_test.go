package config

import (
	"strings"
	"testing"
	"time"
)

func TestScan(t *testing.T) {
	c, err := Parse("a.yaml", []byte(good))
	if err != nil || c.Scan.Rspamd != nil || c.Scan.Clamd != nil || c.Scan.MaxBytes != 25<<20 {
		t.Errorf("nothing said: %+v, %v", c.Scan, err)
	}
	c, err = Parse("a.yaml", []byte(good+`scan:
  rspamd: {url: "http://127.0.0.1:11333", mark: 6, reject: 15.5}
  clamd: {address: /run/clamav/clamd.ctl, timeout: 20s, down: defer}
`))
	if err != nil {
		t.Fatal(err)
	}
	ten := Duration(10 * time.Second)
	if want := (Rspamd{URL: "http://127.0.0.1:11333", Mark: 6, Reject: 15.5, Down: "accept", Timeout: ten}); *c.Scan.Rspamd != want {
		t.Errorf("rspamd: %+v, want %+v", *c.Scan.Rspamd, want)
	}
	if want := (Clamd{Address: "/run/clamav/clamd.ctl", Found: "reject", Down: "defer", Timeout: 2 * ten}); *c.Scan.Clamd != want {
		t.Errorf("clamd: %+v, want %+v", *c.Scan.Clamd, want)
	}
	var b strings.Builder
	if err := c.Print(&b); err != nil || !strings.Contains(b.String(), "reject: 15.5") {
		t.Errorf("printed: %v\n%s", err, b.String())
	}
	if _, err := Parse("b.yaml", []byte(b.String())); err != nil {
		t.Errorf("what is printed cannot be read: %v", err)
	}
}

func TestScanErrors(t *testing.T) {
	const url = `url: "http://127.0.0.1:11333"`
	for name, c := range map[string]struct{ text, want string }{
		"no URL":          {"rspamd: {mark: 6}", `scan.rspamd.url: "" is no address`},
		"a secret in it":  {`rspamd: {mark: 6, url: "http://u:p@127.0.0.1"}`, "scan.rspamd.url"},
		"no threshold":    {"rspamd: {" + url + "}", "c.yaml:13: scan.rspamd: one of mark, triage and reject is needed"},
		"a word":          {"rspamd: {" + url + ", mark: much}", `scan.rspamd.mark: expected a number, found "much"`},
		"below zero":      {"rspamd: {" + url + ", mark: -1}", "scan.rspamd.mark: -1 is no score"},
		"not a number":    {"rspamd: {" + url + ", mark: .nan}", "scan.rspamd.mark: NaN is no score"},
		"without end":     {"rspamd: {" + url + ", triage: .inf}", "scan.rspamd.triage: +Inf is no score"},
		"no password":     {"rspamd: {" + url + ", mark: 6, password_file: /nowhere/p}", "scan.rspamd.password_file: open /nowhere/p"},
		"down":            {"rspamd: {" + url + ", mark: 6, down: drop}", `scan.rspamd.down: "drop" is none of accept, defer`},
		"too patient":     {"clamd: {address: \"127.0.0.1:3310\", timeout: 5m}", "scan.clamd.timeout: is over 40s"},
		"no port":         {"clamd: {address: clamd}", `scan.clamd.address: "clamd" is no address and port`},
		"viruses wanted":  {"clamd: {address: /run/c, found: pass}", `scan.clamd.found: "pass" is none of`},
		"no size":         {"max_bytes: 0", "scan.max_bytes: 0 is less than 1"},
		"another scanner": {"spamd: {}", "c.yaml:13: scan.spamd: unknown key"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("c.yaml", []byte(good+"scan:\n  "+c.text+"\n"))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want it to contain %q", err, c.want)
			}
		})
	}
}
