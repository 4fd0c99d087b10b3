package verdict_test

import (
	"testing"

	"smartmail/mailauth/verdict"
)

func TestForwardedBy(t *testing.T) {
	good := verdict.Seal{Domain: "list.example", DMARC: "pass", From: "example.com"}
	mine := verdict.Seal{Domain: "relay.example", DMARC: "fail", From: "example.com"}
	evil := verdict.Seal{Domain: "evil.example", DMARC: "pass", From: "example.com"}
	trusted := []string{"List.example", "relay.example"}
	for _, tt := range []struct {
		label string
		arc   string
		seals []verdict.Seal
		want  string
	}{
		{"trusted", verdict.Pass, []verdict.Seal{good}, "list.example"},
		{"trusted all the way", verdict.Pass, []verdict.Seal{good, mine}, "list.example"},
		{"a stranger before", verdict.Pass, []verdict.Seal{evil, good}, "list.example"},
		{"a stranger behind may have put the seals on another mail", verdict.Pass, []verdict.Seal{good, evil}, ""},
		{"no one trusted", verdict.Pass, []verdict.Seal{evil}, ""},
		{"broken chain", verdict.Fail, []verdict.Seal{good}, ""},
		{"no chain", verdict.None, nil, ""},
		{"no pass", verdict.Pass, []verdict.Seal{mine}, ""},
		{"about another domain", verdict.Pass, []verdict.Seal{{Domain: "list.example", DMARC: "pass", From: "example.net"}}, ""},
		{"about none", verdict.Pass, []verdict.Seal{{Domain: "list.example", DMARC: "pass"}}, ""},
		{"under a trusted one", verdict.Pass, []verdict.Seal{{Domain: "x.list.example", DMARC: "pass", From: "example.com"}}, ""},
	} {
		v := verdict.Verdict{ARC: tt.arc, From: "a@example.com", DMARC: verdict.DMARC{Result: verdict.Fail, Domain: "example.com"},
			Chain: verdict.Chain{Seals: tt.seals}}
		if got, ok := v.ForwardedBy(trusted); got != tt.want || ok != (tt.want != "") {
			t.Errorf("%s: %q, %v", tt.label, got, ok)
		}
		v.From, v.DMARC.Domain = "", ""
		if _, ok := v.ForwardedBy(trusted); ok {
			t.Errorf("%s: forwarded without a From", tt.label)
		}
	}
	v := verdict.Verdict{ARC: verdict.Fail, From: "a@example.com", DMARC: verdict.DMARC{Domain: "example.com"},
		Chain: verdict.Chain{Temporary: true, Seals: []verdict.Seal{good}}}
	if _, ok := v.ForwardedBy(trusted); ok || !v.ForwardUndecided(trusted) || v.ForwardUndecided(nil) {
		t.Error("a key that can't be looked up leaves it open")
	}
	v.Chain.Temporary = false
	if v.ForwardUndecided(trusted) {
		t.Error("a broken chain leaves nothing open")
	}
}
