package desk_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartmail/casework"
)

// What a domain asks for is kept for a restart, replaced by what is newer, and forgotten when it has run out.
func TestTransportPolicy(t *testing.T) {
	d, c := open(t, t.TempDir())
	if _, ok, err := d.TransportPolicy(t.Context(), "home.example"); ok || err != nil {
		t.Errorf("before any: %v, %v", ok, err)
	}
	want := casework.TransportPolicy{Domain: "home.example", ID: "1", Mode: "enforce", MX: []string{"*.home.example"}, MaxAge: time.Hour, Fetched: c.Now().UTC().Round(0)}
	late := want
	late.ID, late.Fetched = "0", want.Fetched.Add(-time.Minute)
	other := want
	other.Domain, other.MaxAge = "other.example", 48*time.Hour
	for _, p := range []casework.TransportPolicy{want, other, late} {
		if err := d.KeepTransportPolicy(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	keep := func(domain string, want casework.TransportPolicy, there bool) {
		t.Helper()
		got, ok, err := d.TransportPolicy(t.Context(), domain)
		got.Version = 0
		if diff := cmp.Diff(want, got); ok != there || err != nil || diff != "" {
			t.Errorf("%v, %v\n%s", ok, err, diff)
		}
	}
	keep("home.example", want, true)
	newer := want
	newer.ID, newer.Mode = "2", "testing"
	if err := d.KeepTransportPolicy(t.Context(), newer); err != nil {
		t.Fatal(err)
	}
	keep("home.example", newer, true)
	c.forward(time.Hour)
	if n, err := d.ForgetTransportPolicies(t.Context()); n != 1 || err != nil {
		t.Errorf("forgot %d, %v", n, err)
	}
	keep("home.example", casework.TransportPolicy{}, false)
	keep("other.example", other, true)
}
