package intake

import (
	"fmt"
	"testing"
	"time"

	"smartmail/casework"
	"smartmail/fault"
	"smartmail/mailauth/verdict"
	"smartmail/message"
	"smartmail/threading"
)

func TestAddresses(t *testing.T) {
	a := NewAddresses([]string{"Anna@Home.example", "firma.example", "@evil.example"})
	for addr, want := range map[string]bool{
		"anna@home.example": true, "ANNA@HOME.EXAMPLE": true, "bo@home.example": false, "x@firma.example": true, "x@mail.firma.example": true,
		"x@notfirma.example": false, "x@evil.example": true, "": false, "x": false, "@": false, "x@example": false,
	} {
		if got := a.Has(addr); got != want {
			t.Errorf("%q: %v, want %v", addr, got, want)
		}
	}
	if (Addresses{}).Has("a@b") {
		t.Error("an empty list has somebody")
	}
}

func TestApply(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	p := Policy{
		Policy: threading.Policy{TriageUnknown: true},
		Allow:  NewAddresses([]string{"vän.example", "anna@home.example"}), Block: NewAddresses([]string{"evil.example"}),
		PerSender: 2, PerDomain: 3,
	}
	mail := func(from string, proved bool) casework.Mail {
		m := casework.Mail{Content: message.Content{From: message.Mailbox{Email: from}}}
		m.Envelope.Protocol = "ESMTP"
		if proved {
			m.Auth = verdict.Verdict{From: from, DMARC: verdict.DMARC{Result: verdict.Pass}}
		}
		return m
	}
	bounced := mail("ok@home.example", false)
	bounced.Envelope.ReversePath = "x@sub.evil.example"
	imported := mail("a@home.example", false)
	imported.Envelope.Protocol = ""
	type step struct {
		name  string
		m     casework.Mail
		want  error
		waits bool // an unknown sender would wait for a person
	}
	for name, steps := range map[string][]step{
		"blocked":                 {{"From", mail("x@evil.example", true), fault.New(fault.Forbidden, ""), true}, {"reverse-path", bounced, fault.New(fault.Forbidden, ""), true}},
		"allowed":                 {{"1", mail("anna@home.example", true), nil, false}, {"2", mail("anna@home.example", true), nil, false}, {"3", mail("anna@home.example", true), nil, false}},
		"allowed without proof":   {{"1", mail("anna@home.example", false), nil, true}, {"2", mail("anna@home.example", false), nil, true}, {"3", mail("anna@home.example", false), fault.New(fault.Busy, ""), true}},
		"by sender":               {{"1", mail("b@c.example", false), nil, true}, {"2", mail("b@c.example", false), nil, true}, {"3", mail("b@c.example", false), fault.New(fault.Busy, ""), true}, {"proved", mail("b@c.example", true), nil, true}},
		"by domain":               {{"1", mail("1@c.example", false), nil, true}, {"2", mail("2@c.example", false), nil, true}, {"3", mail("3@c.example", false), nil, true}, {"4", mail("4@c.example", false), fault.New(fault.Busy, ""), true}},
		"imports are not counted": {{"1", imported, nil, true}, {"2", imported, nil, true}, {"3", imported, nil, true}},
	} {
		i := New(Options{Now: func() time.Time { return now }})
		for _, s := range steps {
			got, err := i.apply(p, "a", s.m)
			if (err == nil) != (s.want == nil) || err != nil && fault.KindOf(err) != fault.KindOf(s.want) || got.TriageUnknown != s.waits {
				t.Errorf("%s, %s: %v, waits %v; want %v, %v", name, s.name, err, got.TriageUnknown, s.want, s.waits)
			}
		}
	}
}

func TestRatesRefillAndForget(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	r := newRates(func() time.Time { return now }, 3)
	take := func(key string) bool { return r.take(key, 2) }
	if first, second, third := take("a"), take("a"), take("a"); !first || !second || third {
		t.Errorf("two an hour are %v, %v, %v", first, second, third)
	}
	now = now.Add(30 * time.Minute)
	if !take("a") || take("a") {
		t.Error("after half an hour one more is not one more")
	}
	for i := range 100 {
		take(fmt.Sprint(i))
	}
	if len(r.byKey) != 3 || r.used.Len() != 3 {
		t.Errorf("%d and %d keys are kept, want 3", len(r.byKey), r.used.Len())
	}
	if !r.take("x", 0) || len(r.byKey) != 3 {
		t.Error("no limit counts")
	}
}

func TestRefuseSpoofed(t *testing.T) {
	seal := verdict.Chain{Seals: []verdict.Seal{{Domain: "list.example", DMARC: verdict.Pass, From: "b.example"}}}
	undecided := seal
	undecided.Temporary = true
	enforce := Policy{Policy: threading.Policy{EnforceDMARC: true, TrustedSealers: []string{"list.example"}}}
	for name, c := range map[string]struct {
		arc    string
		chain  verdict.Chain
		policy Policy
		proto  string
		want   error
	}{
		"enforced":               {verdict.None, verdict.Chain{}, enforce, "SMTP", fault.New(fault.Unauthenticated, "")},
		"only marked":            {verdict.None, verdict.Chain{}, Policy{}, "SMTP", nil},
		"imported":               {verdict.None, verdict.Chain{}, enforce, "", nil},
		"forwarded":              {verdict.Pass, seal, enforce, "SMTP", nil},
		"seal that fails":        {verdict.Fail, seal, enforce, "SMTP", fault.New(fault.Unauthenticated, "")},
		"seal cannot be checked": {verdict.Fail, undecided, enforce, "SMTP", fault.New(fault.Ours, "")},
		"sealer is not trusted":  {verdict.Pass, seal, Policy{Policy: threading.Policy{EnforceDMARC: true}}, "SMTP", fault.New(fault.Unauthenticated, "")},
	} {
		m := casework.Mail{Auth: verdict.Verdict{
			From: "a@b.example", ARC: c.arc, Chain: c.chain,
			DMARC: verdict.DMARC{Result: verdict.Fail, Policy: verdict.PolicyReject, Domain: "b.example"},
		}}
		m.Envelope.Protocol = c.proto
		if err := refuseSpoofed(m, c.policy); (err == nil) != (c.want == nil) || err != nil && fault.KindOf(err) != fault.KindOf(c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}
