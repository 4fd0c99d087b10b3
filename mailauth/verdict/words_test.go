package verdict

import "testing"

func TestWords(t *testing.T) {
	for _, c := range []struct {
		v      Verdict
		en, sv string
	}{
		{Verdict{From: "a@b.example", DMARC: DMARC{Result: Pass, Domain: "b.example"}},
			"a@b.example is who it says: the sender's domain confirms it.", "a@b.example är den som det står: avsändarens domän intygar det."},
		{Verdict{DMARC: DMARC{Result: Fail, Domain: "b.example", Policy: PolicyReject}},
			"The mail says that it comes from b.example, and that domain does not confirm it: it may be forged. The domain asks to refuse such mail.",
			"Mejlet säger sig komma från b.example, men domänen intygar det inte: det kan vara förfalskat. Domänen ber att sådan post avvisas."},
		{Verdict{ARC: Pass, DMARC: DMARC{Result: Fail, Domain: "b.example", Policy: PolicyQuarantine}},
			"The mail says that it comes from b.example, and that domain does not confirm it: it may be forged. The domain asks to treat such mail with suspicion. It was forwarded on its way, which can be the reason.",
			"Mejlet säger sig komma från b.example, men domänen intygar det inte: det kan vara förfalskat. Domänen ber att sådan post behandlas med misstro. Det har vidarebefordrats på vägen, vilket kan vara orsaken."},
		{Verdict{DMARC: DMARC{Result: None, Domain: "b.example"}},
			"The domain b.example gives no way to tell whether the mail is really from there.", "Domänen b.example ger inget sätt att avgöra om mejlet verkligen kommer därifrån."},
		{Verdict{DMARC: DMARC{Result: Temperror, Domain: "b.example"}},
			"Whether the mail comes from b.example could not be found out just now.", "Det gick inte just nu att ta reda på om mejlet kommer från b.example."},
		{Verdict{DMARC: DMARC{Result: Permerror, Domain: "b.example"}},
			"The mail does not say in a clear way who wrote it.", "Mejlet säger inte på ett tydligt sätt vem som skrev det."},
		{Verdict{}, "The mail does not say in a clear way who wrote it.", "Mejlet säger inte på ett tydligt sätt vem som skrev det."},
	} {
		if got := c.v.Words("en"); got != c.en {
			t.Errorf("en: %q, want %q", got, c.en)
		}
		if got := c.v.Words("sv"); got != c.sv {
			t.Errorf("sv: %q, want %q", got, c.sv)
		}
	}
}
