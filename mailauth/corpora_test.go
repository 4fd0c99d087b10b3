package mailauth

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"smartmail/mailauth/canon"
	"smartmail/mailauth/verdict"
)

const corpora = "../../shared/corpora"

// files returns a set's files by pattern, or skips.
func files(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(corpora, pattern))
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Skip("corpora not present")
	}
	return names
}

func readJSON(t *testing.T, name string, v any) {
	t.Helper()
	if err := json.Unmarshal(readFile(t, name), v); err != nil {
		t.Fatal(err)
	}
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestDMARCVectors(t *testing.T) {
	for _, name := range files(t, "dmarc-vectors/*.json") {
		var c struct {
			TXT      map[string][]string `json:"dns_txt"`
			Domain   string              `json:"header_from_domain"`
			DKIM     []verdict.DKIM      `json:"dkim"`
			SPF      verdict.SPF         `json:"spf"`
			Expected struct {
				Result, Policy string
				Reject         *bool
			} `json:"expected"`
		}
		readJSON(t, name, &c)
		z := newZone()
		z.txt = c.TXT
		checker := New(Options{Resolver: z})
		got := evaluate(c.Domain, checker.discover(context.Background(), c.Domain), c.SPF, c.DKIM, func() int { return 0 })
		if want := c.Expected.Result; want != "" && got.Result != want {
			t.Errorf("%s: result %q, want %q", name, got.Result, want)
		}
		if want := c.Expected.Policy; want != "" && got.Policy != want {
			t.Errorf("%s: policy %q, want %q", name, got.Policy, want)
		}
		if want, reject := c.Expected.Reject, got.Result == verdict.Fail && got.Policy == verdict.PolicyReject; want != nil && *want != reject {
			t.Errorf("%s: reject %v, want %v", name, reject, *want)
		}
	}
}

type dkimCase struct {
	File       string `json:"file"`
	Valid      *int   `json:"dkim_valid"`
	Last       string `json:"dkim_last_signature"`
	VerifyTime int64  `json:"verify_time_unix"`
	DKIM       []struct{ Domain, Selector, Result string }
}

func manifest[T any](t *testing.T, set string) []T {
	t.Helper()
	var out []T
	lines := bufio.NewScanner(bytes.NewReader(readFile(t, files(t, set+"/manifest.jsonl")[0])))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c T
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		out = append(out, c)
	}
	return out
}

// TestDKIMVectors verifies signed mails, each at its time.
func TestDKIMVectors(t *testing.T) {
	for _, c := range manifest[dkimCase](t, "dkim-vectors") {
		if strings.HasPrefix(c.File, "canon/") {
			continue // in a test of its own
		}
		t.Run(c.File, func(t *testing.T) {
			now := time.Now
			if c.VerifyTime != 0 {
				now = func() time.Time { return time.Unix(c.VerifyTime, 0) }
			}
			z, text := dkimVector(t, c)
			checker := New(Options{Resolver: z, Now: now})
			v, _ := checker.Check(t.Context(), Input{Raw: bytes.NewReader(text)})
			if c.Last != "" {
				if len(v.DKIM) == 0 || v.DKIM[len(v.DKIM)-1].Result != c.Last {
					t.Errorf("got %+v, want the last %s", v.DKIM, c.Last)
				}
				return
			}
			if len(v.DKIM) < len(c.DKIM) {
				t.Fatalf("got %d signatures, want %d", len(v.DKIM), len(c.DKIM))
			}
			for i, want := range c.DKIM {
				got := v.DKIM[i]
				if !strings.Contains(want.Result, got.Result) ||
					want.Domain != "" && (got.Domain != want.Domain || got.Selector != want.Selector) {
					t.Errorf("signature %d: got %+v, want %+v", i, got, want)
				}
			}
		})
	}
}

