package mailauth

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

type spfCase struct {
	Helo     string                       `json:"helo"`
	Client   string                       `json:"client_ip"`
	MailFrom string                       `json:"mailfrom"`
	Accepted []string                     `json:"accepted_results"`
	Zone     map[string][]json.RawMessage `json:"zonedata"`
	Records  []struct {
		Kind, Name, IP string
		Value          json.RawMessage
		Preference     uint16
	} `json:"records"`
}

// zone builds the case's DNS out of either suite's form.
func (c spfCase) zone(t *testing.T) *zone {
	z := newZone()
	for name, records := range c.Zone {
		z.addSuite(t, strings.ToLower(name), records)
	}
	str := func(raw json.RawMessage) string {
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	for _, r := range c.Records {
		name := strings.ToLower(r.Name)
		switch r.Kind {
		case "txt":
			z.txt[name] = append(z.txt[name], str(r.Value))
		case "a", "aaaa":
			z.ip[name] = append(z.ip[name], str(r.Value))
		case "mx":
			z.mx[name] = append(z.mx[name], &net.MX{Host: str(r.Value), Pref: r.Preference})
		case "ptr":
			var one string
			var many []string
			if json.Unmarshal(r.Value, &one) == nil {
				many = []string{one}
			} else if err := json.Unmarshal(r.Value, &many); err != nil {
				t.Fatal(err)
			}
			z.ptr[r.IP] = append(z.ptr[r.IP], many...)
		default:
			t.Fatalf("unknown kind %q", r.Kind)
		}
	}
	return z
}

// addSuite adds a name in the form of the openspf suite: SPF stands for TXT unless TXT is given as well.
func (z *zone) addSuite(t *testing.T, name string, records []json.RawMessage) {
	var spf []string
	hasTXT := false
	for _, raw := range records {
		var word string
		if json.Unmarshal(raw, &word) == nil && word == "TIMEOUT" {
			z.down[name] = true
			continue
		}
		var r struct {
			A, AAAA, PTR, TXT, CNAME string
			SPF                      json.RawMessage
			MX                       []any // preference, as a number or a string of one, and host
		}
		if err := json.Unmarshal(raw, &r); err != nil {
			t.Fatal(err)
		}
		switch {
		case r.A != "":
			z.ip[name] = append(z.ip[name], r.A)
		case r.AAAA != "":
			z.ip[name] = append(z.ip[name], r.AAAA)
		case r.PTR != "":
			if addr, ok := reversed(name); ok {
				z.ptr[addr] = append(z.ptr[addr], r.PTR)
			}
		case r.CNAME != "":
			z.alias[name] = strings.ToLower(r.CNAME)
		case r.MX != nil:
			z.mx[name] = append(z.mx[name], &net.MX{Host: fmt.Sprint(r.MX[1])})
		case r.SPF != nil:
			var one string
			var many []string
			if json.Unmarshal(r.SPF, &one) == nil {
				many = []string{one}
			} else if err := json.Unmarshal(r.SPF, &many); err != nil {
				t.Fatal(err)
			}
			spf = append(spf, strings.Join(many, ""))
		default:
			hasTXT = true
			if r.TXT != "NONE" {
				z.txt[name] = append(z.txt[name], r.TXT)
			}
		}
	}
	if !hasTXT {
		z.txt[name] = append(z.txt[name], spf...)
	}
}

// reversed reads the address out of the name of a PTR record.
func reversed(name string) (string, bool) {
	labels := strings.Split(name, ".")
	slices.Reverse(labels)
	if len(labels) == 6 {
		return strings.Join(labels[2:], "."), true
	}
	var b strings.Builder
	for i, l := range labels[2:] {
		if i > 0 && i%4 == 0 {
			b.WriteByte(':')
		}
		b.WriteString(l)
	}
	addr, err := netip.ParseAddr(b.String())
	return addr.String(), err == nil
}

// TestSPFSuites runs both public suites.
func TestSPFSuites(t *testing.T) {
	for _, set := range []string{"spf-rfc7208", "spf-stalwart"} {
		t.Run(set, func(t *testing.T) {
			for _, name := range files(t, set+"/*.json") {
				var c spfCase
				readJSON(t, name, &c)
				client, err := netip.ParseAddr(c.Client)
				if err != nil {
					t.Fatal(err)
				}
				checker := New(Options{Resolver: c.zone(t)})
				got := checker.spf(context.Background(), Input{Client: client, Helo: c.Helo, ReversePath: c.MailFrom})
				if !slices.Contains(c.Accepted, got.Result) {
					t.Errorf("%s: got %q, want one of %q", filepath.Base(name), got.Result, c.Accepted)
				}
			}
		})
	}
}
