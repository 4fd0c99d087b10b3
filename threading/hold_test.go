package threading

import (
	"slices"
	"testing"

	"smartmail/casework"
	"smartmail/message"
)

// Whatever a mail that is held proves, it waits for a person: once, with the case that it would have gone to.
func TestAHeldMailIsOnNoCase(t *testing.T) {
	look := stocked()
	router, _ := rig(t)
	to := func(n casework.CaseNumber, p casework.ParticipantNo) Route {
		addr, err := router.Address("a", n, p)
		if err != nil {
			t.Fatal(err)
		}
		r, err := router.Route(addr)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	intake, err := router.Route("fel@case.a.example")
	if err != nil {
		t.Fatal(err)
	}
	const why = "found by the scanners: clamd: Test"
	for name, c := range map[string]struct {
		routes []Route
		n      casework.CaseNumber
	}{
		"to an intake address":     {[]Route{intake}, 0},
		"to a case":                {[]Route{to(7, 1)}, 7},
		"to a case and an intake":  {[]Route{intake, to(7, 1)}, 7},
		"to two cases":             {[]Route{to(7, 1), to(8, 1)}, 7},
		"to one closed long ago":   {[]Route{to(8, 1)}, 8},
		"to nobody that is known":  {nil, 0},
		"to a case that is not so": {[]Route{to(99, 1)}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			m := Mail{
				Org: "a", At: noon, Routes: c.routes, Hold: why,
				Content: message.Content{Class: message.Personal, Subject: "SV: Droppande kran", From: message.Mailbox{Email: "anna@home.example"}},
			}
			ps, err := Resolve(m, router, look)
			if err != nil || len(ps) != 1 {
				t.Fatalf("placements %+v, %v", ps, err)
			}
			p := ps[0]
			if p.Target != Triage || p.Case != c.n || p.Why != why || p.Continues != 0 || len(p.Rcpt) != len(c.routes) {
				t.Errorf("placed at %+v", p)
			}
			if !slices.Contains(p.Matched.Reasons, why) {
				t.Errorf("reasons %q", p.Matched.Reasons)
			}
		})
	}
}
