package mtasts

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParsePolicy(t *testing.T) {
	const good = "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.Example.NET.\r\nmax_age: 604800\r\n"
	tests := map[string]struct {
		text string
		want Mode // empty: an error
	}{
		"as in the RFC":     {good, Enforce},
		"LF alone":          {strings.ReplaceAll(good, "\r\n", "\n"), Enforce},
		"no last line end":  {strings.TrimRight(good, "\r\n"), Enforce},
		"unknown keys":      {good + "future: x: y\r\n", Enforce},
		"twice":             {good + "mode: none\r\n", Enforce},
		"testing":           {strings.Replace(good, "enforce", "testing", 1), Testing},
		"none without mx":   {"version: STSv1\nmode: none\nmax_age: 86400\n", None},
		"other mode":        {strings.Replace(good, "enforce", "Enforce", 1), ""},
		"other version":     {strings.Replace(good, "STSv1", "STSv2", 1), ""},
		"no version":        {strings.Replace(good, "version: STSv1\r\n", "", 1), ""},
		"no mx":             {"version: STSv1\nmode: enforce\nmax_age: 86400\n", ""},
		"no max_age":        {"version: STSv1\nmode: enforce\nmx: a.example\n", ""},
		"negative":          {strings.Replace(good, "604800", "-1", 1), ""},
		"eleven digits":     {strings.Replace(good, "604800", "00000604800", 1), ""},
		"empty":             {"", ""},
		"a page":            {"<html>\n", ""},
		"mx is no name":     {good + "mx: a b\r\n", ""},
		"mx is a star":      {good + "mx: *.\r\n", ""},
		"star in the midst": {good + "mx: a.*.example\r\n", ""},
		"too long":          {good + strings.Repeat("x", maxPolicy), ""},
		"too many":          {good + strings.Repeat("mx: a.example\r\n", maxMX), ""},
	}
	for name, tc := range tests {
		p, err := ParsePolicy([]byte(tc.text))
		if (err == nil) != (tc.want != "") || p.Mode != tc.want {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
	p, err := ParsePolicy([]byte(good))
	if err != nil || p.MaxAge != 604800*time.Second || !slices.Equal(p.MX, []string{"mail.example.com", "*.example.net"}) {
		t.Errorf("%+v, %v", p, err)
	}
	if p, err = ParsePolicy([]byte(strings.Replace(good, "604800", "9999999999", 1))); err != nil || p.MaxAge != maxAge {
		t.Errorf("the longest: %v, %v", p.MaxAge, err)
	}
}

func TestAllows(t *testing.T) {
	p := Policy{MX: []string{"mail.example.com", "*.example.net"}}
	for host, want := range map[string]bool{
		"mail.example.com": true, "a.mail.example.com": false, "other.example.com": false,
		"mx1.example.net": true, "example.net": false, "a.b.example.net": false, ".example.net": false, "": false,
	} {
		if p.Allows(host) != want {
			t.Errorf("%s: %v", host, !want)
		}
	}
}

func TestRecordID(t *testing.T) {
	for name, tc := range map[string]struct {
		txts []string
		want string
	}{
		"as in the RFC":    {[]string{"v=STSv1; id=20160831085700Z;"}, "20160831085700Z"},
		"without spaces":   {[]string{"v=STSv1;id=1"}, "1"},
		"among others":     {[]string{"v=spf1 -all", "v=STSv1; x=y; id=2"}, "2"},
		"two":              {[]string{"v=STSv1; id=1", "v=STSv1; id=2"}, ""},
		"no id":            {[]string{"v=STSv1;"}, ""},
		"another version":  {[]string{"v=STSv10; id=1"}, ""},
		"id is too long":   {[]string{"v=STSv1; id=" + strings.Repeat("1", 33)}, ""},
		"id of other text": {[]string{"v=STSv1; id=a-b"}, ""},
		"nothing":          {nil, ""},
	} {
		if got, ok := recordID(tc.txts); got != tc.want || ok != (tc.want != "") {
			t.Errorf("%s: %q, %v", name, got, ok)
		}
	}
}

func FuzzPolicy(f *testing.F) {
	f.Add("version: STSv1\nmode: enforce\nmx: *.a.example\nmax_age: 1\n")
	f.Add("version: STSv1\nmode: none\nmax_age: 18446744073709551615\n")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePolicy([]byte(text))
		if err != nil {
			return
		}
		if p.MaxAge < 0 || p.MaxAge > maxAge || len(p.MX) > maxMX || p.Mode != None && len(p.MX) == 0 {
			t.Errorf("%q gives %+v", text, p)
		}
		for _, mx := range p.MX {
			if host := strings.Replace(mx, "*", "a", 1); !p.Allows(host) {
				t.Errorf("%q does not allow %q", mx, host)
			}
		}
	})
}

func FuzzRecordID(f *testing.F) {
	f.Add("v=STSv1; id=1;")
	f.Fuzz(func(t *testing.T, txt string) {
		if id, ok := recordID([]string{txt}); ok && !validID(id) {
			t.Errorf("%q gives %q", txt, id)
		}
	})
}
