package mailauth

import (
	"net/mail"
	"slices"
	"strings"
	"testing"
)

func TestIdentity(t *testing.T) {
	const none = "" // no identity
	for _, tt := range []struct{ label, header, want string }{
		{"bare", "From: a@example.com\r\n", "a@example.com"},
		{"brackets", "From: <a@example.com>\r\n", "a@example.com"},
		{"name", "From: Anna Andersson <a@example.com>\r\n", "a@example.com"},
		{"quoted name", "From: \"Andersson, Anna\" <a@example.com>\r\n", "a@example.com"},
		{"quoted name with a quoted pair", "From: \"Anna \\\"A\\\" A\" <a@example.com>\r\n", "a@example.com"},
		{"encoded name", "From: =?utf-8?q?Bj=C3=B6rn?= <a@example.com>\r\n", "a@example.com"},
		{"encoded name, windows-1252", "From: =?windows-1252?q?Bj=F6rn_=96?= <a@example.com>\r\n", "a@example.com"},
		{"encoded name, ISO-2022-JP", "From: =?iso-2022-jp?b?GyRCIzwbKEI=?= <a@example.com>\r\n", "a@example.com"},
		{"UTF-8 name", "From: Björn <a@example.com>\r\n", "a@example.com"},
		{"comment behind", "From: a@example.com (Anna)\r\n", "a@example.com"},
		{"comment in the name", "From: Anna (sales) <a@example.com>\r\n", "a@example.com"},
		{"folded", "From: Anna\r\n <a@example.com>\r\n", "a@example.com"},
		{"the address for a name", "From: a@example.com <a@example.com>\r\n", "a@example.com"},
		{"another address quoted for a name: one address to all", "From: \"b@example.net\" <a@example.com>\r\n", "a@example.com"},
		{"domain's case", "FROM: A@EXAMPLE.com\r\n", "A@example.com"},
		{"international domain", "From: a@exämple.com\r\n", "a@xn--exmple-cua.com"},
		{"A-labels", "From: a@XN--exmple-cua.com\r\n", "a@xn--exmple-cua.com"},
		{"international local part", "From: björn@example.com\r\n", "björn@example.com"},
		{"plus", "From: a+b'c=d@example.com\r\n", "a+b'c=d@example.com"},
		{"LF alone throughout", "From: a@example.com\nTo: b@example.com\n", "a@example.com"},
		{"other From-like names", "Resent-From: b@example.net\r\nFrom: a@example.com\r\nX-From: c@example.net\r\n", "a@example.com"},

		{"none", "To: a@example.com\r\n", none},
		{"empty", "From: \r\n", none},
		{"name alone", "From: Anna\r\n", none},
		{"two lines", "From: a@example.com\r\nFrom: a@example.com\r\n", none},
		{"two lines, one with a space", "From: a@example.com\r\nFrom : b@example.net\r\n", none},
		{"space before the colon", "From : a@example.com\r\n", none},
		{"space before the first", " From: b@example.net\r\nFrom: a@example.com\r\n", none},
		{"name folded away from its colon", "From\r\n : b@example.net\r\n", none},
		{"zero width space in the name", "Fr\u200bom: b@example.net\r\nFrom: a@example.com\r\n", none},
		{"two addresses", "From: a@example.com, b@example.net\r\n", none},
		{"two in brackets", "From: <a@example.com> <b@example.net>\r\n", none},
		{"address before the brackets", "From: b@example.net <a@example.com>\r\n", none},
		{"group", "From: friends: a@example.com;\r\n", none},
		{"route", "From: <@example.net:a@example.com>\r\n", none},
		{"quoted pair outside quotes", "From: <b@example.net>\\,<a@example.com>\r\n", none},
		{"unquoted comma", "From: Andersson, Anna <a@example.com>\r\n", none},
		{"unclosed quote", "From: \"Anna <a@example.com>\r\n", none},
		{"unclosed bracket", "From: Anna <a@example.com\r\n", none},
		{"quoted local part", "From: \"a b\"@example.com\r\n", none},
		{"comment in the address", "From: a(x)@example.com\r\n", none},
		{"comment in brackets", "From: <a@example.com(x)>\r\n", none},
		{"comment with an address", "From: (b@example.net) <a@example.com>\r\n", none},
		{"nested comment", "From: a@example.com (x (y))\r\n", none},
		{"quoted address in brackets", "From: \"<b@example.net>\" <a@example.com>\r\n", none},
		{"encoded address", "From: =?utf-8?q?=3Cb=40example=2Enet=3E=2C?= <a@example.com>\r\n", none},
		{"encoded address, base64", "From: =?utf-8?b?PGJAZXhhbXBsZS5uZXQ+?= <a@example.com>\r\n", none},
		{"encoded NUL", "From: =?utf-8?q?b=00?= <a@example.com>\r\n", none},
		{"UTF-7", "From: =?utf-7?q?+ADw-b+AEA-example.net+AD4-?= <a@example.com>\r\n", none},
		{"encoded word in the address", "From: =?utf-8?q?a?=@example.com\r\n", none},
		{"no domain", "From: <anna>\r\n", none},
		{"two @", "From: a@example.net@example.com\r\n", none},
		{"address literal", "From: a@[192.0.2.1]\r\n", none},
		{"number for a domain", "From: a@192.0.2.1\r\n", none},
		{"one label", "From: a@localhost\r\n", none},
		{"last dot", "From: a@example.com.\r\n", none},
		{"other dots", "From: a@example。com\r\n", none},
		{"odd domain", "From: a@exam'ple.com\r\n", none},
		{"broken A-label", "From: a@xn--a.com\r\n", none},
		{"zero width joiner in the domain", "From: a@exam\u200dple.com\r\n", none},
		{"dots in a row", "From: a..b@example.com\r\n", none},
		{"NUL", "From: a@example.com\x00.net\r\n", none},
		{"NUL elsewhere", "Subject: \x00\r\nFrom: a@example.com\r\n", none},
		{"control character", "From: \x1b a@example.com\r\n", none},
		{"bare CR", "Subject: x\rFrom: b@example.net\r\nFrom: a@example.com\r\n", none},
		{"both line ends", "Subject: x\nFrom: a@example.com\r\n", none},
		{"broken UTF-8", "From: Bj\xf6rn <a@example.com>\r\n", none},
		{"empty continuation", "From: a@example.com\r\n \r\n", none},
		{"long local part", "From: " + strings.Repeat("a", 65) + "@example.com\r\n", none},
		{"long field", "From: " + strings.Repeat("a ", 3000) + "<a@example.com>\r\n", none},
	} {
		t.Run(tt.label, func(t *testing.T) {
			end := "\r\n"
			if !strings.Contains(tt.header, "\r") {
				end = "\n"
			}
			got := readIdentity(mustHeader(t, tt.header+end))
			if got.address != tt.want || (got.problem == "") != (tt.want != none) {
				t.Errorf("got %+v, want %q", got, tt.want)
			}
		})
	}
}

