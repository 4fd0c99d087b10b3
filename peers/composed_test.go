package peers

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// composed are the mails that we write, one of each kind and language.
func composed(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("../compose/testdata/*.eml")
	if err != nil || len(names) < 20 {
		t.Fatalf("%d composed mails, %v", len(names), err)
	}
	out := map[string]string{}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		out[filepath.Base(name)] = string(b)
	}
	return out
}

// Its own rules, and those of MIME types; it asks no network.
const rspamdRules = `
lua = "/usr/share/rspamd/rules/rspamd.lua";
modules { path = "/usr/share/rspamd/plugins/"; }
.include "/etc/rspamd/modules.d/mime_types.conf"
`

// rspamd's rules for headers, MIME, HTML and the like give no point for a mail of ours.
func TestRspamdHasNothingAgainstOurMail(t *testing.T) {
	need(t, "rspamd", "rspamd")
	_, addr := startRspamd(t, "127.0.0.1:9", rspamdRules)
	dated := regexp.MustCompile(`(?m)^Date: [^\r\n]*`)
	for name, mail := range composed(t) {
		mail = dated.ReplaceAllString(mail, "Date: "+time.Now().Format(time.RFC1123Z)) // golden mails grow old, and old mail is suspicious
		req, err := http.NewRequestWithContext(within(t, 30*time.Second), http.MethodPost, "http://"+addr+"/checkv2", strings.NewReader(mail))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("From", "b@arende.example.org")
		req.Header.Set("Rcpt", "jour@ror.example")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var said struct {
			Symbols map[string]struct{ Score float64 }
		}
		err = json.NewDecoder(resp.Body).Decode(&said)
		_ = resp.Body.Close() // read whole
		if _, read := said.Symbols["MIME_GOOD"]; err != nil || !read {
			t.Fatalf("%s: %v, %v", name, err, said)
		}
		var against []string
		for symbol, s := range said.Symbols {
			if s.Score > 0 {
				against = append(against, fmt.Sprintf("%s %.1f", symbol, s.Score))
			}
		}
		if len(against) > 0 {
			t.Errorf("%s: %v", name, against)
		}
	}
}