// dkimVector reads a case's DNS and mail in either suite's form.
func dkimVector(t *testing.T, c dkimCase) (*zone, []byte) {
	z := newZone()
	name := filepath.Join(corpora, "dkim-vectors", c.File)
	text := readFile(t, name)
	if c.Last != "" {
		records, rest, _ := bytes.Cut(text, []byte("\n\n"))
		for line := range strings.Lines(string(records)) {
			name, txt, _ := strings.Cut(strings.TrimSpace(line), " ")
			z.txt[strings.ToLower(strings.TrimSuffix(name, "."))] = append(z.txt[strings.ToLower(strings.TrimSuffix(name, "."))], txt)
		}
		return z, crlf(rest)
	}
	records, err := os.ReadFile(strings.TrimSuffix(name, ".msg") + ".dns")
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for entry := range strings.SplitSeq(strings.ReplaceAll(string(records), "\\\n", ""), "\n") {
		name, txt, ok := strings.Cut(entry, ":")
		switch txt = strings.TrimSpace(txt); {
		case !ok || strings.HasPrefix(name, "#"):
		case txt == "TEMPERROR":
			z.down[name] = true
		default:
			z.txt[name] = append(z.txt[name], txt)
		}
	}
	return z, crlf(text)
}

func TestCanonicalVectors(t *testing.T) {
	for _, name := range files(t, "dkim-vectors/canon/email.*") {
		text := readFile(t, name)
		h, err := readHeader(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, form := range []string{simple, relaxed} {
			var got bytes.Buffer
			for _, f := range h.fields {
				if form == relaxed {
					f.text = canon.Field(f.text)
				}
				got.WriteString(f.text)
			}
			got.WriteString("\r\n")
			body := &canon.Body{W: &got, Relaxed: form == relaxed}
			if _, err := body.Write(text[h.body:]); err != nil {
				t.Fatal(err)
			}
			if err := body.Close(); err != nil {
				t.Fatal(err)
			}
			want := readFile(t, strings.Replace(name, "email.", form+".expected.", 1))
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("%s %s: got %q, want %q", filepath.Base(name), form, got.Bytes(), want)
			}
		}
	}
}

func TestARCVectors(t *testing.T) {
	type arcCase struct {
		File string `json:"file"`
		CV   string `json:"arc_cv"`
	}
	for _, c := range manifest[arcCase](t, "arc-valimail") {
		if c.CV == "" {
			continue // signing
		}
		name := filepath.Join(corpora, "arc-valimail", c.File)
		var dns struct {
			TXT map[string]string `json:"txt_records"`
		}
		readJSON(t, strings.TrimSuffix(name, ".eml")+".json", &dns)
		z := newZone()
		for k, v := range dns.TXT {
			z.txt[k] = []string{v}
		}
		v, _ := New(Options{Resolver: z}).Check(t.Context(), Input{Raw: bytes.NewReader(crlf(readFile(t, name)))})
		if v.ARC != c.CV {
			t.Errorf("%s: got %s, want %s", c.File, v.ARC, c.CV)
		}
	}
}

// TestSpoofs sends the published attacks: the attacker controls attack.com, its DNS and a client, and nothing else.
func TestSpoofs(t *testing.T) {
	for _, name := range files(t, "spoof-espoofer/*.json") {
		var c struct {
			Helo     string `json:"helo"`
			MailFrom string `json:"mail_from_raw"`
			Message  string `json:"message_base64"`
			Sign     *struct{ D, S string }
			Zones    map[string]struct{ SPF, DMARC string }
		}
		readJSON(t, name, &c)
		z := newZone()
		for domain, records := range c.Zones {
			z.txt[domain] = []string{records.SPF}
			if records.DMARC != "" {
				z.txt["_dmarc."+domain] = []string{records.DMARC}
			}
		}
		for _, sub := range []string{"mailfrom", "any", "helo"} {
			z.txt[sub+".attack.com"] = z.txt["attack.com"]
		}
		text, err := base64.StdEncoding.DecodeString(c.Message)
		if err != nil {
			t.Fatal(err)
		}
		v, err := New(Options{Resolver: z}).Check(t.Context(), Input{
			Client: netip.MustParseAddr("198.51.100.7"), Helo: c.Helo, ReversePath: strings.Trim(c.MailFrom, "<>"),
			Raw: bytes.NewReader(text),
		})
		if err != nil || v.Aligned() {
			t.Errorf("%s: %+v, %v", filepath.Base(name), v, err)
		}
	}
}
