package threading

import (
	"slices"
	"strings"
	"testing"
	"time"

	"smartmail/casework"
	"smartmail/mailauth/verdict"
	"smartmail/message"
)

// shelf is a Lookup in memory.
type shelf struct {
	cases map[casework.CaseNumber]casework.Case
	refs  map[string][]casework.Reference
}

func (s shelf) Case(n casework.CaseNumber) (casework.Case, bool, error) {
	c, ok := s.cases[n]
	return c, ok, nil
}

func (s shelf) References(id string) ([]casework.Reference, error) { return s.refs[id], nil }

func (s shelf) KnownAddress(email string) (bool, error) {
	for _, c := range s.cases {
		if slices.Contains(c.Mails(), email) {
			return true, nil
		}
	}
	return false, nil
}

func (s shelf) SpeaksFor(email string) ([]string, error) {
	if email == "montor@firma.example" {
		return []string{"jour@ror.example"}, nil
	}
	return nil, nil
}

func (s shelf) Recent(email string) (out []casework.Case, err error) {
	for _, c := range s.cases {
		if slices.Contains(c.Mails(), email) {
			out = append(out, c)
		}
	}
	return out, nil
}

// A shelf with case 7, open, with a customer (1), her husband (3) and a supplier (2), and case 8, closed a month ago.
func stocked() shelf {
	lanes := []casework.Lane{
		{ID: "customer", Kind: casework.LaneCustomer, Participants: []casework.Participant{{No: 1, Name: "Anna", Email: "Anna@home.example"}, {No: 3, Email: "bo@home.example"}}},
		{ID: "supplier-2", Kind: casework.LaneSupplier, Participants: []casework.Participant{{No: 2, Name: "Rör AB", Email: "jour@ror.example"}}},
	}
	return shelf{
		cases: map[casework.CaseNumber]casework.Case{
			7: {Org: "a", Number: 7, Subject: "Droppande kran", Status: casework.StatusStarted, Lanes: lanes},
			8: {Org: "a", Number: 8, Subject: "Trasig lampa", Status: casework.StatusClosed, ClosedAt: noon.AddDate(0, -1, 0), Lanes: lanes, Class: "el"},
		},
		refs: map[string][]casework.Reference{
			"first@home.example": {{Org: "a", MessageID: "first@home.example", Case: 7, Lane: "customer", Received: true, People: []string{"anna@home.example", "granne@home.example"}}},
		},
	}
}

// place is what a test says of a placement: target, case, lane, sender and by.
type place struct {
	target Target
	n      casework.CaseNumber
	lane   casework.LaneID
	sender casework.Sender
	by     string
}

