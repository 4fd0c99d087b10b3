package message

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"smartmail/fault"
)

func TestAddresses(t *testing.T) {
	tests := []struct {
		name, value string
		want        []Mailbox
	}{
		{"bare", "anna@Example.COM", []Mailbox{{"", "anna@example.com"}}},
		{"local part kept", "Anna.Ek@example.com", []Mailbox{{"", "Anna.Ek@example.com"}}},
		{"name", "Anna Ek <anna@example.com>", []Mailbox{{"Anna Ek", "anna@example.com"}}},
		{"quoted name", `"Ek, Anna" <anna@example.com>`, []Mailbox{{"Ek, Anna", "anna@example.com"}}},
		{"unquoted dot and brackets", "Ek [Bostad] A.B. <anna@example.com>", []Mailbox{{"Ek [Bostad] A.B.", "anna@example.com"}}},
		{"unquoted at sign", "anna@home <anna@example.com>", []Mailbox{{"anna@home", "anna@example.com"}}},
		{"encoded name", "=?iso-8859-1?q?=C5sa?= <a@example.com>", []Mailbox{{"Åsa", "a@example.com"}}},
		{"encoded inside quotes", `"=?utf-8?q?=C3=85sa?=" <a@example.com>`, []Mailbox{{"Åsa", "a@example.com"}}},
		{"encoded comma", "=?utf-8?q?Ek=2C_Anna?= <a@example.com>, b@example.com", []Mailbox{{"Ek, Anna", "a@example.com"}, {"", "b@example.com"}}},
		{"raw Latin-1", "\xc5sa <a@example.com>", []Mailbox{{"Åsa", "a@example.com"}}},
		{"non-ASCII address", "åsa@exämple.com", []Mailbox{{"", "åsa@exämple.com"}}},
		{"comment", "anna@example.com (Anna Ek)", []Mailbox{{"Anna Ek", "anna@example.com"}}},
		{"group", "Alla: a@example.com, B <b@example.com>;", []Mailbox{{"", "a@example.com"}, {"B", "b@example.com"}}},
		{"empty group", "undisclosed-recipients:;", nil},
		{"semicolons", "a@example.com; b@example.com", []Mailbox{{"", "a@example.com"}, {"", "b@example.com"}}},
		{"no domain", "root", []Mailbox{{"root", ""}}},
		{"empty brackets", "MAILER-DAEMON <>", []Mailbox{{"MAILER-DAEMON", ""}}},
		{"bracket not closed", "Anna <anna@example.com", []Mailbox{{"Anna", "anna@example.com"}}},
		{"no brackets", "Anna Ek anna@example.com", []Mailbox{{"Anna Ek", "anna@example.com"}}},
		{"an address hidden in an encoded word", "=?utf-8?q?x_=3Cboss=40example=2Ecom=3E?=", []Mailbox{{"x <boss@example.com>", ""}}},
		{"two addresses in one", "<a@example.com> <b@example.com>", []Mailbox{{"<a@example.com>", "b@example.com"}}},
		{"empty", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := parseAddresses(tt.value, 200); !slices.Equal(got, tt.want) {
				t.Errorf("%+v, expected %+v", got, tt.want)
			}
		})
	}
}

func TestFrom(t *testing.T) {
	tests := []struct {
		name, header string
		from         Mailbox
		all          int
	}{
		{"one", "From: a@example.com\r\n", Mailbox{"", "a@example.com"}, 0},
		{"two in a line", "From: a@example.com, b@example.com\r\n", Mailbox{"", "a@example.com"}, 2},
		{"two lines", "From: a@example.com\r\nFrom: b@example.com\r\n", Mailbox{"", "a@example.com"}, 2},
		{"two lines, one empty", "From: a@example.com\r\nFrom:\r\n", Mailbox{"", "a@example.com"}, 1},
		{"none", "To: a@example.com\r\n", Mailbox{}, 0},
		{"unreadable", "From: root\r\n", Mailbox{"root", ""}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := Parse(context.Background(), InMemory(tt.header+"\r\n"), Limits{})
			if c.From != tt.from || len(c.FromAll) != tt.all {
				t.Errorf("from %+v of %+v, expected %+v of %d", c.From, c.FromAll, tt.from, tt.all)
			}
		})
	}
}

func TestDates(t *testing.T) {
	at := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	tests := []struct {
		value string
		want  time.Time
	}{
		{"Mon, 5 Jan 2026 10:00:00 +0100", at},
		{"Mon, 05 Jan 2026 10:00:00 +0100 (CET)", at},
		{"5 Jan 2026 09:00 GMT", at},
		{"Mon,5 Jan 2026 09:00:00 GMT", at},
		{"mån, 5 Jan 2026 10:00:00 +0100", at},
		{"Mon Jan  5 09:00:00 2026", at},
		{"Mon, 5 Jan 26 09:00:00 +0000", at},
		{"2026-01-05T10:00:00+01:00", at},
		{"5 January 2026 10:00:00 +0100", at},
		{"Mon, 5 Jan 2026 10.00.00 +0100", at},
		{"", time.Time{}},
		{"i går", time.Time{}},
		{"Mon, 5 Jan 0026 10:00:00 +0100", time.Time{}},
		{strings.Repeat("5 Jan ", 100), time.Time{}},
	}
	for _, tt := range tests {
		t.Run(tt.value, func(t *testing.T) {
			if got := parseDate(tt.value); !got.Equal(tt.want) {
				t.Errorf("%v, expected %v", got, tt.want)
			}
		})
	}
}

func TestMessageIDs(t *testing.T) {
	tests := []struct {
		value string
		want  []string
	}{
		{"<a@b>", []string{"a@b"}},
		{"<A@B> <c@d>", []string{"A@B", "c@d"}},
		{"<a@b><c@d>", []string{"a@b", "c@d"}},
		{"a@b", []string{"a@b"}},
		{"Your message of Monday <a@b> (was: x)", []string{"a@b"}},
		{"Your message of Monday", nil},
		{"<a@b", []string{"a@b"}},
		{"<<a@b>>", []string{"a@b"}},
		{"<a\r\n b@c>", []string{"ab@c"}},
		{"<>", nil},
		{"", nil},
	}
	for _, tt := range tests {
		t.Run(tt.value, func(t *testing.T) {
			if got := parseIDs(tt.value); !slices.Equal(got, tt.want) {
				t.Errorf("%q, expected %q", got, tt.want)
			}
		})
	}
}

func TestReferencesKeepTheNewest(t *testing.T) {
	var refs strings.Builder
	for i := range 150 {
		fmt.Fprintf(&refs, " <%d@example.com>\r\n", i)
	}
	c := Parse(context.Background(), InMemory("References:"+refs.String()+"\r\n"), Limits{})
	if len(c.References) != 100 || c.References[0] != "50@example.com" || c.References[99] != "149@example.com" {
		t.Errorf("%d references: %q", len(c.References), c.References)
	}
}

func TestHeader(t *testing.T) {
	mail := InMemory("From: a@example.com\r\nDKIM-Signature : v=1;\r\n\tb=abc\r\nFROM: b@example.com\r\n\r\nFrom: not me\r\n")
	fields, err := Header(mail, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range fields {
		got = append(got, f.Name+"|"+string(f.Value))
	}
	want := []string{"From| a@example.com", "DKIM-Signature| v=1;\r\n\tb=abc", "FROM| b@example.com"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, expected %q", got, want)
	}
	if _, err := Header(mail, 40); !fault.Is(err, fault.TooBig) {
		t.Errorf("a header over the limit: %v", err)
	}
}
