package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"smartmail/testrig"
)

// The story that the README promises is true.
func TestStory(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	binary, err := testrig.Build(ctx, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := play(ctx, binary, t.TempDir(), &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, want := range []string{"▶", "◀", "KLAR tid 2,5 h", "kran.png", "time: 2 h 30 min", "material: 2 st packning at 45.00 kr", "→ closed"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the timeline lacks %q:\n%s", want, out.String())
		}
	}
}

// A step that is not seen is named, and the story ends there.
func TestWhatIsNotSeen(t *testing.T) {
	post, err := testrig.NewPost(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	s := &stage{post: post}
	if err := post.Send(testrig.Letter{To: []string{supplier}, Raw: []byte("Subject: Arbetsorder\r\n\r\nx\r\n")}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.arrived(ctx, supplier, "Arbetsorder", "x"); err != nil {
		t.Error(err)
	}
	if _, err := s.arrived(ctx, tenant, "Arbetsorder"); err == nil || !strings.Contains(err.Error(), "no such mail came to anna@") {
		t.Errorf("nothing came: %v", err)
	}
	if err := post.Close(); err != nil {
		t.Error(err)
	}
}
