package compose

import (
	"slices"
	"testing"

	"smartmail/casework"
)

// A work order says how one gets in, in the language of who goes there.
func TestAccessRows(t *testing.T) {
	a := &casework.Access{MasterKey: "no", KeyBox: "vid\r\nporten", Pet: "katt", Present: "yes"}
	for language, want := range map[string][]row{
		"sv": {{"Huvudnyckel", "nej"}, {"Nyckelskåp", "vid porten"}, {"Husdjur", "katt"}, {"Hyresgästen vill vara med", "ja"}, {"Tider", ""}},
		"en": {{"Master key", "no"}, {"Key box", "vid porten"}, {"Pet", "katt"}, {"Customer wants to be present", "yes"}, {"Times", ""}},
	} {
		if got := accessRows(wordsOf(language), a); !slices.Equal(got, want) {
			t.Errorf("%s: %q", language, got)
		}
	}
	if got := accessRows(wordsOf("sv"), nil); got != nil {
		t.Errorf("nobody has said: %q", got)
	}
}
