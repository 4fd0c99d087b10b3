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
		"sv": {fact("Huvudnyckel", "nej"), fact("Nyckelskåp", "vid porten"), fact("Husdjur", "katt"), fact("Hyresgästen vill vara med", "ja"), fact("Tider", "")},
		"en": {fact("Master key", "no"), fact("Key box", "vid porten"), fact("Pet", "katt"), fact("Customer wants to be present", "yes"), fact("Times", "")},
	} {
		if got := accessRows(wordsOf(language), a); !slices.Equal(got, want) {
			t.Errorf("%s: %q", language, got)
		}
	}
	if got := accessRows(wordsOf("sv"), nil); got != nil {
		t.Errorf("nobody has said: %q", got)
	}
}
