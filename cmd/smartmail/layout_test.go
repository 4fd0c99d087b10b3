package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// order is the layout of the house: a package imports only from the rows above its own, or what its extra list names.
// What is missing here fails the test, so that nobody adds a room without saying where it stands.
var order = []struct {
	pkg     string
	imports []string
}{
	{"fault", nil},
	{"throttle", nil},
	{"trace", nil},
	{"download", nil},
	{"mailauth/verdict", nil},
	{"message/tnef", nil},
	{"message", []string{"fault", "message/tnef"}},
	{"picture/hevc", nil},
	{"picture", []string{"fault", "picture/hevc"}},
	{"outbound/dane", nil},
	{"dnsresolve", []string{"fault", "outbound/dane"}},
	{"mailauth/canon", nil},
	{"mailauth", []string{"fault", "message", "mailauth/verdict", "mailauth/canon", "dnsresolve"}},
	{"mailauth/dkimsign", []string{"message", "mailauth/canon"}},
	{"grammar", nil},
	{"property", []string{"fault"}},
	{"register", []string{"fault", "property"}},
	{"access", []string{"fault", "property"}},
	{"casework", []string{"fault", "property", "register", "access", "grammar", "message", "mailauth/verdict"}},
	{"threading", []string{"fault", "message", "mailauth/verdict", "casework"}},
	{"casestore", []string{"fault", "access", "property", "register", "casework"}},
	{"casestore/storetest", []string{"fault", "casework", "casestore"}},
	{"casestore/boltstore", []string{"fault", "casestore"}},
	{"follow", []string{"fault", "casework", "casestore"}},
	{"search", []string{"fault", "casework", "casestore", "follow"}},
	{"stats", []string{"fault", "property", "register", "casework", "casestore", "follow"}},
	{"stats/chart", nil},
	{"blobstore", []string{"fault"}},
	{"backup", []string{"fault", "blobstore"}},
	{"blobstore/files", []string{"fault", "blobstore"}},
	{"desk", []string{"fault", "trace", "access", "property", "register", "grammar", "message", "mailauth/verdict", "casework", "threading", "casestore", "search", "stats", "blobstore"}},
	{"exchange/sheet", []string{"fault", "property", "register"}},
	{"exchange", []string{"fault", "property", "register", "casework", "casestore", "desk", "exchange/sheet"}},
	{"sample", []string{"fault", "property", "register", "grammar", "casework", "casestore", "desk"}},
	{"compose", []string{"fault", "message", "picture", "casework", "threading", "desk"}},
	{"portal", []string{"fault", "throttle", "download", "message", "picture", "casework", "threading", "desk", "compose"}},
	{"webhook", []string{"fault", "casework", "casestore", "desk"}},
	{"report", []string{"fault", "throttle", "casework"}},
	{"outbound/mtasts", nil},
	{"outbound", []string{"fault", "trace", "message", "mailauth/dkimsign", "casework", "outbound/dane", "outbound/mtasts"}},
	{"sms", []string{"fault", "casework"}},
	{"scan", []string{"fault", "message"}},
	{"intake", []string{"fault", "trace", "message", "mailauth", "mailauth/verdict", "casework", "threading", "desk", "scan"}},
	{"smtpd", []string{"fault", "trace", "message"}},
	{"inbox", []string{"fault", "message", "smtpd"}},
	{"admin", []string{"fault", "trace", "access", "throttle", "download", "property", "register", "message", "mailauth/verdict", "casework", "desk", "casestore", "search", "stats", "stats/chart", "threading", "picture", "compose", "exchange", "exchange/sheet"}},
	{"mailbox", nil},
	{"control", nil},
	{"config", []string{"casework"}},
	{"bench/proc", nil},
	{"bench/fill", []string{"property", "register", "message", "mailauth", "mailauth/verdict", "casework", "threading", "casestore"}},
}

// programs may import anything.
var programs = []string{"cmd/smartmail", "cmd/testsum", "cmd/demo-order", "bench", "bench/cases", "bench/growth", "bench/memory", "bench/soak", "bench/torture", "corpus", "peers", "testrig"}

func TestImportsPointOneWay(t *testing.T) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "smartmail/...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	allowed := map[string][]string{}
	for _, row := range order {
		for _, imp := range row.imports {
			if _, above := allowed[imp]; !above {
				t.Errorf("%s may import %s, which stands below it", row.pkg, imp)
			}
		}
		allowed[row.pkg] = row.imports
	}
	seen := 0
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(p.ImportPath, "smartmail/")
		if slices.Contains(programs, name) {
			continue
		}
		may, ok := allowed[name]
		if !ok {
			t.Errorf("package %s has no place in the layout", name)
			continue
		}
		seen++
		for _, imp := range p.Imports {
			if own, ok := strings.CutPrefix(imp, "smartmail/"); ok && !slices.Contains(may, own) {
				t.Errorf("%s must not import %s", name, own)
			}
		}
	}
	if seen < len(order) {
		t.Errorf("only %d of %d packages were seen", seen, len(order))
	}
}
