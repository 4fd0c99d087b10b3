package casework

import "testing"

func TestLanguageOf(t *testing.T) {
	for _, x := range []struct{ reporter, organisation, anna, bo string }{
		{"", "sv", "sv", "sv"}, {"en", "sv", "en", "sv"}, {"sv-SE", "en", "sv", "en"}, {"ar", "sv", "en", "sv"}, {"", "", "sv", "sv"}, {"svx", "", "en", "sv"},
	} {
		c := Case{Reporter: &Reporter{Email: "Anna@home.example", Language: x.reporter}}
		if anna, bo := c.LanguageOf("anna@home.example", x.organisation), c.LanguageOf("bo@home.example", x.organisation); anna != x.anna || bo != x.bo {
			t.Errorf("%+v: %s, %s", x, anna, bo)
		}
	}
}

func TestUnattended(t *testing.T) {
	for email, want := range map[string]bool{
		"No-Reply@x.example": true, "noreply@x.example": true, "do_not_reply@x.example": true, "donotreply@x.example": true, "svara-ej@x.example": true,
		"MAILER-DAEMON@x.example": true, "bounces@x.example": true,
		"anna@noreply.example": false, "noreplyanna@x.example": false, "anna@home.example": false, "": false,
	} {
		if got := Unattended(email); got != want {
			t.Errorf("%q: %v", email, got)
		}
	}
}
