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

// A class that an intake address gives is called by its name in the mail's language; one of the register as it is.
func TestNamesOfClasses(t *testing.T) {
	for _, x := range [][3]string{
		{"sv", "fault", "Felanmälan"}, {"en", "fault", "Fault report"}, {"sv", "VVS > Blandare", "VVS > Blandare"}, {"sv", "Fault", "Fault"}, {"en", "", ""},
	} {
		w := wordsOf(x[0])
		if got := rows(w, casework.Case{Class: x[1]}, casework.MailOut{}, nil); !slices.Contains(got, fact(w.class, x[2])) {
			t.Errorf("%s: %q is not %q in %q", x[0], x[1], x[2], got)
		}
	}
	if sv, en := wordsOf("sv").classes, wordsOf("en").classes; len(sv) != len(en) {
		t.Errorf("%d classes in Swedish, %d in English", len(sv), len(en))
	}
}
