package casework

import (
	"testing"
	"time"

	"smartmail/fault"
)

// disabledHook is one that has failed for days.
func disabledHook() Webhook {
	w := Webhook{ID: "w", Org: "a", URL: "https://erp.example.org/secret-path", Kinds: []string{"note"}, Seq: 7}
	for at := noon; w.Active(); at = w.NextAt {
		w.Told(WebhookCall{Event: 8, At: at, Status: 500})
	}
	return w
}

// A webhook that is disabled waits for an administrator, who is told its host alone, until he decides.
func TestWebhookWaits(t *testing.T) {
	w := disabledHook()
	a, ok := w.Waits()
	if !ok || a.Entry != "w" || !a.Since.Equal(w.DisabledAt) || a.Words("en") != "the webhook to erp.example.org was disabled after days of failure: see its last answers, "+
		"put its receiver or address right and make it active again, or remove it" {
		t.Errorf("%v %+v %q", ok, a, a.Words("en"))
	}
	for name, e := range map[string]WebhookEdit{"active": {Active: new(true)}, "paused": {Active: new(false)}} {
		if w, err := w.Edit(e); err != nil || w.Seq != 7 || w.Edition != 1 {
			t.Errorf("%s: %+v, %v", name, w, err)
		} else if _, waits := w.Waits(); waits {
			t.Errorf("%s, and yet it waits", name)
		}
	}
	if moved, err := w.Edit(WebhookEdit{URL: new("https://other.example.org")}); err != nil || moved.Active() {
		t.Errorf("another address makes it active: %v", err)
	}
}

func TestEditWebhook(t *testing.T) {
	w := Webhook{URL: "https://a.example", Kinds: []string{"note"}, Seq: 7}
	w.Told(WebhookCall{Event: 8, At: noon})
	for name, x := range map[string]struct {
		edit    WebhookEdit
		edition uint64
		active  bool
		next    bool // it waits for its next attempt
	}{
		"nothing":         {WebhookEdit{}, 0, true, true},
		"the same":        {WebhookEdit{URL: new("https://a.example"), Kinds: new([]string{"note"}), Active: new(true)}, 0, true, true},
		"another address": {WebhookEdit{URL: new("https://b.example")}, 1, true, false},
		"all kinds":       {WebhookEdit{Kinds: new([]string{})}, 1, true, true},
		"paused":          {WebhookEdit{Active: new(false)}, 1, false, true},
	} {
		got, err := w.Edit(x.edit)
		if err != nil || got.Edition != x.edition || got.Active() != x.active || got.NextAt.IsZero() == x.next || got.Seq != 7 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if _, err := w.Edit(WebhookEdit{URL: new("ftp://a.example")}); !fault.Is(err, fault.Invalid) {
		t.Errorf("no address: %v", err)
	}
	if _, err := w.Edit(WebhookEdit{Kinds: new([]string{"note", "mail-in"})}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a kind that there is not: %v", err)
	}
	if _, err := w.Edit(WebhookEdit{Kinds: new([]string{"register", "hold"})}); err != nil {
		t.Errorf("other kinds: %v", err)
	}
	w.Kinds = []string{"of before"}
	if got, err := w.Edit(WebhookEdit{Kinds: new([]string{"of before"}), Active: new(false)}); err != nil || got.Active() {
		t.Errorf("one with an old kind can't be paused: %v", err)
	}
	paused, _ := w.Edit(WebhookEdit{Active: new(false)})
	again, err := paused.Edit(WebhookEdit{Active: new(true)})
	if err != nil || !again.Active() || again.Edition != 2 || again.Attempts != 0 || !again.NextAt.Equal(time.Time{}) {
		t.Errorf("it goes on as %+v, %v", again, err)
	}
}
