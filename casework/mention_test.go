package casework

import (
	"fmt"
	"strings"
	"testing"
)

func TestMentioned(t *testing.T) {
	for text, want := range map[string]string{
		"@nora kan du se?": "[nora]", "Hej @nora, @bo-ek. Och @nora.": "[nora bo-ek]", "skriv till anna@home.example": "[]", "(@åsa.ek)": "[åsa.ek]",
		"@@nora": "[]", "@": "[]", "@ nora": "[]", "rad\n@nora": "[nora]", strings.Repeat("@a ", 3): "[a]",
	} {
		if got := fmt.Sprint(Mentioned(text)); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	var many strings.Builder
	for i := range 100 {
		fmt.Fprintf(&many, "@n%d ", i)
	}
	if got := len(Mentioned(many.String())); got != maxMentions {
		t.Errorf("%d are called for", got)
	}
}

// A note is before each whom it mentions, by an entry of his own, until he has seen to it; a message to a lane calls for nobody.
func TestMention(t *testing.T) {
	c, entries := do(t, opened(t), Post{Lane: "internal", Text: "@nora @bo", Mentions: []string{"nora", "bo"}}, noon)
	if len(entries) != 3 || entries[0].Kind != KindNote || len(c.Attention) != 2 || c.Attention[1].For != "bo" || c.Attention[1].Words("sv") != "Eva nämner dig" {
		t.Fatalf("%+v, %+v", entries, c.Attention)
	}
	c, _ = do(t, c, Attend{Entry: c.Attention[0].Entry}, noon)
	if len(c.Attention) != 1 || c.Attention[0].For != "bo" {
		t.Errorf("one has seen to it: %+v", c.Attention)
	}
	if c, _ := do(t, opened(t), Post{Lane: "customer", Text: "@nora", Mentions: []string{"nora"}}, noon); len(c.Attention) != 0 {
		t.Errorf("to the customer: %+v", c.Attention)
	}
}
