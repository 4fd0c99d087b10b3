package register_test

import (
	"reflect"
	"testing"

	"smartmail/register"
)

func TestRetention(t *testing.T) {
	months := func(n int) *int { return &n }
	classes := []register.Class{
		{Path: "VVS", Retain: months(12)}, {Path: "VVS > Blandare"}, {Path: "VVS > Läcka", Retain: months(0)}, {Path: "VVS > Läcka > Tak", Retain: months(60)},
		{Path: "El", Archived: true, Retain: months(6)}, {Path: "Lås"},
	}
	r := register.NewRetention(24, classes)
	for class, want := range map[string]struct {
		rule   string
		months int
	}{
		"": {"", 24}, "Lås": {"", 24}, "unknown": {"", 24}, "VVS": {"VVS", 12}, "VVS > Blandare": {"VVS", 12}, "VVS > unknown": {"VVS", 12}, "VVSX": {"", 24},
		"VVS > Läcka": {"VVS > Läcka", 0}, "VVS > Läcka > Vägg": {"VVS > Läcka", 0}, "VVS > Läcka > Tak": {"VVS > Läcka > Tak", 60}, "El > Central": {"El", 6},
	} {
		if rule, n := r.For(class); rule != want.rule || n != want.months {
			t.Errorf("%q: %q, %d months, want %+v", class, rule, n, want)
		}
	}
	rules := r.Rules()
	if want := []register.RetentionRule{
		{Class: "", Months: 24, Except: []string{"El", "VVS"}}, {Class: "El", Months: 6}, {Class: "VVS", Months: 12, Except: []string{"VVS > Läcka"}}, {Class: "VVS > Läcka > Tak", Months: 60},
	}; !reflect.DeepEqual(rules, want) {
		t.Errorf("rules: %+v", rules)
	}
	if none := register.NewRetention(0, classes[1:2]).Rules(); len(none) != 0 {
		t.Errorf("rules where there are none: %+v", none)
	}
	// Whatever decides which cases are erased is another edition of the rule, and nothing else is.
	same := register.NewRetention(24, append([]register.Class{{Path: "Tvätt", Template: "x"}}, classes...)).Rules()
	less := register.NewRetention(24, classes[:5]).Rules()
	if same[0].Edition() != rules[0].Edition() || less[0].Edition() != rules[0].Edition() {
		t.Error("another edition, and nothing has changed")
	}
	classes[2].Retain = nil // the cases of leaks come under the rule of their class
	wider := register.NewRetention(36, classes).Rules()
	if wider[0].Edition() == rules[0].Edition() || wider[2].Edition() == rules[2].Edition() || wider[1].Edition() != rules[1].Edition() {
		t.Error("what changed is the same edition, or what did not is another")
	}
}

func TestClassChecksItsRetention(t *testing.T) {
	for n, ok := range map[int]bool{-1: false, 0: true, 1: true, register.MaxMonths: true, register.MaxMonths + 1: false} {
		if err := (register.Class{Path: "VVS", Retain: &n}).Check(); (err == nil) != ok {
			t.Errorf("%d months: %v", n, err)
		}
	}
}
