package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const good = `data_dir: ./data
smtp:
  listen: ["127.0.0.1:2525"]
  hostname: mx.example.org
  timeouts: {command: 5m, data: 90s, session: 1h}
organisations:
  - id: demo
    name: Demo Bostad AB
    domain: arende.example.org
    intake:
      - {address: felanmalan@arende.example.org, class: fault}
`

func TestParseFillsDefaults(t *testing.T) {
	c, err := Parse("a.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	if got := time.Duration(c.SMTP.Timeouts.Data); got != 90*time.Second {
		t.Errorf("data timeout %v, want 90s", got)
	}
	if c.SMTP.MaxMessageBytes != 36_700_160 || c.Organisations[0].Policy.DMARC != "enforce" || c.HTTP.PublicURL != "http://127.0.0.1:8080" {
		t.Errorf("defaults are missing: %+v", c)
	}
}

// A configuration as printed is one that can be read, and means the same.
func TestPrintRoundTrip(t *testing.T) {
	c, err := Parse("a.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	var first, second strings.Builder
	if err := c.Print(&first); err != nil {
		t.Fatal(err)
	}
	again, err := Parse("b.yaml", []byte(first.String()))
	if err != nil {
		t.Fatalf("%v\n%s", err, first.String())
	}
	if err := again.Print(&second); err != nil {
		t.Fatal(err)
	}
	if first.String() != second.String() {
		t.Errorf("printed again:\n%s\nfirst:\n%s", second.String(), first.String())
	}
}

func TestPrintMasksPasswords(t *testing.T) {
	c := Default()
	c.Store.URL = "postgres://sm:geheim@db/sm"
	var b strings.Builder
	if err := c.Print(&b); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "geheim") || !strings.Contains(b.String(), "sm:xxxxx@db") {
		t.Errorf("password is shown or the rest is gone:\n%s", b.String())
	}
}

func TestErrorsNameFileLineAndKey(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"unknown key":        {strings.Replace(good, "hostname:", "hostnam:", 1), "c.yaml:4: smtp.hostnam: unknown key"},
		"unknown top key":    {good + "extra: 1\n", "c.yaml:12: extra: unknown key"},
		"wrong type":         {strings.Replace(good, "hostname: mx.example.org", "max_connections: many", 1), `c.yaml:4: smtp.max_connections: expected a whole number, found "many"`},
		"number for text":    {strings.Replace(good, "name: Demo Bostad AB", "name: 12", 1), "c.yaml:8: organisations[0].name: expected text"},
		"list for text":      {strings.Replace(good, "./data", "[a]", 1), "c.yaml:1: data_dir: expected text"},
		"text for list":      {strings.Replace(good, `["127.0.0.1:2525"]`, "127.0.0.1:2525", 1), "c.yaml:3: smtp.listen: expected a list"},
		"bad duration":       {strings.Replace(good, "90s", "90", 1), "c.yaml:5: smtp.timeouts.data: expected a duration"},
		"twice":              {strings.Replace(good, "data_dir: ./data", "data_dir: a\ndata_dir: b", 1), "data_dir"},
		"missing file":       {strings.Replace(good, "hostname:", "tls: {cert_file: /nowhere/c, key_file: /nowhere/k}\n  hostname:", 1), "c.yaml:4: smtp.tls.cert_file: open /nowhere/c"},
		"half of TLS":        {strings.Replace(good, "hostname:", "tls: {cert_file: x}\n  hostname:", 1), "c.yaml:4: smtp.tls: cert_file and key_file"},
		"bad word":           {strings.Replace(good, "hostname:", "bare_newline: keep\n  hostname:", 1), `c.yaml:4: smtp.bare_newline: "keep" is none of normalize, reject`},
		"bad listen":         {strings.Replace(good, "127.0.0.1:2525", "2525", 1), "c.yaml:3: smtp.listen[0]"},
		"bad proxy":          {strings.Replace(good, "hostname:", "trusted_proxies: [x]\n  hostname:", 1), "c.yaml:4: smtp.trusted_proxies[0]"},
		"no organisation":    {good[:strings.Index(good, "organisations")], "organisations: at least one is needed"},
		"bad intake":         {strings.Replace(good, "felanmalan@arende", "felanmalan.arende", 1), "c.yaml:11: organisations[0].intake[0].address"},
		"no YAML":            {"a: [", "c.yaml:1: "},
		"two documents":      {good + "---\na: 1\n", "more than one document"},
		"deep":               {"data_dir: " + strings.Repeat("[", 40) + strings.Repeat("]", 40), "data_dir: expected text"},
		"port too big":       {strings.Replace(good, "127.0.0.1:2525", "127.0.0.1:99999", 1), "c.yaml:3: smtp.listen[0]"},
		"bad language":       {good + "    language: klingon\n", `c.yaml:12: organisations[0].language: "klingon" is none of sv, en`},
		"bad selector":       {good + "    dkim: [{selector: a b, key_file: config.go}]\n", `c.yaml:12: organisations[0].dkim[0].selector: "a b" is no selector`},
		"no key in the file": {good + "    dkim: [{selector: s1, key_file: config.go}]\n", "c.yaml:12: organisations[0].dkim[0].key_file: config.go is no PEM file"},
		"key file missing":   {good + "    dkim: [{selector: s1, key_file: none.pem}]\n", "c.yaml:12: organisations[0].dkim[0].key_file: open none.pem"},
		"certificate no PEM": {strings.Replace(good, "hostname:", "tls: {cert_file: config.go, key_file: config.go}\n  hostname:", 1), "c.yaml:4: smtp.tls: certificate and key do not fit"},
		"bad colour":         {good + "    look: {colour: blue}\n", `c.yaml:12: organisations[0].look.colour: "blue" is no colour`},
		"no such templates":  {good + "    look: {templates: config.go}\n", "c.yaml:12: organisations[0].look.templates: config.go is no folder"},
		"bad block":          {good + "    policy: {block: [\"a b\"]}\n", `c.yaml:12: organisations[0].policy.block[0]: "a b" is no address or domain`},
		"bad sealer":         {good + "    policy: {trusted_sealers: [a@b.example]}\n", "c.yaml:12: organisations[0].policy.trusted_sealers[0]"},
		"bad rate":           {good + "    policy: {rate: {per_sender: -1}}\n", "c.yaml:12: organisations[0].policy.rate.per_sender: -1 is less"},
		"a right too many":   {good + "    policy: {rights: {known: [command]}}\n", `c.yaml:12: organisations[0].policy.rights.known[0]: "command" is none of read, attach, reopen`},
		"upper-case id":      {strings.Replace(good, "id: demo", "id: Demo", 1), "c.yaml:7: organisations[0].id"},
		"message too little": {strings.Replace(good, "hostname:", "max_message_bytes: 10\n  hostname:", 1), "c.yaml:4: smtp.max_message_bytes: 10 is less than"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("c.yaml", []byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want it to contain %q", err, c.want)
			}
		})
	}
}

func TestLoadReportsAMissingFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.yaml")
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("error is %v, want it to name %s", err, path)
	}
	if err := os.WriteFile(path, make([]byte, maxFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("a file over the limit gives %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("smtp: {listen: 1}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := Parse("f.yaml", text)
		if (c == nil) == (err == nil) {
			t.Errorf("config %v and error %v", c, err)
		}
	})
}
