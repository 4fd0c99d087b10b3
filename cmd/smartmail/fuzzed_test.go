package main

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// decoders are packages that take apart what others wrote. Who imports one of them is taken for a parser; the test can't see one that
// goes through octets by itself, so those are named below.
var decoders = []string{
	"encoding/base64", "encoding/csv", "encoding/hex", "encoding/json", "encoding/xml", "mime", "net/mail", "net/textproto", "archive/tar", "archive/zip", "compress/gzip", "image",
	"gopkg.in/yaml.v3", "github.com/miekg/dns", "github.com/arran4/golang-ical", "github.com/jhillyerd/enmime/v2", "golang.org/x/net/html", "github.com/xuri/excelize/v2", "github.com/pires/go-proxyproto",
}

// byHand parse without any of them.
var byHand = []string{"grammar", "mailbox", "scan", "message/tnef", "mailauth/canon", "picture/hevc", "outbound", "outbound/mtasts", "search", "trace"}

// trusted import a decoder and parse nothing that comes from outside; each with why.
var trusted = map[string]string{
	"bench/fill":          "hexadecimal digits of a sum that it makes",
	"casestore":           "reads our own rows, whose checksums boltstore has held (FuzzDecodeRow)",
	"casestore/storetest": "reads what it wrote",
	"compose":             "writes mails; a logo is the administrator's, pictures are read in package picture (FuzzPicture)",
	"control":             "a socket that only this user opens",
	"inbox":               "the demo's mailbox: mail of our own",
	"intake":              "hexadecimal digits of a sum that it makes",
	"portal":              "its tokens are read in threading (FuzzVerifyLink)",
	"stats/chart":         "writes",
	"webhook":             "writes events; of answers it keeps a status and 300 octets",
}

// Whoever parses what comes from outside has a fuzz target, or says why not.
func TestParsersAreFuzzed(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Dir,Imports", "smartmail/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	fuzzed, parsers := map[string]bool{}, map[string]bool{}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath, Dir string
			Imports         []string
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
		parsers[name] = slices.Contains(byHand, name) || slices.ContainsFunc(p.Imports, func(i string) bool { return slices.Contains(decoders, i) })
		tests, err := filepath.Glob(filepath.Join(p.Dir, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range tests {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			fuzzed[name] = fuzzed[name] || strings.Contains(string(text), "\nfunc Fuzz")
		}
	}
	for name, parses := range parsers {
		why, known := trusted[name]
		switch {
		case parses && !fuzzed[name] && !known:
			t.Errorf("%s parses, and has no fuzz target", name)
		case known && (!parses || fuzzed[name] || why == ""):
			t.Errorf("%s needs no excuse", name)
		}
	}
	for _, name := range append(slices.Clone(byHand), slices.Collect(maps.Keys(trusted))...) {
		if _, there := parsers[name]; !there {
			t.Errorf("there is no package %s", name)
		}
	}
}