func TestResolve(t *testing.T) {
	r, _ := rig(t)
	must := func(s string, err error) string {
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	customer, supplier, husband := must(r.Address("a", 7, 1)), must(r.Address("a", 7, 2)), must(r.Address("a", 7, 3))
	closed, gone := must(r.Address("a", 8, 2)), must(r.Address("a", 99, 1))
	ourID, bounce := must(r.MessageID("a", 7, 2, "x1")), must(r.BounceAddress("a", 7, 2, "x1"))
	const intake = "fel@case.a.example"
	pass := verdict.Verdict{DMARC: verdict.DMARC{Result: verdict.Pass, Policy: "reject"}}
	fail := verdict.Verdict{DMARC: verdict.DMARC{Result: verdict.Fail, Policy: "reject"}}
	forwarded := verdict.Verdict{
		ARC: verdict.Pass, DMARC: verdict.DMARC{Result: verdict.Fail, Policy: "reject", Domain: "ror.example"},
		Chain: verdict.Chain{Seals: []verdict.Seal{{Domain: "list.example", DMARC: verdict.Pass, From: "ror.example"}}},
	}
	quarantine := verdict.Verdict{DMARC: verdict.DMARC{Result: verdict.Fail, Policy: "quarantine"}}

	mail := func(from string, edit func(*message.Content)) message.Content {
		c := message.Content{Class: message.Personal, Subject: "SV: Droppande kran", From: message.Mailbox{Email: from}}
		if edit != nil {
			edit(&c)
		}
		return c
	}
	inReplyTo := func(id string) func(*message.Content) {
		return func(c *message.Content) { c.InReplyTo = []string{id}; c.Subject = "annat" }
	}
	for name, c := range map[string]struct {
		to     []string
		mail   message.Content
		auth   verdict.Verdict
		policy Policy
		want   []place
	}{
		"4a token, proved":             {to: []string{supplier}, mail: mail("jour@ror.example", nil), auth: pass, want: []place{{OnCase, 7, "supplier-2", casework.Verified, ByToken}}},
		"4a token, address only":       {to: []string{supplier}, mail: mail("Jour@Ror.example", nil), want: []place{{OnCase, 7, "supplier-2", casework.Known, ByToken}}},
		"4a token, proof for another":  {to: []string{supplier}, mail: mail("jour@ror.example", nil), auth: verdict.Verdict{From: "x@evil.example", DMARC: pass.DMARC}, want: []place{{OnCase, 7, "supplier-2", casework.Known, ByToken}}},
		"4a token of somebody else":    {to: []string{supplier}, mail: mail("x@evil.example", nil), auth: pass, want: []place{{OnCase, 7, "supplier-2", casework.Unconfirmed, ByToken}}},
		"4a token, spoofed owner":      {to: []string{supplier}, mail: mail("jour@ror.example", nil), auth: fail, want: []place{{OnCase, 7, "supplier-2", casework.Unconfirmed, ByToken}}},
		"4a token, forwarded":          {to: []string{supplier}, mail: mail("jour@ror.example", nil), auth: forwarded, policy: Policy{TrustedSealers: []string{"list.example"}}, want: []place{{OnCase, 7, "supplier-2", casework.Known, ByToken}}},
		"4a token, sealed by anybody":  {to: []string{supplier}, mail: mail("jour@ror.example", nil), auth: forwarded, want: []place{{OnCase, 7, "supplier-2", casework.Unconfirmed, ByToken}}},
		"4a token, same lane":          {to: []string{customer}, mail: mail("bo@home.example", nil), auth: pass, want: []place{{OnCase, 7, "customer", casework.Verified, ByToken}}},
		"4a token, other lane":         {to: []string{customer}, mail: mail("jour@ror.example", nil), auth: pass, want: []place{{OnCase, 7, "customer", casework.Unconfirmed, ByToken}}},
		"4a token, no From":            {to: []string{customer}, mail: mail("", nil), auth: pass, want: []place{{OnCase, 7, "customer", casework.Unconfirmed, ByToken}}},
		"token before headers":         {to: []string{customer}, mail: mail("anna@home.example", inReplyTo(ourID)), want: []place{{OnCase, 7, "customer", casework.Known, ByToken}}},
		"two tokens of one case":       {to: []string{customer, husband}, mail: mail("bo@home.example", nil), auth: pass, want: []place{{OnCase, 7, "customer", casework.Verified, ByToken}}},
		"the owner's lane of two":      {to: []string{customer, supplier}, mail: mail("jour@ror.example", nil), auth: pass, want: []place{{OnCase, 7, "supplier-2", casework.Verified, ByToken}}},
		"token and intake":             {to: []string{intake, supplier}, mail: mail("jour@ror.example", nil), want: []place{{OnCase, 7, "supplier-2", casework.Known, ByToken}}},
		"token and postmaster":         {to: []string{supplier, "postmaster@case.a.example"}, mail: mail("jour@ror.example", nil), want: []place{{OnCase, 7, "supplier-2", casework.Known, ByToken}, {Triage, 0, "", casework.Unknown, ByNew}}},
		"token of a case that is gone": {to: []string{gone}, mail: mail("jour@ror.example", nil), want: []place{{Triage, 0, "", casework.Unknown, ByNew}}},
		"closed long ago":              {to: []string{closed}, mail: mail("jour@ror.example", nil), auth: pass, want: []place{{NewCase, 8, "", casework.Verified, ByToken}}},
		"closed long ago, stranger":    {to: []string{closed}, mail: mail("x@evil.example", nil), want: []place{{Triage, 8, "supplier-2", casework.Unconfirmed, ByToken}}},
		"closed long ago, automatic":   {to: []string{closed}, mail: mail("jour@ror.example", func(c *message.Content) { c.Class = message.Automatic }), want: []place{{OnCase, 8, "supplier-2", casework.Known, ByToken}}},
		"bounce address":               {to: []string{bounce}, mail: mail("mailer-daemon@ror.example", func(c *message.Content) { c.Class = message.Bounce }), want: []place{{OnCase, 7, "supplier-2", casework.Unconfirmed, ByToken}}},

		"4b our Message-ID":           {to: []string{intake}, mail: mail("jour@ror.example", inReplyTo(ourID)), auth: pass, want: []place{{OnCase, 7, "supplier-2", casework.Verified, ByMessageID}}},
		"4b in References":            {to: []string{intake}, mail: mail("jour@ror.example", func(c *message.Content) { c.References = []string{"x@y", ourID, "z@y"} }), want: []place{{OnCase, 7, "supplier-2", casework.Known, ByMessageID}}},
		"4b forged":                   {to: []string{intake}, mail: mail("new@home.example", inReplyTo("m7-2-x1-aaaaaaaaaaaaaaaaaaaa@case.a.example")), want: []place{{NewCase, 0, "", casework.Unknown, ByNew}}},
		"4c takes part":               {to: []string{intake}, mail: mail("anna@home.example", inReplyTo("first@home.example")), want: []place{{OnCase, 7, "customer", casework.Known, ByReference}}},
		"4c was copied":               {to: []string{intake}, mail: mail("granne@home.example", inReplyTo("first@home.example")), auth: pass, want: []place{{OnCase, 7, "customer", casework.Known, ByReference}}},
		"4c stranger":                 {to: []string{intake}, mail: mail("x@evil.example", inReplyTo("first@home.example")), auth: pass, want: []place{{NewCase, 0, "", casework.Verified, ByNew}}},
		"4c on another's lane":        {to: []string{intake}, mail: mail("jour@ror.example", inReplyTo("first@home.example")), auth: pass, want: []place{{NewCase, 0, "", casework.Verified, ByNew}}},
		"4c spoofed":                  {to: []string{intake}, mail: mail("anna@home.example", inReplyTo("first@home.example")), auth: fail, want: []place{{NewCase, 0, "", casework.Unconfirmed, ByNew}}},
		"4d returned":                 {to: []string{intake}, mail: mail("jour@ror.example", func(c *message.Content) { c.Returned = []string{ourID} }), want: []place{{OnCase, 7, "supplier-2", casework.Known, ByReturned}}},
		"4e quoted":                   {to: []string{intake}, mail: mail("jour@ror.example", func(c *message.Content) { c.FullText = "> svara till " + strings.ToUpper(supplier) + "." }), want: []place{{OnCase, 7, "supplier-2", casework.Known, ByQuoted}}},
		"4e quoted by a stranger":     {to: []string{intake}, mail: mail("x@evil.example", func(c *message.Content) { c.HTML = "<a href=\"mailto:" + supplier + "\">" }), want: []place{{OnCase, 7, "supplier-2", casework.Unconfirmed, ByQuoted}}},
		"address in Cc":               {to: []string{intake}, mail: mail("jour@ror.example", func(c *message.Content) { c.Cc = []message.Mailbox{{Email: supplier}} }), want: []place{{OnCase, 7, "supplier-2", casework.Known, ByToken}}},
		"4f subject":                  {to: []string{intake}, mail: mail("anna@home.example", func(c *message.Content) { c.Subject = "Angående ärende 7" }), want: []place{{OnCase, 7, "customer", casework.Known, BySubject}}},
		"4f subject of a stranger":    {to: []string{intake}, mail: mail("x@evil.example", func(c *message.Content) { c.Subject = "SV: [#7] Droppande kran" }), want: []place{{NewCase, 0, "", casework.Unknown, ByNew}}},
		"4f subject, DMARC fails":     {to: []string{intake}, mail: mail("anna@home.example", func(c *message.Content) { c.Subject = "[#7]" }), auth: fail, want: []place{{NewCase, 0, "", casework.Unconfirmed, ByNew}}},
		"4f number of nothing":        {to: []string{intake}, mail: mail("anna@home.example", func(c *message.Content) { c.Subject = "lägenhet nr 1203" }), want: []place{{NewCase, 0, "", casework.Known, ByNew}}},
		"new, proved":                 {to: []string{intake}, mail: mail("new@home.example", nil), auth: pass, want: []place{{NewCase, 0, "", casework.Verified, ByNew}}},
		"new, unknown":                {to: []string{intake}, mail: mail("new@home.example", nil), want: []place{{NewCase, 0, "", casework.Unknown, ByNew}}},
		"new, two intakes":            {to: []string{intake, "info@a.example"}, mail: mail("new@home.example", nil), want: []place{{NewCase, 0, "", casework.Unknown, ByNew}}},
		"new, unknown waits":          {to: []string{intake}, mail: mail("new@home.example", nil), policy: Policy{TriageUnknown: true}, want: []place{{Triage, 0, "", casework.Unknown, ByNew}}},
		"known does not wait":         {to: []string{intake}, mail: mail("anna@home.example", nil), policy: Policy{TriageUnknown: true}, want: []place{{NewCase, 0, "", casework.Known, ByNew}}},
		"quarantine":                  {to: []string{intake}, mail: mail("new@home.example", nil), auth: quarantine, policy: Policy{EnforceDMARC: true}, want: []place{{Triage, 0, "", casework.Unknown, ByNew}}},
		"quarantine, only marked":     {to: []string{intake}, mail: mail("new@home.example", nil), auth: quarantine, want: []place{{NewCase, 0, "", casework.Unknown, ByNew}}},
		"vacation reply":              {to: []string{intake}, mail: mail("new@home.example", func(c *message.Content) { c.Class = message.Automatic }), want: []place{{Triage, 0, "", casework.Unknown, ByNew}}},
		"list mail":                   {to: []string{intake}, mail: mail("new@home.example", func(c *message.Content) { c.Class = message.List }), want: []place{{Triage, 0, "", casework.Unknown, ByNew}}},
		"unmatched bounce":            {to: []string{intake}, mail: mail("mailer-daemon@x.example", func(c *message.Content) { c.Class = message.Bounce }), want: []place{{Triage, 0, "", casework.Unknown, ByNew}}},
		"report":                      {to: []string{intake}, mail: mail("dmarc@x.example", func(c *message.Content) { c.Class = message.Report }), want: []place{{Triage, 0, "", casework.Unknown, ByNew}}},
		"unparseable":                 {to: []string{intake}, mail: mail("new@home.example", func(c *message.Content) { c.Unparseable = true }), want: []place{{Triage, 0, "", casework.Unknown, ByNew}}},
		"no From":                     {to: []string{intake}, mail: mail("", nil), want: []place{{Triage, 0, "", casework.Unknown, ByNew}}},
		"postmaster with a reference": {to: []string{"abuse@case.a.example"}, mail: mail("jour@ror.example", inReplyTo(ourID)), want: []place{{Triage, 7, "supplier-2", casework.Known, ByMessageID}}},
	} {
		t.Run(name, func(t *testing.T) {
			var routes []Route
			for _, to := range c.to {
				route, err := r.Route(to)
				if err != nil {
					t.Fatal(err)
				}
				routes = append(routes, route)
			}
			if c.auth.From == "" {
				c.auth.From = c.mail.From.Email
			}
			got, err := Resolve(Mail{Org: "a", Content: c.mail, Auth: c.auth, Routes: routes, At: noon, Policy: c.policy}, r, stocked())
			if err != nil {
				t.Fatal(err)
			}
			var places []place
			var rcpts []string
			for _, p := range got {
				n := p.Case
				if p.Target == NewCase {
					n = p.Continues
				}
				places = append(places, place{p.Target, n, p.Lane, p.Sender, p.Matched.By})
				rcpts = append(rcpts, p.Rcpt...)
				if len(p.Matched.Reasons) == 0 || (p.Target == Triage && p.Why == "") {
					t.Errorf("placement without a reason: %+v", p)
				}
			}
			if !slices.Equal(places, c.want) {
				t.Errorf("got %+v\nwant %+v\n%+v", places, c.want, got)
			}
			slices.Sort(rcpts)
			if want := slices.Sorted(slices.Values(c.to)); !slices.Equal(rcpts, want) {
				t.Errorf("recipients %v, want %v", rcpts, want)
			}
		})
	}
}

func TestChangedSubjectSuggestsASplit(t *testing.T) {
	r, _ := rig(t)
	addr, err := r.Address("a", 7, 1)
	if err != nil {
		t.Fatal(err)
	}
	route, err := r.Route(addr)
	if err != nil {
		t.Fatal(err)
	}
	for subject, want := range map[string]bool{
		"Droppande kran": false, "SV: Re: [Demo #7] droppande  kran": false, "": false, "VS: Fwd: AW[2]: Droppande kran": false,
		"SV: Arbetsorder: Droppande kran [#7-2]": false, "Droppande kran [#7]": false, "Re: Work order: Ny fråga [#7-2]": true,
		"Ny fråga om hyran": true, "SV: Ny fråga": true,
	} {
		m := Mail{Org: "a", Routes: []Route{route}, At: noon, Content: message.Content{Class: message.Personal, Subject: subject, From: message.Mailbox{Email: "anna@home.example"}}}
		got, err := Resolve(m, r, stocked())
		if err != nil || len(got) != 1 || got[0].Target != OnCase || got[0].Split != want {
			t.Errorf("subject %q: %+v, %v; want split %v", subject, got, err, want)
		}
	}
}

// A hostile mail with many references and quoted tokens asks the store a bounded number of times.
func TestResolveAsksABoundedNumberOfTimes(t *testing.T) {
	r, _ := rig(t)
	route, err := r.Route("fel@case.a.example")
	if err != nil {
		t.Fatal(err)
	}
	c := message.Content{Class: message.Personal, From: message.Mailbox{Email: "x@evil.example"}}
	for range 100 {
		c.References = append(c.References, strings.Repeat("x", 900)+"@y")
	}
	c.FullText = strings.Repeat("a1-1-aaaaaaaaaaaaaaaaaaaa@case.a.example ", 100_000)
	c.Subject = strings.Repeat("#1 ", 300)
	counted := &counter{shelf: stocked()}
	if _, err := Resolve(Mail{Org: "a", Routes: []Route{route}, Content: c, At: time.Now()}, r, counted); err != nil {
		t.Fatal(err)
	}
	if counted.asked > 110 {
		t.Errorf("asked %d times", counted.asked)
	}
}

type counter struct {
	shelf
	asked int
}

func (c *counter) Case(n casework.CaseNumber) (casework.Case, bool, error) {
	c.asked++
	return c.shelf.Case(n)
}

func (c *counter) References(id string) ([]casework.Reference, error) {
	c.asked++
	return c.shelf.References(id)
}
