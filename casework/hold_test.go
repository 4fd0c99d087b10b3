package casework

import (
	"encoding/json"
	"strings"
	"testing"

	"smartmail/fault"
)

// A hold is set and lifted with a reason, on the timeline; who is outside sees nothing of it.
func TestHold(t *testing.T) {
	c, entries := do(t, opened(t), SetHold{On: true, Reason: "Tvist i\nhyresnämnden"}, noon)
	if c.Hold == nil || c.Hold.Reason != "Tvist i hyresnämnden" || c.Hold.By != staff || !c.Hold.At.Equal(noon) {
		t.Fatalf("the hold is %+v", c.Hold)
	}
	if e := entries[0]; e.Kind != KindHold || e.Why != c.Hold.Reason || e.Change.To != c.Hold.Reason || c.ShownTo("customer", e) {
		t.Errorf("it is told by %+v", e)
	}
	if c.Outside([]LaneID{"customer"}).Hold != nil {
		t.Error("the customer sees the hold")
	}
	if _, again := do(t, c, SetHold{On: true, Reason: "Tvist i hyresnämnden"}, noon); len(again) != 0 {
		t.Errorf("the same again tells %+v", again)
	}
	lifted, entries := do(t, c, SetHold{Reason: "avgjort"}, noon)
	if lifted.Hold != nil || c.Hold == nil || entries[0].Change.From == "" || entries[0].Change.To != "" {
		t.Errorf("lifted: %+v, %+v", lifted.Hold, entries)
	}
	for name, x := range map[string]struct {
		cmd  SetHold
		on   Case
		by   Actor
		kind fault.Kind
	}{
		"no reason": {SetHold{On: true, Reason: " \n"}, c, staff, fault.Invalid}, "long": {SetHold{On: true, Reason: strings.Repeat("x", maxField+1)}, c, staff, fault.Invalid},
		"lift none": {SetHold{Reason: "x"}, lifted, staff, fault.Conflict}, "by mail": {SetHold{On: true, Reason: "x"}, lifted, Actor{Via: ViaMail, Mail: "anna@home.example"}, fault.Forbidden},
	} {
		if _, _, err := Do(x.on, x.cmd, x.by, noon, ids()); !fault.Is(err, x.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A case of before there were holds has none; one that was stored with a hold is read as it was.
func TestHeldRowsStayReadable(t *testing.T) {
	for row, want := range map[string]string{
		`{"org":"a","number":7,"subject":"Kran","status":"closed"}`:                                                    "",
		`{"org":"a","number":7,"hold":{"reason":"tvist","by":{"via":"api","name":"Eva"},"at":"2026-11-25T12:00:00Z"}}`: "tvist",
	} {
		var c Case
		if err := json.Unmarshal([]byte(row), &c); err != nil || (c.Hold != nil) != (want != "") || want != "" && (c.Hold.Reason != want || c.Hold.At.Year() != 2026) {
			t.Errorf("%s: %+v, %v", row, c.Hold, err)
		}
	}
}
