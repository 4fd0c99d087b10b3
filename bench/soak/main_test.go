package main

import (
	"context"
	"strings"
	"testing"
	"time"
)

// A short soak passes, and does each thing that a long one does but send big mails.
func TestShortSoak(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	var out strings.Builder
	if err := run(ctx, &out, plan{length: 4 * time.Second, every: 200 * time.Millisecond, seed: 1}); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, kind := range []string{"new case", "answer", "picture", "sent twice", "broken mail", "peer leaves", "slow peer", "API read", "search", "mail out", "nothing lost"} {
		if !strings.Contains(out.String(), kind) {
			t.Errorf("nothing tells of %s:\n%s", kind, out.String())
		}
	}
}
