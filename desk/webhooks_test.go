package desk_test

import (
	"slices"
	"testing"
	"time"

	"smartmail/access"
	"smartmail/casework"
	"smartmail/desk"
	"smartmail/fault"
)

// hook makes a webhook.
func hook(t *testing.T, d *desk.Desk) casework.Webhook {
	t.Helper()
	w, err := d.CreateWebhook(t.Context(), casework.Webhook{Org: "a", URL: "https://erp.example.org/x"}, eva)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// A webhook that is disabled is once in the lists of managers and of whoever may administer, until it is put right.
func TestDisabledWebhookIsToDo(t *testing.T) {
	d, c := staffed(t)
	w := hook(t, d)
	if _, err := d.ChangeWebhook(t.Context(), "a", w.ID, func(w *casework.Webhook) { w.DisabledAt = c.Now() }); err != nil {
		t.Fatal(err)
	}
	c.forward(time.Second)
	peer(t, d, c, 1, "x@away.example", "postmaster@a.example", "Hej", nil)
	c.forward(time.Second)
	peer(t, d, c, 2, "x@away.example", "postmaster@a.example", "Hej?", nil)
	want := []string{"soon webhook 0", "soon triage 0", "soon triage 0"}
	for _, who := range []string{"", "mats"} {
		for _, limit := range []int{1, 2, 10} {
			if got := todos(t, d, who, limit); !slices.Equal(got, want) {
				t.Errorf("%q in pages of %d: %q", who, limit, got)
			}
		}
	}
	if got := todos(t, d, "nora", 10); len(got) != 0 {
		t.Errorf("a technician: %q", got)
	}
	for _, role := range access.Roles()[3:] { // from the technician on
		page, err := d.For(access.Grant{Role: role}).Todos(t.Context(), "a", "mats", nil, 10)
		sees := slices.ContainsFunc(page.Items, func(i desk.Todo) bool { return i.Webhook != nil })
		if sees != slices.Contains(role.Permissions, access.Administer) || err != nil && !fault.Is(err, fault.Forbidden) {
			t.Errorf("%s sees it: %v, %v", role.ID, sees, err)
		}
	}
	if _, err := d.EditWebhook(t.Context(), "a", w.ID, casework.WebhookEdit{Active: new(true)}, 0); err != nil {
		t.Fatal(err)
	}
	if got := todos(t, d, "mats", 10); !slices.Equal(got, want[1:]) {
		t.Errorf("when it is active again: %q", got)
	}
}

// Deliveries change no edition: whoever saw what people said of a webhook may change it.
func TestEditWebhook(t *testing.T) {
	d, _ := open(t, t.TempDir())
	heard := 0
	d.Logged = func() { heard++ }
	w := hook(t, d)
	if _, err := d.ChangeWebhook(t.Context(), "a", w.ID, func(w *casework.Webhook) { w.Told(casework.WebhookCall{Status: 200, Event: 1}) }); err != nil {
		t.Fatal(err)
	}
	got, err := d.EditWebhook(t.Context(), "a", w.ID, casework.WebhookEdit{Active: new(false)}, 1)
	if err != nil || got.Active() || got.Seq != 1 || heard != 1 {
		t.Errorf("%+v, %v, heard %d", got, err, heard)
	}
	for name, x := range map[string]struct {
		id     string
		edit   casework.WebhookEdit
		expect uint64
		want   fault.Kind
	}{
		"stale":      {w.ID, casework.WebhookEdit{Active: new(true)}, 1, fault.Conflict},
		"no address": {w.ID, casework.WebhookEdit{URL: new("x")}, 0, fault.Invalid},
		"none":       {"none", casework.WebhookEdit{}, 0, fault.NotFound},
	} {
		if _, err := d.EditWebhook(t.Context(), "a", x.id, x.edit, x.expect); !fault.Is(err, x.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
