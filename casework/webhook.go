package casework

import (
	"fmt"
	"net/url"
	"slices"
	"time"

	"smartmail/fault"
)

// Webhook is an address elsewhere that is told of an organisation's events, in the order of the log.
type Webhook struct {
	ID        string    `json:"id"`
	Org       OrgID     `json:"org"`
	URL       string    `json:"url"`
	Kinds     []string  `json:"kinds,omitempty"` // of entries, or "register"; none: all
	Secret    string    `json:"secret"`          // whsec_ and base64: both sides need it to sign
	CreatedAt time.Time `json:"created_at"`
	CreatedBy Actor     `json:"created_by"`

	Seq        uint64        `json:"seq"`                // the last event that the receiver has, or that is none of its business
	Attempts   int           `json:"attempts,omitempty"` // at the next one, which failed
	FailingAt  time.Time     `json:"failing_at,omitzero"`
	NextAt     time.Time     `json:"next_at,omitzero"`     // not before; zero: at once
	DisabledAt time.Time     `json:"disabled_at,omitzero"` // after days of failure
	Paused     bool          `json:"paused,omitempty"`     // by a person
	Edition    uint64        `json:"edition,omitempty"`    // how often people changed it, whatever was delivered meanwhile
	Last       []WebhookCall `json:"last,omitempty"`       // newest last
	Version    uint64        `json:"-"`
}

// WebhookCall is what became of one delivery.
type WebhookCall struct {
	Event  uint64        `json:"event"`
	At     time.Time     `json:"at"`
	Took   time.Duration `json:"took"`             // nanoseconds
	Status int           `json:"status,omitempty"` // of HTTP; 0: there was no answer
	Words  string        `json:"words,omitempty"`  // the beginning of the answer, or why there was none
}

// Bounds of webhooks.
const (
	MaxWebhooks     = 50 // of an organisation
	keptCalls       = 20
	webhookPause    = 5 * time.Second
	webhookPauseMax = time.Hour
	webhookGiveUp   = 5 * 24 * time.Hour
)

// Check refuses what can't be a webhook.
func (w Webhook) Check() error {
	u, err := url.Parse(w.URL)
	if err != nil || u.Hostname() == "" || u.User != nil || (u.Scheme != "https" && u.Scheme != "http") || len(w.URL) > 2000 {
		return fault.New(fault.Invalid, "url is no http or https address without a password")
	}
	return nil
}

// CheckKinds refuses kinds of which no event ever is: a receiver with a slip in one would wait in vain.
func (w Webhook) CheckKinds() error {
	for _, k := range w.Kinds {
		if k != string(EventRegister) && !slices.Contains(EntryKinds(), EntryKind(k)) {
			return fault.New(fault.Invalid, fmt.Sprintf("kinds: %q is none of %s and %v", k, EventRegister, EntryKinds()))
		}
	}
	return nil
}

// Active reports whether it is told of events.
func (w Webhook) Active() bool { return w.DisabledAt.IsZero() && !w.Paused }

// Host is the receiver as far as it may be named: what follows in the address may be a secret of his.
func (w Webhook) Host() string {
	u, err := url.Parse(w.URL)
	if err != nil {
		return ""
	}
	return u.Host
}

// Waits is what an administrator has to see to: a webhook that is disabled, until it is active again, is paused or is removed.
func (w Webhook) Waits() (a Attention, ok bool) {
	if w.DisabledAt.IsZero() || w.Paused {
		return a, false
	}
	return Attention{Entry: EntryID(w.ID), Code: CodeWebhook, Detail: w.Host(), Since: w.DisabledAt}, true
}

// WebhookEdit changes a webhook; a nil field stays.
type WebhookEdit struct {
	URL    *string
	Kinds  *[]string
	Active *bool // true: also one that was disabled goes on, where it stopped; false: it is told nothing, and misses nothing
}

// Edit is the webhook after a change by a person. Another address is tried at once. Error: fault.Invalid.
func (w Webhook) Edit(e WebhookEdit) (Webhook, error) {
	was := w
	if e.URL != nil && *e.URL != w.URL {
		w.URL = *e.URL
		w.Attempts, w.FailingAt, w.NextAt = 0, time.Time{}, time.Time{}
	}
	if e.Kinds != nil && !slices.Equal(*e.Kinds, was.Kinds) { // what it has from before kinds were checked may stay
		w.Kinds = slices.Clone(*e.Kinds)
		if err := w.CheckKinds(); err != nil {
			return was, err
		}
	}
	switch {
	case e.Active == nil:
	case !*e.Active:
		w.Paused = true
	case !w.Active():
		w.From(w.Seq)
	}
	if w.URL != was.URL || !slices.Equal(w.Kinds, was.Kinds) || w.Active() != was.Active() || w.Paused != was.Paused {
		w.Edition++
	}
	return w, w.Check()
}

// Wants reports whether an event is the receiver's business.
func (w Webhook) Wants(kind string) bool { return len(w.Kinds) == 0 || slices.Contains(w.Kinds, kind) }

// Told notes what became of a delivery: after success the next event is due, after failure the same one later, and after days of
// failure none until somebody says so.
func (w *Webhook) Told(c WebhookCall) {
	w.Last = append(w.Last, c)
	w.Last = slices.Clone(w.Last[max(0, len(w.Last)-keptCalls):])
	if c.Status >= 200 && c.Status < 300 {
		w.Seq, w.Attempts, w.FailingAt, w.NextAt = c.Event, 0, time.Time{}, time.Time{}
		return
	}
	if w.Attempts == 0 {
		w.FailingAt = c.At
	}
	pause := webhookPauseMax
	if w.Attempts < 10 {
		pause = min(webhookPause<<w.Attempts, webhookPauseMax)
	}
	w.Attempts++
	w.NextAt = c.At.Add(pause)
	if c.At.Sub(w.FailingAt) >= webhookGiveUp {
		w.DisabledAt = c.At
	}
}

// From lets it begin again after an event, also where it was disabled or paused.
func (w *Webhook) From(seq uint64) {
	w.Seq, w.Attempts, w.FailingAt, w.NextAt, w.DisabledAt, w.Paused = seq, 0, time.Time{}, time.Time{}, time.Time{}, false
}
