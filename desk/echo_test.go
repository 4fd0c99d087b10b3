package desk_test

import "testing"

// What a program repeats of our confirmations is not said again; what a person says in the same words is.
func TestRepeatedConfirmation(t *testing.T) {
	for name, x := range map[string]struct{ text, kinds string }{
		"repeated":             {"Tack för ditt mejl. Du skrev:\n\nTack för svaret. Så här har vi förstått det:\n\n- Tid 2 h 00 min\n", "mail_in"},
		"repeated by a web":    {"Du skrev:\n  •  Tid 2 h  00 min\n", "mail_in"},
		"quoted":               {"> - Tid 2 h 00 min\nVem har nyckeln?", "mail_in"},
		"repeated and more":    {"- Tid 2 h 00 min\nTID 1 h", "mail_in time mail_out"},
		"said again":           {"TID 2 h", "mail_in time mail_out"},
		"said as we say it":    {"Tid 2 h 00 min", "mail_in time mail_out"},
		"another confirmation": {"- Tid 3 h 00 min", "mail_in time mail_out"},
	} {
		t.Run(name, func(t *testing.T) {
			d, c := noticing(t)
			cs, to := supplied(t, d)
			peer(t, d, c, 1, "jour@ror.example", to, "TID 2 h", nil)
			peer(t, d, c, 2, "jour@ror.example", to, x.text, nil)
			const first = "mail_in time mail_out "
			if kinds, _, _ := story(t, d, cs.Number); kinds != first+x.kinds {
				t.Errorf("entries are %q, want %q", kinds, first+x.kinds)
			}
		})
	}
}
