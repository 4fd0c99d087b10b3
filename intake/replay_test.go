package intake_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"smartmail/casework"
	"smartmail/desk"
	"smartmail/message"
)

// yesterday is a desk whose mails were read by other rules.
type yesterday struct{ *desk.Desk }

func (y yesterday) Receive(ctx context.Context, deliveries []desk.Delivery) ([]desk.Placed, error) {
	for i := range deliveries {
		deliveries[i].Mail.Content.Text = "only half of it"
		deliveries[i].Mail.Content.Class = message.List
	}
	return y.Desk.Receive(ctx, deliveries)
}

// Replay shows what today's rules read another way, changes nothing by itself, and adds entries once when told to.
func TestReplay(t *testing.T) {
	h := newHouse(t)
	h.must(letter("anna@home.example", "Kran", "1@home", "", "hel och hållen"), fel)
	h.Desk = yesterday{h.desk}
	h.must(letter("anna@home.example", "SV: Kran", "2@home", "", "hel och hållen"), h.address("a", 1, 1))
	count := func() (n int) {
		t.Helper()
		p, err := h.desk.Entries(t.Context(), "a", 1, nil, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range p.Items {
			if e.Kind == casework.KindCorrection {
				n++
				if e.Correction.Content.Text != "hel och hållen" || e.Actor.Via != casework.ViaRule {
					t.Errorf("correction %+v", e.Correction)
				}
			}
		}
		return n
	}
	before := slices.Clone(h.mails("a", 1))
	for _, step := range []struct {
		apply            bool
		applied, entries int
	}{{false, 0, 0}, {true, 1, 1}, {true, 0, 1}, {false, 0, 1}} {
		var lines []string
		r, err := h.desk.Replay(t.Context(), "a", step.apply, func(l string) { lines = append(lines, l) })
		if err != nil || r.Mails != 2 || r.Changed != 1 || r.Applied != step.applied {
			t.Errorf("%+v: %+v, %v", step, r, err)
		}
		if len(lines) != 1 || !strings.Contains(lines[0], `class: "list", today "personal"`) || !strings.Contains(lines[0], "text: ") {
			t.Errorf("%+v: lines %q", step, lines)
		}
		if got := count(); got != step.entries {
			t.Errorf("%+v: %d corrections", step, got)
		}
	}
	for i, e := range h.mails("a", 1) {
		if e.Mail.Content.Text != before[i].Mail.Content.Text || e.Seq != before[i].Seq {
			t.Errorf("the past has changed: %+v", e.Mail.Content)
		}
	}
	h.sound()
}
