package config

import (
	"strings"
	"testing"
)

// The debug pages need no token, so they are for this machine alone, unless it is said otherwise.
func TestDebug(t *testing.T) {
	for _, tt := range []struct{ yaml, fault string }{
		{`{listen: ""}`, ""},
		{`{listen: "127.0.0.1:6060"}`, ""},
		{`{listen: "[::1]:6060"}`, ""},
		{`{listen: "localhost:6060"}`, ""},
		{`{listen: "0.0.0.0:6060", public: true}`, ""},
		{`{listen: "0.0.0.0:6060"}`, `a.yaml:12: debug.listen: "0.0.0.0:6060" is not on loopback`},
		{`{listen: ":6060"}`, "debug.listen"},
		{`{listen: "debug.example.org:6060"}`, "is not on loopback"},
		{`{listen: "6060"}`, "debug.listen"},
		{`{port: 6060}`, "port"},
	} {
		_, err := Parse("a.yaml", []byte(good+"debug: "+tt.yaml+"\n"))
		if tt.fault == "" && err != nil || tt.fault != "" && (err == nil || !strings.Contains(err.Error(), tt.fault)) {
			t.Errorf("%s: %v", tt.yaml, err)
		}
	}
}