// FuzzFrom reads any header. An identity that is taken stands in the mail as it is, and the standard library's
// parser, where it can read the field, reads the same one address.
func FuzzFrom(f *testing.F) {
	for _, s := range []string{
		"From: a@example.com", "From: \"A, B\" <a@example.com>", "From: =?utf-8?q?a?= <a@example.com>",
		"From: a@example.com (x)", "From: <@b.example,@c.example:a@example.com>", "From: x: a@example.com;",
		"From: a@example.com\r\nFrom: b@example.net", "From\r\n : a@example.com", " From: a@example.com",
		"From: <a@example.com>\\,<b@example.net>", "From: a@exämple.com",
	} {
		f.Add(s + "\r\n\r\n")
	}
	f.Fuzz(func(t *testing.T, text string) {
		h := mustHeader(t, text)
		id := readIdentity(h)
		if id.problem != "" {
			if id.address != "" || id.domain != "" {
				t.Fatalf("a problem and an identity: %+v", id)
			}
			return
		}
		local, domain, _ := strings.Cut(id.address, "@")
		if domain != id.domain || !strings.Contains(text, local) {
			t.Errorf("%+v is not what stands there", id)
		}
		if again, ok := asciiDomain(domain); !ok || again != domain {
			t.Errorf("domain %q is not in its final form", domain)
		}
		for _, field := range h.named("From") {
			list, err := mail.ParseAddressList(field.value())
			if err != nil {
				continue
			}
			if len(list) != 1 {
				t.Fatalf("another parser reads %d addresses", len(list))
			}
			l, d, _ := strings.Cut(list[0].Address, "@")
			if d, _ = asciiDomain(d); l != local || d != domain {
				t.Errorf("another parser reads %q, not %q", list[0].Address, id.address)
			}
		}
	})
}

func TestClaimedDomains(t *testing.T) {
	for header, want := range map[string][]string{
		"From: a@example.com, b@EXAMPLE.net\r\n":                      {"example.com", "example.net"},
		"From: a@example.com\r\nFrom : b@example.net\r\n":             {"example.com", "example.net"},
		"From: us: a@example.com, b@example.com;\r\n":                 {"example.com"},
		"From: =?utf-8?b?PGJAZXhhbXBsZS5uZXQ+?= <a@example.com>\r\n":  {"example.com", "example.net"},
		"From: <@route.test:a@example.com>\r\n":                       {"route.test", "example.com"},
		"From: \"a@example.com\\\"\"@example.net.\r\n":                {"example.com", "example.net"},
		"From: a@exämple.com b@x\r\n":                                 {"xn--exmple-cua.com"},
		"From: a@b1.test@b2.test@b3.test@b4.test@b5.test@b6.test\r\n": {"b1.test", "b2.test", "b3.test", "b4.test", "b5.test"},
		"From: Anna\r\nTo: a@example.com\r\n":                         nil,
		"From: " + strings.Repeat("@ä", 1000) + " a@example.com\r\n":  nil,
	} {
		if got := claimedDomains(mustHeader(t, header+"\r\n")); !slices.Equal(got, want) {
			t.Errorf("%.80q: %q, want %q", header, got, want)
		}
	}
}
