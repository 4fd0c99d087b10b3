package mailauth

import (
	"strings"
	"testing"

	"smartmail/mailauth/verdict"
)

func TestAuthenticationResults(t *testing.T) {
	for _, tt := range []struct {
		label string
		v     verdict.Verdict
		want  string
	}{
		{"all there", verdict.Verdict{
			SPF: verdict.SPF{Result: "pass", Domain: "example.com", Identity: verdict.MailFrom},
			DKIM: []verdict.DKIM{
				{Result: "pass", Domain: "example.com", Selector: "s1"},
				{Result: "permerror", Domain: "example.net", Selector: "s2", Reason: "no key for signature"},
			},
			DMARC: verdict.DMARC{Result: "pass", Policy: "reject", Domain: "example.com"},
			ARC:   "none",
		}, `mx.example.org; spf=pass smtp.mailfrom=example.com; dkim=pass header.d=example.com header.s=s1; ` +
			`dkim=permerror reason="no key for signature" header.d=example.net header.s=s2; ` +
			`dmarc=pass policy.dmarc=reject header.from=example.com; arc=none`},
		{"nothing there", verdict.Verdict{}, `mx.example.org; spf=none; dkim=none; dmarc=none; arc=none`},
		{"HELO", verdict.Verdict{SPF: verdict.SPF{Result: "fail", Domain: "mail.example.com", Identity: verdict.Helo}, ARC: "pass"},
			`mx.example.org; spf=fail smtp.helo=mail.example.com; dkim=none; dmarc=none; arc=pass`},
		{"injection", verdict.Verdict{
			SPF:   verdict.SPF{Result: "none", Domain: "x.test; dmarc=pass"},
			DKIM:  []verdict.DKIM{{Result: "pass", Domain: "legitimate.com'a.test", Selector: "a\"\\\r\nX: y"}},
			DMARC: verdict.DMARC{Result: "permerror", Reason: "several From lines"},
		}, `mx.example.org; spf=none smtp.mailfrom="x.test; dmarc=pass"; ` +
			`dkim=pass header.d="legitimate.com'a.test" header.s="a\"\\??X: y"; ` +
			`dmarc=permerror reason="several From lines"; arc=none`},
		{"too long", verdict.Verdict{DKIM: []verdict.DKIM{{Result: "fail", Domain: strings.Repeat("å", 200)}}},
			`mx.example.org; spf=none; dkim=fail header.d="` + strings.Repeat("å", 127) + `?"; dmarc=none; arc=none`},
	} {
		if got := AuthenticationResults("mx.example.org", tt.v); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.label, got, tt.want)
		}
	}
}
