package dnsresolve

import (
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// FuzzRead gives the reader of answers hostile messages: what it takes is about the question, and kept no longer than
// the records allow.
func FuzzRead(f *testing.F) {
	q, _ := question("a.test", dns.TypeTXT)
	for _, lines := range [][]string{
		{`a.test. 60 IN TXT "x"`},
		{`a.test. 60 IN CNAME b.test.`, `b.test. 5 IN TXT "x"`},
		{`a.test. 60 IN CNAME a.test.`},
	} {
		m := new(dns.Msg)
		m.SetQuestion(q.Name, q.Qtype)
		m.Response = true
		for _, line := range lines {
			rr, err := dns.NewRR(line)
			if err != nil {
				f.Fatal(err)
			}
			m.Answer = append(m.Answer, rr)
		}
		wire, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(wire)
	}
	f.Fuzz(func(t *testing.T, wire []byte) {
		m := new(dns.Msg)
		if m.Unpack(wire) != nil {
			return
		}
		a, err := read(m, q)
		if err != nil && len(a.records) > 0 {
			t.Errorf("records together with error %v", err)
		}
		for _, rr := range a.records {
			if rr.Header().Rrtype != q.Qtype {
				t.Errorf("a record of another type: %v", rr)
			}
			if a.ttl > time.Duration(rr.Header().Ttl)*time.Second {
				t.Errorf("kept for %v: %v", a.ttl, rr)
			}
		}
	})
}

// FuzzName takes any octets for a name: what becomes a question reads back as the same octets.
func FuzzName(f *testing.F) {
	for _, s := range []string{"a.test", "odd name.test", `back\slash.test`, "nul\x00.test", "å.test", ".", "0..", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		q, ok := question(name, dns.TypeTXT)
		if !ok {
			return
		}
		if got := unescapeName(q.Name); strings.TrimSuffix(got, ".") != strings.TrimSuffix(name, ".") {
			t.Errorf("%q became %q", name, got)
		}
	})
}
